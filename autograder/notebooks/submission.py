"""A student's notebook, reduced to what is graded. The notebook is hostile data; nothing of it is run here.

    bytes → cells → the student's cells → their statements → the needed ones → Source

Points, names and given cells come from the instructor's release; from the student's notebook comes only code.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.model import Assignment, BrokenCell, Cell, CodeCell, Source, SourceCell, Submission, Trained
from autograder.core.sanitize import clean
from autograder.core.text import listed
from autograder.notebooks.code_budget import require_no_hidden_numbers
from autograder.notebooks.ipynb import SOURCE_CHARACTERS, NotebookCell, parse_notebook, read_bytes
from autograder.notebooks.statements import Code, NotPython, Program, Statement, read_code, same_code
from autograder.notebooks.trained_model import NotTrained, read_trained

REMARKS = 20


def read_submission(path: Path, assignment: Assignment, student: str) -> Submission:
    """One notebook in, one submission out. Raises `Ungradable` where the file is no readable notebook."""
    data = read_bytes(path)
    cells = parse_notebook(data)
    written = students_cells(cells, assignment)
    program = program_of(written)
    source = source_of(written, program, assignment)
    if assignment.torch:
        require_no_hidden_numbers(source)
    return Submission(
        student=student,
        assignment=assignment.stem,
        sha256=hashlib.sha256(data).hexdigest(),
        source=source,
        trained=_trained(data) if assignment.torch else "",
        calls=calls_between(program, assignment),
        remarks=_shortened(_remarks(cells, written, program, assignment)),
        code=_shown(written, program, assignment),
    )


def _trained(data: bytes) -> Trained | str:
    try:
        return read_trained(data)
    except NotTrained as problem:
        return str(problem)


# ---- the student's cells


@dataclass(frozen=True)
class StudentCell:
    """A cell that the student added or changed, read as code."""

    number: int  # among all cells of the notebook, from 1
    label: str
    origin: NotebookCell
    exercises: tuple[str, ...]  # that it carries, by its grade_id, or defines
    code: Code
    error: str | None = None  # why it is no Python


@dataclass(frozen=True)
class _Release:
    """What the instructor's cells are compared by; built once per assignment."""

    sources: frozenset[str]
    codes: tuple[Code, ...]
    given: tuple[SourceCell, ...]
    kinds: dict[str, str]  # of graded cells, by grade_id
    solutions: tuple[str, ...]  # the grade_ids of cells to be filled with code


def students_cells(cells: Sequence[NotebookCell], assignment: Assignment) -> tuple[StudentCell, ...]:
    """The code cells that differ from every cell of the release in more than comments and blanks, in order.

    A solution cell that became text counts as code; a question's text that became code does not.
    """
    release = _release(assignment.cells)
    found = []
    for number, cell in enumerate(cells, 1):
        if _reads_as_code(cell, release) and normal(cell.source) not in release.sources:
            written = _student_cell(number, cell, assignment)
            if written.error or not any(same_code(written.code, code) for code in release.codes):
                found.append(written)
    labels = _unique(cell.label for cell in found)
    return tuple(replace(cell, label=label) for cell, label in zip(found, labels, strict=True))


@lru_cache(maxsize=32)
def _release(cells: tuple[Cell, ...]) -> _Release:
    codes, given = [], []
    for cell in cells:
        code, error = _code_or_error(cell.source) if cell.kind == "code" else (Code("", ()), None)
        codes.append(code)
        if "given" in cell.tags:
            if error:
                raise UserError(f"a given cell of the release is no Python ({error}): mend it in solutions/")
            given.append(SourceCell("given", code.text, tuple(range(len(code.statements)))))
    labels = _unique(cell.label for cell in given)
    return _Release(
        sources=frozenset(normal(cell.source) for cell in cells),
        codes=tuple(code for code in codes if code.statements),
        given=tuple(replace(cell, label=label) for cell, label in zip(given, labels, strict=True)),
        kinds={cell.grade_id: cell.kind for cell in cells if cell.grade_id},
        solutions=tuple(c.grade_id for c in cells if c.grade_id and c.solution and c.kind == "code"),
    )


def _reads_as_code(cell: NotebookCell, release: _Release) -> bool:
    if cell.kind != "code":
        return cell.grade_id in release.solutions
    return release.kinds.get(cell.grade_id or "", "code") == "code"


def _student_cell(number: int, cell: NotebookCell, assignment: Assignment) -> StudentCell:
    code, error = _code_or_error(cell.source)
    defined = {name for statement in code.statements for name in statement.defines}
    if error:
        defined = {e.name for e in assignment.exercises if _seems_to_define(cell.source, e.name)}
    exercises = tuple(e.name for e in assignment.exercises if e.name in defined or e.name == cell.grade_id)
    label = f"your cell {exercises[0]}" if len(exercises) == 1 else f"cell {number}"
    return StudentCell(number, label, cell, exercises, code, error)


def _code_or_error(text: str) -> tuple[Code, str | None]:
    try:
        return read_code(text), None
    except NotPython as error:
        return Code(text, ()), str(error)


def _seems_to_define(text: str, name: str) -> bool:
    """Whether text that cannot be parsed looks as if it defined the name."""
    definition = r"\b(?:def|class)[ \t]+{0}\b|^[ \t]*{0}[ \t]*=(?!=)".format(re.escape(name))
    return re.search(definition, text, re.MULTILINE) is not None


