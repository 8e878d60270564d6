"""A call is shown as code that can be pasted: it makes the same inputs."""

import math
from typing import Any

import numpy as np
import pytest

from autograder.core.text import whole_row
from autograder.execution.interface import Call, Returned
from autograder.grading.value_format import MAX_CODE, call_as_code, inputs_of
from autograder.guest.wire import Opaque, Seed

TELLING: dict[str, Any] = {
    "floats": np.array([[1.0, 2.0], [0.1 + 0.2, -1e-30]]),
    "whole numbers": np.arange(4),
    "truths": np.array([True, False]),
    "float32": np.array([0.1, 2.0], np.float32),
    "uint8": np.array([[0, 255]], np.uint8),
    "not finite": np.array([np.nan, np.inf, -np.inf]),
    "no axis": np.array(2.5),
    "empty": np.zeros((0, 3)),
    "empty row": np.zeros(0, int),
    "one entry": np.ones((1, 1, 1, 1)),
    "a number": -0.25,
    "numpy's number": np.float64(0.1),
    "infinity": -math.inf,
    "text": "AND",
    "nothing": None,
    "a list": [1, [2.5, "a"], np.ones(2)],
    "a tuple": (np.ones((2, 2)),),
    "a dict": {"W": np.ones((1, 2)), "b": 0},
    "a truth": True,
}


def call(*arguments: Any, **options: Any) -> Call:
    return Call("f", arguments, options, Returned(None))


def same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and np.array_equal(left, right, equal_nan=True)
    if isinstance(left, list | tuple):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right) and isinstance(left, type(right) | np.generic)


@pytest.mark.parametrize("name", TELLING)
def test_pasted_code_makes_the_same_inputs(name: str) -> None:
    code = call_as_code(call(TELLING[name], option=TELLING[name]), ("x", "y"))
    lines = "\n".join(line[16:] for line in whole_row("called with", code))  # as it is copied from a message
    for text in (code, lines):
        inputs = eval(text, {"np": np, "f": dict})
        assert same(TELLING[name], inputs["x"])
        assert same(TELLING[name], inputs["option"])


def test_it_names_the_parameters_and_the_exact_numbers() -> None:
    made = call_as_code(call(np.array([[1.0, 2.0]]), 3), ("x", "size"))
    assert made == "f(x=np.array([[1.0, 2.0]]), size=3)"
    assert call_as_code(call(Seed(7)), ("rng",)) == "f(rng=np.random.default_rng(7))"
    assert call_as_code(call(), ()) == "f()"


@pytest.mark.parametrize(
    "value",
    [np.ones((28, 28)), np.ones(10**7), [1.0] * 1000, print, Opaque("a set"), "two words", np.array(["x"]), "x" * 999],
    ids=lambda value: f"{value!r:.15}",
)
def test_what_is_long_or_has_no_code_is_not_shown_as_code(value: Any) -> None:
    assert call_as_code(call(value), ("x",)) == ""
    assert call_as_code(call([value]), ("x",)) == ""
    assert len(call_as_code(call(np.arange(100.0)), ("x",))) <= MAX_CODE


def test_inputs_have_names() -> None:
    assert inputs_of(call(1, 2, c=3), ("a", "b", "c")) == {"a": 1, "b": 2, "c": 3}
    assert inputs_of(call(1, 2, c=3), ("a",)) == {"a": 1, "input 2": 2, "c": 3}
    assert call_as_code(call(1, 2), ("a",)) == ""
