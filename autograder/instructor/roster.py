"""Read `roster.csv`: who is in the class, and by which names. Nothing else reads that file."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.csv_tables import read_rows
from autograder.core.errors import UserError
from autograder.core.folder_names import display_text, why_rename
from autograder.core.sanitize import clean
from autograder.core.text import plural

FILE = "roster.csv"  # at the course's root
_FIRST_LINE = "student,name,email"


@dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """A row of the roster. A column that is missing or empty is an empty string."""

    student: str  # the name of the folder in submitted/, and the student's key everywhere
    name: str = ""
    email: str = ""
    canvas_id: str = ""
    moodle_id: str = ""
    sis_id: str = ""
    group: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)  # the whole row by column; also columns not listed above


def read_roster(root: Path) -> tuple[RosterEntry, ...] | None:
    """Return all rows of a course's roster that name a student, in its order; None if the course has no roster.

    A student may have several rows. Raise UserError if the file cannot be read, if it has no column `student`, or if
    a student's name in it cannot be a folder's.
    """
    path = root / FILE
    if not os.path.lexists(path):
        return None
    rows = read_rows(path, _FIRST_LINE)
    _require_folder_names(path, rows)
    return tuple(_entry(row) for row in rows if row.get("student"))


def _require_folder_names(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    problems = [
        f"row {number}: the student {clean(student, 60)} {problem}"
        for number, row in enumerate(rows, 2)  # the first is the line with the columns' names
        if (student := row.get("student")) and (problem := why_rename(student))
    ]
    if problems:
        more = f" So it is with {plural(len(problems) - 1, 'row')} more." if len(problems) > 1 else ""
        raise UserError(f"{path}, {problems[0]}, here and in submitted/.{more}")


def _entry(row: Mapping[str, str]) -> RosterEntry:
    return RosterEntry(
        student=row["student"],
        name=display_text(row.get("name", "")),
        email=display_text(row.get("email", "")),
        canvas_id=row.get("canvas_id", ""),
        moodle_id=row.get("moodle_id", ""),
        sis_id=row.get("sis_id", ""),
        group=row.get("group", ""),
        columns=row,
    )


# ---- views of it


def first_entries(roster: Iterable[RosterEntry]) -> dict[str, RosterEntry]:
    """Return each student's first row, by student, in the roster's order."""
    first: dict[str, RosterEntry] = {}
    for entry in roster:
        first.setdefault(entry.student, entry)
    return first


def students_by_name(roster: Iterable[RosterEntry]) -> dict[str, set[str]]:
    """Return who goes by a normalized name: `Ada Lovelace`, `Lovelace, Ada` or Canvas' `lovelaceada`."""
    students: dict[str, set[str]] = defaultdict(set)
    for entry in roster:
        for name in {normalized_name(entry.student), *name_orders(entry.name)} - {""}:
            students[name].add(entry.student)
    return students


# ---- names


def normalized_name(name: str) -> str:
    """Return the letters and digits of a name in one case, as Canvas writes it: commas and blanks do not count."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c).startswith("M"))


def name_orders(name: str) -> set[str]:
    """Return the normalized forms of a name whose parts may be in another order: `lovelaceada`, `adalovelace`."""
    words = re.split(r"[\s,]+", name)
    return {normalized_name(" ".join(words[start:] + words[:start])) for start in range(len(words))} - {""}
