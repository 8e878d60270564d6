"""Reduce a student's notebook to what is graded. The notebook is hostile data; none of it is run here.

    bytes → cells → the student's cells → their statements → the statements that exercises need → Source

Points, names and given cells come from the instructor's release. Only code comes from the student's notebook.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.core.errors import Ungradable
from autograder.core.model import (
    Assignment,
    BrokenCell,
    CodeCell,
    NoModel,
    Source,
    SourceCell,
    Submission,
    TrainedModel,
)
from autograder.core.sanitize import clean
from autograder.notebooks.cell_code import source_statements
from autograder.notebooks.code_budget import require_no_hidden_numbers
from autograder.notebooks.ipynb import NotebookCell, parse_notebook, read_bytes
from autograder.notebooks.newer_python import written as written_version
from autograder.notebooks.program import Program
from autograder.notebooks.remarks import remarks_on
from autograder.notebooks.statements import Statement
from autograder.notebooks.student_cells import StudentCell, release_of, students_cells
from autograder.notebooks.trained_model import NotTrained, read_trained

SHOWN_CHARACTERS = 300_000  # of a submission's code, in its record and on its page: a person writes far less


def read_submission(path: Path, assignment: Assignment, student: str) -> Submission:
    """Read one notebook. Raise Ungradable if the file is not a readable notebook."""
    return submission_of(read_bytes(path), assignment, student)


def submission_of(data: bytes, assignment: Assignment, student: str) -> Submission:
    """Return what is graded of a notebook's content. Raise Ungradable if it is not a readable notebook."""
    cells = parse_notebook(data)
    written = students_cells(cells, assignment)
    program = _program(written, assignment, _names(assignment))
    _require_readable(written, program, assignment)
    source = _source(written, program, assignment)
    if assignment.torch:
        require_no_hidden_numbers(source)
    return Submission(
        student=student,
        assignment=assignment.stem,
        sha256=hashlib.sha256(data).hexdigest(),
        source=source,
        trained=_trained(data) if assignment.torch else NoModel(),
        calls=_calls_between(program, assignment),
        remarks=remarks_on(cells, written, program, assignment),
        code=_code_cells(written, program),
    )


def source_of(cells: Sequence[NotebookCell], assignment: Assignment, exercise: str) -> Source:
    """Return what is run of a notebook's cells for one exercise: what `submission_of` takes, less what others need.

    A companion may call every exercise, so with one all are needed. Raise Ungradable if it is written for a newer
    Python.
    """
    written = students_cells(cells, assignment)
    program = _program(written, assignment, _names(assignment) if assignment.companion else [exercise])
    _require_readable(written, program, assignment)
    return _source(written, program, assignment)


def _names(assignment: Assignment) -> list[str]:
    return [exercise.name for exercise in assignment.exercises]


def _require_readable(written: Sequence[StudentCell], program: Program, assignment: Assignment) -> None:
    """Raise Ungradable if something that is graded is written for a newer Python than the one that grades."""
    for cell in written:
        if cell.newer and not program.needed.isdisjoint(cell.code.statements):
            uses = f"{cell.label} uses {cell.newer.described}"
            if assignment.python:
                ours = written_version(assignment.python)
                raise Ungradable(f"{uses}, and Python {ours} grades it. Write it in the syntax of Python {ours}.")
            raise Ungradable(
                f"{uses}, and this is Python {written_version(sys.version_info)}. "
                f"Grade it with Python {written_version(cell.newer.version)} or newer."
            )


def _program(written: Sequence[StudentCell], assignment: Assignment, names: Sequence[str]) -> Program:
    """Return the program of a notebook, in which the solution cells of these exercises are run whole."""

    def statements(cells: Iterable[StudentCell]) -> tuple[Statement, ...]:
        all_of_them = (statement for cell in cells for statement in cell.code.statements)
        return tuple(statement for statement in all_of_them if not statement.imports_kit)

    return Program(
        statements(written),
        tuple(names),
        whole=frozenset(
            statements(cell for cell in written if cell.is_solution and not set(names).isdisjoint(cell.exercises))
        ),
        released=frozenset(statements(cell for cell in written if cell.released)),
        exercises=frozenset(exercise.name for exercise in assignment.exercises),
        given=release_of(assignment).given_statements,
    )


def _trained(data: bytes) -> TrainedModel | NoModel:
    try:
        return read_trained(data)
    except NotTrained as problem:
        return NoModel(str(problem))


def _source(written: Sequence[StudentCell], program: Program, assignment: Assignment) -> Source:
    """Return the given cells, whole, and then what the exercises need of the student's cells, in notebook order."""
    chosen = (
        SourceCell(cell.label, cell.code.text, source_statements(cell.code, program.needed), cell.exercises)
        for cell in written
    )
    cells = release_of(assignment).given + tuple(cell for cell in chosen if cell.statements)
    return Source(cells, _broken_cells(written, program), assignment.companion)


def _broken_cells(written: Iterable[StudentCell], program: Program) -> tuple[BrokenCell, ...]:
    """Return the cells that are not valid Python, each with its exercises that no other cell defines."""
    return tuple(
        BrokenCell(
            cell.label,
            tuple(name for name in cell.exercises if name not in program.defined),
            cell.error,
            cell.too_large,
        )
        for cell in written
        if cell.error
    )


def _calls_between(program: Program, assignment: Assignment) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return, for each exercise that is defined, the other exercises that its code refers to, in course order.

    It may refer to them through the student's own functions and constants, but not through another exercise.
    """
    names = _names(assignment)
    calls = []
    for name in names:
        if name in program.defined:
            used = {used for statement in program.binders.get(name, ()) for used in statement.needs}
            reached = program.reached(used, stop=frozenset(names))
            calls.append((name, tuple(other for other in names if other != name and other in reached)))
    return tuple(calls)


def _code_cells(written: Iterable[StudentCell], program: Program) -> tuple[CodeCell, ...]:
    """Return the cells that are run at least in part, and those that are not valid Python, as feedback shows them.

    Text beyond `SHOWN_CHARACTERS` is cut.
    """
    cells, space = [], SHOWN_CHARACTERS
    for cell in written:
        if cell.error or not program.needed.isdisjoint(cell.code.statements):
            text = clean(cell.origin.source[:space].expandtabs(4), space, newlines=True)
            if len(text) < len(cell.origin.source):
                text += f"\n… the rest of {len(cell.origin.source)} characters is not shown"
            cells.append(CodeCell(cell.label, text, cell.exercises))
            space = max(space - len(text), 0)
    return tuple(cells)
