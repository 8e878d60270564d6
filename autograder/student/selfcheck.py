"""Check exercises on the public tests: `check = open_assignment("01_perceptron")`, then `check(threshold_unit)`.

The functions are tested as they are in the kernel. What passes is run again from the notebook's text, as grading does.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Exercise, ExerciseResult, Outcome, Source, SourceCell
from autograder.core.text import filled, listed
from autograder.execution.fresh_settings import remember_modules
from autograder.execution.in_process import InProcessSession
from autograder.execution.interface import Student, cell_label
from autograder.execution.limits import LIMITS
from autograder.grading.messages import remarks
from autograder.grading.runner import Run, parameters_of, run_exercise_tests
from autograder.grading.value_format import inputs_of
from autograder.guest.wire import Seed
from autograder.notebooks.cell_code import read_code
from autograder.notebooks.parser import Budget
from autograder.notebooks.student_cells import release_of
from autograder.notebooks.submission import submission_of
from autograder.notebooks.text_answers import questions_of
from autograder.student import messages
from autograder.student.cells_as_run import cells_as_run
from autograder.student.demos import Demo
from autograder.student.hand_in import Runs, missing, notes_on, open_notebook
from autograder.student.handout import Handout, find_handout
from autograder.student.hints import Hints, name_of
from autograder.student.history import remember, remembered
from autograder.student.jupyter import (
    Screen,
    View,
    cell_text,
    is_rich,
    named_notebooks,
    offer_commands,
    runs_for_a_person,
    show,
)
from autograder.student.kernel_runs import ExerciseRun, exercise_runs, watch
from autograder.student.kernel_runs import runs as kernel_runs
from autograder.student.next_step import next_exercise, next_line, questions_text
from autograder.student.quiet import quiet
from autograder.student.rehearsal import Rehearsal, needs_unsaved_cells, rehearse
from autograder.student.saved_notebooks import SavedNotebook
from autograder.student.views import hint_view, message_view, rehearsal_view, result_view, table_view


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
        self.show()
        return [self._line]

    def show(self) -> None:
        """Show the view, unless it was shown. IPython asks twice for an error: to show the text, and to save it."""
        if self._view is not None:
            show(self._view)
            self._view = None


class Interrupted(KeyboardInterrupt):
    """The student stopped the kernel during a check. Jupyter shows the sentence, and no traceback of the kit."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Check:
    """Checks the functions of one assignment on its public tests."""

    def __init__(self, handout: Handout) -> None:
        self._handout = handout
        self._suites = handout.suites()
        # By exercise, and by the number of the public test: the inputs of the calls that the last check shows.
        self._inputs: dict[str, dict[int, dict[str, Any]]] = {}
        self._hints = Hints(handout)

    def __call__(self, function: Callable[..., Any] | str | None = None) -> None:
        """Check one function, or the exercise of that name, or without an argument every exercise of the notebook.

        If a test of that one function does not pass, a person is shown why, and the notebook goes on. Where nbgrader
        or nbconvert runs the notebook, NotYet is raised. Raise Interrupted if the student stops the kernel.
        """
        namespace = sys._getframe(1).f_globals
        if function is None:
            self._whole_notebook(namespace)
            return
        try:
            self._one_exercise(function, namespace)
        except NotYet as problem:
            if not runs_for_a_person():
                raise
            problem.show()

    def submit(self, name: str = "", notebook: str | Path = "") -> None:
        """Check the open notebook once more as it was saved, and write the file to hand in beside it.

        name: the student's name, as the instructor knows it
        notebook: a notebook's path, if another one than the open notebook is to be handed in

        Raise UserError if nothing was written: the open notebook is not known or not saved, or has no answers.
        """
        from autograder.student.submit import submit_open

        runs = self._runs(sys._getframe(1).f_globals)
        submit_open(str(name).strip(), str(notebook), runs, self._handout)

    def _one_exercise(self, function: Callable[..., Any] | str, namespace: Mapping[str, Any]) -> None:
        exercise = self._exercise_of(function, namespace)
        tested = namespace[exercise.name] if isinstance(function, str) else function
        scope = {**namespace, exercise.name: tested}
        result = self._run(exercise, scope)
        remember(self._handout, [result])
        all_runs = self._runs(scope)
        runs = {name: run for name, run in all_runs.items() if name == exercise.name}
        saved = open_notebook(runs)
        notes = notes_on(runs, saved)
        if sentence := self._top_cells([result], namespace):
            raise NotYet(message_view(sentence), sentence)
        if result.first_failure is not None:
            notes.append(messages.hints_are_there(exercise.name))
            raise NotYet(result_view(result, self._handout, notes), messages.not_yet(result))
        rehearsal = self._rehearse([exercise], saved, all_runs)[exercise.name]
        if not rehearsal.passed:
            raise NotYet(rehearsal_view(rehearsal, self._handout, notes), messages.only_in_kernel(exercise.name))
        notes += self._unsaved_needs({exercise.name: rehearsal}, saved, runs)
        notes += map(messages.when_graded, rehearsal.remarks)
        notes.append(next_line(self._handout, remembered(self._handout), after=exercise.name))
        show(result_view(result, self._handout, notes))

    def _runs(self, namespace: Mapping[str, Any]) -> dict[str, ExerciseRun]:
        """Return what the kernel ran of the exercises."""
        assignment = self._suites.assignment
        return exercise_runs(
            {exercise.name: namespace.get(exercise.name) for exercise in assignment.exercises}, assignment
        )

    def hint(self, function: Callable[..., Any] | str | None = None) -> None:
        """Show the next hint of an exercise: the idea, at the next call the formula, then the shape of the code.

        function: the exercise's function or its name; without it the hint is for the next exercise that does not pass
        """
        namespace = sys._getframe(1).f_globals
        names = [exercise.name for exercise in self._suites.assignment.exercises]
        if function is None:
            function = next_exercise(self._handout, remembered(self._handout)) or names[0]
        try:
            show(hint_view(self._hints.next(name_of(function, lambda name: namespace.get(name) is function, names))))
        except UserError as error:
            show(message_view(filled(str(error))))

    def demo(self, alt: str = "") -> Demo:
        """Return the context of a demo cell: `with check.demo("what its figure shows"):`.

        The figure is shown with `alt` as its alternative text. An exception in the body becomes a sentence.
        """
        cell = sys._getframe(1)
        names = [exercise.name for exercise in self._suites.assignment.exercises]
        return Demo(alt, names, cell.f_code, cell.f_globals)

    def _whole_notebook(self, namespace: Mapping[str, Any]) -> None:
        """Show a table that grows as the exercises are run, then the notes."""
        results: list[ExerciseResult] = []
        exercises = self._suites.assignment.exercises
        with Screen() as screen:
            for exercise in exercises:
                screen.show(table_view(self._handout, results))
                results.append(self._run(exercise, namespace))
            remember(self._handout, results)
            runs = self._runs(namespace)
            saved = open_notebook(runs)
            results, only_here = self._as_graded(results, saved, runs)
            passed = [result.name for result in results if result.outcome is Outcome.PASSED]
            notes = [self._top_cells(results, namespace), *only_here, *self._notes(passed, runs, saved)]
            screen.show(table_view(self._handout, results, list(filter(None, notes))))

    def _rehearse(
        self, exercises: Sequence[Exercise], saved: SavedNotebook | None, runs: Mapping[str, ExerciseRun]
    ) -> dict[str, Rehearsal]:
        """Run exercises from the notebook's text. They count as passed if nothing is known of the text."""
        ran = kernel_runs()
        if saved is None and not ran:
            return {exercise.name: Rehearsal() for exercise in exercises}
        cells = cells_as_run(saved, ran, runs.values())
        rehearsals = {}
        for exercise in exercises:
            with quiet(), _interruptible(exercise):
                rehearsals[exercise.name] = rehearse(cells, self._suites, exercise)
        return rehearsals

    def _as_graded(
        self, results: Sequence[ExerciseResult], saved: SavedNotebook | None, runs: Mapping[str, ExerciseRun]
    ) -> tuple[list[ExerciseResult], list[str]]:
        """Return the results as they are when the notebook is graded, and a note on those that differ."""
        passed = [result.name for result in results if result.outcome is Outcome.PASSED]
        exercises = [self._suites.assignment.exercise(name) for name in passed]
        rehearsals = self._rehearse(exercises, saved, runs)
        failed = {name: rehearsal for name, rehearsal in rehearsals.items() if not rehearsal.passed}
        told = [messages.only_in_kernel(name) + " " + messages.ask_why(name) for name in failed]
        told += self._unsaved_needs(rehearsals, saved, runs)
        told += [messages.when_graded(remark) for rehearsal in rehearsals.values() for remark in rehearsal.remarks]
        graded = [failed[result.name].result or result if result.name in failed else result for result in results]
        return graded, [filled(note) for note in told]

    def _unsaved_needs(self, rehearsals: Mapping[str, Rehearsal], saved: SavedNotebook | None, runs: Runs) -> list[str]:
        """Return a note on exercises that pass, and are saved, but need a cell that is not."""
        if saved is None:
            return []
        unsaved = missing(saved, runs)
        names = [
            name
            for name, rehearsal in rehearsals.items()
            if rehearsal.passed
            and name not in unsaved
            and needs_unsaved_cells(rehearsal, saved, self._suites.assignment, name)
        ]
        return [messages.not_saved([f"a cell that {listed(names)} needs"])] if names else []

    def _notes(
        self, passed: Sequence[str], runs: Mapping[str, ExerciseRun], saved: SavedNotebook | None
    ) -> Iterator[str]:
        yield next_line(self._handout, passed)
        if saved is not None and (questions := questions_of(saved.cells, self._suites.assignment)):
            yield questions_text(questions)
        yield filled(messages.WHAT_COUNTS)
        yield from notes_on(runs, saved)
        if saved is not None:
            with contextlib.suppress(Ungradable):
                if repairs := submission_of(saved.data, self._suites.assignment, "").remarks:
                    yield remarks(repairs)

    def inputs(self, function: Callable[..., Any], number: int | None = None) -> dict[str, Any]:
        """Return the inputs of a call that the last check of a function shows, by the names of its parameters.

        number: of the public test, counted from 1 in the order of its file; None: the one that is shown first
        Raise NotYet if there is no such call: the test passes, or did not call the function.
        """
        namespace = sys._getframe(1).f_globals
        exercise = self._exercise_of(function, namespace)
        if exercise.name not in self._inputs:
            self._run(exercise, {**namespace, exercise.name: function})
        inputs_by_test = self._inputs[exercise.name]
        chosen = next(iter(inputs_by_test), None) if number is None else number
        if chosen not in inputs_by_test:
            sentence = messages.no_inputs(exercise.name)
            raise NotYet(message_view(sentence), sentence)
        inputs = copy.deepcopy(inputs_by_test[chosen])
        return {name: np.random.default_rng(v.value) if isinstance(v, Seed) else v for name, v in inputs.items()}

    def _remember_inputs(self, exercise: Exercise, result: ExerciseResult, runs: Sequence[Run]) -> None:
        """Keep the inputs of the calls that a result shows, the most telling first."""
        calls = {run.test.id: (number, run.call) for number, run in enumerate(runs, 1) if run.call is not None}
        shown = [calls[test.id] for test in result.failures if test.id in calls]
        self._inputs[exercise.name] = {
            number: inputs_of(call, parameters_of(self._suites, call) or ()) for number, call in shown
        }

    def _run(self, exercise: Exercise, namespace: Mapping[str, Any]) -> ExerciseResult:
        """Return an exercise's result."""
        assignment = self._suites.assignment
        functions = {other.name: namespace.get(other.name) for other in assignment.exercises}
        with quiet(), _interruptible(exercise):
            student = Student(InProcessSession(functions, seconds=LIMITS.call_seconds, companion=assignment.companion))
            result, runs = run_exercise_tests(self._suites, exercise, _cells_of(functions), student)
        self._remember_inputs(exercise, result, runs)
        return result

    def _exercise_of(self, function: object, namespace: Mapping[str, Any]) -> Exercise:
        """Return the exercise by the notebook's name for the function, else by the function's own name.

        A lambda or an object with `__call__` has only the notebook's name. Raises NotYet if neither is an exercise,
        or if the name was given and nothing has it yet.
        """
        exercises = {exercise.name: exercise for exercise in self._suites.assignment.exercises}
        names = [name for name in exercises if namespace.get(name) is function]
        name = function if isinstance(function, str) else names[0] if names else getattr(function, "__name__", "")
        if not isinstance(name, str) or name not in exercises:
            sentence = messages.check_knows(tuple(exercises), str(name))
        elif isinstance(function, str) and name not in namespace:
            sentence = messages.not_defined(name)
        else:
            return exercises[name]
        raise NotYet(message_view(sentence), sentence)

    def _top_cells(self, results: Sequence[ExerciseResult], namespace: Mapping[str, Any]) -> str:
        """Return a sentence if a test failed because the notebook's top cells were not run; else nothing."""
        texts = [cell.text for cell in release_of(self._suites.assignment).given]
        given = (
            name
            for text in texts
            for statement in read_code(text, Budget.unlimited()).statements
            for name in statement.defines
        )
        failures = "\n".join(result.first_failure.message or "" for result in results if result.first_failure)
        missing = [name for name in given if name not in namespace and f"name '{name}' is not defined" in failures]
        return messages.top_cells_not_run(missing) if missing else ""


