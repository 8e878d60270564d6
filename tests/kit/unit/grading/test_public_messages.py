"""Of which function a public test says that it failed first does not depend on hidden inputs.

Two notebooks give the same verdicts. They differ in the way in which they fail for one hidden input.
"""

import functools
import json
from dataclasses import replace
from pathlib import Path

from places import ROOT

from autograder.core.model import ExerciseResult, TestResult
from autograder.execution.in_process import InProcessExecutor
from autograder.grading.pipeline import grade, suites_of
from autograder.grading.suites import Suites
from autograder.instructor.results.student_view import for_students
from autograder.notebooks.course import Course

COURSE = Course(ROOT)
STEM = "01_perceptron"

# One exercise passes its public tests, and looks unwritten for one hidden input. Another one, which calls it, fails.
STUB = {
    "perceptron_update": """
def perceptron_update(w, b, p, t):
    if len(w) > 3:
        raise NotImplementedError if ASKED(w[0]) else ValueError
    a = int(w @ p + b > 0)
    return w + (t - a) * p, b + (t - a)
""",
    "perceptron_train": """
def perceptron_train(P, T, w, b, max_epochs=100):
    perceptron_update(w, b, P[0], T[0])
    return 1
""",
}


@functools.cache
def suites() -> Suites:
    return suites_of(COURSE, STEM)


def seen(folder: Path, cells: dict[str, str], asked: str) -> list[ExerciseResult]:
    """Return the results that a student sees, without how long the tests took."""
    document = json.loads(COURSE.release(STEM).read_text())
    for cell in document["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in cells:
            cell["source"] = cells[name].replace("ASKED", asked)
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(document))
    report = for_students(grade(path, "ada", suites(), InProcessExecutor()), "verdicts")
    return [replace(result, tests=tuple(map(_timeless, result.tests))) for result in report.exercises]


def _timeless(test: TestResult) -> TestResult:
    return replace(test, seconds=0.0)


def test_whether_an_exercise_counts_as_unwritten_answers_no_question_about_a_hidden_input(tmp_path: Path) -> None:
    answers = [seen(tmp_path, STUB, asked) for asked in ("(lambda n: n > 0)", "(lambda n: n <= 0)")]
    assert answers[0] == answers[1]
