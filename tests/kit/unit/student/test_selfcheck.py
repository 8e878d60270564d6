"""`check(f)` in a live kernel: the same suites, in words, from the public files alone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import ROOT

from autograder.core.errors import UserError
from autograder.notebooks.course import Course
from autograder.student.selfcheck import Check, NotYet, open_assignment

RELEASE = Course(ROOT).release("01_perceptron").parent


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Return the check as a student has it: in a copy of the release's folder, away from the course."""
    shutil.copytree(RELEASE, tmp_path / "01_perceptron")
    monkeypatch.chdir(tmp_path / "01_perceptron")
    return open_assignment("01_perceptron")


def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
    return (x @ w > threshold) * 1


def failing(check: Check, function: Callable[..., Any]) -> str:
    with pytest.raises(NotYet) as caught:
        check(function)
    message = str(caught.value)
    assert caught.value._render_traceback_() == message.splitlines()
    assert max(map(len, message.splitlines())) <= 85
    return message


@pytest.mark.slow
def test_a_right_answer(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(threshold_unit) is None
    output = capsys.readouterr().out
    assert output.startswith("threshold_unit: 4 of 4 public tests passed.")
    assert "0.8 of 0.8 public points · 6 hidden tests are worth 1.2 more" in output


def test_a_known_mistake_is_named(check: Check) -> None:
    def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
        return (x @ w >= threshold) * 1

    message = failing(check, threshold_unit)
    assert "you returned" in message
    assert "expected" in message
    assert ">=" in message  # the hint


@pytest.mark.slow
def test_a_stub(check: Check) -> None:
    def gate(name: str) -> Any:
        raise NotImplementedError

    assert "gate is still the stub: replace the `raise NotImplementedError`" in failing(check, gate)


def test_an_exception_names_the_line(check: Check) -> None:
    def delta_rule(W: Any, x: Any, t: Any, eta: float) -> Any:
        return W + undefined_name  # type: ignore[name-defined]  # noqa: F821

    assert "delta_rule raised NameError on line" in failing(check, delta_rule)


def test_prints_and_warnings_are_not_shown(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
        print("noise")
        print("noise", file=sys.stderr)
        np.log(np.zeros(1))
        return (x @ w > threshold) * 1

    check(threshold_unit)
    output = capsys.readouterr()
    assert "noise" not in output.out
    assert output.err == ""


def test_the_first_warning_is_told(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
        np.log(np.zeros(1))
        return (x @ w > threshold) * 1

    check(threshold_unit)
    output = capsys.readouterr().out
    assert "it warned     RuntimeWarning: divide by zero encountered in log" in output
    assert "A warning costs points only where a test asks for none" in output


def test_lambdas_and_objects_are_found_by_the_notebook_s_name_for_them(check: Check) -> None:
    class Unit:
        def __call__(self, x: Any, w: Any, threshold: float) -> Any:
            return (x @ w > threshold) * 1

    for function in (Unit(), lambda x, w, threshold: (x @ w > threshold) * 1):
        exec("check(threshold_unit)", {"check": check, "threshold_unit": function})


def test_the_whole_notebook(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    exec("check()", {"check": check, "threshold_unit": threshold_unit})
    lines = capsys.readouterr().out.splitlines()
    assert lines[10:12] == ["", "Graded are the cells of your functions, and what these need of cells that you added."]
    assert max(map(len, lines)) <= 85
    assert lines[1].split()[:2] == ["threshold_unit", "passed"]
    assert "not written yet" in lines[2]
    assert lines[9].split() == "together 1 of 8 passed 0.8 of 11.78 47, worth 12.22".split()


@pytest.mark.slow
def test_something_else_is_told_what_check_knows(check: Check) -> None:
    with pytest.raises(NotYet, match=r"check\(\) knows threshold_unit, perceptron_predict"):
        check(print)


def test_it_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"were not found\. Looked in") as caught:
        open_assignment("01_perceptron")
    assert str(tmp_path / "assignments" / "01_perceptron") in str(caught.value)


def test_it_is_found_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOGRADER_COURSE", str(ROOT))
    open_assignment("01_perceptron")(threshold_unit)


def test_a_damaged_selfcheck_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(RELEASE, tmp_path / "01_perceptron")
    (tmp_path / "01_perceptron" / "selfcheck.json").write_text("{")
    monkeypatch.chdir(tmp_path / "01_perceptron")
    with pytest.raises(UserError, match="is missing or damaged"):
        open_assignment("01_perceptron")


def test_it_needs_nothing_of_the_instructor_s(tmp_path: Path) -> None:
    """Check in a process that can import the kit and cannot import the reference."""
    shutil.copytree(RELEASE, tmp_path / "01_perceptron")
    code = (
        "from autograder import open_assignment\n"
        "check = open_assignment('01_perceptron')\n"
        "def threshold_unit(x, w, threshold): return (x @ w > threshold) * 1\n"
        "check(threshold_unit)\n"
        "import sys; assert not [m for m in sys.modules if 'reference' in m]"
    )
    environment = {**os.environ, "PYTHONPATH": ""}
    folder = tmp_path / "01_perceptron"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
