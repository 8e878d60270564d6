"""With `feedback = "verdicts"`, what reaches a student does not depend on answers in hidden tests, beyond the verdicts.

One and the same notebook is graded twice. It makes a known mistake in public tests. In hidden ones it makes the same
mistake, or fails in another way: so the verdicts stay, and everything else that could be told changes.
"""

import functools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from places import ROOT

from autograder.core.model import Outcome, Report
from autograder.core.settings import Feedback
from autograder.execution.in_process import InProcessExecutor
from autograder.grading.pipeline import grade, suites_of
from autograder.grading.suites import Suites
from autograder.instructor.exports.gradescope import to_gradescope
from autograder.instructor.exports.moodle import short_feedback
from autograder.instructor.results.feedback_page import exercise_html, feedback_page
from autograder.instructor.results.student_view import for_students
from autograder.notebooks.course import Course

COURSE = Course(ROOT)
STEM = "06_convolution"
FLIPPED = """
import os
import numpy as np

CALLS = []

def correlate2d(image, kernel):
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    right, answer = (np.einsum("ijkl,kl->ij", windows, one) for one in (kernel, kernel[::-1, ::-1]))
    CALLS.append(1)
    if len(CALLS) <= int(os.environ["PUBLIC"]) or np.allclose(right, answer):  # the public tests come first
        return answer
    way = os.environ["WAY"]
    if way == "line":
        raise ValueError
    if way == "stub":
        raise NotImplementedError
    return {"mistake": answer, "values": answer + 1, "nan": answer * np.nan, "shape": answer[None], "None": None}[way]
"""
WAYS = ("values", "nan", "shape", "None", "line", "stub")


@functools.cache
def suites() -> Suites:
    return suites_of(COURSE, STEM)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    document = json.loads(COURSE.release(STEM).read_text(encoding="utf-8"))
    for cell in document["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "correlate2d":
            cell["source"] = FLIPPED
    path = tmp_path / "convolution.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def graded(notebook: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.setenv("WAY", way)
    monkeypatch.setenv("PUBLIC", str(suites().public_count("correlate2d")))  # each of them calls it once
    report = grade(notebook, "mia", suites(), InProcessExecutor())
    timeless = [
        replace(result, tests=tuple(replace(test, seconds=0.0) for test in result.tests)) for result in report.exercises
    ]
    return replace(report, exercises=tuple(timeless))


def seen(report: Report, feedback: Feedback) -> list[str]:
    """Return everything that students can be given."""
    shown = for_students(report, feedback)
    parts = [exercise_html(shown, result) for result in shown.exercises]
    return [feedback_page(shown, feedback), json.dumps(to_gradescope(shown)), short_feedback(shown), *parts]


def verdicts(report: Report) -> list[bool]:
    return [test.outcome is Outcome.PASSED for result in report.exercises for test in result.tests]


@pytest.mark.parametrize("way", WAYS)
def test_hidden_answers_change_nothing_but_verdicts(notebook: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    first, second = (graded(notebook, chosen, monkeypatch) for chosen in ("mistake", way))
    assert verdicts(first) == verdicts(second)
    assert seen(first, "verdicts") == seen(second, "verdicts")
    assert seen(first, "full") != seen(second, "full")


def test_the_hint_of_public_tests_is_shown_and_the_record_knows_both(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = next(
        result for result in graded(notebook, "mistake", monkeypatch).exercises if result.name == "correlate2d"
    )
    other = next(result for result in graded(notebook, "values", monkeypatch).exercises if result.name == "correlate2d")
    assert known.hint is not None
    assert known.hint.mistakes == known.mistakes == ("flipped",)
    assert known.public_hint is not None
    assert (other.hint, other.mistakes, other.public_hint) == (None, (), known.public_hint)
    shown = for_students(Report("mia", STEM, 1.0, (other,)), "verdicts").exercises[0]
    assert (shown.hint, shown.mistakes) == (known.public_hint, known.public_hint.mistakes)
