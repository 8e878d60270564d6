"""One run over one class in which each bad submission stands between two good ones."""

import contextlib
import csv
import json
import os
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from autograder.notebooks.course import Course

STEM = "01_perceptron"
FULL = 24.0
SOLUTION = Course(ROOT).solution(STEM).read_bytes()
GRADE = [sys.executable, "-m", "autograder.cli.main", "--course", ROOT, "grade", STEM]
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

SAVE_AGAIN = "open it in JupyterLab, save it, and hand it in again"
CLEAR = "clear the outputs (Edit > Clear Outputs of All Cells), save, and hand it in again"
A_LINK = "is a link, which may lead anywhere: put the {} itself there"


@dataclass(frozen=True)
class Submission:
    """A place for a submission: the student's folder, which is not there yet."""

    home: Path
    outside: Path  # a folder that is no submission

    @property
    def folder(self) -> Path:
        """Make the assignment's folder and return it."""
        folder = self.home / STEM
        folder.mkdir(parents=True)
        return folder

    @property
    def notebook(self) -> Path:
        return self.folder / "perceptron.ipynb"


Put = Callable[[Submission], Any]
CASES: dict[str, tuple[Put, str | None]] = {}  # by name, with the reason if it stays ungraded


def case(reason: str | None) -> Callable[[Put], Put]:
    def enter(put: Put) -> Put:
        CASES[put.__name__] = (put, reason)
        return put

    return enter


def content(name: str, data: bytes, reason: str | None) -> None:
    CASES[name] = (lambda submission: submission.notebook.write_bytes(data), reason)


def solution(**changes: Any) -> bytes:
    return json.dumps({**json.loads(SOLUTION), **changes}).encode()


def with_source(change: Callable[[Any], Any], grade_id: str = "") -> bytes:
    """Return the solution with other sources: of all cells, or of one."""
    notebook = json.loads(SOLUTION)
    for cell in notebook["cells"]:
        if grade_id in ("", cell["metadata"].get("nbgrader", {}).get("grade_id")):
            cell["source"] = change(cell["source"])
    return json.dumps(notebook).encode()


def in_format_3() -> bytes:
    cells = [
        {**{k: v for k, v in cell.items() if k != "source"}, "input": cell["source"], "language": "python"}
        for cell in json.loads(SOLUTION)["cells"]
    ]
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}).encode()


# ---- the notebook's content

content("no_json", b"Dear teacher, my notebook is on my other computer.",
        f"the file is not a notebook (no JSON, line 1): {SAVE_AGAIN}")  # fmt: skip
