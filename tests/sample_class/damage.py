"""What happens to notebooks: each function takes one and gives the damaged one; the first is left alone."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from student import STUB, Damage, Notebook, as_file

Cell = dict[str, Any]


def together(*damages: Damage) -> Damage:
    def damage(notebook: Notebook) -> Notebook:
        for one in damages:
            notebook = one(notebook)
        return notebook

    return damage


def lines(text: str) -> list[str]:
    """A source as notebooks store it."""
    return text.splitlines(keepends=True)


def named(cell: Cell) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def code_cell(text: str, cell_id: str) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": cell_id,
        "metadata": {},
        "outputs": [],
        "source": lines(text),
    }


def on_cells(change: Callable[[list[Cell]], list[Cell]]) -> Damage:
    def damage(notebook: Notebook) -> Notebook:
        changed = copy.deepcopy(notebook)
        changed["cells"] = change(changed["cells"])
        return changed

    return damage


def on_cell(grade_id: str, change: Callable[[Cell], list[Cell]]) -> Damage:
    """One cell, by its grade_id, becomes several or none."""

    def all_of_them(cells: list[Cell]) -> list[Cell]:
        assert grade_id in map(named, cells), grade_id
        return [new for cell in cells for new in (change(cell) if named(cell) == grade_id else [cell])]

    return on_cells(all_of_them)


# ---- cells of the student's own


def add_cell(text: str, cell_id: str, before: str) -> Damage:
    """A code cell in front of the cell with this grade_id."""
    return on_cell(before, lambda cell: [code_cell(text, cell_id), cell])


def add_at_end(text: str, cell_id: str) -> Damage:
    return on_cells(lambda cells: [*cells, code_cell(text, cell_id)])


def add_to_given(text: str) -> Damage:
    """A line more in the cell that hands out the imports."""

    def change(cells: list[Cell]) -> list[Cell]:
        return [c | {"source": [*c["source"], "\n", text]} if c["id"] == "given" else c for c in cells]

    return on_cells(change)


# ---- cells of the release


def delete(grade_id: str) -> Damage:
    return on_cell(grade_id, lambda cell: [])


def duplicate(grade_id: str) -> Damage:
    """The same cell twice, as after Copy and Paste; a pasted cell has an id of its own."""
    return on_cell(grade_id, lambda cell: [cell, cell | {"id": f"{cell['id']}-copy"}])


def paste_stub_after(grade_id: str) -> Damage:
    """The cell as it was handed out, below the answer."""

    def change(cell: Cell) -> list[Cell]:
        head, docstring, _ = "".join(cell["source"]).split('"""', 2)
        stub = f'{head}"""{docstring}"""\n    {STUB}'
        return [cell, cell | {"id": f"{cell['id']}-again", "source": lines(stub)}]

    return on_cell(grade_id, change)


def prepend(grade_id: str, text: str) -> Damage:
    return on_cell(grade_id, lambda cell: [cell | {"source": [*lines(text), *cell["source"]]}])


def rewrite(grade_id: str, text: str) -> Damage:
    return on_cell(grade_id, lambda cell: [cell | {"source": lines(text)}])


def to_markdown(grade_id: str) -> Damage:
    def change(cell: Cell) -> list[Cell]:
        kept = {key: value for key, value in cell.items() if key not in ("outputs", "execution_count")}
        return [kept | {"cell_type": "markdown"}]

    return on_cell(grade_id, change)


def mark(grade_id: str, **changes: Any) -> Damage:
    """Other nbgrader metadata: points, locks."""

    def change(cell: Cell) -> list[Cell]:
        metadata = cell["metadata"]
        return [cell | {"metadata": metadata | {"nbgrader": metadata["nbgrader"] | changes}}]

    return on_cell(grade_id, change)


# ---- the whole notebook


reverse = on_cells(lambda cells: cells[::-1])
strip_metadata = on_cells(lambda cells: [cell | {"metadata": {}} for cell in cells])
windows_sources = on_cells(
    lambda cells: [cell | {"source": [line.replace("\n", "\r\n") for line in cell["source"]]} for cell in cells]
)


def with_outputs(notebook: Notebook) -> Notebook:
    """As it looks when everything was run: numbers beside the cells, words below the checks."""

    def run(cells: list[Cell]) -> list[Cell]:
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        for number, cell in enumerate(code, 1):
            cell["execution_count"] = number
            if (named(cell) or "").startswith("test_"):
                said = "everything is right\n"
                cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": [said]}]
        return cells

    return on_cells(run)(notebook)


def nbformat_3(notebook: Notebook) -> Notebook:
    """The format of 2013: worksheets, `input` for `source`, no ids."""
    cells = []
    for cell in copy.deepcopy(notebook["cells"]):
        del cell["id"]
        if cell["cell_type"] == "code":
            del cell["execution_count"]
            cell |= {"input": cell.pop("source"), "language": "python", "collapsed": False}
        cells.append(cell)
    return {
        "metadata": {"name": "perceptron"},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


# ---- the bytes of the file


def with_windows_ends(notebook: Notebook) -> bytes:
    return as_file(notebook).replace(b"\n", b"\r\n")


def with_byte_order_mark(notebook: Notebook) -> bytes:
    return b"\xef\xbb\xbf" + as_file(notebook)


def cut_off(notebook: Notebook) -> bytes:
    data = as_file(notebook)
    return data[: len(data) // 3]


def in_latin_1(notebook: Notebook) -> bytes:
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode("latin-1", "replace")


def a_letter(notebook: Notebook) -> bytes:
    return b"Dear instructor,\n\nmy notebook is on my other computer. May I bring it on Monday?\n"
