"""`autograder reset`: put the stub of an exercise back into its cell, and keep the old text below, commented out.

The stub comes from `selfcheck.json`, beside the notebook: the notebook itself may be all that the student has left.
A plan says which cell becomes the stub. Only then is the file changed.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import write_atomically
from autograder.core.model import Assignment, Cell, Exercise
from autograder.core.text import did_you_mean, listed
from autograder.notebooks.ipynb import (
    NEWEST_FORMAT,
    NotebookCell,
    document_bytes,
    document_of,
    parse_notebook,
    read_bytes,
)
from autograder.notebooks.student_cells import StudentCell, students_cells
from autograder.student.handout import handout_of

KEPT = "before-reset"  # the tag of the cell that keeps the old text


@dataclass(frozen=True)
class Reset:
    """What a reset did. Cells are counted from 1, as the notebook is afterwards."""

    exercise: str
    changed: bool  # False: the cell was the stub already, and nothing was written
    cell: int  # the cell that is the stub
    others: tuple[int, ...] = ()  # other cells that define the exercise
    kept: bool = True  # whether the old text is in a cell below; a blank cell leaves nothing to keep


def stubs_of(notebook: Path) -> dict[str, str]:
    """Return the stubs of a notebook's assignment, by exercise.

    Raise UserError if the notebook is missing, or its `selfcheck.json` is missing or damaged.
    """
    cells = handout_of(notebook).assignment.cells
    return {cell.grade_id: cell.source for cell in cells if cell.grade_id and cell.solution and cell.kind == "code"}


def reset(notebook: Path, exercise: str, stubs: Mapping[str, str]) -> Reset:
    """Put the stub of an exercise into its cell, and keep the old text in a new cell right below.

    If there are several copies of the cell, the one that would be graded is changed: the last that differs from the
    stub. If the metadata is lost, it is the last cell that defines the function. Nothing else in the file changes.

    Raise UserError, and leaves the file as it is, if the notebook cannot be read, if it has no cell of the exercise,
    or if the cell defines other exercises too.
    """
    if exercise not in stubs:
        near = did_you_mean(exercise, stubs)
        raise UserError(f"{notebook} has no exercise {exercise!r}. {near}Known: {listed(stubs)}.")
    data, cells = _read(notebook)
    plan = _plan(cells, exercise, stubs)
    if plan is None:
        raise UserError(f"{notebook} has no cell that defines {exercise}: take the notebook anew, and copy yours in.")
    if plan.target is not None:
        _require_alone(plan.target, exercise, notebook)
        _write(notebook, _with_stub(data, plan.target, stubs[exercise], notebook))
    return plan.result


def reset_message(result: Reset) -> str:
    """Return what a reset did, in words."""
    if result.changed:
        kept = "; your code is kept in the cell below it, commented out" if result.kept else ""
        text = (
            f"{result.exercise} is the stub again (cell {result.cell}){kept}. "
            "If the notebook is open in JupyterLab: File > Reload Notebook from Disk.\n"
            "If it asks about a changed file when you save, choose Revert. Overwrite would undo the reset."
        )
    else:
        text = f"{result.exercise} is the stub already (cell {result.cell}): nothing was changed."
    if len(result.others) == 1:
        cell = result.others[0]
        text += f"\nCell {cell} of yours defines {result.exercise} too and counts as your answer: delete it."
    elif result.others:
        cells = listed(result.others)
        text += f"\nCells {cells} of yours define {result.exercise} too and count as your answer: delete them."
    return text


# ---- the plan: which cell


@dataclass(frozen=True)
class _Plan:
    """The cell to change, and what the reset will have done then."""

    target: StudentCell | None  # None: the exercise is the stub already
    result: Reset


def _plan(cells: Sequence[NotebookCell], exercise: str, stubs: Mapping[str, str]) -> _Plan | None:
    """Choose the cell to change; None if no cell belongs to the exercise."""
    answers = [cell for cell in students_cells(cells, _assignment(stubs)) if exercise in cell.exercises]
    labelled = [number for number, cell in enumerate(cells, 1) if cell.grade_id == exercise]
    candidates = [cell for cell in answers if cell.number in labelled] if labelled else answers
    if candidates:
        target = candidates[-1]
        kept = bool(cells[target.number - 1].source.strip())
        # The cell with the old text is inserted below the target, so the cells after it move down by one.
        others = tuple(cell.number + (kept and cell.number > target.number) for cell in answers if cell is not target)
        return _Plan(target, Reset(exercise, True, target.number, others, kept))
    stub = labelled[-1] if labelled else _last_stub(cells, stubs[exercise])
    if stub is None:
        return None
    return _Plan(None, Reset(exercise, False, stub, tuple(cell.number for cell in answers)))


def _assignment(stubs: Mapping[str, str]) -> Assignment:
    """Return as much of the release as is needed to tell the student's cells from the given ones."""
    return Assignment(
        "",
        tuple(Exercise(name, 1.0, ()) for name in stubs),
        tuple(Cell(stub, "code", grade_id=name, solution=True) for name, stub in stubs.items()),
    )


