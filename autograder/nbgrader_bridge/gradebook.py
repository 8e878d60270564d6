"""Fills nbgrader's gradebook with a class in one transaction, through its own tables.

nbgrader's interface commits cell by cell, which takes an hour where this takes seconds; what stands in the tables
afterwards is the same. A human's scores, comments and extra credit are never touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import sqlalchemy
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.preprocessors import SaveCells
from sqlalchemy import Connection, Table, bindparam, insert, select, update

from autograder.core.errors import UserError
from autograder.nbgrader_bridge.marks import Entry, Mark, needs_a_human

# Formgrader asks for grades by notebook and by cell, thousands of times a page; without these it reads whole tables.
INDEXES = {
    "grade": ("notebook_id", "cell_id"),
    "comment": ("notebook_id", "cell_id"),
    "submitted_notebook": ("assignment_id", "notebook_id"),
    "submitted_assignment": ("student_id", "assignment_id"),
    "base_cell": ("notebook_id",),
}


def fill(
    url: str, course_id: str, releases: Mapping[str, Path], dues: Mapping[str, datetime], entries: Sequence[Entry]
) -> None:
    """Write the entries; `releases` are the released notebooks of their assignments, `dues` when they are due, by stem.

    Raises UserError where the gradebook is in use, or knows other cells than the release.
    """
    try:
        with Gradebook(url, course_id) as gradebook:
            _record_releases(gradebook, url, releases, dues)
            engine = gradebook.engine
            with engine.begin() as connection:
                _write(connection, _known(connection), entries)
                _index(connection)
    except sqlalchemy.exc.OperationalError as error:
        raise UserError(f"The gradebook {url} cannot be written ({error.orig}): is another program using it?") from None
    except sqlalchemy.exc.DatabaseError as error:
        raise UserError(
            f"The gradebook {url} cannot be read ({error.orig}): put a copy of it back, or move it away for a new one."
        ) from None


def _record_releases(gradebook: Any, url: str, releases: Mapping[str, Path], dues: Mapping[str, datetime]) -> None:
    """Tell the gradebook of the assignments' cells, as `nbgrader generate_assignment` does."""
    for stem, path in releases.items():
        due = {"duedate": _naive(dues[stem])} if stem in dues else {}
        gradebook.update_or_create_assignment(stem, **due)
        names = {"notebook": path.stem, "assignment": stem, "db_url": url}
        try:
            SaveCells().preprocess(_read(path), {"nbgrader": names})
        except RuntimeError as error:
            raise UserError(
                f"{stem}: {error}. Graded cells cannot change once there are submissions: take the release back, "
                "or name another gradebook."
            ) from None


def _read(path: Path) -> Any:
    read: Any = nbformat.read
    return read(path, as_version=4)


# ---- what is there


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


@dataclass(frozen=True)
class _Known:
    """What the gradebook holds already, by what it is called; ids are nbgrader's."""

    students: frozenset[str]
    notebooks: Mapping[str, tuple[str, str]]  # by assignment: the ids of it and of its notebook
    cells: Mapping[tuple[str, str, str], str]  # by notebook, name and kind
    submissions: Mapping[tuple[str, str], tuple[str, datetime | None]]  # by assignment and student: id and time
    handed: Mapping[tuple[str, str], str]  # by submission and notebook
    grades: Mapping[tuple[str, str], tuple[str, float | None, float | None, bool]]  # by notebook and cell
    comments: Mapping[tuple[str, str], tuple[str, str | None]]  # by notebook and cell


