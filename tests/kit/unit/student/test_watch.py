"""`autograder watch`: what is told at each save, and that no notebook ends it. No test depends on the clock."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli.main import main
from autograder.student import watch as module
from autograder.student.handout import Handout, read_handout
from autograder.student.watch import Checked, Watch, checked_apart, watch

STEM = "01_perceptron"
NOT_RIGHT = "threshold_unit: 1 of 4 public tests passed."


@pytest.fixture
def handout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Handout:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments" / STEM, tmp_path / STEM, ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return read_handout(tmp_path / STEM)


def save(path: Path, text: str = "{}") -> None:
    """Write a file as JupyterLab does: another file takes its place. So its signature differs on any clock."""
    written = path.with_suffix(".new")
    written.write_text(text, encoding="utf-8")
    written.replace(path)


def fill(notebook: Path, **bodies: str) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["id"] in bodies:
            cell["source"] = "".join(cell["source"]).replace("raise NotImplementedError", bodies[cell["id"]])
    save(notebook, json.dumps(content))


def states(**changed: str) -> Checked:
    names = [exercise.name for exercise in read_handout(Path(STEM).resolve()).assignment.exercises]
    texts = {name: f"{name}: told." for name, state in changed.items() if state == "FAILED"}
    return Checked(dict.fromkeys(names, "STUB") | changed, texts)


class Told:
    """A watch of one notebook, whose checks find what the test says."""

    def __init__(self, handout: Handout, found: list[Checked]) -> None:
        self.path = handout.notebook
        self._found = iter(found)
        self.watch = Watch({self.path: handout}, lambda _: next(self._found))

    def at_saves(self, count: int) -> Iterator[str]:
        for _ in range(count):
            save(self.path)
            assert self.watch.saved() == []  # it may still be written
            assert self.watch.saved() == [self.path]
            yield self.watch.look(self.path)
            assert self.watch.saved() == []


def test_it_tells_what_changed(handout: Handout) -> None:
    found = [
        states(),
        states(threshold_unit="FAILED"),
        states(threshold_unit="FAILED"),
        states(threshold_unit="PASSED"),
        states(threshold_unit="RAISED"),
    ]
    said = list(Told(handout, found).at_saves(5))
    nothing = "01_perceptron: 0 of 8 exercises pass · next: exercise 1, threshold_unit, about 10 minutes"
    assert said[0] == nothing
    assert said[1] == f"threshold_unit: not yet right.\n{nothing}\n\nthreshold_unit: told."
    assert said[2] == f"Nothing changed.\n{nothing}"
    assert said[3] == (
        "threshold_unit passes now.\n"
        "01_perceptron: 1 of 8 exercises pass · next: exercise 2, perceptron_predict, about 5 minutes"
    )
    assert said[4] == f"threshold_unit does not pass any more: raised an exception.\n{nothing}"


def test_a_save_that_cannot_be_checked_is_told_and_the_next_one_is_compared_with_the_last_good_one(
    handout: Handout,
) -> None:
    found = [states(), Checked(problem="the file looks cut off"), states(gate="PASSED")]
    said = list(Told(handout, found).at_saves(3))
    assert said[1] == "perceptron.ipynb: the file looks cut off"
    assert said[2].startswith("gate passes now.\n")


def test_a_file_that_is_away_for_a_moment_is_not_a_save(handout: Handout) -> None:
    told = Told(handout, [])
    moved = handout.notebook.rename(handout.folder / "away.ipynb")
    assert [told.watch.saved() for _ in range(3)] == [[], [], []]
    moved.rename(handout.notebook)
    assert [told.watch.saved() for _ in range(3)] == [[], [], []]


def waiting(steps: list[Callable[[], object]]) -> Callable[[], object]:
    """Return a wait that does one step each time, and is stopped with Ctrl+C after the last."""
    todo = iter(steps)

    def wait() -> object:
        step = next(todo, None)
        if step is None:
            raise KeyboardInterrupt
        return step()

    return wait


def test_it_watches_until_it_is_stopped(handout: Handout) -> None:
    said: list[str] = []
    told = Told(handout, [states(), states(gate="PASSED")])
    steps = [lambda: save(told.path), lambda: None, lambda: save(told.path), lambda: None]
    with pytest.raises(KeyboardInterrupt):
        watch(told.watch, said.append, waiting(steps))
    assert len(said) == 2


# ---- a check in another process


def test_a_check_in_another_process(handout: Handout) -> None:
    fill(handout.notebook, threshold_unit="print('noise')\n    return (x @ w >= threshold) * 1")
    checked = checked_apart(handout.notebook)
    assert checked.problem == ""
    assert checked.states["threshold_unit"] == "FAILED"
    assert set(checked.states.values()) == {"FAILED", "STUB"}
    assert checked.texts["threshold_unit"].startswith(NOT_RIGHT)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("import os\n    os._exit(3)", r"ended the process that checked it \(with exit code 3\)"),
        ("import signal\n    signal.raise_signal(9)", r"ended the process that checked it \(with signal 9\)"),
        ("import os\n    os.write(1, b'{}')\n    os._exit(0)", r"ended the process that checked it"),
    ],
)
def test_code_that_ends_its_process_is_told(handout: Handout, body: str, problem: str) -> None:
    fill(handout.notebook, threshold_unit=body)
    checked = checked_apart(handout.notebook)
    assert checked.states == {}
    assert re.search(problem, checked.problem)


def test_code_that_never_ends_is_stopped(handout: Handout) -> None:
    never = "import signal\n    signal.setitimer(signal.ITIMER_REAL, 0)\n    while True: pass"
    fill(handout.notebook, threshold_unit=never)
    checked = checked_apart(handout.notebook, seconds=2)
    assert checked.problem == "the check took longer than 2 s and was stopped. Does a loop never end?"


def test_a_notebook_that_cannot_be_read_is_told(handout: Handout) -> None:
    save(handout.notebook, '{"cells": [')
    assert "looks cut off" in checked_apart(handout.notebook).problem


# ---- the command


def test_the_command_checks_one_notebook_at_once_and_ends_with_one_line(
    handout: Handout, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [lambda: fill(handout.notebook, threshold_unit="return (x @ w > threshold) * 1"), lambda: None]
    monkeypatch.setattr(module, "_sleep", waiting(steps))
    done = CliRunner().invoke(main, ["watch", STEM])
    assert done.exit_code == 0
    begin, watching, change, end = done.output.split("\n\n")
    assert begin.startswith("01_perceptron: 0 of 8 exercises pass")
    assert watching.startswith("Watching ")
    assert watching.endswith("perceptron.ipynb: each save is checked. Ctrl+C ends it.")
    assert change.startswith("threshold_unit passes now.\n01_perceptron: 1 of 8 exercises pass · next: exercise 2,")
    assert end == "Stopped watching.\n"


@pytest.mark.usefixtures("handout")
def test_the_command_watches_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments/07_pooling", tmp_path / "07_pooling", ignore=ignored)
    other = tmp_path / "07_pooling" / "pooling.ipynb"
    steps = [lambda: fill(other, average_pool2d="return 0"), lambda: None]
    monkeypatch.setattr(module, "_sleep", waiting(steps))
    done = CliRunner().invoke(main, ["watch"])
    assert done.output.startswith("\nWatching 2 notebooks: each save is checked. Ctrl+C ends it.\n\n07_pooling: 0 of 6")


def test_the_command_refuses_a_folder_without_assignments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["watch"])
    assert done.exit_code == 2
    assert "There are no assignments in" in done.output
