"""`autograder collect` and students who attack it: names of others, zips that cost time, and messages without end."""

import errno
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from downloads import BEN, CANVAS, HERE, MOODLE, OTHER, STEM, files_in, left, notebook, placed, zipped

from autograder.cli.output.collect import collected_text
from autograder.core.errors import UserError
from autograder.core.folder_names import MARKUP
from autograder.instructor.collect import archives
from autograder.instructor.collect.place import Collected, collect
from autograder.instructor.collect.senders import Systems
from autograder.notebooks.course import Course

POOLING = notebook("07_pooling")
MALLORY = f"Mallory_12{MOODLE}/"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    for stem in (STEM, "07_pooling"):
        (root / "assignments" / stem).mkdir(parents=True)
        (root / "assignments" / stem / f"{stem.partition('_')[2]}.ipynb").write_bytes(notebook(stem))
    return Course(root)


@pytest.fixture
def collected(course: Course, tmp_path: Path) -> Callable[..., Collected]:
    """A run of `collect` on a download with these files."""

    def run(files: Mapping[str, bytes], **options: Any) -> Collected:
        (tmp_path / "download.zip").write_bytes(zipped(files))
        return collect([tmp_path / "download.zip"], course, course.submitted, **options)

    return run


def students(done: Collected) -> list[str]:
    return [one.student for one in done.placed]


def printed(course: Course, source: Path) -> str:
    """What the command prints."""
    return collected_text(collect([source], course, course.submitted), course.submitted)


# ---- names


@pytest.mark.parametrize("character", MARKUP)
@pytest.mark.parametrize("rest", [f"_7{MOODLE}/x.ipynb", f"{CANVAS}x.ipynb", f"__{STEM}.ipynb"])
def test_no_folder_has_markup_and_nobody_is_lost(
    collected: Callable[..., Collected], rest: str, character: str
) -> None:
    """Whoever is called so is placed, and the name of the folder is told."""
    name = f"O{character}Brien"
    done = collected({name + rest: HERE})
    (student,) = students(done)
    assert not set(MARKUP) & set(student)
    assert [(note.source, note.reason) for note in done.notes] == [
        (student, f"is {name}, which no folder can be named")
    ]


def test_script_in_a_name(collected: Callable[..., Collected]) -> None:
    done = collected({f'"><img src=x onerror=alert(1)>_3{MOODLE}_x.ipynb': HERE})
    assert students(done) == ["img src=x onerror=alert(1)"]


def test_o_brien_is_found_on_the_roster(course: Course, collected: Callable[..., Collected]) -> None:
    (course.root / "roster.csv").write_text("student,name\ns7,Sinéad O'Brien\n", encoding="utf-8")
    files = {f"Sinéad O'Brien_7{MOODLE}/x.ipynb": HERE, f"obriensinead{CANVAS}pooling.ipynb": POOLING}
    assert students(collected(dict([next(iter(files.items()))]))) == ["s7"]


# ---- which LMS


