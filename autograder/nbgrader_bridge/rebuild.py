"""Make a submission's notebook anew: the student's answers and own cells, everything else as it was released.

It is for people and for nbgrader. What is graded is found by `notebooks/submission.py`. Nothing that a student does can
break the rebuilt notebook, because each locked text, id and number comes from the release.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.core.model import Assignment, Cell
from autograder.core.sanitize import clean_source
from autograder.core.text import plural
from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.student_cells import StudentCell, normal, students_cells
from autograder.notebooks.text_answers import questions_in, text_answers

OWN_CHARACTERS = 300_000  # of the cells that a student added, with 200 for each cell; nbgrader's pages show all of them
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\](?=[(:])")


@dataclass(frozen=True)
class Rebuilt:
    """A notebook that nbgrader reads, and what is known of its answers."""

    notebook: dict[str, Any]
    unanswered: frozenset[str]  # grade_ids of the cells to fill in that are as they were released
    unsure: frozenset[str]  # those of them whose answer may be in a cell that lost its id: a human must look


def rebuild(release: bytes, cells: Sequence[NotebookCell], assignment: Assignment) -> Rebuilt:
    """Return the release with the answers of `cells` in it, and each of the student's own cells below its neighbour."""
    notebook: dict[str, Any] = json.loads(release)
    code_cells = students_cells(cells, assignment)
    answers = _code_answers(code_cells, assignment) | text_answers(cells, assignment)
    own_cells = _own_cells(cells, answers, code_cells, assignment)
    to_fill = frozenset(cell.grade_id for cell in assignment.cells if cell.solution and cell.grade_id)
    unanswered = to_fill.difference(answers)
    unsure = unanswered.intersection(questions_in(assignment))
    if not _has_loose_text(own_cells, answers, code_cells):
        unsure = unsure.difference(cell.grade_id for cell in cells if cell.grade_id)
    merged = list(_merged(notebook["cells"], answers, _shown(own_cells)))
    return Rebuilt(notebook | {"cells": merged}, unanswered, unsure)


# ---- answers


def _code_answers(code_cells: Sequence[StudentCell], assignment: Assignment) -> dict[str, NotebookCell]:
    """Return the cell that counts for each exercise: the last changed one with its id, else the last defining it."""
    answers = {}
    for exercise in assignment.exercises:
        with_id = [cell.origin for cell in code_cells if cell.origin.grade_id == exercise.name]
        defining = [cell.origin for cell in code_cells if cell.exercises == (exercise.name,)]
        if with_id or defining:
            answers[exercise.name] = (with_id or defining)[-1]
    return answers


# ---- the student's own cells

_OwnCells = Mapping[int, Sequence[NotebookCell]]  # by the number of released cells that are above them


def _own_cells(
    cells: Sequence[NotebookCell],
    answers: Mapping[str, NotebookCell],
    code_cells: Sequence[StudentCell],
    assignment: Assignment,
) -> _OwnCells:
    """Return the cells that the student added or changed and that are not answers."""
    places = _Places(assignment.cells)
    answering = {id(cell) for cell in answers.values()}
    changed_code = {id(cell.origin) for cell in code_cells}
    own_cells: dict[int, list[NotebookCell]] = defaultdict(list)
    above = 0
    for cell in cells:
        if id(cell) in answering:
            continue
        text = normal(cell.source)
        above = places.of(cell, text) or above
        if text and text not in places.by_text and (cell.kind != "code" or id(cell) in changed_code):
            own_cells[above].append(cell)
    return own_cells


def _shown(own_cells: _OwnCells) -> _OwnCells:
    """Return as many of the student's own cells as a page may show, and at the end how many more there are."""
    space, more = OWN_CHARACTERS, 0
    shown: dict[int, list[NotebookCell]] = defaultdict(list)
    for place in sorted(own_cells):
        for cell in own_cells[place]:
            space -= len(cell.source) + 200
            if space >= 0:
                shown[place].append(cell)
            else:
                more += 1
    if more:
        note = f"… {plural(more, 'more cell')} of this notebook not shown: see the file that was handed in."
        shown[max(own_cells)].append(NotebookCell(note, "markdown"))
    return shown


class _Places:
    """Where each released cell is in the release, counted from 1."""

    def __init__(self, released: Sequence[Cell]) -> None:
        numbered = list(enumerate(released, 1))
        self._by_grade_id = {cell.grade_id: place for place, cell in numbered if cell.grade_id}
        self._by_cell_id = {cell.cell_id: place for place, cell in numbered if cell.cell_id}
        self.by_text = {normal(cell.source): place for place, cell in numbered}

    def of(self, cell: NotebookCell, text: str) -> int | None:
        """Return the place of the released cell that a student's cell comes from, as far as its ids and text tell."""
        by_id = self._by_grade_id.get(cell.grade_id or "") or self._by_cell_id.get(cell.cell_id or "")
        return by_id or self.by_text.get(text)


def _has_loose_text(
    own_cells: _OwnCells, answers: Mapping[str, NotebookCell], code_cells: Sequence[StudentCell]
) -> bool:
    """Return whether an own cell may hold an answer in words: text, or a code cell without code, as a new cell is."""
    without_code = {id(cell.origin) for cell in code_cells if not cell.code.statements}
    return any(
        cell.kind != "code" or id(cell) in without_code
        for group in own_cells.values()
        for cell in group
        if cell.grade_id not in answers
    )


# ---- raw cells, as a notebook's JSON has them


def _merged(
    released: Sequence[dict[str, Any]], answers: Mapping[str, NotebookCell], own_cells: _OwnCells
) -> Iterator[dict[str, Any]]:
    """Yield the released cells, filled in, each followed by the student's own cells."""
    yield from _plain_cells(own_cells, 0)
    for place, raw in enumerate(released, 1):
        answer = answers.get(str(raw["metadata"].get("nbgrader", {}).get("grade_id", "")))
        yield raw if answer is None else raw | {"source": _source(answer.source, raw["cell_type"])}
        yield from _plain_cells(own_cells, place)


def _plain_cells(own_cells: _OwnCells, place: int) -> Iterator[dict[str, Any]]:
    """Yield the student's own cells of one place, without any mark that nbgrader knows."""
    for number, cell in enumerate(own_cells.get(place, ())):
        kind = "code" if cell.kind == "code" else "markdown"  # a raw cell would be shown as the HTML that it may be
        raw = {"cell_type": kind, "id": f"own-{place}-{number}", "metadata": {}, "source": _source(cell.source, kind)}
        yield raw | {"execution_count": None, "outputs": []} if kind == "code" else raw


def _source(text: str, kind: str) -> list[str]:
    """Return the lines of a cell that bring no element, no address and no control character into a page.

    nbgrader's pages show a student's words to the instructor with any HTML and any link in them, `javascript:` too, and
    an image that is missing stops the whole page. A blank ends what would begin a tag or a link, because a tag's name
    must follow its `<` and a link's address must follow the `]`. Addresses in plain sight (https://…) are still links.
    """
    shown = clean_source(text)
    return (shown if kind == "code" else _MARKUP.sub(r"\g<0> ", shown)).splitlines(keepends=True)
