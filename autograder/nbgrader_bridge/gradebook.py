"""Fill nbgrader's gradebook with a class in one transaction, through its own tables.

nbgrader's interface commits cell by cell, which takes an hour when this takes seconds. The tables hold the same
afterwards. A human's scores, comments and extra credit are never touched.
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

# Formgrader asks for grades by notebook and by cell, thousands of times a page. Without indexes it reads whole tables.
INDEXES = {
    "grade": ("notebook_id", "cell_id"),
    "comment": ("notebook_id", "cell_id"),
    "submitted_notebook": ("assignment_id", "notebook_id"),
    "submitted_assignment": ("student_id", "assignment_id"),
    "base_cell": ("notebook_id",),
}


def write_entries(
    url: str,
    course_id: str,
    *,
    releases: Mapping[str, Path],
    due_dates: Mapping[str, datetime],
    entries: Sequence[Entry],
) -> None:
    """Write entries into the gradebook at `url`.

    releases: the released notebooks of the entries' assignments, by stem
    due_dates: when assignments are due, by stem

    Raises UserError if another program uses the gradebook, or if it knows other cells than the release.
    """
    try:
        with Gradebook(url, course_id) as gradebook:
            record_releases(gradebook, url, releases, due_dates)
            engine = gradebook.engine
            with engine.begin() as connection:
                _write(connection, _read_known(connection), entries)
                _make_indexes(connection)
    except sqlalchemy.exc.OperationalError as error:
        raise UserError(f"The gradebook {url} cannot be written ({error.orig}): is another program using it?") from None
    except sqlalchemy.exc.DatabaseError as error:
        raise UserError(
            f"The gradebook {url} cannot be read ({error.orig}): put a copy of it back, or move it away for a new one."
        ) from None


def record_releases(gradebook: Any, url: str, releases: Mapping[str, Path], due_dates: Mapping[str, datetime]) -> None:
    """Tell the gradebook of the assignments' cells, as `nbgrader generate_assignment` does."""
    for stem, path in releases.items():
        due = {"duedate": _naive(due_dates[stem])} if stem in due_dates else {}
        gradebook.update_or_create_assignment(stem, **due)
        names = {"notebook": path.stem, "assignment": stem, "db_url": url}
        try:
            SaveCells().preprocess(_read_notebook(path), {"nbgrader": names})
        except RuntimeError as error:
            raise UserError(
                f"{stem}: {error}. Graded cells cannot change once there are submissions: take the release back, "
                "or name another gradebook."
            ) from None


def _read_notebook(path: Path) -> Any:
    read: Any = nbformat.read
    return read(path, as_version=4)


# ---- what is there


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the gradebook holds already. Ids are nbgrader's."""

    students: frozenset[str]
    notebooks: Mapping[str, tuple[str, str]]  # by stem: the ids of the assignment and of its notebook
    cells: Mapping[tuple[str, str, str], str]  # by notebook, name and kind
    submissions: Mapping[tuple[str, str], tuple[str, datetime | None]]  # by assignment and student: id and time
    submitted_notebooks: Mapping[tuple[str, str], str]  # by submission and notebook
    grades: Mapping[tuple[str, str], tuple[str, float | None, float | None, bool]]  # by submitted notebook and cell
    comments: Mapping[tuple[str, str], tuple[str, str | None]]  # by submitted notebook and cell


def _read_known(connection: Connection) -> _Known:
    def query(model: Any, columns: str) -> list[Any]:
        table = _table(model)
        return list(connection.execute(select(*(table.c[name] for name in columns.split()))))

    stems = dict(map(tuple, query(Assignment, "id name")))
    submissions = query(SubmittedAssignment, "assignment_id student_id id timestamp")
    submitted_notebooks = query(SubmittedNotebook, "assignment_id notebook_id id")
    grades = query(Grade, "notebook_id cell_id id auto_score manual_score needs_manual_grade")
    comments = query(Comment, "notebook_id cell_id id auto_comment")
    return _Known(
        students=frozenset(name for (name,) in query(Student, "id")),
        notebooks={stems[stem_id]: (stem_id, notebook) for stem_id, notebook in query(Notebook, "assignment_id id")},
        cells={
            (notebook, name, kind): key for notebook, name, kind, key in query(BaseCell, "notebook_id name type id")
        },
        submissions={(assignment, student): (key, at) for assignment, student, key, at in submissions},
        submitted_notebooks={(submission, notebook): key for submission, notebook, key in submitted_notebooks},
        grades={(notebook, cell): tuple(rest) for notebook, cell, *rest in grades},
        comments={(notebook, cell): (key, comment) for notebook, cell, key, comment in comments},
    )


