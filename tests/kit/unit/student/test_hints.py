"""Hints for those who ask: one at a time, in a notebook and in a terminal."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli.main import main
from autograder.student import hints
from autograder.student.handout import Handout, read_handout
from autograder.student.hints import Hints, hint_text
from autograder.student.selfcheck import Check, NotYet, open_assignment

STEM = "01_perceptron"


@pytest.fixture
def handout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Handout:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments" / STEM, tmp_path / STEM, ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return read_handout(tmp_path / STEM)


@pytest.fixture
def check(handout: Handout) -> Check:
    return open_assignment(handout.assignment.stem)


def gate(name: str) -> Any:
    raise NotImplementedError


def first_lines(call: Callable[[], Any], capsys: pytest.CaptureFixture[str], times: int) -> list[str]:
    for _ in range(times):
        call()
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("gate, hint")]


STEPS = [
    "gate, hint 1 of 3: the idea",
    "gate, hint 2 of 3: the formula",
    "gate, hint 3 of 3: the shape of the code",
    "gate, hint 1 of 3: the idea",
]


def test_each_call_shows_the_next_step_and_then_the_first_again(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert first_lines(lambda: check.hint(gate), capsys, 4) == STEPS


def test_one_call_shows_one_hint(handout: Handout, check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check.hint("gate")
    shown = "".join(capsys.readouterr().out.split())
    assert ["".join(hint.split()) in shown for hint in handout.hints("gate")] == [True, False, False]


def test_a_function_is_found_by_the_notebook_s_name_for_it(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    exec("check.hint(gate)", {"check": check, "gate": lambda name: name})
    assert capsys.readouterr().out.startswith(STEPS[0])


def test_without_an_exercise_it_is_about_the_next_one(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check.hint()
    assert capsys.readouterr().out.startswith("threshold_unit, hint 1 of 3: the idea")


def test_another_name_is_answered_with_the_nearest_one(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    for unknown in ("perceptron_trian", print, 3):
        check.hint(unknown)  # type: ignore[arg-type]
    said = " ".join(capsys.readouterr().out.split())
    assert "01_perceptron has no exercise 'perceptron_trian'. Did you mean perceptron_train?" in said
    assert said.count("Its exercises are threshold_unit, perceptron_predict, gate,") == 3


def test_the_terminal_goes_on_where_the_notebook_stopped(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check.hint(gate)
    said = [CliRunner().invoke(main, ["hint", name, "gate"]).output for name in (STEM, f"{STEM}/perceptron.ipynb")]
    assert [text.splitlines()[0] for text in said] == STEPS[1:3]
    check.hint(gate)
    assert STEPS[0] in capsys.readouterr().out


def test_there_is_no_fourth_step() -> None:
    done = CliRunner().invoke(main, ["hint", STEM, "gate", "--step", "4"])
    assert done.exit_code == 2
    assert "4 is not in the range" in done.output


@pytest.mark.usefixtures("handout")
def test_the_terminal_shows_a_step_and_knows_no_other_exercise() -> None:
    done = CliRunner().invoke(main, ["hint", STEM, "gate", "--step", "3"])
    assert (done.exit_code, done.output.splitlines()[0]) == (0, STEPS[2])
    done = CliRunner().invoke(main, ["hint", STEM, "gates"])
    assert done.exit_code == 2
    assert "Did you mean gate?" in done.output


@pytest.mark.parametrize("content", ["{", "[]", '{"gate": "2"}', '{"gate": 7}', '{"gate": -1}', '{"gate": true}'])
def test_a_damaged_memory_begins_with_the_first(handout: Handout, content: str) -> None:
    path = hints._path(handout)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    assert Hints(handout).next("gate").startswith(STEPS[0])
    assert json.loads(path.read_text(encoding="utf-8"))["gate"] == 1


def test_without_a_memory_a_notebook_still_goes_on(
    handout: Handout, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    hints._path(handout).mkdir(parents=True)
    assert first_lines(lambda: check.hint(gate), capsys, 4) == STEPS


def test_a_failed_check_says_that_there_are_hints(check: Check) -> None:
    with pytest.raises(NotYet, match=r"Stuck\? check\.hint\(gate\) gives one hint at a time\."):
        check(gate)


def test_an_outline_keeps_its_lines_and_indentation() -> None:
    outline = "for each pattern:\n    compare " + "and compare " * 20 + "\nreturn both"
    lines = hint_text("f", 3, outline).splitlines()
    assert lines[2] == "  for each pattern:"
    assert lines[3].startswith("      compare")
    assert lines[4].startswith("        and")
    assert "  return both" in lines
    assert max(map(len, lines)) <= 85
