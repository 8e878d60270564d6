"""Tests that make the same calls for everyone are prepared once; the calls then travel together. No verdict changes."""

from typing import Any

import numpy as np
import pytest
import tested
from places import ROOT

from autograder.core.model import Assignment, Exercise, Source, SourceCell, SourceStatement, Visibility
from autograder.execution.in_process import InProcessSession
from autograder.execution.interface import Student
from autograder.grading.checks import close, equal, holds
from autograder.grading.known_answers import precomputed
from autograder.grading.pipeline import suites_of
from autograder.grading.runner import run_exercise
from autograder.grading.suites import Suites, Test
from autograder.notebooks.course import Course
from autograder.sandbox.confined import FRAMES_AHEAD, SandboxExecutor
from autograder.sandbox.fork_server import ForkServer


def counts_to_three(student: Any) -> None:
    for n in range(4):
        equal(student.f, (n,), expected=2 * n)


def asks_back(student: Any) -> None:
    for n in range(3):
        close(student.f, (n,), {"by": lambda x: 2 * x}, expected=2 * n)


def looks(student: Any) -> None:
    equal(student.f, (student.f(1),), expected=4)


def draws(student: Any, rng: Any) -> None:
    x = rng.random(3)
    close(student.f, (x,), expected=2 * x)


def large(student: Any) -> None:
    for n in range(5):
        x = np.full(FRAMES_AHEAD // 16, float(n))
        close(student.f, (x,), expected=2 * x)


def suites(*functions: Any) -> Suites:
    """Suites of one exercise `f`, which doubles."""

    def double(x: Any, by: Any = None) -> Any:
        return by(x) if by else 2 * x

    tests = tuple(
        Test(
            id=function.__name__,
            sentence=function.__name__,
            exercise="f",
            weight=1,
            visibility=Visibility.PUBLIC,
            function=function,
            parameters={},
            fixtures=frozenset(function.__annotations__) - {"return"},
            seed=7,
        )
        for function in functions
    )
    assignment = Assignment("01_double", (Exercise("f", 1.0, ("x",)),), ())
    return precomputed(Suites(assignment, tests, {"f": len(tests)}, alternatives={"f": {"double": double}}))


def outcomes(server: ForkServer, text: str, *functions: Any) -> list[str]:
    prepared = suites(*functions)
    source = Source((SourceCell("your cell f", text, (SourceStatement(0),), ("f",)),))
    with SandboxExecutor(server).open(source) as student:
        return [
            test.outcome for test in run_exercise(prepared, prepared.assignment.exercise("f"), source, student).tests
        ]


def test_a_test_that_looks_at_an_answer_is_not_rehearsed() -> None:
    assert set(suites(counts_to_three, looks, draws).expected_calls) == {"counts_to_three", "draws"}


@pytest.mark.sandbox
def test_nor_one_that_hands_a_function_over(server: ForkServer) -> None:
    def watches(student: Any) -> None:
        asked: list[Any] = []
        close(student.f, (3,), {"by": lambda x: asked.append(x) or 2 * x}, expected=6)
        holds(asked == [3], "by was not asked")

    assert set(suites(asks_back, watches).expected_calls) == set()
    assert outcomes(server, RIGHT, watches) == ["PASSED"]
    assert outcomes(server, "def f(x, by=None): return 6", watches) == ["FAILED"]


def test_nor_one_that_does_not_repeat_itself() -> None:
    moody = iter([True, False])

    def changes_its_mind(student: Any) -> None:
        wanted = next(moody)
        equal(student.f, (1,), expected=2)
        equal(student.f, (2,), expected=4 if wanted else 5)

    assert set(suites(changes_its_mind).expected_calls) == {"changes_its_mind"}  # it was right the first time

    def spoils_its_input(student: Any) -> None:
        x = np.ones(2)
        equal(student.f, (x,), expected=(want := 2 * np.ones(2)))
        want += 1

    assert set(suites(spoils_its_input).expected_calls) == set()


RIGHT = "def f(x, by=None): return by(x) if by else 2 * x"
ALL = (counts_to_three, asks_back, looks, draws, large)


@pytest.mark.sandbox
def test_right_answers(server: ForkServer) -> None:
    assert outcomes(server, RIGHT, *ALL) == ["PASSED"] * 5


@pytest.mark.sandbox
def test_a_failure_leaves_no_reply_behind(server: ForkServer) -> None:
    text = "def f(x, by=None): return -1 if type(x) is int and x == 1 and by is None else (by(x) if by else 2 * x)"
    assert outcomes(server, text, *ALL) == ["FAILED", "PASSED", "FAILED", "PASSED", "PASSED"]


@pytest.mark.sandbox
def test_an_endless_call_that_a_failed_test_would_not_have_come_to(server: ForkServer) -> None:
    """The sandbox has that order already; the test failed before it, and the next one finds a new sandbox."""
    text = """
def f(x, by=None):
    while type(x) is int and x == 3: pass
    return 0 if type(x) is int and x == 1 else 2 * x"""
    quick = ForkServer(tested.level(), limits=server.limits.__class__(call_seconds=0.5))
    with quick:
        assert outcomes(quick, text.strip("\n"), counts_to_three, draws) == ["FAILED", "PASSED"]


@pytest.mark.sandbox
def test_an_end_that_a_failed_test_would_not_have_come_to(server: ForkServer) -> None:
    text = """
def f(x, by=None):
    import os
    if type(x) is int and x == 3: os._exit(3)
    return 0 if type(x) is int and x == 1 else 2 * x"""
    assert outcomes(server, text.strip("\n"), counts_to_three, draws) == ["FAILED", "PASSED"]


@pytest.mark.sandbox
def test_an_end_on_the_way(server: ForkServer) -> None:
    text = """
def f(x, by=None):
    import os
    if type(x) is int and x == 2: os._exit(3)
    return 2 * x"""
    assert outcomes(server, text.strip("\n"), counts_to_three, draws) == ["KILLED", "SKIPPED"]


@pytest.mark.series(3)
@pytest.mark.parametrize("stem", [stem for stem in Course(ROOT).stems if not Course(ROOT).assignment(stem).torch])
def test_nearly_all_of_the_course_is_rehearsed(stem: str) -> None:
    """What is not is run for every student anew; a suite that looks at answers more than it must costs a class time.

    Trained networks are looked at by every test.
    """
    prepared = suites_of(Course(ROOT), stem)
    assert len(prepared.expected_calls) > 0.6 * len(prepared.tests)


@pytest.mark.slow
def test_the_same_verdicts_without_rehearsal() -> None:
    prepared = suites_of(Course(ROOT), "01_perceptron")
    for name, mistakes in prepared.seeded.items():
        for function, _ in mistakes.values():
            exercise, student = prepared.assignment.exercise(name), Student(InProcessSession({name: function}))
            replayed = run_exercise(prepared, exercise, Source(()), student)
            run = run_exercise(Suites(**{**prepared.__dict__, "expected_calls": {}}), exercise, Source(()), student)
            assert [(t.id, t.outcome, t.message) for t in replayed.tests] == [
                (t.id, t.outcome, t.message) for t in run.tests
            ]
