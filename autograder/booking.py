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

from autograder.course import Course, topic_of
from autograder.handed_in import submission_path
from autograder.lateness import due_dates, lateness_of
from autograder.marking import marked_notebook, marks_of, original_of
from autograder.model import Standing
from autograder.report.record import write_atomically
from autograder.results import report_of

TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class Booked:
    """What was written."""

    gradebook: str  # its address
    submissions: int
    to_read: int  # of them need a human


def book(course: Course, submitted: Path, results: Path, standings: Sequence[Standing]) -> Booked:
    """Write the marked notebooks and fill the gradebook. KitError where nbgrader or the gradebook is not usable.

    What a human entered in the gradebook stays.
    """
    from autograder.nbgrader_bridge.course_directory import course_directory
    from autograder.nbgrader_bridge.gradebook import Entry, fill

    directory = course_directory(course.root, course.root / "nbgrader_config.py")
    autograded = course.root / directory.autograded_directory
    entries = []
    for student, stem, notebook in _marked(course, submitted, results, standings):
        at = lateness_of(submitted, student, stem, None).submitted_at
        _write(autograded / student / stem / f"{topic_of(stem)}.ipynb", notebook, at)
        entries.append(Entry(student, stem, at, tuple(marks_of(notebook))))
    releases = {stem: course.release(stem) for stem in dict.fromkeys(one.stem for one in entries)}
    fill(directory.db_url, directory.course_id, releases, due_dates(course), entries)
    to_read = sum(any(mark.graded and mark.score is None for mark in one.marks) for one in entries)
    return Booked(directory.db_url, len(entries), to_read)


def _marked(
    course: Course, submitted: Path, results: Path, standings: Sequence[Standing]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(student, stem, notebook) of each submission that has a result."""
    originals = {stem: original_of(course, stem) for stem in dict.fromkeys(one.assignment for one in standings)}
    for one in standings:
        report = report_of(results, one.assignment, one.student)
        if report is not None:
            path = submission_path(submitted, one.student, one.assignment)
            yield one.student, one.assignment, marked_notebook(originals[one.assignment], path, report)


def _write(path: Path, notebook: dict[str, Any], at: datetime | None) -> None:
    """The notebook as nbgrader's converter leaves it, with the time of handing in beside it."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_atomically(path, text.encode())
    if at is not None:
        write_atomically(path.with_name(TIMESTAMP), f"{at:%Y-%m-%d %H:%M:%S.%f} UTC".encode())
