"""`export canvas`: write the table that Canvas takes at Grades > Import.

Sources: Canvas' guide "How do I import grades in the Gradebook?" and its `lib/gradebook_importer.rb`. They decide four
things here:

- An empty cell takes away a score that Canvas has. If a downloaded gradebook is filled in, the cell of a student
  without a score stays as it was; in a new one such a student has no row.
- Columns of other assignments, totals and custom columns are left out: they could only undo changes that were made in
  Canvas since the download.
- The row of the points possible belongs to Canvas, apart from new columns.
- `EX`, excused, was entered by a teacher, and stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from autograder.core.csv_tables import cell, csv_bytes, disarmed, exact, is_formula
from autograder.core.model import Assignment
from autograder.instructor.exports.canvas_gradebook import POINTS, Gradebook
from autograder.instructor.exports.canvas_matching import Matches, match
from autograder.instructor.exports.files import WHOLE, Exported
from autograder.instructor.exports.graded_class import GradedClass

NEW = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS_CELL = f"    {POINTS}"


def export(graded: GradedClass, gradebook: Gradebook | None) -> Exported:
    """Return the gradebook with the scores in it: the downloaded one, or a new one from the roster."""
    return _new(graded) if gradebook is None else _filled_in(graded, gradebook)


# ---- a gradebook that was downloaded


def _filled_in(graded: GradedClass, gradebook: Gradebook) -> Exported:
    matches = match(graded.students, gradebook.students)
    columns, unclear = _columns(graded.assignments, gradebook)
    cells, excused = _cells(graded, gradebook, matches, columns)
    titles = [stem if column is None else gradebook.header[column] for stem, column in columns.items()]
    rows = [[*gradebook.header[: gradebook.width], *titles]]
    if gradebook.points is None and None in columns.values():
        rows.append([_POINTS_CELL, *[""] * (gradebook.width - 1), *_new_points(graded, columns).values()])
    rows += [[*row[: gradebook.width], *scores] for row, scores in zip(gradebook.rows, cells, strict=True)]
    left, notes = [*unclear], [*graded.notes, *_on_columns(graded, gradebook, columns), *excused]
    for student in graded.students:
        if problem := matches.problems.get(student.student):
            (left if graded.has_score(student) else notes).append(f"{cell(student.student)} {problem}")
    notes += [f"{cell(row.name)} is in the gradebook and not of this class: left as it is" for row in matches.nobodys]
    data = csv_bytes(([_as_it_was(text) for text in row] for row in rows), gradebook.delimiter)
    return Exported(files={WHOLE: data}, left=tuple(left), notes=tuple(notes))


def _columns(assignments: Sequence[Assignment], gradebook: Gradebook) -> tuple[dict[str, int | None], list[str]]:
    """Return the column of each stem, None for a new one; and a remark on each stem whose column is ambiguous."""
    candidates = {assignment.stem: gradebook.columns(assignment.stem) for assignment in assignments}
    claims = Counter(column for columns in candidates.values() for column in columns)
    chosen: dict[str, int | None] = {}
    unclear = []
    for stem, columns in candidates.items():
        if len(columns) > 1 or any(claims[column] > 1 for column in columns):
            several = ", ".join(cell(gradebook.header[column]) for column in columns)
            unclear.append(f"{stem}: it cannot be told which column is its own ({several}): rename one in Canvas")
        else:
            chosen[stem] = columns[0] if columns else None
    return chosen, unclear


def _cells(
    graded: GradedClass, gradebook: Gradebook, matches: Matches, columns: Mapping[str, int | None]
) -> tuple[list[list[str]], list[str]]:
    """Return the cells of our columns, row by row, and a note on each student who is excused."""
    cells = [["" if column is None else row[column] for column in columns.values()] for row in gradebook.rows]
    if gradebook.points is not None:
        new = _new_points(graded, columns)
        cells[gradebook.points] = [new[stem] or old for stem, old in zip(columns, cells[gradebook.points], strict=True)]
    assignments = {assignment.stem: assignment for assignment in graded.assignments}
    notes = []
    for student in graded.students:
        row = matches.rows.get(student.student)
        for place, stem in enumerate(columns):
            score = graded.score(student, assignments[stem])
            if row is None or score is None:
                continue
            if cells[row][place].strip().casefold() == "ex":
                notes.append(f"{cell(student.student)} is excused from {stem} in Canvas: {exact(score)} is not written")
            else:
                cells[row][place] = exact(score)
    return cells, notes


def _new_points(graded: GradedClass, columns: Mapping[str, int | None]) -> dict[str, str]:
    """Return the points of each new column; empty for columns that Canvas has."""
    points = {assignment.stem: exact(assignment.max_score) for assignment in graded.assignments}
    return {stem: points[stem] if column is None else "" for stem, column in columns.items()}


def _on_columns(graded: GradedClass, gradebook: Gradebook, columns: Mapping[str, int | None]) -> Iterator[str]:
    """Yield what the instructor has to do in Canvas about a column."""
    for assignment in graded.assignments:
        stem, here = assignment.stem, exact(assignment.max_score)
        if stem not in columns:
            continue
        column = columns[stem]
        if column is None:
            yield f"{stem} is not in the gradebook: Canvas will ask whether to make it, of {here} points"
        elif (theirs := _points_of(gradebook, column)) not in (None, assignment.max_score):
            yield f"{stem} has {theirs:g} points in Canvas and {here} here: change that in Canvas"


def _points_of(gradebook: Gradebook, column: int) -> float | None:
    if gradebook.points is None:
        return None
    try:
        return float(gradebook.rows[gradebook.points][column].replace(",", "."))
    except ValueError:
        return None


def _as_it_was(text: str) -> str:
    """Return a cell of the gradebook as it was, unless a spreadsheet would run it: Canvas finds students by ID."""
    return text if re.fullmatch(r"\s*-?[\d.,]*\s*", text) else disarmed(text)


# ---- a new one


def _new(graded: GradedClass) -> Exported:
    """Return a gradebook of the roster's columns `name`, `canvas_id`, `sis_user_id` and `sis_login_id`.

    Without them it has the folder's name. Canvas looks for the ID, the SIS User ID, the SIS Login ID and the name, in
    this order.
    """
    rows = [[*NEW, *(assignment.stem for assignment in graded.assignments)]]
    points = (exact(assignment.max_score) for assignment in graded.assignments)
    rows.append([_POINTS_CELL, *[""] * (len(NEW) - 1), *points])
    left = []
    for student in filter(graded.has_score, graded.students):
        identifiers = [
            student.canvas_id,
            student.columns.get("sis_user_id", ""),
            student.columns.get("sis_login_id") or student.student,
        ]
        if any(is_formula(identifier) or not identifier.isprintable() for identifier in identifiers):
            left.append(
                f"{cell(student.student)} has an identifier that a spreadsheet would not leave as it is: use --roster"
            )
            continue
        scores = (graded.score(student, assignment) for assignment in graded.assignments)
        cells = ["" if score is None else exact(score) for score in scores]
        rows.append([cell(student.name or student.student), *identifiers, "", *cells])
    notes = [*graded.notes, "--roster, with the gradebook as Canvas exports it, finds students more surely"]
    return Exported(files={WHOLE: csv_bytes(rows)}, left=tuple(left), notes=tuple(notes))
