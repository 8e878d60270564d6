"""Plain `pytest` on the same suites gives the grader's verdicts."""

import re
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
STUDENTS = ("dilip", "felix", "giulia", "jürgen müller", "katja", "o’brien", "yara")  # none of them endless or hostile
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
    assert "1 failed, 32 deselected" in done.stdout


def test_a_suite_without_its_notebook_says_so(assignment: Path) -> None:
    (assignment / "perceptron.ipynb").unlink()
    done = run_pytest(assignment)
    assert done.returncode != 0
    assert "perceptron.ipynb" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--notebook={}", "--notebook {}"])
def test_another_notebook_is_named_beside_an_assignment(assignment: Path, option: str) -> None:
    options = option.format(COURSE.solution(STEM)).split(" ")
    assert run_pytest(assignment, *options).returncode == 0
    assert run_pytest(assignment.parent, *options, f"{STEM}/test_perceptron.py::test_threshold_and").returncode == 0
    assert run_pytest(assignment, *options, "-n2").returncode == 0


def test_all_assignments_at_once(assignment: Path) -> None:
    shutil.copytree(COURSE.release("02_activations").parent, assignment.parent / "02_activations")
    shutil.copy(COURSE.solution(STEM), assignment)
    done = run_pytest(assignment.parent, "-rA")
    assert "PASSED 01_perceptron/test_perceptron.py::" in done.stdout
    assert "FAILED 02_activations/test_activations.py::" in done.stdout


CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def everywhere():
    raise RuntimeError

@pytest.fixture
def student():
    return None

def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("again")
    metafunc.parametrize("again", [1, 2])

def pytest_collection_modifyitems(items):
    items.reverse()
"""


def test_a_student_s_conftest_changes_no_verdict(assignment: Path) -> None:
    shutil.copy(CLASS / "dilip" / STEM / "perceptron.ipynb", assignment)
    expected = verdicts_of(run_pytest(assignment, "-rA").stdout)
    assert set(expected.values()) == {"PASSED", "FAILED"}
    (assignment / "conftest.py").write_text(CONFTEST)
    assert verdicts_of(run_pytest(assignment, "-rA").stdout) == expected


def verdicts_of(output: str) -> dict[str, str]:
    """Return PASSED, FAILED or ERROR by the name of each test."""
    found = re.findall(r"^(PASSED|FAILED|ERROR) (\S+::.*?)(?: - .*)?$", output, flags=re.MULTILINE)
    return {test: word for word, test in found}


def test_a_test_of_the_student_s_own_stays_theirs(assignment: Path) -> None:
    (assignment / "test_mine.py").write_text("def test_mine(tmp_path):\n    assert tmp_path.is_dir()\n")
    assert run_pytest(assignment, "test_mine.py").returncode == 0


# ---- beside no assignment

FOREIGN = """
import sys
import pytest

@pytest.fixture
def student():
    return "ours"

def test_fixture(student):
    assert student == "ours"

def test_what_is_loaded():
    ours = {name for name in sys.modules if name.partition(".")[0] == "autograder"}
    assert ours <= {"autograder", "autograder.student", "autograder.student.pytest_plugin"}
    assert "numpy" not in sys.modules
"""


@pytest.fixture(params=["", "solutions/01_x", "tests/suites", "01_perceptron"])
def foreign(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A project that has nothing to do with the kit, with folders that a course has, too."""
    folder = tmp_path / request.param
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test_perceptron.py").write_text(FOREIGN)
    return folder


def test_other_tests_are_left_alone(foreign: Path) -> None:
    """The plugin is in every pytest of this environment."""
    done = run_pytest(foreign)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("fixture", ["rng", "student"])
def test_no_fixture_is_added(foreign: Path, fixture: str) -> None:
    (foreign / "test_perceptron.py").write_text(f"def test_it({fixture}): pass\n")
    assert f"fixture '{fixture}' not found" in run_pytest(foreign).stdout
    shown = run_pytest(foreign, "--fixtures", "-v").stdout
    assert "tmp_path" in shown
    assert "autograder.student" not in shown


def test_no_option_is_added(foreign: Path) -> None:
    assert "notebook" not in run_pytest(foreign, "--help").stdout
    done = run_pytest(foreign, "--notebook", "x.ipynb")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments: --notebook" in done.stderr


def test_beside_an_assignment_the_option_is_explained(assignment: Path) -> None:
    assert "--notebook=NOTEBOOK" in run_pytest(assignment, "--help").stdout
