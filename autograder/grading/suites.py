"""Collect the tests of an assignment with pytest, once. The kit's own runner then calls them for each student."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from autograder.core.errors import UserError
from autograder.core.model import Assignment, TrainedModel, Visibility
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
    """Mark a test as a test of an exercise.

    others: further exercises. It is then a test of each of them, and takes the exercise's name as argument `name`.
    weight: its share of the exercise's points, relative to the weights of the exercise's other tests. A test of
        weight 0 gives no points: it tells a student what other tests take points for.
    seconds: the limit of each of its calls, instead of the usual one
    """

    def mark(test: Decorated) -> Decorated:
        setattr(test, _MARK, _Mark((name, *others), weight, seconds))
        return pytest.mark.parametrize("name", [name, *others])(test) if others else test

    return mark


@dataclass(frozen=True)
class Test:
    """One test function, or one case of a parametrised one."""

    __test__ = False

    id: str
    _: KW_ONLY
    sentence: str  # what must hold, for the student
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
    """All tests of an assignment, and the answers that are known. Mappings are by exercise unless said otherwise."""

    assignment: Assignment
    tests: tuple[Test, ...]
    weights: Mapping[str, float]  # of all tests of the exercise together
    _: KW_ONLY
    mistakes_of: Callable[[str], Sequence[Mistake]] = lambda _: ()
    # Wrong implementations by name, with the sentence that a student reads; and right ones.
    seeded: Mapping[str, Mapping[str, tuple[Callable[..., Any], str]]] = field(default_factory=dict)
    alternatives: Mapping[str, Mapping[str, Callable[..., Any]]] = field(default_factory=dict)
    # Three steps for those who ask: the idea, the formula, the shape of the code.
    hints: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # How a set of functions becomes a trained model; None if the assignment asks for no model.
    hand_in: Callable[[Mapping[str, Callable[..., Any]]], TrainedModel] | None = None
    # By the id of each test that makes the same calls for every student.
    expected_calls: Mapping[str, Sequence[ExpectedCall]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)  # why, by the id of each test that refuses a right answer

    def tests_for(self, name: str) -> tuple[Test, ...]:
        """Return the tests of an exercise: public ones first, in file order."""
        return tuple(test for test in self.tests if test.exercise == name)

    def public_count(self, name: str) -> int:
        """Return how many public tests an exercise has."""
        return sum(test.visibility is Visibility.PUBLIC for test in self.tests_for(name))

    def points(self, test: Test) -> float:
        """Return the points of a test: its share of the exercise's, by weight."""
        return self.assignment.exercise(test.exercise).points * test.weight / self.weights[test.exercise]

    @property
    def submission_seconds(self) -> float:
        """Return what a submission may take: the usual limit, and what tests have beyond the usual limit of a call."""
        extra = sum(max(0.0, (test.seconds or 0.0) - LIMITS.call_seconds) for test in self.tests)
        return LIMITS.submission_seconds + extra


# ---- collection


def load_suites(assignment: Assignment, public: Path, hidden: Path) -> Suites:
    """Return the tests of both suites of an assignment, and the known answers of the hidden one."""
    shown, _ = collect(public, Visibility.PUBLIC)
    secret, module = collect(hidden, Visibility.HIDDEN)
    tests = shown + secret
    _require_fitting(tests, assignment)
    names = [exercise.name for exercise in assignment.exercises]
    return Suites(
        assignment,
        tests,
        {name: sum(test.weight for test in tests if test.exercise == name) for name in names},
        seeded=getattr(module, "MISTAKES", {}),
        alternatives=getattr(module, "ALTERNATIVES", {}),
        hints=getattr(module, "HINTS", {}),
        hand_in=getattr(module, "HAND_IN", None),
    )


def collect(path: Path, visibility: Visibility) -> tuple[tuple[Test, ...], ModuleType]:
    """Return the tests of a suite's file, in file order, and its module.

    pytest sees this one module and nothing else: no conftest.py, no settings file, no installed plugin and no
    environment variable reaches it. Any of them could drop, repeat or reorder tests, and so change a score.
    """
    if not path.is_file():
        raise UserError(f"The suite {path} is missing.")
    path = path.resolve()
    with _without_settings_of_pytest():
        collector = _Collector(_executed(path))
        status = pytest.main([*_NOTHING_FROM_OUTSIDE, f"--rootdir={path.parent}"], plugins=[collector])
    if status != pytest.ExitCode.OK:
        raise UserError(f"pytest could not collect the suite {path}:\n{collector.problem or status}")
    return tuple(test_of(item, visibility) for item in collector.items), collector.module


