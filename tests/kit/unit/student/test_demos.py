"""The body of a demo cell: its figure has alternative text, and what goes wrong in it is told in a sentence."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from autograder.student.demos import Demo

EXERCISES = ("forward", "backward")
STUB = '''
def {}(x):
    """Docstring."""
    raise NotImplementedError
'''
USED_BY_A_HELPER = """
def helper(x):
    return [backward(value) for value in x]
"""


def run(body: str, definitions: str = "", alt: str = "a line") -> dict[str, Any]:
    """Run a demo cell with this body after the definitions, each as a kernel does."""
    namespace: dict[str, Any] = {"np": np}
    exec(compile(definitions, "cell 1", "exec"), namespace)
    namespace["demo"] = lambda: Demo(alt, EXERCISES, sys._getframe(1).f_code, namespace)
    indented = "\n".join("    " + line for line in body.splitlines())
    exec(compile(f"with demo():\n{indented}\nafter = True", "cell 2", "exec"), namespace)
    return namespace


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_a_body_that_works_defines_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("x = forward(1)", "forward = abs")["x"] == 1
    assert told(capsys) == ""


def test_an_open_stub_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("forward(1)", STUB.format("forward"))["after"]
    assert told(capsys) == "This cell needs your forward: run it again once its check passes."


def test_a_stub_that_a_helper_or_another_exercise_calls_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    calls = "def forward(x):\n    return helper([x])\n"
    run("forward(1)", calls + USED_BY_A_HELPER + STUB.format("backward"))
    assert told(capsys) == "This cell needs your backward: run it again once its check passes."


def test_exercises_that_were_not_run_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    run("x = [forward(i) + backward(i) for i in range(3)]")
    assert told(capsys) == "This cell needs your forward and backward: run it again once their checks pass."


def test_a_variable_of_an_earlier_cell_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    run("corners + 1")
    assert told(capsys) == "This cell needs `corners`, which a cell above defines: run the cells above it first."


@pytest.mark.parametrize("answer", ["None", "np.zeros((2, 3))", "'text'", "1 / 0"])
def test_a_wrong_answer_stops_nothing(answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = f"def forward(x):\n    return {answer}\n"
    assert run("a, b = forward(1) @ np.ones(5)", wrong)["after"]
    said = told(capsys)
    assert said.startswith("This cell could not finish: ")
    assert said.endswith("It uses your forward: run it again once its check passes.")


def test_an_answer_that_only_painting_notices_stops_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib.pyplot as plt

    def painted() -> None:
        raise ValueError("unparsable")

    monkeypatch.setattr(plt, "show", painted)
    assert run("x = 1")["after"]
    assert "This cell could not finish: ValueError: unparsable." in told(capsys)


def test_a_student_can_stop_the_kernel() -> None:
    with pytest.raises(KeyboardInterrupt):
        run("raise KeyboardInterrupt")
