"""What `check` says about a cell that is not what was checked: changed since it was run, or not saved yet."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from front_end import FrontEnd, kernel, save
from places import ROOT

from autograder.notebooks.course import Course

pytestmark = [pytest.mark.slow, pytest.mark.series(2)]  # of the cases of each test: they all start a kernel
RELEASE = Course(ROOT).release("01_perceptron").parent
SETUP = 'from autograder import open_assignment\ncheck = open_assignment("01_perceptron")'
NAME = "threshold_unit"
RIGHT = "def threshold_unit(x, w, threshold):\n    return (np.dot(x, w) > threshold) * 1"
BROKEN = RIGHT.replace(") * 1", " * 1")
WRONG = RIGHT.replace(">", ">=")
RENAMED = RIGHT.replace("threshold_unit", "threshold")
CHECK = f"check({NAME})"
BEFORE, AFTER = 1.0, 4e9  # times of the file, in seconds since 1970
CHANGED = "The cell of threshold_unit changed since it was run"
UNSAVED = "Not in the saved file yet: threshold_unit."


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    shutil.copytree(RELEASE, tmp_path / RELEASE.name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / RELEASE.name / "perceptron.ipynb"


@pytest.fixture
def opened(notebook: Path) -> Iterator[FrontEnd]:
    with kernel(notebook.parent, JPY_SESSION_NAME=str(notebook)) as front_end:
        front_end.run(SETUP, "setup")
        front_end.run("import numpy as np", "given")
        yield front_end


@pytest.fixture(params=["with ids", "without ids"])
def run(request: pytest.FixtureRequest, opened: FrontEnd) -> Callable[..., str]:
    """Run a cell of the notebook; not every front end tells the kernel which cell that is."""

    def words(code: str, cell: str) -> str:
        return opened.run(code, cell if request.param == "with ids" else None).words

    return words


def test_a_cell_that_stands_as_it_was_run(run: Callable[..., str], notebook: Path) -> None:
    run(RIGHT, NAME)
    save(notebook, {NAME: RIGHT + "  \n\n"}, at=AFTER)
    said = run(CHECK, "test_threshold_unit")
    assert "4 of 4 public tests passed" in said
    assert CHANGED not in said
    assert UNSAVED not in said


def test_a_bracket_is_gone_and_the_cell_was_run(run: Callable[..., str], notebook: Path) -> None:
    run(RIGHT, NAME)
    run(BROKEN, NAME)
    for at in (BEFORE, AFTER):
        save(notebook, {NAME: BROKEN}, at=at)
        said = run(CHECK, "test_threshold_unit")
        assert "4 of 4 public tests passed" in said
        assert f"{CHANGED} (SyntaxError, line 2); the check used the version before" in said
        assert UNSAVED not in said


def test_it_is_told_beside_a_failure_and_in_the_table_too(run: Callable[..., str], notebook: Path) -> None:
    run(WRONG, NAME)
    save(notebook, {NAME: BROKEN}, at=AFTER)
    for code in (CHECK, "check()"):
        assert f"{CHANGED} (SyntaxError, line 2)" in run(code, "elsewhere")


@pytest.mark.parametrize("text", [BROKEN, RENAMED, WRONG], ids=["broken", "renamed", "other"])
def test_a_cell_that_was_changed_and_not_run(run: Callable[..., str], notebook: Path, text: str) -> None:
    run(RIGHT, NAME)
    save(notebook, {NAME: text}, at=AFTER)
    said = run(CHECK, "test_threshold_unit")
    assert CHANGED in said
    assert UNSAVED not in said


def test_a_renamed_function_that_was_run(opened: FrontEnd) -> None:
    opened.run(RIGHT, NAME)
    opened.run(RENAMED, NAME)
    assert CHANGED in opened.run(CHECK).words


def test_a_cell_that_raised_before_its_definition(run: Callable[..., str]) -> None:
    run(RIGHT, NAME)
    run("undefined\n" + WRONG, NAME)
    assert f"{CHANGED} (NameError)" in run(CHECK, "elsewhere")


def test_a_cell_that_is_mended_again(run: Callable[..., str], notebook: Path) -> None:
    run(RIGHT, NAME)
    run(BROKEN, NAME)
    run(RIGHT, NAME)
    save(notebook, {NAME: RIGHT}, at=AFTER)
    assert CHANGED not in run(CHECK, "elsewhere")


def test_a_stub_that_was_filled_and_not_run(run: Callable[..., str], notebook: Path) -> None:
    run("def threshold_unit(x, w, threshold):\n    raise NotImplementedError", NAME)
    save(notebook, {NAME: RIGHT}, at=AFTER)
    assert CHANGED in run(CHECK, "elsewhere")


def test_the_kernel_is_stopped_while_the_saved_text_is_run(opened: FrontEnd, notebook: Path) -> None:
    answer = RIGHT.replace("    return", "    if 'k' not in globals():\n        raise KeyboardInterrupt\n    return")
    opened.run("k = 1")
    opened.run(answer, NAME)
    save(notebook, {NAME: answer}, at=AFTER)
    for code in (CHECK, "check()"):
        shown = opened.run(code)
        assert "You stopped threshold_unit while it was checked." in shown.words
        assert "rehearsal.py" not in shown.traceback


PATCHES = {"np.unit_k": "np.unit_k = 1", "unit_k": "import builtins\nbuiltins.unit_k = 1"}


@pytest.mark.parametrize(("used", "patch"), PATCHES.items())
def test_a_module_that_a_cell_patched_which_is_gone(opened: FrontEnd, notebook: Path, used: str, patch: str) -> None:
    answer = RIGHT.replace("    return", f"    {used}\n    return")
    opened.run(patch)
    opened.run(answer, NAME)
    save(notebook, {NAME: answer}, at=AFTER)
    assert "passes in your kernel, but not when it is graded" in opened.run(CHECK).words


NEEDS_K = RIGHT.replace("    return", "    k\n    return")
GRADED = "hen it is graded"


@pytest.mark.parametrize("code", [CHECK, "check()"])
def test_a_cell_of_ones_own_is_not_saved_yet(run: Callable[..., str], notebook: Path, code: str) -> None:
    run("k = 1", "own")
    run(NEEDS_K, NAME)
    save(notebook, {NAME: NEEDS_K}, at=BEFORE)
    said = run(code, "elsewhere")
    assert "Not in the saved file yet: a cell that threshold_unit needs." in said
    assert CHANGED not in said
    save(notebook, {"own": "k = 1"}, at=AFTER)
    said = run(code, "elsewhere")
    assert "Not in the saved file yet" not in said
    assert GRADED not in said


def test_a_new_cell_stands_above_the_exercise_that_was_run_after_it(run: Callable[..., str], notebook: Path) -> None:
    answer = "@same\n" + RIGHT
    for saved in ({NAME: RIGHT}, {NAME: answer}):
        run(RIGHT, NAME)
        save(notebook, saved, at=BEFORE)
        run("def same(f): return f", "own")
        run(answer, NAME)
        run("def same(f): return f", "own")
        said = run(CHECK, "elsewhere")
        assert "4 of 4 public tests passed" in said
        assert GRADED not in said
        assert "Not in the saved file yet" in said


@pytest.mark.parametrize("known", [True, False], ids=["a known file", "no file"])
def test_an_earlier_version_of_an_answer_is_not_run(known: bool, run: Callable[..., str], notebook: Path) -> None:
    if not known:
        notebook.unlink()
    run("1 / 0\n" + WRONG + "\nundefined", NAME)
    run("def threshold_unit(:", NAME)
    run(RIGHT, NAME)
    if known:
        save(notebook, {}, at=BEFORE)
    said = run(CHECK, "elsewhere")
    assert "4 of 4 public tests passed" in said
    assert GRADED not in said


def test_a_cell_that_is_not_saved_yet(run: Callable[..., str], notebook: Path) -> None:
    run(RIGHT, NAME)
    save(notebook, {}, at=BEFORE)
    said = run(CHECK, "elsewhere")
    assert UNSAVED in said
    assert CHANGED not in said


NO_CHANGE = {
    "timeit": "%timeit -n 1 -r 1 sum(range(9))\n" + RIGHT,
    "time": "%%time\n" + RIGHT,
    "shell": "!echo one\n" + RIGHT + "\nfiles = !ls",
    "help": RIGHT + "\nnp.where?",
    "help, twice": RIGHT + "\n??np.where",
    "a magic in the middle": RIGHT + "\n%matplotlib inline\n1 + 1",
    "blanks": "\n" + RIGHT + "   \n\n",
    "windows": RIGHT.replace("\n", "\r\n"),
    "decorated": "import functools\n@functools.cache\ndef unused(): pass\n" + RIGHT,
    "vectorized": RIGHT + "\nthreshold_unit = functools_wraps(threshold_unit)",
    "class": "class Unit:\n    def __call__(self, x, w, threshold):\n        return (np.dot(x, w) > threshold) * 1\n"
    "threshold_unit = Unit()",
}
DECORATOR = "def functools_wraps(f):\n    def inner(*arguments):\n        return f(*arguments)\n    return inner"


@pytest.mark.parametrize("text", NO_CHANGE.values(), ids=NO_CHANGE)
def test_a_cell_that_did_not_change_is_never_told_to_have(opened: FrontEnd, notebook: Path, text: str) -> None:
    opened.run(DECORATOR, "own")
    for cell in (NAME, NAME, "a copy of it"):
        opened.run(text, cell)
    save(notebook, {NAME: text}, at=AFTER)
    for code in (CHECK, "check()"):
        said = opened.run(code).words
        assert "passed" in said
        assert CHANGED not in said
        assert UNSAVED not in said


def test_another_cell_that_fails_is_not_the_exercise_s(opened: FrontEnd, notebook: Path) -> None:
    opened.run(RIGHT, NAME)
    opened.run("def threshold_unit(x, w:", "scratch")
    save(notebook, {NAME: RIGHT}, at=AFTER)
    assert CHANGED not in opened.run(CHECK).words


def test_the_top_cell_was_not_run(notebook: Path) -> None:
    with kernel(notebook.parent, JPY_SESSION_NAME=str(notebook)) as front_end:
        front_end.run(SETUP)
        front_end.run(RIGHT)
        said = front_end.run(CHECK).words
        assert "np is not defined in this kernel: run the notebook's two top cells first" in said
        assert "demo" not in said
        assert "np is not defined in this kernel" in front_end.run("check()").words


def test_a_name_of_the_student_s_own_that_is_missing_is_another_matter(opened: FrontEnd) -> None:
    opened.run(RIGHT.replace("threshold)", "treshold)"), NAME)
    assert "top cells" not in opened.run(CHECK).words


OBJECTS = {
    "a class": "class threshold_unit:\n    def __init__(self, x, w, threshold): pass",
    "a number": "threshold_unit = 3",
    "a module": "import math as threshold_unit",
    "an object that has every attribute": "from unittest.mock import MagicMock\nthreshold_unit = MagicMock()",
    "an object that has none": (
        "class Odd:\n    def __getattr__(self, name):\n        raise RuntimeError(name)\nthreshold_unit = Odd()"
    ),
}


@pytest.mark.parametrize("text", OBJECTS.values(), ids=OBJECTS)
def test_any_object_may_have_the_name_of_an_exercise(opened: FrontEnd, text: str) -> None:
    opened.run(text, NAME)
    for code in (CHECK, 'check("threshold_unit")', "check()"):
        shown = opened.run(code)
        assert shown.error == ""
        assert "threshold_unit" in shown.text
