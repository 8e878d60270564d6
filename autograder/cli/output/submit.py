"""Describe what `autograder progress` found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from autograder.cli.output.terminal import as_text
from autograder.core.model import Outcome, Report
from autograder.student.handout import Handout
from autograder.student.next_step import next_line, questions_count, questions_text
from autograder.student.saved_check import SavedCheck, saved_questions


def way_text(notebook: Path, report: Report, handout: Handout) -> str:
    """Return which exercise of a saved notebook is next, and which questions in words are answered."""
    passed = [result.name for result in report.exercises if result.outcome is Outcome.PASSED]
    questions = questions_text(saved_questions(notebook, handout.assignment))
    return "\n\n".join(filter(None, [next_line(handout, passed), questions]))


def progress_text(checks: Sequence[SavedCheck]) -> str:
    """Return a line for each assignment of a folder: exercises that pass, public points, answered questions, what next.

    Below the table stands why an assignment could not be checked.
    """
    table = Table.grid(padding=(0, 2))
    table.add_row("assignment", "exercises", "not yet right", "public points", "questions", "")
    for check in checks:
        table.add_row(*_row(check))
    return "\n".join([as_text(table), *(f"\n{check.reason}" for check in checks if check.report is None)])


def _row(check: SavedCheck) -> tuple[str, ...]:
    stem = check.handout.assignment.stem
    if check.report is None:
        return stem, "not checked"
    exercises = check.report.exercises
    tests = [test for exercise in exercises for test in exercise.tests]
    earned, worth = (round(sum(points), 2) for points in zip(*((t.earned, t.points) for t in tests), strict=True))
    wrong = sum(exercise.outcome not in (Outcome.PASSED, Outcome.STUB) for exercise in exercises)
    return (
        stem,
        f"{len(check.passed)} of {len(exercises)}",
        str(wrong or ""),
        f"{earned:g} of {worth:g}",
        questions_count(check.questions),
        next_line(check.handout, check.passed),
    )
