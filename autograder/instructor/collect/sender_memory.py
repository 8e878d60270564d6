"""Remember, for the term, which student's folder each number of an LMS belongs to: `submitted/.senders.csv`.

Its columns are `system,number,name,student,first_seen`. Nothing else reads or writes it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from autograder.core.csv_tables import cell, csv_bytes, disarmed, is_formula, read_rows
from autograder.core.files import write_atomically
from autograder.core.folder_names import why_no_folder
from autograder.instructor.collect.senders import Sender

FILE = ".senders.csv"  # in submitted/
_COLUMNS = ("system", "number", "name", "student", "first_seen")


class SenderMemory:
    """The rows of the file, and those that a run adds."""

    def __init__(self, submitted: Path) -> None:
        """Read the file, if it is there. Raise UserError if it cannot be read."""
        self._path = submitted / FILE
        there = os.path.lexists(self._path)
        rows = read_rows(self._path, ",".join(_COLUMNS), required=_COLUMNS[:4]) if there else []
        self._rows = [[row.get(column, "") for column in _COLUMNS] for row in rows]
        self._students: dict[tuple[str, str], str] = {}
        self._numbers: dict[tuple[str, str], set[str]] = defaultdict(set)
        for system, number, _, student, _ in self._rows:
            self._note(system, number, _as_written(student))

    def _note(self, system: str, number: str, student: str) -> None:
        if number and why_no_folder(student) is None:
            self._students.setdefault((system, number), student)
            self._numbers[system, student].add(number)

    def student(self, system: str, number: str) -> str | None:
        """Return the folder of a number; None if it is new."""
        return self._students.get((system, number))

    def numbers(self, system: str, student: str) -> set[str]:
        """Return the numbers that a folder belongs to."""
        return set(self._numbers.get((system, student), ()))

    def remember(self, senders: Iterable[tuple[Sender, str]]) -> None:
        """Add the numbers that are new, each with its student's folder, and write the file if there are any."""
        rows = [*self._rows]
        today = datetime.now(UTC).date().isoformat()
        for sender, student in senders:
            if sender.number and (sender.system, sender.number) not in self._students:
                rows.append([sender.system, sender.number, cell(sender.name), disarmed(student), today])
                self._note(sender.system, sender.number, student)
        if len(rows) > len(self._rows):
            write_atomically(self._path, csv_bytes([_COLUMNS, *rows]))
            self._rows = rows


def _as_written(student: str) -> str:
    """Return a student's folder from a cell. No folder's name has an apostrophe: one at its front disarms a formula."""
    return student[1:] if student.startswith("'") and is_formula(student[1:]) else student
