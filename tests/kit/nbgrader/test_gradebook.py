"""The gradebook: three ways to the same scores, and what a human entered stays."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader_course import (
    SAMPLE,
    Cells,
    autograde,
    comments,
    convert,
    copy_of,
    dump,
    files,
    grade_and_fill,
    grades,
    new_course,
    rows,
)

from autograder.notebooks.course import Course

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
STEM = "01_perceptron"
NOTEBOOK = f"{STEM}/perceptron.ipynb"
ESSAYS = ("why_not_xor", "convergence_promise")
CLASS = SAMPLE / "submitted"
WAYS = pytest.mark.parametrize(
    "way",
    [
        pytest.param(lambda course, student: grade_and_fill(course, STEM, student=student), id="ours"),
        pytest.param(lambda course, student: autograde(course, STEM, student), id="nbgrader autograde"),
    ],
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The sample class in a gradebook, by `autograder grade --gradebook`; no test changes it."""
    course = new_course(tmp_path_factory.mktemp("filled") / "course", CLASS)
    (course.submitted / "ada" / STEM / "timestamp.txt").write_text("2026-03-01 22:59:00 UTC")
    grade_and_fill(course)
    return course


@pytest.fixture(scope="module")
def by_nbgrader(filled: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The same class, by `nbgrader autograde`; no test changes it."""
    course = copy_of(filled, tmp_path_factory.mktemp("nbgrader") / "course")
    shutil.rmtree(course.root / "autograded")
    (course.root / "gradebook.db").unlink()
    for stem in sorted({path.name for path in course.submitted.glob("*/*")}):
        assert autograde(course, stem)
    return course


@pytest.fixture
def few(filled: Course, tmp_path: Path) -> Course:
    """Three of the class, graded, without a gradebook."""
    return some_of(filled, tmp_path / "few", "ada", "ben", "carla")


def some_of(course: Course, root: Path, *students: str) -> Course:
    some = new_course(root)
    for student in students:
        shutil.copytree(course.submitted / student, some.submitted / student)
        for path in course.results.glob(f"*/{student}.json"):
            (some.results / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, some.results / path.parent.name)
    return some


def records(course: Course) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(course.results.glob("*/*.json"))]


# ---- three ways


def test_the_gradebook_has_what_the_results_have(filled: Course) -> None:
    scored, known = grades(filled), records(filled)
    assert len(known) == len(list(CLASS.glob("*/*")))
    for record in known:
        place = (record["student"], record["assignment"])
        for cell in (cell for cell in filled.assignment(record["assignment"]).cells if cell.points):
            scores = {f"test_{exercise['name']}": exercise["score"] for exercise in record["exercises"]}
            row = scored[*place, cell.grade_id or ""]
            if record["status"] == "ungraded":
                assert row == (None, None, None, True)
            elif not cell.solution:
                assert row == (scores[cell.grade_id], None, None, False)
            else:  # an answer in words
                assert row in ((None, None, None, True), (0.0, None, None, False))


@pytest.mark.parametrize(
    ("student", "score", "comment", "needed"),
    [
        ("ada", None, None, True),  # answered both questions
        ("ben", 0.0, "No response.", False),  # handed in the release
        ("chloe", None, None, True),  # lost all metadata: the answer may be somewhere
        ("tomas", None, None, True),  # cannot be read
    ],
)
def test_answers_in_words(filled: Course, student: str, score: float | None, comment: str | None, needed: bool) -> None:
    for cell in ESSAYS:
        assert grades(filled)[student, STEM, cell] == (score, None, None, needed)
        assert comments(filled)[student, STEM, cell] == (comment, None)


def test_nbgrader_autograde_gives_the_same(filled: Course, by_nbgrader: Course) -> None:
    assert grades(by_nbgrader) == grades(filled)
    assert comments(by_nbgrader) == comments(filled)
    handed_in = (
        "SELECT student_id, name, timestamp FROM submitted_assignment JOIN assignment ON assignment_id = assignment.id"
    )
    assert sorted(rows(by_nbgrader, handed_in)) == sorted(rows(filled, handed_in))
    assert ("ada", STEM, "2026-03-01 22:59:00.000000") in rows(filled, handed_in)


def test_the_marked_notebooks_are_the_same(filled: Course, by_nbgrader: Course) -> None:
    ours = files(filled.root / "autograded")
    theirs = files(by_nbgrader.root / "autograded")
    notebooks = [name for name in theirs if name.endswith(".ipynb")]
    assert notebooks == [name for name in ours if name.endswith(".ipynb")]
    for name in notebooks:
        assert json.loads(ours[name]) == json.loads(theirs[name]), name


def test_nbgrader_reads_the_scores(filled: Course) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{filled.root / 'gradebook.db'}") as gradebook:
        for record in records(filled):
            submission = gradebook.find_submission(record["assignment"], record["student"])
            assert submission.code_score == pytest.approx(record["score"] or 0, abs=1e-9)
            assert submission.max_code_score == record["max_score"]
            assert submission.needs_manual_grade or record["status"] == "graded"


# ---- again


def test_twice_changes_nothing(filled: Course, tmp_path: Path) -> None:
    course = copy_of(filled, tmp_path / "course")
    before, notebooks = dump(course), files(course.root / "autograded")
    grade_and_fill(course)
    assert dump(course) == before
    assert files(course.root / "autograded") == notebooks


def test_nbgrader_autograde_after_ours_changes_no_row(few: Course) -> None:
    grade_and_fill(few)
    before = dump(few)
    assert autograde(few, STEM)
    assert dump(few) == before


def enter(course: Course, student: str, cell: str, **values: Any) -> None:
    """What a person types into Formgrader."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade(cell, "perceptron", STEM, student)
        for name, value in values.items():
            setattr(grade, name, value)
        grade.needs_manual_grade = False
        gradebook.db.commit()


def say(course: Course, student: str, cell: str, comment: str) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        gradebook.find_comment(cell, "perceptron", STEM, student).manual_comment = comment
        gradebook.db.commit()


@WAYS
def test_a_better_submission_changes_its_cells_only(few: Course, way: Callable[[Course, str], Any]) -> None:
    grade_and_fill(few)
    way(few, "carla")
    enter(few, "carla", "test_threshold_unit", manual_score=1.5, extra_credit=0.5)  # its automatic score stays 2
    enter(few, "carla", "test_gate", manual_score=1.0)  # 0 becomes 2
    enter(few, "carla", "why_not_xor", manual_score=2.0)
    say(few, "carla", "why_not_xor", "See me.")
    say(few, "carla", "gate", "Nearly.")
    before, comments_before, tables = grades(few), comments(few), dump(few)
    shutil.copy(few.submitted / "ada" / NOTEBOOK, few.submitted / "carla" / NOTEBOOK)
    way(few, "carla")
    carla = {cell: row for (student, _, cell), row in differing(before, grades(few)).items() if student == "carla"}
    assert carla == {
        "test_gate": (2.0, 1.0, None, True),  # a person looks at their own score again
        "test_boundary_distance": (3.0, None, None, False),
        "test_xor_network": (4.0, None, None, False),
        "test_delta_rule": (3.0, None, None, False),
        "why_not_xor": (None, 2.0, None, True),
        "convergence_promise": (None, None, None, True),
    }
    assert {key for key in differing(before, grades(few)) if key[0] != "carla"} == set()
    assert grades(few)["carla", STEM, "test_threshold_unit"] == (2.0, 1.5, 0.5, False)
    assert comments(few)["carla", STEM, "gate"] == (None, "Nearly.")
    assert comments(few)["carla", STEM, "why_not_xor"] == (None, "See me.")
    assert {cell for _, _, cell in differing(comments_before, comments(few))} >= set(ESSAYS)
    assert {table for table, was in tables.items() if dump(few)[table] != was} == {"grade", "comment"}


def differing(before: Cells, after: Cells) -> Cells:
    return {key: row for key, row in after.items() if before.get(key) != row}


@WAYS
def test_what_a_person_marked_is_not_asked_again(few: Course, way: Callable[[Course, str], Any]) -> None:
    grade_and_fill(few)
    enter(few, "ada", "why_not_xor", manual_score=2.0)
    before = dump(few)
    way(few, "ada")
    assert dump(few) == before


def test_a_second_assignment_adds_rows(filled: Course, tmp_path: Path) -> None:
    course = some_of(filled, tmp_path / "course", "ada", "ben")
    grade_and_fill(course)
    before = dump(course)
    shutil.copytree(filled.submitted / "bilal" / "06_convolution", course.submitted / "ada" / "06_convolution")
    grade_and_fill(course)
    after = dump(course)
    assert all(set(before[table]) <= set(after[table]) for table in before)
    assert {key[:2] for key in grades(course)} == {("ada", STEM), ("ben", STEM), ("ada", "06_convolution")}


def test_one_student_is_one_student(few: Course) -> None:
    grade_and_fill(few, student="ben")
    assert {student for student, _, _ in grades(few)} == {"ben"}
    assert set(files(few.root / "autograded")) == {f"ben/{NOTEBOOK}"}
    before = dump(few)
    grade_and_fill(few, student="ada")
    assert all(set(before[table]) <= set(dump(few)[table]) for table in before)


# ---- what is there already, and what lies in the way


def test_a_notebook_that_somebody_else_made_is_made_again(few: Course) -> None:
    marked = few.root / "autograded" / "ada" / NOTEBOOK
    marked.parent.mkdir(parents=True)
    for content in (b"[]", b"{", b'{"cells": []}', few.release(STEM).read_bytes()):
        marked.write_bytes(content)
        grade_and_fill(few, student="ada")
        assert grades(few)["ada", STEM, "test_gate"] == (2.0, None, None, False)
        assert b"all tests passed" in marked.read_bytes()


def test_a_new_time_of_handing_in(few: Course) -> None:
    grade_and_fill(few, student="ada")
    (few.submitted / "ada" / STEM / "timestamp.txt").write_text("2026-03-02 08:00:00 UTC")
    grade_and_fill(few, student="ada")
    assert rows(few, "SELECT timestamp FROM submitted_assignment") == [("2026-03-02 08:00:00.000000",)]
    beside = few.root / "autograded" / "ada" / STEM / "timestamp.txt"
    assert beside.read_text() == "2026-03-02 08:00:00.000000 UTC"


@WAYS
def test_a_link_shows_nobody_elses_answers(few: Course, way: Callable[[Course, str], Any]) -> None:
    (few.submitted / "eve").mkdir()
    (few.submitted / "eve" / STEM).symlink_to(few.submitted / "ada" / STEM)
    way(few, "eve")
    assert grades(few)["eve", STEM, "test_gate"] == (None, None, None, True)
    shown = (few.root / "autograded" / "eve" / NOTEBOOK).read_text(encoding="utf-8")
    assert "cuts the plane along a straight line" not in shown  # ada's words


def test_names_are_kept_as_they_are_and_one_that_no_folder_may_have_stops_nobody(few: Course) -> None:
    names = ["o’brien", "a;b--", "=1+1", "ünï 😀", "%s {0}", "[x]*"]
    refused = ['"><img src=x onerror=alert(1)>', "<b>x", "o'brien", "two\nlines", os.fsdecode(b"j\xfcrgen")]
    for name in [*names, *refused]:
        shutil.copytree(few.submitted / "ben", few.submitted / name)
    done = grade_and_fill(few)
    assert sorted(done.left_out) == sorted(refused)
    assert {student for student, _, _ in grades(few)} == {"ada", "ben", "carla", *names}
    assert not any((few.root / "autograded" / name).exists() for name in refused)


REFUSED = ("two\nlines", '"><img src=x onerror=alert(1)>', "o'brien")


def test_nbgrader_leaves_out_what_no_folder_may_be_named(few: Course) -> None:
    """It would stop at the line break, and its pages would print the others as HTML."""
    for name in REFUSED:
        shutil.copytree(few.submitted / "ben", few.submitted / name)
    assert autograde(few, STEM)
    assert {student for student, _, _ in grades(few)} == {"ada", "ben", "carla"}
    assert sorted(path.name for path in (few.root / "autograded").iterdir()) == ["ada", "ben", "carla"]
    for name in REFUSED[1:]:
        assert not convert(few, "Autograde", STEM, name)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("way", [grade_and_fill, autograde], ids=["kit", "nbgrader"])
@pytest.mark.parametrize(("umask", "others"), [(0o077, 0), (0o022, 0o044)])
def test_the_umask_decides_who_may_read_what_was_graded(
    tmp_path: Path, way: Callable[[Course, str], Any], umask: int, others: int
) -> None:
    before = os.umask(umask)
    try:
        course = new_course(tmp_path / "course")
        shutil.copytree(SAMPLE / "submitted" / "ada", course.submitted / "ada")
        way(course, STEM)
        assert convert(course, "GenerateFeedback", STEM)
    finally:
        os.umask(before)
    folders = [course.root / "autograded", course.root / "feedback", course.results]
    written = [course.root / "gradebook.db", *folders, *(path for folder in folders for path in folder.rglob("*"))]
    modes = {path: path.stat().st_mode & 0o066 for path in written if path.is_file()}
    assert len(modes) > 5
    assert {path: mode for path, mode in modes.items() if mode != others} == {}
    assert [path for path in written if path.is_dir() and path.stat().st_mode & 0o077 & umask] == []
