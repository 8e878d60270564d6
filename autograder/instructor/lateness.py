"""Find when a submission was handed in, and how late that is. It is reported, and never changes a score.

nbgrader's `submit` and `zip_collect` write `submitted/<student>/<stem>/timestamp.txt`; the due times are in
`duedates.csv` at the course's root. Penalties are nbgrader's task (its documentation: "Late submission plugin").
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.core.csv_tables import read_rows
from autograder.core.errors import UserError
from autograder.core.opening import NotOpened, Obstacle, opened_below, read_at_most
from autograder.core.text import listed
from autograder.notebooks.course import Course

_FIRST_LINE = "assignment,duedate"
_TIMESTAMP_BYTES = 100  # a longer file is not a timestamp
_UNREADABLE = "timestamp.txt cannot be read: whether it is late is not known"
_NO_TIME = "timestamp.txt holds no time such as 2026-03-01 22:59:00 UTC: whether it is late is not known"


@dataclass(frozen=True)
class Lateness:
    """When a submission was handed in and when it was due, both in UTC; None if that is not known."""

    submitted_at: datetime | None = None
    due: datetime | None = None
    note: str | None = None  # the problem with the timestamp

    @property
    def by(self) -> timedelta | None:
        """How late: zero if it was in time, None if that is not known."""
        if self.submitted_at is None or self.due is None:
            return None
        return max(timedelta(0), self.submitted_at - self.due)

    @property
    def late(self) -> bool | None:
        """Whether it was late; None if that is not known."""
        return None if self.by is None else self.by > timedelta(0)


def lateness_of(submitted: Path, student: str, stem: str, due: datetime | None) -> Lateness:
    """Return how late a submission is, by its timestamp. A damaged timestamp is a note; a missing one is not."""
    try:
        with opened_below(submitted, (student, stem, "timestamp.txt")) as descriptor:
            data = read_at_most(descriptor, _TIMESTAMP_BYTES + 1)
        if len(data) > _TIMESTAMP_BYTES:
            return Lateness(due=due, note=_NO_TIME)
        return Lateness(parse_timestamp(data.decode("utf-8-sig")), due)
    except NotOpened as problem:
        return Lateness(due=due, note=None if problem.obstacle is Obstacle.MISSING else _UNREADABLE)
    except OSError:
        return Lateness(due=due, note=_UNREADABLE)
    except ValueError:
        return Lateness(due=due, note=_NO_TIME)


def parse_timestamp(text: str) -> datetime:
    """Return a time in UTC, from what nbgrader writes (`2015-02-02 15:58:23.948203 UTC`) or from ISO 8601.

    The zone may be UTC, an offset (`+0100`) or a name (`Europe/Berlin`); a time without one is UTC, as for nbgrader
    (`nbgrader.utils.parse_utc`). Raise ValueError if the text is not a time.
    """
    words = text.split()
    zone: tzinfo = UTC
    if len(words) > 1 and not words[-1][0].isdigit():
        zone = _zone(words.pop())
    try:
        time = datetime.fromisoformat(" ".join(words))
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside of the calendar") from None


def _zone(name: str) -> tzinfo:
    if name in ("UTC", "GMT", "Z"):
        return UTC
    if offset := re.fullmatch(r"([+-])(\d\d):?(\d\d)", name):
        sign, hours, minutes = offset.groups()
        return timezone(int(f"{sign}1") * timedelta(hours=int(hours), minutes=int(minutes)))
    try:
        return ZoneInfo(name)
    except (LookupError, OSError):
        raise ValueError(f"{name!r} is no time zone") from None


# ---- due times


def due_dates(course: Course) -> dict[str, datetime]:
    """Return the due time of each assignment that has one, in UTC; empty without a `duedates.csv`.

    Its columns are `assignment` and `duedate`, a time of ISO 8601 with its offset: `2026-03-01T23:59:00+01:00`. Raises
    UserError for anything else: a due time that is misread makes a whole class late.
    """
    path = course.root / "duedates.csv"
    if not os.path.lexists(path):
        return {}
    due: dict[str, datetime] = {}
    for row in read_rows(path, _FIRST_LINE, required=("assignment", "duedate")):
        stem, written = row.get("assignment"), row.get("duedate")
        if not stem or not written:
            continue
        if stem not in course.stems:
            raise UserError(f"{path}: there is no assignment {stem!r}. Known: {listed(course.stems)}.")
        if stem in due:
            raise UserError(f"{path} names {stem} twice: keep one of the lines.")
        due[stem] = _due(path, stem, written)
    return due


def _due(path: Path, stem: str, written: str) -> datetime:
    try:
        time = datetime.fromisoformat(written)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UserError(
        f"{path}: {written!r}, for {stem}, is no time with its offset from UTC. "
        "Write it as 2026-03-01T23:59:00+01:00 or 2026-03-01T22:59:00Z."
    )
