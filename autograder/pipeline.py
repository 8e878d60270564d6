"""One notebook in, one report out. Start reading here."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

from autograder import wording
from autograder.course import Course
from autograder.judging import recorded_mistakes, run_suites
from autograder.model import ExerciseResult, Outcome, Report, Submission
from autograder.rooms import Rooms
from autograder.submission import read_submission
from autograder.suite import Suites, load_suites, put_on_path


def suites_of(course: Course, stem: str) -> Suites:
    """An assignment's suites; the answers of its catalogue are recorded when an exercise first fails."""
    put_on_path(course.root)
    suites = load_suites(course.assignment(stem), course.public_suite(stem), course.hidden_suite(stem))
    return replace(suites, mistakes_of=functools.cache(functools.partial(recorded_mistakes, suites)))


def grade(notebook: Path, student: str, suites: Suites, rooms: Rooms) -> Report:
    """Grade one notebook. Ungradable where it is no readable notebook; ungraded where a test of ours broke."""
    submission = read_submission(notebook, suites.assignment, student)
    with rooms.open(submission.source) as functions:
        results = run_suites(suites, submission.source, functions)
    return report_on(submission, suites, results)


def report_on(submission: Submission, suites: Suites, results: tuple[ExerciseResult, ...]) -> Report:
    return Report(
        student=submission.student,
        assignment=submission.assignment,
        max_score=suites.assignment.max_score,
        exercises=blame_what_failed_first(results, dict(submission.calls)),
        reason=broken_tests(results),
        remarks=submission.remarks,
        submission_sha256=submission.sha256,
    )


def broken_tests(results: tuple[ExerciseResult, ...]) -> str | None:
    """Why a submission stays ungraded although it was run: a test of ours broke."""
    broken = [test.id for one in results for test in one.tests if test.outcome is Outcome.BROKEN]
    return f"the grader broke in {', '.join(broken)}; nothing is wrong with the submission" if broken else None


def blame_what_failed_first(
    results: tuple[ExerciseResult, ...], calls: dict[str, tuple[str, ...]]
) -> tuple[ExerciseResult, ...]:
    """Tell a student whose function fails when it calls another one of theirs that fails, too."""
    failed = {one.name for one in results if one.outcome is not Outcome.PASSED}
    return tuple(_with_blame(one, tuple(name for name in calls.get(one.name, ()) if name in failed)) for one in results)


def _with_blame(one: ExerciseResult, culprits: tuple[str, ...]) -> ExerciseResult:
    first = one.first_failure
    if not culprits or first is None or first.outcome not in (Outcome.FAILED, Outcome.RAISED):
        return one
    sentence = wording.depends_on(one.name, culprits)
    tests = tuple(replace(test, message=f"{test.message}\n{sentence}") if test is first else test for test in one.tests)
    return replace(one, tests=tests)
