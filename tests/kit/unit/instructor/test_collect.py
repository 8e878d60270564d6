"""`autograder collect`: what Moodle and Canvas write, what students do to it, and what must not get in."""

import io
import os
import shutil
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from downloads import (
    ADA,
    BEN,
    CANVAS,
    EXERCISES,
    HERE,
    MOODLE,
    OTHER,
    STEM,
    Files,
    files_in,
    left,
    notebook,
    placed,
    zipped,
)
from places import ROOT

from autograder.core.errors import UserError
from autograder.execution.in_process import InProcessExecutor
from autograder.grading.pipeline import grade
from autograder.grading.suites import load_suites
from autograder.instructor.collect import archives
from autograder.instructor.collect.place import Collected, collect, stems_held, stems_named
from autograder.instructor.collect.senders import Sender, sender_of
from autograder.instructor.roster import normalized_name
from autograder.instructor.submissions import find_submissions, left_alone, students_in
from autograder.notebooks.course import Course

SOLUTION = Course(ROOT).solution(STEM).read_bytes()
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    for stem in EXERCISES:
        folder = root / "assignments" / stem
        folder.mkdir(parents=True)
        (folder / f"{stem.partition('_')[2]}.ipynb").write_bytes(notebook(stem))
    return Course(root)


@pytest.fixture
def download(tmp_path: Path) -> Callable[..., Path]:
    """A zip, or a folder, of files."""

    def make(files: Files, folder: bool = False) -> Path:
        path = tmp_path / ("download" if folder else "download.zip")
        if not folder:
            path.write_bytes(zipped(files))
            return path
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path

    return make


def notes(done: Collected) -> dict[str, str]:
    return {one.source.rpartition("/")[2]: one.reason for one in done.notes}


# ---- names

BENS = f"Ben_2{MOODLE}_x.ipynb"  # what Ada may call her file
SENDERS: dict[str, tuple[str, Sender, str]] = {
    "moodle": (f"Ada Lovelace_123{MOODLE}/x.ipynb", Sender("Moodle", "Ada Lovelace", "123"), "x.ipynb"),
    "moodle_older": (f"Ada Lovelace_123{MOODLE}_/x.ipynb", Sender("Moodle", "Ada Lovelace", "123"), "x.ipynb"),
    "moodle_subfolder": (f"Ada_123{MOODLE}/week 1/x.ipynb", Sender("Moodle", "Ada", "123"), "x.ipynb"),
    "moodle_flat": (f"Ada Lovelace_123{MOODLE}_my x.ipynb", Sender("Moodle", "Ada Lovelace", "123"), "my x.ipynb"),
    "moodle_blind": (f"Participant_7{MOODLE}/x.ipynb", Sender("Moodle", "Participant", "7"), "x.ipynb"),
    "moodle_group": (f"Group A_9{MOODLE}/x.ipynb", Sender("Moodle", "Group A", "9"), "x.ipynb"),
    "moodle_default_group": (f"Default group{MOODLE}/x.ipynb", Sender("Moodle", "Default group"), "x.ipynb"),
    "moodle_below_a_folder": (f"NN-7/Ada_1{MOODLE}/x.ipynb", Sender("Moodle", "Ada", "1"), "x.ipynb"),
    "moodle_in_another_name": (f"Ada_1{MOODLE}/{BENS}", Sender("Moodle", "Ada", "1"), BENS),
    "moodle_flat_in_another_name": (f"Ada_1{MOODLE}_{BENS}", Sender("Moodle", "Ada", "1"), BENS),
    "moodle_canvas_name": (f"Ada_1{MOODLE}/ben{CANVAS}x.ipynb", Sender("Moodle", "Ada", "1"), f"ben{CANVAS}x.ipynb"),
    "moodle_decomposed": (f"Jo\u0308rg_1{MOODLE}/x.ipynb", Sender("Moodle", "J\u00f6rg", "1"), "x.ipynb"),
    "canvas": (f"lovelaceada{CANVAS}my x.ipynb", Sender("Canvas", "lovelaceada", "12345"), "my x.ipynb"),
    "canvas_late": (f"lovelaceada_LATE{CANVAS}x.ipynb", Sender("Canvas", "lovelaceada", "12345"), "x.ipynb"),
    "canvas_numbers": (f"lovelaceada{CANVAS}1_2_x.ipynb", Sender("Canvas", "lovelaceada", "12345"), "1_2_x.ipynb"),
    "canvas_group": (f"group7{CANVAS}x.ipynb", Sender("Canvas", "group7", "12345"), "x.ipynb"),
    "canvas_anonymous": ("anon_aB3x9_67890_x.ipynb", Sender("Canvas", "anon_aB3x9"), "x.ipynb"),
    "canvas_anonymous_digits": ("anon_12345_67890_x.ipynb", Sender("Canvas", "anon_12345"), "x.ipynb"),
    "canvas_anonymous_late": ("LATE_anon_aB3x9_67890_x.ipynb", Sender("Canvas", "anon_aB3x9"), "x.ipynb"),
    "loose": ("s001__06_convolution.ipynb", Sender("", "s001"), "06_convolution.ipynb"),
    "loose_twice": ("s001__06_convolution__2.ipynb", Sender("", "s001"), "06_convolution__2.ipynb"),
}  # fmt: skip


