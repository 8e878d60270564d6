"""Lets plain `pytest` run a suite: `pytest -p autograder.pytest_plugin --notebook FILE test_perceptron.py`.

The notebook's functions run in pytest's own process: this is for people who look into their own notebook. A class
is graded with `autograder grade`, where students' code is confined.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder.course import find_course, topic_of
from autograder.judging import Run, explained, run_test
from autograder.model import Assignment, KitError, Outcome, Source, Ungradable, Visibility
from autograder.rooms import LiveRooms, Student
from autograder.submission import read_submission
from autograder.suite import is_marked, seed_of, test_of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("autograder").addoption("--notebook", type=Path, help="the notebook whose functions are tested")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(seed_of(request.path, request.node.name))


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Iterator[Student]:
    _, source = _opened(request.config, request.path)
    with LiveRooms().open(source) as functions:
        yield functions


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a suite's test as the grader does, and fail in the grader's words."""
    if not is_marked(pyfuncitem.function):
        return None
    assignment, source = _opened(pyfuncitem.config, pyfuncitem.path)
    test = test_of(pyfuncitem, Visibility.PUBLIC)
    functions = pyfuncitem.funcargs["student"]
    assert isinstance(functions, Student)
    absent = functions.room.absent(test.exercise)
    run = Run(test, absent.outcome, absent) if absent else run_test(test, functions)
    if run.outcome is not Outcome.PASSED:
        message = explained(assignment.exercise(test.exercise), source, run)
        pytest.fail(f"{run.outcome}: {message}", pytrace=False)
    return True


def _opened(config: pytest.Config, suite: Path) -> tuple[Assignment, Source]:
    notebook: Path | None = config.getoption("notebook")
    if notebook is None:
        raise pytest.UsageError("name the notebook whose functions are tested: --notebook FILE")
    try:
        course = find_course(suite)
        stem = next(stem for stem in course.stems if topic_of(stem) == suite.stem.removeprefix("test_"))
        assignment = course.assignment(stem)
        return assignment, read_submission(notebook, assignment, "").source
    except (KitError, Ungradable) as error:
        raise pytest.UsageError(f"{notebook}: {error}") from None
