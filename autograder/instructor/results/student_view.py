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
    return replace(result, tests=tuple(map(_without_details, result.tests)))


def _without_details(test: TestResult) -> TestResult:
    """Return a hidden test that did not pass as FAILED, however it ended. BROKEN stays: that is no verdict."""
    if test.visibility is Visibility.PUBLIC or test.outcome in (Outcome.PASSED, Outcome.BROKEN):
        return test
    return replace(test, outcome=Outcome.FAILED, message=messages.only_verdict(), mistake=None, place=None)
