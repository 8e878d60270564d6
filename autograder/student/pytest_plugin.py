"""Let plain `pytest`, and an editor's test panel, run a suite with the grader's verdicts and messages.

In an assignment's folder: `pytest`. For another notebook: `pytest --notebook FILE`. The notebook's functions run in
pytest's own process, so this is for people who test their own notebook. `autograder grade` grades a class and confines
students' code.

Every pytest in this environment loads this module, also for tests that have nothing to do with the kit. So it imports
the kit, and has an effect, only for the suite of an assignment. It defines no fixtures: a suite's tests are run by the
kit's own runner, which also hands over `student` and `rng`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from autograder.core.model import TestResult
    from autograder.grading.suites import Suites, Test


def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Add the option, if pytest was started beside an assignment or was given a suite."""
    start = early_config.invocation_params.dir
    named = [start / arg.partition("::")[0] for arg in args if not arg.startswith("-")]
    folders = {path if path.is_dir() else path.parent for path in [start, *named]}
    if any(_is_suite(path) for folder in folders for path in folder.glob("test_*.py")):
        about = "the notebook whose functions are tested; default: the one beside the suite"
        parser.getgroup("autograder").addoption("--notebook", type=Path, help=about)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a suite as the grader does. Leave every other file of tests to pytest."""
    if not _is_suite(module_path):
        return None
    suite: pytest.Collector = _SuiteFile.from_parent(parent, path=module_path)
    return suite


def _is_suite(path: Path) -> bool:
    """Return whether a file is a suite of an assignment: of a student's or an author's, or a hidden one of a course."""
    folder, topic = path.parent, path.stem.removeprefix("test_")
    course = folder.parent.parent
    if (folder / "selfcheck.json").is_file():
        return folder.name.partition("_")[2] == topic or (folder / f"{topic}.ipynb").is_file()
    if folder.parent.name == "solutions":
        return (folder / f"{topic}.ipynb").is_file() and (course / "tests" / "suites").is_dir()
    is_hidden = folder.parts[-2:] == ("tests", "suites")
    return is_hidden and any((course / "solutions").glob(f"[0-9]*_{topic}/{topic}.ipynb"))


class _SuiteFile(pytest.File):
    """A suite, and the notebook whose functions it tests."""

    _tests: tuple[Test, ...] = ()
    _opened: _Opened | None = None
    _problem = ""  # why the notebook cannot be tested

    def collect(self) -> Iterator[_SuiteTest]:
        """Yield the tests as the grader sees them, whatever conftest.py or plugin there is."""
        from autograder.core.errors import UserError
        from autograder.core.terminal_text import make_safe

        make_safe(sys.__stdout__)  # pytest's terminal; else pytest escapes every line that it cannot show
        try:
            self._tests = _tests_of(self.path)
        except UserError as error:
            raise self.CollectError(str(error)) from None
        for test in self._tests:
            yield _SuiteTest.from_parent(self, name=test.id, test=test)

    def result_of(self, test: Test) -> TestResult:
        """Return the result of a test. The test fails if the notebook cannot be tested."""
        from autograder.core.errors import Ungradable, UserError

        if self._opened is None and not self._problem:
            try:
                self._opened = _Opened(self.path, self._tests, self.config)
            except (Ungradable, UserError) as error:
                self._problem = str(error)
        if self._opened is None:
            pytest.fail(self._problem, pytrace=False)
        return self._opened.result_of(test)

    def advice_on(self, test: Test) -> str:
        """Return what helps with the test's exercise; empty if a test of that exercise told it before."""
        return self._opened.advice_on(test.exercise) if self._opened is not None else ""


class _SuiteTest(pytest.Item):
    """One test of a suite."""

    def __init__(self, *, test: Test, **about: Any) -> None:
        super().__init__(**about)
        self._test = test

    def runtest(self) -> None:
        """Fail with the grader's message, if the test did not pass."""
        assert isinstance(self.parent, _SuiteFile)
        result = self.parent.result_of(self._test)
        if result.message is not None:
            advice = self.parent.advice_on(self._test)
            pytest.fail("\n".join(filter(None, [f"{result.outcome}: {result.message}", advice])), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where an editor finds the test."""
        return self.path, inspect.unwrap(self._test.function).__code__.co_firstlineno - 1, self.name


class _Opened:
    """A notebook whose functions can be called until pytest ends, and the results of the exercises that were run."""

    def __init__(self, suite: Path, tests: Sequence[Test], config: pytest.Config) -> None:
        from contextlib import ExitStack

        from autograder.core.errors import Ungradable
        from autograder.execution.in_process import InProcessExecutor, InProcessSession
        from autograder.execution.packages import graded_packages
        from autograder.grading.pipeline import opened
        from autograder.notebooks.submission import read_submission

        named: Path | None = config.getoption("notebook", None)
        self._suites, beside = _suites_at(suite, tests)
        try:
            self._submission = read_submission(named or beside, self._suites.assignment, "")
        except Ungradable as error:
            raise Ungradable(f"{named or beside}: {error}") from None
        running = ExitStack()
        executor = InProcessExecutor(packages=graded_packages(torch=self._suites.assignment.torch))
        self._student = running.enter_context(opened(executor, self._submission))
        config.add_cleanup(running.close)
        if self._suites.hand_in is not None and not named:  # the solution holds no trained model: train it
            assert isinstance(self._student.session, InProcessSession)
            self._student.trained = self._suites.hand_in(self._student.session.namespace)
        self._results: dict[str, dict[str, TestResult]] = {}  # by exercise and test id
        self._advice: dict[str, str] = {}  # by exercise, until it is told

    def result_of(self, test: Test) -> TestResult:
        """Return the result of a test. All tests of an exercise are run together, as in grading."""
        from autograder.grading.failures import advice
        from autograder.grading.runner import run_exercise

        if test.exercise not in self._results:
            exercise = self._suites.assignment.exercise(test.exercise)
            result = run_exercise(self._suites, exercise, self._submission.source, self._student)
            self._results[test.exercise] = {test_result.id: test_result for test_result in result.tests}
            self._advice[test.exercise] = advice(result)
        return self._results[test.exercise][test.id]

    def advice_on(self, exercise: str) -> str:
        """Return the hint of an exercise the first time it is asked for; later, and if there is none, nothing."""
        return self._advice.pop(exercise, "")


def _tests_of(suite: Path) -> tuple[Test, ...]:
    from autograder.core.model import Visibility
    from autograder.grading.suites import collect, put_on_path
    from autograder.notebooks.course import find_course
    from autograder.student.handout import has_handout

    if not has_handout(suite.parent):
        put_on_path(find_course(suite).root)
    return collect(suite, Visibility.PUBLIC)[0]  # whoever has the file may see the inputs


def _suites_at(suite: Path, tests: Sequence[Test]) -> tuple[Suites, Path]:
    """Return a suite's tests with their points and hints, and the notebook beside the suite."""
    from dataclasses import replace

    from autograder.grading.pipeline import suites_of
    from autograder.notebooks.course import find_course
    from autograder.student.handout import has_handout, read_handout

    if has_handout(suite.parent):
        handout = read_handout(suite.parent)
        return handout.suites(tests), handout.notebook
    course = find_course(suite)
    stem = course.stem_of(suite)
    return replace(suites_of(course, stem), tests=tuple(tests)), course.solution(stem)
