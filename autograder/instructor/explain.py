"""Show an instructor one exercise of one student: inputs, answer and expected answer of every test that it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Hint, Outcome, TestResult
from autograder.core.text import listed
from autograder.execution.limits import LIMITS
from autograder.grading.pipeline import opened, suites_of
from autograder.grading.runner import Run, run_exercise_tests
from autograder.instructor.submissions import Job, find_submissions, read_handed_in
from autograder.notebooks.course import Course
from autograder.notebooks.submission import submission_of
from autograder.sandbox.environments import environment_for
from autograder.sandbox.preflight import proved_sandbox


@dataclass(frozen=True)
class Explained:
    """The tests of one exercise of one student."""

    parameters: tuple[str, ...]  # of the exercise's function
    results: tuple[tuple[TestResult, Run], ...]  # of every test, in order
    hint: Hint | None = None

    @property
    def failed(self) -> tuple[tuple[TestResult, Run], ...]:
        return tuple(pair for pair in self.results if pair[0].outcome is not Outcome.PASSED)


def explain(
    course: Course, submitted: Path, student: str, stem: str, exercise: str, *, sandbox: str | None = None
) -> Explained:
    """Run one exercise's tests again and keep everything. Raise UserError without such an exercise or submission.

    `sandbox` is one of `sandbox.levels.CHOICES`; None: as the course's settings say.
    """
    job = _job(course, submitted, student, stem)
    suites = suites_of(course, stem)
    names = [candidate.name for candidate in suites.assignment.exercises]
    if exercise not in names:
        raise UserError(f"{stem} has no exercise {exercise!r}. It has {listed(names)}.")
    try:
        submission = submission_of(read_handed_in(job), suites.assignment, student)
    except Ungradable as error:
        raise UserError(f"{job.notebook}: {error}") from None
    chosen = suites.assignment.exercise(exercise)
    secrets = course.secrets([stem])
    environment = environment_for(torch=suites.assignment.torch)
    limits = replace(LIMITS, submission_seconds=suites.submission_seconds)
    with (
        proved_sandbox(
            secrets,
            sandbox=sandbox or course.settings.grading.sandbox,
            limits=limits,
            environment=environment,
        ) as executor,
        opened(executor, submission) as functions,
    ):
        result, runs = run_exercise_tests(suites, chosen, submission.source, functions, all_in_detail=True)
        return Explained(chosen.parameters, tuple(zip(result.tests, runs, strict=True)), result.hint)


def _job(course: Course, submitted: Path, student: str, stem: str) -> Job:
    course.assignment(stem)  # raises UserError if it is unknown
    for job in find_submissions(submitted, [student], [stem]):
        return job
    raise UserError(f"{student!r} has handed in nothing for {stem} in {submitted}.")