@pytest.mark.parametrize("name", SENDERS)
def test_who_a_path_belongs_to(name: str) -> None:
    path, sender, file = SENDERS[name]
    assert sender_of(path.split("/")) == (sender, file)


@pytest.mark.parametrize("path", ["x.ipynb", "Ada/x.ipynb", "__x.ipynb", "s001__x.txt", f"{MOODLE}/x.ipynb"])
def test_a_path_of_nobody(path: str) -> None:
    assert sender_of(path.split("/")) is None


FILES = {
    "01_perceptron.ipynb": [STEM],
    "perceptron.ipynb": [STEM],
    "Perceptron (1).ipynb": [STEM],
    "convolution_ada.ipynb": ["06_convolution"],
    "ada-convolution-2.ipynb": ["06_convolution"],
    "06 Convolution.ipynb": ["06_convolution"],
    "01_perceptron not convolution.ipynb": [STEM],  # a whole stem says more than a topic
    "convolution_pooling.ipynb": ["06_convolution", "07_pooling"],
    "deconvolution.ipynb": [],
    "homework.ipynb": [],
}


@pytest.mark.parametrize("file", FILES)
def test_which_assignment_a_name_tells(file: str) -> None:
    assert stems_named(file, EXERCISES) == FILES[file]


HELD: dict[str, tuple[bytes, list[str]]] = {
    "grade_ids": (notebook("06_convolution", opens=False), ["06_convolution"]),
    "opens": (notebook("06_convolution", ids=False), ["06_convolution"]),
    "neither": (notebook("06_convolution", ids=False, opens=False), []),
    "no_notebook": (b"Dear teacher", []),
}


@pytest.mark.parametrize("name", HELD)
def test_which_assignment_a_notebook_tells(name: str) -> None:
    data, stems = HELD[name]
    assert stems_held(data, {stem: frozenset(names) for stem, names in EXERCISES.items()}) == stems


# ---- downloads: what is placed, and what is left

NO_ASSIGNMENT = "tells no assignment, neither by its name nor by its cells: name it with --assignment"
NO_STUDENT = "has a name that tells no student: name it <student>__<assignment>.ipynb"
HIDDEN_NAME = "the student's name begins with a dot: rename it"
CONTROL_NAME = "the student's name has a control character in it: rename it"
NO_NOTEBOOK = "is no notebook (.ipynb): rename it if it is one"
PLAIN = notebook(ids=False, opens=False)  # tells nothing by its content


def several(student: str, *paths: str) -> dict[str, str]:
    """The reason where nobody can tell which of them counts: it is told once."""
    return {" and download.zip/".join(sorted(paths)): f"are several for {student}, {STEM}: keep one of them"}