# ---- what is new


@dataclass
class _Rows:
    """The rows to insert into one table, and those to change."""

    model: Any
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **values: Any) -> str:
        """Plan a new row, and return its id."""
        key: str = new_uuid()
        self.new.append({"id": key, **values})
        return key

    def change(self, key: str, **values: Any) -> None:
        self.changed.append({"key": key, **values})

    def write(self, connection: Connection) -> None:
        table = _table(self.model)
        if self.new:
            connection.execute(insert(table), self.new)
        if self.changed:
            connection.execute(update(table).where(table.c.id == bindparam("key")), self.changed)


def _write(connection: Connection, known: _Known, entries: Sequence[Entry]) -> None:
    new_students = sorted({entry.student for entry in entries} - known.students)
    if new_students:
        connection.execute(insert(_table(Student)), [{"id": student} for student in new_students])
    tables = [_Rows(model) for model in (SubmittedAssignment, SubmittedNotebook, Grade, Comment)]
    submissions, submitted_notebooks, grades, comments = tables
    for entry in entries:
        assignment, notebook = known.notebooks[entry.stem]
        submission = _add_submission(known, submissions, assignment, entry)
        submitted = known.submitted_notebooks.get((submission, notebook))
        if submitted is None:
            submitted = submitted_notebooks.add(assignment_id=submission, notebook_id=notebook)
        for mark in entry.marks:
            if mark.graded:
                _add_grade(known, grades, submitted, known.cells[notebook, mark.grade_id, "GradeCell"], mark)
            if mark.to_fill:
                _add_comment(known, comments, submitted, known.cells[notebook, mark.grade_id, "SolutionCell"], mark)
    for table in tables:
        table.write(connection)


def _add_submission(known: _Known, rows: _Rows, assignment: str, entry: Entry) -> str:
    """Plan what is new about a submission, and return its id."""
    there = known.submissions.get((assignment, entry.student))
    submitted_at = _naive(entry.submitted_at) if entry.submitted_at else None
    if there is None:
        return rows.add(assignment_id=assignment, student_id=entry.student, timestamp=submitted_at)
    key, before = there
    if submitted_at is not None and submitted_at != before:
        rows.change(key, timestamp=submitted_at)
    return str(key)


def _naive(time: datetime) -> datetime:
    """Return a time as nbgrader keeps it: in UTC, without saying so."""
    return time.astimezone(UTC).replace(tzinfo=None)


def _add_grade(known: _Known, rows: _Rows, submitted: str, cell: str, mark: Mark) -> None:
    there = known.grades.get((submitted, cell))
    if there is None:
        needs = needs_a_human(mark.score, before=None, manual=None, needed=True)
        rows.add(notebook_id=submitted, cell_id=cell, auto_score=mark.score, needs_manual_grade=needs)
        return
    key, auto, manual, needed = there
    needs = needs_a_human(mark.score, before=auto, manual=manual, needed=needed)
    if (auto, needed) != (mark.score, needs):
        rows.change(key, auto_score=mark.score, needs_manual_grade=needs)


def _add_comment(known: _Known, rows: _Rows, submitted: str, cell: str, mark: Mark) -> None:
    there = known.comments.get((submitted, cell))
    if there is None:
        rows.add(notebook_id=submitted, cell_id=cell, auto_comment=mark.comment)
    elif there[1] != mark.comment:
        rows.change(there[0], auto_comment=mark.comment)


def _make_indexes(connection: Connection) -> None:
    for table, columns in INDEXES.items():
        for column in columns:
            connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS kit_{table}_{column} ON {table} ({column})")
    connection.exec_driver_sql("ANALYZE")