def _last_stub(cells: Iterable[NotebookCell], stub: str) -> int | None:
    """Return the number of the last cell that is the stub."""
    numbers = [number for number, cell in enumerate(cells, 1) if cell.kind == "code" and cell.source == stub]
    return numbers[-1] if numbers else None


def _require_alone(target: StudentCell, exercise: str, notebook: Path) -> None:
    others = [name for name in target.exercises if name != exercise]
    if others:
        raise UserError(
            f"{notebook}: cell {target.number} holds {listed(others)} beside {exercise}: move {exercise} into a cell "
            "of its own, save, and reset again."
        )


# ---- the file


def _read(notebook: Path) -> tuple[bytes, tuple[NotebookCell, ...]]:
    try:
        data = read_bytes(notebook)
        return data, parse_notebook(data)
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None


def _with_stub(data: bytes, target: StudentCell, stub: str, notebook: Path) -> bytes:
    """Return the notebook's file with the stub in the target cell, indented as it was."""
    content = document_of(data)
    if "cells" not in content:
        raise UserError(f"{notebook} has the format of 2013: open it in JupyterLab, save it, and reset again.")
    _replace(content, target, stub)
    indent = re.match(r"\s*\{\r?\n([ \t]*)", data.decode("utf-8-sig"))
    try:
        return document_bytes(content, indent[1] if indent else None)
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None


def _replace(content: dict[str, Any], target: StudentCell, stub: str) -> None:
    """Put the stub into the target cell, and insert a cell with the old text below, unless that was blank."""
    cells: list[dict[str, Any]] = content["cells"]
    index = target.number - 1
    source = cells[index].get("source")
    lines = stub.splitlines(keepends=True) if isinstance(source, list) else stub
    cells[index] = _as_code(cells[index]) | {"source": lines}
    old = _text(source)
    if old.strip():
        cells.insert(index + 1, _kept_cell(old, target.exercises[0], _new_id(content)))


def _text(source: Any) -> str:
    lines = [source] if isinstance(source, str) else source
    return "".join(lines) if isinstance(lines, list) and all(isinstance(line, str) for line in lines) else ""


def _as_code(cell: dict[str, Any]) -> dict[str, Any]:
    """Return the cell without outputs, as code again if it had become text."""
    if cell.get("cell_type") == "code":
        return cell | {"execution_count": None, "outputs": []}
    kept = {key: value for key, value in cell.items() if key != "attachments"}
    return dict(sorted((kept | {"cell_type": "code", "execution_count": None, "outputs": []}).items()))


def _kept_cell(old: str, exercise: str, cell_id: Mapping[str, str]) -> dict[str, Any]:
    """Return a cell that holds the old text as comments."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    # A line may end with \r alone, which ends a comment too.
    commented = "# " + re.sub(r"\r\n|\r|\n", r"\g<0># ", old)
    return {
        "cell_type": "code",
        "execution_count": None,
        **cell_id,
        "metadata": {"tags": [KEPT]},
        "outputs": [],
        "source": [f"# {exercise} before it was reset, {now}\n", *commented.splitlines(keepends=True)],
    }


def _new_id(content: Mapping[str, Any]) -> dict[str, str]:
    """Return a cell id that the notebook does not use yet; nothing if the notebook's format knows no ids."""
    version, minor = content.get("nbformat"), content.get("nbformat_minor")
    if version != NEWEST_FORMAT or not isinstance(minor, int) or minor < 5:
        return {}
    ids = [cell.get("id") for cell in content["cells"] if isinstance(cell, dict)]
    used = {name for name in ids if isinstance(name, str)}
    return {"id": next(name for name in iter(lambda: uuid4().hex[:8], "") if name not in used)}


def _write(notebook: Path, data: bytes) -> None:
    try:
        parse_notebook(data)
    except Ungradable as error:
        raise UserError(f"{notebook} would be no notebook any more with the old text kept: {error}") from None
    mode = stat.S_IMODE(notebook.stat().st_mode)
    write_atomically(notebook, data)
    notebook.chmod(mode)
