"""What a student writes who gets it right: the solutions, without the marks that stand around them."""

from __future__ import annotations

from pathlib import Path

from autograder.course import Course
from autograder.notebook import parse_notebook

COURSE = Course(Path(__file__).parents[2])
_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")


def answers(stem: str) -> dict[str, str]:
    """The text of the cell of each exercise of an assignment."""
    sources = {cell.grade_id: cell.source for cell in parse_notebook(COURSE.solution(stem).read_bytes())}
    return {one.name: _unmarked(sources[one.name]) for one in COURSE.assignment(stem).exercises}


def _unmarked(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if line.strip() not in _MARKS)