def _known(connection: Connection) -> _Known:
    def asked(model: Any, columns: str) -> list[Any]:
        table = _table(model)
        return list(connection.execute(select(*(table.c[name] for name in columns.split()))))

    names = dict(map(tuple, asked(Assignment, "id name")))
    grades = asked(Grade, "notebook_id cell_id id auto_score manual_score needs_manual_grade")
    return _Known(
        frozenset(name for (name,) in asked(Student, "id")),
        {names[one]: (one, notebook) for one, notebook in asked(Notebook, "assignment_id id")},
        {(notebook, name, kind): one for notebook, name, kind, one in asked(BaseCell, "notebook_id name type id")},
        {
            (one, who): (key, at)
            for one, who, key, at in asked(SubmittedAssignment, "assignment_id student_id id timestamp")
        },
        {(one, notebook): key for one, notebook, key in asked(SubmittedNotebook, "assignment_id notebook_id id")},
        {(notebook, cell): tuple(rest) for notebook, cell, *rest in grades},
        {(one, cell): (key, said) for one, cell, key, said in asked(Comment, "notebook_id cell_id id auto_comment")},
    )


# ---- what is new


@dataclass
class _Rows:
    """What is to be inserted into one table, and what is to be changed in it."""

    model: Any
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **values: Any) -> str:
        name: str = new_uuid()
        self.new.append({"id": name, **values})
        return name

    def change(self, key: str, **values: Any) -> None:
        self.changed.append({"key": key, **values})

    def write(self, connection: Connection) -> None:
        table = _table(self.model)
        if self.new:
            connection.execute(insert(table), self.new)
        if self.changed:
            connection.execute(update(table).where(table.c.id == bindparam("key")), self.changed)


def _write(connection: Connection, known: _Known, entries: Sequence[Entry]) -> None:
    new_students = sorted({one.student for one in entries} - known.students)
    if new_students:
        connection.execute(insert(_table(Student)), [{"id": one} for one in new_students])
    tables = [_Rows(model) for model in (SubmittedAssignment, SubmittedNotebook, Grade, Comment)]
    submissions, notebooks, grades, comments = tables
    for one in entries:
        assignment, notebook = known.notebooks[one.stem]
        submission = _submission(known, submissions, assignment, one)
        handed = known.handed.get((submission, notebook))
        if handed is None:
            handed = notebooks.add(assignment_id=submission, notebook_id=notebook)
        for mark in one.marks:
            if mark.graded:
                _grade(known, grades, handed, known.cells[notebook, mark.grade_id, "GradeCell"], mark)
            if mark.to_fill:
                _comment(known, comments, handed, known.cells[notebook, mark.grade_id, "SolutionCell"], mark)
    for table in tables:
        table.write(connection)


def _submission(known: _Known, rows: _Rows, assignment: str, one: Entry) -> str:
    there = known.submissions.get((assignment, one.student))
    at = _naive(one.at) if one.at else None
    if there is None:
        return rows.add(assignment_id=assignment, student_id=one.student, timestamp=at)
    name, before = there
    if at is not None and at != before:
        rows.change(name, timestamp=at)
    return str(name)


def _naive(time: datetime) -> datetime:
    """As nbgrader keeps times: in UTC, without saying so."""
    return time.astimezone(UTC).replace(tzinfo=None)


def _grade(known: _Known, rows: _Rows, notebook: str, cell: str, mark: Mark) -> None:
    there = known.grades.get((notebook, cell))
    if there is None:
        wanted = needs_a_human(mark.score, before=None, manual=None, needed=True)
        rows.add(notebook_id=notebook, cell_id=cell, auto_score=mark.score, needs_manual_grade=wanted)
        return
    name, auto, manual, needed = there
    wanted = needs_a_human(mark.score, before=auto, manual=manual, needed=needed)
    if (auto, needed) != (mark.score, wanted):
        rows.change(name, auto_score=mark.score, needs_manual_grade=wanted)


def _comment(known: _Known, rows: _Rows, notebook: str, cell: str, mark: Mark) -> None:
    there = known.comments.get((notebook, cell))
    if there is None:
        rows.add(notebook_id=notebook, cell_id=cell, auto_comment=mark.comment)
    elif there[1] != mark.comment:
        rows.change(there[0], auto_comment=mark.comment)


def _index(connection: Connection) -> None:
    for table, columns in INDEXES.items():
        for column in columns:
            connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS kit_{table}_{column} ON {table} ({column})")
    connection.exec_driver_sql("ANALYZE")
