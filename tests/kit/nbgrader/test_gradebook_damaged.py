"""Damaged submissions, each between two good ones, by both ways into the gradebook."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import damage as d
import pytest
from nbgrader_course import SAMPLE, Cells, autograde, comments, copy_of, grade_and_fill, grades, new_course
from student import Notebook, as_file

from autograder.instructor.collect.place import collect
from autograder.instructor.results.store import report_of
from autograder.notebooks.course import Course

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
STEM = "01_perceptron"
WORDS = "No line has both ones on one side."
BOTH = frozenset({"why_not_xor", "convergence_promise"})
FIRST = frozenset({"why_not_xor"})
SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Row:
    """What happened to a notebook in which all functions are right and the first of two questions is answered."""

    what: str
    file: Callable[[Notebook], bytes]
    needs: frozenset[str] | None  # cells that a human has to look at; None: the submission is ungraded, so all of them
    code_score: float = 24.0


def of(damage: Callable[[Notebook], Notebook]) -> Callable[[Notebook], bytes]:
    return lambda notebook: as_file(damage(notebook))


def about(grade_id: str, **changes: object) -> Callable[[Notebook], Notebook]:
    """Other contents of a cell: its metadata, its outputs."""
    return d.on_cell(grade_id, lambda cell: [cell | changes])


def renamed(grade_id: str, new: str) -> Callable[[Notebook], Notebook]:
    def change(cell: d.Cell) -> list[d.Cell]:
        return [cell | {"metadata": {"nbgrader": cell["metadata"]["nbgrader"] | {"grade_id": new}}}]

    return d.on_cell(grade_id, change)


def without_schema(cell: d.Cell) -> list[d.Cell]:
    marks = {key: value for key, value in cell["metadata"]["nbgrader"].items() if key != "schema_version"}
    return [cell | {"metadata": {"nbgrader": marks}}]


def text_cell(kind: str, text: str) -> d.Cell:
    return {"cell_type": kind, "id": "own-words", "metadata": {}, "source": d.lines(text)}


RELEASED = json.loads((SAMPLE.parents[1] / "assignments" / STEM / "perceptron.ipynb").read_text(encoding="utf-8"))
STUB = next(cell["source"] for cell in RELEASED["cells"] if d.named(cell) == "why_not_xor")


def moved(cell: d.Cell) -> Callable[[Notebook], Notebook]:
    """The question as it was handed out, its answer in a new cell below."""
    return d.on_cell("why_not_xor", lambda old: [old | {"source": STUB}, cell])


OUTPUT = {"output_type": "execute_result", "data": {}, "metadata": {}, "execution_count": 1}
NO_KERNEL = {"kernelspec": {"name": "julia-9", "display_name": "Julia 9", "language": "julia"}}
CONFLICT = b"<<<<<<< HEAD\n{}\n=======\n[]\n>>>>>>> main\n"
ROWS = [
    Row("nothing", as_file, FIRST),
    Row("test cell twice", of(d.duplicate("test_gate")), FIRST),
    Row("solution cell twice", of(d.duplicate("gate")), FIRST),
    Row("stub pasted below the answer", of(d.paste_stub_after("gate")), FIRST),
    Row("question twice", of(d.duplicate("why_not_xor")), FIRST),
    Row("schema_version missing", of(d.on_cell("gate", without_schema)), FIRST),
    Row("schema_version 99", of(d.mark("test_gate", schema_version=99)), FIRST),
    Row("nbgrader metadata no dict", of(about("gate", metadata={"nbgrader": "yes"})), FIRST),
    Row("cell metadata no dict", of(about("test_gate", metadata=[])), FIRST),
    Row("all metadata stripped", of(d.strip_metadata), BOTH),
    Row("answer in words lost its id", of(about("why_not_xor", metadata={})), BOTH),
    Row("answer in words deleted", of(d.delete("why_not_xor")), FIRST),
    Row("answer in words retyped as text", of(moved(text_cell("markdown", WORDS))), BOTH),
    Row("answer in words retyped as code", of(moved(d.code_cell(WORDS, "own-words"))), BOTH),
    Row("answer in words retyped as comment", of(moved(d.code_cell(f"# {WORDS}", "own-words"))), BOTH),
    Row("answer in words made raw", of(about("why_not_xor", cell_type="raw")), FIRST),
    Row("answer in words renamed", of(renamed("why_not_xor", "why")), BOTH),
    Row("test cell missing", of(d.delete("test_gate")), FIRST),
    Row("solution cell missing", of(d.delete("gate")), FIRST, 22.0),
    Row("test cell edited", of(d.rewrite("test_gate", "assert True")), FIRST),
    Row("other points", of(d.mark("test_gate", points=100)), FIRST),
    Row("no points", of(d.mark("test_gate", points=None, grade=False)), FIRST),
    Row("test cell made markdown", of(d.to_markdown("test_gate")), FIRST),
    Row("test cell marked as solution", of(d.mark("test_gate", solution=True)), FIRST),
    Row("grade_id renamed", of(renamed("gate", "door")), FIRST),
    Row("two cells of one grade_id", of(renamed("gate", "test_gate")), FIRST),
    Row("notebook metadata empty", of(lambda notebook: notebook | {"metadata": {}}), FIRST),
    Row("unknown kernel", of(lambda notebook: notebook | {"metadata": NO_KERNEL}), FIRST),
    Row("the same id everywhere", of(d.on_cells(lambda cells: [cell | {"id": "x"} for cell in cells])), FIRST),
    Row("output without text", of(about("test_gate", outputs=[OUTPUT])), FIRST),
    Row("nbformat 3", of(d.nbformat_3), FIRST),
    Row("script in a raw cell", of(d.on_cells(lambda cells: [*cells, text_cell("raw", SCRIPT)])), BOTH),
    Row("cut off", d.cut_off, None),
    Row("empty", lambda notebook: b"", None),
    Row("a list", lambda notebook: b"[]", None),
    Row("git conflict", lambda notebook: CONFLICT + as_file(notebook), None),
    Row("Latin-1", d.in_latin_1, None),
    Row("no cells", of(lambda notebook: notebook | {"cells": []}), None),
    Row("nbformat 99", of(lambda notebook: notebook | {"nbformat": 99}), None),
]
LINKED, FOLDER, RENAMED, NOTHING = "a link", "a folder in its place", "another name", "an empty folder"
LAYOUT = (LINKED, FOLDER, RENAMED, NOTHING)
NAMES = [*(row.what for row in ROWS), *LAYOUT]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The class: a good submission, a damaged one, a good one, a damaged one, …, a good one."""
    course = new_course(tmp_path_factory.mktemp("damaged") / "course")
    right = SAMPLE / "submitted" / "grace" / STEM / "perceptron.ipynb"
    answered = d.rewrite("why_not_xor", WORDS)(json.loads(right.read_bytes()))
    for number in range(len(NAMES) + 1):
        place_of(course, f"{number:02} good").write_bytes(as_file(answered))
    for row in ROWS:
        place_of(course, damaged(row.what)).write_bytes(row.file(answered))
    place_of(course, damaged(LINKED)).symlink_to(place_of(course, "00 good"))
    place_of(course, damaged(FOLDER)).mkdir()
    place_of(course, damaged(RENAMED)).with_name("my solution (1).ipynb").write_bytes(as_file(answered))
    place_of(course, damaged(NOTHING))
    return course


