"""Exercises that draw: right answers of every kind pass whatever the draws are.

Each test of theirs states how seldom a right answer fails it. Here every alternative is judged under 200 other
streams of random numbers; the long training on digits, which alone takes most of the time, under 20. Without `--full`
it is a twentieth of that.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from course_suites import course_suites

from autograder.authoring.audit import result_of
from autograder.core.model import Outcome
from autograder.grading.suites import Suites

pytestmark = pytest.mark.slow
DRAWING = [("04_backprop", "mini_batches"), ("04_backprop", "train_network"), ("05_regularization", "dropout")]
LONG = "test_train_digits"


def with_stream(function: Callable[..., Any], stream: int) -> Callable[..., Any]:
    """The same function, given another generator for each that a test hands over: equal ones stay equal."""

    def other(value: Any) -> Any:
        if isinstance(value, np.random.Generator):
            return np.random.default_rng([stream, int(value.integers(2**62))])
        return value

    return lambda *arguments: function(*map(other, arguments))


def failures(suites: Suites, name: str, function: Callable[..., Any], streams: int) -> set[str]:
    results = (result_of(suites, name, with_stream(function, stream)) for stream in range(streams))
    return {test.id for result in results for test in result.tests if test.outcome is not Outcome.PASSED}


def failing(stem: str, name: str, streams: int, *, long: bool) -> dict[str, set[str]]:
    """The tests that an exercise's alternatives fail, by alternative: the long training alone, or all but it."""
    suites = course_suites(stem)
    chosen = replace(suites, tests=tuple(test for test in suites.tests if (test.id == LONG) == long))
    assert chosen.tests
    alternatives = suites.alternatives[name].items()
    failed = {label: failures(chosen, name, function, streams) for label, function in alternatives}
    return {label: tests for label, tests in failed.items() if tests}


@pytest.mark.parametrize(("stem", "name"), DRAWING)
def test_right_answers_pass_under_two_hundred_streams(stem: str, name: str, full: bool) -> None:
    assert failing(stem, name, 200 if full else 10, long=False) == {}


def test_digits_are_read_under_twenty_streams(full: bool) -> None:
    assert failing("04_backprop", "train_network", 20 if full else 1, long=True) == {}
