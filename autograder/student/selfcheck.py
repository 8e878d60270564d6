"""Check exercises on the public tests: `check = open_assignment("01_perceptron")`, then `check(threshold_unit)`.

In a kernel the functions are tested as they are there. A saved notebook is tested from its file.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Assignment, Exercise, ExerciseResult, Report, Source, SourceCell
from autograder.core.sanitize import clean
from autograder.core.text import filled
from autograder.execution.in_process import InProcessExecutor, InProcessSession
from autograder.execution.interface import CallRaised, SessionEnded, Student, cell_label
from autograder.execution.limits import LIMITS
from autograder.execution.packages import graded_packages
from autograder.grading.checks import trained_model
from autograder.grading.comparison import CheckFailed
from autograder.grading.messages import remarks
from autograder.grading.pipeline import grade_content, opened
from autograder.grading.runner import run_exercise
from autograder.grading.suites import Suites
from autograder.notebooks.ipynb import parse_notebook, read_bytes
from autograder.notebooks.submission import read_submission, submission_of
from autograder.student import messages
from autograder.student.handout import Handout, find_handout
from autograder.student.history import remember
from autograder.student.jupyter import Screen, View, cell_text, is_rich, offer_commands, open_notebook, show, undrawn
from autograder.student.views import message_view, result_view, table_view


class NotYet(AssertionError):
    """A public test does not pass. The text is the whole message; Jupyter shows no traceback."""

    def __init__(self, view: View, line: str) -> None:
        super().__init__(view.text)
        self._view: View | None = view
        self._line = line

    def _render_traceback_(self) -> list[str]:
        """Return what Jupyter shows instead of a traceback: one line, if the view is shown above it."""
        if not is_rich():
            return str(self).splitlines()
        if self._view is not None:  # IPython asks twice: to show the text, and to save it
            show(self._view)
            self._view = None
        return [self._line]


class Interrupted(KeyboardInterrupt):
    """The student stopped the kernel during a check. Jupyter shows the sentence, and no traceback of the kit."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Check:
    """Checks the functions of one assignment on its public tests."""

    def __init__(self, handout: Handout) -> None:
        self._handout = handout
        self._suites = handout.suites()

    def __call__(self, function: Callable[..., Any] | None = None) -> None:
        """Check one function, or without an argument every exercise of the notebook.

        Raise NotYet if a test of that one function does not pass, and Interrupted if the student stops the kernel.
        """
        namespace = sys._getframe(1).f_globals
        if function is None:
            self._whole_notebook(namespace)
            return
        exercise = self._exercise_of(function, namespace)
        result, warning = self._run(exercise, {**namespace, exercise.name: function})
        remember(self._handout, [result])
        if result.first_failure is not None:
            raise NotYet(result_view(result, self._handout, warning), messages.not_yet(result))
        show(result_view(result, self._handout, warning, unsaved=bool(_unsaved({exercise.name: function}))))

    def _whole_notebook(self, namespace: Mapping[str, Any]) -> None:
        """Show a table that grows as the exercises are run, then the notes."""
        results: list[ExerciseResult] = []
        exercises = self._suites.assignment.exercises
        with Screen() as screen:
            for exercise in exercises:
                screen.show(table_view(self._handout, results))
                results.append(self._run(exercise, namespace)[0])
            remember(self._handout, results)
            unsaved = _unsaved({exercise.name: namespace.get(exercise.name) for exercise in exercises})
            screen.show(table_view(self._handout, results, list(self._notes(unsaved))))

    def _notes(self, unsaved: Sequence[str]) -> Iterator[str]:
        yield filled(messages.WHAT_COUNTS)
        if unsaved:
            yield messages.not_saved(unsaved)
        saved = open_notebook()
        if saved is not None:
            with contextlib.suppress(Ungradable):
                if repairs := read_submission(saved, self._suites.assignment, "").remarks:
                    yield remarks(repairs)

    def _run(self, exercise: Exercise, namespace: Mapping[str, Any]) -> tuple[ExerciseResult, str]:
        """Return an exercise's result, and the first warning, which may be empty."""
        assignment = self._suites.assignment
        functions = {other.name: namespace.get(other.name) for other in assignment.exercises}
        with quiet() as first_warning:
            student = Student(InProcessSession(functions, seconds=LIMITS.call_seconds, companion=assignment.companion))
            try:
                cell = _cell_of(functions[exercise.name], exercise.name)
                result = run_exercise(self._suites, exercise, cell, student)
            except KeyboardInterrupt:
                raise Interrupted(messages.interrupted(exercise.name)) from None
        return result, first_warning()

    def _exercise_of(self, function: object, namespace: Mapping[str, Any]) -> Exercise:
        """Return the exercise by the notebook's name for the function, else by the function's own name.

        A lambda or an object with `__call__` has only the notebook's name. Raises NotYet if neither is an exercise.
        """
        exercises = {exercise.name: exercise for exercise in self._suites.assignment.exercises}
        names = [name for name in exercises if namespace.get(name) is function]
        name = names[0] if names else getattr(function, "__name__", "")
        if name not in exercises:
            sentence = messages.check_knows(tuple(exercises))
            raise NotYet(message_view(sentence), sentence)
        return exercises[name]


