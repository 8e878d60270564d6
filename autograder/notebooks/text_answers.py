"""Find the answers to the questions in words: cells of text that a person grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.core.model import Assignment, Cell
from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.student_cells import normal


@dataclass(frozen=True)
class Question:
    """A question in words, and whether a notebook answers it."""

    name: str  # its grade_id
    points: float
    answered: bool


def questions_in(assignment: Assignment) -> dict[str, Cell]:
    """Return the cells to answer in words, by grade_id, in the assignment's order."""
    return {
        cell.grade_id: cell for cell in assignment.cells if cell.solution and cell.kind == "markdown" and cell.grade_id
    }


def text_answers(cells: Sequence[NotebookCell], assignment: Assignment) -> dict[str, NotebookCell]:
    """Return the last cell with each question's grade_id that is not empty and not as it was released."""
    released = {name: normal(cell.source) for name, cell in questions_in(assignment).items()}
    return {
        cell.grade_id: cell
        for cell in cells
        if cell.grade_id and cell.grade_id in released and normal(cell.source) not in ("", released[cell.grade_id])
    }


def questions_of(cells: Sequence[NotebookCell], assignment: Assignment) -> tuple[Question, ...]:
    """Return each question of an assignment, and whether these cells of a notebook answer it."""
    answers = text_answers(cells, assignment)
    return tuple(Question(name, cell.points or 0.0, name in answers) for name, cell in questions_in(assignment).items())
