"""The one writer and the one reader of results: what is written comes back, and nothing is ever half there."""

import dataclasses
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from autograder.core.errors import UserError
from autograder.core.files import sweep
from autograder.core.model import (
    CodeCell,
    ExerciseResult,
    Hint,
    Outcome,
    Picture,
    Place,
    Report,
    TestResult,
    Visibility,
)
from autograder.instructor.results import record

GRADED = Report(
    student="Jürgen Öz",
    assignment="01_perceptron",
    max_score=3.0,
    exercises=(
        ExerciseResult(
            "gate",
            2.0,
            (
                TestResult(
                    "test_and[0]",
                    "the gate AND",
                    exercise="gate",
                    visibility=Visibility.PUBLIC,
                    points=0.7,
                    outcome=Outcome.PASSED,
                    seconds=0.01,
                ),
                TestResult(
                    "test_or",
                    "OR, 名前",
                    exercise="gate",
                    visibility=Visibility.HIDDEN,
                    points=1.3,
                    outcome=Outcome.FAILED,
                    message="two\nlines, σ",
                    mistakes=("swapped",),
                ),
                TestResult(
                    "test_not",
                    "NOT",
                    exercise="gate",
                    visibility=Visibility.HIDDEN,
                    points=0.0,
                    outcome=Outcome.RAISED,
                    place=Place("cell 7", 3),
                    rank=1,
                    pictures=(
                        Picture(
                            label="wrong places", rows=2, columns=3, low=None, high=None, pixels=bytes([0, 254, 0] * 2)
                        ),
                    ),
                ),
            ),
            hint=Hint(("swapped",), "Is it swapped, σ?"),
        ),
        ExerciseResult("delta_rule", 1.0, (), public_hint=Hint(("a", "b"), "Both."), calls_failed=("gate",)),
    ),
    code=(CodeCell("cell 7", "def gate(x):\n    return σ(x)", ("gate",)), CodeCell("cell 9", "σ = 1")),
    remarks=("cell gate appeared twice; the last changed one was graded",),
    submission_sha256="ab" * 32,
    suite_sha256="cd" * 32,
    kit_version="0.1+ef",
    sandbox="namespaces+landlock",
)
UNGRADED = Report.ungraded("s", "01_perceptron", 3.0, "the file is empty: hand in the notebook again")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "s.json"


def named(student: str) -> Report:
    return dataclasses.replace(GRADED, student=student)


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(GRADED, id="graded"),
        pytest.param(UNGRADED, id="ungraded"),
        pytest.param(named("名前 \N{GRINNING FACE}"), id="beyond-latin"),
        pytest.param(named(os.fsdecode(b"bytes \xff\xfe that are no text")), id="invalid-utf-8"),
        pytest.param(named("\ud800 \\udcff \\ \" '"), id="surrogate-and-backslashes"),
        pytest.param(named("two\nlines\r\x00\x1b[31m\u2028"), id="control"),
    ],
)
def test_what_is_written_comes_back(path: Path, report: Report) -> None:
    record.write(path, report)
    assert record.read(path) == report


def test_a_file_is_utf_8_whatever_the_name(path: Path) -> None:
    record.write(path, named(os.fsdecode(b"\xff")))
    assert json.loads(path.read_bytes().decode("utf-8"))["student"] == "\udcff"


def test_the_file_is_the_documented_one(path: Path) -> None:
    record.write(path, GRADED)
    data = json.loads(path.read_text(encoding="utf-8"))
    stamps = ["submission_sha256", "suite_sha256", "kit_version", "sandbox"]
    verdict = ["status", "reason", "score", "max_score"]
    assert list(data) == ["schema", "student", "assignment", *verdict, *stamps, "remarks", "exercises", "code"]
    assert (data["schema"], data["status"], data["reason"], data["score"]) == (2, "graded", None, 0.7)
    assert list(data["exercises"][0]) == "name score max_score outcome hint public_hint calls_failed tests".split()
    assert data["exercises"][0]["tests"][1] == {
        "id": "test_or",
        "name": "OR, 名前",
        "visibility": "hidden",
        "points": 1.3,
        "outcome": "FAILED",
        "message": "two\nlines, σ",
        "mistakes": ["swapped"],
        "seconds": 0.0,
        "place": None,
        "rank": 0,
        "pictures": [],
    }
    assert data["exercises"][0]["tests"][2]["place"] == {"cell": "cell 7", "line": 3}
    assert data["exercises"][0]["hint"] == {"mistakes": ["swapped"], "sentence": "Is it swapped, σ?"}
    assert data["exercises"][0]["public_hint"] is None
    assert data["exercises"][0]["tests"][2]["rank"] == 1
    assert data["exercises"][0]["tests"][2]["pictures"] == [
        {"label": "wrong places", "rows": 2, "columns": 3, "low": None, "high": None, "pixels": "AP4AAP4A"}
    ]
    assert data["code"][1] == {"label": "cell 9", "text": "σ = 1", "exercises": []}
    assert "Öz" in path.read_text(encoding="utf-8")  # for a person who looks into it