CANVAS_CLASS = {"ada_1_11_x.ipynb": HERE, "cleo_3_13_x.ipynb": HERE}
MOODLE_CLASS = {f"Ada_1{MOODLE}/x.ipynb": HERE, f"Cleo_3{MOODLE}/x.ipynb": HERE}
FLAT_CLASS = {f"Ada_1{MOODLE}_x.ipynb": HERE, f"Cleo_3{MOODLE}_x.ipynb": HERE}
IN_DISGUISE: dict[str, tuple[dict[str, bytes], str, str]] = {  # a class, what mallory hands in, and as whom it counts
    "canvas_file_as_moodle": (CANVAS_CLASS, f"mallory_12_14_Ben_2{MOODLE}_x.ipynb", "mallory"),
    "canvas_name_as_moodle": (CANVAS_CLASS, f"ben{MOODLE}_12_14_x.ipynb", f"ben{MOODLE}"),
    "canvas_name_as_numbered_moodle": (CANVAS_CLASS, f"ben-2{MOODLE}_12_14_x.ipynb", f"ben-2{MOODLE}"),
    "canvas_file_as_loose": (CANVAS_CLASS, f"mallory_12_14_ben__{STEM}.ipynb", "mallory"),
    "moodle_file_as_canvas": (MOODLE_CLASS, f"Mallory_12{MOODLE}/ben_2_22_x.ipynb", "Mallory"),
    "moodle_file_as_loose": (MOODLE_CLASS, f"Mallory_12{MOODLE}/ben__{STEM}.ipynb", "Mallory"),
    "moodle_name_as_moodle": (MOODLE_CLASS, f"Ben_2{MOODLE}__12{MOODLE}/x.ipynb", f"Ben_2{MOODLE}_"),
    "moodle_name_as_moodle_loose": (MOODLE_CLASS, f"Ben_2{MOODLE}__12{MOODLE}/ben__{STEM}.ipynb", f"Ben_2{MOODLE}_"),
    "moodle_folder_in_its_own": (MOODLE_CLASS, f"Mallory_12{MOODLE}/Ben_2{MOODLE}/x.ipynb", "Mallory"),
    "flat_file_as_canvas": (FLAT_CLASS, f"Mallory_12{MOODLE}_ben_2_22_x.ipynb", "Mallory"),
    "flat_file_as_loose": (FLAT_CLASS, f"Mallory_12{MOODLE}_ben__{STEM}.ipynb", "Mallory"),
    "flat_file_as_moodle": (FLAT_CLASS, f"Mallory_12{MOODLE}_Ben_2{MOODLE}_x.ipynb", "Mallory"),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_DISGUISE)
def test_a_file_is_not_read_as_another_lms_would_name_it(collected: Callable[..., Collected], name: str) -> None:
    """The LMS is decided by all names of the download: nobody is ben, and ben's own file is placed."""
    others, path, student = IN_DISGUISE[name]
    done = collected({**others, path: OTHER})
    assert {key.partition("/")[0]: source for key, source in placed(done).items()}[student] == f"download.zip/{path}"
    assert not {"ben", "Ben"} & set(students(done))
    assert len(done.placed) == 3


@pytest.mark.parametrize("path", [f"mallory_12_14_Ben_2{MOODLE}_x.ipynb", f"Mallory_12{MOODLE}_ben_2_22_x.ipynb"])
def test_alone_it_is_nobodys(collected: Callable[..., Collected], path: str) -> None:
    done = collected({path: HERE})
    assert left(done) == {path: "may be named by Moodle or by Canvas: name it <student>__<assignment>.ipynb"}


def test_a_file_that_only_another_lms_names_is_not_trusted(collected: Callable[..., Collected]) -> None:
    done = collected({**MOODLE_CLASS, "ben_2_22_x.ipynb": OTHER})
    assert students(done) == ["Ada", "Cleo"]
    assert left(done) == {
        "ben_2_22_x.ipynb": "is named as Canvas names files, in a download of Moodle: collect it by itself"
    }


def test_two_downloads_in_two_folders(collected: Callable[..., Collected]) -> None:
    """Each folder is decided by itself."""
    done = collected({f"a/{path}": data for path, data in MOODLE_CLASS.items()} | {"b/ben_2_22_x.ipynb": OTHER})
    assert students(done) == ["Ada", "Cleo", "ben"]


# ---- whose number

ROSTER = "student,name,canvas_id,moodle_id\ns001,Ada,1,\ns002,Ben,2,22\ns003,Cleo,,\n"


@pytest.fixture
def roster(course: Course) -> None:
    (course.root / "roster.csv").write_text(ROSTER)


BY_NUMBER = {
    "ben_2_11_x.ipynb": ("s002", 0),
    "mallory_2_11_x.ipynb": ("s002", 0),  # the name was edited, the number cannot be
    "ben_12_11_x.ipynb": ("ben_12", 1),  # this is not ben's number
    f"Ben_22{MOODLE}/x.ipynb": ("s002", 0),
    f"Ben_12{MOODLE}/x.ipynb": ("Ben_12", 1),
    "cleo_12_11_x.ipynb": ("s003", 0),  # the roster knows no number of hers
    f"Ada_12{MOODLE}/x.ipynb": ("s001", 0),  # nor ada's in Moodle
}


