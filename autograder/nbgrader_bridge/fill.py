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

from autograder.core.files import write_atomically
from autograder.core.model import ResultSummary
from autograder.instructor.batch.pool import cpu_count
from autograder.instructor.lateness import due_dates, lateness_of
from autograder.instructor.results.store import report_of, result_path
from autograder.instructor.submissions import submission_path
from autograder.nbgrader_bridge.marks import Entry, Mark, marked_notebook, marks_of, original_of
from autograder.notebooks.course import Course

TIMESTAMP = "timestamp.txt"
_WORTH_A_PROCESS = 50  # submissions: starting one takes as long as marking these
_CHUNK = 8


@dataclass(frozen=True)
class GradebookUpdate:
    """What was written."""

    gradebook: str  # its address
    submissions: int
    to_read: int  # of them need a human
    left_out: tuple[str, ...]  # students whose names no gradebook can hold


@dataclass(frozen=True)
class _Book:
    """Where one submission's files are, and where its marked notebook goes."""

    course: Course
    submitted: Path
    results: Path
    autograded: Path
    student: str
    stem: str


def book(course: Course, submitted: Path, results: Path, standings: Sequence[ResultSummary]) -> GradebookUpdate:
    """Write the marked notebooks and fill the gradebook. UserError where nbgrader or the gradebook is not usable.

    What a human entered in the gradebook stays; a marked notebook that is newer than what it is made of is not made
    again.
    """
    from autograder.nbgrader_bridge.course_directory import course_directory
    from autograder.nbgrader_bridge.gradebook import fill

    directory = course_directory(course.root, course.root / "nbgrader_config.py")
    autograded = course.root / directory.autograded_directory
    nameable = [one for one in standings if _is_text(one.student)]
    books = [_Book(course, submitted, results, autograded, one.student, one.assignment) for one in nameable]
    entries = [entry for entry in _entries(books) if entry is not None]
    releases = {stem: course.release(stem) for stem in dict.fromkeys(one.stem for one in entries)}
    fill(directory.db_url, directory.course_id, releases, due_dates(course), entries)
    to_read = sum(any(mark.graded and mark.score is None for mark in one.marks) for one in entries)
    left_out = dict.fromkeys(one.student for one in standings if not _is_text(one.student))
    return GradebookUpdate(directory.db_url, len(entries), to_read, tuple(left_out))


def _entries(books: Sequence[_Book]) -> list[Entry | None]:
    """Of each submission its entry, in their order; in several processes where they are many."""
    count = min(cpu_count(), 1 + len(books) // _WORTH_A_PROCESS)
    if count == 1:
        _original.cache_clear()  # it is for one class
        return [_entry(one) for one in books]
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_entry, books, chunksize=_CHUNK))


def _is_text(name: str) -> bool:
    """Whether a folder's name is made of characters: on Linux it may be any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _entry(one: _Book) -> Entry | None:
    """Make one submission's notebook, and tell its marks; None where there is no result."""
    at = lateness_of(one.submitted, one.student, one.stem, None).submitted_at
    submission = submission_path(one.submitted, one.student, one.stem)
    result = result_path(one.results, one.stem, one.student)
    marked = one.autograded / one.student / one.stem / submission.name
    made_of = (result, submission, one.course.release(one.stem), one.course.solution(one.stem))
    marks = _marks_in(marked) if _is_newer(marked, made_of) else ()
    if not marks:
        report = report_of(one.results, one.stem, one.student)
        if report is None:
            return None
        notebook = marked_notebook(_original(one.course, one.stem), submission, report)
        write_atomically(marked, json.dumps(notebook, ensure_ascii=False).encode())
        marks = tuple(marks_of(notebook))
    _write_time(marked.with_name(TIMESTAMP), at)
    return Entry(one.student, one.stem, at, marks)


_original = functools.cache(original_of)


def _is_newer(path: Path, sources: Iterable[Path]) -> bool:
    try:
        return path.stat().st_mtime_ns > max(source.stat().st_mtime_ns for source in sources)
    except OSError:
        return False


def _marks_in(path: Path) -> tuple[Mark, ...]:
    """The marks of a notebook that was marked before; none where it is damaged or was made by somebody else."""
    try:
        return tuple(marks_of(json.loads(path.read_bytes())))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ()


def _write_time(path: Path, at: datetime | None) -> None:
    """When it was handed in, beside the notebook, where nbgrader's converter leaves it as well."""
    if at is not None:
        text = f"{at:%Y-%m-%d %H:%M:%S.%f} UTC".encode()
        if not path.is_file() or path.read_bytes() != text:
            write_atomically(path, text)
