"""Suites: pytest collects them once, and a lean runner calls their tests for one student after another."""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from autograder.core.errors import UserError
from autograder.core.model import Assignment, Trained, Visibility
from autograder.core.text import listed
from autograder.execution.interface import ExpectedCall
from autograder.execution.limits import LIMITS
from autograder.grading.diagnosis import Mistake

_MARK = "__exercise__"
_FIXTURES = {"student", "rng"}
Decorated = TypeVar("Decorated", bound=Callable[..., None])


@dataclass(frozen=True)
class _Mark:
    exercises: tuple[str, ...]
    weight: float
    seconds: float | None


def exercise(
    name: str, *others: str, weight: float = 1, seconds: float | None = None
) -> Callable[[Decorated], Decorated]:
    """Mark a test as belonging to an exercise. `seconds` replaces the limit of each of its calls.

    With several exercises it is a test of each, and takes the exercise as the argument `name`.
    """

    def mark(test: Decorated) -> Decorated:
        setattr(test, _MARK, _Mark((name, *others), weight, seconds))
        return pytest.mark.parametrize("name", [name, *others])(test) if others else test

    return mark


def is_marked(test: Callable[..., None]) -> bool:
    return isinstance(getattr(test, _MARK, None), _Mark)


@dataclass(frozen=True)
class Test:
    """One test function, or one parametrised case of it."""

    __test__ = False

    id: str
    sentence: str
    exercise: str
    weight: float
    visibility: Visibility
    function: Callable[..., None]
    parameters: Mapping[str, Any]
    fixtures: frozenset[str]
    seed: int
    seconds: float | None = None


@dataclass(frozen=True)
class Suites:
    """All tests of an assignment, and its mistakes. `weights` and `mistakes` are by exercise."""

    assignment: Assignment
    tests: tuple[Test, ...]
    weights: Mapping[str, float]
    mistakes_of: Callable[[str], Sequence[Mistake]] = lambda _: ()
    seeded: Mapping[str, Mapping[str, tuple[Callable[..., Any], str]]] = field(default_factory=dict)
    alternatives: Mapping[str, Mapping[str, Callable[..., Any]]] = field(default_factory=dict)
    hand_in: Callable[[Mapping[str, Callable[..., Any]]], Trained] | None = None  # what comes of planted functions
    expected_calls: Mapping[str, Sequence[ExpectedCall]] = field(
        default_factory=dict
    )  # by test, where it makes the same for everyone

    def tests_for(self, name: str) -> tuple[Test, ...]:
        """An exercise's tests: public first, in file order."""
        return tuple(test for test in self.tests if test.exercise == name)

    def points(self, test: Test) -> float:
        return self.assignment.exercise(test.exercise).points * test.weight / self.weights[test.exercise]

    @property
    def extra_seconds(self) -> float:
        """What tests were given beyond the usual limit of a call: the submission's own limit grows by it."""
        return sum(max(0.0, (test.seconds or 0.0) - LIMITS.call_seconds) for test in self.tests)


# ---- collection


def load_suites(assignment: Assignment, public: Path, hidden: Path) -> Suites:
    """Both suites of an assignment, with the catalogue that stands in the hidden one."""
    shown, _ = collect(public, Visibility.PUBLIC)
    secret, module = collect(hidden, Visibility.HIDDEN)
    tests = shown + secret
    _demand_fitting(tests, assignment)
    names = [one.name for one in assignment.exercises]
    return Suites(
        assignment,
        tests,
        {name: sum(test.weight for test in tests if test.exercise == name) for name in names},
        seeded=getattr(module, "MISTAKES", {}),
        alternatives=getattr(module, "ALTERNATIVES", {}),
        hand_in=getattr(module, "HAND_IN", None),
    )


def collect(path: Path, visibility: Visibility) -> tuple[tuple[Test, ...], ModuleType | None]:
    """The tests of one suite file, in file order, and its module. Collected by pytest, without its settings."""
    if not path.is_file():
        raise UserError(f"The suite {path} is missing.")
    collector = _Collector()
    # The root decides the module's name, which must differ from that of the suite of the other visibility.
    arguments = ["--collect-only", "--import-mode=importlib", "-c", os.devnull, f"--rootdir={path.anchor}"]
    plugins = ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:autograder"]
    status = pytest.main([*arguments, *plugins, str(path)], plugins=[collector])
    if status != pytest.ExitCode.OK:
        raise UserError(f"pytest could not collect {path}:\n{collector.problem or status}")
    tests = tuple(test_of(item, visibility) for item in collector.items)
    return tests, collector.items[0].module if collector.items else None


class _Collector:
    """A pytest plugin that keeps what was collected."""

    def __init__(self) -> None:
        self.items: list[pytest.Function] = []
        self.problem = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problem = str(report.longrepr)


def test_of(item: pytest.Function, visibility: Visibility) -> Test:
    mark = getattr(item.function, _MARK, None)
    where = f"{item.path.name}::{item.name}"
    if not isinstance(mark, _Mark):
        raise UserError(f"{where} belongs to no exercise: put @exercise(name) above it.")
    parameters: dict[str, Any] = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    fixtures = set(inspect.signature(item.function).parameters) - set(parameters)
    if fixtures - _FIXTURES:
        raise UserError(f"{where} uses {', '.join(sorted(fixtures - _FIXTURES))}; a suite has student and rng only.")
    return Test(
        id=item.name,
        sentence=" ".join((item.function.__doc__ or item.name).split()),
        exercise=parameters["name"] if len(mark.exercises) > 1 else mark.exercises[0],
        weight=mark.weight,
        visibility=visibility,
        function=item.function,
        parameters=parameters,
        fixtures=frozenset(fixtures),
        seed=seed_of(item.path, item.name),
        seconds=mark.seconds,
    )


def seed_of(suite: Path, test: str) -> int:
    """Equal for all students, runs and workers. Hidden suites have a course seed beside them, `seed.txt`."""
    course_seed = suite.with_name("seed.txt")
    seed = course_seed.read_text(encoding="utf-8").strip() if course_seed.is_file() else "public"
    return int.from_bytes(hashlib.sha256(f"{seed}\n{test}".encode()).digest()[:8])


def _demand_fitting(tests: Sequence[Test], assignment: Assignment) -> None:
    names = {one.name for one in assignment.exercises}
    tested = {test.exercise for test in tests}
    if tested != names:
        odd = ", ".join(sorted(tested ^ names))
        raise UserError(f"{assignment.stem}: tests and exercises do not match: {odd}.")
    twice = [name for name, count in Counter(test.id for test in tests).items() if count > 1]
    if twice:
        raise UserError(f"{assignment.stem}: a public and a hidden test share a name: {listed(sorted(twice))}.")


def put_on_path(course_root: Path) -> None:
    """Hidden suites import `reference_impl`, which is never installed."""
    if str(course_root) not in sys.path:
        sys.path.insert(0, str(course_root))
