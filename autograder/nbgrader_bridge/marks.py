"""Mark a rebuilt notebook: the score of each test cell, what is left to a human, and the rubric for the grader.

    submission's cells → rebuilt notebook → marked notebook → Formgrader, nbgrader's feedback, the gradebook

nbgrader reads a score from a cell's first result. The kit's score is there too, and once more, unmistakably, in the
cell's metadata, which no student can write to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Assignment, ExerciseResult, Report
from autograder.core.sanitize import clean
from autograder.core.settings import Feedback
from autograder.execution.limits import LARGE_NOTEBOOK_MEMORY
from autograder.execution.memory_limit import growth_limited
from autograder.grading.failures import advice
from autograder.instructor.results.feedback_page import exercise_html, reason_for_students
from autograder.instructor.results.student_view import for_students
from autograder.instructor.submissions import Job, read_handed_in
from autograder.nbgrader_bridge.rebuild import Rebuilt, rebuild
from autograder.notebooks.course import Course
from autograder.notebooks.ipynb import parse_notebook, read_bytes

KEY = "autograder"  # in a cell's metadata
FEEDBACK = "autograder_feedback"  # in a marked notebook's metadata: which feedback it gives
RUBRIC = "rubric"  # the tag of a cell that tells a grader what to look for; feedback leaves it out
_NO_RESPONSE = "No response."


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What the gradebook gets of one cell."""

    grade_id: str
    score: float | None  # None: a human has to give it
    graded: bool  # it has points
    to_fill: bool
    comment: str | None  # on a cell to fill in


@dataclass(frozen=True)
class Entry:
    """One submission, as the gradebook gets it."""

    student: str
    stem: str
    submitted_at: datetime | None  # None: not known
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Original:
    """What of an assignment a notebook is rebuilt from."""

    assignment: Assignment
    release: bytes
    rubrics: Mapping[str, str]  # by grade_id of the question
    feedback: Feedback  # what students may see of hidden tests


def original_of(course: Course, stem: str) -> Original:
    """Read what the notebooks of an assignment are rebuilt from."""
    return Original(
        course.assignment(stem),
        course.release(stem).read_bytes(),
        rubrics_of(course, stem),
        course.settings.grading.feedback,
    )


def marked_notebook(original: Original, submission: Path, report: Report) -> dict[str, Any]:
    """Return the notebook that nbgrader shows to a human grader, and makes its feedback from.

    If the submission cannot be read, or only with too much memory, it is the release without answers: the report says
    why.
    """
    try:
        with growth_limited(LARGE_NOTEBOOK_MEMORY):
            cells = parse_notebook(read_handed_in(Job(report.student, report.assignment, submission)))
            rebuilt = rebuild(original.release, cells, original.assignment)
    except (Ungradable, MemoryError):
        rebuilt = Rebuilt(json.loads(original.release), unanswered=frozenset(), unsure=frozenset())
    shown = for_students(report, original.feedback)
    marked = [
        cell for raw in rebuilt.notebook["cells"] for cell in _marked_cells(raw, rebuilt, shown, original.rubrics)
    ]
    metadata = rebuilt.notebook["metadata"] | {FEEDBACK: original.feedback}
    return rebuilt.notebook | {"cells": marked, "metadata": metadata}


# ---- marked cells