DOWNLOADS: dict[str, tuple[Files, dict[str, str], dict[str, str]]] = {
    "moodle": (
        {ADA + "perceptron.ipynb": HERE, BEN + "x.ipynb": OTHER},
        {f"Ada Lovelace/{STEM}": ADA + "perceptron.ipynb", f"Ben/{STEM}": BEN + "x.ipynb"},
        {},
    ),
    "moodle_flat": ({f"Ben_2{MOODLE}_a b.ipynb": HERE}, {f"Ben/{STEM}": f"Ben_2{MOODLE}_a b.ipynb"}, {}),
    "moodle_text": (
        {"Ada_1_assignsubmission_onlinetext/onlinetext.html": b"<p>"},
        {},
        {"Ada_1_assignsubmission_onlinetext/onlinetext.html": NO_NOTEBOOK},
    ),
    "moodle_two_assignments": (
        {BEN + "perceptron.ipynb": HERE, BEN + "convolution.ipynb": notebook("06_convolution")},
        {f"Ben/{STEM}": BEN + "perceptron.ipynb", "Ben/06_convolution": BEN + "convolution.ipynb"},
        {},
    ),
    "canvas": ({f"ada_LATE{CANVAS}x.ipynb": HERE}, {f"ada/{STEM}": f"ada_LATE{CANVAS}x.ipynb"}, {}),
    "canvas_last_upload": (
        {f"ada{CANVAS}x{n}.ipynb": notebook(text=n) for n in ("", "-2", "-10", "-1")},
        {f"ada/{STEM}": f"ada{CANVAS}x-10.ipynb"},
        {},
    ),
    "loose": ({f"s001__{STEM}.ipynb": HERE}, {f"s001/{STEM}": f"s001__{STEM}.ipynb"}, {}),
    "nobody": ({"perceptron.ipynb": HERE}, {}, {"perceptron.ipynb": NO_STUDENT}),
    "all_kinds_below_a_folder": (
        {f"a/{BEN}x.ipynb": HERE, f"a/ada{CANVAS}x.ipynb": HERE, f"a/s001__{STEM}.ipynb": HERE},
        {
            f"Ben/{STEM}": f"a/{BEN}x.ipynb",
            f"ada/{STEM}": f"a/ada{CANVAS}x.ipynb",
            f"s001/{STEM}": f"a/s001__{STEM}.ipynb",
        },
        {},
    ),
    "needless": (
        {
            f"__MACOSX/{BEN}._x.ipynb": b"",
            BEN + ".ipynb_checkpoints/x.ipynb": OTHER,
            ".DS_Store": b"",
            BEN + "x.ipynb": HERE,
        },
        {f"Ben/{STEM}": BEN + "x.ipynb"},
        {},
    ),
    "other_files": (
        {BEN + "report.pdf": b"%PDF", BEN + "work.rar": b"Rar!", "notes.txt": b""},
        {},
        {
            BEN + "report.pdf": NO_NOTEBOOK,
            BEN + "work.rar": "is no notebook (.ipynb): unpack it",
            "notes.txt": NO_NOTEBOOK,
        },
    ),
    "capital_suffix": ({BEN + "X.IPYNB": HERE}, {f"Ben/{STEM}": BEN + "X.IPYNB"}, {}),
    # which assignment
    "no_assignment": ({BEN + "x.ipynb": PLAIN}, {}, {BEN + "x.ipynb": NO_ASSIGNMENT}),
    "two_by_name": (
        {BEN + "convolution_pooling.ipynb": PLAIN},
        {},
        {BEN + "convolution_pooling.ipynb": "may be 06_convolution and 07_pooling: name one with --assignment"},
    ),
    "two_by_name_one_by_content": (
        {BEN + "convolution_pooling.ipynb": notebook("07_pooling")},
        {"Ben/07_pooling": BEN + "convolution_pooling.ipynb"},
        {},
    ),
    "content_wins": ({BEN + "pooling.ipynb": HERE}, {f"Ben/{STEM}": BEN + "pooling.ipynb"}, {}),
    "unreadable_by_name": ({BEN + "perceptron.ipynb": b"{"}, {f"Ben/{STEM}": BEN + "perceptron.ipynb"}, {}),
    "unreadable": ({BEN + "x.ipynb": b"{"}, {}, {BEN + "x.ipynb": NO_ASSIGNMENT}),
    # several
    "same_twice": ({BEN + "a.ipynb": HERE, BEN + "b.ipynb": HERE}, {f"Ben/{STEM}": BEN + "a.ipynb"}, {}),
    "canvas_two_names": (
        {f"ada{CANVAS}x.ipynb": HERE, f"ada{CANVAS}y-1.ipynb": OTHER},
        {},
        several("ada", f"ada{CANVAS}x.ipynb", f"ada{CANVAS}y-1.ipynb"),
    ),
    "moodle_two": (
        {BEN + "x.ipynb": HERE, BEN + "x-1.ipynb": OTHER},
        {},
        several("Ben", BEN + "x.ipynb", BEN + "x-1.ipynb"),
    ),
    "namesakes": (
        {f"Ada_1{MOODLE}/x.ipynb": HERE, f"ADA_2{MOODLE}/x.ipynb": OTHER},
        {f"Ada_1/{STEM}": f"Ada_1{MOODLE}/x.ipynb", f"ADA_2/{STEM}": f"ADA_2{MOODLE}/x.ipynb"},
        {},
    ),
    "blind": (
        {f"Participant_{number}{MOODLE}/x.ipynb": HERE for number in (7, 8)},
        {f"Participant_{number}/{STEM}": f"Participant_{number}{MOODLE}/x.ipynb" for number in (7, 8)},
        {},
    ),
    # a student's own zip
    "own_zip": (
        {BEN + "work.zip": zipped({"mine/x.ipynb": HERE, "__MACOSX/._x.ipynb": b""})},
        {f"Ben/{STEM}": BEN + "work.zip/mine/x.ipynb"},
        {},
    ),
    "own_zip_canvas": (
        {f"ada{CANVAS}work.zip": zipped({"x.ipynb": HERE})},
        {f"ada/{STEM}": f"ada{CANVAS}work.zip/x.ipynb"},
        {},
    ),
    "own_zip_in_another_name": (
        {BEN + "work.zip": zipped({f"Eve_3{MOODLE}/x.ipynb": HERE})},
        {f"Ben/{STEM}": f"{BEN}work.zip/Eve_3{MOODLE}/x.ipynb"},
        {},
    ),
    "own_zip_with_more": (
        {BEN + "work.zip": zipped({"x.ipynb": HERE, "data.csv": b"1", "b.png": b""})},
        {f"Ben/{STEM}": BEN + "work.zip/x.ipynb"},
        {BEN + "work.zip": "holds 2 files beside its notebooks: left in it"},
    ),
    "own_zip_of_zips": (
        {BEN + "work.zip": zipped({"inner.zip": zipped({"x.ipynb": HERE})})},
        {},
        {BEN + "work.zip": "holds 1 file and no notebook"},
    ),
    "own_zip_empty": ({BEN + "work.zip": zipped({})}, {}, {BEN + "work.zip": "is empty"}),
    "own_zip_broken": (
        {ADA + "work.zip": b"PK\3\4", BEN + "x.ipynb": HERE},
        {f"Ben/{STEM}": BEN + "x.ipynb"},
        {ADA + "work.zip": "is no zip that can be read: download it again"},
    ),
    "own_zip_two": (
        {BEN + "work.zip": zipped({"a.ipynb": HERE, "b.ipynb": OTHER})},
        {},
        several("Ben", BEN + "work.zip/a.ipynb", BEN + "work.zip/b.ipynb"),
    ),
    "zip_of_nobody": (
        {"more.zip": zipped({BEN + "x.ipynb": HERE})},
        {},
        {"more.zip": "is a zip whose name tells no student: name it as a source of its own"},
    ),
    # names
    "hidden": ({f".ada_1{MOODLE}/x.ipynb": HERE}, {}, {f".ada_1{MOODLE}/x.ipynb": HIDDEN_NAME}),
    "dots": ({"..__perceptron.ipynb": HERE}, {}, {"..__perceptron.ipynb": HIDDEN_NAME}),
    "control": (
        {f"a\x1b[31m_1{MOODLE}/x.ipynb": HERE},
        {},
        {f"a\N{REPLACEMENT CHARACTER}[31m_1{MOODLE}/x.ipynb": CONTROL_NAME},
    ),
    "blank": ({" __perceptron.ipynb": HERE}, {}, {" __perceptron.ipynb": "the student's name is empty: rename it"}),
    "long": (
        {f"{'ö' * 101}__perceptron.ipynb": HERE},
        {},
        {f"{'ö' * 101}__perceptron.ipynb": "the student's name is longer than 200 bytes: rename it"},
    ),
    "unicode": (
        {f"名前_1{MOODLE}/x.ipynb": HERE, f"Jo\u0308rg_2{MOODLE}/x.ipynb": HERE},
        {f"名前/{STEM}": f"名前_1{MOODLE}/x.ipynb", f"J\u00f6rg/{STEM}": f"Jo\u0308rg_2{MOODLE}/x.ipynb"},
        {},
    ),
    "odd_and_safe": (
        {"=cmd()__perceptron.ipynb": HERE, "-rf__perceptron.ipynb": HERE},
        {f"=cmd()/{STEM}": "=cmd()__perceptron.ipynb", f"-rf/{STEM}": "-rf__perceptron.ipynb"},
        {},
    ),
}


