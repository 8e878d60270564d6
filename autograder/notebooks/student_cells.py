"""Find the cells of a notebook that the student wrote: those that differ from the instructor's release."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from autograder.core.errors import UserError
from autograder.core.model import Assignment, Cell, SourceCell
from autograder.notebooks.cell_code import Code, NotPython, read_code, same_code, source_statements
from autograder.notebooks.ipynb import NotebookCell
from autograder.notebooks.newer_python import Feature, newer_feature, older_syntax
from autograder.notebooks.parser import Budget, OverBudget
from autograder.notebooks.statements import Statement

_NO_CODE = (Code("", ()), None, False)
_RELEASED_TAGS = frozenset({"setup", "given", "demo"})


@dataclass(frozen=True, kw_only=True)
class StudentCell:
    """A cell that the student added or changed, read as code."""

    number: int  # among all cells of the notebook, from 1
    label: str
    origin: NotebookCell
    exercises: tuple[str, ...]  # that it stands for, by its grade_id, or defines
    code: Code
    error: str | None = None  # why it is not valid Python, or is too large to be read
    too_large: bool = False
    newer: Feature | None = None  # what needs a newer Python than the one that grades
    released: bool = False  # a cell of the release that is not to be filled: with a test, a setup, a demonstration

    @property
    def is_solution(self) -> bool:
        """Return whether all of it is run, and not only what exercises need."""
        return bool(self.exercises) and not self.released


@dataclass(frozen=True, kw_only=True)
class Release:
    """The cells of an assignment's release, prepared for comparing a student's cells with them."""

    sources: frozenset[str]  # of all cells, normalized
    codes: tuple[Code, ...]
    given: tuple[SourceCell, ...]  # cells that run before the student's
    given_statements: tuple[Statement, ...]
    demo_names: frozenset[str]  # bound by cells that grading leaves out: setup, tests and demonstrations
    kinds: dict[str, str]  # of graded cells, by grade_id
    solutions: tuple[str, ...]  # the grade_ids of cells to be filled with code
    untouched: frozenset[str]  # the ids of code cells that are not to be filled


def release_of(assignment: Assignment) -> Release:
    """Return the release of an assignment. It is prepared once."""
    return _release_of(assignment.cells)


@lru_cache(maxsize=32)
def _release_of(cells: tuple[Cell, ...]) -> Release:
    codes, given, given_statements, demo_names = [], list[SourceCell](), list[Statement](), set[str]()
    for cell in cells:
        code, error, _ = _code_or_error(cell.source, Budget.unlimited()) if cell.kind == "code" else _NO_CODE
        codes.append(code)
        if "given" in cell.tags:
            if error:
                raise UserError(f"a given cell of the release is not Python ({error}): fix it in solutions/")
            given.append(SourceCell("given", code.text, source_statements(code)))
            given_statements += code.statements
        elif not cell.solution:
            demo_names |= {name for statement in code.statements for name in statement.defines}
    labels = _unique(cell.label for cell in given)
    return Release(
        sources=frozenset(normal(cell.source) for cell in cells),
        codes=tuple(code for code in codes if code.statements),
        given=tuple(replace(cell, label=label) for cell, label in zip(given, labels, strict=True)),
        given_statements=tuple(given_statements),
        demo_names=frozenset(demo_names),
        kinds={cell.grade_id: cell.kind for cell in cells if cell.grade_id},
        solutions=tuple(cell.grade_id for cell in cells if cell.grade_id and cell.solution and cell.kind == "code"),
        untouched=frozenset(
            cell.cell_id for cell in cells if cell.cell_id and cell.kind == "code" and not cell.solution
        ),
    )


def students_cells(cells: Sequence[NotebookCell], assignment: Assignment) -> tuple[StudentCell, ...]:
    """Return the code cells that differ from every cell of the release in more than comments and blanks, in order.

    A solution cell that became text counts as code. A question's text that became code does not.
    """
    release = release_of(assignment)
    budget = Budget()
    changed = []
    for number, cell in enumerate(cells, 1):
        if _reads_as_code(cell, release) and normal(cell.source) not in release.sources:
            written = _student_cell(number, cell, assignment, budget)
            if written.error or not any(same_code(written.code, code) for code in release.codes):
                changed.append(written)
    labels = _unique(cell.label for cell in changed)
    return tuple(replace(cell, label=label) for cell, label in zip(changed, labels, strict=True))


def _reads_as_code(cell: NotebookCell, release: Release) -> bool:
    if cell.kind != "code":
        return cell.grade_id in release.solutions
    return release.kinds.get(cell.grade_id or "", "code") == "code"


def _student_cell(number: int, cell: NotebookCell, assignment: Assignment, budget: Budget) -> StudentCell:
    code, error, too_large = _code_or_error(cell.source, budget)
    newer = newer_feature(cell.source, assignment.python) if assignment.python else None
    if error and not too_large and (older := _in_older_syntax(cell.source, budget)):
        code, newer = older
        error = f"it uses {newer.described}"
    names = [exercise.name for exercise in assignment.exercises]
    defined = {name for statement in code.statements for name in statement.defines}
    if error and not code.statements:
        defined = {name for name in names if _seems_to_define(cell.source, name)}
    exercises = tuple(name for name in names if name in defined or name == cell.grade_id)
    named = len(exercises) == 1 and not too_large
    return StudentCell(
        number=number,
        label=f"your cell {exercises[0]}" if named else f"cell {number}",
        origin=cell,
        exercises=exercises,
        code=code,
        error=error,
        too_large=too_large,
        newer=newer,
        released=_is_released(cell, assignment),
    )


def _is_released(cell: NotebookCell, assignment: Assignment) -> bool:
    """Return whether a cell is one of the release that a student was not asked to write, by its marks."""
    kinds = release_of(assignment)
    if cell.grade_id in kinds.kinds:
        return cell.grade_id not in kinds.solutions
    return not _RELEASED_TAGS.isdisjoint(cell.tags) or (cell.cell_id is not None and cell.cell_id in kinds.untouched)


def _code_or_error(text: str, budget: Budget) -> tuple[Code, str | None, bool]:
    """Return a cell's code, why there is none, and whether that is because it is too large."""
    try:
        return read_code(text, budget), None, False
    except (NotPython, OverBudget) as error:
        return Code(text, ()), str(error), isinstance(error, OverBudget)


def _in_older_syntax(text: str, budget: Budget) -> tuple[Code, Feature] | None:
    """Return the code of a cell that only a newer Python can read, written for this one; None if it is none."""
    older = older_syntax(text)
    newest = older.newest()
    if newest is None or newest.version <= sys.version_info[:2]:
        return None
    try:
        for field in older.fields:
            budget.parse(f"({field}\n)")
        return read_code(older.text, budget), newest
    except (NotPython, OverBudget, SyntaxError, ValueError):
        return None


def _seems_to_define(text: str, name: str) -> bool:
    """Return whether text that cannot be parsed seems to define the name."""
    definition = r"\b(?:def|class)[ \t]+{0}\b|^[ \t]*{0}[ \t]*=(?!=)".format(re.escape(name))
    return re.search(definition, text, re.MULTILINE) is not None


def normal(text: str) -> str:
    """Return a source for comparing it: no blanks at the ends of lines, no empty lines around it."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _unique(labels: Iterable[str]) -> list[str]:
    """Return the labels with numbers where they repeat: `a, a, b` becomes `a, a (2), b`."""
    seen = Counter[str]()
    unique = []
    for label in labels:
        seen[label] += 1
        unique.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return unique
