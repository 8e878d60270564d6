"""A graded class, into nbgrader's hands: a marked notebook for each submission, and the gradebook.

    results → marked notebook → autograded/<student>/<stem>/<topic>.ipynb
                              → marks → gradebook.db

Formgrader and `nbgrader generate_feedback` go on from there, as if `nbgrader autograde` had run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.grading_worker import Job
from autograder.handed_in import find_submissions
from autograder.lateness import due_dates, lateness_of
from autograder.marking import marked_notebook, marks_of, original_of
from autograder.report.record import write_atomically
from autograder.results import report_of

TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class Booked:
    """What was written."""

    gradebook: str  # its address
    submissions: int
    to_read: int  # of them need a human


def book(course: Course, submitted: Path, results: Path, stems: Sequence[str], students: Sequence[str]) -> Booked:
    """Write the marked notebooks and fill the gradebook. KitError where nbgrader or the gradebook is not usable.

    Submissions without a result are left alone. What a human entered in the gradebook stays.
    """
    from autograder.nbgrader_bridge.course_directory import course_directory
    from autograder.nbgrader_bridge.gradebook import Entry, fill

    directory = course_directory(course.root, course.root / "nbgrader_config.py")
    autograded = course.root / directory.autograded_directory
    dues = due_dates(course)
    entries = []
    for job, notebook in _marked(course, results, find_submissions(submitted, students, stems)):
        at = lateness_of(submitted, job.student, job.stem, None).submitted_at
        _write(autograded / job.student / job.stem / job.notebook.name, notebook, at)
        entries.append(Entry(job.student, job.stem, at, tuple(marks_of(notebook))))
    releases = {stem: course.release(stem) for stem in stems}
    fill(directory.db_url, directory.course_id, releases, dues, entries)
    to_read = sum(any(mark.graded and mark.score is None for mark in one.marks) for one in entries)
    return Booked(directory.db_url, len(entries), to_read)


def _marked(course: Course, results: Path, jobs: Sequence[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
    originals = {stem: original_of(course, stem) for stem in {job.stem for job in jobs}}
    for job in jobs:
        report = report_of(results, job.stem, job.student)
        if report is not None:
            yield job, marked_notebook(originals[job.stem], job.notebook, report)


def _write(path: Path, notebook: dict[str, Any], at: datetime | None) -> None:
    """The notebook as nbgrader's converter leaves it, with the time of handing in beside it."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode())
    if at is not None:
        write_atomically(path.with_name(TIMESTAMP), f"{at:%Y-%m-%d %H:%M:%S.%f} UTC".encode())