def _marked_cells(
    raw: dict[str, Any], rebuilt: Rebuilt, report: Report, rubrics: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield a cell with its mark, if it has one, and below a question its rubric."""
    nbgrader = raw["metadata"].get("nbgrader", {})
    name = nbgrader.get("grade_id", "")
    if nbgrader.get("solution"):
        empty = report.graded and name in rebuilt.unanswered - rebuilt.unsure
        mark: dict[str, Any] = {"comment": _NO_RESPONSE if empty else None}
        if nbgrader.get("grade"):  # a question: a human reads the answer, if there is one
            mark["score"] = 0.0 if empty else None
        yield _with_mark(raw, mark)
        if nbgrader.get("grade") and name in rubrics:
            yield _rubric_cell(name, rubrics[name])
    elif nbgrader.get("grade"):
        result = next((exercise for exercise in report.exercises if f"test_{exercise.name}" == name), None)
        score = _score(result, float(nbgrader["points"])) if result is not None and report.graded else None
        yield _with_mark(raw, {"score": score}) | {"outputs": _outputs(report, result, score)}
    else:
        yield raw


def _with_mark(raw: dict[str, Any], mark: Mapping[str, Any]) -> dict[str, Any]:
    return raw | {"metadata": raw["metadata"] | {KEY: mark}}


def _score(result: ExerciseResult, points: float) -> float:
    score = float(result.score)
    if not (math.isfinite(score) and 0 <= score <= points):
        raise UserError(f"{result.name}: a score of {score} of {points} points. Build the release again.")
    return score


def _outputs(report: Report, result: ExerciseResult | None, score: float | None) -> list[dict[str, Any]]:
    """Return a test cell's outputs: the feedback, then the score as the cell's result."""
    if result is None or score is None:
        text = f"Not graded. {reason_for_students(report)}\nA person has to look at it."
        return [_output("display_data", {"text/plain": clean(text, 2000)})]
    failures = [f"{test.name}\n{test.message}" for test in result.failures]
    failures[1:1] = [advice(result)] if advice(result) else []
    feedback = {
        "text/html": exercise_html(report, result),
        "text/plain": "\n\n".join(failures) or "all tests passed",
    }
    return [_output("display_data", feedback), _output("execute_result", {"text/plain": repr(score)})]


def _output(kind: str, data: Mapping[str, str]) -> dict[str, Any]:
    output = {"data": {form: text.splitlines(keepends=True) for form, text in data.items()}, "metadata": {}}
    return output | {"output_type": kind} | ({"execution_count": 1} if kind == "execute_result" else {})


# ---- rubrics


def rubrics_of(course: Course, stem: str) -> dict[str, str]:
    """Return what the solution notebook says about each question in words, by grade_id: model answer and rubric."""
    cells = parse_notebook(read_bytes(course.solution(stem)))
    questions = {cell.grade_id: cell.source for cell in cells if cell.kind == "markdown" and cell.nbgrader}
    return {name: _solution_part(text) for name, text in questions.items() if name and "### BEGIN SOLUTION" in text}


def _solution_part(text: str) -> str:
    return text.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0].strip()


def _rubric_cell(name: str, text: str) -> dict[str, Any]:
    source = f"**For the grader.**\n\n{text}"
    return {
        "cell_type": "markdown",
        "id": f"rubric-{name}"[:64],
        "metadata": {"tags": [RUBRIC], "deletable": False, "editable": False},
        "source": source.splitlines(keepends=True),
    }


# ---- what the gradebook gets


def marks_of(notebook: Mapping[str, Any]) -> Iterator[Mark]:
    """Yield the marks of a marked notebook's cells, in its order."""
    for raw in notebook["cells"]:
        mark = raw["metadata"].get(KEY)
        if mark is not None:
            nbgrader = raw["metadata"]["nbgrader"]
            yield Mark(
                grade_id=nbgrader["grade_id"],
                score=mark.get("score"),
                graded=bool(nbgrader["grade"]),
                to_fill=bool(nbgrader["solution"]),
                comment=mark.get("comment"),
            )


def needs_a_human(score: float | None, *, before: float | None, manual: float | None, needed: bool) -> bool:
    """Return whether a person has to look at a cell with this automatic score.

    before: the automatic score that the gradebook holds
    manual: the score that a person gave
    needed: whether the gradebook already says that a person has to look

    If a person gave a score, they look again only if the automatic one changed, or if they had to look before.
    """
    return score is None if manual is None else needed or score != before
