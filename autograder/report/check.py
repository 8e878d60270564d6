"""What `autograder check` prints, and `check` shows in a notebook: a line for each exercise, what is not yet right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder import self_check_wording as wording
from autograder.frontend import View
from autograder.handout import Handout
from autograder.model import ExerciseResult, Outcome, Report
from autograder.report.page import render
from autograder.wording import broken


def result_view(result: ExerciseResult, handout: Handout, warned: str = "", *, unsaved: bool = False) -> View:
    """One exercise, as `check(f)` shows it."""
    hidden = handout.hidden(result.name)
    notes = [wording.not_saved([result.name])] if unsaved else []
    text = "\n\n".join([wording.self_check(result, *hidden, warned), *notes])
    html = render(
        "check_result.html",
        result=result,
        headline=wording.tests_passed(result),
        message=(result.first_failure.message or "") if result.first_failure else "",
        warned="\n".join(wording.on_the_way(warned)) if warned else "",
        points=wording.public_points(result.tests, *hidden),
        notes=notes,
    )
    return View(text, html)


def message_view(text: str) -> View:
    """A sentence and nothing else."""
    return View(text, render("check_message.html", text=text))


def table_view(handout: Handout, results: Sequence[ExerciseResult], notes: Sequence[str] = ()) -> View:
    """The whole notebook, as `check()` shows it; exercises that have no result yet stand there as waiting."""
    rows = [(result, *handout.hidden(result.name)) for result in results]
    text = "\n\n".join([wording.table(rows), *notes])
    html = render(
        "check_table.html",
        head=wording.TABLE_HEAD,
        rows=[(row[0].outcome, wording.table_row(*row)) for row in rows],
        waiting=[one.name for one in handout.assignment.exercises[len(results) :]],
        last=wording.table_sum(rows),
        notes=notes,
    )
    return View(text, html)


def check_table(results: Sequence[ExerciseResult], handout: Handout) -> str:
    """A line for each exercise, and what they come to."""
    return table_view(handout, results).text


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
        yield broken()
