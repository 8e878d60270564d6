"""`export moodle`: write the table that Moodle takes at Grades > Import > CSV file.

Sources: MoodleDocs, "Grade import"; Moodle's `grade/import/csv/classes/load_data.php` and `grade/import/lib.php`. They
decide three things here:

- No grade is `-`. An empty cell means the same in a grade item that exists, but zero in a new one.
- `-` also takes away a grade that Moodle has. A student without any score has no row, so that nothing is taken away.
- One user that Moodle does not find stops the import, and a row without an identifier would go to the user of the row
  before: a student who cannot be identified has no row.
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
from autograder.instructor.exports.graded_class import GradedClass
from autograder.instructor.results.feedback_page import reason_for_students
from autograder.instructor.roster import RosterEntry

IDENTIFIERS = ("username", "idnumber", "email")
NO_GRADE = "-"


def export(graded: GradedClass, identifier: str, *, feedback: bool = False) -> Exported:
    """Return a row for each student with a score, a column for each assignment, and one for its feedback if asked for.

    identifier: the user's field, one of IDENTIFIERS: a column of roster.csv; `username` is the folder's name if
        the roster has no such column

    Raise UserError if nobody has the identifier.
    """
    holders = Counter(_identifier_of(student, identifier) for student in graded.students)
    if set(holders) == {""}:
        raise UserError(f"roster.csv has no {identifier} of anybody: add that column, or choose another --identifier.")
    rows, left = [[identifier, *_headings(graded, feedback)]], []
    with_score = [student for student in graded.students if graded.has_score(student)]
    for student in with_score:
        value = _identifier_of(student, identifier)
        problem = _why_no_identifier(value, identifier, holders[value])
        if problem is None:
            rows.append([value, *_cells(graded, student, feedback)])
        else:
            left.append(f"{cell(student.student)} {problem}")
    notes = tuple(_notes(graded, len(with_score)))
    return Exported(files={WHOLE: csv_bytes(rows)}, left=tuple(left), notes=notes)


def _identifier_of(student: RosterEntry, identifier: str) -> str:
    return student.columns.get(identifier, student.student if identifier == "username" else "")


def _why_no_identifier(value: str, identifier: str, holders: int) -> str | None:
    """Return why a row with this identifier cannot be written; None if it can."""
    if value in ("", "0"):
        return f"has no {identifier} on roster.csv"
    if holders > 1:
        return f"shares the {identifier} {cell(value)} with another"
    if is_formula(value) or not value.isprintable():
        return f"has the {identifier} {cell(value)}, which a spreadsheet would not leave as it is"
    return None


def _headings(graded: GradedClass, feedback: bool) -> Iterator[str]:
    for assignment in graded.assignments:
        yield assignment.stem
        if feedback:
            yield f"{assignment.stem} (feedback)"


def _cells(graded: GradedClass, student: RosterEntry, feedback: bool) -> Iterator[str]:
    for assignment in graded.assignments:
        score = graded.score(student, assignment)
        yield NO_GRADE if score is None else exact(score)
        if feedback:
            # Moodle shows the cell as HTML.
            yield cell(html.escape(short_feedback(graded.report(student, assignment)), quote=False))


def short_feedback(report: Report | None) -> str:
    """Return one line on a submission: which exercises lost points, and by which mistakes."""
    if report is None:
        return ""
    if report.reason is not None:
        return f"not graded yet: {reason_for_students(report)}"
    lost_points = (
        f"{lost.exercise} {amount(lost.score)} of {amount(lost.max_score)}"
        + (f" ({listed(lost.mistakes)})" if lost.mistakes else "")
        for lost in report.result_summary.lost_points
    )
    return "; ".join(lost_points) or "all tests passed"


def _notes(graded: GradedClass, with_score: int) -> Iterator[str]:
    yield from graded.notes
    if with_score < len(graded.students):
        without = len(graded.students) - with_score
        yield f"{without} of {len(graded.students)} students have no score, and no row: Moodle keeps what it has"
    maxima = listed(f"{exact(assignment.max_score)} for {assignment.stem}" for assignment in graded.assignments)
    yield f"Moodle's grade items need the maximum grade {maxima}; a new item has 100, and more is cut off"
