"""When something was handed in and how late that is: told, never guessed, and nothing that is handed in stops it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.core.errors import UserError
from autograder.instructor.lateness import Lateness, due_dates, lateness_of, parse_timestamp
from autograder.notebooks.course import Course

STEM = "01_perceptron"
AT = datetime(2015, 2, 2, 15, 58, 23, 948203, UTC)
SECOND = AT.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2015-02-02 15:58:23.948203 UTC", AT),
        ("  2015-02-02 15:58:23.948203 UTC\n", AT),
        ("2015-02-02 15:58:23.948203", AT),
        ("2015-02-02 15:58:23 GMT", SECOND),
        ("2015-02-02T15:58:23Z", SECOND),
        ("2015-02-02T15:58:23 UTC", SECOND),
        ("2015-02-02 16:58:23 +0100", SECOND),
        ("2015-02-02 16:58:23+01:00", SECOND),
        ("2015-02-02 10:28:23 -05:30", SECOND),
        ("2015-02-02 15:58:23 +0000", SECOND),
        ("2015-02-02 15:58", SECOND.replace(second=0)),
    ],
)
def test_a_timestamp_is_read(text: str, time: datetime) -> None:
    assert parse_timestamp(text) == time
    assert parse_timestamp(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2015-02-30 15:58:23 UTC", "15:58:23 UTC", "2015-02-02 15:58:23 Nowhere/Else"),
        *("2015-02-02 15:58:23 ../../etc/passwd", "2015-02-02 15:58:23 \0", "2015-02-02 15:58:23 +9999"),
        *("0001-01-01 00:00:00 +2300", "9999-12-31 23:59:59 -2300", "2015-02-02 15:58:23 UTC UTC"),
    ],
)
def test_what_is_no_timestamp(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_timestamp(text)


def stamped(submitted: Path, content: bytes) -> Path:
    path = submitted / "ada" / STEM / "timestamp.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("due", "by", "late"),
    [
        (None, None, None),
        (AT, timedelta(0), False),
        (AT + timedelta(hours=1), timedelta(0), False),
        (AT - timedelta(microseconds=1), timedelta(microseconds=1), True),
        (AT - timedelta(days=2), timedelta(days=2), True),
    ],
)
def test_how_late(tmp_path: Path, due: datetime | None, by: timedelta | None, late: bool | None) -> None:
    stamped(tmp_path, b"2015-02-02 15:58:23.948203 UTC")
    found = lateness_of(tmp_path, "ada", STEM, due)
    assert (found.submitted_at, found.due, found.by, found.late, found.note) == (AT, due, by, late, None)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"yesterday", b" " * 200 + b"2015-02-02 15:58:23 UTC", b"\0" * 50]
)
def test_a_damaged_timestamp_is_a_note(tmp_path: Path, content: bytes) -> None:
    stamped(tmp_path, content)
    found = lateness_of(tmp_path, "ada", STEM, AT)
    assert (found.submitted_at, found.by, found.late) == (None, None, None)
    assert (found.note or "").startswith("timestamp.txt holds no time such as")


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_a_timestamp_that_is_no_file_is_a_note(tmp_path: Path, kind: str) -> None:
    path = stamped(tmp_path, b"")
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    else:
        os.mkfifo(path)
    assert lateness_of(tmp_path, "ada", STEM, AT).note == (
        "timestamp.txt cannot be read: whether it is late is not known"
    )


def test_without_a_timestamp_nothing_is_known(tmp_path: Path) -> None:
    assert lateness_of(tmp_path, "ada", STEM, AT) == Lateness(due=AT)
    assert lateness_of(tmp_path, "ada\0", STEM, None) == Lateness()


# ---- due dates


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for stem in (STEM, "02_activations"):
        (tmp_path / "assignments" / stem).mkdir(parents=True)
    return Course(tmp_path)


def test_due_dates_are_optional(course: Course) -> None:
    assert due_dates(course) == {}


@pytest.mark.parametrize("written", ["2015-02-02T16:58:23+01:00", "2015-02-02 15:58:23Z", "2015-02-02T10:58:23-0500"])
def test_due_dates_are_read(course: Course, written: str) -> None:
    text = f"\ufeffassignment,duedate\r\n {STEM} , {written} \r\n02_activations,\r\n\r\n"
    (course.root / "duedates.csv").write_text(text, encoding="utf-8")
    assert due_dates(course) == {STEM: SECOND}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stem,due\n", "has no column named assignment. Its first line must be: assignment,duedate"),
        (f"assignment,due\n{STEM},2026-03-01T23:59:00Z\n", "has no column named duedate. Its first line must be"),
        (f"assignment,duedate\n{STEM},2026-03-01T23:59:00\n", "no time with its offset"),
        (f"assignment,duedate\n{STEM},2026-03-01\n", "no time with its offset"),
        (f"assignment,duedate\n{STEM},Sunday\n", "'Sunday', for 01_perceptron, is no time with its offset"),
        ("assignment,duedate\n03_x,2026-03-01T23:59:00Z\n", "there is no assignment '03_x'. Known: 01_perceptron"),
        (f"assignment,duedate\n{STEM},2026-03-01T23:59Z\n{STEM},2026-03-02T23:59Z\n", "names 01_perceptron twice"),
    ],
)
def test_due_dates_that_are_wrong_are_refused(course: Course, text: str, said: str) -> None:
    path = course.root / "duedates.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        due_dates(course)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
