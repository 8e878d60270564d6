"""A rebuilt notebook with its marks: the score of each test cell, what is left to a human, the rubric in view.

    submission's cells → rebuilt notebook → marked notebook → Formgrader, nbgrader's feedback, the gradebook

nbgrader reads a score from a cell's first result; ours stands there too, and once more, unmistakably, in the cell's
metadata, which no student can write to.
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
from autograder.core.model import Assignment, ExerciseResult, Outcome, Report
from autograder.core.sanitize import clean
from autograder.instructor.results.feedback_page import exercise_html, reason_for_students
from autograder.instructor.submissions import Job, why_not_there
from autograder.nbgrader_bridge.rebuild import Rebuilt, rebuild
from autograder.notebooks.course import Course
from autograder.notebooks.ipynb import parse_notebook, read_bytes

KEY = "autograder"  # in a cell's metadata
RUBRIC = "rubric"  # the tag of a cell that shows a human what to look for; feedback leaves it out
_NO_RESPONSE = "No response."


@dataclass(frozen=True)
class Mark:
    """What the gradebook gets of one cell."""

    grade_id: str
    score: float | None  # None: a human has to say
    graded: bool  # it has points
    to_fill: bool
    comment: str | None  # on a cell that was to be filled


@dataclass(frozen=True)
class Entry:
    """One submission, as the gradebook gets it."""

    student: str
    stem: str
    at: datetime | None  # when it was handed in; None: not known
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Original:
    """What of an assignment a notebook is rebuilt from."""

    assignment: Assignment
    release: bytes
    rubrics: Mapping[str, str]


def original_of(course: Course, stem: str) -> Original:
    return Original(course.assignment(stem), course.release(stem).read_bytes(), rubrics_of(course, stem))


def marked_notebook(original: Original, submission: Path, report: Report) -> dict[str, Any]:
    """The notebook that nbgrader shows to a human grader, and makes its feedback from.

    Of a submission that cannot be read it is the release, with nothing in it: the report says why.
    """
    try:
        cells = parse_notebook(_bytes_of(submission, report))
        rebuilt = rebuild(original.release, cells, original.assignment)
    except Ungradable:
        rebuilt = Rebuilt(json.loads(original.release), unanswered=frozenset(), unsure=frozenset())
    made = [cell for raw in rebuilt.notebook["cells"] for cell in _marked(raw, rebuilt, report, original.rubrics)]
    return rebuilt.notebook | {"cells": made}


def _bytes_of(submission: Path, report: Report) -> bytes:
    """Of `submitted/<student>/<stem>/<topic>.ipynb`, where no link leads to somebody else's."""
    problem = why_not_there(Job(report.student, report.assignment, submission), submission.parents[2])
    if problem is not None:
        raise Ungradable(problem)
    return read_bytes(submission)


def _marked(
    raw: dict[str, Any], rebuilt: Rebuilt, report: Report, rubrics: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    marks = raw["metadata"].get("nbgrader", {})
    name = marks.get("grade_id", "")
    comment = {"comment": _NO_RESPONSE if name in rebuilt.unanswered - rebuilt.unsure and report.graded else None}
    if marks.get("solution"):
        words = {"score": _score_of_words(name, rebuilt, report)} if marks.get("grade") else {}
        yield raw | {"metadata": raw["metadata"] | {KEY: comment | words}}
        if marks.get("grade") and name in rubrics:
            yield _rubric_cell(name, rubrics[name])
    elif marks.get("grade"):
        result = next((one for one in report.exercises if f"test_{one.name}" == name), None)
        score = _score(result, float(marks["points"])) if result is not None and report.graded else None
        yield raw | {"metadata": raw["metadata"] | {KEY: {"score": score}}, "outputs": _outputs(report, result, score)}
    else:
        yield raw


def _score_of_words(name: str, rebuilt: Rebuilt, report: Report) -> float | None:
    """Zero where the question is as it was handed out; else a human reads the answer."""
    return 0.0 if report.graded and name in rebuilt.unanswered - rebuilt.unsure else None


def _score(result: ExerciseResult, points: float) -> float:
    score = float(result.score)
    if not (math.isfinite(score) and 0 <= score <= points):
        raise UserError(f"{result.name}: a score of {score} of {points} points. Build the release again.")
    return score


def _outputs(report: Report, result: ExerciseResult | None, score: float | None) -> list[dict[str, Any]]:
    if result is None or score is None:
        text = f"Not graded. {reason_for_students(report)}\nA person has to look at it."
        return [_output("display_data", {"text/plain": clean(text, 2000)})]
    said = [f"{test.name}\n{test.message}" for test in result.tests if test.outcome is not Outcome.PASSED]
    shown = {"text/html": exercise_html(report, result), "text/plain": "\n\n".join(said) or "all tests passed"}
    return [_output("display_data", shown), _output("execute_result", {"text/plain": repr(score)})]


def _output(kind: str, data: Mapping[str, str]) -> dict[str, Any]:
    made = {"data": {form: text.splitlines(keepends=True) for form, text in data.items()}, "metadata": {}}
    return made | {"output_type": kind} | ({"execution_count": 1} if kind == "execute_result" else {})


# ---- rubrics


def rubrics_of(course: Course, stem: str) -> dict[str, str]:
    """For each question in words what the solution notebook says about it: model answer and rubric."""
    cells = parse_notebook(read_bytes(course.solution(stem)))
    questions = {cell.grade_id: cell.source for cell in cells if cell.kind == "markdown" and cell.nbgrader}
    return {name: _between_marks(text) for name, text in questions.items() if name and "### BEGIN SOLUTION" in text}


def _between_marks(text: str) -> str:
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
    """The marks of a marked notebook's cells, in its order."""
    for raw in notebook["cells"]:
        told = raw["metadata"].get(KEY)
        if told is not None:
            marks = raw["metadata"]["nbgrader"]
            yield Mark(
                marks["grade_id"], told.get("score"), bool(marks["grade"]), bool(marks["solution"]), told.get("comment")
            )


def needs_a_human(score: float | None, *, before: float | None, manual: float | None, needed: bool) -> bool:
    """Whether a person has to look at a cell with this automatic score.

    Where a person gave a score (`manual`), only if the automatic one was another `before`, or if it was `needed` then.
    """
    return score is None if manual is None else needed or score != before
