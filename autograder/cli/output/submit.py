"""What `autograder submit` and `autograder progress` print."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.core.model import Outcome, Report, TrainedModel
from autograder.core.text import filled, listed, plural
from autograder.grading.messages import remarks
from autograder.student.handout import Handout
from autograder.student.submit import Receipt
from autograder.student.views import check_table


def submitted_text(receipt: Receipt, handout: Handout) -> str:
    """What counts, what differs from the kernel, and the file to hand in with its digest."""
    said = [check_table(receipt.report.exercises, handout)]
    if receipt.report.remarks:
        said.append(remarks(receipt.report.remarks))
    if receipt.stale:
        said.append(
            f"In your kernel {listed(receipt.stale)} passed, in the saved file not. Save the notebook, then choose "
            "Kernel > Restart Kernel and Run All Cells, and submit again: something in the kernel is not in the file."
        )
    if receipt.stripped:
        said.append("The outputs of the cells were left out of it, as the file was large. They are not graded.")
    if receipt.trained is not None:
        said.append(_model_text(receipt.trained, fits=receipt.fits))
    if receipt.untrained:
        said.append(
            filled(
                f"No trained model goes with it: {receipt.untrained}. Its hidden tests give no points then. "
                "To add it, train, run the notebook's last cells, which write both, and submit again."
            )
        )
    at = receipt.at.strftime("%Y-%m-%d %H:%M:%S %z")
    said.append(f"Hand in this file: {receipt.path}\nwritten {at}, sha256 {receipt.sha256}")
    return "\n\n".join(said)


def _model_text(trained: TrainedModel, *, fits: bool) -> str:
    """The model that goes with the notebook."""
    claim, accuracy = trained.history, trained.history["val_accuracy"]
    ending = f", at the end {100 * accuracy[-1]:.1f} % of the validation pictures" if accuracy else ""
    said = filled(
        f"With it goes the model: {trained.numbers:,} numbers, trained on {claim['data']} "
        f"with seed {claim['seed']} for {plural(claim['epochs'], 'epoch')}{ending}."
    )
    if fits:
        return said
    return f"{said}\n" + filled(
        "Its weights are not those of the saved notebook's build_model: names or shapes differ. Save the "
        "notebook, train again, run the last cells, and submit again."
    )


def progress_text(result_summary: Sequence[tuple[Handout, Report | str]]) -> str:
    """A line for each assignment of a folder: how many exercises pass, and the public points; why others have none."""
    rows = [("assignment", "exercises", "public points"), *(_row(*one) for one in result_summary)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    reasons = [report for _, report in result_summary if isinstance(report, str)]
    return "\n".join([*table, *(f"\n{reason}" for reason in reasons)])


def _row(handout: Handout, report: Report | str) -> tuple[str, str, str]:
    if isinstance(report, str):
        return handout.assignment.stem, "not checked", ""
    passed = sum(one.outcome is Outcome.PASSED for one in report.exercises)
    tests = [test for one in report.exercises for test in one.tests]
    earned, worth = (round(sum(points), 2) for points in zip(*((t.earned, t.points) for t in tests), strict=True))
    return handout.assignment.stem, f"{passed} of {len(report.exercises)}", f"{earned:g} of {worth:g}"
