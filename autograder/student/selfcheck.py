"""What a student calls: `check = open_assignment("01_perceptron")`, then `check(threshold_unit)`.

It runs the public suite on the function as it is in the kernel, offline, and says in words what came of it.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Exercise, ExerciseResult, Report, Source, SourceCell
from autograder.core.sanitize import clean
from autograder.core.text import filled
from autograder.execution.in_process import LiveRoom, LiveRooms
from autograder.execution.interface import CallRaised, RoomEnded, Student, cell_label
from autograder.execution.limits import LIMITS
from autograder.grading.checks import trained_model
from autograder.grading.comparison import CheckFailed
from autograder.grading.messages import remarks
from autograder.grading.pipeline import grade, opened
from autograder.grading.runner import run_exercise
from autograder.notebooks.ipynb import parse_notebook, read_bytes
from autograder.notebooks.submission import read_submission
from autograder.student import messages
from autograder.student.handout import Handout, find_handout
from autograder.student.history import remember
from autograder.student.jupyter import Screen, View, is_rich, offer_commands, open_notebook, show, undrawn
from autograder.student.views import message_view, result_view, table_view


class NotYet(AssertionError):
    """Some public test does not pass; its text is the whole message. Jupyter shows no trace of it."""

    def __init__(self, view: View, line: str) -> None:
        super().__init__(view.text)
        self._view: View | None = view
        self._line = line

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows in place of a trace; where it shows more than text, one line below that."""
        if not is_rich():
            return str(self).splitlines()
        if self._view is not None:  # IPython asks once to show it, and once more to keep it
            show(self._view)
            self._view = None
        return [self._line]


class Interrupted(KeyboardInterrupt):
    """The student stopped the kernel during a check: Jupyter shows the sentence, and no trace of ours."""

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
            self._whole_notebook(namespace)
            return
        one = self._exercise_of(function, namespace)
        result, warned = self._run(one, {**namespace, one.name: function})
        remember(self._handout, [result])
        if result.first_failure is not None:
            raise NotYet(result_view(result, self._handout, warned), messages.not_yet(result))
        show(result_view(result, self._handout, warned, unsaved=bool(_unsaved({one.name: function}))))

    def _whole_notebook(self, namespace: Mapping[str, Any]) -> None:
        """The table, growing as the exercises are run; then what else there is to know."""
        results: list[ExerciseResult] = []
        exercises = self._suites.assignment.exercises
        with Screen() as screen:
            for one in exercises:
                screen.show(table_view(self._handout, results))
                results.append(self._run(one, namespace)[0])
            remember(self._handout, results)
            unsaved = _unsaved({one.name: namespace.get(one.name) for one in exercises})
            screen.show(table_view(self._handout, results, list(self._notes(unsaved))))

    def _notes(self, unsaved: Sequence[str]) -> Iterator[str]:
        yield filled(messages.WHAT_COUNTS)
        if unsaved:
            yield messages.not_saved(unsaved)
        saved = open_notebook()
        if saved is not None:
            with contextlib.suppress(Ungradable):
                if said := read_submission(saved, self._suites.assignment, "").remarks:
                    yield remarks(said)

    def _run(self, one: Exercise, namespace: Mapping[str, Any]) -> tuple[ExerciseResult, str]:
        assignment = self._suites.assignment
        functions = {other.name: namespace.get(other.name) for other in assignment.exercises}
        with quiet() as warned:
            student = Student(LiveRoom(functions, seconds=LIMITS.call_seconds, companion=assignment.companion))
            try:
                result = run_exercise(self._suites, one, _cell_of(functions[one.name], one.name), student)
            except KeyboardInterrupt:
                raise Interrupted(messages.interrupted(one.name)) from None
        return result, warned()

    def _exercise_of(self, function: object, namespace: Mapping[str, Any]) -> Exercise:
        """By the function's own name, or by the name the notebook gave to it (a lambda, an object with __call__)."""
        exercises = {one.name: one for one in self._suites.assignment.exercises}
        named = [name for name in exercises if namespace.get(name) is function]
        name = named[0] if named else getattr(function, "__name__", "")
        if name not in exercises:
            said = messages.check_knows(tuple(exercises))
            raise NotYet(message_view(said), said)
        return exercises[name]


@contextlib.contextmanager
def quiet() -> Iterator[Callable[[], str]]:
    """What the student's code prints and draws is not shown: it says nothing about right or wrong, and any stderr
    makes nbgrader fail a cell. The first warning is kept, for whom it may help."""
    sink = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(sink), redirect_stderr(sink), undrawn():
        warnings.simplefilter("always")
        yield lambda: f"{caught[0].category.__name__}: {clean(str(caught[0].message))}" if caught else ""


def _cell_of(function: object, name: str) -> Source:
    """The cell that defined the function, for messages to quote a line of; nothing of it is run."""
    text = _text_of(function)
    return Source((SourceCell(cell_label(name), text, ()),) if text else ())


def _text_of(function: object) -> str:
    """The text of the cell that defined the function; empty where it is not known."""
    try:
        return "".join(inspect.findsource(inspect.unwrap(function))[0])  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError):
        return ""


def _unsaved(functions: Mapping[str, object]) -> list[str]:
    """Those of the functions whose cell stands in the kernel, and not so in the notebook's file."""
    path = open_notebook()
    if path is None:
        return []
    try:
        saved = {cell.source.strip() for cell in parse_notebook(read_bytes(path))}
    except Ungradable:
        return []
    texts = {name: _text_of(function) for name, function in functions.items()}
    return [name for name, text in texts.items() if text and text.strip() not in saved]


def open_assignment(stem: str) -> Check:
    """The check of one assignment; UserError, with the places it looked at, where its public suite is not found."""
    offer_commands()
    return Check(find_handout(stem, Path()))


def check_notebook(notebook: Path, handout: Handout) -> Report:
    """The report of a saved notebook on the public suite: its functions run here, as in a kernel."""
    try:
        with quiet():
            return grade(notebook, "", handout.suites(), LiveRooms(LIMITS.call_seconds))
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None


def weights_fit(notebook: Path, handout: Handout) -> bool:
    """Whether the weights that were packed into a notebook have the names and shapes of the model that it builds."""
    submission = read_submission(notebook, handout.assignment, "")
    with quiet(), opened(LiveRooms(LIMITS.call_seconds), submission) as student:
        try:
            return bool(student.misfits(dict(trained_model(student).weights)) == 0)
        except (CallRaised, CheckFailed, RoomEnded):
            return False


def result_summary(handout: Handout) -> Report | str:
    """The report of an assignment's saved notebook; why there is none, in words."""
    try:
        return check_notebook(handout.notebook, handout)
    except (UserError, OSError) as error:
        return str(error)
