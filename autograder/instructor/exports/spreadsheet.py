"""`export csv`: write one row for each student and assignment, for spreadsheets and programs alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from autograder.core.csv_tables import cell, csv_bytes, exact
from autograder.core.model import Assignment, Report
from autograder.instructor.exports.files import WHOLE, Exported
from autograder.instructor.exports.graded_class import GradedClass
from autograder.instructor.lateness import Lateness, lateness_of
from autograder.instructor.roster import RosterEntry

COLUMNS = ("student", "name", "assignment", "score", "max_score", "status", "reason", "submitted_at", "late")
FOR_SPREADSHEETS = ("percent", "submitted_utc", "due_utc", "hours_late")  # dates that one can sort, plain numbers


def export(graded: GradedClass, submitted: Path, due: Mapping[str, datetime]) -> Exported:
    """Return the long table. Unknown values are empty: an ungraded submission has a status and a reason, no score.

    `score` is exact; `submitted_at` is ISO 8601 in UTC; `late` is yes, no, or empty if the time or the due time is not
    known. The last columns say the same in the way that a spreadsheet reads: `percent` and `hours_late` to two digits.
    """
    rows, notes = [[*COLUMNS, *FOR_SPREADSHEETS]], [*graded.notes]
    for student in graded.students:
        for assignment in graded.assignments:
            lateness = lateness_of(submitted, student.student, assignment.stem, due.get(assignment.stem))
            rows.append(_row(student, assignment, graded.report(student, assignment), lateness))
            if lateness.note:
                notes.append(f"{cell(student.student)}, {assignment.stem}: {lateness.note}")
    return Exported(files={WHOLE: csv_bytes(rows)}, notes=tuple(notes))


def _row(student: RosterEntry, assignment: Assignment, report: Report | None, lateness: Lateness) -> list[str]:
    score = None if report is None else report.score
    max_score = assignment.max_score if report is None else report.max_score
    return [
        cell(student.student),
        cell(student.name),
        cell(assignment.stem),
        "" if score is None else exact(score),
        exact(max_score),
        "" if report is None else report.status,
        cell(report.reason) if report is not None and report.reason else "",
        lateness.submitted_at.isoformat() if lateness.submitted_at else "",
        {None: "", True: "yes", False: "no"}[lateness.late],
        "" if score is None or not max_score else exact(round(100 * score / max_score, 2)),
        _plain(lateness.submitted_at),
        _plain(lateness.due),
        "" if lateness.by is None else exact(round(lateness.by / timedelta(hours=1), 2)),
    ]


def _plain(time: datetime | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%d %H:%M:%S}"
