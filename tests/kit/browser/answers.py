"""What a student is given, the release, and what they write who get it right: the solutions, without their marks."""

from __future__ import annotations

import zipfile
from pathlib import Path

from autograder.authoring.student_zip import release
from autograder.notebooks.course import Course
from autograder.notebooks.ipynb import parse_notebook

COURSE = Course(Path(__file__).parents[3])
_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")


def unpacked_release(home: Path, *stems: str) -> Path:
    """The folder with the assignments, or those named, as the zip has them."""
    released = release(COURSE, home / "workshops.zip", stems)
    with zipfile.ZipFile(released.path) as archive:
        archive.extractall(home)
    return home / released.folder / "assignments"


def answers(stem: str) -> dict[str, str]:
    """The text of the cell of each exercise of an assignment."""
    sources = {cell.grade_id: cell.source for cell in parse_notebook(COURSE.solution(stem).read_bytes())}
    return {one.name: _unmarked(sources[one.name]) for one in COURSE.assignment(stem).exercises}


def _unmarked(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if line.strip() not in _MARKS)
