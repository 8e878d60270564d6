"""The sample class, graded as an instructor would grade it, line by line against what everybody deserves."""

import contextlib
import csv
import ctypes
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tested
from places import ROOT

from autograder.core.text import WIDTH
from autograder.instructor.results import record

SAMPLE = ROOT / "tests" / "sample_class"
SUBMITTED = SAMPLE / "submitted"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))
STEMS = {entry["assignment"] for entry in EXPECTED.values()}
LEFT_BEHIND = ("luca.json", "weights.txt", "left-behind", *STEMS)  # what the class tries to write, and the probe
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Graded:
    """One run of `autograder grade` and its traces."""

    status: int
    output: str
    results: Path
    working_folder: Path
    temporary_folder: Path
    processes: tuple[str, ...]  # that were still there afterwards
    changed: tuple[str, ...]  # files of the class


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    folder = tmp_path_factory.mktemp("class")
    working, temporary = folder / "working", folder / "temporary"
    working.mkdir()
    temporary.mkdir()
    options = ["--submitted", SUBMITTED, "--results", folder / "results", "--jobs", "2"]
    command = [sys.executable, "-m", "autograder.cli.main", "--course", ROOT, "grade", *options]
    before = digests()
    with orphans_come_here() as processes:
        done = subprocess.run(
            [*map(str, command)],
            cwd=working,
            env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
    after = digests()
    changed = tuple(sorted({path for path, _ in before ^ after}))
    return Graded(done.returncode, done.stdout, folder / "results", working, temporary, tuple(processes), changed)


def digests() -> set[tuple[str, str]]:
    return {(str(p), hashlib.sha256(p.read_bytes()).hexdigest()) for p in SUBMITTED.rglob("*") if p.is_file()}


@contextlib.contextmanager
def orphans_come_here() -> Iterator[list[str]]:
    """Whoever outlives its parent becomes a child of this process: who is still there at the end is told."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    known, left = set(children()), []
    try:
        yield left
        patience = time.monotonic() + 5
        while (new := {pid: name for pid, name in children().items() if pid not in known}) and (
            time.monotonic() < patience
        ):
            for pid in new:
                os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
        left += new.values()
    finally:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)


def children() -> dict[int, str]:
    """This process's children, by process id."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = path.read_text().partition(" (")[2].rpartition(") ")
            if int(rest.split()[1]) == os.getpid():
                found[int(path.parent.name)] = name
    return found


def test_the_class_is_current() -> None:
    command = [sys.executable, SAMPLE / "make.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_class_is_large_enough() -> None:
    assert len(EXPECTED) >= 36
    assert {path.name for path in SUBMITTED.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("student", EXPECTED)
def test_everybody_gets_what_is_deserved(graded: Graded, student: str) -> None:
    report = report_of(graded, student)
    assert lines_of(report) == expected_lines(EXPECTED[student])
    assert report["sandbox"] == tested.level() or report["status"] == "ungraded"


def report_of(graded: Graded, student: str) -> dict[str, Any]:
    path = graded.results / EXPECTED[student]["assignment"] / f"{student}.json"
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def mistakes_of(exercise: dict[str, Any]) -> list[str]:
    return sorted({name for test in exercise["tests"] for name in test["mistakes"]})


def lines_of(report: dict[str, Any]) -> list[str]:
    rows = [f"{one['name']}: {[one['score'], one['outcome'], mistakes_of(one)]}" for one in report["exercises"]]
    return [*(f"{key}: {report[key]}" for key in ("status", "score", "reason")), *rows, *report["remarks"]]


def expected_lines(expected: dict[str, Any]) -> list[str]:
    rows = [f"{name}: {row}" for name, row in expected["exercises"].items()]
    return [*(f"{key}: {expected[key]}" for key in ("status", "score", "reason")), *rows, *expected["remarks"]]


def test_the_exit_code_tells_that_some_are_ungraded(graded: Graded) -> None:
    assert [name for name, one in EXPECTED.items() if one["status"] == "ungraded"]
    assert graded.status == 1


def test_grades_csv_has_everybody(graded: Graded) -> None:
    with (graded.results / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    scores = {student: row[EXPECTED[student]["assignment"]] for student, row in rows.items()}
    assert list(scores) == sorted(EXPECTED)
    for student, score in scores.items():
        expected = EXPECTED[student]["score"]
        assert score == "" if expected is None else float(score) == pytest.approx(expected, abs=1e-4)


def test_there_is_one_result_for_each_and_nothing_else(graded: Graded) -> None:
    found = sorted(str(path.relative_to(graded.results)) for path in graded.results.rglob("*") if path.is_file())
    stems = [f"{one['assignment']}/{student}" for student, one in EXPECTED.items()]
    assert found == sorted(["grades.csv", *(f"{stem}.{kind}" for stem in stems for kind in ("html", "json"))])


def test_the_operator_reads_words(graded: Graded) -> None:
    assert "Traceback" not in graded.output
    assert not [c for c in graded.output if not c.isprintable() and c != "\n"]
    for name in ("sara", "tomas", "ulla"):
        assert name in graded.output


def test_no_message_can_steer_a_terminal(graded: Graded) -> None:
    for student in EXPECTED:
        report = report_of(graded, student)
        messages = [t["message"] or "" for one in report["exercises"] for t in one["tests"]]
        said = "".join([*messages, *report["remarks"], report["reason"] or ""])
        assert not [c for c in said if not c.isprintable() and c != "\n"], student


def test_everybody_reads_what_the_golden_file_says(graded: Graded) -> None:
    """`make.py --expected` writes it; a change of a sentence is looked at there, in the words of every student."""
    sys.path.insert(0, str(SAMPLE))
    from messages import comparable, messages_text

    reports = [record.read(graded.results / one["assignment"] / f"{name}.json") for name, one in EXPECTED.items()]
    golden = (SAMPLE / "messages.txt").read_text(encoding="utf-8")
    said = messages_text(sorted((one for one in reports if one), key=lambda report: report.student))
    assert comparable(said, golden) == comparable(golden, golden)


def messages_of(graded: Graded) -> Iterator[tuple[str, str]]:
    """The visibility and the message of every test that did not pass."""
    for student in EXPECTED:
        for one in report_of(graded, student)["exercises"]:
            yield from ((t["visibility"], t["message"]) for t in one["tests"] if t["message"])


def test_no_message_is_wide_or_full_of_numbers(graded: Graded) -> None:
    for _, message in messages_of(graded):
        assert max(map(len, message.splitlines())) <= WIDTH, message
        rows = message.replace("\n" + 16 * " ", " ").splitlines()
        theirs = ("  it says", "  the line", "  called with")  # a student's own text, and what can be pasted
        ours = [row for row in rows if not row.startswith(theirs)]
        assert max(len(re.findall(r"-?\d+\.?\d*", row)) for row in ours) <= 24, message


def test_a_hidden_test_shows_no_input_and_no_number(graded: Graded) -> None:
    """What an exception says is shown only of a cell, which ran before any test."""
    for visibility, message in messages_of(graded):
        if visibility == "hidden":
            assert not re.search("^  (called with|you returned|expected) ", message, re.MULTILINE), message
            assert "\n  it says" not in message or " is missing, because line " in message


def test_no_process_is_left(graded: Graded) -> None:
    assert graded.processes == ()


def test_nothing_is_written_elsewhere(graded: Graded) -> None:
    assert graded.changed == ()
    assert list(graded.working_folder.iterdir()) == []
    assert list(graded.temporary_folder.iterdir()) == []
    shared = (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), ROOT)
    assert [folder / name for folder in shared for name in LEFT_BEHIND if (folder / name).exists()] == []
