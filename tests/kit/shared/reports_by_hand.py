"""Reports written by hand, and classes made of them, for the tests of the class report."""

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
                mistakes=(mistake,) if mistake else (),
            )
        )
    return ExerciseResult(exercise.name, exercise.points, tuple(tests))


def report(
    student: str, points: Mapping[str, float], *, assignment: Assignment = SMALL, mistakes: Mapping[str, list[str]] = {}
) -> Report:
    """Return a graded submission; an exercise without points given is a stub."""
    results = tuple(
        exercise_result(exercise, points[exercise.name], mistakes=mistakes.get(exercise.name, ()))
        if exercise.name in points
        else exercise_result(exercise, 0.0, Outcome.STUB)
        for exercise in assignment.exercises
    )
    return Report(student, assignment.stem, assignment.max_score, results)


def put(results: Path, *reports: Report) -> None:
    """Write reports as `grade` would."""
    for graded in reports:
        path = result_path(results, graded.assignment, graded.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record.to_json(graded)), encoding="utf-8")


def perceptron(student: str, points: Mapping[str, float] | None = None, **fields: Any) -> Report:
    """Return a submission of the course's first assignment, solved except for the points given."""
    full = {exercise.name: exercise.points for exercise in PERCEPTRON.exercises}
    graded = report(student, full | dict(points or {}), assignment=PERCEPTRON, mistakes=fields.pop("mistakes", {}))
    return dataclasses.replace(graded, suite_sha256=DIGEST, **fields)


def written(class_results: ClassResults, folder: Path) -> dict[str, str]:
    """Write the class report; return its files' texts by name."""
    write_class_report(class_results, folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def table(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV table."""
    return list(csv.DictReader(text.splitlines(keepends=True)))


def sample_results(results: Path) -> Path:
    """Write the results of the sample class, made from its expected scores; return their folder."""
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
    """Return a course with the files of this one under another root, and with a roster."""
    root.mkdir()
    for folder in ("assignments", "solutions", "reference_impl", "tests"):
        (root / folder).symlink_to(ROOT / folder)
    roster = "student,name,email\nada,Ada Lovelace,countess@example.org\nben,Ben,b@x\nzoe,Zoë,z@x\n"
    (root / "roster.csv").write_text(roster, encoding="utf-8")
    return Course(root)
