"""What a student calls: `check = open_assignment("01_perceptron")`, then `check(threshold_unit)`.

It runs the public suite on the function as it is in the kernel, offline, and says in words what came of it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder import wording
from autograder.course import topic_of
from autograder.judging import run_exercise
from autograder.mistakes import Mistake, catalogue_from_json
from autograder.model import Assignment, Exercise, ExerciseResult, KitError, Source, SourceCell, Visibility, listed
from autograder.rooms import LiveRoom, Student, cell_label
from autograder.suite import Suites, collect


class NotYet(AssertionError):
    """Some public test does not pass; its text is the whole message. Jupyter shows no trace of it."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Check:
    """Checks functions of one assignment against its public suite."""

    def __init__(self, suites: Suites, hidden: Mapping[str, tuple[int, float]]) -> None:
        self._suites = suites
        self._hidden = hidden  # of each exercise: how many hidden tests, and what they are worth

    def __call__(self, function: Callable[..., Any] | None = None) -> None:
        """Check one function, or without argument all of the notebook. Raises NotYet where a test does not pass."""
        namespace = sys._getframe(1).f_globals
        if function is None:
            print("\n".join(self._line(one, namespace) for one in self._suites.assignment.exercises))
            return
        one = self._exercise_of(function, namespace)
        result = self._run(one, {one.name: function})
        message = wording.self_check(result, *self._hidden[one.name])
        if result.first_failure is not None:
            raise NotYet(message)
        print(message)

    def _line(self, one: Exercise, namespace: Mapping[str, Any]) -> str:
        return wording.self_check_line(self._run(one, namespace), *self._hidden[one.name])

    def _run(self, one: Exercise, namespace: Mapping[str, Any]) -> ExerciseResult:
        """Prints, warnings and stderr of the student's code are not shown: they say nothing about right or wrong."""
        quiet = io.StringIO()
        function = namespace.get(one.name)
        student = Student(LiveRoom({one.name: function}))
        with warnings.catch_warnings(), contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            warnings.simplefilter("ignore")
            return run_exercise(self._suites, one, _cell_of(function, one.name), student)

    def _exercise_of(self, function: object, namespace: Mapping[str, Any]) -> Exercise:
        """By the function's own name, or by the name the notebook gave to it (a lambda, an object with __call__)."""
        exercises = {one.name: one for one in self._suites.assignment.exercises}
        named = [name for name in exercises if namespace.get(name) is function]
        name = named[0] if named else getattr(function, "__name__", "")
        if name not in exercises:
            raise NotYet(f"check() knows {listed(exercises)}: call it with one of them, without quotes.")
        return exercises[name]


def _cell_of(function: object, name: str) -> Source:
    """The text of the cell that defined the function, for messages to quote a line of; nothing of it is run."""
    try:
        text = "".join(inspect.findsource(inspect.unwrap(function))[0])  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError):
        return Source(())
    return Source((SourceCell(cell_label(name), text, ()),))


def open_assignment(stem: str) -> Check:
    """The check of one assignment; KitError, with the places it looked at, where its public suite is not found."""
    folder = _folder_of(stem)
    entries = _read_selfcheck(folder / "selfcheck.json", stem)
    tests, _ = collect(folder / f"test_{topic_of(stem)}.py", Visibility.PUBLIC)
    exercises = tuple(Exercise(name, entry["points"], tuple(entry["parameters"])) for name, entry in entries.items())
    weights = {name: entry["public_weight"] + entry["hidden_weight"] for name, entry in entries.items()}
    suites = Suites(Assignment(stem, exercises, ()), tests, weights, functools.partial(_mistakes_in, entries))
    hidden = {
        name: (entry["hidden_tests"], entry["points"] * entry["hidden_weight"] / weights[name])
        for name, entry in entries.items()
    }
    return Check(suites, hidden)


def _mistakes_in(entries: Mapping[str, Mapping[str, Any]], name: str) -> Sequence[Mistake]:
    return catalogue_from_json(entries[name]["mistakes"])


def _folder_of(stem: str) -> Path:
    course = os.environ.get("AUTOGRADER_COURSE")
    places = [Path(), Path(stem), Path("assignments") / stem]
    if course:
        places += [Path(course) / stem, Path(course) / "assignments" / stem]
    for place in places:
        if (place / f"test_{topic_of(stem)}.py").is_file():
            return place.resolve()
    looked = listed(str(place.resolve()) for place in places)
    raise KitError(
        f"The tests of {stem} (test_{topic_of(stem)}.py) were not found. Looked in {looked}. Open the notebook "
        "from the folder it came in, or set AUTOGRADER_COURSE to the folder that holds the assignments."
    )


def _read_selfcheck(path: Path, stem: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != 1 or content["assignment"] != stem:
            raise ValueError
        entries: dict[str, Any] = content["exercises"]
    except (OSError, ValueError, KeyError, TypeError):
        raise KitError(f"{path} is missing or damaged. Take it again from the files you were given.") from None
    return entries
