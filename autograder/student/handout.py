"""What a student has of an assignment: its released cells, the public tests, and what is told of the hidden ones.

Everything except the tests is in `selfcheck.json`. This module writes that file and reads it. Of the catalogue of
mistakes it holds the answers that each mistake gives to public tests, never the code of a mistake. It also holds the
hints for those who ask, and how long each exercise takes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.core.installed import require_torch
from autograder.core.model import Assignment, Cell, Exercise, Visibility
from autograder.core.sanitize import clean
from autograder.core.text import did_you_mean, listed
from autograder.grading.diagnosis import Mistake, catalogue_from_json, catalogue_to_json
from autograder.grading.suites import Suites, Test, collect
from autograder.notebooks.course import companion_in, find_course, topic_of
from autograder.notebooks.effort import Effort
from autograder.student.training_files import HISTORY, SAFETENSORS, TORCH_FILES

SELFCHECK = "selfcheck.json"
# Files that running a notebook leaves in its folder. They belong to no assignment.
LEFT_BY_RUNNING = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", SAFETENSORS, *TORCH_FILES, HISTORY})
HINT_STEPS = 3  # the idea, the formula, the shape of the code
_SCHEMA = 2


@dataclass(frozen=True)
class Handout:
    """One assignment as it was handed out."""

    folder: Path
    assignment: Assignment
    entries: Mapping[str, Mapping[str, Any]]  # of selfcheck.json, by exercise

    @property
    def suite(self) -> Path:
        return self.folder / f"test_{self.assignment.topic}.py"

    @property
    def notebook(self) -> Path:
        return self.folder / f"{self.assignment.topic}.ipynb"

    def suites(self, tests: Sequence[Test] | None = None) -> Suites:
        """Return the given tests, by default the public ones, with the points and hints that belong to them.

        Raise NotInstalled if the tests need PyTorch and it is not installed.
        """
        if self.assignment.torch:
            require_torch(self.assignment.stem, self.folder)
        if tests is None:
            tests, _ = collect(self.suite, Visibility.PUBLIC)
        weights = {name: entry["public_weight"] + entry["hidden_weight"] for name, entry in self.entries.items()}
        return Suites(self.assignment, tuple(tests), weights, mistakes_of=self.mistakes)

    def mistakes(self, name: str) -> Sequence[Mistake]:
        """Return the catalogue of mistakes of an exercise."""
        return catalogue_from_json(self.entries[name]["mistakes"])

    def hints(self, name: str) -> tuple[str, ...]:
        """Return the hints of an exercise: the idea, the formula, the shape of the code."""
        return tuple(self.entries[name]["hints"])

    def minutes(self, name: str) -> int:
        """Return about how long an exercise takes."""
        return int(self.entries[name]["minutes"])

    def hidden(self, name: str) -> tuple[int, float]:
        """Return how many hidden tests an exercise has, and how many points they are worth together."""
        entry = self.entries[name]
        weight = entry["public_weight"] + entry["hidden_weight"]
        return entry["hidden_tests"], entry["points"] * entry["hidden_weight"] / weight


# ---- where a handout is


def find_handout(name: str, *starts: Path) -> Handout:
    """Return the handout of an assignment, by its folder's path, its stem `01_perceptron` or its topic `perceptron`.

    Raise UserError if there is none. The message lists the assignments that are there, or the folders.
    """
    if has_handout(Path(name)):
        return read_handout(Path(name).resolve())
    stem = Path(name).name
    folders = [folder for start in starts for folder in _possible_folders(stem, start)]
    for folder in folders:
        if (folder / f"test_{topic_of(stem)}.py").is_file():
            return read_handout(folder.resolve())
    known = _known_folders(starts)
    if found := [folder for folder in known.values() if _is_called(folder, stem)]:
        return read_handout(found[0])
    if known:
        near = did_you_mean(stem, known) or did_you_mean(stem, map(topic_of, known))
        raise UserError(f"There is no assignment {clean(stem, 80)} here. {near}Known: {listed(known)}.")
    searched = listed(dict.fromkeys(str(folder.resolve()) for folder in folders))
    raise UserError(
        f"The tests of {stem} (test_{topic_of(stem)}.py) were not found. Looked in {searched}. Open the notebook "
        "from the folder it came in, or set AUTOGRADER_COURSE to the folder that holds the assignments."
    )


def _possible_folders(stem: str, start: Path) -> list[Path]:
    folders = [start, start / stem, start / "assignments" / stem]
    if course := os.environ.get("AUTOGRADER_COURSE"):
        folders += [Path(course) / stem, Path(course) / "assignments" / stem]
    return folders


def _known_folders(starts: Sequence[Path]) -> dict[str, Path]:
    """Return the folders of the assignments that are there, by stem."""
    course = os.environ.get("AUTOGRADER_COURSE")
    places = [start.resolve() for start in starts] + ([Path(course).resolve()] if course else [])
    known: dict[str, Path] = {}
    for place in places:
        for folder in folders_in(place.parent if has_handout(place) else place):
            known.setdefault(folder.name, folder)
    return known


def _is_called(folder: Path, name: str) -> bool:
    """Return whether a person may mean an assignment by this name: its stem, its topic, or its number."""
    number, _, topic = folder.name.partition("_")
    return name.lower() in {folder.name.lower(), topic.lower(), number, number.lstrip("0")}


def handout_of(notebook: Path) -> Handout:
    """Return the handout that a notebook is checked against, found by the notebook's folder or by that folder's name.

    Raise UserError if the notebook is missing, or the handout is not found or damaged.
    """
    if not notebook.is_file():
        raise UserError(f"There is no notebook {notebook}.")
    folder = notebook.resolve().parent
    if has_handout(folder):
        return read_handout(folder)
    try:
        return find_handout(folder.name, find_course(folder).root)
    except UserError:
        return find_handout(folder.name, Path.cwd())


def folders_in(folder: Path) -> list[Path]:
    """Return the assignments' folders: those in `assignments/`, else those in the folder, else the folder itself."""
    for place in (folder / "assignments", folder):
        if folders := sorted(path for path in place.glob("[0-9][0-9]_*") if has_handout(path)):
            return folders
    return [folder] if has_handout(folder) else []


