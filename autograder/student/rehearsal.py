"""Run an exercise once more from the notebook's text, as grading does, and not as it is in the kernel.

A kernel remembers what the text does not say: a variable of a demo cell, a cell that was deleted, a module that is not
there when it is graded. So what passes in the kernel is run again from a clean start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.core.errors import Ungradable
from autograder.core.model import Assignment, Exercise, ExerciseResult, Source
from autograder.execution.fresh_settings import fresh_settings
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.interface import ExecutedSource, FailedStatement, Raised, first_cause
from autograder.execution.limits import LIMITS
from autograder.execution.packages import graded_packages
from autograder.grading.failed_lines import remarks_on_failed_lines
from autograder.grading.runner import executed_source, run_exercise
from autograder.grading.suites import Suites
from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.submission import source_of
from autograder.student.saved_notebooks import SavedNotebook


@dataclass(frozen=True)
class Rehearsal:
    """What came of an exercise when it was run from the notebook's text."""

    result: ExerciseResult | None = None
    reason: str = ""  # why nobody could grade it; empty also if it was not run, as the text is not known
    remarks: tuple[str, ...] = ()  # on lines of its cells that could not be run
    texts: frozenset[str] = frozenset()  # of the student's cells that were run

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
        executed = executed_source(source, student)
        result = run_exercise(suites, exercise, source, student)
    if result.first_failure is None:
        executed = replace(executed, failed=tuple(f for f in executed.failed if not _only_shows(f, executed)))
    return Rehearsal(result, remarks=tuple(remarks_on_failed_lines(executed)), texts=_texts_of(source))


def _only_shows(statement: FailedStatement, executed: ExecutedSource) -> bool:
    """Return whether a line of a cell of the student's own failed as its package is not there: `plt.plot(TABLE)`.

    It is run as it might change the table. The exercise passes without it.
    """
    cell = next(cell for cell in executed.source.cells if cell.label == statement.cell)
    cause = first_cause(statement, executed.failed).because
    return not cell.exercises and isinstance(cause, Raised) and "ImportError" in cause.kinds


def _texts_of(source: Source) -> frozenset[str]:
    return frozenset(cell.text for cell in source.cells if not cell.is_given)


def needs_unsaved_cells(rehearsal: Rehearsal, saved: SavedNotebook, assignment: Assignment, exercise: str) -> bool:
    """Return whether an exercise passed with the help of a cell that is not in the saved file as it was run."""
    try:
        source = source_of(saved.cells, assignment, exercise)
    except Ungradable:
        return False  # it is told elsewhere
    return not rehearsal.texts <= _texts_of(source)
