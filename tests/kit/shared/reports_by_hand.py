"""Reports written by hand, and classes made of them: what the tests of the report on a class start with."""

import csv
import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from places import ROOT

from autograder.core.model import Assignment, Exercise, ExerciseResult, Outcome, Report, TestResult, Visibility
from autograder.instructor.class_report.data import ClassResults
from autograder.instructor.class_report.page import write_class_report
from autograder.instructor.results import record
from autograder.instructor.results.store import result_path
from autograder.notebooks.course import Course

COURSE = Course(ROOT)
STEM = "01_perceptron"
PERCEPTRON = COURSE.assignment(STEM)
DIGEST = COURSE.suite_sha256(STEM)
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (ROOT / "tests" / "sample_class" / "expected.json").read_text(encoding="utf-8")
)
SMALL = Assignment("01_small", (Exercise("a", 2.0, ()), Exercise("b", 4.0, ())), ())


def exercise_result(
    exercise: Exercise, points: float, outcome: Outcome = Outcome.FAILED, mistakes: Iterable[str] = ()
) -> ExerciseResult:
    """An exercise that got these points of its own: one test passed, and one for each mistake did not."""
    tests = [
        TestResult(
            "test_0", "0", exercise=exercise.name, visibility=Visibility.PUBLIC, points=points, outcome=Outcome.PASSED
        )
    ]
    for mistake in [*mistakes] or [None] * (points < exercise.points):
        worth = exercise.points - points
        tests.append(
            TestResult(
                "test_1",
                "1",
                exercise=exercise.name,
                visibility=Visibility.HIDDEN,
                points=worth,
                outcome=outcome,
                mistake=mistake,
            )
        )
    return ExerciseResult(exercise.name, exercise.points, tuple(tests))


def report(
    student: str, points: Mapping[str, float], *, assignment: Assignment = SMALL, mistakes: Mapping[str, list[str]] = {}
) -> Report:
    """A graded submission; an exercise without points given is a stub."""
    results = tuple(
        exercise_result(one, points[one.name], mistakes=mistakes.get(one.name, ()))
        if one.name in points
        else exercise_result(one, 0.0, Outcome.STUB)
        for one in assignment.exercises
    )
    return Report(student, assignment.stem, assignment.max_score, results)


def put(results: Path, *reports: Report) -> None:
    for one in reports:
        path = result_path(results, one.assignment, one.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record.to_json(one)), encoding="utf-8")


def perceptron(student: str, points: Mapping[str, float] | None = None, **fields: Any) -> Report:
    """A submission of the course's first assignment, solved but for the points given."""
    full = {one.name: one.points for one in PERCEPTRON.exercises}
    made = report(student, full | dict(points or {}), assignment=PERCEPTRON, mistakes=fields.pop("mistakes", {}))
    return dataclasses.replace(made, suite_sha256=DIGEST, **fields)


def written(known: ClassResults, folder: Path) -> dict[str, str]:
    """The report's files, by name."""
    write_class_report(known, folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(keepends=True)))


def sample_results(results: Path) -> Path:
    """The results of the sample class, made from what everybody in it is known to get."""
    assignments = {stem: COURSE.assignment(stem) for stem in COURSE.stems}
    digests = {stem: COURSE.suite_sha256(stem) for stem in COURSE.stems}
    for student, entry in EXPECTED.items():
        assignment = assignments[entry["assignment"]]
        exercises = tuple(
            exercise_result(assignment.exercise(name), score, Outcome(outcome), mistakes)
            for name, (score, outcome, mistakes) in entry["exercises"].items()
        )
        fields = {
            "reason": entry["reason"],
            "remarks": tuple(entry["remarks"]),
            "suite_sha256": digests[assignment.stem],
        }
        put(results, Report(student, assignment.stem, assignment.max_score, exercises, **fields))
    return results


def course_with_roster(root: Path) -> Course:
    """The course's own files under another root, which has a roster."""
    root.mkdir()
    for folder in ("assignments", "solutions", "reference_impl", "tests"):
        (root / folder).symlink_to(ROOT / folder)
    roster = "student,name,email\nada,Ada Lovelace,countess@example.org\nben,Ben,b@x\nzoe,Zoë,z@x\n"
    (root / "roster.csv").write_text(roster, encoding="utf-8")
    return Course(root)
