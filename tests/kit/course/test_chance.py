"""Exercises that draw: right answers of every kind pass whatever the draws are.

Each test of theirs states how seldom a right answer fails it. Here every alternative is judged under 200 other
streams of random numbers; the long training on digits, which alone takes most of the time, under 20.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from places import ROOT

from autograder.authoring.audit import result_of
from autograder.core.model import Outcome
from autograder.grading.pipeline import suites_of
from autograder.grading.suites import Suites
from autograder.notebooks.course import Course

COURSE = Course(ROOT)
DRAWING = [("04_backprop", "mini_batches"), ("04_backprop", "train_network"), ("05_regularization", "dropout")]
LONG = "test_train_digits"
SUITES = {stem: suites_of(COURSE, stem) for stem, _ in DRAWING}
CASES = [(stem, name, label) for stem, name in DRAWING for label in SUITES[stem].alternatives[name]]


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


@pytest.mark.parametrize(("stem", "name", "label"), CASES)
def test_right_answers_pass_under_two_hundred_streams(stem: str, name: str, label: str) -> None:
    suites = SUITES[stem]
    quick = replace(suites, tests=tuple(test for test in suites.tests if test.id != LONG))
    assert failures(quick, name, suites.alternatives[name][label], 200) == set()


@pytest.mark.parametrize("label", SUITES["04_backprop"].alternatives["train_network"])
def test_digits_are_read_under_twenty_streams(label: str) -> None:
    suites = SUITES["04_backprop"]
    long = replace(suites, tests=tuple(test for test in suites.tests if test.id == LONG))
    assert len(long.tests) == 1
    assert failures(long, "train_network", suites.alternatives["train_network"][label], 20) == set()
