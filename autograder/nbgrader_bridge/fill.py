"""Bring a graded class into nbgrader: a marked notebook for each submission, and the gradebook.

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
from autograder.core.folder_names import why_no_folder
from autograder.core.model import ResultSummary
from autograder.core.settings import Feedback
from autograder.instructor.batch.pool import cpu_count
from autograder.instructor.lateness import due_dates, lateness_of
from autograder.instructor.results.store import report_of, result_path
from autograder.instructor.submissions import submission_path
from autograder.nbgrader_bridge.marks import FEEDBACK, Entry, Mark, marked_notebook, marks_of, original_of
from autograder.notebooks.course import Course

TIMESTAMP = "timestamp.txt"
_WORTH_A_PROCESS = 50  # submissions: starting a process takes as long as marking these
_CHUNK = 8


@dataclass(frozen=True)
class GradebookUpdate:
    """What was written."""

    gradebook: str  # its address
    submissions: int
    to_read: int  # how many of them need a human
    left_out: tuple[str, ...]  # students whose names no folder may have: nbgrader's pages would print them as HTML


@dataclass(frozen=True, kw_only=True)
class _Folders:
    """Where a course's submissions and results are, and where marked notebooks go."""

    course: Course
    submitted: Path
    results: Path
    autograded: Path


def fill_gradebook(
    course: Course, submitted: Path, results: Path, summaries: Sequence[ResultSummary]
) -> GradebookUpdate:
    """Write the marked notebooks and fill the gradebook.

    What a human entered in the gradebook stays. A marked notebook that is newer than its sources is not made again.

    Raise UserError if nbgrader or the gradebook cannot be used.
    """
    from autograder.nbgrader_bridge.course_directory import course_directory

    directory = course_directory(course.root, course.root / "nbgrader_config.py")
    from autograder.nbgrader_bridge.gradebook import write_entries  # it imports nbgrader, which is there now

    autograded = course.root / directory.autograded_directory
    folders = _Folders(course=course, submitted=submitted, results=results, autograded=autograded)
    named = [summary for summary in summaries if why_no_folder(summary.student) is None]
    entries = _entries(folders, named)
    write_entries(
        directory.db_url,
        directory.course_id,
        releases={stem: course.release(stem) for stem in dict.fromkeys(entry.stem for entry in entries)},
        due_dates=due_dates(course),
        entries=entries,
    )
    to_read = sum(any(mark.graded and mark.score is None for mark in entry.marks) for entry in entries)
    left_out = dict.fromkeys(summary.student for summary in summaries if why_no_folder(summary.student))
    return GradebookUpdate(directory.db_url, len(entries), to_read, tuple(left_out))


# ---- the marked notebooks


def _entries(folders: _Folders, summaries: Sequence[ResultSummary]) -> list[Entry]:
    """Return the entries of the submissions that have a result, in order; use several processes for many."""
    make = functools.partial(_entry, folders)
    count = min(cpu_count(), 1 + len(summaries) // _WORTH_A_PROCESS)
    if count == 1:
        _original.cache_clear()  # what it holds is for one class
        entries = list(map(make, summaries))
    else:
        with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
            entries = list(pool.map(make, summaries, chunksize=_CHUNK))
    return [entry for entry in entries if entry is not None]


def _entry(folders: _Folders, summary: ResultSummary) -> Entry | None:
    """Make one submission's notebook, and return its marks; None if it has no result."""
    course, student, stem = folders.course, summary.student, summary.assignment
    submitted_at = lateness_of(folders.submitted, student, stem, None).submitted_at
    submission = submission_path(folders.submitted, student, stem)
    marked = folders.autograded / student / stem / submission.name
    sources = (result_path(folders.results, stem, student), submission, course.release(stem), course.solution(stem))
    marks = _marks_in(marked, course.settings.grading.feedback) if _is_newer(marked, sources) else ()
    if not marks:
        report = report_of(folders.results, stem, student)
        if report is None:
            return None
        notebook = marked_notebook(_original(course, stem), submission, report)
        write_atomically(marked, json.dumps(notebook, ensure_ascii=False).encode())
        marks = tuple(marks_of(notebook))
    _write_time(marked.with_name(TIMESTAMP), submitted_at)
    return Entry(student, stem, submitted_at, marks)


_original = functools.cache(original_of)


def _is_newer(path: Path, sources: Iterable[Path]) -> bool:
    try:
        return path.stat().st_mtime_ns > max(source.stat().st_mtime_ns for source in sources)
    except OSError:
        return False


def _marks_in(path: Path, feedback: Feedback) -> tuple[Mark, ...]:
    """Return the marks of a notebook that was marked before.

    There are none if it is damaged, if another program made it, or if it gives another kind of feedback.
    """
    try:
        notebook = json.loads(path.read_bytes())
        return tuple(marks_of(notebook)) if notebook["metadata"][FEEDBACK] == feedback else ()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ()


def _write_time(path: Path, submitted_at: datetime | None) -> None:
    """Write when it was submitted beside the notebook, as nbgrader's converter does."""
    if submitted_at is not None:
        text = f"{submitted_at:%Y-%m-%d %H:%M:%S.%f} UTC".encode()
        if not path.is_file() or path.read_bytes() != text:
            write_atomically(path, text)
