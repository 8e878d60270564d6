"""`check` in a kernel: what a notebook shows, in HTML and in text, and what it knows about the saved file."""

import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from places import ROOT

from autograder.notebooks.course import Course

pytestmark = pytest.mark.slow
RELEASE = Course(ROOT).release("01_perceptron").parent
SETUP = 'import numpy as np\nfrom autograder import open_assignment\ncheck = open_assignment("01_perceptron")'
RIGHT = "def threshold_unit(x, w, threshold):\n    return (np.dot(x, w) > threshold) * 1"
WRONG = RIGHT.replace(">", ">=")
WHERE = "import shutil; print(shutil.which('autograder'))"
DRAWS = RIGHT.replace("    return", "    display('a picture')\n    return")
CELLS = [SETUP, RIGHT, "check(threshold_unit)", WRONG, "check(threshold_unit)", "check()", "check(print)", WHERE]
CELLS += [DRAWS, "threshold_unit(1, 1, 1)", "check(threshold_unit)"]
ODD_LINES = "# a\u2028b\x0cc\x1cd\x85e\ndef threshold_unit(x, w, threshold):\n    raise KeyError\n    return 0"
CELLS += [ODD_LINES, "check(threshold_unit)"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    """Run the cells in a kernel and return the outputs of each; in the saved file the answer is wrong."""
    folder = tmp_path_factory.mktemp("student") / RELEASE.name
    shutil.copytree(RELEASE, folder)
    saved = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in [SETUP, WRONG]])
    nbformat.write(saved, folder / "perceptron.ipynb")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, allow_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JPY_SESSION_NAME", str(folder / "perceptron.ipynb"))
        patch.setenv("PATH", str(folder))  # JupyterLab was started by its own path
        client.execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_right_answer_is_shown_in_both_forms(outputs: list[list[dict[str, Any]]]) -> None:
    (output,) = outputs[2]
    assert output["output_type"] == "display_data"
    assert output["data"]["text/plain"].startswith("threshold_unit: 4 of 4 public tests passed.\n")
    assert output["data"]["text/html"].count("✓") == 4
    assert "0.8 of 0.8 public points · 6 hidden tests are worth 1.2 more" in output["data"]["text/html"]


def test_a_right_answer_that_is_not_saved_says_so(outputs: list[list[dict[str, Any]]]) -> None:
    (output,) = outputs[2]
    for form in output["data"].values():
        assert "Not in the saved file yet: threshold_unit." in form


def test_a_wrong_answer_is_shown_once_and_fails_the_cell(outputs: list[list[dict[str, Any]]]) -> None:
    shown, error = outputs[4]
    assert "you returned" in shown["data"]["text/plain"]
    assert "&gt;=" in shown["data"]["text/html"]  # the hint, escaped
    assert error["ename"] == "NotYet"
    assert error["traceback"] == ["threshold_unit: not yet right."]


def test_what_the_function_draws_is_not_shown(outputs: list[list[dict[str, Any]]]) -> None:
    assert len(outputs[9]) == 2  # called in a cell it draws, and returns
    (output,) = outputs[10]
    assert "4 of 4 public tests passed" in output["data"]["text/plain"]


def test_the_whole_notebook_is_one_table(outputs: list[list[dict[str, Any]]]) -> None:
    (output,) = outputs[5]  # updated in its place
    assert output["data"]["text/html"].count("not written yet") == 7
    assert "running" not in output["data"]["text/html"]
    assert "the notebook has lost its nbgrader metadata" in output["data"]["text/html"]  # as the saved one has
    assert "Not in the saved file" not in output["data"]["text/plain"]


def test_what_check_knows(outputs: list[list[dict[str, Any]]]) -> None:
    shown, error = outputs[6]
    assert "check() knows threshold_unit" in shown["data"]["text/html"]
    assert "check() knows threshold_unit" in "".join(error["traceback"])


def test_a_cell_finds_the_command(outputs: list[list[dict[str, Any]]]) -> None:
    (output,) = outputs[7]
    assert Path(output["text"].strip()).parent == Path(sys.executable).parent


def test_the_line_that_raised_is_quoted_as_python_counts(outputs: list[list[dict[str, Any]]]) -> None:
    shown = outputs[12][0]["data"]["text/plain"]
    assert "raised KeyError on line 3 of your cell threshold_unit" in shown
    assert "the line      raise KeyError" in shown
