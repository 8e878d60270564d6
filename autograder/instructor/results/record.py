"""Write and read `results/<stem>/<student>.json`, the record of a graded submission. Nothing else does.

Schema 2. A record of schema 1 is read, so that no score is lost, but its submission is graded again.

Of each exercise it holds `hint`, by the answers in all tests, and `public_hint`, by public tests alone, both
`{mistakes, sentence}` or null, and `calls_failed`, the names of the exercises that its code calls and that failed, too.
Of each test it holds `mistakes`, a list of names, `rank`, how much its message explains (0 the most), and `pictures`,
at most 3, each as `{label, rows, columns, low, high, pixels}`: pixels are base64 of a byte for each entry, and low and
high are null in a map of places (`core.model.Picture`).
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.core.files import write_atomically
from autograder.core.model import (
    CodeCell,
    ExerciseResult,
    Hint,
    Outcome,
    Picture,
    Place,
    Report,
    TestResult,
    Visibility,
)

SCHEMA = 2
_EARLIER = 1
_STAMPS = ("submission_sha256", "suite_sha256", "kit_version", "sandbox")


def to_json(report: Report) -> dict[str, Any]:
    """Return a report as the object that its file holds."""
    return {
        "schema": SCHEMA,
        "student": report.student,
        "assignment": report.assignment,
        "status": report.status,
        "reason": report.reason,
        "score": report.score,
        "max_score": report.max_score,
        **{name: getattr(report, name) for name in _STAMPS},
        "remarks": list(report.remarks),
        "exercises": [_exercise_to_json(exercise) for exercise in report.exercises],
        "code": [asdict(cell) for cell in report.code],
    }


def _exercise_to_json(exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "score": exercise.score,
        "max_score": exercise.max_score,
        "outcome": exercise.outcome,
        "hint": asdict(exercise.hint) if exercise.hint else None,
        "public_hint": asdict(exercise.public_hint) if exercise.public_hint else None,
        "calls_failed": list(exercise.calls_failed),
        "tests": [_test_to_json(test) for test in exercise.tests],
    }


def _test_to_json(test: TestResult) -> dict[str, Any]:
    return {
        "id": test.id,
        "name": test.name,
        "visibility": test.visibility,
        "points": test.points,
        "outcome": test.outcome,
        "message": test.message,
        "mistakes": list(test.mistakes),
        "seconds": test.seconds,
        "place": asdict(test.place) if test.place else None,
        "rank": test.rank,
        "pictures": [_picture_to_json(picture) for picture in test.pictures],
    }


def _picture_to_json(picture: Picture) -> dict[str, Any]:
    return {**asdict(picture), "pixels": base64.b64encode(picture.pixels).decode("ascii")}


def from_json(data: dict[str, Any]) -> Report:
    """Return the report that `to_json` wrote. Raise ValueError, KeyError or TypeError for anything else."""
    if data["schema"] == _EARLIER:
        data = _from_earlier(data)
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']}, not {SCHEMA}")
    return Report(
        student=data["student"],
        assignment=data["assignment"],
        max_score=data["max_score"],
        exercises=tuple(_exercise_from_json(exercise) for exercise in data["exercises"]),
        reason=data["reason"],
        remarks=tuple(data["remarks"]),
        code=tuple(CodeCell(cell["label"], cell["text"], tuple(cell["exercises"])) for cell in data["code"]),
        **{name: data[name] for name in _STAMPS},
    )


def _from_earlier(data: dict[str, Any]) -> dict[str, Any]:
    """Return a record of schema 1 in the form of schema 2, without the kit's version: it is never up to date."""
    new_in_exercise: dict[str, Any] = {"hint": None, "public_hint": None, "calls_failed": []}
    exercises = [
        {
            **exercise,
            **new_in_exercise,
            "tests": [
                {**test, "mistakes": [test["mistake"]] if test["mistake"] else [], "rank": 0, "pictures": []}
                for test in exercise["tests"]
            ],
        }
        for exercise in data["exercises"]
    ]
    return {**data, "schema": SCHEMA, "kit_version": "", "exercises": exercises}


def _exercise_from_json(data: dict[str, Any]) -> ExerciseResult:
    tests = tuple(
        TestResult(
            id=test["id"],
            name=test["name"],
            exercise=data["name"],
            visibility=Visibility(test["visibility"]),
            points=test["points"],
            outcome=Outcome(test["outcome"]),
            message=test["message"],
            mistakes=tuple(test["mistakes"]),
            seconds=test["seconds"],
            place=Place(**test["place"]) if test["place"] else None,
            rank=test["rank"],
            pictures=tuple(map(_picture_from_json, test["pictures"])),
        )
        for test in data["tests"]
    )
    return ExerciseResult(
        data["name"],
        data["max_score"],
        tests,
        hint=_hint_from_json(data["hint"]),
        public_hint=_hint_from_json(data["public_hint"]),
        calls_failed=tuple(data["calls_failed"]),
    )


def _hint_from_json(data: dict[str, Any] | None) -> Hint | None:
    return Hint(tuple(data["mistakes"]), data["sentence"]) if data is not None else None


def _picture_from_json(data: dict[str, Any]) -> Picture:
    picture = Picture(**{**data, "pixels": base64.b64decode(data["pixels"], validate=True)})
    if not (
        0 < picture.rows <= 32 and 0 < picture.columns <= 32 and len(picture.pixels) == picture.rows * picture.columns
    ):
        raise ValueError("a picture of another size than it says")
    return picture


def write(path: Path, report: Report) -> None:
    """Write a report as valid UTF-8: bytes of a folder's name that are not text become JSON's own `\\udcff`."""
    text = json.dumps(to_json(report), ensure_ascii=False, indent=1) + "\n"
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def is_of_earlier_schema(path: Path) -> bool:
    """Return whether a file holds a record that an earlier kit wrote, so that its submission is graded again."""
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["schema"] == _EARLIER)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def read(path: Path) -> Report | None:
    """Return the report in a file; None if there is none that can be read."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
