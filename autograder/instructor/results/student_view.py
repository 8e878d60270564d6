"""Decide what of a result its student may see: `[grading] feedback` in `course.toml`.

The records in `results/` keep everything, for the instructor. Each page, export and notebook that students get shows
what `for_students` returns, so a change of the setting needs no new run of their code.
"""

from __future__ import annotations

from dataclasses import replace

from autograder.core.model import ExerciseResult, Outcome, Report, TestResult, Visibility
from autograder.core.settings import Feedback
from autograder.grading import messages


def for_students(report: Report, feedback: Feedback) -> Report:
    """Return a report as its student may see it.

    feedback: "full", or "verdicts" if a hidden test says whether it passed and nothing else
    """
    if feedback == "full":
        return report
    return replace(report, exercises=tuple(map(_with_verdicts, report.exercises)))


def _with_verdicts(result: ExerciseResult) -> ExerciseResult:
    """Return a result without what answers in hidden tests told: the hint is the one that public tests give."""
    mistakes = result.public_hint.mistakes if result.public_hint else ()
    tests = tuple(_without_details(test, mistakes) for test in result.tests)
    first = result.first_failure
    is_public = first is not None and first.visibility is Visibility.PUBLIC
    return replace(result, tests=tests, hint=result.public_hint, calls_failed=result.calls_failed if is_public else ())


def _without_details(test: TestResult, public_mistakes: tuple[str, ...]) -> TestResult:
    """Return a test as its student may see it.

    A public test names the mistakes by public answers. A hidden test that did not pass is FAILED, however it ended;
    BROKEN stays, because that is no verdict.
    """
    if test.visibility is Visibility.PUBLIC:
        is_wrong = test.outcome in (Outcome.FAILED, Outcome.RAISED)
        return replace(test, mistakes=public_mistakes if is_wrong else ())
    if test.outcome in (Outcome.PASSED, Outcome.BROKEN):
        return test
    return replace(
        test, outcome=Outcome.FAILED, message=messages.only_verdict(), mistakes=(), place=None, rank=0, pictures=()
    )
