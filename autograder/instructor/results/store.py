"""Keep `results/`: of each student and assignment a record and a page, and the table of the class."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from autograder.core.csv_tables import cell, csv_bytes, exact
from autograder.core.files import write_atomically
from autograder.core.folder_names import NAME_BYTES
from autograder.core.model import Report
from autograder.core.settings import Feedback
from autograder.instructor.results import record
from autograder.instructor.results.feedback_page import HEAD_BYTES, feedback_page, gives_feedback
from autograder.instructor.results.student_view import for_students


def result_path(results: Path, stem: str, student: str) -> Path:
    """Return where a student's record is; a name that is too long for a file is replaced by its digest."""
    name = os.fsencode(student)
    return results / stem / f"{student if len(name) <= NAME_BYTES else hashlib.sha256(name).hexdigest()}.json"


def page_path(results: Path, stem: str, student: str) -> Path:
    """Return where a student's page is."""
    return result_path(results, stem, student).with_suffix(".html")


def write(results: Path, report: Report, feedback: Feedback) -> None:
    """Write a report's page and then its record: so a page is never older than its record."""
    _write_page(results, report, feedback)
    record.write(result_path(results, report.assignment, report.student), report)


def complete(results: Path, report: Report, feedback: Feedback) -> None:
    """Write the page of a record that has none, or one that was made for another kind of feedback."""
    try:
        with page_path(results, report.assignment, report.student).open("rb") as page:
            is_current = gives_feedback(page.read(HEAD_BYTES), feedback)
    except OSError:
        is_current = False
    if not is_current:
        _write_page(results, report, feedback)


def _write_page(results: Path, report: Report, feedback: Feedback) -> None:
    page = feedback_page(for_students(report, feedback), feedback)
    path = page_path(results, report.assignment, report.student)
    write_atomically(path, page.encode("utf-8", "backslashreplace"))  # a name that is not text never stops a batch


def report_of(results: Path, stem: str, student: str) -> Report | None:
    """Return a student's report; None if there is none.

    A file that was copied, or that a roster's `../` leads to, is not theirs.
    """
    report = record.read(result_path(results, stem, student))
    return report if report is not None and (report.student, report.assignment) == (student, stem) else None


def is_of_earlier_kit(results: Path, stem: str, student: str) -> bool:
    """Return whether a student's record has the form of an earlier version of the kit, which is not read any more."""
    return record.is_of_earlier_schema(result_path(results, stem, student))


def write_grades(results: Path, students: Sequence[str], stems: Sequence[str]) -> None:
    """Write `grades.csv`: a row for each student, a column for each assignment; empty if there is no score."""
    rows = [["student", *stems]]
    for student in students:
        reports = [report_of(results, stem, student) for stem in stems]
        scores = [report.score if report is not None else None for report in reports]
        rows.append([cell(student), *("" if score is None else exact(score) for score in scores)])
    write_atomically(results / "grades.csv", csv_bytes(rows))