_NOTHING_FROM_OUTSIDE = (
    "--collect-only",
    "--noconftest",
    "--assert=plain",
    *("-c", os.devnull),
    *("-p", "no:cacheprovider", "-p", "no:terminal"),
)
_COLORS = ("PY_COLORS", "FORCE_COLOR", "NO_COLOR")  # would put escape sequences into the text of an error


@contextlib.contextmanager
def _without_settings_of_pytest() -> Iterator[None]:
    """Hide every environment variable that pytest reads, and restore them afterwards. Load no installed plugin."""
    before = _settings_of_pytest()
    for name in before:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name in _settings_of_pytest():
            del os.environ[name]
        os.environ.update(before)


def _settings_of_pytest() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name.startswith("PYTEST_") or name in _COLORS}


def _executed(path: Path) -> ModuleType:
    """Return a suite's module, made from its source.

    An import would trust a compiled file in `__pycache__`, and run the `__init__.py` of each folder above.
    """
    module = ModuleType(str(path))  # a public and a hidden suite have equal file names
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))
    except UserError:
        raise
    except (Exception, pytest.skip.Exception) as error:
        where = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])  # without this function
        what = traceback.format_exception_only(error)
        raise UserError(f"The suite {path} could not be loaded:\n{''.join([*where, *what])}".rstrip()) from error
    return module


class _Collector:
    """A pytest plugin that collects one module, and keeps its tests."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.items: list[pytest.Function] = []
        self.problem = ""

    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collect the module. pytest then does not look for files by itself."""
        node: pytest.Module = pytest.Module.from_parent(session, path=Path(str(self.module.__file__)))
        node.obj = self.module
        items = list(session.genitems(node))
        self.items = [item for item in items if isinstance(item, pytest.Function)]
        session.testscollected = len(self.items)
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problem = str(report.longrepr)


def test_of(item: pytest.Function, visibility: Visibility) -> Test:
    """Return a test that pytest has collected; UserError if it has no exercise or uses other fixtures."""
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
        sentence=_sentence(item, parameters),
        exercise=parameters["name"] if len(mark.exercises) > 1 else mark.exercises[0],
        weight=mark.weight,
        visibility=visibility,
        function=item.function,
        parameters=parameters,
        fixtures=frozenset(fixtures),
        seed=seed_of(item.path, item.name),
        seconds=mark.seconds,
    )


def _sentence(item: pytest.Function, parameters: Mapping[str, Any]) -> str:
    """Return a test's docstring on one line. `{k}` in it stands for the parameter k, so that cases can be told apart.

    Raise UserError if it names something that is not a parameter.
    """
    text = " ".join((item.function.__doc__ or item.name).split())
    try:
        return text.format_map(parameters) if parameters else text
    except (LookupError, ValueError, AttributeError) as error:
        where = f"{item.path.name}::{item.name}"
        raise UserError(f"{where}: the braces in its docstring do not fit its parameters ({error}).") from None


def seed_of(suite: Path, test: str) -> int:
    """Return the seed of a test's `rng`, equal for all students, runs and processes.

    Hidden suites have the course's seed beside them, in `seed.txt`.
    """
    course_seed = suite.with_name("seed.txt")
    seed = course_seed.read_text(encoding="utf-8").strip() if course_seed.is_file() else "public"
    return int.from_bytes(hashlib.sha256(f"{seed}\n{test}".encode()).digest()[:8])


def _require_fitting(tests: Sequence[Test], assignment: Assignment) -> None:
    names = {exercise.name for exercise in assignment.exercises}
    tested = {test.exercise for test in tests}
    if tested != names:
        odd = ", ".join(sorted(tested ^ names))
        raise UserError(f"{assignment.stem}: tests and exercises do not match: {odd}.")
    twice = [name for name, count in Counter(test.id for test in tests).items() if count > 1]
    if twice:
        raise UserError(f"{assignment.stem}: a public and a hidden test share a name: {listed(sorted(twice))}.")


def put_on_path(course_root: Path) -> None:
    """Let hidden suites import `reference_impl`, which is never installed."""
    if str(course_root) not in sys.path:
        sys.path.insert(0, str(course_root))
