"""Know how long each exercise takes and how hard it is, and word the line above it in the release.

Both are in the metadata of the locked cell `test_<name>`: `"autograder": {"minutes": 15, "level": 2}`. The line is a
text cell of its own, without nbgrader's metadata. So it has no effect on what is graded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.core.errors import UserError
from autograder.core.text import amount

LEVELS = {1: "easy", 2: "medium", 3: "hard"}
LINE_TAG = "exercise"  # of the cell with the line
_MOST_MINUTES = 600


@dataclass(frozen=True)
class Effort:
    """What an exercise asks of a student who meets its topic for the first time."""

    minutes: int
    level: int  # a key of `LEVELS`


def efforts_in(cells: Sequence[Mapping[str, Any]], notebook: str) -> dict[str, Effort]:
    """Return the effort of each exercise, by name, in the order of the notebook's locked test cells.

    cells: as a notebook's JSON has them
    notebook: what a message calls it

    Raise UserError, which names the notebook and the cell, if one of them does not say it.
    """
    tests = {_grading(cell).get("grade_id", ""): cell for cell in cells if _is_test(cell)}
    return {
        str(name).removeprefix("test_"): _effort(cell["metadata"].get("autograder"), f"{notebook}, cell {name}")
        for name, cell in tests.items()
    }


def _effort(value: Any, where: str) -> Effort:
    said = value if isinstance(value, Mapping) else {}
    minutes, level = said.get("minutes"), said.get("level")
    if type(minutes) is not int or not 1 <= minutes <= _MOST_MINUTES:
        problem = f"minutes has to be a whole number from 1 to {_MOST_MINUTES}, not {minutes!r}"
    elif type(level) is not int or level not in LEVELS:
        problem = f"level has to be 1 (easy), 2 (medium) or 3 (hard), not {level!r}"
    else:
        return Effort(minutes, level)
    raise UserError(
        f"{where}: {problem}. Say how long the exercise takes and how hard it is, in the cell's metadata: "
        '"autograder": {"level": 2, "minutes": 15}'
    )


def with_exercise_lines(cells: Sequence[Mapping[str, Any]], notebook: str) -> list[Mapping[str, Any]]:
    """Return the cells of a notebook with a text cell above each exercise: its number, points, time and difficulty.

    Lines that are there already are replaced: nbgrader may ask twice, as it reads its settings twice.

    Raise UserError as `efforts_in` does, and if an exercise has no test cell.
    """
    efforts = efforts_in(cells, notebook)
    points = {_grading(cell)["grade_id"]: _grading(cell).get("points") for cell in cells if _is_test(cell)}
    names = [str(_grading(cell)["grade_id"]) for cell in cells if _is_exercise(cell)]
    if missing := [name for name in names if name not in efforts]:
        raise UserError(f"{notebook}: the exercise {missing[0]} has no locked cell test_{missing[0]}.")
    result: list[Mapping[str, Any]] = []
    for cell in cells:
        if _is_line(cell):
            continue
        if _is_exercise(cell):
            name = str(_grading(cell)["grade_id"])
            worth = float(points[f"test_{name}"] or 0)
            result.append(
                _line_cell(name, exercise_line(names.index(name) + 1, len(names), name, worth, efforts[name]))
            )
        result.append(cell)
    return result


def exercise_line(number: int, count: int, name: str, points: float, effort: Effort) -> str:
    """Return `*Exercise 3 of 8 · `gate` · 2 points · about 10 minutes · difficulty: easy ●○○*`, as Markdown."""
    worth = f"{amount(points)} point{'' if points == 1 else 's'}"
    dots = "●" * effort.level + "○" * (len(LEVELS) - effort.level)
    return (
        f"*Exercise {number} of {count} · `{name}` · {worth} · about {effort.minutes} minutes · "
        f"difficulty: {LEVELS[effort.level]} {dots}*"
    )


def _line_cell(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"exercise-{name}"[:64], "metadata": {"tags": [LINE_TAG]}, "source": text}


def _grading(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    grading: Mapping[str, Any] = cell.get("metadata", {}).get("nbgrader", {})
    return grading


def _is_line(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "markdown" and LINE_TAG in cell.get("metadata", {}).get("tags", ())


def _is_exercise(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "code" and _grading(cell).get("solution") is True


def _is_test(cell: Mapping[str, Any]) -> bool:
    grading = _grading(cell)
    return cell.get("cell_type") == "code" and grading.get("grade") is True and grading.get("solution") is not True
