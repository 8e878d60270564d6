"""Describe what `autograder submit` wrote, and what `autograder progress` found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from autograder.cli.output.terminal import as_text
from autograder.core.model import Outcome, Report, Trained
from autograder.core.text import filled, listed, plural
from autograder.grading.messages import remarks
from autograder.student.handout import Handout
from autograder.student.submit import Receipt
from autograder.student.views import check_table

_WIDTH = 1000  # columns, more than any assignment's name needs: no line is broken


def submitted_text(receipt: Receipt, handout: Handout) -> str:
    """Return what counts, what differs from the kernel, and the file to hand in with its digest."""
    paragraphs = [check_table(receipt.report.exercises, handout)]
    if receipt.report.remarks:
        paragraphs.append(remarks(receipt.report.remarks))
    if receipt.stale:
        paragraphs.append(
            f"In your kernel {listed(receipt.stale)} passed, in the saved file not. Save the notebook, then choose "
            "Kernel > Restart Kernel and Run All Cells, and submit again: something in the kernel is not in the file."
        )
    if receipt.stripped:
        paragraphs.append("The outputs of the cells were left out of it, as the file was large. They are not graded.")
    if receipt.trained is not None:
        paragraphs.append(_model_text(receipt.trained, fits=receipt.fits))
    if receipt.untrained:
        paragraphs.append(
            filled(
                f"No trained model goes with it: {receipt.untrained}. Its hidden tests give no points then. "
                "To add it, train, run the notebook's last cells, which write both, and submit again."
            )
        )
    at = receipt.at.strftime("%Y-%m-%d %H:%M:%S %z")
    paragraphs.append(f"Hand in this file: {receipt.path}\nwritten {at}, sha256 {receipt.sha256}")
    return "\n\n".join(paragraphs)


def _model_text(trained: Trained, *, fits: bool) -> str:
    """Return what the trained model is that goes with the notebook, and whether its weights fit the notebook's."""
    claim, accuracy = trained.history, trained.history["val_accuracy"]
    ending = f", at the end {100 * accuracy[-1]:.1f} % of the validation pictures" if accuracy else ""
    description = filled(
        f"With it goes the model: {trained.numbers:,} numbers, trained on {claim['data']} "
        f"with seed {claim['seed']} for {plural(claim['epochs'], 'epoch')}{ending}."
    )
    if fits:
        return description
    return f"{description}\n" + filled(
        "Its weights are not those of the saved notebook's build_model: names or shapes differ. Save the "
        "notebook, train again, run the last cells, and submit again."
    )


def progress_text(results: Sequence[tuple[Handout, Report | str]]) -> str:
    """Return a row for each assignment: how many exercises pass, and the public points.

    An assignment that could not be checked has the reason instead of a report; it follows below the table.
    """
    table = Table.grid(padding=(0, 2))
    table.add_row("assignment", "exercises", "public points")
    for handout, report in results:
        table.add_row(*_progress_row(handout, report))
    reasons = [report for _, report in results if isinstance(report, str)]
    return "\n".join([as_text(table), *(f"\n{reason}" for reason in reasons)])


def _progress_row(handout: Handout, report: Report | str) -> tuple[str, str, str]:
    if isinstance(report, str):
        return handout.assignment.stem, "not checked", ""
    passed = sum(exercise.outcome is Outcome.PASSED for exercise in report.exercises)
    tests = [test for exercise in report.exercises for test in exercise.tests]
    earned, worth = (round(sum(points), 2) for points in zip(*((t.earned, t.points) for t in tests), strict=True))
    return handout.assignment.stem, f"{passed} of {len(report.exercises)}", f"{earned:g} of {worth:g}"
