"""A submission's notebook made anew: the student's answers and own cells, everything else as it was handed out.

For eyes and for nbgrader. What is graded is found elsewhere (`submission.py`); here nothing can be broken by a student,
because each locked text, id and number comes from the release.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.core.model import Assignment, Cell
from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.student_cells import StudentCell, normal, students_cells

_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\](?=[(:])")


@dataclass(frozen=True)
class Rebuilt:
    """A notebook that nbgrader takes, and what is known of its answers."""

    notebook: dict[str, Any]
    unanswered: frozenset[str]  # grade_ids of cells to be filled that are as handed out
    unsure: frozenset[str]  # answers in words that may stand in a cell that lost its id: a human must look


def rebuild(release: bytes, cells: Sequence[NotebookCell], assignment: Assignment) -> Rebuilt:
    """The release with the answers of `cells` in it; each of the student's own cells below the one it followed."""
    notebook: dict[str, Any] = json.loads(release)
    written = students_cells(cells, assignment)
    answers = _code(written, assignment) | _words(cells, assignment)
    taken = {id(cell) for cell in answers.values()}
    own = _own_cells([cell for cell in cells if id(cell) not in taken], written, assignment)
    made = []
    for place, raw in enumerate([{}, *notebook["cells"]]):
        answer = answers.get(_grade_id(raw))
        if raw:
            made.append(raw | {"source": _lines(_shown(answer.source, raw["cell_type"]))} if answer else raw)
        made += [_plain(cell, f"own-{place}-{number}") for number, cell in enumerate(own.get(place, ()))]
    open_cells = {cell.grade_id: cell for cell in assignment.cells if cell.solution and cell.grade_id}
    unanswered = frozenset(open_cells) - frozenset(answers)
    loose = [cell for group in own.values() for cell in group if cell.grade_id not in answers]
    words = any(_may_be_words(cell, written) for cell in loose)
    return Rebuilt(notebook | {"cells": made}, unanswered, _unsure(open_cells, unanswered, cells, wrote=words))


def _code(written: Sequence[StudentCell], assignment: Assignment) -> dict[str, NotebookCell]:
    """Of each exercise the cell that counts: the last changed one with its id, else the last that defines it."""
    found = {}
    for exercise in assignment.exercises:
        ours = [one.origin for one in written if one.origin.grade_id == exercise.name]
        ours = ours or [one.origin for one in written if one.exercises == (exercise.name,)]
        if ours:
            found[exercise.name] = ours[-1]
    return found


def _words(cells: Sequence[NotebookCell], assignment: Assignment) -> dict[str, NotebookCell]:
    """Of each question the last copy with its id that is not as handed out."""
    stubs = {cell.grade_id: normal(cell.source) for cell in assignment.cells if _is_question(cell)}
    return {
        cell.grade_id: cell
        for cell in cells
        if cell.grade_id and cell.grade_id in stubs and normal(cell.source) not in ("", stubs[cell.grade_id])
    }


def _is_question(cell: Cell) -> bool:
    return cell.solution and cell.kind == "markdown" and cell.grade_id is not None


def _own_cells(
    cells: Sequence[NotebookCell], written: Sequence[StudentCell], assignment: Assignment
) -> dict[int, list[NotebookCell]]:
    """The cells that a student added or changed and that are no answers, by how many released cells stand above."""
    by_id = {cell.grade_id: place for place, cell in enumerate(assignment.cells, 1) if cell.grade_id}
    by_cell = {cell.cell_id: place for place, cell in enumerate(assignment.cells, 1) if cell.cell_id}
    by_text = {normal(cell.source): place for place, cell in enumerate(assignment.cells, 1)}
    changed = {id(one.origin) for one in written}
    found: dict[int, list[NotebookCell]] = defaultdict(list)
    above = 0
    for cell in cells:
        text = normal(cell.source)
        above = by_id.get(cell.grade_id or "") or by_cell.get(cell.cell_id or "") or by_text.get(text) or above
        if text and text not in by_text and (cell.kind != "code" or id(cell) in changed):
            found[above].append(cell)
    return found


def _may_be_words(cell: NotebookCell, written: Sequence[StudentCell]) -> bool:
    """Text, or a code cell with no code in it: words typed into the kind of cell that a new one is."""
    return cell.kind != "code" or any(one.origin is cell and not one.code.statements for one in written)


def _unsure(
    open_cells: Mapping[str, Cell], unanswered: frozenset[str], cells: Sequence[NotebookCell], *, wrote: bool
) -> frozenset[str]:
    """Questions without an answer, where the student wrote words elsewhere or the question's cell is gone."""
    there = {cell.grade_id for cell in cells}
    return frozenset(name for name in unanswered if _is_question(open_cells[name]) and (wrote or name not in there))


# ---- raw cells


def _grade_id(raw: Mapping[str, Any]) -> str:
    return str(raw.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))


def _plain(cell: NotebookCell, name: str) -> dict[str, Any]:
    """A cell of the student's own, without any mark that nbgrader knows."""
    kind = "code" if cell.kind == "code" else "markdown"  # a raw cell would be shown as the HTML it may be
    made = {"cell_type": kind, "id": name, "metadata": {}, "source": _lines(_shown(cell.source, kind))}
    return made | {"execution_count": None, "outputs": []} if kind == "code" else made


def _shown(text: str, kind: str) -> str:
    """Text that brings no element and no address into a page: a blank ends what would begin a tag or a link.

    nbgrader's pages show a student's words to the instructor, with what HTML there is in them and with links of any
    kind, `javascript:` too; a picture that is not there stops the whole page. A tag's name must stand right behind its
    `<`, a link's address right behind the `]`. Addresses in plain sight (https://…) are still links.
    """
    return text if kind == "code" else _MARKUP.sub(r"\g<0> ", text)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
