"""A graded class, into nbgrader's hands: a marked notebook for each submission, and the gradebook.

    results → marked notebook → autograded/<student>/<stem>/<topic>.ipynb
                              → marks → gradebook.db

Formgrader and `nbgrader generate_feedback` go on from there, as if `nbgrader autograde` had run.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.handed_in import submission_path
from autograder.lateness import due_dates, lateness_of
from autograder.marking import Entry, marked_notebook, marks_of, original_of
from autograder.model import Standing
from autograder.report.record import write_atomically
from autograder.results import report_of, result_path
from autograder.workers import processors

TIMESTAMP = "timestamp.txt"
_WORTH_A_PROCESS = 50  # submissions: starting one takes as long as marking these
_CHUNK = 8


@dataclass(frozen=True)
class Booked:
    """What was written."""

    gradebook: str  # its address
    submissions: int
    to_read: int  # of them need a human


@dataclass(frozen=True)
class _Book:
    """Where one submission's files are, and where its marked notebook goes."""

    course: Course
    submitted: Path
    results: Path
    autograded: Path
    student: str
    stem: str


def book(course: Course, submitted: Path, results: Path, standings: Sequence[Standing]) -> Booked:
    """Write the marked notebooks and fill the gradebook. KitError where nbgrader or the gradebook is not usable.

    What a human entered in the gradebook stays; a marked notebook that is newer than what it is made of is not made
    again.
    """
    from autograder.nbgrader_bridge.course_directory import course_directory
    from autograder.nbgrader_bridge.gradebook import fill

    directory = course_directory(course.root, course.root / "nbgrader_config.py")
    autograded = course.root / directory.autograded_directory
    books = [_Book(course, submitted, results, autograded, one.student, one.assignment) for one in standings]
    count = min(processors(), 1 + len(books) // _WORTH_A_PROCESS)
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        entries = [entry for entry in pool.map(_entry, books, chunksize=_CHUNK) if entry is not None]
    releases = {stem: course.release(stem) for stem in dict.fromkeys(one.stem for one in entries)}
    fill(directory.db_url, directory.course_id, releases, due_dates(course), entries)
    to_read = sum(any(mark.graded and mark.score is None for mark in one.marks) for one in entries)
    return Booked(directory.db_url, len(entries), to_read)


def _entry(one: _Book) -> Entry | None:
    """Make one submission's notebook, and tell its marks; None where there is no result."""
    at = lateness_of(one.submitted, one.student, one.stem, None).submitted_at
    submission = submission_path(one.submitted, one.student, one.stem)
    result = result_path(one.results, one.stem, one.student)
    marked = one.autograded / one.student / one.stem / submission.name
    made_of = (result, submission, one.course.release(one.stem), one.course.solution(one.stem))
    notebook = _read(marked) if _is_newer(marked, made_of) else None
    if notebook is None:
        report = report_of(one.results, one.stem, one.student)
        if report is None:
            return None
        notebook = marked_notebook(_original(one.course, one.stem), submission, report)
        _write(marked, notebook, at)
    return Entry(one.student, one.stem, at, tuple(marks_of(notebook)))


_original = functools.cache(original_of)


def _is_newer(path: Path, sources: Iterable[Path]) -> bool:
    try:
        return path.stat().st_mtime_ns > max(source.stat().st_mtime_ns for source in sources)
    except OSError:
        return False


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _write(path: Path, notebook: dict[str, Any], at: datetime | None) -> None:
    """The notebook as nbgrader's converter leaves it, with the time of handing in beside it."""
    write_atomically(path, json.dumps(notebook, ensure_ascii=False).encode())
    if at is not None:
        write_atomically(path.with_name(TIMESTAMP), f"{at:%Y-%m-%d %H:%M:%S.%f} UTC".encode())