@pytest.mark.usefixtures("roster")
@pytest.mark.parametrize("path", BY_NUMBER)
def test_the_roster_numbers_decide(collected: Callable[..., Collected], path: str) -> None:
    done = collected({path: HERE})
    student, notes = BY_NUMBER[path]
    assert (students(done), len(done.notes)) == ([student], notes)


@pytest.mark.usefixtures("roster")
@pytest.mark.parametrize(
    "files", [["ben_2_11_x.ipynb", "ben_12_13_x.ipynb"], ["ben_12_13_x.ipynb", "ben_2_11_x.ipynb"]]
)
def test_the_real_ben_is_not_blocked(collected: Callable[..., Collected], files: list[str]) -> None:
    done = collected(dict(zip(files, (HERE, OTHER), strict=True)))
    assert {path: key for key, path in placed(done).items()} == {
        "download.zip/ben_2_11_x.ipynb": f"s002/{STEM}",
        "download.zip/ben_12_13_x.ipynb": f"ben_12/{STEM}",
    }


@pytest.mark.usefixtures("roster")
def test_two_numbers_for_one_of_the_roster(collected: Callable[..., Collected]) -> None:
    """Both names are Cleo's on the roster, in another order of words: neither gets her folder."""
    roster_name = {f"Cleo_5{MOODLE}/x.ipynb": HERE, f"cleo, _6{MOODLE}/x.ipynb": OTHER}
    done = collected(roster_name)
    assert "s003" not in students(done)
    assert len(set(students(done))) == 2
    assert len(done.notes) == 2


def test_a_number_keeps_its_folder_though_the_name_was_edited(collected: Callable[..., Collected]) -> None:
    collected({"mallory_12_1_x.ipynb": HERE, "ben_2_2_x.ipynb": HERE})
    done = collected({"ben_12_3_pooling.ipynb": POOLING})
    assert students(done) == ["mallory"]


def test_a_new_number_gets_no_folder_of_another(collected: Callable[..., Collected]) -> None:
    collected({"ben_2_2_x.ipynb": HERE})
    done = collected({"ben_12_3_pooling.ipynb": POOLING})
    assert students(done) == ["ben_12"]
    assert [note.reason for note in done.notes] == [
        "has another number in Canvas than ben: placed apart, as ben_12. If it is the same person, rename the folder"
    ]
    assert students(collected({"ben_2_4_pooling.ipynb": POOLING})) == ["ben"]


def test_moodle_has_a_new_number_for_each_assignment(collected: Callable[..., Collected]) -> None:
    collected({f"Ben_2{MOODLE}/perceptron.ipynb": HERE})
    assert list(placed(collected({f"Ben_77{MOODLE}/pooling.ipynb": POOLING}))) == ["Ben/07_pooling"]
    done = collected({f"Ben_12{MOODLE}/perceptron.ipynb": OTHER}, replace=True)  # of the first assignment
    assert list(placed(done)) == [f"Ben_12/{STEM}"]
    assert [one.replaced for one in done.placed] == [False]


def test_a_folder_that_was_renamed_to_the_roster(course: Course, collected: Callable[..., Collected]) -> None:
    collected({f"Ben_2{MOODLE}/x.ipynb": HERE})
    (course.submitted / "Ben").rename(course.submitted / "s002")
    (course.root / "roster.csv").write_text("student,name\ns002,Ben\n")
    assert collected({f"Ben_2{MOODLE}/x.ipynb": HERE}).unchanged[0].student == "s002"


def test_what_is_remembered(course: Course, collected: Callable[..., Collected]) -> None:
    collected({f"=cmd()_2{MOODLE}/x.ipynb": HERE, f"kim__{STEM}.ipynb": HERE})
    header, row = (course.submitted / ".senders.csv").read_text().splitlines()
    assert header == "system,number,name,student,first_seen"
    assert row.startswith("Moodle,2,'=cmd(),'=cmd(),2")
    done = collected({f"Eve_2{MOODLE}/pooling.ipynb": POOLING})
    assert students(done) == ["=cmd()"]


