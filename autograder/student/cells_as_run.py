"""Find the cells of a notebook as they are now: what was saved, and what the kernel ran after that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.student_cells import normal
from autograder.student.kernel_runs import ExerciseRun, Run, definition_of
from autograder.student.saved_notebooks import SavedNotebook


def cells_as_run(
    saved: SavedNotebook | None, ran: Sequence[Run], checked: Collection[ExerciseRun] = ()
) -> list[NotebookCell]:
    """Return a notebook's cells as they were saved, with what the kernel ran after that.

    saved: None if no file is known; then the cells are what the kernel ran, in order
    checked: exercises whose cell is to be as it was when it defined what is checked, even if it was changed since
    """
    if saved is None:
        return [_cell(placed.text) for placed in _placed(_up_to_date(ran, checked), checked)]
    later = [run for run in ran if run.begun is not None and run.begun > saved.saved_at]
    by_cell = {run.cell: run for run in later if run.cell is not None}
    known = {cell.cell_id for cell in saved.cells if cell.cell_id is not None}
    cells = [
        replace(cell, source=by_cell[cell.cell_id].text) if cell.cell_id in by_cell else cell for cell in saved.cells
    ]
    for exercise in checked:
        if all(normal(cell.source) != exercise.checked.text for cell in cells):
            place = _place_of(exercise, cells)
            cells[place : place + 1] = [
                replace(cells[place], source=exercise.checked.text)
                if place < len(cells)
                else _cell(exercise.checked.text)
            ]
    numbers = {exercise.checked.number for exercise in checked}
    added = [run for run in _up_to_date(later, checked) if run.cell not in known and run.number not in numbers]
    return _with_added(cells, _placed(added, checked), checked)


def _cell(text: str) -> NotebookCell:
    return NotebookCell(text, "code")


def _place_of(exercise: ExerciseRun, cells: Sequence[NotebookCell]) -> int:
    """Return the number of the cell that an exercise was run from, or of its own cell; else the number of cells."""
    texts = [normal(cell.source) for cell in cells]
    if exercise.checked.text in texts:
        return texts.index(exercise.checked.text)
    ids = [cell.cell_id for cell in cells]
    if exercise.checked.cell in ids:
        return ids.index(exercise.checked.cell)
    names = [cell.grade_id for cell in cells]
    return names.index(exercise.name) if exercise.name in names else len(cells)


def _up_to_date(ran: Iterable[Run], checked: Collection[ExerciseRun]) -> list[Run]:
    """Return the runs without earlier versions of exercises, and without attempts that defined nothing.

    A front end may not tell the kernel which cell it runs. So each version of a cell could be a cell of its own.
    """
    numbers = {exercise.name: exercise.checked.number for exercise in checked}
    attempts = {exercise.attempt.number for exercise in checked if exercise.attempt}
    current = []
    for run in ran:
        names = definition_of(run.text, list(numbers)).names
        is_earlier = bool(names) and all(run.number < numbers[name] for name in names)
        if not is_earlier and run.number not in attempts:
            current.append(run)
    return current


@dataclass(frozen=True)
class _Placed:
    """A cell by its last text, and the run of it that tells its place among the others."""

    text: str
    number: int  # of that run


def _placed(ran: Sequence[Run], checked: Collection[ExerciseRun]) -> list[_Placed]:
    """Return the cells of some runs in the order in which they are likely to stand in the notebook.

    What ran before an exercise stands above it, even if it was run once more later.
    """
    last_checked = max((exercise.checked.number for exercise in checked), default=0)
    cells: dict[object, _Placed] = {}
    for run in ran:
        key = run.number if run.cell is None else run.cell
        before = cells.get(key)
        is_below = before is not None and run.number > last_checked >= before.number
        cells[key] = _Placed(run.text, before.number if before is not None and is_below else run.number)
    return sorted(cells.values(), key=lambda placed: placed.number)


def _with_added(
    cells: Sequence[NotebookCell], added: Iterable[_Placed], checked: Collection[ExerciseRun]
) -> list[NotebookCell]:
    """Return the cells with others among them: each above the exercise that was run next, or else at the end."""
    in_order = sorted(checked, key=lambda exercise: exercise.checked.number)
    above: dict[int, list[NotebookCell]] = {}
    for placed in added:
        following = next((exercise for exercise in in_order if exercise.checked.number > placed.number), None)
        place = len(cells) if following is None else _place_of(following, cells)
        above.setdefault(place, []).append(_cell(placed.text))
    return [cell for place in range(len(cells) + 1) for cell in (*above.get(place, ()), *cells[place : place + 1])]
