"""`autograder reset`: an exercise's stub stands in its cell again, and what stood there is kept below, commented out.

The stub comes from `selfcheck.json`, beside the notebook: the notebook itself may be all that the student has left.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import write_atomically
from autograder.core.model import Assignment, Cell, Exercise
from autograder.core.text import listed
from autograder.notebooks.ipynb import NEWEST_FORMAT, NotebookCell, parse_notebook, read_bytes
from autograder.notebooks.student_cells import StudentCell, students_cells
from autograder.student.handout import handout_of

KEPT = "before-reset"  # the tag of the cell that keeps the old text


@dataclass(frozen=True)
class Reset:
    """What a reset did. Cells are counted from 1, as the notebook is now."""

    exercise: str
    changed: bool  # False: the cell was the stub already, and nothing was written
    cell: int  # where the stub stands
    others: tuple[int, ...] = ()  # cells that define the exercise all the same


def stubs_of(notebook: Path) -> dict[str, str]:
    """The stubs of the notebook's assignment, by exercise; UserError where its `selfcheck.json` is not found."""
    cells = handout_of(notebook).assignment.cells
    return {cell.grade_id: cell.source for cell in cells if cell.grade_id and cell.solution and cell.kind == "code"}


def reset(notebook: Path, exercise: str, stubs: Mapping[str, str]) -> Reset:
    """Put the stub of an exercise into its cell, and keep the old text in a new cell right below.

    Of several copies of the cell it is the one that would be graded: the last that differs from the stub. Where the
    metadata is lost it is the last cell that defines the function. Nothing else of the file changes.

    Raises UserError, and leaves the file as it is, where the notebook cannot be read or has no cell of the exercise,
    or where other exercises stand in the same cell.
    """
    if exercise not in stubs:
        raise UserError(f"{notebook} has no exercise {exercise!r}. Known: {listed(stubs)}.")
    try:
        data = read_bytes(notebook)
        cells = parse_notebook(data)
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None
    written = [cell for cell in students_cells(cells, _assignment(stubs)) if exercise in cell.exercises]
    own = [number for number, cell in enumerate(cells, 1) if cell.grade_id == exercise]
    changed = [cell for cell in written if cell.number in own] if own else written
    if not changed:
        at = own[-1] if own else _stub_in(cells, stubs[exercise])
        if at is None:
            raise UserError(
                f"{notebook} has no cell that defines {exercise}: take the notebook anew, and copy yours in."
            )
        return Reset(exercise, False, at, _numbers(written))
    target = changed[-1]
    _demand_alone(target, exercise, notebook)
    _write(notebook, _with_stub(data.decode("utf-8-sig"), target, stubs[exercise], notebook))
    others = (cell.number + (cell.number > target.number) for cell in written if cell is not target)
    return Reset(exercise, True, target.number, tuple(others))


def told(done: Reset) -> str:
    """What a reset did, in words."""
    if done.changed:
        text = (
            f"{done.exercise} is the stub again (cell {done.cell}); your code is kept in the cell below it, commented "
            "out. If the notebook is open in JupyterLab: File > Reload Notebook from Disk."
        )
    else:
        text = f"{done.exercise} is the stub already (cell {done.cell}): nothing was changed."
    if len(done.others) == 1:
        text += f"\nCell {done.others[0]} of yours defines {done.exercise} too and counts as your answer: delete it."
    elif done.others:
        cells = listed(done.others)
        text += f"\nCells {cells} of yours define {done.exercise} too and count as your answer: delete them."
    return text


# ---- which cell


def _assignment(stubs: Mapping[str, str]) -> Assignment:
    """As much of the release as it takes to tell what the student wrote."""
    return Assignment(
        "",
        tuple(Exercise(name, 1.0, ()) for name in stubs),
        tuple(Cell(stub, "code", grade_id=name, solution=True) for name, stub in stubs.items()),
    )


def _stub_in(cells: Iterable[NotebookCell], stub: str) -> int | None:
    """The number of the last cell that is the stub."""
    same = [number for number, cell in enumerate(cells, 1) if cell.kind == "code" and cell.source == stub]
    return same[-1] if same else None


def _numbers(cells: Iterable[StudentCell]) -> tuple[int, ...]:
    return tuple(cell.number for cell in cells)


def _demand_alone(target: StudentCell, exercise: str, notebook: Path) -> None:
    others = [name for name in target.exercises if name != exercise]
    if others:
        raise UserError(
            f"{notebook}: cell {target.number} holds {listed(others)} beside {exercise}: move {exercise} into a cell "
            "of its own, save, and reset again."
        )


# ---- the file


def _with_stub(text: str, target: StudentCell, stub: str, notebook: Path) -> bytes:
    """The notebook with the stub in the cell; laid out as it was."""
    content = json.loads(text)
    if "cells" not in content:
        raise UserError(f"{notebook} has the format of 2013: open it in JupyterLab, save it, and reset again.")
    cells: list[dict[str, Any]] = content["cells"]
    at = target.number - 1
    old = _text(cells[at].get("source"))
    as_list = isinstance(cells[at].get("source"), list)
    cells[at] = _as_code(cells[at]) | {"source": stub.splitlines(keepends=True) if as_list else stub}
    if old.strip():
        ids = {cell.get("id") for cell in cells if isinstance(cell, dict)} if _has_ids(content) else None
        cells.insert(at + 1, _kept_cell(old, target.exercises[0], ids))
    indent = re.match(r"\s*\{\r?\n([ \t]*)", text)
    written = json.dumps(content, ensure_ascii=False, indent=indent[1] if indent else None) + "\n"
    return written.encode("utf-8", "backslashreplace")  # a lone surrogate becomes JSON's own `\udcff`


def _text(source: Any) -> str:
    lines = [source] if isinstance(source, str) else source
    return "".join(lines) if isinstance(lines, list) and all(isinstance(line, str) for line in lines) else ""


def _as_code(cell: dict[str, Any]) -> dict[str, Any]:
    """The cell without outputs; one that became text is code again."""
    if cell.get("cell_type") == "code":
        return cell | {"execution_count": None, "outputs": []}
    kept = {key: value for key, value in cell.items() if key != "attachments"}
    return dict(sorted((kept | {"cell_type": "code", "execution_count": None, "outputs": []}).items()))


def _has_ids(content: Mapping[str, Any]) -> bool:
    version, minor = content.get("nbformat"), content.get("nbformat_minor")
    return version == NEWEST_FORMAT and isinstance(minor, int) and minor >= 5


def _kept_cell(old: str, exercise: str, ids: set[Any] | None) -> dict[str, Any]:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    # A line may end with \r alone, which ends a comment too.
    commented = "# " + re.sub(r"\r\n|\r|\n", r"\g<0># ", old)
    fresh = {} if ids is None else {"id": next(one for one in iter(lambda: uuid4().hex[:8], "") if one not in ids)}
    return {
        "cell_type": "code",
        "execution_count": None,
        **fresh,
        "metadata": {"tags": [KEPT]},
        "outputs": [],
        "source": [f"# {exercise} before it was reset, {now}\n", *commented.splitlines(keepends=True)],
    }


def _write(notebook: Path, data: bytes) -> None:
    try:
        parse_notebook(data)
    except Ungradable as error:
        raise UserError(f"{notebook} would be no notebook any more with the old text kept: {error}") from None
    mode = stat.S_IMODE(notebook.stat().st_mode)
    write_atomically(notebook, data)
    notebook.chmod(mode)
