"""`check(f)` in a live kernel: the same suites, in words, from the public files alone."""

import os
import re
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


def test_the_warning_of_the_call_that_is_shown_is_told(check: Check) -> None:
    def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
        np.log(np.zeros(1))
        return 2

    message = failing(check, threshold_unit)
    assert message.count("it warned     RuntimeWarning: divide by zero encountered in log") == 1
    assert "A warning costs points only if a test asks for none" in message


def test_a_warning_of_another_call_is_not_told(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[int] = []

    def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
        if np.ndim(x) > 1:  # the call that is shown has one sample
            calls.append(1)
            np.log(np.zeros(1))
        return 2

    assert "warned" not in failing(check, threshold_unit)
    assert calls


def test_a_warning_without_a_failure_is_not_told(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
        np.log(np.zeros(1))
        return (x @ w > threshold) * 1

    check(threshold_unit)
    assert "warned" not in capsys.readouterr().out


def test_the_inputs_of_a_failed_call_can_be_had(check: Check) -> None:
    def perceptron_train(P: Any, T: Any, w: Any, b: float, max_epochs: int = 100) -> Any:
        return P

    message = failing(check, perceptron_train)
    (code,) = set(re.findall(r"called with\s+(perceptron_train\(.*?\)\)?)\n  you", message, re.DOTALL))
    inputs = check.inputs(perceptron_train)
    assert np.array_equal(perceptron_train(**inputs), eval(code, {"perceptron_train": perceptron_train, "np": np}))
    first = inputs["P"].copy()
    inputs["P"] += 1  # they are the student's own
    assert np.array_equal(check.inputs(perceptron_train)["P"], first)
    assert check.inputs(perceptron_train, 1).keys() == {"P", "T", "w", "b"}


def test_there_are_no_inputs_of_what_passes(check: Check) -> None:
    for number in (None, 1, 99):
        with pytest.raises(NotYet, match="There are no inputs to show"):
            exec("check.inputs(f, number)", {"check": check, "f": threshold_unit, "number": number})


def test_an_exception_in_another_exercise_s_cell_names_that_cell(tmp_path: Path, check: Check) -> None:
    def cell(name: str, code: str) -> Any:
        (tmp_path / name).write_text(code)
        exec(compile(code, str(tmp_path / name), "exec"), namespace)
        return namespace[name]

    namespace: dict[str, Any] = {"check": check, "np": np}
    cell("perceptron_predict", "def perceptron_predict(x, w, b):\n    return x + 'one'\n")
    cell(
        "perceptron_train",
        "def perceptron_train(P, T, w, b, max_epochs=100):\n    return perceptron_predict(1, w, b)\n",
    )
    with pytest.raises(NotYet) as caught:
        exec("check(perceptron_train)", namespace)
    message = str(caught.value)
    assert "perceptron_train raised TypeError on line 2 of your cell perceptron_predict." in message
    assert "the line      return x + 'one'" in message
    assert "Its first line must be" not in message


def test_a_call_that_does_not_fit_is_told(check: Check) -> None:
    def threshold_unit(x: Any) -> Any:
        return x

    assert "Its first line must be the stub's" in failing(check, threshold_unit)


def test_lambdas_and_objects_are_found_by_the_notebook_s_name_for_them(check: Check) -> None:
    class Unit:
        def __call__(self, x: Any, w: Any, threshold: float) -> Any:
            return (x @ w > threshold) * 1

    for function in (Unit(), lambda x, w, threshold: (x @ w > threshold) * 1):
        exec("check(threshold_unit)", {"check": check, "threshold_unit": function})


def test_the_whole_notebook(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    exec("check()", {"check": check, "threshold_unit": threshold_unit})
    lines = capsys.readouterr().out.splitlines()
    assert lines[10:12] == ["", "next: exercise 2, perceptron_predict, about 5 minutes"]
    assert lines[13].startswith("Only your exercise cells count, and cells of yours that they depend on.")
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