def test_a_memory_that_leads_out(course: Course, collected: Callable[..., Collected]) -> None:
    course.submitted.mkdir()
    (course.submitted / ".senders.csv").write_text("system,number,name,student\nMoodle,2,Ben,../out\nMoodle,,x,y\n")
    assert students(collected({BEN + "x.ipynb": HERE})) == ["Ben"]


# ---- what it costs


class Counted:
    """Counts what is unpacked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = self.bytes = 0
        unzip, archive = archives._unzip, archives._archive

        def counted_unzip(*arguments: Any) -> bytes:
            data = unzip(*arguments)
            self.bytes += len(data)
            return data

        def counted_archive(*arguments: Any) -> zipfile.ZipFile:
            self.opened += 1
            return archive(*arguments)

        monkeypatch.setattr(archives, "_unzip", counted_unzip)
        monkeypatch.setattr(archives, "_archive", counted_archive)


def small_notebook(number: int) -> bytes:
    code = {"cell_type": "code", "source": f"open_assignment('{STEM}') # {number}", "metadata": {}}
    return json.dumps({"cells": [code], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def stored(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize("count", [2, 500])
def test_each_zip_is_unpacked_once(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """A small zip whose inner zip is large: what is read does not grow with the number of notebooks in it."""
    inner = stored({"pad.bin": bytes(8 << 20), **{f"p{n}.ipynb": small_notebook(0) for n in range(count)}})
    (tmp_path / "lms.zip").write_bytes(zipped({MALLORY + "hw.zip": inner, BEN + "x.ipynb": HERE}))
    counted = Counted(monkeypatch)
    done = collect([tmp_path / "lms.zip"], course, course.submitted)
    assert (students(done), counted.opened) == (["Mallory", "Ben"], 2)
    assert counted.bytes == len(inner) + count * len(small_notebook(0)) + len(HERE)
    assert len(done.notes) == 1


@pytest.mark.parametrize("same", [False, True], ids=["several", "same"])
def test_many_notebooks_in_one_zip_are_told_once(course: Course, tmp_path: Path, same: bool) -> None:
    files = {f"{'p' * 150}{n}.ipynb": small_notebook(0 if same else n) for n in range(archives.OWN_ENTRIES)}
    (tmp_path / "lms.zip").write_bytes(zipped({MALLORY + "hw.zip": zipped(files), BEN + "x.ipynb": HERE}))
    output = printed(course, tmp_path / "lms.zip")
    assert len(output) < 3000
    assert len(output.splitlines()) <= 4
    assert f"and {archives.OWN_ENTRIES - (6 if same else 5)} more" in output
    assert (course.submitted / "Ben" / STEM / "perceptron.ipynb").exists()


BAD_ENTRIES: dict[str, Callable[[int], tuple[str, bytes]]] = {
    "paths_out": lambda n: (f"../{'x' * 200}{n}.ipynb", HERE),
    "damaged_names": lambda n: (f"{'x' * 200}{n}?.ipynb", HERE),
    "long_names": lambda n: (f"{'x' * 2000}{n}.ipynb", HERE),
    "other_files": lambda n: (f"{'x' * 200}{n}.bin", b""),
    "no_assignment": lambda n: (f"{'x' * 200}{n}.ipynb", b"{}"),
}


@pytest.mark.parametrize("name", BAD_ENTRIES)
def test_every_message_is_told_once_for_each_student(course: Course, tmp_path: Path, name: str) -> None:
    own = zipped(dict(BAD_ENTRIES[name](n) for n in range(1500)))
    if name == "damaged_names":
        own = own.replace(b"?.ipynb", b"\0.ipynb")
    (tmp_path / "lms.zip").write_bytes(
        stored({MALLORY + "hw.zip": own, f"Eve_9{MOODLE}/hw.zip": own, BEN + "x.ipynb": HERE})
    )
    output = printed(course, tmp_path / "lms.zip")
    assert len(output) < 6000
    assert len([line for line in output.splitlines() if line.startswith("not placed: ")]) == 2
    assert (course.submitted / "Ben" / STEM / "perceptron.ipynb").exists()


def test_many_files_of_nobody_are_told_once(course: Course, tmp_path: Path) -> None:
    (tmp_path / "lms.zip").write_bytes(stored({f"{'x' * 200}{n}.ipynb": HERE for n in range(1500)}))
    output = printed(course, tmp_path / "lms.zip")
    assert len(output) < 3000
    assert "and 1495 more: has a name that tells no student" in output


def test_a_zip_of_a_high_ratio_costs_only_its_student(course: Course, tmp_path: Path) -> None:
    own = zipped({f"{n}.ipynb": bytes(20 << 20) for n in range(2)})
    (tmp_path / "lms.zip").write_bytes(stored({MALLORY + "hw.zip": own, BEN + "x.ipynb": HERE}))
    done = collect([tmp_path / "lms.zip"], course, course.submitted)
    assert students(done) == ["Ben"]
    (remark,) = done.left
    assert remark.source == f"lms.zip/{MALLORY}hw.zip"
    assert "times its size, as no notebooks do" in remark.reason


@pytest.mark.parametrize("suffix", ["", "/.", "/./."])
def test_no_name_hides_a_notebook_from_the_budget(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    own = zipped({f"{n}.ipynb{suffix}": bytes(20 << 20) for n in range(2)})
    (tmp_path / "lms.zip").write_bytes(stored({MALLORY + "hw.zip": own}))
    counted = Counted(monkeypatch)
    collect([tmp_path / "lms.zip"], course, course.submitted)
    assert counted.bytes == len(own)


def test_a_full_disk_is_told(
    course: Course, collected: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: Full())
    with pytest.raises(UserError, match=r"no room to unpack the download \(No space left on device\)"):
        collected({BEN + "x.ipynb": HERE})


def test_folders_without_end(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "download"
    deep = folder / f"Mallory_12{MOODLE}"
    for _ in range(300):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (folder / BEN).mkdir()
    (folder / BEN / "x.ipynb").write_bytes(HERE)
    done = collect([folder], course, course.submitted)
    assert students(done) == ["Ben"]
    assert [one.reason for one in done.left] == ["is more than 20 folders deep: put its notebooks further up"]


@pytest.mark.parametrize("folder", [False, True], ids=["zip", "folder"])
def test_a_twin_of_macos_is_no_notebook(course: Course, tmp_path: Path, folder: bool) -> None:
    files = {BEN + "perceptron.ipynb": HERE, BEN + "._perceptron.ipynb": b"\0\5\x16\7", f"._kim__{STEM}.ipynb": b""}
    files |= {MALLORY + "hw.zip": zipped({"perceptron.ipynb": HERE, "._perceptron.ipynb": b"\0\5\x16\7"})}
    source = tmp_path / ("download" if folder else "download.zip")
    if folder:
        for name, data in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(data)
    else:
        source.write_bytes(zipped(files))
    done = collect([source], course, course.submitted)
    assert (sorted(students(done)), done.left) == (["Ben", "Mallory"], ())


def test_names_that_cost_no_time() -> None:
    """Patterns that look for a sender are asked for names of PATH_BYTES at most, and there they are quick."""
    for unit in ("_1", "__", "_assignsubmission_", "1", "_late", "anon_", "_1_1"):
        name = unit * (archives.PATH_BYTES // len(unit))
        Systems([(name, "x.ipynb"), (name,), (f"{name}.ipynb",)])


# ---- who may read it


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "others"), [(0o077, 0), (0o022, 0o044)])
def test_the_umask_decides_who_may_read(
    course: Course, collected: Callable[..., Collected], umask: int, others: int
) -> None:
    before = os.umask(umask)
    try:
        collected({BEN + "x.ipynb": HERE})
        collected({BEN + "x.ipynb": OTHER}, replace=True)
    finally:
        os.umask(before)
    paths = [*files_in(course.submitted), course.submitted / ".senders.csv"]
    assert len(paths) == 3
    assert {path.stat().st_mode & 0o077 for path in paths} == {others}
    folders = [course.submitted, course.submitted / "Ben", course.submitted / "Ben" / STEM]
    assert {path.stat().st_mode & 0o077 for path in folders} == {0o077 & ~umask}
