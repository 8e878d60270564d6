"""Run All in a person's kernel goes on after a failed check; whoever executes notebooks for a verdict sees it fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from front_end import kernel, save
from places import ROOT

from autograder.notebooks.course import Course

pytestmark = pytest.mark.slow
RELEASE = Course(ROOT).release("01_perceptron").parent
SETUP = 'from autograder import open_assignment\ncheck = open_assignment("01_perceptron")'
WRONG = "def threshold_unit(x, w, threshold):\n    return 1"
CHECKS = ("check(threshold_unit)", 'check("threshold_unit")', 'check("no_exercise")')
COLAB = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    shutil.copytree(RELEASE, tmp_path / RELEASE.name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / RELEASE.name / "perceptron.ipynb"


def failures(notebook: Path, first: str = "", *, person: bool = True, **variables: str) -> list[str]:
    """Return the errors of cells that check an exercise that is not right, each of which must show why."""
    with kernel(notebook.parent, person=person, **variables) as front_end:
        for code in (first, SETUP, WRONG):
            assert front_end.run(code).error == ""
        shown = [front_end.run(code) for code in CHECKS]
    assert all("not yet" in one.words for one in shown[:2])
    assert "check() knows threshold_unit" in shown[2].words
    return [one.error for one in shown]


GOES_ON, RAISES = ["", "", ""], ["NotYet"] * 3


def test_it_goes_on_in_a_session_of_jupyter(notebook: Path) -> None:
    assert failures(notebook, JPY_SESSION_NAME=str(notebook)) == GOES_ON


def test_it_goes_on_after_the_notebook_was_renamed(notebook: Path) -> None:
    assert failures(notebook, JPY_SESSION_NAME=str(notebook.with_name("gone.ipynb"))) == GOES_ON


def test_it_goes_on_in_vs_code(notebook: Path) -> None:
    assert failures(notebook, f"__vsc_ipynb_file__ = {str(notebook)!r}") == GOES_ON


def test_it_goes_on_in_colab(notebook: Path) -> None:
    assert failures(notebook, COLAB) == GOES_ON


@pytest.mark.parametrize("first", ["", COLAB, "__vsc_ipynb_file__ = 'perceptron.ipynb'"])
def test_it_raises_if_nobody_can_answer(notebook: Path, first: str) -> None:
    """Show what nbclient asks for, and all that execute by it: also if a cell of a person's kernel has started it."""
    assert failures(notebook, first, person=False, JPY_SESSION_NAME=str(notebook)) == RAISES


@pytest.mark.parametrize("execution", ["validate", "autograde"])
def test_it_raises_for_nbgrader_whatever_else_there_is(notebook: Path, execution: str) -> None:
    variables = {"JPY_SESSION_NAME": str(notebook), "NBGRADER_EXECUTION": execution}
    assert failures(notebook, **variables) == RAISES


def test_it_raises_without_a_session(notebook: Path) -> None:
    assert failures(notebook) == RAISES


EXECUTE = ("-m", "jupyter", "execute", "perceptron.ipynb")
CONVERT = ("-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "perceptron.ipynb", "--stdout")
VALIDATE = ("-m", "nbgrader", "validate", "perceptron.ipynb")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(EXECUTE, id="jupyter execute"),
        pytest.param(CONVERT, id="nbconvert"),
        pytest.param(VALIDATE, id="nbgrader validate", marks=pytest.mark.nbgrader),
    ],
)
@pytest.mark.parametrize("answer", [WRONG, "def threshold_unit(x, w, threshold):\n    return (x @ w > threshold) * 1"])
def test_a_real_verdict(notebook: Path, command: tuple[str, ...], answer: str) -> None:
    """Start it as a cell of a person's kernel does, with the session's variables."""
    save(notebook, {"threshold_unit": answer})
    keep_first(notebook)
    environment = os.environ | {"JPY_SESSION_NAME": str(notebook), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command], cwd=notebook.parent, env=environment, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert ("not yet right" in said or "not yet:" in said) == (answer == WRONG), said
    if command is not VALIDATE:
        assert (done.returncode != 0) == (answer == WRONG)
    else:
        assert ("Success" in said) == (answer != WRONG)


def keep_first(path: Path) -> None:
    """Leave only the cells up to the first check."""
    notebook = nbformat.read(path, as_version=4)
    last = next(number for number, cell in enumerate(notebook.cells) if cell.id == "test_threshold_unit")
    notebook.cells = notebook.cells[: last + 1]
    nbformat.write(notebook, path)