@pytest.mark.parametrize("folder", [False, True], ids=["zip", "folder"])
@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_download(course: Course, download: Callable[..., Path], name: str, folder: bool) -> None:
    files, expected, reasons = DOWNLOADS[name]
    source = download(files, folder)
    done = collect([source], course, course.submitted)
    assert placed(done) == {key: f"{source.name}/{path}" for key, path in expected.items()}
    assert left(done) == {path.replace("download.zip", source.name): why for path, why in reasons.items()}
    assert files_in(course.submitted) == {one.notebook for one in done.placed}
    for one in done.placed:
        assert one.notebook == course.submitted / one.student / one.stem / f"{one.stem.partition('_')[2]}.ipynb"
    if name != "same_twice" and not name.startswith("own_zip"):
        assert all(one.notebook.read_bytes() == files[expected[f"{one.student}/{one.stem}"]] for one in done.placed)
    again = collect([source], course, course.submitted)
    assert (again.placed, again.unchanged, again.left) == ((), done.placed, done.left)


NOTES = {
    "content_wins": {"pooling.ipynb": f"is named like 07_pooling, and holds {STEM}: placed as that"},
    "same_twice": {"b.ipynb": f"is the same as download.zip/{BEN}a.ipynb"},
    "canvas_last_upload": {f"ada{CANVAS}x-1.ipynb": f"is older than download.zip/ada{CANVAS}x-10.ipynb"},
    "namesakes": {name: f"several have this name: placed as {name}" for name in ("Ada_1", "ADA_2")},
    "moodle": {},
    "blind": {},
    "unreadable_by_name": {},
}


@pytest.mark.parametrize("name", NOTES)
def test_what_is_said_beside(course: Course, download: Callable[..., Path], name: str) -> None:
    done = collect([download(DOWNLOADS[name][0])], course, course.submitted)
    assert notes(done) == NOTES[name]