def damaged(what: str) -> str:
    """The student to whom it happened; sorted between two good ones."""
    return f"{NAMES.index(what):02} {what}"


def place_of(course: Course, student: str) -> Path:
    path = course.submitted / student / STEM / "perceptron.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@dataclass(frozen=True)
class Outcome:
    course: Course
    grades: Cells
    comments: Cells


@pytest.fixture(scope="module", params=["autograder grade --gradebook", "nbgrader autograde"])
def outcome(request: pytest.FixtureRequest, graded: Course, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    course = copy_of(graded, tmp_path_factory.mktemp("way") / "course")
    if request.param == "nbgrader autograde":
        assert not autograde(course, STEM)  # the file of another name is no notebook of the assignment
    else:
        grade_and_fill(course)
    return Outcome(course, grades(course), comments(course))


def rows_of(outcome: Outcome, student: str) -> dict[str, tuple[object, ...]]:
    return {cell: row for (name, _, cell), row in outcome.grades.items() if name == student}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_a_damaged_submission(outcome: Outcome, row: Row) -> None:
    student = damaged(row.what)
    report = report_of(outcome.course.results, STEM, student)
    assert report is not None
    assert report.graded == (row.needs is not None), report.reason
    marked_rows = rows_of(outcome, student)
    assert {cell for cell, (*_, needs) in marked_rows.items() if needs} == (
        set(marked_rows) if row.needs is None else row.needs
    )
    assert all(score is None for score, *_, needs in marked_rows.values() if needs)
    if row.needs is not None:
        assert sum(score or 0 for score, *_ in marked_rows.values()) == report.score == row.code_score
        assert (outcome.comments[student, STEM, "convergence_promise"][0] == "No response.") == (row.needs == FIRST)
    marked = outcome.course.root / "autograded" / student / STEM / "perceptron.ipynb"
    assert SCRIPT not in marked.read_text(encoding="utf-8")


@pytest.mark.parametrize("what", LAYOUT)
def test_what_is_in_the_wrong_place_gets_no_score(outcome: Outcome, what: str) -> None:
    """Through nbgrader alone an empty folder leaves no trace: that is what `autograder grade` is for."""
    report = report_of(outcome.course.results, STEM, damaged(what))
    assert report is not None
    assert not report.graded
    assert all(row == (None, None, None, True) for row in rows_of(outcome, damaged(what)).values())


def test_neighbours_are_graded_as_without_it(outcome: Outcome) -> None:
    alone = rows_of(outcome, damaged("nothing"))
    assert len(alone) == 10
    for number in range(len(NAMES) + 1):
        assert rows_of(outcome, f"{number:02} good") == alone


def test_collect_places_what_has_another_name(graded: Course, tmp_path: Path) -> None:
    course = new_course(tmp_path / "course")
    download = tmp_path / "download"
    for name, number in (("Ada Lovelace", 1), ("Ben", 2), ("Nobody", 3)):
        (download / f"{name}_{number}_assignsubmission_file").mkdir(parents=True)
    answered = place_of(graded, "00 good").read_bytes()
    (download / "Ada Lovelace_1_assignsubmission_file" / "my solution (1).ipynb").write_bytes(answered)
    (download / "Ben_2_assignsubmission_file" / "perceptron.ipynb").write_bytes(answered)
    collect([download], course, course.submitted)
    grade_and_fill(course)
    assert {student for student, _, _ in grades(course)} == {"Ada Lovelace", "Ben"}
    assert {row[0] for (_, _, cell), row in grades(course).items() if cell == "test_gate"} == {2.0}


def test_what_is_handed_in_stays_as_it_is(outcome: Outcome, graded: Course) -> None:
    for path in graded.submitted.rglob("*.ipynb"):
        if path.is_file() and not path.is_symlink():
            assert (outcome.course.submitted / path.relative_to(graded.submitted)).read_bytes() == path.read_bytes()
