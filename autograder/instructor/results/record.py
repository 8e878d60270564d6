"""`results/<stem>/<student>.json`: the one writer and the one reader of a graded submission's file."""

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
        "exercises": [_exercise_to_json(one) for one in report.exercises],
        "code": [asdict(cell) for cell in report.code],
    }


def _exercise_to_json(one: ExerciseResult) -> dict[str, Any]:
    return {
        "name": one.name,
        "score": one.score,
        "max_score": one.max_score,
        "outcome": one.outcome,
        "tests": [_test_to_json(test) for test in one.tests],
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
    """The report that `to_json` wrote; ValueError, KeyError or TypeError for anything else."""
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']}, not {SCHEMA}")
    return Report(
        student=data["student"],
        assignment=data["assignment"],
        max_score=data["max_score"],
        exercises=tuple(_exercise_from_json(one) for one in data["exercises"]),
        reason=data["reason"],
        remarks=tuple(data["remarks"]),
        code=tuple(CodeCell(one["label"], one["text"], tuple(one["exercises"])) for one in data["code"]),
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
    """Valid UTF-8 whatever a student's folder is called: bytes that are no text become JSON's own `\\udcff`."""
    text = json.dumps(to_json(report), ensure_ascii=False, indent=1) + "\n"
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def read(path: Path) -> Report | None:
    """The report in a file; None where there is none that can be read."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
