"""nbgrader's own commands in a course: the release, validation, scores as CSV."""

import csv
import shutil
from pathlib import Path

import pytest
from nbgrader_course import ROOT, SAMPLE, files, grade_and_fill, nbgrader, new_course, typed

from autograder.notebooks.course import Course

STEM = "01_perceptron"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return new_course(tmp_path / "course")


def test_generate_assignment_makes_what_build_makes(course: Course) -> None:
    """`autograder build --check` proves that what is there is what `build` makes."""
    for folder in ("assignments", "solutions"):
        (course.root / folder).unlink()
    shutil.copytree(ROOT / "solutions" / STEM, course.root / "solutions" / STEM)
    nbgrader(course, "generate_assignment", STEM)
    kept = {name: data for name, data in files(ROOT / "assignments" / STEM).items() if "__pycache__" not in name}
    generated = files(course.root / "assignments" / STEM)
    assert list(generated) == list(kept)
    for name, data in kept.items():
        assert generated[name] == data, name


def test_generate_assignment_fails_if_the_suites_do_not_match(course: Course) -> None:
    for folder in ("assignments", "solutions"):
        (course.root / folder).unlink()
    shutil.copytree(ROOT / "solutions" / STEM, course.root / "solutions" / STEM)
    suite = course.public_suite(STEM)
    suite.write_text(suite.read_text(encoding="utf-8").replace('@exercise("gate"', '@exercise("gates"'), "utf-8")
    said = nbgrader(course, "generate_assignment", STEM, expect=1)
    assert "selfcheck.json could not be computed" in said
    assert "tests and exercises do not match: gates" in said
    assert not (course.root / "assignments" / STEM).exists()


def test_validate_accepts_a_solution_and_names_what_fails(course: Course, tmp_path: Path) -> None:
    for folder in ("solutions", "assignments"):
        shutil.copytree(ROOT / folder / STEM, tmp_path / folder / STEM, ignore=shutil.ignore_patterns("__pycache__"))
    solved = nbgrader(course, "validate", str(tmp_path / "solutions" / STEM / "perceptron.ipynb"))
    assert "Success! Your notebook passes all the tests." in solved
    released = nbgrader(course, "validate", str(tmp_path / "assignments" / STEM / "perceptron.ipynb"))
    assert "VALIDATION FAILED ON" in released
    assert "check(threshold_unit)" in released
    assert "threshold_unit is still the stub" in " ".join(released.split())


def test_export_reads_the_same_scores(course: Course) -> None:
    for student in ("ada", "dilip", "tomas"):
        shutil.copytree(SAMPLE / "submitted" / student, course.submitted / student)
    done = grade_and_fill(course)
    assert (done.submissions, done.to_read) == (3, 2)
    nbgrader(course, "export", "--to", "exported.csv")
    with (course.root / "exported.csv").open(encoding="utf-8", newline="") as file:
        exported = {row["student_id"]: row for row in csv.DictReader(file) if row["assignment"] == STEM}
    with (course.results / "grades.csv").open(encoding="utf-8", newline="") as file:
        ours = {row["student"]: row[STEM] for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in exported.items()} == {
        student: float(score or 0) for student, score in ours.items()
    }
    assert {row["max_score"] for row in exported.values()} == {"28.0"}


def test_the_command_fills_the_gradebook_and_says_so(course: Course) -> None:
    shutil.copytree(SAMPLE / "submitted" / "ada", course.submitted / "ada")
    output = typed(course, "autograder.cli.main", "grade", "--gradebook")
    assert f"Gradebook: sqlite:///{course.root}/gradebook.db has 1 submission of this run." in output
    assert "1 of them with something for a person to grade: open Formgrader." in output
    assert (course.root / "autograded" / "ada" / STEM / "perceptron.ipynb").is_file()
    nbgrader(course, "autograde", STEM, "--force")
    nbgrader(course, "generate_feedback", STEM)
    assert (course.root / "feedback" / "ada" / STEM / "perceptron.html").is_file()
