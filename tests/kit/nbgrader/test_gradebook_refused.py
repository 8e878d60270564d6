"""A gradebook that cannot be filled is explained in a sentence, and not half written. Formgrader's page is quick."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nbgrader_course import copy_of, dump, files, new_course, rows
from places import ROOT
from reports_by_hand import perceptron, put

from autograder.core.errors import UserError
from autograder.core.model import Report
from autograder.nbgrader_bridge.fill import GradebookUpdate, fill_gradebook
from autograder.notebooks.course import Course

STEM = "01_perceptron"
REPORTS = [perceptron("ada"), perceptron("ben", {"gate": 0.5})]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Two students in a gradebook; no test changes it."""
    course = new_course(tmp_path_factory.mktemp("filled") / "course")
    hand_in(course, *REPORTS)
    fill_with(course, *REPORTS)
    return course


@pytest.fixture
def course(filled: Course, tmp_path: Path) -> Course:
    return copy_of(filled, tmp_path / "course")


def hand_in(course: Course, *reports: Report) -> None:
    for report in reports:
        path = course.submitted / report.student / STEM / "perceptron.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(course.release(STEM).read_bytes())
    put(course.results, *reports)


def fill_with(course: Course, *reports: Report) -> GradebookUpdate:
    return fill_gradebook(course, course.submitted, course.results, [report.result_summary for report in reports])


@contextmanager
def locked(course: Course) -> Iterator[None]:
    """As Formgrader, or nbgrader, holds a gradebook while it writes."""
    connection = sqlite3.connect(course.root / "gradebook.db")
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()


def refusal(course: Course, *reports: Report) -> str:
    with pytest.raises(UserError) as caught:
        fill_with(course, *reports)
    return str(caught.value)


def test_a_gradebook_in_use(course: Course) -> None:
    before = dump(course)
    better = perceptron("ben")
    put(course.results, better)
    with locked(course):
        message = refusal(course, better)
    assert str(course.root / "gradebook.db") in message
    assert "is another program using it?" in message
    assert dump(course) == before
    assert fill_with(course, better).submissions == 1  # and goes on where it was
    assert dump(course) != before


@pytest.mark.parametrize("content", [b"this is no database\n" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_gradebook(course: Course, content: bytes) -> None:
    (course.root / "gradebook.db").write_bytes(content)
    message = refusal(course, *REPORTS)
    assert str(course.root / "gradebook.db") in message
    assert "put a copy of it back, or move it away" in message
    assert (course.root / "gradebook.db").read_bytes() == content


def test_a_gradebook_of_something_else(course: Course) -> None:
    (course.root / "gradebook.db").unlink()
    connection = sqlite3.connect(course.root / "gradebook.db")
    connection.execute("CREATE TABLE grade (id INTEGER)")
    connection.close()
    assert str(course.root / "gradebook.db") in refusal(course, *REPORTS)


def test_a_release_with_other_cells(course: Course) -> None:
    before = dump(course)
    (course.root / "assignments").unlink()
    changed = json.loads(ROOT.joinpath("assignments", STEM, "perceptron.ipynb").read_bytes())
    changed["cells"] = [cell for cell in changed["cells"] if cell["id"] not in ("gate", "test_gate")]
    folder = course.root / "assignments" / STEM
    folder.mkdir(parents=True)
    (folder / "perceptron.ipynb").write_text(json.dumps(changed), encoding="utf-8")
    message = refusal(course, *REPORTS)
    assert message.startswith("01_perceptron: Cannot add or remove cells")
    assert "take the release back, or name another gradebook" in message
    assert dump(course) == before


def test_without_nbgrader(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(course.root / "autograded")
    put(course.results, better := replace(perceptron("ben"), remarks=("other",)))
    for name in [name for name in sys.modules if name.partition(".")[0] == "nbgrader"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    assert "nbgrader is not installed here. Type `make setup`" in refusal(course, better)
    assert files(course.root / "autograded") == before


def test_without_its_settings(course: Course) -> None:
    (course.root / "nbgrader_config.py").unlink()
    assert "nbgrader_config.py is missing" in refusal(course, *REPORTS)


def test_a_place_that_cannot_be_written(course: Course) -> None:
    before = dump(course)
    put(course.results, better := perceptron("ben"))
    marked = course.root / "autograded" / "ben" / STEM
    for path in marked.iterdir():
        path.unlink()
    marked.rmdir()
    marked.write_text("a file where a folder should be")
    message = refusal(course, better)
    assert f"{marked}/perceptron.ipynb cannot be written" in message
    assert dump(course) == before


# ---- Formgrader's page


def plans(course: Course) -> list[str]:
    """Return how SQLite finds what the page of an assignment needs: a line for each table that it reads."""
    import sqlalchemy
    from nbgrader.api import Gradebook

    executed: list[tuple[str, Any]] = []
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        listen = sqlalchemy.event.listen
        listen(gradebook.engine, "before_cursor_execute", lambda *given: executed.append((given[2], given[3])))
        gradebook.submission_dicts(STEM)
        gradebook.notebook_submission_dicts("perceptron", STEM)
    queries = [(query, values) for query, values in executed if query.startswith("SELECT") and "grade" in query]
    assert queries
    return [str(line[3]) for query, values in queries for line in rows(course, f"EXPLAIN QUERY PLAN {query}", *values)]


def test_formgraders_page_uses_the_indexes(course: Course) -> None:
    there = {name for (name,) in rows(course, "SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"kit_grade_notebook_id", "kit_grade_cell_id", "kit_submitted_notebook_assignment_id"} <= there
    used = " ".join(plans(course))
    assert "USING INDEX kit_grade_" in used or "USING COVERING INDEX kit_grade_" in used
    assert "kit_submitted_notebook_" in used


def test_without_them_it_does_not(course: Course) -> None:
    connection = sqlite3.connect(course.root / "gradebook.db")
    for (name,) in rows(course, "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'kit_%'"):
        connection.execute(f"DROP INDEX {name}")
    connection.close()
    assert "kit_" not in " ".join(plans(course))
    fill_with(course, *REPORTS)
    assert "kit_grade_" in " ".join(plans(course))