content("a_json_list", b"[1, 2, 3]", f"the file is JSON but not a notebook: {SAVE_AGAIN}")
content("truncated", SOLUTION[: len(SOLUTION) // 2],
        "the file looks cut off, its end is missing: download or copy it again, and hand it in again")  # fmt: skip
content("empty", b"", "the file is empty: hand in the notebook again")
content("zeros", bytes(4096), "the file is empty: hand in the notebook again")
content("no_cells", solution(cells=[]), "the notebook has no cells: hand in the one you worked in")
content("format_3", in_format_3(), None)
content("format_99", solution(nbformat=99),
        "the notebook's format is newer than 4, the newest known here: save it from JupyterLab 4")  # fmt: skip
content("source_a_list", with_source(lambda source: "".join(source).splitlines(keepends=True)), None)
content("source_a_string", with_source("".join), None)
content("latin_1", SOLUTION.replace(b"perceptron", "perceptr\u00f6n".encode("latin-1")),
        f"the file is not UTF-8 text: {SAVE_AGAIN}")  # fmt: skip
content("conflict", b"{\n<<<<<<< HEAD\n \"cells\": [],\n=======\n \"cells\": [1],\n>>>>>>> theirs\n}\n",
        f"the file holds git's conflict markers (<<<<<<<): resolve the conflict, {SAVE_AGAIN}")  # fmt: skip
content("deep", b"[" * 100_000, f"the file is nested too deeply to be a notebook: {SAVE_AGAIN}")


@case(f"the file has 300 MiB; at most 24 are read: {CLEAR}")
def outputs_of_300_megabytes(submission: Submission) -> None:
    with submission.notebook.open("wb") as file:
        file.write(SOLUTION)
        file.truncate(300 * 2**20)  # sparse: it takes no space on the disk


# ---- something else in its place


@case("it is a folder, not a file: hand in the notebook itself")
def a_folder(submission: Submission) -> None:
    submission.notebook.mkdir()


@case("it is a pipe or a device, not a file: hand in the notebook itself")
def a_pipe(submission: Submission) -> None:
    os.mkfifo(submission.notebook)


@case("it is a pipe or a device, not a file: hand in the notebook itself")
def a_socket(submission: Submission) -> None:
    with contextlib.chdir(submission.folder), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("perceptron.ipynb")  # an address is at most 108 bytes long


@case("perceptron.ipynb is missing; the folder holds no notebook: put it there")
def an_empty_folder(submission: Submission) -> None:
    assert submission.folder.is_dir()


@case("perceptron.ipynb is missing; found my solution (1).ipynb: rename it")
def another_name(submission: Submission) -> None:
    (submission.folder / "my solution (1).ipynb").write_bytes(SOLUTION)


@case("perceptron.ipynb is missing; found \N{REPLACEMENT CHARACTER}[31mred.ipynb: rename it")
def another_name_with_an_escape_sequence(submission: Submission) -> None:
    (submission.folder / "\x1b[31mred.ipynb").write_bytes(SOLUTION)


@case("the file cannot be read (Permission denied): check its permissions")
def a_locked_file(submission: Submission) -> None:
    path = submission.notebook
    path.write_bytes(SOLUTION)
    path.chmod(0)


@case("perceptron.ipynb cannot be looked at (Permission denied): check its folder's permissions")
def a_locked_folder(submission: Submission) -> None:
    folder = submission.folder
    (folder / "perceptron.ipynb").write_bytes(SOLUTION)
    folder.chmod(0)


@case(f"{STEM} cannot be looked at (Permission denied): check its folder's permissions")
def a_locked_student(submission: Submission) -> None:
    submission.notebook.write_bytes(SOLUTION)
    submission.home.chmod(0)


LOCKED = {"a_locked_file", "a_locked_folder", "a_locked_student"}


@case(f"{STEM} is not a folder: put the notebook at {STEM}/perceptron.ipynb")
def a_file_for_the_assignment(submission: Submission) -> None:
    submission.home.mkdir()
    (submission.home / STEM).write_bytes(SOLUTION)


# ---- links


@case(f"perceptron.ipynb {A_LINK.format('notebook')}")
def a_link_to_the_passwords(submission: Submission) -> None:
    submission.notebook.symlink_to("/etc/passwd")


@case(f"perceptron.ipynb {A_LINK.format('notebook')}")
def a_link_to_a_neighbour(submission: Submission) -> None:
    submission.notebook.symlink_to(f"../../s000/{STEM}/perceptron.ipynb")


@case(f"perceptron.ipynb {A_LINK.format('notebook')}")
def a_dangling_link(submission: Submission) -> None:
    submission.notebook.symlink_to("nowhere")


@case(f"{STEM} {A_LINK.format('folder')}")
def a_link_for_the_assignment(submission: Submission) -> None:
    submission.home.mkdir()
    (submission.home / STEM).symlink_to(submission.outside / STEM)


@case(f"{{student}} {A_LINK.format('folder')}")
def a_link_for_the_student(submission: Submission) -> None:
    submission.home.symlink_to("s000")


@case(f"{{student}} {A_LINK.format('folder')}")
def a_link_for_the_student_to_nowhere(submission: Submission) -> None:
    submission.home.symlink_to("nowhere")


@case(f"{{student}} {A_LINK.format('folder')}")
def a_link_for_the_student_to_itself(submission: Submission) -> None:
    submission.home.symlink_to(submission.home.name)


# ---- names: a good notebook under each of them

TOO_LONG = "the folder's name is longer than 200 bytes: shorten it"
NAME_HAS = "the folder's name has"
NAMES: dict[bytes, str | None] = {
    b"Ada Lovelace": None,
    b" ": None,
    unicodedata.normalize("NFC", "Jürgen Öz").encode(): None,
    unicodedata.normalize("NFD", "Jürgen Öz").encode(): None,
    "名前".encode(): None,
    b"two\nlines": f"{NAME_HAS} a control character in it: rename it to twolines",
    b"-rf": None,
    b"--help": None,
    b"invalid \xff\xfe utf-8": "the folder's name is not UTF-8 text: rename it to invalid  utf-8",
    b"[bold red]x[reset] [link=evil]": None,
    b"\x1b]0;title\x07\x1b[31mred\x1b[2J": f"{NAME_HAS} a control character in it: rename it to ]0;title[31mred[2J",
    "gnitirw \u202ederorrim".encode(): f"{NAME_HAS} an invisible character in it: rename it to gnitirw derorrim",
    b"=cmd()": None,
    b"@SUM(A1)": None,
    b'a"b,c;d': f'{NAME_HAS} the character " in it: rename it to ab,c;d',
    b"%s{}$HOME`id`": f"{NAME_HAS} the character ` in it: rename it to %s{{}}$HOME’id’",
    b"x..": None,
    b"o'brien": f"{NAME_HAS} the character ' in it: rename it to o’brien",
    b'"><img src=x onerror=alert(1)>': f'{NAME_HAS} the character " in it: rename it to img src=x onerror=alert(1)',
    "o’brien".encode(): None,
    b"n" * 200: None,
    b"n" * 250: TOO_LONG,
    b"m" * 255: TOO_LONG,
}
HIDDEN = [b".hidden", b"..evil"]


# ---- one class, one run


@dataclass(frozen=True)
class Graded:
    """The results of the class."""

    students: dict[str, str]  # case -> student
    good: tuple[str, ...]
    results: Path
    returncode: int
    output: str

    def of(self, student: str) -> dict[str, Any]:
        for path in (self.results / STEM).glob("*.json"):
            data: dict[str, Any] = json.loads(path.read_bytes())
            if data["student"] == student:
                return data
        raise AssertionError(f"no result of {student!r}")


def cases_here() -> dict[str, tuple[Put, str | None]]:
    """Return all cases except, for the administrator, those that do not stop an administrator."""
    return {name: entry for name, entry in CASES.items() if not (AS_ROOT and name in LOCKED)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    folder = tmp_path_factory.mktemp("class")
    submitted, outside = folder / "submitted", folder / "outside"
    hand_in(outside)
    students, good = {}, []
    for number, (name, (put, _)) in enumerate(cases_here().items()):
        good.append(hand_in(submitted / f"s{2 * number:03}"))
        students[name] = f"s{2 * number + 1:03}"
        put(Submission(submitted / students[name], outside))
    good.append(hand_in(submitted / f"s{2 * len(students):03}"))
    for bytes_of_name in [*NAMES, *HIDDEN]:
        hand_in(submitted / os.fsdecode(bytes_of_name))
    hand_in(submitted / "with a number for a source", with_source(lambda _: 7, "gate"))
    (submitted / "on the wrong floor.ipynb").write_bytes(SOLUTION)
    (submitted / "s000" / "perceptron.ipynb").write_bytes(SOLUTION)
    run = subprocess.run(
        [*GRADE, "--submitted", submitted, "--results", folder / "results"],
        capture_output=True,
        timeout=120,
    )
    output = (run.stdout + run.stderr).decode()
    yield Graded(students, tuple(good), folder / "results", run.returncode, output)
    for path in (submitted, *submitted.iterdir()):  # so that pytest can sweep up
        if not path.is_symlink():
            path.chmod(0o755)
            (path / STEM).is_dir() and (path / STEM).chmod(0o755)


def hand_in(home: Path, notebook: bytes = SOLUTION) -> str:
    (home / STEM).mkdir(parents=True)
    (home / STEM / "perceptron.ipynb").write_bytes(notebook)
    return home.name


@pytest.mark.parametrize("name", CASES)
def test_a_bad_submission_says_what_it_is_and_what_to_do(graded: Graded, name: str) -> None:
    if name not in graded.students:
        pytest.skip("the administrator may open what is locked")
    result, reason = graded.of(graded.students[name]), CASES[name][1]
    if reason is None:
        assert (result["status"], result["score"]) == ("graded", FULL)
    else:
        reason = reason.replace("{student}", graded.students[name])
        assert (result["status"], result["score"], result["reason"]) == ("ungraded", None, reason)
        assert f"ungraded: {graded.students[name]}, {STEM}: {reason}\n" in graded.output


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_a_name(graded: Graded, name: bytes) -> None:
    result = graded.of(os.fsdecode(name))
    assert result["reason"] == NAMES[name]
    assert result["score"] == (FULL if NAMES[name] is None else None)


def test_the_others_have_full_marks(graded: Graded) -> None:
    assert [(student, graded.of(student)["score"]) for student in graded.good] == [(s, FULL) for s in graded.good]


def test_a_folder_with_a_dot_is_nobody_but_is_told(graded: Graded) -> None:
    for name in (".hidden", "..evil"):
        line = f"note: {name} is no student's folder and was left alone: its name begins with a dot\n"
        assert line in graded.output
        assert not (graded.results / STEM / f"{name}.json").exists()


def test_what_lies_in_the_wrong_place_is_told(graded: Graded) -> None:
    assert "note: on the wrong floor.ipynb is no student's folder and was left alone\n" in graded.output
    assert "note: s000/perceptron.ipynb is no assignment of this course and was left alone\n" in graded.output


def test_the_run_says_that_some_are_ungraded(graded: Graded) -> None:
    ungraded = [reason for _, reason in cases_here().values() if reason] + [why for why in NAMES.values() if why]
    total = len(cases_here()) + len(graded.good) + len(NAMES) + 1
    done = total - len(ungraded)
    assert graded.returncode == 1
    assert f"{done} of {total} submissions graded, {done} of them now.\n" in graded.output


def test_the_output_is_calm(graded: Graded) -> None:
    """Print no traceback, and nothing that could control a terminal."""
    assert "Traceback" not in graded.output
    odd = {c for c in graded.output if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"}
    assert odd == set()
    assert "[bold red]x[reset]" in graded.output


def test_the_table_of_scores_runs_nothing(graded: Graded) -> None:
    with (graded.results / "grades.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:2] == ["student", STEM]
    scores = {row[0]: row[1] for row in rows}
    assert not [name for name in scores if name.startswith(("=", "+", "-", "@"))]
    assert scores["'=cmd()"] == scores["'-rf"] == scores["Jürgen Öz"] == "24"
    assert scores[graded.students["empty"]] == ""
    assert scores["two⏎lines"] == scores['a"b,c;d'] == ""
    assert len(rows) == len(cases_here()) + len(graded.good) + len(NAMES) + 1


def test_nothing_is_left_half_written(graded: Graded) -> None:
    assert not list(graded.results.rglob(".*"))


def test_a_number_for_a_source_costs_that_cell(graded: Graded) -> None:
    """Grade the notebook without the damaged cell, and say so in a remark."""
    result = graded.of("with a number for a source")
    outcomes = {exercise["name"]: exercise["outcome"] for exercise in result["exercises"]}
    assert outcomes.pop("gate") == "STUB"
    assert set(outcomes.values()) == {"PASSED"}
    assert any("is damaged (its source is not text) and was read as empty" in remark for remark in result["remarks"])
