"""Describe what `autograder progress` found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from autograder.cli.output.terminal import as_text
from autograder.core.model import Outcome
from autograder.student.selfcheck import SavedCheck


def progress_text(checks: Sequence[SavedCheck]) -> str:
    """Return a line for each assignment of a folder: how many exercises pass, and the public points.

    Below the table stands why an assignment could not be checked.
    """
    table = Table.grid(padding=(0, 2))
    table.add_row("assignment", "exercises", "public points")
    for check in checks:
        table.add_row(*_row(check))
    return "\n".join([as_text(table), *(f"\n{check.reason}" for check in checks if check.report is None)])


def _row(check: SavedCheck) -> tuple[str, str, str]:
    stem = check.handout.assignment.stem
    if check.report is None:
        return stem, "not checked", ""
    exercises = check.report.exercises
    passed = sum(exercise.outcome is Outcome.PASSED for exercise in exercises)
    tests = [test for exercise in exercises for test in exercise.tests]
    earned, worth = (round(sum(points), 2) for points in zip(*((t.earned, t.points) for t in tests), strict=True))
    return stem, f"{passed} of {len(exercises)}", f"{earned:g} of {worth:g}"
