"""What a student calls: `check = open_assignment("01_perceptron")`, then `check(threshold_unit)`.

It runs the public suite on the function as it is in the kernel, offline, and says in words what came of it.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from autograder import wording
from autograder.cleaning import clean
from autograder.handout import Handout, find_handout
from autograder.judging import run_exercise
from autograder.live import LiveRoom, LiveRooms
from autograder.model import Exercise, ExerciseResult, KitError, Report, Source, SourceCell, Ungradable
from autograder.pipeline import grade
from autograder.report.check import check_table
from autograder.rooms import Student, cell_label
from autograder.sandbox.limits import LIMITS
from autograder.submitting import remember


class NotYet(AssertionError):
    """Some public test does not pass; its text is the whole message. Jupyter shows no trace of it."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Check:
    """Checks functions of one assignment against its public suite."""

    def __init__(self, handout: Handout) -> None:
        self._handout = handout
        self._suites = handout.suites()

    def __call__(self, function: Callable[..., Any] | None = None) -> None:
        """Check one function, or without argument all of the notebook. Raises NotYet where a test does not pass."""
        namespace = sys._getframe(1).f_globals
        if function is None:
            exercises = self._suites.assignment.exercises
            results = [self._run(one, namespace)[0] for one in exercises]
            remember(self._handout, results)
            print(check_table(results, self._handout))
            return
        one = self._exercise_of(function, namespace)
        result, warned = self._run(one, {one.name: function})
        remember(self._handout, [result])
        message = wording.self_check(result, *self._handout.hidden(one.name), warned)
        if result.first_failure is not None:
            raise NotYet(message)
        print(message)

    def _run(self, one: Exercise, namespace: Mapping[str, Any]) -> tuple[ExerciseResult, str]:
        function = namespace.get(one.name)
        with quiet() as warned:
            student = Student(LiveRoom({one.name: function}, seconds=LIMITS.call_seconds))
            result = run_exercise(self._suites, one, _cell_of(function, one.name), student)
        return result, warned()

    def _exercise_of(self, function: object, namespace: Mapping[str, Any]) -> Exercise:
        """By the function's own name, or by the name the notebook gave to it (a lambda, an object with __call__)."""
        exercises = {one.name: one for one in self._suites.assignment.exercises}
        named = [name for name in exercises if namespace.get(name) is function]
        name = named[0] if named else getattr(function, "__name__", "")
        if name not in exercises:
            raise NotYet(wording.check_knows(tuple(exercises)))
        return exercises[name]


@contextlib.contextmanager
def quiet() -> Iterator[Callable[[], str]]:
    """Prints and stderr of the student's code are not shown: they say nothing about right or wrong, and any stderr
    makes nbgrader fail a cell. The first warning is kept, for whom it may help."""
    sink = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(sink), redirect_stderr(sink):
        warnings.simplefilter("always")
        yield lambda: f"{caught[0].category.__name__}: {clean(str(caught[0].message))}" if caught else ""


def _cell_of(function: object, name: str) -> Source:
    """The text of the cell that defined the function, for messages to quote a line of; nothing of it is run."""
    try:
        text = "".join(inspect.findsource(inspect.unwrap(function))[0])  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError):
        return Source(())
    return Source((SourceCell(cell_label(name), text, ()),))


def open_assignment(stem: str) -> Check:
    """The check of one assignment; KitError, with the places it looked at, where its public suite is not found."""
    return Check(find_handout(stem, Path()))


def check_notebook(notebook: Path, handout: Handout) -> Report:
    """The report of a saved notebook on the public suite: its functions run here, as in a kernel."""
    try:
        with quiet():
            return grade(notebook, "", handout.suites(), LiveRooms(LIMITS.call_seconds))
    except Ungradable as error:
        raise KitError(f"{notebook}: {error}") from None


def standing(handout: Handout) -> Report | str:
    """The report of an assignment's saved notebook; why there is none, in words."""
    try:
        return check_notebook(handout.notebook, handout)
    except (KitError, OSError) as error:
        return str(error)
