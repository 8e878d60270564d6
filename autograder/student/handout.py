"""What a student has of an assignment: its cells as released, the public tests, and what is told of the hidden ones.

All but the tests stands in `selfcheck.json`, which is written and read here. Of the catalogue of mistakes it holds
the answers that each gives to public tests, never their code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.core.installed import require_torch
from autograder.core.model import Assignment, Cell, Exercise, Visibility
from autograder.core.text import listed
from autograder.grading.diagnosis import Mistake, catalogue_from_json, catalogue_to_json
from autograder.grading.suites import Suites, Test, collect
from autograder.notebooks.course import companion_in, find_course, topic_of
from autograder.student.training_files import HISTORY, SAFETENSORS, TORCH_FILES

SELFCHECK = "selfcheck.json"
# What a folder holds when its notebook was run there, and no assignment is made of.
LEFT_BY_RUNNING = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", SAFETENSORS, *TORCH_FILES, HISTORY})
_SCHEMA = 1


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
        """The public tests, or those given, with the points and hints that go with them.

        Raises NotInstalled where they need PyTorch, and there is none.
        """
        if self.assignment.torch:
            require_torch(self.assignment.stem, self.folder)
        if tests is None:
            tests, _ = collect(self.suite, Visibility.PUBLIC)
        weights = {name: entry["public_weight"] + entry["hidden_weight"] for name, entry in self.entries.items()}
        return Suites(self.assignment, tuple(tests), weights, mistakes_of=self.mistakes)

    def mistakes(self, name: str) -> Sequence[Mistake]:
        return catalogue_from_json(self.entries[name]["mistakes"])

    def hidden(self, name: str) -> tuple[int, float]:
        """How many hidden tests an exercise has, and what they are worth together."""
        entry = self.entries[name]
        weight = entry["public_weight"] + entry["hidden_weight"]
        return entry["hidden_tests"], entry["points"] * entry["hidden_weight"] / weight


def find_handout(stem: str, start: Path) -> Handout:
    """The handout of an assignment; UserError, with the places it looked at, where it is not found."""
    places = _places(stem, start)
    for place in places:
        if (place / f"test_{topic_of(stem)}.py").is_file():
            return read_handout(place.resolve())
    looked = listed(str(place.resolve()) for place in places)
    raise UserError(
        f"The tests of {stem} (test_{topic_of(stem)}.py) were not found. Looked in {looked}. Open the notebook "
        "from the folder it came in, or set AUTOGRADER_COURSE to the folder that holds the assignments."
    )


def _places(stem: str, start: Path) -> list[Path]:
    places = [start, start / stem, start / "assignments" / stem]
    if course := os.environ.get("AUTOGRADER_COURSE"):
        places += [Path(course) / stem, Path(course) / "assignments" / stem]
    return places


def handout_of(notebook: Path) -> Handout:
    """What a notebook is checked against: by the folder it lies in, or by that folder's name."""
    if not notebook.is_file():
        raise UserError(f"There is no notebook {notebook}.")
    folder = notebook.resolve().parent
    if (folder / SELFCHECK).is_file():
        return read_handout(folder)
    try:
        return find_handout(folder.name, find_course(folder).root)
    except UserError:
        return find_handout(folder.name, Path.cwd())


def folders_in(folder: Path) -> list[Path]:
    """The assignments' folders of what was handed out: in `assignments/`, here, or this one itself."""
    for place in (folder / "assignments", folder):
        if found := sorted(path.parent for path in place.glob(f"[0-9][0-9]_*/{SELFCHECK}")):
            return found
    return [folder] if (folder / SELFCHECK).is_file() else []


def handouts_in(folder: Path) -> list[Handout]:
    """Every assignment of a folder; UserError where there is none, or one is damaged."""
    folders = folders_in(folder.resolve())
    if not folders:
        raise UserError(f"There are no assignments in {folder.resolve()}. Go to the folder that was unpacked.")
    return [read_handout(one) for one in folders]


def read_handout(folder: Path) -> Handout:
    """The handout that lies in a folder; UserError where its `selfcheck.json` is missing or damaged."""
    path = folder / SELFCHECK
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != _SCHEMA:
            raise ValueError
        cells = tuple(Cell(**{**cell, "tags": tuple(cell["tags"])}) for cell in content["cells"])
        entries: dict[str, dict[str, Any]] = content["exercises"]
        exercises = tuple(Exercise(name, one["points"], tuple(one["parameters"])) for name, one in entries.items())
        torch, companion = bool(content["torch"]), companion_in(folder)
        assignment = Assignment(content["assignment"], exercises, cells, torch=torch, companion=companion)
        return Handout(folder, assignment, entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"{path} is missing or damaged. Take it again from the files you were given.") from None


# ---- the writer


def selfcheck_json(suites: Suites) -> str:
    """What the student's side must know beside the public tests."""
    content = {
        "schema": _SCHEMA,
        "assignment": suites.assignment.stem,
        "torch": suites.assignment.torch,
        "exercises": {one.name: _entry(suites, one) for one in suites.assignment.exercises},
        "cells": [asdict(cell) for cell in suites.assignment.cells],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _entry(suites: Suites, one: Exercise) -> dict[str, Any]:
    public = [test for test in suites.tests_for(one.name) if test.visibility is Visibility.PUBLIC]
    hidden = [test for test in suites.tests_for(one.name) if test.visibility is Visibility.HIDDEN]
    return {
        "points": one.points,
        "parameters": list(one.parameters),
        "public_weight": sum(test.weight for test in public),
        "hidden_tests": len(hidden),
        "hidden_weight": sum(test.weight for test in hidden),
        "mistakes": catalogue_to_json(suites.mistakes_of(one.name), {test.id for test in public}),
    }