def normal(text: str) -> str:
    """A source as cells are compared: no blanks at the ends of lines, no blank lines around it."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _unique(labels: Iterable[str]) -> list[str]:
    """`a, a, b` becomes `a, a (2), b`."""
    seen = Counter[str]()
    unique = []
    for label in labels:
        seen[label] += 1
        unique.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return unique


# ---- what of them is run


def program_of(written: Iterable[StudentCell]) -> Program:
    return Program(tuple(statement for cell in written for statement in cell.code.statements))


def source_of(written: Iterable[StudentCell], program: Program, assignment: Assignment) -> Source:
    """The given cells, whole, and then what the exercises need of the student's cells, in notebook order."""
    needed = program.needed(exercise.name for exercise in assignment.exercises)
    chosen = (SourceCell(cell.label, cell.code.text, _indices(cell.code, needed), cell.exercises) for cell in written)
    given = _release(assignment.cells).given
    cells = given + tuple(cell for cell in chosen if cell.statements)
    return Source(cells, _broken_cells(written, program), assignment.companion)


def _indices(code: Code, needed: frozenset[Statement]) -> tuple[int, ...]:
    return tuple(index for index, statement in enumerate(code.statements) if statement in needed)


def calls_between(program: Program, assignment: Assignment) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each exercise that is defined, the other exercises its code refers to, in course order.

    Directly or through the student's own functions and constants; what another exercise calls is not counted.
    """
    names = [exercise.name for exercise in assignment.exercises]
    defined = _defined(program)
    calls = []
    for name in filter(defined.__contains__, names):
        used = {used for statement in program.binders.get(name, ()) for used in statement.needs}
        reached = program.reached(used, stop=frozenset(names))
        calls.append((name, tuple(other for other in names if other != name and other in reached)))
    return tuple(calls)


def _defined(program: Program) -> frozenset[str]:
    return frozenset(name for statement in program.statements for name in statement.defines)


def _shown(written: Iterable[StudentCell], program: Program, assignment: Assignment) -> tuple[CodeCell, ...]:
    """The cells of which something is run, and those that would be if they were Python."""
    needed = program.needed(exercise.name for exercise in assignment.exercises)
    return tuple(
        CodeCell(cell.label, clean(cell.origin.source.expandtabs(4), SOURCE_CHARACTERS, newlines=True), cell.exercises)
        for cell in written
        if cell.error or _indices(cell.code, needed)
    )


def _broken_cells(written: Iterable[StudentCell], program: Program) -> tuple[BrokenCell, ...]:
    """The cells that are no Python, with the exercises that no other cell defines."""
    defined = _defined(program)
    return tuple(
        BrokenCell(cell.label, tuple(name for name in cell.exercises if name not in defined), cell.error)
        for cell in written
        if cell.error
    )


# ---- what was repaired


def _remarks(
    cells: Sequence[NotebookCell], written: Sequence[StudentCell], program: Program, assignment: Assignment
) -> Iterator[str]:
    """One sentence for each thing that was not as handed out; none for what a student is meant to change."""
    if any(cell.nbgrader for cell in cells):
        yield from _solution_remarks(cells, written, program, assignment)
        yield from _test_remarks(cells, assignment)
    else:
        yield "the notebook has lost its nbgrader metadata; answers were found by the names they define"
    yield from _double_remarks(written, assignment)
    for cell in written:
        if cell.error:
            yield f"{cell.label} is not Python ({cell.error}) and was left out"
    for number, raw in enumerate(cells, 1):
        if raw.damaged:
            yield f"cell {number} is damaged (its source is not text) and was read as empty"


def _solution_remarks(
    cells: Sequence[NotebookCell], written: Sequence[StudentCell], program: Program, assignment: Assignment
) -> Iterator[str]:
    copies = Counter(cell.grade_id for cell in cells)
    sources = {normal(cell.source) for cell in cells}
    for stub in assignment.cells:
        name = stub.grade_id
        if name not in _release(assignment.cells).solutions:
            continue
        if copies[name] > 1:
            yield f"cell {name} appears {copies[name]} times; the last changed one was graded"
        if not copies[name] and normal(stub.source) not in sources:
            found = name in _defined(program)
            answer = "its answer was found by its name" if found else "no other cell defines it"
            yield f"cell {name} is missing from the notebook; {answer}"
        for kind in (cell.origin.kind for cell in written if cell.origin.grade_id == name):
            if kind != "code":
                yield f"cell {name} was a {kind} cell; it was read as code"


def _test_remarks(cells: Sequence[NotebookCell], assignment: Assignment) -> Iterator[str]:
    for test in assignment.cells:
        if test.points is None or test.solution or test.kind != "code":
            continue
        copies = [cell for cell in cells if cell.grade_id == test.grade_id]
        changes = [what for what in _CHANGES if any(what in _changes(cell, test) for cell in copies)]
        if not copies:
            yield f"cell {test.grade_id} is missing; the original was used"
        elif changes:
            yield f"cell {test.grade_id} was changed ({listed(changes)}); the original was used"


_CHANGES = ("text", "points", "type", "lock")


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
        homes = [cell for cell in written if any(exercise.name in s.defines for s in cell.code.statements)]
        if len({cell.origin.grade_id or cell.number for cell in homes}) > 1:
            places = listed(f"cell {cell.number}" for cell in homes)
            yield f"{exercise.name} is defined in several cells ({places}); the last one counts"


def _shortened(remarks: Iterable[str]) -> tuple[str, ...]:
    found = tuple(remarks)
    more = len(found) - REMARKS
    return found[:REMARKS] + ((f"and {more} more",) if more > 0 else ())
