"""Give the hints of an exercise one at a time, to students who ask: the idea, the formula, the shape of the code.

A file in the user's cache keeps how many hints of each exercise were given. So the notebook and the terminal go on
where the other one stopped.
"""

from __future__ import annotations

import contextlib
import json
import textwrap
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.text import WIDTH, listed
from autograder.student.handout import HINT_STEPS, Handout
from autograder.student.history import NO_MEMORY, memory_path

_KINDS = ("the idea", "the formula", "the shape of the code")


class Hints:
    """The hints of one assignment, and how many of them were given."""

    def __init__(self, handout: Handout) -> None:
        self._handout = handout
        self._given: dict[str, int] = {}  # in this process, in case the file cannot be written

    def next(self, name: str, step: int | None = None) -> str:
        """Return the next hint of an exercise, or the one of a step. After the last one comes the first again.

        Raise UserError if there is no such exercise.
        """
        hints = self._handout.hints(self._known(name))
        number = step or self._given_before(name) % HINT_STEPS + 1
        self._remember(name, number)
        return hint_text(name, number, hints[number - 1])

    def _known(self, name: str) -> str:
        names = [exercise.name for exercise in self._handout.assignment.exercises]
        if name in names:
            return name
        similar = get_close_matches(name, names, 1)
        meant = f" Did you mean {similar[0]}?" if similar else ""
        raise UserError(
            f"{self._handout.assignment.stem} has no exercise {name!r}.{meant} Its exercises are {listed(names)}."
        )

    def _given_before(self, name: str) -> int:
        number = {**_read(_path(self._handout)), **self._given}.get(name, 0)
        return number if 0 <= number <= HINT_STEPS else 0

    def _remember(self, name: str, number: int) -> None:
        self._given[name] = number
        with contextlib.suppress(*NO_MEMORY):
            path = _path(self._handout)
            write_atomically(path, json.dumps({**_read(path), name: number}).encode())


def hint_text(name: str, number: int, hint: str) -> str:
    """Return a hint as it is shown: which one it is, the hint itself, and how to get the next one."""
    head = f"{name}, hint {number} of {HINT_STEPS}: {_KINDS[number - 1]}"
    several = "\n" in hint
    lines = [_indented(line, "  " if several else "") for line in hint.split("\n")]
    after = "Ask again for the next one." if number < HINT_STEPS else "That was the last one. Ask again for the first."
    return "\n".join([head, "", *lines, "", after])


def _indented(line: str, further: str) -> str:
    """Return a line of a hint, broken if it is too long. further: blanks before what it goes on with"""
    margin = "  " + line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line.strip(), WIDTH, initial_indent=margin, subsequent_indent=margin + further)


def name_of(function: object, is_named: Callable[[str], bool], names: Sequence[str]) -> str:
    """Return the exercise that a function is, by the notebook's name for it, else by its own; a name is itself.

    is_named: whether the notebook has this object under a name
    """
    if isinstance(function, str):
        return function
    known = [name for name in names if is_named(name)]
    return known[0] if known else str(getattr(function, "__name__", function))


def _path(handout: Handout) -> Path:
    return memory_path(handout).with_suffix(".hints.json")


def _read(path: Path) -> dict[str, int]:
    try:
        content = json.loads(path.read_bytes())
    except (*NO_MEMORY, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {name: number for name, number in content.items() if type(number) is int}
