"""Describe how a notebook differs from the release in ways that a student did not mean to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from autograder.core.model import Assignment, Cell
from autograder.core.text import listed
from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.program import Program
from autograder.notebooks.student_cells import StudentCell, normal, release_of

REMARKS = 20  # that one notebook may get
CHARACTERS = 600  # of one remark
_PLACES = 10  # that one remark names
_CHANGES = ("text", "points", "type", "lock")


def remarks_on(
    cells: Sequence[NotebookCell], written: Sequence[StudentCell], program: Program, assignment: Assignment
) -> tuple[str, ...]:
    """Return a sentence for each difference from the release, except for changes that a student is meant to make."""
    return limited(tuple(_remarks(cells, written, program, assignment)))


def limited(remarks: Sequence[str]) -> tuple[str, ...]:
    """Return as many remarks as one notebook may get, and how many more there are."""
    more = len(remarks) - REMARKS
    return tuple(remark[:CHARACTERS] for remark in remarks[:REMARKS]) + ((f"and {more} more",) if more > 0 else ())


def _remarks(
    cells: Sequence[NotebookCell], written: Sequence[StudentCell], program: Program, assignment: Assignment
) -> Iterator[str]:
    if any(cell.nbgrader for cell in cells):
        yield from _solution_remarks(cells, written, program, assignment)
        yield from _test_remarks(cells, assignment)
    else:
        yield "the notebook has lost its nbgrader metadata; answers were found by the names they define"
    yield from _double_remarks(written, assignment)
    for cell in written:
        if cell.error:
            what = "was not read" if cell.too_large or cell.newer else "is not Python"
            yield f"{cell.label} {what} ({cell.error}) and was left out"
    for number, notebook_cell in enumerate(cells, 1):
        if notebook_cell.damaged:
            yield f"cell {number} is damaged (its source is not text) and was read as empty"


def _solution_remarks(
    cells: Sequence[NotebookCell], written: Sequence[StudentCell], program: Program, assignment: Assignment
) -> Iterator[str]:
    copies = Counter(cell.grade_id for cell in cells)
    sources = {normal(cell.source) for cell in cells}
    solutions = release_of(assignment).solutions
    for stub in assignment.cells:
        name = stub.grade_id
        if name not in solutions:
            continue
        if copies[name] > 1:
            yield f"cell {name} appears {copies[name]} times; the last changed one was graded"
        if not copies[name] and normal(stub.source) not in sources:
            answer = "its answer was found by its name" if name in program.defined else "no other cell defines it"
            yield f"cell {name} is missing from the notebook; {answer}"
        for kind in (cell.origin.kind for cell in written if cell.origin.grade_id == name):
            if kind != "code":
                yield f"cell {name} was a {kind} cell; it was read as code"


def _test_remarks(cells: Sequence[NotebookCell], assignment: Assignment) -> Iterator[str]:
    for test in assignment.cells:
        if test.points is None or test.solution or test.kind != "code":
            continue
        copies = [cell for cell in cells if cell.grade_id == test.grade_id]
        changes = [change for change in _CHANGES if any(change in _changes(cell, test) for cell in copies)]
        if not copies:
            yield f"cell {test.grade_id} is missing; the original was used"
        elif changes:
            yield f"cell {test.grade_id} was changed ({listed(changes)}); the original was used"


def _changes(cell: NotebookCell, test: Cell) -> Iterator[str]:
    if normal(cell.source) != normal(test.source):
        yield "text"
    if cell.nbgrader.get("points") != test.points:
        yield "points"
    if cell.kind != test.kind:
        yield "type"
    if (cell.nbgrader.get("locked"), cell.nbgrader.get("grade")) != (True, True):
        yield "lock"


def _double_remarks(written: Sequence[StudentCell], assignment: Assignment) -> Iterator[str]:
    for exercise in assignment.exercises:
        definitions = [
            cell for cell in written if any(exercise.name in statement.defines for statement in cell.code.statements)
        ]
        if len({cell.origin.grade_id or cell.number for cell in definitions}) > 1:
            places = listed(_some([f"cell {cell.number}" for cell in definitions]))
            yield f"{exercise.name} is defined in several cells ({places}); the last one counts"


def _some(places: list[str]) -> list[str]:
    """Return the first places, and how many more there are."""
    more = len(places) - _PLACES
    return [*places[:_PLACES], f"{more} more"] if more > 0 else places