def test_a_moodle_folder_as_the_source(course: Course, download: Callable[..., Path]) -> None:
    folder = download({ADA + "x.ipynb": HERE}, folder=True) / ADA
    assert list(placed(collect([folder], course, course.submitted))) == [f"Ada Lovelace/{STEM}"]


def test_loose_notebooks_as_sources(course: Course, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}__perceptron.ipynb" for name in ("s001", "s002")]
    for path in paths:
        path.write_bytes(HERE)
    assert list(placed(collect(paths, course, course.submitted))) == [f"s001/{STEM}", f"s002/{STEM}"]


# ---- options


def test_the_assignment_that_was_named_counts(course: Course, download: Callable[..., Path]) -> None:
    source = download({ADA + "x.ipynb": PLAIN, BEN + "pooling.ipynb": notebook("07_pooling")})
    done = collect([source], course, course.submitted, assignment=STEM)
    assert set(placed(done)) == {f"Ada Lovelace/{STEM}", f"Ben/{STEM}"}
    assert notes(done) == {"pooling.ipynb": f"looks like 07_pooling: placed as {STEM}, as --assignment says"}


def test_another_one_is_there(course: Course, download: Callable[..., Path]) -> None:
    collect([download({ADA + "x.ipynb": HERE})], course, course.submitted)
    newer = download({ADA + "x.ipynb": OTHER})
    there = course.submitted / "Ada Lovelace" / STEM / "perceptron.ipynb"
    done = collect([newer], course, course.submitted)
    assert left(done) == {ADA + "x.ipynb": f"differs from {there}: --replace takes the new one"}
    assert there.read_bytes() == HERE
    done = collect([newer], course, course.submitted, replace=True)
    assert [one.replaced for one in done.placed] == [True]
    before = there.with_name("perceptron.ipynb.before")
    assert (there.read_bytes(), before.read_bytes()) == (OTHER, HERE)
    assert not collect([newer], course, course.submitted, replace=True).placed
    third = download({ADA + "x.ipynb": PLAIN + b" "})
    collect([third], course, course.submitted, assignment=STEM, replace=True)
    assert before.read_bytes() == OTHER


def test_grading_leaves_the_former_one_alone(course: Course, download: Callable[..., Path]) -> None:
    for data in (HERE, OTHER):
        collect([download({ADA + "x.ipynb": data})], course, course.submitted, replace=True)
    assert (course.submitted / "Ada Lovelace" / STEM / "perceptron.ipynb.before").exists()
    class_ = students_in(course.submitted)
    assert list(left_alone(course.submitted, class_, course.stems)) == []
    assert [job.notebook.name for job in find_submissions(course.submitted, class_, course.stems)] == [
        "perceptron.ipynb"
    ]


WRONG_USAGE: dict[str, tuple[dict[str, Any], str]] = {
    "no_source": ({"sources": ["download.zip", "no.zip"]}, "There is no "),
    "no_assignment": ({"assignment": "9"}, "There is no assignment '9'"),
    "no_folder": ({"submitted": "download.zip"}, "is not a folder: name one with --submitted"),
}


@pytest.mark.parametrize("name", WRONG_USAGE)
def test_wrong_usage(course: Course, download: Callable[..., Path], name: str) -> None:
    """Nothing is placed."""
    options, words = WRONG_USAGE[name]
    folder = download({ADA + "x.ipynb": HERE}).parent
    sources = [folder / source for source in options.get("sources", ["download.zip"])]
    submitted = folder / options.get("submitted", "course/submitted")
    with pytest.raises(UserError, match=words):
        collect(sources, course, submitted, assignment=options.get("assignment"))
    assert not course.submitted.exists()


# ---- the roster

ROSTER = """student,name,email
s001,Ada Lovelace,ada@example.org
s002,"Müller, Anna-Lena",anna@example.org
s003,Kurt Gödel,kurt@example.org
s004,Jan Maria,jan@example.org
s005,Maria Jan,maria@example.org
s006,,nameless@example.org
,Nobody Known,
"""
ON_ROSTER = {
    f"Ada Lovelace_1{MOODLE}/x.ipynb": "s001",
    f"ADA  LOVELACE_1{MOODLE}/x.ipynb": "s001",
    f"Lovelace Ada_1{MOODLE}/x.ipynb": "s001",
    f"lovelaceada{CANVAS}x.ipynb": "s001",
    f"Anna-Lena Müller_1{MOODLE}/x.ipynb": "s002",
    f"müllerannalena{CANVAS}x.ipynb": "s002",
    unicodedata.normalize("NFD", f"Kurt Gödel_1{MOODLE}/x.ipynb"): "s003",
    f"s006_1{MOODLE}/x.ipynb": "s006",
    f"Jan Maria_1{MOODLE}/x.ipynb": "Jan Maria",  # two fit
    f"Nobody Known_1{MOODLE}/x.ipynb": "Nobody Known",
    f"Group A_1{MOODLE}/x.ipynb": "Group A",
    f"Ada Lovelace__{STEM}.ipynb": "Ada Lovelace",  # loose: as written
    f"???_1{MOODLE}/x.ipynb": "???",
}


