"""Grade one notebook: read it, run the tests on it, and make a report. Start reading here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from autograder.core.model import ExerciseResult, Outcome, Report, Submission
from autograder.execution.interface import ExecutedSource, Executor, Student
from autograder.grading.answer_pictures import within_budget
from autograder.grading.failed_lines import remarks_on_failed_lines
from autograder.grading.known_answers import precomputed, with_catalogue
from autograder.grading.runner import blame_what_failed_first, executed_source, run_suites
from autograder.grading.suites import Suites, load_suites, put_on_path
from autograder.notebooks.course import Course
from autograder.notebooks.ipynb import read_bytes
from autograder.notebooks.remarks import limited
from autograder.notebooks.submission import submission_of


def suites_of(course: Course, stem: str) -> Suites:
    """Return an assignment's suites, with the calls of its tests precomputed and its catalogue of mistakes."""
    put_on_path(course.root)
    suites = load_suites(course.assignment(stem), course.public_suite(stem), course.hidden_suite(stem))
    return with_catalogue(precomputed(suites))


def grade(notebook: Path, student: str, suites: Suites, executor: Executor) -> Report:
    """Grade one notebook. The report is ungraded if a test broke.

    Raise Ungradable if the file is not a readable notebook.
    """
    return grade_content(read_bytes(notebook), student, suites, executor)


def grade_content(data: bytes, student: str, suites: Suites, executor: Executor) -> Report:
    """Grade the content of one notebook, as `grade` does. The report names the digest of these bytes."""
    return grade_submission(submission_of(data, suites.assignment, student), suites, executor)


def grade_submission(submission: Submission, suites: Suites, executor: Executor) -> Report:
    """Grade a submission that was read, as `grade` does."""
    with opened(executor, submission) as functions:
        executed = executed_source(submission.source, functions)
        results = run_suites(suites, executed, functions)
    return report_on(submission, suites, executed, results)


@contextlib.contextmanager
def opened(executor: Executor, submission: Submission) -> Iterator[Student]:
    """Make a submission callable, and hand over its trained model."""
    with executor.open(submission.source) as functions:
        functions.trained = submission.trained
        yield functions


def report_on(
    submission: Submission, suites: Suites, executed: ExecutedSource, results: tuple[ExerciseResult, ...]
) -> Report:
    """Return the report on a submission that was run."""
    return Report(
        student=submission.student,
        assignment=submission.assignment,
        max_score=suites.assignment.max_score,
        exercises=within_budget(blame_what_failed_first(results, dict(submission.calls))),
        reason=broken_tests(results),
        remarks=(*submission.remarks, *limited(remarks_on_failed_lines(executed))),
        code=submission.code,
        submission_sha256=submission.sha256,
    )


def broken_tests(results: tuple[ExerciseResult, ...]) -> str | None:
    """Return why a submission stays ungraded although it was run; None unless a test broke."""
    broken = [test.id for result in results for test in result.tests if test.outcome is Outcome.BROKEN]
    return f"the grader broke in {', '.join(broken)}; nothing is wrong with the submission" if broken else None
