"""`export moodle`: the table that Moodle takes at Grades > Import > CSV file.

Sources: MoodleDocs, "Grade import"; Moodle's `grade/import/csv/classes/load_data.php` and `grade/import/lib.php`. They
decide three things here:

- No grade is `-`. An empty cell says so, too, to a grade item that exists; in a new one it would become zero.
- `-` also takes away a grade that Moodle has. A student without any score has no row, so that nothing is taken away.
- One user that Moodle does not find stops the import, and a row without an identifier would go to the user of the row
  before: whoever cannot be named has no row.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator

from autograder.core.csv_tables import cell, csv_bytes, exact, is_formula
from autograder.core.errors import UserError
from autograder.core.model import Report
from autograder.core.text import amount, listed
from autograder.instructor.exports.files import WHOLE, Exported
from autograder.instructor.exports.graded_class import GradedClass, Student

IDENTIFIERS = ("username", "idnumber", "email")
NO_GRADE = "-"


def export(graded: GradedClass, identifier: str, *, feedback: bool = False) -> Exported:
    """A row for each student with a score, a column for each assignment, and one for its feedback where asked for.

    identifier: the user's field, one of IDENTIFIERS: a column of roster.csv; `username` is the folder's name where
        the roster has no such column

    Raises UserError where nobody has the identifier.
    """
    held = Counter(_identifier_of(student, identifier) for student in graded.students)
    if set(held) == {""}:
        raise UserError(f"roster.csv has no {identifier} of anybody: add that column, or choose another --identifier.")
    rows, left = [[identifier, *_headings(graded, feedback)]], []
    scored = [student for student in graded.students if graded.scored(student)]
    for student in scored:
        value = _identifier_of(student, identifier)
        problem = _why_no_identifier(value, identifier, held[value])
        if problem is None:
            rows.append([value, *_cells(graded, student, feedback)])
        else:
            left.append(f"{cell(student.id)} {problem}")
    return Exported({WHOLE: csv_bytes(rows)}, tuple(left), tuple(_notes(graded, len(scored))))


def _identifier_of(student: Student, identifier: str) -> str:
    return student.roster.get(identifier, student.id if identifier == "username" else "")


def _why_no_identifier(value: str, identifier: str, holders: int) -> str | None:
    """Why a row with this identifier cannot be written."""
    if value in ("", "0"):
        return f"has no {identifier} on roster.csv"
    if holders > 1:
        return f"shares the {identifier} {cell(value)} with another"
    if is_formula(value) or not value.isprintable():
        return f"has the {identifier} {cell(value)}, which a spreadsheet would not leave as it is"
    return None


def _headings(graded: GradedClass, feedback: bool) -> Iterator[str]:
    for one in graded.assignments:
        yield one.stem
        if feedback:
            yield f"{one.stem} (feedback)"


def _cells(graded: GradedClass, student: Student, feedback: bool) -> Iterator[str]:
    for one in graded.assignments:
        score = graded.score(student, one)
        yield NO_GRADE if score is None else exact(score)
        if feedback:
            # Moodle shows it as HTML.
            yield cell(html.escape(short_feedback(graded.report(student, one)), quote=False))


def short_feedback(report: Report | None) -> str:
    """One line on a submission: what lost points, and which mistake that was."""
    if report is None:
        return ""
    if report.reason is not None:
        return f"not graded yet: {report.reason}"
    lost = (
        f"{loss.exercise} {amount(loss.score)} of {amount(loss.max_score)}"
        + (f" ({listed(loss.mistakes)})" if loss.mistakes else "")
        for loss in report.result_summary.losses
    )
    return "; ".join(lost) or "all tests passed"


def _notes(graded: GradedClass, scored: int) -> Iterator[str]:
    yield from graded.notes
    if scored < len(graded.students):
        without = len(graded.students) - scored
        yield f"{without} of {len(graded.students)} students have no score, and no row: Moodle keeps what it has"
    worth = listed(f"{exact(one.max_score)} for {one.stem}" for one in graded.assignments)
    yield f"Moodle's grade items need the maximum grade {worth}; a new item has 100, and more is cut off"
