"""Read the gradebook that Canvas exports: its columns, and its rows of students.

Source: Canvas' `lib/gradebook_exporter.rb`, which writes it, and `lib/gradebook_importer.rb`, which reads it again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.csv_tables import delimiter_of
from autograder.core.errors import UserError
from autograder.instructor.roster import normalized_name
from autograder.notebooks.course import topic_of

POINTS = "Points Possible"
TEST_STUDENT = "Student, Test"  # Canvas' own, in every course that its teacher viewed as a student


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a student: its index, and the columns of the gradebook that identify the student."""

    index: int
    name: str
    id: str
    identifiers: frozenset[str]  # ID, SIS User ID, SIS Login ID; in lower case


@dataclass(frozen=True)
class Gradebook:
    """A gradebook as it was downloaded; every row has as many cells as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ","

    @property
    def width(self) -> int:
        """The number of columns on the student; the last of them is Section."""
        return self.header.index("Section") + 1

    @property
    def students(self) -> tuple[Row, ...]:
        """The rows of students: not points or posting policies, which belong to nobody, and not the test student."""
        rows = (self._row(index, cells) for index, cells in enumerate(self.rows))
        return tuple(
            row
            for row in rows
            if any(map(str.strip, self.rows[row.index][: self.width]))
            and POINTS not in row.name
            and row.name != TEST_STUDENT
        )

    def _row(self, index: int, row: Sequence[str]) -> Row:
        cells = dict(zip(self.header[: self.width], map(str.strip, row), strict=False))
        name = cells.get("Student") or f"{cells.get('LastName', '')}, {cells.get('FirstName', '')}".strip(", ")
        identifiers = {cells.get(column, "").casefold() for column in ("ID", "SIS User ID", "SIS Login ID")}
        return Row(index=index, name=name, id=cells.get("ID", ""), identifiers=frozenset(identifiers - {""}))

    @property
    def points(self) -> int | None:
        """The index of the row with the points."""
        return next((index for index, row in enumerate(self.rows) if POINTS in row[0]), None)

    def columns(self, stem: str) -> tuple[int, ...]:
        """Return the columns that may hold an assignment's scores: named like its stem, else like its topic.

        Canvas adds its own number, `01_perceptron (4711)`; case, blanks and signs do not count.
        """
        titles = {
            index: normalized_name(re.sub(r"\s\(\d+\)$", "", title))
            for index, title in enumerate(self.header)
            if index >= self.width
        }
        by_stem, by_topic = (
            tuple(index for index, title in titles.items() if title == normalized_name(name))
            for name in (stem, topic_of(stem))
        )
        return by_stem or by_topic


def read_gradebook(path: Path) -> Gradebook:
    """Return a gradebook that Canvas exported, with commas or semicolons. Raises UserError if the file is not one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = delimiter_of(text)
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
