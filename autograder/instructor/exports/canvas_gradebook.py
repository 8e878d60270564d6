"""The gradebook that Canvas hands out: its columns and rows, and who of the class stands in which row.

Source: Canvas' `lib/gradebook_exporter.rb`, which writes it, and `lib/gradebook_importer.rb`, which reads it again.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.csv_tables import cell
from autograder.core.errors import UserError
from autograder.instructor.exports.graded_class import Student
from autograder.instructor.roster import name_orders, normalized_name
from autograder.notebooks.course import topic_of

POINTS = "Points Possible"
TEST_STUDENT = "Student, Test"  # Canvas' own, in every course whose teacher looked at it as a student
_ON_ROSTER = ("sis_login_id", "sis_user_id", "canvas_id", "email")  # columns of roster.csv that may name a row


@dataclass(frozen=True)
class Row:
    """A row of a student, by the columns of the gradebook that tell who it is."""

    index: int
    name: str
    id: str
    identifiers: frozenset[str]  # ID, SIS User ID, SIS Login ID; letters of one case


@dataclass(frozen=True)
class Gradebook:
    """A gradebook as it was downloaded; every row has as many cells as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ","

    @property
    def width(self) -> int:
        """How many columns tell of the student; the last of them is Section."""
        return self.header.index("Section") + 1

    @property
    def students(self) -> tuple[Row, ...]:
        """The rows of students: neither points nor posting policies, which tell of nobody, nor the test student."""
        found = ((index, self._row(index, row)) for index, row in enumerate(self.rows))
        return tuple(
            row
            for index, row in found
            if any(map(str.strip, self.rows[index][: self.width]))
            and POINTS not in row.name
            and row.name != TEST_STUDENT
        )

    def _row(self, index: int, row: Sequence[str]) -> Row:
        cells = dict(zip(self.header[: self.width], map(str.strip, row), strict=False))
        name = cells.get("Student") or f"{cells.get('LastName', '')}, {cells.get('FirstName', '')}".strip(", ")
        known = {cells.get(column, "").casefold() for column in ("ID", "SIS User ID", "SIS Login ID")}
        return Row(index, name, cells.get("ID", ""), frozenset(known - {""}))

    @property
    def points(self) -> int | None:
        """Where the row of the points is."""
        return next((index for index, row in enumerate(self.rows) if POINTS in row[0]), None)

    def columns(self, stem: str) -> tuple[int, ...]:
        """Where an assignment's scores may be: columns that are called like its stem, else like its topic.

        Canvas adds its own number, `01_perceptron (4711)`; case, blanks and signs do not count.
        """
        titles = {
            index: normalized_name(re.sub(r"\s\(\d+\)$", "", title))
            for index, title in enumerate(self.header)
            if index >= self.width
        }
        by_stem, by_topic = (
            tuple(at for at, title in titles.items() if title == normalized_name(name))
            for name in (stem, topic_of(stem))
        )
        return by_stem or by_topic


def read_gradebook(path: Path) -> Gradebook:
    """A gradebook that Canvas exported, with commas or semicolons; UserError where it is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        header, *rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): name the gradebook with --roster.") from None
    except (ValueError, csv.Error):
        header, rows, delimiter = (), [], ","
    if not _is_header(header):
        raise UserError(
            f"{path} is no gradebook of Canvas: its first line must begin with Student, ID and have a column Section. "
            "Download it in Canvas with Grades > Export > Export Entire Gradebook, and do not edit it."
        )
    return Gradebook(header, tuple((*row, *[""] * (len(header) - len(row)))[: len(header)] for row in rows), delimiter)


def _is_header(header: Sequence[str]) -> bool:
    one_name = len(header) > 3 and header[0] == "Student" and header[1] == "ID"
    two_names = len(header) > 4 and tuple(header[:3]) == ("LastName", "FirstName", "ID")
    return (one_name or two_names) and "Section" in header


# ---- who is who


@dataclass(frozen=True)
class Matches:
    """Whose row is whose."""

    rows: Mapping[str, int]  # a student's id -> the row's index
    problems: Mapping[str, str]  # a student's id -> why no row is theirs
    nobodys: tuple[Row, ...]  # rows without a student of the class


def match(students: Iterable[Student], rows: Sequence[Row]) -> Matches:
    """The row of each student: by ID, SIS User ID or SIS Login ID; where none of these fits, by name.

    A student whom several rows fit gets none of them, and so do several students who fit one row; a row that somebody
    has by identifier is nobody else's by name.
    """
    everybody = list(students)
    sure = {one.id: [row for row in rows if _identified(one, row)] for one in everybody}
    names = _by_name(rows)
    fitting = {one.id: sure[one.id] or _named(one, names) for one in everybody}
    by_identifier, by_any = (_claims(found.values()) for found in (sure, fitting))
    matched, problems = {}, {}
    for student, found in fitting.items():
        rivals = by_identifier if sure[student] else by_any
        if not found:
            problems[student] = "is in no row of the gradebook, by ID, SIS ID, login or name"
        elif len(found) > 1:
            problems[student] = f"fits {len(found)} rows of the gradebook: give roster.csv a column sis_login_id"
        elif rivals[found[0].index] > 1:
            problems[student] = f"fits the row of {cell(found[0].name)}, and so does another: give both a sis_login_id"
        else:
            matched[student] = found[0].index
    return Matches(matched, problems, tuple(row for row in rows if row.index not in set(matched.values())))


def _claims(found: Iterable[Sequence[Row]]) -> Counter[int]:
    """How many students have a row as the only one that fits."""
    return Counter(rows[0].index for rows in found if len(rows) == 1)


def _identified(student: Student, row: Row) -> bool:
    """By an identifier of the roster or the folder's name; that may be `<name>_<ID>`, as `collect` writes it."""
    own = {student.id, *(student.roster.get(column, "") for column in _ON_ROSTER)}
    base, _, number = student.id.rpartition("_")
    collected = bool(row.id) and number == row.id and normalized_name(base) in name_orders(row.name)
    return collected or not row.identifiers.isdisjoint(one.casefold() for one in own)


def _by_name(rows: Iterable[Row]) -> dict[str, list[Row]]:
    names: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for name in name_orders(row.name):
            names[name].append(row)
    return names


def _named(student: Student, names: Mapping[str, list[Row]]) -> list[Row]:
    """The rows with a student's name, whichever part of it comes first."""
    own = name_orders(student.name) | name_orders(student.id)
    return list({row.index: row for name in own for row in names.get(name, [])}.values())
