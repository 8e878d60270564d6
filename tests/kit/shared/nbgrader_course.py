"""A course of nbgrader's with a class in it, its gradebook, and the ways into it."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from places import ROOT

from autograder.instructor.batch.run import Options, ProgressListener, grade_class
from autograder.nbgrader_bridge.fill import GradebookUpdate, fill_gradebook
from autograder.notebooks.course import Course

SAMPLE = ROOT / "tests" / "sample_class"
INSTRUCTORS = ("assignments", "solutions", "reference_impl", "tests")


def new_course(root: Path, submitted: Path | None = None) -> Course:
    """The course's own files below another root; `submitted` is copied into it."""
    root.mkdir(parents=True)
    for folder in INSTRUCTORS:
        (root / folder).symlink_to(ROOT / folder)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    if submitted is not None:
        shutil.copytree(submitted, root / "submitted")
    return Course(root)


def copy_of(course: Course, root: Path) -> Course:
    """All of a course with what was handed in, graded and put into a gradebook; files keep their times."""
    shutil.copytree(course.root, root, symlinks=True)
    return Course(root)


# ---- the two ways into a gradebook


def grade_and_fill(course: Course, *stems: str, student: str | None = None) -> GradebookUpdate:
    """What `autograder grade --gradebook` does."""
    options = Options(course, course.submitted, course.results, stems=stems, student=student, jobs=2)
    summary = grade_class(options, ProgressListener())
    return fill_gradebook(course, course.submitted, course.results, summary.results)


def nbgrader_settings(course: Course) -> Any:
    from autograder.nbgrader_bridge.course_directory import course_directory

    return course_directory(course.root, course.root / "nbgrader_config.py")


def convert(course: Course, converter: str, stem: str, student: str = "*", *, force: bool = True) -> bool:
    """What `nbgrader autograde` or `generate_feedback` does, in this process; whether it took every submission."""
    directory = nbgrader_settings(course)
    from nbgrader import converters

    directory.assignment_id, directory.student_id = stem, student
    log = logging.getLogger("nbgrader.tests")
    log.setLevel(logging.CRITICAL)
    made = getattr(converters, converter)(coursedir=directory, config=directory.config, log=log)
    made.force = force
    try:
        made.start()
    except converters.base.NbGraderException:
        return False
    return True


def autograde(course: Course, stem: str, student: str = "*") -> bool:
    """What `nbgrader generate_assignment` and `nbgrader autograde --force` do."""
    tell_of_release(course, stem)
    return convert(course, "Autograde", stem, student)


def tell_of_release(course: Course, stem: str) -> None:
    """What of `nbgrader generate_assignment` reaches the gradebook."""
    from nbgrader.api import Gradebook

    from autograder.nbgrader_bridge.gradebook import record_releases

    directory = nbgrader_settings(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        record_releases(gradebook, directory.db_url, {stem: course.release(stem)}, {})


def nbgrader(course: Course, *arguments: str, expect: int = 0) -> str:
    """A command of nbgrader's as it is typed in the course's folder; what it said."""
    return typed(course, "nbgrader", *arguments, expect=expect)


def typed(course: Course, module: str, *arguments: str, expect: int = 0) -> str:
    """`.venv/bin/…` in the course's folder, with an environment that was not activated; what it said."""
    home = course.root / ".home"
    places = dict.fromkeys(("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"), str(home))
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=course.root,
        env={**os.environ, **places, "PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == expect, done.stdout
    return done.stdout


# ---- what is in it


def rows(course: Course, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(course.root / "gradebook.db")
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def dump(course: Course) -> dict[str, list[tuple[Any, ...]]]:
    """Every table, to the last column; the order of rows tells nothing."""
    tables = rows(course, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {table: sorted(rows(course, f"SELECT * FROM {table}"), key=repr) for (table,) in tables}


_OF_A_CELL = """
    FROM {table} JOIN base_cell ON base_cell.id = {table}.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = {table}.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN assignment ON assignment.id = submitted_assignment.assignment_id
"""
Cells = dict[tuple[str, str, str], tuple[Any, ...]]  # by (student, assignment, cell)


def _of_cells(course: Course, table: str, *columns: str) -> Cells:
    asked = "SELECT student_id, assignment.name, base_cell.name, " + ", ".join(columns)
    found = rows(course, asked + _OF_A_CELL.format(table=table))
    made: Cells = {(student, stem, cell): tuple(values) for student, stem, cell, *values in found}
    assert len(made) == len(found), "one row for each cell"
    return made


def grades(course: Course) -> Cells:
    """(auto_score, manual_score, extra_credit, needs_manual_grade) of each cell with points."""
    return _of_cells(course, "grade", "auto_score", "manual_score", "extra_credit", "needs_manual_grade")


def comments(course: Course) -> Cells:
    """(auto_comment, manual_comment) of each cell that was to be filled."""
    return _of_cells(course, "comment", "auto_comment", "manual_comment")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
