"""What to go on with: the next exercise, and the questions in words that are still empty."""

import inspect
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli.main import main
from autograder.notebooks.text_answers import Question
from autograder.student import selfcheck
from autograder.student.handout import Handout, read_handout
from autograder.student.next_step import next_line, questions_text
from autograder.student.saved_notebooks import read_saved
from autograder.student.selfcheck import open_assignment

STEM = "01_perceptron"
QUESTION = "why_not_xor"


@pytest.fixture
def handout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Handout:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments" / STEM, tmp_path / STEM, ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return read_handout(tmp_path / STEM)


def threshold_unit(x: Any, w: Any, threshold: float) -> Any:
    return (x @ w > threshold) * 1


def answer(notebook: Path, text: str) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    (cell,) = (cell for cell in content["cells"] if cell["id"] == QUESTION)
    cell["source"] = text if text else cell["source"]
    (solution,) = (cell for cell in content["cells"] if cell["id"] == "threshold_unit")
    solution["source"] = (
        inspect.getsource(threshold_unit).replace(": Any", "").replace(": float", "").replace(" -> Any", "")
    )
    notebook.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("passed", "after", "line"),
    [
        ((), "", "next: exercise 1, threshold_unit, about 10 minutes"),
        ((), "threshold_unit", "next: exercise 2, perceptron_predict, about 5 minutes"),
        (("perceptron_predict",), "threshold_unit", "next: exercise 3, gate, about 10 minutes"),
        ((), "delta_rule", "next: exercise 1, threshold_unit, about 10 minutes"),
    ],
)
def test_the_next_exercise_is_the_first_open_one_below(
    handout: Handout, passed: tuple[str, ...], after: str, line: str
) -> None:
    assert next_line(handout, passed, after) == line


def test_after_the_last_one_nothing_is_next(handout: Handout) -> None:
    names = [exercise.name for exercise in handout.assignment.exercises]
    assert next_line(handout, names, "gate") == "All 8 exercises pass."


def test_a_passed_check_names_the_next_exercise(handout: Handout, capsys: pytest.CaptureFixture[str]) -> None:
    check = open_assignment(handout.assignment.stem)
    check(threshold_unit)
    assert capsys.readouterr().out.splitlines()[-1] == "next: exercise 2, perceptron_predict, about 5 minutes"


def test_the_words_about_questions() -> None:
    both = (Question("a", 2, True), Question("b", 1.5, False))
    assert questions_text(both).splitlines() == [
        "Questions in words, answered: a. A person reads the answers.",
        "Questions in words, still empty: b (1.5 points).",
    ]
    assert questions_text(()) == ""


@pytest.mark.parametrize(("text", "state"), [("Two lines.", "answered"), ("  \n", "still empty"), ("", "still empty")])
def test_all_say_which_questions_are_answered(
    handout: Handout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, state: str
) -> None:
    """A question that is blank, or as it was released, is empty."""
    answer(handout.notebook, text)
    monkeypatch.setattr(selfcheck, "open_notebook", lambda runs: read_saved(handout.notebook))
    exec("check()", {"check": open_assignment(STEM), "threshold_unit": threshold_unit})
    said = [capsys.readouterr().out]
    said += [
        CliRunner().invoke(main, [*command, STEM]).output for command in (["check"], ["submit", "--student", "mia"])
    ]
    for output in said:
        (line,) = (line for line in output.splitlines() if line.startswith(f"Questions in words, {state}: {QUESTION}"))
        assert "convergence_promise" not in line or state == "still empty"
    count = "1 of 2" if state == "answered" else "0 of 2"
    assert f" {count} " in CliRunner().invoke(main, ["progress"]).output
