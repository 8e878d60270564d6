"""Run an exercise once more from the notebook's text, as grading does, and not as it is in the kernel.

A kernel remembers what the text does not say: a variable of a demo cell, a cell that was deleted, a module that is not
there when it is graded. So what passes in the kernel is run again from a clean start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from autograder.core.errors import Ungradable
from autograder.core.model import Exercise, ExerciseResult
from autograder.execution.fresh_settings import fresh_settings
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.limits import LIMITS
from autograder.execution.packages import graded_packages
from autograder.grading.failed_lines import remarks_on_failed_lines
from autograder.grading.runner import executed_source, run_exercise
from autograder.grading.suites import Suites
from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.student_cells import normal
from autograder.notebooks.submission import source_of
from autograder.student.kernel_runs import ExerciseRun, Run
from autograder.student.saved_notebooks import SavedNotebook


@dataclass(frozen=True)
class Rehearsal:
    """What came of an exercise when it was run from the notebook's text."""

    result: ExerciseResult | None = None
    reason: str = ""  # why nobody could grade it; empty also if it was not run, as the text is not known
    remarks: tuple[str, ...] = ()  # on lines of its cells that could not be run

    @property
    def passed(self) -> bool:
        """Return whether nothing speaks against it: every public test passed, or nothing is known."""
        return not self.reason and (self.result is None or self.result.first_failure is None)


def rehearse(cells: Sequence[NotebookCell], suites: Suites, exercise: Exercise) -> Rehearsal:
    """Run the public tests of an exercise on the text of a notebook's cells."""
    assignment = suites.assignment
    try:
        source = source_of(cells, assignment, exercise.name)
    except Ungradable as problem:
        return Rehearsal(reason=str(problem))
    executor = InProcessExecutor(LIMITS.call_seconds, graded_packages(torch=assignment.torch))
    with fresh_settings(), executor.open(source) as student:
        remarks = tuple(remarks_on_failed_lines(executed_source(source, student)))
        return Rehearsal(run_exercise(suites, exercise, source, student), remarks=remarks)


def cells_as_run(
    saved: SavedNotebook | None, ran: Sequence[Run], checked: Iterable[ExerciseRun] = ()
) -> list[NotebookCell]:
    """Return a notebook's cells as they were saved, with what the kernel ran after that.

    saved: None if no file is known; then the cells are what the kernel ran, in order
    checked: exercises whose cell is to be as it was when it defined what is checked, even if it was changed since
    """
    if saved is None:
        return [_cell(run.text) for run in ran]
    cells = _with_later_runs(saved, ran)
    for exercise in checked:
        text, known = exercise.checked.text, {normal(cell.source) for cell in cells}
        if text not in known:
            place = _place_of(exercise, cells)
            cells[place : place + 1] = [replace(cells[place], source=text)] if place < len(cells) else [_cell(text)]
    return cells


def _cell(text: str) -> NotebookCell:
    return NotebookCell(text, "code")


def _place_of(exercise: ExerciseRun, cells: Sequence[NotebookCell]) -> int:
    """Return the number of the cell that an exercise was run from, or of its own cell; else the number of cells."""
    ids = [cell.cell_id for cell in cells]
    if exercise.checked.cell in ids:
        return ids.index(exercise.checked.cell)
    names = [cell.grade_id for cell in cells]
    return names.index(exercise.name) if exercise.name in names else len(cells)


def _with_later_runs(saved: SavedNotebook, ran: Sequence[Run]) -> list[NotebookCell]:
    later = [run for run in ran if run.begun is not None and run.begun > saved.saved_at]
    by_cell = {run.cell: run for run in later if run.cell is not None}
    cells = [
        replace(cell, source=by_cell[cell.cell_id].text) if cell.cell_id in by_cell else cell for cell in saved.cells
    ]
    known = {cell.cell_id for cell in saved.cells}
    return [*cells, *(_cell(run.text) for run in later if run.cell not in known)]
