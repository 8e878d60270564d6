"""Plain `pytest` on the same suites gives the grader's verdicts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tested
from places import ROOT

from autograder.grading.pipeline import grade, suites_of
from autograder.notebooks.course import Course
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.fork_server import ForkServer

pytestmark = pytest.mark.slow

COURSE = Course(ROOT)
STEM = "01_perceptron"


CLASS = ROOT / "tests" / "sample_class" / "submitted"
STUDENTS = ("dilip", "felix", "giulia", "jürgen müller", "katja", "o'brien", "yara")  # none of them endless or hostile
NOTEBOOKS = {
    "solution": COURSE.solution(STEM),
    "release": COURSE.release(STEM),
    **{student: CLASS / student / STEM / "perceptron.ipynb" for student in STUDENTS},
}


@pytest.mark.sandbox
@pytest.mark.series(3)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_plain_pytest_agrees(name: str) -> None:
    with ForkServer(tested.level()) as server:
        report = grade(NOTEBOOKS[name], name, suites_of(COURSE, STEM), SandboxExecutor(server))
    graded = {
        (test.visibility, test.id): test.outcome == "PASSED" for exercise in report.exercises for test in exercise.tests
    }
    assert plain(NOTEBOOKS[name]) == graded


def plain(notebook: Path) -> dict[tuple[str, str], bool]:
    """Return whether plain pytest says passed, by visibility and test id."""
    suites = [COURSE.public_suite(STEM), COURSE.hidden_suite(STEM)]
    options = ["--notebook", str(notebook), "-rA", "-q", "--no-header"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, suites)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    verdicts = {}
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED", "ERROR"):
            file, _, test = rest.partition(" - ")[0].partition("::")
            verdicts["public" if file.startswith("solutions") else "hidden", test] = word == "PASSED"
    return verdicts


def test_a_failure_is_told_in_the_kit_s_words() -> None:
    command = [sys.executable, "-m", "pytest", "-q"]
    command += ["--notebook", str(COURSE.release(STEM)), str(COURSE.public_suite(STEM))]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert "STUB: gate is not written yet" in output
    assert "Traceback" not in output


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def assignment(tmp_path: Path) -> Path:
    """Return an assignment's folder as a student has it."""
    return Path(shutil.copytree(COURSE.release(STEM).parent, tmp_path / STEM))


def test_in_an_assignment_s_folder_the_notebook_there_is_meant(assignment: Path) -> None:
    shutil.copy(CLASS / "dilip" / STEM / "perceptron.ipynb", assignment)
    done = run_pytest(assignment)
    assert done.returncode == 1
    assert "FAILED: threshold_unit returned" in done.stdout
    assert ">=" in done.stdout  # the hint
    shutil.copy(COURSE.solution(STEM), assignment)
    assert run_pytest(assignment).returncode == 0


def test_one_test_alone(assignment: Path) -> None:
    done = run_pytest(assignment, "-k", "test_gate_unknown")
    assert "1 failed, 31 deselected" in done.stdout


def test_a_suite_without_its_notebook_says_so(assignment: Path) -> None:
    (assignment / "perceptron.ipynb").unlink()
    done = run_pytest(assignment)
    assert done.returncode != 0
    assert "perceptron.ipynb" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_other_tests_are_left_alone(tmp_path: Path) -> None:
    """The plugin is in every pytest of this environment."""
    (tmp_path / "test_other.py").write_text("def test_other(tmp_path):\n    assert tmp_path.is_dir()\n")
    assert run_pytest(tmp_path).returncode == 0
