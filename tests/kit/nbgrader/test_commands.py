"""nbgrader's own commands, typed in a course: the release, validation, scores as CSV."""

import csv
import shutil
from pathlib import Path

import pytest
from nbgrader_course import ROOT, SAMPLE, files, grade_and_book, nbgrader, new_course, typed

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
    made = files(course.root / "assignments" / STEM)
    assert list(made) == list(kept)
    for name, data in kept.items():
        assert made[name] == data, name


def test_validate_accepts_a_solution_and_names_what_fails(course: Course, tmp_path: Path) -> None:
    for folder, name in (("solutions", "solved"), ("assignments", "released")):
        shutil.copytree(ROOT / folder / STEM, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    solved = nbgrader(course, "validate", str(tmp_path / "solved" / "perceptron.ipynb"))
    assert "Success! Your notebook passes all the tests." in solved
    released = nbgrader(course, "validate", str(tmp_path / "released" / "perceptron.ipynb"))
    assert "VALIDATION FAILED ON" in released
    assert "check(threshold_unit)" in released
    assert "threshold_unit is still the stub" in " ".join(released.split())


def test_export_reads_the_same_scores(course: Course) -> None:
    for student in ("ada", "dilip", "tomas"):
        shutil.copytree(SAMPLE / "submitted" / student, course.submitted / student)
    done = grade_and_book(course)
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


def test_the_command_books_and_says_so(course: Course) -> None:
    shutil.copytree(SAMPLE / "submitted" / "ada", course.submitted / "ada")
    said = typed(course, "autograder.cli.main", "grade", "--gradebook")
    assert f"Gradebook: sqlite:///{course.root}/gradebook.db has 1 submission of this run." in said
    assert "1 of them with something for a person to grade: open Formgrader." in said
    assert (course.root / "autograded" / "ada" / STEM / "perceptron.ipynb").is_file()
    nbgrader(course, "autograde", STEM, "--force")
    nbgrader(course, "generate_feedback", STEM)
    assert (course.root / "feedback" / "ada" / STEM / "perceptron.html").is_file()
