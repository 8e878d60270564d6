"""How much of a submission is shown: each cut says so, and a page stays small whatever was handed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.cli.output import explain as explain_output
from autograder.cli.output.explain import explained_text
from autograder.core.model import (
    Assignment,
    Cell,
    Exercise,
    ExerciseResult,
    Outcome,
    Place,
    Report,
    TestResult,
    Visibility,
)
from autograder.execution.interface import Call, Returned
from autograder.grading.runner import Run
from autograder.grading.suites import Test
from autograder.instructor.explain import Explained
from autograder.instructor.results import record
from autograder.instructor.results.feedback_page import exercise_html, feedback_page
from autograder.nbgrader_bridge.rebuild import rebuild
from autograder.notebooks.ipynb import parse_notebook
from autograder.notebooks.submission import SHOWN_CHARACTERS, read_submission

NAMES = tuple(f"f{number}" for number in range(15))
STUBS = tuple(Cell(f"def {name}(): raise NotImplementedError", "code", grade_id=name, solution=True) for name in NAMES)
ASSIGNMENT = Assignment("01_a", tuple(Exercise(name, 1.0, ()) for name in NAMES), STUBS)
ALL = "=".join(NAMES)
BOMBS = {
    "many cells with all exercises": [f"{ALL}=0" + "\n" * 200 + "0"] * 200,
    "long lines of signs": [f"{ALL}=0\n" + ("# " + "<&>\"'" * 90 + "\n") * 30] * 60,
    "cells of broken Python": ["def f0(: " + "&" * 400 + "\n" * 200] * 300,
    "much code": [f"{ALL}='{'&' * 60_000}'"] * 15,
    "tabs": [f"{ALL}=0\n" + "\t" * 5_000 + "# x"] * 100,
    "cells of one exercise": ["f3 = 0"] * 1_500,
}


def notebook(sources: list[str]) -> bytes:
    cells = [{"cell_type": "code", "metadata": {}, "source": text, "outputs": []} for text in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def failed(name: str, code: tuple[Any, ...]) -> ExerciseResult:
    test = TestResult(
        "test",
        "It counts.",
        exercise=name,
        visibility=Visibility.PUBLIC,
        points=1.0,
        outcome=Outcome.RAISED,
        message="wrong",
        place=Place(code[-1].label, 1),
    )
    return ExerciseResult(name, 1.0, (test,))


@pytest.fixture(params=BOMBS)
def report(request: pytest.FixtureRequest, tmp_path: Path) -> Report:
    """The report on one of the bombs, in which every exercise raised in the last cell."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(notebook(BOMBS[request.param]))
    submission = read_submission(path, ASSIGNMENT, "ada")
    results = tuple(failed(name, submission.code) for name in NAMES)
    return Report("ada", "01_a", 15.0, results, code=submission.code, remarks=submission.remarks)


def test_a_page_is_small(report: Report) -> None:
    page = feedback_page(report)
    assert len(page.encode()) < 2_000_000
    assert "not shown" in page or "left out" in page
    assert "▶" in page  # the line that raised is among what is shown


def test_the_outputs_of_a_notebook_are_small(report: Report) -> None:
    assert sum(len(exercise_html(report, result).encode()) for result in report.exercises) < 2_000_000


def test_a_record_is_small(report: Report) -> None:
    assert sum(len(cell.text) for cell in report.code) < SHOWN_CHARACTERS + 200 * len(report.code)
    assert len(json.dumps(record.to_json(report), ensure_ascii=False).encode()) < 2_000_000
    assert sum(map(len, report.remarks)) < 15_000


@pytest.mark.parametrize("name", BOMBS)
def test_a_rebuilt_notebook_says_what_it_leaves_out(name: str) -> None:
    release = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    rebuilt = rebuild(release, parse_notebook(notebook(BOMBS[name])), Assignment("01_a", (), ()))
    shown = json.dumps(rebuilt.notebook)
    assert len(shown) < 700_000
    last = "".join(rebuilt.notebook["cells"][-1]["source"])
    assert ("not shown" in last) == (len(rebuilt.notebook["cells"]) < len(BOMBS[name]))


def test_what_explain_prints_of_a_test_has_an_end() -> None:
    value: Any = "x" * 100
    for _ in range(4):
        value = [value] * 9
    test = Test(
        "test",
        sentence="It counts.",
        exercise="f0",
        weight=1.0,
        visibility=Visibility.PUBLIC,
        function=lambda: None,
        parameters={},
        fixtures=frozenset(),
        seed=0,
    )
    answered = Call("f0", (value,), {}, Returned([np.ones(500)] * 250))
    wrong = TestResult(
        "test", "It counts.", exercise="f0", visibility=Visibility.PUBLIC, points=1.0, outcome=Outcome.FAILED
    )
    text = explained_text(Explained(("x",), ((wrong, Run(test, call=answered)),)))
    assert len(text.splitlines()) < explain_output.LINES + 10
    assert "more lines not shown" in text
    assert len(text) < 60_000
