"""Write and read `results/<stem>/<student>.json`, the record of a graded submission. Nothing else does."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.core.files import write_atomically
from autograder.core.model import CodeCell, ExerciseResult, Outcome, Place, Report, TestResult, Visibility

SCHEMA = 1
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
        "mistake": test.mistake,
        "seconds": test.seconds,
        "place": asdict(test.place) if test.place else None,
    }


def from_json(data: dict[str, Any]) -> Report:
    """Return the report that `to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
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
            mistake=test["mistake"],
            seconds=test["seconds"],
            place=Place(**test["place"]) if test["place"] else None,
        )
        for test in data["tests"]
    )
    return ExerciseResult(data["name"], data["max_score"], tests)


def write(path: Path, report: Report) -> None:
    """Write a report as valid UTF-8: bytes of a folder's name that are not text become JSON's own `\\udcff`."""
    text = json.dumps(to_json(report), ensure_ascii=False, indent=1) + "\n"
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def read(path: Path) -> Report | None:
    """Return the report in a file; None if there is none that can be read."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
