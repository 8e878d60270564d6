"""What an answer may cost before it is told to be wrong: about as much as the right one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.core.model import Outcome, Visibility
from autograder.execution.in_process import InProcessSession
from autograder.execution.interface import Call, Returned, Student
from autograder.execution.limits import reply_limit
from autograder.grading.checks import array, close
from autograder.grading.comparison import CheckFailed, compare, tolerance_for
from autograder.grading.diagnosis import fingerprint
from autograder.grading.runner import run_test
from autograder.grading.suites import Test
from autograder.grading.value_format import show
from autograder.guest import wire

MANY = np.ones(60 << 20, np.int8)
LARGE = {
    "bytes": MANY,
    "truth values": MANY.view(np.bool_),
    "halves": MANY.view(np.float16),
    "rows": MANY.reshape(1 << 20, 60),
    "in a list": [MANY],
    "in a tuple": (MANY, MANY),
    "in a dict": {"a": MANY},
    "complex": MANY.view(np.complex64),
}
EXPECTED: dict[str, Any] = {
    "number": 1.0,
    "array": np.ones((3, 4)),
    "pair": (np.ones(2), 1.0),
    "dict": {"a": 1.0},
    "text": "AND",
}


def _costs(run: Callable[[], object]) -> int:
    """Return how many bytes are in use at most while a function runs."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("expected", EXPECTED)
@pytest.mark.parametrize("value", LARGE)
def test_a_wrong_shape_is_told_before_anything_is_copied(value: str, expected: str) -> None:
    def judge() -> None:
        with pytest.raises(CheckFailed):
            compare(LARGE[value], EXPECTED[expected], tolerance_for())
        show(LARGE[value])
        fingerprint(Call("f", (), {}, Returned(LARGE[value])))
        with pytest.raises(CheckFailed):
            array(LARGE[value], shape=(3,))

    copied = 70 << 20 if isinstance(LARGE[value], list | tuple) else 0  # made an array, to see its shape
    assert _costs(judge) < copied * len(LARGE[value]) + (1 << 20)


def test_a_large_answer_does_not_cross() -> None:
    session = InProcessSession({"f": lambda: MANY})

    def judge() -> None:
        with pytest.raises(CheckFailed) as caught:
            close(Student(session).f, expected=np.ones(9))
        assert caught.value.finding.sentence.startswith("The answer is too large")
        assert "more than 1 MiB of arrays" in caught.value.finding.returned

    assert _costs(judge) < 4 << 20


@pytest.mark.parametrize("value", [np.ones(1000), [1.5] * 1000, [[0.1234567890123] * 10] * 10, {"a": np.ones(9)}, "x"])
def test_a_right_answer_always_crosses_as_lists_and_as_twice_as_many_numbers(value: Any) -> None:
    limit = reply_limit(value)
    for reply in (value, [value, value], value.tolist() if isinstance(value, np.ndarray) else value):
        wire.pack({"value": reply, "after": None}, limit)


def test_no_memory_left_over_an_answer_is_that_answer_s_failure() -> None:
    def run(student: Student) -> None:
        raise MemoryError

    test = Test(
        "test_f",
        sentence="it counts",
        exercise="f",
        weight=1.0,
        visibility=Visibility.HIDDEN,
        function=run,
        parameters={},
        fixtures=frozenset({"student"}),
        seed=0,
    )
    result = run_test(test, Student(InProcessSession({"f": len})))
    assert result.outcome is Outcome.FAILED
