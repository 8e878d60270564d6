"""What `autograder check` prints, and `check` shows in a notebook: a line for each exercise, what is not yet right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.core.model import ExerciseResult, Outcome, Report
from autograder.grading.messages import broken, remarks
from autograder.rendering.html import render
from autograder.student import messages
from autograder.student.handout import Handout
from autograder.student.jupyter import View


def result_view(result: ExerciseResult, handout: Handout, warned: str = "", *, unsaved: bool = False) -> View:
    """One exercise, as `check(f)` shows it."""
    hidden = handout.hidden(result.name)
    notes = [messages.not_saved([result.name])] if unsaved else []
    text = "\n\n".join([messages.self_check(result, *hidden, warned), *notes])
    html = render(
        "check_result.html",
        result=result,
        headline=messages.tests_passed(result),
        message=(result.first_failure.message or "") if result.first_failure else "",
        warned="\n".join(messages.on_the_way(warned)) if warned else "",
        points=messages.public_points(result.tests, *hidden),
        notes=notes,
    )
    return View(text, html)


def message_view(text: str) -> View:
    """A sentence and nothing else."""
    return View(text, render("check_message.html", text=text))


def table_view(handout: Handout, results: Sequence[ExerciseResult], notes: Sequence[str] = ()) -> View:
    """The whole notebook, as `check()` shows it; exercises that have no result yet stand there as waiting."""
    rows = [(result, *handout.hidden(result.name)) for result in results]
    text = "\n\n".join([messages.table(rows), *notes])
    html = render(
        "check_table.html",
        head=messages.TABLE_HEAD,
        rows=[(row[0].outcome, messages.table_row(*row)) for row in rows],
        waiting=[one.name for one in handout.assignment.exercises[len(results) :]],
        last=messages.table_sum(rows),
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
            yield messages.self_check(result, *handout.hidden(result.name))
    if report.remarks:
        yield remarks(report.remarks)
    if report.reason:
        yield broken()
