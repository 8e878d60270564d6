"""What `autograder check` prints, and `check()` in a notebook: a line for each exercise, then what is not yet right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograder import wording
from autograder.handout import Handout
from autograder.model import ExerciseResult, Outcome, Report


def check_table(results: Iterable[ExerciseResult], handout: Handout) -> str:
    """A line for each exercise, and what they come to."""
    return wording.self_check_table([(result, *handout.hidden(result.name)) for result in results])


def checked_notebook(report: Report, handout: Handout) -> str:
    """The table of a notebook, and for each exercise that was begun what is wrong with it."""
    return "\n\n".join([check_table(report.exercises, handout), *_said_of(report, handout)])


def _said_of(report: Report, handout: Handout) -> Iterator[str]:
    for result in report.exercises:
        if result.outcome not in (Outcome.PASSED, Outcome.STUB):
            yield wording.self_check(result, *handout.hidden(result.name))
    if report.remarks:
        yield wording.remarks(report.remarks)
    if report.reason:
        yield wording.broken()
