"""What is loaded when; who may import whom stands in pyproject.toml, and `make lint` holds it."""

import subprocess
import sys

import pytest

NOT_FOR_STUDENTS = ("sandbox", "instructor", "authoring", "nbgrader_bridge", "cli")
FIRST_CELL = """
import autograder
check = autograder.open_assignment("01_perceptron")
try:
    check(lambda x, w, b: None)
except AssertionError:
    pass
"""


def loaded_by(code: str) -> set[str]:
    """The modules that are loaded once `code` has run in a fresh Python."""
    code += "\nimport sys; print('loaded:', *sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(output.rpartition("loaded:")[2].split())


@pytest.mark.slow
def test_grading_imports_no_nbgrader() -> None:
    """Those cost seconds; a notebook is read with json."""
    modules = loaded_by("import autograder.cli.main, autograder.instructor.batch.run, autograder.cli.output.grade")
    assert modules & {"nbgrader", "nbformat", "nbconvert", "jsonschema", "IPython"} == set()


def test_importing_the_package_is_quick_work() -> None:
    """A student's kernel imports it in the first cell: nothing is loaded before it is used."""
    assert loaded_by("import autograder") & {"pytest", "numpy"} == set()


@pytest.mark.slow
@pytest.mark.parametrize("package", NOT_FOR_STUDENTS)
def test_a_notebooks_first_cells_load_nothing_of_the_instructors(package: str) -> None:
    modules = loaded_by(FIRST_CELL)
    assert "autograder.student.selfcheck" in modules
    assert not [name for name in modules if name.startswith(f"autograder.{package}")]
