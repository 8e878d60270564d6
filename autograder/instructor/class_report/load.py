"""Reads a class from its files: results, roster, what lies in `submitted/`, the catalogues. Nothing is run or judged.

A file that is no result of this course is named in a note, and left out.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.model import Assignment, Report
from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.grading.suites import load_suites, put_on_path
from autograder.instructor.class_report.data import ClassResults, Result, Sentences
from autograder.instructor.results import record
from autograder.instructor.results.store import result_path
from autograder.instructor.roster import roster_rows
from autograder.instructor.submissions import find_submissions, students_in
from autograder.notebooks.course import Course

# How a remark tells that something was guessed. What was replaced by the original is no guess.
_GUESSED = ("changed one was graded", "found by its name", "found by the names", "read as", "the last one counts")

_DAMAGED = "it is damaged; grade again"
_OTHER = "it was graded with other exercises or points; grade again"


@dataclass(frozen=True)
class _Stray:
    """A file among the results that is none."""

    path: Path
    note: str


def read_class(course: Course, results: Path, submitted: Path | None) -> ClassResults:
    """A class as its files tell it; UserError where there is no result at all.

    `submitted` tells what is not graded yet. Without it the course's own folder does, if there is one.
    """
    assignments = tuple(course.assignment(stem) for stem in course.stems)
    files = [one for assignment in assignments for one in _results_in(results, assignment)]
    found = tuple(one for one in files if isinstance(one, Result))
    strays = [one for one in files if isinstance(one, _Stray)]
    notes = [*_foreign_folders(results, course.stems), *(one.note for one in strays)]
    if not found:
        said = "".join(f"\nnote: {note}" for note in notes)
        raise UserError(
            f"There is no result in {results}. Grade first, with `autograder grade`, or name its folder with "
            f"--results.{said}"
        )
    rows = _roster(course.root / "roster.csv")
    roster = None if rows is None else tuple(dict.fromkeys(row["student"] for row in rows))
    sentences, missing = _sentences(course, sorted({one.result_summary.assignment for one in found}))
    return ClassResults(
        assignments,
        found,
        sentences,
        roster,
        tuple(_handed_in(course, submitted)),
        {one.path.stem: one.path.stem for one in strays} | _called(rows or []),
        (*notes, *missing, *_outdated(course, found), *_not_on(roster, found)),
    )


# ---- results


def _results_in(results: Path, assignment: Assignment) -> Iterator[Result | _Stray]:
    for path in sorted((results / assignment.stem).glob("*.json")):
        report = record.read(path)
        problem = _DAMAGED if report is None else _problem(report, path, assignment)
        if report is None or problem:
            yield _Stray(path, f"{assignment.stem}/{clean(path.name)} was left out: {problem}")
        else:
            guesses = tuple(remark for remark in report.remarks if any(words in remark for words in _GUESSED))
            yield Result(report.result_summary, guesses, report.suite_sha256)


def _problem(report: Report, path: Path, assignment: Assignment) -> str:
    """Why a report that could be read is none of this class's: empty where it is one."""
    try:
        if not _well_typed(report):
            return _DAMAGED
        if result_path(path.parents[1], report.assignment, report.student) != path:
            return "it holds the result of another student or assignment"
    except (TypeError, ValueError):  # a name that no file can have
        return _DAMAGED
    asked = [(one.name, one.points) for one in assignment.exercises]
    if report.exercises and [(one.name, one.max_score) for one in report.exercises] != asked:
        return _OTHER
    if report.max_score != assignment.max_score or (report.graded and not report.exercises):
        return _OTHER
    return ""


def _well_typed(report: Report) -> bool:
    """Whether all that is counted or shown is what it should be: JSON holds anything."""
    tests = [test for one in report.exercises for test in one.tests]
    texts = [report.student, report.assignment, report.suite_sha256, *report.remarks, report.reason or ""]
    texts += [test.mistake or "" for test in tests]
    return all(isinstance(text, str) for text in texts) and all(0 <= test.points <= report.max_score for test in tests)


def _foreign_folders(results: Path, stems: Collection[str]) -> Iterator[str]:
    for folder in sorted(results.glob("*_*")):
        if folder.is_dir() and folder.name not in stems and any(folder.glob("*.json")):
            yield f"{clean(folder.name)} was left out: this course has no such assignment"


def _outdated(course: Course, found: Sequence[Result]) -> Iterator[str]:
    """A note where the suites changed after the grading."""
    for stem in course.stems:
        try:
            current = course.suite_sha256(stem)
        except OSError:  # a suite that is missing is told of with its sentences
            continue
        old = sum(one.result_summary.assignment == stem and one.suite_sha256 != current for one in found)
        if old:
            yield f"{stem}: {plural(old, 'result')} from before the suites changed: grade again"


# ---- the roster, submissions, sentences


def _roster(path: Path) -> list[dict[str, str]] | None:
    return roster_rows(path) if os.path.lexists(path) else None


def _called(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    """What a roster's rows call each student beside the name of the folder: name and e-mail address."""
    return {row[column]: row["student"] for row in rows for column in ("name", "email") if row.get(column)}


def _not_on(roster: Collection[str] | None, found: Sequence[Result]) -> Iterator[str]:
    for student in sorted({one.result_summary.student for one in found} - set(roster or ())):
        if roster is not None:
            yield f"{clean(student)} is not on roster.csv; the results count all the same"


def _handed_in(course: Course, submitted: Path | None) -> Iterator[tuple[str, str]]:
    folder = submitted or course.submitted
    if submitted or folder.is_dir():
        for job in find_submissions(folder, students_in(folder), course.stems):
            yield job.stem, job.student


def _sentences(course: Course, stems: Sequence[str]) -> tuple[dict[str, Sentences], list[str]]:
    """The catalogues' sentences by assignment, and a note on each catalogue that cannot be read."""
    put_on_path(course.root)
    found: dict[str, Sentences] = {}
    notes = []
    for stem in stems:
        try:
            suites = load_suites(course.assignment(stem), course.public_suite(stem), course.hidden_suite(stem))
        except UserError as error:
            notes.append(f"{stem}: no sentences for its mistakes: {str(error).splitlines()[0]}")
        else:
            seeded = suites.seeded.items()
            found[stem] = {(name, label): text for name, known in seeded for label, (_, text) in known.items()}
    return found, notes
