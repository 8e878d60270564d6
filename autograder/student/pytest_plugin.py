"""Let plain `pytest`, and an editor's test panel, run a suite with the grader's verdicts and messages.

In an assignment's folder: `pytest`. For another notebook: `pytest --notebook FILE`. The notebook's functions run in
pytest's own process, so this is for people who test their own notebook. `autograder grade` grades a class and confines
students' code.

Every pytest in this environment loads this module, so it imports the kit only when a suite is run.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import numpy as np

    from autograder.core.model import Submission, TestResult
    from autograder.execution.interface import Student
    from autograder.grading.suites import Suites


def pytest_addoption(parser: pytest.Parser) -> None:
    about = "the notebook whose functions are tested; default: the one beside the suite"
    parser.getgroup("autograder").addoption("--notebook", type=Path, help=about)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OPENED] = {}
    config.stash[_ROOMS] = ExitStack()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_ROOMS].close()


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a random generator that is seeded as in grading."""
    import numpy as np

    from autograder.grading.suites import seed_of

    return np.random.default_rng(seed_of(request.path, request.node.name))


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """Return the notebook's functions."""
    return _opened(request.node).student


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Let the grader judge a suite's test. It runs all tests of an exercise together, as always."""
    from autograder.grading.suites import is_marked

    if not is_marked(pyfuncitem.function):
        return None
    result = _opened(pyfuncitem).result_of(pyfuncitem)
    if result.message is not None:
        pytest.fail(f"{result.outcome}: {result.message}", pytrace=False)
    return True


@dataclass
class _Opened:
    """A suite with a notebook, and the results of the exercises that were run."""

    suites: Suites
    submission: Submission
    student: Student
    results: dict[str, dict[str, TestResult]] = field(default_factory=dict)  # by exercise and test id

    def result_of(self, item: pytest.Function) -> TestResult:
        """Return the result of a test, after its exercise was run."""
        from autograder.grading.runner import run_exercise

        test = next(test for test in self.suites.tests if test.id == item.name)
        if test.exercise not in self.results:
            exercise = self.suites.assignment.exercise(test.exercise)
            tests = run_exercise(self.suites, exercise, self.submission.source, self.student).tests
            self.results[test.exercise] = {result.id: result for result in tests}
        return self.results[test.exercise][test.id]


_OPENED = pytest.StashKey[dict[Path, _Opened]]()
_ROOMS = pytest.StashKey[ExitStack]()


def _opened(item: pytest.Item) -> _Opened:
    opened = item.config.stash[_OPENED]
    if item.path not in opened:
        opened[item.path] = _open(item)
    return opened[item.path]


def _open(item: pytest.Item) -> _Opened:
    from autograder.core.errors import Ungradable, UserError
    from autograder.execution.in_process import LiveRoom, LiveRooms
    from autograder.grading.pipeline import opened
    from autograder.notebooks.submission import read_submission

    suite = item.path
    notebook: Path | None = item.config.getoption("notebook")
    try:
        suites, beside = _suites_at(suite, [other for other in item.session.items if other.path == suite])
        submission = read_submission(notebook or beside, suites.assignment, "")
    except UserError as error:
        raise pytest.UsageError(str(error)) from None
    except Ungradable as error:
        raise pytest.UsageError(f"{notebook or beside}: {error}") from None
    student = item.config.stash[_ROOMS].enter_context(opened(LiveRooms(), submission))
    if suites.hand_in is not None and not notebook:  # the solution holds no trained model: train it
        assert isinstance(student.room, LiveRoom)
        student.trained = suites.hand_in(student.room.namespace)
    return _Opened(suites, submission, student)


def _suites_at(suite: Path, items: list[pytest.Item]) -> tuple[Suites, Path]:
    """Return the tests that pytest collected, with their points and hints, and the notebook beside the suite."""
    from dataclasses import replace

    from autograder.core.model import Visibility
    from autograder.grading.pipeline import suites_of
    from autograder.grading.suites import is_marked, test_of
    from autograder.notebooks.course import find_course
    from autograder.student.handout import has_handout, read_handout

    ours = [item for item in items if isinstance(item, pytest.Function) and is_marked(item.function)]
    if has_handout(suite.parent):
        handout = read_handout(suite.parent)
        return handout.suites([test_of(item, Visibility.PUBLIC) for item in ours]), handout.notebook
    course = find_course(suite)
    stem = course.stem_of(suite)
    tests = tuple(test_of(item, Visibility.PUBLIC) for item in ours)  # whoever has the file may see the inputs
    return replace(suites_of(course, stem), tests=tests), course.solution(stem)
