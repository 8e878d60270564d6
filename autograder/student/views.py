"""Build what `autograder check` prints and what `check` shows in a notebook, as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.core.model import ExerciseResult, Outcome, Report
from autograder.core.text import filled
from autograder.grading.failures import blame, failures_of, titles
from autograder.grading.messages import broken, remarks
from autograder.rendering.array_pictures import drawn
from autograder.rendering.html import render
from autograder.student import messages
from autograder.student.handout import Handout
from autograder.student.jupyter import View
from autograder.student.rehearsal import Rehearsal


def rehearsal_view(rehearsal: Rehearsal, handout: Handout, notes: Sequence[str] = ()) -> View:
    """Return the view of an exercise that passes in the kernel, and not when it is run from the notebook's text."""
    if rehearsal.result is None:
        return message_view("\n\n".join([filled(rehearsal.reason), *notes]))
    return result_view(rehearsal.result, handout, notes, messages.graded_from_text(rehearsal.result.name))


def result_view(result: ExerciseResult, handout: Handout, notes: Sequence[str] = (), before: str = "") -> View:
    """Return the view of one exercise, as `check(f)` shows it.

    notes: about its cell and the saved file; before: what stands above the tests
    """
    hidden = handout.hidden(result.name)
    failures = failures_of(result)
    text = "\n\n".join([*filter(None, [before]), messages.self_check(result, *hidden), *notes])
    html = render(
        "check_result.html",
        result=result,
        before=before,
        headline=messages.tests_passed(result),
        failures=failures,
        blame=blame(result),
        passed=titles(test for test in result.tests if test.outcome is Outcome.PASSED),
        pictures=[[drawn(picture) for picture in failure.pictures] for failure in failures],
        points=messages.public_points(result.tests, *hidden),
        notes=notes,
    )
    return View(text, html)


def message_view(text: str) -> View:
    """Return the view of a sentence."""
    return View(text, render("check_message.html", text=text))


def hint_view(text: str) -> View:
    """Return the view of a hint, as `check.hint` shows it."""
    return View(text, render("check_hint.html", text=text))


def table_view(handout: Handout, results: Sequence[ExerciseResult], notes: Sequence[str] = ()) -> View:
    """Return the view of the whole notebook, as `check()` shows it.

    Exercises that have no result yet are shown as waiting, in HTML only.
    """
    rows = [(result, *handout.hidden(result.name)) for result in results]
    text = "\n\n".join([messages.table(rows), *notes])
    html = render(
        "check_table.html",
        head=messages.TABLE_HEAD,
        rows=[(row[0].outcome, messages.table_row(*row)) for row in rows],
        waiting=[exercise.name for exercise in handout.assignment.exercises[len(results) :]],
        last=messages.table_sum(rows),
        notes=notes,
    )
    return View(text, html)


def check_table(results: Sequence[ExerciseResult], handout: Handout) -> str:
    """Return a text with a line for each exercise, and their sum."""
    return table_view(handout, results).text


def checked_notebook(report: Report, handout: Handout) -> str:
    """Return the table of a notebook, and for each exercise that was begun what is wrong with it."""
    return "\n\n".join([check_table(report.exercises, handout), *_details(report, handout)])


def _details(report: Report, handout: Handout) -> Iterator[str]:
    for result in report.exercises:
        if result.outcome not in (Outcome.PASSED, Outcome.STUB):
            yield messages.self_check(result, *handout.hidden(result.name))
    if report.remarks:
        yield remarks(report.remarks)
    if report.reason:
        yield broken()