@pytest.mark.parametrize("path", ON_ROSTER)
def test_the_roster_knows_the_names(course: Course, download: Callable[..., Path], path: str) -> None:
    (course.root / "roster.csv").write_text(ROSTER, encoding="utf-8-sig")
    done = collect([download({path: HERE})], course, course.submitted)
    assert [one.student for one in done.placed] == [ON_ROSTER[path]]
    two = "fits s004 and s005 on roster.csv: placed as Jan Maria"
    assert [one.reason for one in done.notes] == ([two] if "Jan" in path else [])


def test_namesakes_are_not_taken_for_the_one_on_the_roster(course: Course, download: Callable[..., Path]) -> None:
    (course.root / "roster.csv").write_text(ROSTER, encoding="utf-8")
    files = {f"Ada Lovelace_{number}{MOODLE}/x.ipynb": HERE for number in (1, 2)}
    done = collect([download(files)], course, course.submitted)
    assert [one.student for one in done.placed] == ["Ada Lovelace_1", "Ada Lovelace_2"]


def test_a_namesake_keeps_the_folder_of_the_first_time(course: Course, download: Callable[..., Path]) -> None:
    collect([download({f"Ada_{n}{MOODLE}/perceptron.ipynb": HERE for n in (1, 2)})], course, course.submitted)
    done = collect([download({f"Ada_2{MOODLE}/x.ipynb": notebook("07_pooling")})], course, course.submitted)
    assert list(placed(done)) == ["Ada_2/07_pooling"]


def test_a_bad_roster_is_named(course: Course, download: Callable[..., Path]) -> None:
    (course.root / "roster.csv").write_text("name\nAda\n")
    with pytest.raises(UserError, match=r"roster\.csv has no column named student"):
        collect([download({ADA + "x.ipynb": HERE})], course, course.submitted)


def test_squeezed() -> None:
    assert normalized_name("O'Brien-Straße, Zoë_2") == "obrienstrassezoë2"


# ---- hostile zips


def entry(
    name: str, data: bytes = HERE, mode: int = 0, method: int = zipfile.ZIP_DEFLATED
) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = method
    return info, data


def with_entries(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for info, data in entries:
            archive.writestr(info, data)
    return made.getvalue()


def encrypted(name: str) -> bytes:
    """The flag alone, in both headers."""
    data = bytearray(with_entries(entry(name)))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def claiming(name: str, content: bytes, size: int) -> bytes:
    """An entry that says it is of another size than it is."""
    data = bytearray(with_entries(entry(name, content)))
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", size)
    return bytes(data)


NO_NAME = "has a name that no program writes"
OUT = "has a path that leads out of the zip"
LARGE = f"is larger than {archives.FILE_BYTES >> 20} MiB: ask for it without its outputs"
DAMAGED = "is damaged: download the zip again"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "up": (with_entries(entry(f"../../{ADA}x.ipynb")), OUT),
    "up_in_the_middle": (with_entries(entry(f"{ADA}../../x.ipynb")), OUT),
    "up_the_other_way": (with_entries(entry(f"..\\..\\{ADA}x.ipynb")), OUT),
    "absolute": (with_entries(entry(f"/{ADA}x.ipynb")), OUT),
    "drive": (with_entries(entry(f"C:\\{ADA}x.ipynb")), OUT),
    "nul": (with_entries(entry(f"{ADA}x.ipynb?.txt")).replace(b"?", b"\0"), NO_NAME),
    "no_name": (with_entries(entry("")), NO_NAME),
    "a_dot": (with_entries(entry(".")), NO_NAME),
    "link": (with_entries(entry(f"{ADA}x.ipynb", b"/etc/passwd", stat.S_IFLNK | 0o777)),
             "is a link, which may lead anywhere: put the file itself there"),
    "encrypted": (encrypted(f"{ADA}x.ipynb"), "is encrypted: ask for it without a password"),
    "bomb": (with_entries(entry(f"{ADA}x.ipynb", bytes(archives.FILE_BYTES + 1))), LARGE),
    "bomb_that_lies": (claiming(f"{ADA}x.ipynb", bytes(archives.FILE_BYTES * 2), 100), DAMAGED),
    "huge_claim": (claiming(f"{ADA}x.ipynb", HERE, 2**32 - 2), LARGE),
    "other_method": (with_entries(entry(f"{ADA}x.ipynb", bytes(2**20), method=zipfile.ZIP_BZIP2)),
                     "is packed by a method that is not read here: unpack it and zip it again"),
    "wrong_checksum": (with_entries(entry(f"{ADA}x.ipynb", method=zipfile.ZIP_STORED)).replace(b"gate", b"fate", 1),
                       DAMAGED),
}  # fmt: skip