def test_an_ungraded_one_has_no_score(path: Path) -> None:
    record.write(path, UNGRADED)
    data = json.loads(path.read_text(encoding="utf-8"))
    assert (data["status"], data["score"], data["reason"]) == ("ungraded", None, UNGRADED.reason)


WRITTEN = json.dumps(record.to_json(GRADED))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(WRITTEN[:-20].encode(), id="truncated"),
        pytest.param(b"\xff\xfe", id="no-text"),
        pytest.param(b"[1]", id="a-list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"7", id="a-number"),
        pytest.param(b"{}", id="nothing-in-it"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(WRITTEN.replace('"schema": 2', '"schema": 3').encode(), id="another-schema"),
        pytest.param(WRITTEN.replace("AP4AAP4A", "AP4AAP4").encode(), id="picture-no-base64"),
        pytest.param(WRITTEN.replace('"rows": 2', '"rows": 3').encode(), id="picture-of-another-size"),
        pytest.param(WRITTEN.replace("PASSED", "SPLENDID").encode(), id="unknown-outcome"),
        pytest.param(WRITTEN.replace('"exercises": [', '"exercises": [7, ').encode(), id="odd-exercise"),
        pytest.param(WRITTEN.replace('"remarks": [', '"remarks": 7, "x": [').encode(), id="odd-remarks"),
    ],
)
def test_a_file_that_is_none_of_ours_is_as_good_as_absent(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert record.read(path) is None


def earlier(report: Report) -> dict[str, Any]:
    """Return the record of a report as the kit wrote it before there were hints and pictures."""
    data = record.to_json(report) | {"schema": 1}
    for exercise in data["exercises"]:
        for name in ("hint", "public_hint", "calls_failed"):
            del exercise[name]
        for test in exercise["tests"]:
            (test["mistake"],) = test.pop("mistakes") or [None]
            del test["rank"], test["pictures"]
    return data


def test_a_record_of_an_earlier_kit_keeps_its_scores_and_is_out_of_date(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(earlier(GRADED)), encoding="utf-8")
    report = record.read(path)
    assert report is not None
    assert (report.score, report.kit_version) == (GRADED.score, "")
    assert [exercise.mistakes for exercise in report.exercises] == [("swapped",), ()]
    path.write_text(json.dumps(earlier(GRADED) | {"exercises": [7]}), encoding="utf-8")
    assert record.read(path) is None


def test_a_record_of_an_earlier_kit_is_known_as_one(path: Path) -> None:
    assert not record.is_of_earlier_schema(path)
    path.parent.mkdir()
    for content, is_earlier in ((b'{"schema": 1}', True), (b'{"schema": 2}', False), (b"[]", False), (b"{", False)):
        path.write_bytes(content)
        assert record.is_of_earlier_schema(path) is is_earlier


def test_no_file_and_a_folder_are_absent(path: Path) -> None:
    assert record.read(path) is None
    path.mkdir(parents=True)
    assert record.read(path) is None


def test_writing_makes_the_folder_and_replaces_what_was_there(path: Path) -> None:
    record.write(path, GRADED)
    record.write(path, UNGRADED)
    assert record.read(path) == UNGRADED
    assert [one.name for one in path.parent.iterdir()] == ["s.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("broken", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    record.write(path, GRADED)
    monkeypatch.setattr(os if broken == "fsync" else Path, broken, fail)
    with pytest.raises(UserError if isinstance(error, OSError) else type(error)) as caught:
        record.write(path, UNGRADED)
    monkeypatch.undo()
    if isinstance(error, OSError):
        assert str(caught.value) == f"{path} cannot be written (No space left on device)."
    assert record.read(path) == GRADED
    assert [one.name for one in path.parent.iterdir()] == ["s.json"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file is in the way")
    with pytest.raises(UserError, match=r"results/01_perceptron/s\.json cannot be written \(Not a directory\)"):
        record.write(tmp_path / "results" / "01_perceptron" / "s.json", GRADED)


def test_sweeping_takes_what_a_killed_run_left_and_nothing_else(tmp_path: Path) -> None:
    gone = 2**22 + 1  # beyond the largest process number
    for name in (f".writing-{gone}-x", ".writing-of-old", f".writing-{10**30}-x"):
        (tmp_path / name).touch()
    kept = {f".writing-{os.getpid()}-x", "s.json", ".hidden"}
    for name in kept:
        (tmp_path / name).touch()
    sweep([tmp_path, tmp_path / "not there"])
    assert {one.name for one in tmp_path.iterdir()} == kept
