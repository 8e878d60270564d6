"""Describe what `autograder submit` wrote, and what `autograder progress` found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from autograder.cli.output.terminal import as_text
from autograder.core.model import Outcome, TrainedModel
from autograder.core.text import filled, listed, plural
from autograder.grading.messages import remarks
from autograder.student.handout import Handout
from autograder.student.selfcheck import SavedCheck
from autograder.student.submit import Receipt
from autograder.student.views import check_table

_WIDTH = 1000  # columns, more than any assignment's name needs: no line is broken


def submitted_text(receipt: Receipt, handout: Handout) -> str:
    """Return what counts, what differs from the kernel, and the file to hand in with its digest."""
    parts = [check_table(receipt.report.exercises, handout)]
    if receipt.report.remarks:
        parts.append(remarks(receipt.report.remarks))
    if receipt.stale:
        parts.append(
            f"In your kernel {listed(receipt.stale)} passed, in the saved file not. Save the notebook, then choose "
            "Kernel > Restart Kernel and Run All Cells, and submit again: something in the kernel is not in the file."
        )
    if receipt.stripped:
        parts.append("The outputs of the cells were left out of it, as the file was large. They are not graded.")
    if receipt.trained is not None:
        parts.append(_model_text(receipt.trained, fits=receipt.fits))
    if receipt.untrained:
        parts.append(
            filled(
                f"No trained model goes with it: {receipt.untrained}. Its hidden tests give no points then. "
                "To add it, train, run the notebook's last cells, which write both, and submit again."
            )
        )
    at = receipt.at.strftime("%Y-%m-%d %H:%M:%S %z")
    parts.append(f"Hand in this file: {receipt.path}\nwritten {at}, sha256 {receipt.sha256}")
    return "\n\n".join(parts)


def _model_text(trained: TrainedModel, *, fits: bool) -> str:
    """Return what is known about the model that goes with the notebook."""
    claim, accuracy = trained.history, trained.history["val_accuracy"]
    ending = f", at the end {100 * accuracy[-1]:.1f} % of the validation pictures" if accuracy else ""
    text = filled(
        f"With it goes the model: {trained.numbers:,} numbers, trained on {claim['data']} "
        f"with seed {claim['seed']} for {plural(claim['epochs'], 'epoch')}{ending}."
    )
    if fits:
        return text
    return f"{text}\n" + filled(
        "Its weights are not those of the saved notebook's build_model: names or shapes differ. Save the "
        "notebook, train again, run the last cells, and submit again."
    )


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
