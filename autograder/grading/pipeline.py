"""One notebook in, one report out. Start reading here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from autograder.core.model import ExerciseResult, Outcome, Report, Submission
from autograder.execution.interface import Rooms, Student
from autograder.grading.known_answers import precomputed, with_catalogue
from autograder.grading.runner import blame_what_failed_first, run_suites
from autograder.grading.suites import Suites, load_suites, put_on_path
from autograder.notebooks.course import Course
from autograder.notebooks.submission import read_submission


def suites_of(course: Course, stem: str) -> Suites:
    """An assignment's suites, rehearsed; the answers of its catalogue are recorded when an exercise first fails."""
    put_on_path(course.root)
    suites = load_suites(course.assignment(stem), course.public_suite(stem), course.hidden_suite(stem))
    return with_catalogue(precomputed(suites))


def grade(notebook: Path, student: str, suites: Suites, rooms: Rooms) -> Report:
    """Grade one notebook. Ungradable where it is no readable notebook; ungraded where a test of ours broke."""
    submission = read_submission(notebook, suites.assignment, student)
    with opened(rooms, submission) as functions:
        results = run_suites(suites, submission.source, functions)
    return report_on(submission, suites, results)


@contextlib.contextmanager
def opened(rooms: Rooms, submission: Submission) -> Iterator[Student]:
    """A submission's functions, and what else was handed in."""
    with rooms.open(submission.source) as functions:
        functions.trained = submission.trained
        yield functions


def report_on(submission: Submission, suites: Suites, results: tuple[ExerciseResult, ...]) -> Report:
    return Report(
        student=submission.student,
        assignment=submission.assignment,
        max_score=suites.assignment.max_score,
        exercises=blame_what_failed_first(results, dict(submission.calls)),
        reason=broken_tests(results),
        remarks=submission.remarks,
        code=submission.code,
        submission_sha256=submission.sha256,
    )


def broken_tests(results: tuple[ExerciseResult, ...]) -> str | None:
    """Why a submission stays ungraded although it was run: a test of ours broke."""
    broken = [test.id for one in results for test in one.tests if test.outcome is Outcome.BROKEN]
    return f"the grader broke in {', '.join(broken)}; nothing is wrong with the submission" if broken else None
