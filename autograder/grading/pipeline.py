"""Grade one notebook: read it, run the tests on it, and make a report. Start reading here."""

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
    """Return an assignment's suites, with the calls of its tests precomputed and its catalogue of mistakes."""
    put_on_path(course.root)
    suites = load_suites(course.assignment(stem), course.public_suite(stem), course.hidden_suite(stem))
    return with_catalogue(precomputed(suites))


def grade(notebook: Path, student: str, suites: Suites, rooms: Rooms) -> Report:
    """Grade one notebook. The report is ungraded if a test broke.

    Raises Ungradable if the file is not a readable notebook.
    """
    submission = read_submission(notebook, suites.assignment, student)
    with opened(rooms, submission) as functions:
        results = run_suites(suites, submission.source, functions)
    return report_on(submission, suites, results)


@contextlib.contextmanager
def opened(rooms: Rooms, submission: Submission) -> Iterator[Student]:
    """Make a submission callable, and hand over its trained model."""
    with rooms.open(submission.source) as functions:
        functions.trained = submission.trained
        yield functions


def report_on(submission: Submission, suites: Suites, results: tuple[ExerciseResult, ...]) -> Report:
    """Return the report on a submission that was run."""
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
    """Return why a submission stays ungraded although it was run; None unless a test broke."""
    broken = [test.id for result in results for test in result.tests if test.outcome is Outcome.BROKEN]
    return f"the grader broke in {', '.join(broken)}; nothing is wrong with the submission" if broken else None