def handouts_in(folder: Path) -> list[Handout]:
    """Return every handout in a folder. Raise UserError if there is none, or if one is damaged."""
    folders = folders_in(folder.resolve())
    if not folders:
        raise UserError(f"There are no assignments in {folder.resolve()}. Go to the folder that was unpacked.")
    return [read_handout(path) for path in folders]


def has_handout(folder: Path) -> bool:
    """Return whether the folder of an assignment has a `selfcheck.json`."""
    return _selfcheck_path(folder).is_file()


def _selfcheck_path(folder: Path) -> Path:
    """Return the path of a folder's `selfcheck.json`. An author's folder uses the one in its release."""
    beside = folder / SELFCHECK
    if folder.parent.name == "solutions" and not beside.is_file():
        return folder.parent.with_name("assignments") / folder.name / SELFCHECK
    return beside


# ---- the reader


def read_handout(folder: Path) -> Handout:
    """Return the handout in a folder. Raise UserError if its `selfcheck.json` is missing, damaged or too old."""
    path = _selfcheck_path(folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        _require_schema(content["schema"], path)
        cells = tuple(Cell(**{**cell, "tags": tuple(cell["tags"])}) for cell in content["cells"])
        entries: dict[str, dict[str, Any]] = content["exercises"]
        if not all(len(entry["hints"]) == HINT_STEPS and entry["minutes"] > 0 for entry in entries.values()):
            raise ValueError
        exercises = tuple(
            Exercise(name, entry["points"], tuple(entry["parameters"])) for name, entry in entries.items()
        )
        torch, companion = bool(content["torch"]), companion_in(folder)
        assignment = Assignment(
            content["assignment"],
            exercises,
            cells,
            torch=torch,
            companion=companion,
            python=_version(content["python"]) if "python" in content else None,
        )
        return Handout(folder, assignment, entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is missing or damaged. Take it again from the files you were given.") from None


def _version(text: str) -> tuple[int, int]:
    """Return (3, 11) for `3.11`. Raise ValueError for anything else."""
    major, minor = map(int, text.split("."))
    return major, minor


def for_grader(selfcheck: str) -> str:
    """Return the content of a `selfcheck.json` that also says which Python grades: the one that runs here."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return _in_lines({**json.loads(selfcheck), "python": python}) + "\n"


def _require_schema(schema: Any, path: Path) -> None:
    """Raise UserError if the file and the kit are not of the same zip, ValueError if it is not a number."""
    if type(schema) is not int:
        raise ValueError
    if schema < _SCHEMA:
        raise UserError(
            f"{path} is from an older zip than the kit that is installed here. Take the newer zip, unpack it, and copy "
            "your notebook into its folder."
        )
    if schema > _SCHEMA:
        raise UserError(
            f"{path} is from a newer zip than the kit that is installed here. Install the kit of that zip as its "
            "START.md says."
        )


# ---- the writer


def selfcheck_json(suites: Suites, efforts: Mapping[str, Effort]) -> str:
    """Return the content of `selfcheck.json`: what the student's side must know besides the public tests."""
    assignment = suites.assignment
    content = {
        "schema": _SCHEMA,
        "assignment": assignment.stem,
        "torch": assignment.torch,
        "exercises": {
            exercise.name: _entry(suites, exercise, efforts[exercise.name]) for exercise in assignment.exercises
        },
        "cells": [asdict(cell) for cell in assignment.cells],
    }
    return _in_lines(content) + "\n"


def _entry(suites: Suites, exercise: Exercise, effort: Effort) -> dict[str, Any]:
    tests = suites.tests_for(exercise.name)
    public = [test for test in tests if test.visibility is Visibility.PUBLIC]
    hidden = [test for test in tests if test.visibility is Visibility.HIDDEN]
    return {
        "points": exercise.points,
        "minutes": effort.minutes,
        "level": effort.level,
        "parameters": list(exercise.parameters),
        "public_weight": sum(test.weight for test in public),
        "hidden_tests": len(hidden),
        "hidden_weight": sum(test.weight for test in hidden),
        "hints": list(suites.hints[exercise.name]),
        "mistakes": catalogue_to_json(suites.mistakes_of(exercise.name), {test.id for test in public}),
    }


def _in_lines(value: Any, margin: str = "") -> str:
    """Return JSON that has a line for each mistake and each cell, so that a diff shows which of them changed."""
    inner = f"{margin} "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_in_lines(item, inner)}" for key, item in value.items()]
        return "\n".join(["{", ",\n".join(lines), f"{margin}}}"])
    if isinstance(value, list) and value and isinstance(value[0], dict):
        lines = [f"{inner}{json.dumps(item, ensure_ascii=False, separators=(',', ':'))}" for item in value]
        return "\n".join(["[", ",\n".join(lines), f"{margin}]"])
    return json.dumps(value, ensure_ascii=False)
