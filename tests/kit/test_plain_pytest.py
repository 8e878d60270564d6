"""Plain `pytest` on the same suites gives the grader's verdicts."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.pipeline import grade, suites_of
from autograder.sandbox.rooms import ConfinedRooms
from autograder.sandbox.server import ForkServer

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
STEM = "01_perceptron"


CLASS = ROOT / "tests" / "sample_class" / "submitted"
STUDENTS = ("dilip", "felix", "giulia", "jürgen müller", "katja", "o'brien", "yara")  # none of them endless or hostile
NOTEBOOKS = {
    "solution": COURSE.solution(STEM),
    "release": COURSE.release(STEM),
    **{student: CLASS / student / STEM / "perceptron.ipynb" for student in STUDENTS},
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_plain_pytest_agrees(name: str) -> None:
    with ForkServer(confined=True) as server:
        report = grade(NOTEBOOKS[name], name, suites_of(COURSE, STEM), ConfinedRooms(server))
    graded = {(test.visibility, test.id): test.outcome == "PASSED" for one in report.exercises for test in one.tests}
    assert plain(NOTEBOOKS[name]) == graded


def plain(notebook: Path) -> dict[tuple[str, str], bool]:
    """(visibility, test id) -> whether plain pytest says passed."""
    suites = [COURSE.public_suite(STEM), COURSE.hidden_suite(STEM)]
    options = ["-p", "autograder.pytest_plugin", "--notebook", str(notebook), "-rA", "-q", "--no-header"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, suites)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    verdicts = {}
    for line in said.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED", "ERROR"):
            file, _, test = rest.partition(" - ")[0].partition("::")
            verdicts["public" if file.startswith("solutions") else "hidden", test] = word == "PASSED"
    return verdicts


def test_a_failure_is_told_in_the_kit_s_words() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "autograder.pytest_plugin", "-q"]
    command += ["--notebook", str(COURSE.release(STEM)), str(COURSE.public_suite(STEM))]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert "STUB: gate is not written yet" in said
    assert "Traceback" not in said


def test_without_a_notebook_it_says_what_is_missing() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "autograder.pytest_plugin", "-q", str(COURSE.public_suite(STEM))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "--notebook FILE" in done.stdout + done.stderr