OF_AN_OWN_ZIP = {  # its budget is exceeded before an entry of it is read
    "huge_claim": "unpacks to 4095 MiB; at most 96 are read: unpack what is needed",
    "bomb": "unpacks to 1020 times its size, as no notebooks do: unpack what is needed",
}


@pytest.mark.parametrize("own", [False, True], ids=["download", "own"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_zip(course: Course, tmp_path: Path, name: str, own: bool) -> None:
    """One line for it, nothing outside of `submitted`, and the others go on."""
    data, reason = HOSTILE[name]
    if own:
        reason = OF_AN_OWN_ZIP.get(name, reason)
    before = set(tmp_path.rglob("*"))
    bad, good = tmp_path / "bad.zip", tmp_path / "good.zip"
    bad.write_bytes(zipped({f"Eve_6{MOODLE}/own.zip": data}) if own else data)
    good.write_bytes(zipped({BEN + "x.ipynb": HERE}))
    done = collect([bad, good], course, course.submitted)
    assert [one.reason for one in done.left] == [reason]
    assert list(placed(done)) == [f"Ben/{STEM}"]
    new = set(tmp_path.rglob("*")) - before - {bad, good}
    assert all(path.is_relative_to(course.submitted) for path in new)
    assert files_in(course.submitted) == {course.submitted / "Ben" / STEM / "perceptron.ipynb"}


BROKEN = {
    "no_zip": b"<html>Your session has expired</html>",
    "empty": b"",
    "cut_off": zipped({ADA + "x.ipynb": HERE})[:-40],
    "front_gone": zipped({ADA + "x.ipynb": HERE})[-60:],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_source_that_is_no_zip(course: Course, tmp_path: Path, name: str) -> None:
    bad, good = tmp_path / "bad.zip", tmp_path / "good.zip"
    bad.write_bytes(BROKEN[name])
    good.write_bytes(zipped({ADA + "x.ipynb": HERE}))
    done = collect([bad, good], course, course.submitted)
    assert [(one.source, one.reason) for one in done.left] == [
        ("bad.zip", "is no zip that can be read: download it again")
    ]
    assert list(placed(done)) == [f"Ada Lovelace/{STEM}"]


def test_too_many_entries(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ENTRIES", 3)
    monkeypatch.setattr(archives, "OWN_ENTRIES", 2)
    many, own = tmp_path / "many.zip", tmp_path / "own.zip"
    many.write_bytes(zipped({f"s{n}__perceptron.ipynb": HERE for n in range(4)}))
    own.write_bytes(zipped({ADA + "a.zip": zipped({f"{n}.ipynb": HERE for n in range(3)}), BEN + "x.ipynb": HERE}))
    done = collect([many, own], course, course.submitted)
    assert [one.reason for one in done.left] == [f"holds more than {n} files: unpack what is needed" for n in (3, 2)]
    assert list(placed(done)) == [f"Ben/{STEM}"]


def test_an_own_zip_of_many_large_ones(
    course: Course, download: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "OWN_BYTES", 2**20)
    source = download({ADA + "a.zip": zipped({f"{n}.ipynb": bytes(2**20) for n in range(3)})})
    assert [one.reason for one in collect([source], course, course.submitted).left] == [
        "unpacks to 3 MiB; at most 1 are read: unpack what is needed"
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_in_a_zip(course: Course, tmp_path: Path) -> None:
    source = tmp_path / "download.zip"
    source.write_bytes(
        with_entries(entry(ADA + "x.ipynb", HERE), entry(ADA + "x.ipynb", OTHER), entry(BEN + "x.ipynb"))
    )
    done = collect([source], course, course.submitted)
    assert [one.source for one in done.left] == [f"download.zip/{ADA}x.ipynb and download.zip/{ADA}x.ipynb"]
    assert list(placed(done)) == [f"Ben/{STEM}"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
def test_names_without_the_sign_for_utf_8(course: Course, tmp_path: Path, encoding: str) -> None:
    name = "Jörg Ångström"
    placeholder = "N" * len(name.encode(encoding))
    data = with_entries(entry(f"{placeholder}_1{MOODLE}/x.ipynb"))
    (tmp_path / "download.zip").write_bytes(data.replace(placeholder.encode(), name.encode(encoding)))
    done = collect([tmp_path / "download.zip"], course, course.submitted)
    assert [one.student for one in done.placed] == [name]


# ---- links, and what is in the way


def test_links_in_a_folder_are_left(course: Course, download: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "secret.ipynb").write_bytes(HERE)
    folder = download({BEN + "x.ipynb": HERE}, folder=True)
    (folder / ADA).mkdir()
    (folder / ADA / "x.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / f"Eve_3{MOODLE}").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder)
    done = collect([folder], course, course.submitted)
    assert set(left(done)) == {ADA + "x.ipynb", f"Eve_3{MOODLE} and download/round"}
    assert list(placed(done)) == [f"Ben/{STEM}"]


def test_a_linked_file_as_a_source_is_left(course: Course, tmp_path: Path) -> None:
    (tmp_path / "secret.ipynb").write_bytes(HERE)
    link = tmp_path / "s001__perceptron.ipynb"
    link.symlink_to("secret.ipynb")
    done = collect([link], course, course.submitted)
    assert [one.reason for one in done.left] == ["it is a link, not a file: hand in the notebook itself"]


def links_out(course: Course, outside: Path) -> None:
    course.submitted.mkdir()
    (course.submitted / "Ada Lovelace").symlink_to(outside)


def assignment_links_out(course: Course, outside: Path) -> None:
    (course.submitted / "Ada Lovelace").mkdir(parents=True)
    (course.submitted / "Ada Lovelace" / STEM).symlink_to(outside)


def notebook_links_out(course: Course, outside: Path) -> None:
    (course.submitted / "Ada Lovelace" / STEM).mkdir(parents=True)
    (course.submitted / "Ada Lovelace" / STEM / "perceptron.ipynb").symlink_to(outside / "x.ipynb")


def a_file_for_the_student(course: Course, outside: Path) -> None:
    course.submitted.mkdir()
    (course.submitted / "Ada Lovelace").write_text("")


def a_folder_for_the_notebook(course: Course, outside: Path) -> None:
    (course.submitted / "Ada Lovelace" / STEM / "perceptron.ipynb").mkdir(parents=True)


IN_THE_WAY: dict[Callable[[Course, Path], None], str] = {
    links_out: "Ada Lovelace is a link or a file where a folder must be: put the folder there",
    assignment_links_out: f"{STEM} is a link or a file where a folder must be: put the folder there",
    notebook_links_out: "perceptron.ipynb is in the way: it is a link, not a file: hand in the notebook itself",
    a_file_for_the_student: "Ada Lovelace is a link or a file where a folder must be: put the folder there",
    a_folder_for_the_notebook: "is in the way: it is a folder, not a file: hand in the notebook itself",
}


@pytest.mark.parametrize("put", IN_THE_WAY)
def test_what_is_in_the_way(
    course: Course, download: Callable[..., Path], tmp_path: Path, put: Callable[[Course, Path], None]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    put(course, outside)
    source = download({ADA + "x.ipynb": HERE, BEN + "x.ipynb": HERE})
    done = collect([source], course, course.submitted, replace=True)
    assert left(done)[ADA + "x.ipynb"].endswith(IN_THE_WAY[put])
    assert list(placed(done)) == [f"Ben/{STEM}"]
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(AS_ROOT, reason="the administrator may read and write everything")
def test_what_may_not_be_read_or_written(course: Course, download: Callable[..., Path]) -> None:
    folder = download({ADA + "x.ipynb": HERE, BEN + "x.ipynb": HERE, f"Eve_3{MOODLE}/x.ipynb": HERE}, folder=True)
    (folder / BEN / "x.ipynb").chmod(0)
    (folder / f"Eve_3{MOODLE}").chmod(0)
    (course.submitted / "Ada Lovelace").mkdir(parents=True)
    (course.submitted / "Ada Lovelace").chmod(0)
    done = collect([folder], course, course.submitted)
    for path in (folder / f"Eve_3{MOODLE}", course.submitted / "Ada Lovelace"):
        path.chmod(0o755)
    assert len(done.left) == 3
    assert all("ermission" in one.reason for one in done.left)


# ---- to the end


@pytest.mark.slow
def test_a_download_of_three_is_graded(course: Course, download: Callable[..., Path]) -> None:
    real = Course(ROOT)
    shutil.copy(real.release(STEM), course.release(STEM))
    files = {
        f"Ada Lovelace_1{MOODLE}/perceptron.ipynb": SOLUTION,
        f"Ben_2{MOODLE}/work.zip": zipped({"work/my notebook.ipynb": SOLUTION}),
        f"Cleo_3{MOODLE}/perceptron (1).ipynb": real.release(STEM).read_bytes(),
    }
    done = collect([download(files)], course, course.submitted)
    assert (len(done.placed), done.left) == (3, ())
    suites = load_suites(real.assignment(STEM), real.public_suite(STEM), real.hidden_suite(STEM))
    jobs = find_submissions(course.submitted, students_in(course.submitted), course.stems)
    reports = [grade(job.notebook, job.student, suites, InProcessExecutor()) for job in jobs]
    assert {report.student: report.score for report in reports} == {"Ada Lovelace": 24.0, "Ben": 24.0, "Cleo": 0.0}