@contextlib.contextmanager
def quiet() -> Iterator[Callable[[], str]]:
    """Hide what the student's code prints and draws; give a function that returns the first warning.

    Output says nothing about right or wrong, and nbgrader fails every cell that writes to stderr. A warning may help.
    """
    sink = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(sink), redirect_stderr(sink), undrawn():
        warnings.simplefilter("always")
        yield lambda: f"{caught[0].category.__name__}: {clean(str(caught[0].message))}" if caught else ""


def _cell_of(function: object, name: str) -> Source:
    """Return the cell that defined the function, so that messages can quote a line of it. It is not run."""
    text = _text_of(function)
    return Source((SourceCell(cell_label(name), text, ()),) if text else ())


def _text_of(function: object) -> str:
    """Return the text of the cell that defined the function; empty if it is not known."""
    try:
        code: Any = inspect.unwrap(function)  # type: ignore[arg-type]
        return cell_text(inspect.getfile(code)) or "".join(inspect.findsource(code)[0])
    except (OSError, TypeError, ValueError):
        return ""


def _unsaved(functions: Mapping[str, object]) -> list[str]:
    """Return the functions whose cell in the kernel differs from every cell in the notebook's file."""
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
    """Return the check of one assignment. Raise UserError, with the searched folders, if its tests are not found."""
    offer_commands()
    return Check(find_handout(stem, Path()))


# ---- a saved notebook


def check_notebook(notebook: Path, handout: Handout) -> Report:
    """Return the report of a saved notebook on the public tests. Its functions run in this process, as in a kernel.

    Raise UserError if the notebook cannot be graded, NotInstalled if PyTorch is needed and missing.
    """
    suites = handout.suites()
    try:
        data = read_bytes(notebook)
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None
    return check_content(data, notebook, suites)


def check_content(data: bytes, notebook: Path, suites: Suites) -> Report:
    """Return the report of a notebook's content on the given tests, as `check_notebook` does. `notebook` names it."""
    try:
        with quiet():
            return grade_content(data, "", suites, _executor(suites.assignment))
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None


def _executor(assignment: Assignment) -> InProcessExecutor:
    return InProcessExecutor(LIMITS.call_seconds, graded_packages(torch=assignment.torch))


def weights_fit(data: bytes, handout: Handout) -> bool:
    """Return whether the weights packed into a notebook have the names and shapes of the model that it builds."""
    submission = submission_of(data, handout.assignment, "")
    with quiet(), opened(_executor(handout.assignment), submission) as student:
        try:
            return bool(student.misfits(dict(trained_model(student).weights)) == 0)
        except (CallRaised, CheckFailed, SessionEnded):
            return False


@dataclass(frozen=True)
class SavedCheck:
    """What came of checking an assignment's saved notebook: a report, or the reason why there is none."""

    handout: Handout
    report: Report | None = None
    reason: str = ""


def check_saved(handout: Handout) -> SavedCheck:
    """Check an assignment's saved notebook. A notebook that cannot be checked raises nothing here."""
    try:
        return SavedCheck(handout, check_notebook(handout.notebook, handout))
    except (UserError, OSError) as error:
        return SavedCheck(handout, reason=str(error))
