"""Which failure speaks first, and what stands once for an exercise."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograder.core.model import ExerciseResult, Hint, Outcome, TestResult, Visibility
from autograder.execution.interface import Absent, Raised
from autograder.grading.failures import advice, failures_of, titles
from autograder.grading.messages import Finding, FindingKind
from autograder.grading.problems import (
    CallStopped,
    ExceptionRaised,
    FunctionMissing,
    NotRun,
    Problem,
    TestBroke,
    WrongAnswer,
)


def wrong(kind: FindingKind, sentence: str = "") -> WrongAnswer:
    return WrongAnswer(Finding(kind, sentence=sentence))


RAISED = ExceptionRaised(Raised(kinds=("ValueError",), text=""), Outcome.RAISED)
# The most telling first; problems in one line are equal.
ORDER: tuple[tuple[Problem, ...], ...] = (
    (
        WrongAnswer(Finding(FindingKind.VALUES, changed="first")),
        WrongAnswer(Finding(FindingKind.TYPE, changed="third")),
    ),
    (wrong(FindingKind.VALUES, "Only the last row differs."),),
    (RAISED, CallStopped(Outcome.TIMEOUT, ""), FunctionMissing(Absent(Outcome.STUB))),
    (wrong(FindingKind.VALUES), wrong(FindingKind.FINITE)),
    tuple(map(wrong, (FindingKind.SHAPE, FindingKind.TYPE, FindingKind.COUNT, FindingKind.NO_ERROR))),
    (wrong(FindingKind.PROPERTY, "call optimizer.zero_grad() before loss.backward()."), wrong(FindingKind.WARNED)),
    (wrong(FindingKind.PROPERTY, "The first five steps lose 2.28 on average, the last five 1.29."),),
    (NotRun("it counts"), TestBroke()),
)


def test_the_order_of_problems() -> None:
    ranks = [{problem.rank() for problem in problems} for problems in ORDER]
    assert [len(equal) for equal in ranks] == [1] * len(ORDER)
    flat = [rank for equal in ranks for rank in equal]
    assert flat == sorted(set(flat))


def test_a_failure_that_is_told_in_general_has_the_rank_of_what_is_told() -> None:
    """Whether a place or a number is known of it tells something about a hidden input."""
    with_place, without = (wrong(FindingKind.VALUES, sentence) for sentence in ("Only row 3 differs.", ""))
    assert with_place.rank() != without.rank()
    assert with_place.rank(in_general=True) == without.rank(in_general=True)


def failed(
    name: str, rank: int, visibility: Visibility = Visibility.PUBLIC, message: str = "f is wrong."
) -> TestResult:
    return TestResult(
        f"test_{name}",
        name,
        exercise="f",
        visibility=visibility,
        points=1.0,
        outcome=Outcome.FAILED,
        message=message,
        rank=rank,
    )


PASSED = replace(failed("passed", 0), outcome=Outcome.PASSED, message=None)
HIDDEN = failed("hidden", 0, Visibility.HIDDEN)


def result(*tests: TestResult, **fields: Any) -> ExerciseResult:
    return ExerciseResult("f", 9.0, tests, **fields)


def test_public_ones_come_first_then_the_rank_then_the_file() -> None:
    tests = (failed("b", 5), failed("a", 2), PASSED, failed("c", 2), HIDDEN)
    assert [failure.test.name for failure in failures_of(result(*tests))] == ["a", "c", "b", "hidden"]
    assert result(*tests).first_failure == tests[0]  # the exercise ended as its first failure in the file


def test_equal_titles_that_fail_alike_are_told_once() -> None:
    again = failed("a", 2, message="f is wrong.\n  called with   f(2)")
    other = failed("a", 2, message="f raised ValueError.")
    first, second = failures_of(result(failed("a", 2), again, other, again))
    assert (first.title, first.headline) == ("a (3 tests)", "f is wrong.")
    assert (second.title, second.headline) == ("a", "f raised ValueError.")
    assert titles([failed("a", 1), failed("b", 1), failed("a", 2)]) == ["a (2 tests)", "b"]


@pytest.mark.parametrize("message", ["", "one line", "two\nlines", "first\n  row", "  only a row"])
def test_a_headline_is_the_text_before_the_rows(message: str) -> None:
    (failure,) = failures_of(result(failed("a", 1, message=message)))
    assert failure.headline in {"one line", "two lines", "first", "  only a row", "not yet right"}


def test_advice_has_a_label_and_its_own_lines() -> None:
    assert advice(result()) == ""
    hint = Hint(("flipped",), "The kernel is flipped. " * 6)
    text = advice(result(hint=hint, calls_failed=("g", "h")))
    assert text.startswith("  hint          The kernel is flipped.")
    assert text.count("The kernel is flipped.") == 6
    assert text.endswith("f calls your g and h, which failed their own tests. Fix those first.")
    assert np.max([len(line) for line in text.splitlines()]) <= 85
