"""`export canvas`: the table that Canvas takes at Grades > Import.

Sources: Canvas' guide "How do I import grades in the Gradebook?" and its `lib/gradebook_importer.rb`. They decide four
things here:

- An empty cell takes away a score that Canvas has. In a gradebook that was downloaded the cell of whoever has no score
  here stays as it was; without one such a student has no row.
- Columns of other assignments, totals and columns of one's own are left out: they could only undo what was done in
  Canvas since the download.
- The row of the points possible belongs to Canvas, apart from new columns.
- `EX`, excused, is a teacher's word, and stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from autograder.core.csv_tables import cell, csv_bytes, disarmed, exact, is_formula
from autograder.core.model import Assignment
from autograder.instructor.exports.canvas_gradebook import POINTS, Gradebook, Matches, match
from autograder.instructor.exports.files import WHOLE, Exported
from autograder.instructor.exports.graded_class import GradedClass

NEW = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS_CELL = f"    {POINTS}"


def export(graded: GradedClass, gradebook: Gradebook | None) -> Exported:
    """The gradebook with the scores in it: one that was downloaded, or a new one from roster.csv."""
    return _new(graded) if gradebook is None else _filled_in(graded, gradebook)


# ---- a gradebook that was downloaded


def _filled_in(graded: GradedClass, gradebook: Gradebook) -> Exported:
    matches = match(graded.students, gradebook.students)
    columns, unclear = _columns(graded.assignments, gradebook)
    cells, excused = _cells(graded, gradebook, matches, columns)
    titles = [stem if at is None else gradebook.header[at] for stem, at in columns.items()]
    rows = [[*gradebook.header[: gradebook.width], *titles]]
    if gradebook.points is None and None in columns.values():
        rows.append([_POINTS_CELL, *[""] * (gradebook.width - 1), *_new_points(graded, columns).values()])
    rows += [[*row[: gradebook.width], *mine] for row, mine in zip(gradebook.rows, cells, strict=True)]
    left, notes = [*unclear], [*graded.notes, *_on_columns(graded, gradebook, columns), *excused]
    for student in graded.students:
        if problem := matches.problems.get(student.id):
            (left if graded.scored(student) else notes).append(f"{cell(student.id)} {problem}")
    notes += [f"{cell(row.name)} is in the gradebook and not of this class: left as it is" for row in matches.nobodys]
    data = csv_bytes(([_as_it_was(one) for one in row] for row in rows), gradebook.delimiter)
    return Exported({WHOLE: data}, tuple(left), tuple(notes))


def _columns(assignments: Sequence[Assignment], gradebook: Gradebook) -> tuple[dict[str, int | None], list[str]]:
    """The column of each stem, None for a new one; and of whom nobody can tell which it is."""
    found = {one.stem: gradebook.columns(one.stem) for one in assignments}
    wanted = Counter(at for columns in found.values() for at in columns)
    chosen: dict[str, int | None] = {}
    unclear = []
    for stem, columns in found.items():
        if len(columns) > 1 or any(wanted[at] > 1 for at in columns):
            several = ", ".join(cell(gradebook.header[at]) for at in columns)
            unclear.append(f"{stem}: it cannot be told which column is its own ({several}): rename one in Canvas")
        else:
            chosen[stem] = columns[0] if columns else None
    return chosen, unclear


def _cells(
    graded: GradedClass, gradebook: Gradebook, matches: Matches, columns: Mapping[str, int | None]
) -> tuple[list[list[str]], list[str]]:
    """The cells of our columns, row by row, and a note on each student who is excused."""
    cells = [["" if at is None else row[at] for at in columns.values()] for row in gradebook.rows]
    if gradebook.points is not None:
        new = _new_points(graded, columns)
        cells[gradebook.points] = [new[stem] or old for stem, old in zip(columns, cells[gradebook.points], strict=True)]
    assignments = {one.stem: one for one in graded.assignments}
    notes = []
    for student in graded.students:
        row = matches.rows.get(student.id)
        for at, stem in enumerate(columns):
            score = graded.score(student, assignments[stem])
            if row is None or score is None:
                continue
            if cells[row][at].strip().casefold() == "ex":
                notes.append(f"{cell(student.id)} is excused from {stem} in Canvas: {exact(score)} is not written")
            else:
                cells[row][at] = exact(score)
    return cells, notes


def _new_points(graded: GradedClass, columns: Mapping[str, int | None]) -> dict[str, str]:
    """The points of each new column; empty for those that Canvas has."""
    worth = {one.stem: exact(one.max_score) for one in graded.assignments}
    return {stem: worth[stem] if at is None else "" for stem, at in columns.items()}


def _on_columns(graded: GradedClass, gradebook: Gradebook, columns: Mapping[str, int | None]) -> Iterator[str]:
    """What is to be done in Canvas about a column."""
    for one in graded.assignments:
        if one.stem not in columns:
            continue
        here, at = exact(one.max_score), columns[one.stem]
        if at is None:
            yield f"{one.stem} is not in the gradebook: Canvas will ask whether to make it, of {here} points"
        elif (theirs := _points_of(gradebook, at)) not in (None, one.max_score):
            yield f"{one.stem} has {theirs:g} points in Canvas and {here} here: change that in Canvas"


def _points_of(gradebook: Gradebook, column: int) -> float | None:
    if gradebook.points is None:
        return None
    try:
        return float(gradebook.rows[gradebook.points][column].replace(",", "."))
    except ValueError:
        return None


def _as_it_was(text: str) -> str:
    """Canvas finds students by ID, so that a name may be disarmed; a number is no formula."""
    return text if re.fullmatch(r"\s*-?[\d.,]*\s*", text) else disarmed(text)


# ---- a new one


def _new(graded: GradedClass) -> Exported:
    """From the roster: its columns `name`, `canvas_id`, `sis_user_id` and `sis_login_id`, else the folder's name.

    Canvas looks for the ID, the SIS User ID, the SIS Login ID and the name, in this order.
    """
    rows = [[*NEW, *(one.stem for one in graded.assignments)]]
    rows.append([_POINTS_CELL, *[""] * (len(NEW) - 1), *(exact(one.max_score) for one in graded.assignments)])
    left = []
    for student in filter(graded.scored, graded.students):
        identifiers = [
            student.roster.get("canvas_id", ""),
            student.roster.get("sis_user_id", ""),
            student.roster.get("sis_login_id") or student.id,
        ]
        if any(is_formula(one) or not one.isprintable() for one in identifiers):
            left.append(
                f"{cell(student.id)} has an identifier that a spreadsheet would not leave as it is: use --roster"
            )
            continue
        scores = (graded.score(student, one) for one in graded.assignments)
        written = ["" if score is None else exact(score) for score in scores]
        rows.append([cell(student.name or student.id), *identifiers, "", *written])
    notes = [*graded.notes, "--roster, with the gradebook as Canvas exports it, finds students more surely"]
    return Exported({WHOLE: csv_bytes(rows)}, tuple(left), tuple(notes))