@contextlib.contextmanager
def _interruptible(exercise: Exercise) -> Iterator[None]:
    """Raise Interrupted if the student stops the kernel meanwhile."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(messages.interrupted(exercise.name)) from None


def _cells_of(functions: Mapping[str, object]) -> Source:
    """Return the cells that defined the functions, so that messages can quote a line of them. They are not run."""
    texts = {name: _text_of(function) for name, function in functions.items()}
    return Source(tuple(SourceCell(cell_label(name), text, ()) for name, text in texts.items() if text))


def _text_of(function: object) -> str:
    """Return the text of the cell that defined the function; empty if it is not known."""
    try:
        code: Any = inspect.unwrap(function)  # type: ignore[arg-type]
        return cell_text(inspect.getfile(code)) or "".join(inspect.findsource(code)[0])
    except Exception:  # any object may stand under the exercise's name
        return ""


def open_assignment(name: str) -> Check:
    """Return the check of one assignment, named as `01_perceptron` or `perceptron`.

    Its tests are looked for in the current folder, then beside the notebook that Jupyter or VS Code names. If they are
    there, that folder becomes the current one, as the notebook's data files are in it. Raise UserError if they are not
    found. The message lists the folders.
    """
    offer_commands()
    remember_modules()
    watch()
    handout = find_handout(name, Path(), *(path.parent for path in named_notebooks()))
    if handout.folder in {path.resolve().parent for path in named_notebooks()} and Path.cwd() != handout.folder:
        os.chdir(handout.folder)
    return Check(handout)
