"""`autograder reset`: the stub is back, the old text is kept, and nothing else in the file changes."""

import json
import re
import shutil
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from autograder.core.errors import UserError
from autograder.core.model import Outcome
from autograder.execution.in_process import InProcessExecutor
from autograder.grading.pipeline import grade
from autograder.grading.suites import Suites, load_suites
from autograder.notebooks.course import Course, read_assignment
from autograder.notebooks.submission import read_submission
from autograder.student.reset import KEPT, Reset, reset, reset_message, stubs_of

COURSE = Course(ROOT)
STEM = "01_perceptron"
SOLUTION = json.loads(COURSE.solution(STEM).read_text(encoding="utf-8"))
Notebook = dict[str, Any]
Damage = Callable[[Notebook], None]


@pytest.fixture(scope="module")
def suites() -> Suites:
    stem = COURSE.assignment(STEM)
    return load_suites(stem, COURSE.public_suite(STEM), COURSE.hidden_suite(STEM))


@pytest.fixture
def handout(tmp_path: Path) -> Path:
    """Return the folder as a student has it."""
    folder = tmp_path / STEM
    shutil.copytree(COURSE.root / "assignments" / STEM, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def written(folder: Path, notebook: Notebook, indent: int | None = 1) -> Path:
    path = folder / "perceptron.ipynb"
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
    return path


def copied() -> Notebook:
    return json.loads(json.dumps(SOLUTION))


def grade_id(cell: dict[str, Any]) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def at(notebook: Notebook, name: str) -> int:
    """Return the index of the cell with this grade_id."""
    return [grade_id(cell) for cell in notebook["cells"]].index(name)


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def uncommented(kept: str) -> str:
    return re.sub(r"(^|\r\n|\r|\n)# ", r"\1", kept.split("\n", 1)[1])


# ---- a plain reset


def test_the_stub_stands_again_and_nothing_else_changes(handout: Path) -> None:
    notebook = copied()
    cell = notebook["cells"][at(notebook, "gate")]
    cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["hello\n"]}]
    cell["execution_count"] = 7
    path = written(handout, notebook)
    stubs = stubs_of(path)
    done = reset(path, "gate", stubs)
    assert done == Reset("gate", True, at(notebook, "gate") + 1)
    kept = json.loads(path.read_text(encoding="utf-8"))["cells"][done.cell]
    expected = copied()
    stub = expected["cells"][at(expected, "gate")]
    stub |= {"source": stubs["gate"].splitlines(keepends=True), "outputs": [], "execution_count": None}
    expected["cells"].insert(done.cell, kept)
    assert path.read_text(encoding="utf-8") == json.dumps(expected, ensure_ascii=False, indent=1) + "\n"


def test_the_old_text_is_kept_below(handout: Path) -> None:
    path = written(handout, copied())
    before = datetime.now().astimezone().replace(microsecond=0)
    done = reset(path, "gate", stubs_of(path))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kept = cells[done.cell]
    assert kept["cell_type"] == "code"
    assert kept["metadata"] == {"tags": [KEPT]}
    assert [cell["id"] for cell in cells].count(kept["id"]) == 1
    assert all(line.startswith("# ") for line in kept["source"])
    when = re.fullmatch(r"# gate before it was reset, (\S+)\n", kept["source"][0])
    assert when is not None
    assert before <= datetime.fromisoformat(when[1]) <= datetime.now().astimezone()
    assert uncommented(text(kept)) == text(SOLUTION["cells"][at(SOLUTION, "gate")])


@pytest.mark.slow
def test_after_a_reset_the_exercise_is_a_stub_and_the_others_are_not(handout: Path, suites: Suites) -> None:
    path = written(handout, copied())
    reset(path, "gate", stubs_of(path))
    report = grade(path, "ada", suites, InProcessExecutor())
    outcomes = {result.name: result.outcome for result in report.exercises}
    assert outcomes.pop("gate") is Outcome.STUB
    assert set(outcomes.values()) == {Outcome.PASSED}
    assert report.remarks == ()


def test_the_code_of_the_others_is_the_same(handout: Path) -> None:
    path = written(handout, copied())
    assignment = read_assignment(COURSE.release(STEM))
    before = read_submission(path, assignment, "ada").source
    reset(path, "gate", stubs_of(path))
    after = read_submission(path, assignment, "ada").source
    assert after.cells == tuple(cell for cell in before.cells if cell.label != "your cell gate")
    assert after.broken == ()


ODD_TEXTS = {
    "windows": "def gate(name):\r\n    return 1\r\n",
    "old_mac": "def gate(name):\r    return 1",
    "blank_lines": "\n\ndef gate(name):\n\n    return 1\n\n",
    "form_feed": "def gate(name):\n\x0c    return 1\n",
    "line_separator": 'def gate(name):\n    return "a\u2028b"',
    "comments": "# # def gate\n#\ndef gate(name):  # ß 🙂\n    return 1",
    "no_python": "def gate(name:\n    return",
    "magic": "%%time\ndef gate(name):\n    return 1\n!ls",
    "tabs": "def gate(name):\n\treturn 1\t",
    "surrogate": "def gate(name):\n    return '\ud800'",
    "nothing_of_the_name": "x = 1",
}


@pytest.mark.parametrize("as_list", [True, False], ids=["list", "string"])
@pytest.mark.parametrize("name", ODD_TEXTS)
def test_any_text_comes_back_byte_for_byte(handout: Path, name: str, as_list: bool) -> None:
    old = ODD_TEXTS[name]
    notebook = copied()
    cell = notebook["cells"][at(notebook, "gate")]
    cell["source"] = old.splitlines(keepends=True) if as_list else old
    path = handout / "perceptron.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    done = reset(path, "gate", stubs_of(path))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert uncommented(text(cells[done.cell])) == old
    assert text(cells[done.cell - 1]) == stubs_of(path)["gate"]
    assert isinstance(cells[done.cell - 1]["source"], list) is as_list
    compile(text(cells[done.cell]).encode("utf-8", "replace"), "<kept>", "exec")  # comments alone
    submission = read_submission(path, read_assignment(COURSE.release(STEM)), "ada")
    assert not [cell for cell in submission.source.cells if "gate" in cell.exercises]


def test_an_empty_cell_leaves_nothing_to_keep(handout: Path) -> None:
    notebook = copied()
    notebook["cells"][at(notebook, "gate")]["source"] = []
    path = written(handout, notebook)
    assert reset(path, "gate", stubs_of(path)).changed
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert len(cells) == len(notebook["cells"])
    assert text(cells[at(notebook, "gate")]) == stubs_of(path)["gate"]


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
def test_the_file_keeps_its_layout(handout: Path, indent: int | None) -> None:
    path = written(handout, copied(), indent)
    reset(path, "gate", stubs_of(path))
    content = path.read_text(encoding="utf-8")
    assert content == json.dumps(json.loads(content), ensure_ascii=False, indent=indent) + "\n"


def test_the_file_keeps_its_permissions_and_leaves_nothing_beside_it(handout: Path) -> None:
    path = written(handout, copied())
    path.chmod(0o600)
    names = sorted(path.name for path in handout.iterdir())
    reset(path, "gate", stubs_of(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in handout.iterdir()) == names


def test_an_older_format_gets_no_id(handout: Path) -> None:
    notebook = copied()
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        del cell["id"]
    path = written(handout, notebook)
    done = reset(path, "gate", stubs_of(path))
    assert "id" not in json.loads(path.read_text(encoding="utf-8"))["cells"][done.cell]


def test_twice(handout: Path) -> None:
    """The second time nothing is written."""
    path = written(handout, copied())
    first = reset(path, "gate", stubs_of(path))
    data, when = path.read_bytes(), path.stat().st_mtime_ns
    second = reset(path, "gate", stubs_of(path))
    assert second == Reset("gate", False, first.cell)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (data, when)


# ---- which cell


def twice(notebook: Notebook) -> None:
    index = at(notebook, "gate")
    again = {**notebook["cells"][index], "id": "again", "source": ["def gate(name):\n", "    return 2"]}
    notebook["cells"].insert(index + 1, again)


def stub_pasted_below(notebook: Notebook) -> None:
    index = at(notebook, "gate")
    notebook["cells"].insert(index + 1, {**notebook["cells"][index], "id": "stub", "source": STUBS["gate"]})


def without_metadata(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def without_metadata_twice(notebook: Notebook) -> None:
    twice(notebook)
    without_metadata(notebook)


def as_text(notebook: Notebook) -> None:
    cell = notebook["cells"][at(notebook, "gate")]
    del cell["outputs"], cell["execution_count"]
    cell["cell_type"] = "markdown"


def in_a_scratch_cell_too(notebook: Notebook) -> None:
    scratch = {"cell_type": "code", "execution_count": None, "id": "scratch", "metadata": {}, "outputs": []}
    notebook["cells"].append(scratch | {"source": "def gate(name):\n    return 3"})


STUBS = stubs_of(COURSE.release(STEM))
PLACE = at(SOLUTION, "gate") + 1
LAST = len(SOLUTION["cells"]) + 1
CELLS: dict[str, tuple[Damage, Reset]] = {
    "copied": (twice, Reset("gate", True, PLACE + 1, (PLACE,))),
    "stub_below": (stub_pasted_below, Reset("gate", True, PLACE)),
    "no_metadata": (without_metadata, Reset("gate", True, PLACE)),
    "no_metadata_copied": (without_metadata_twice, Reset("gate", True, PLACE + 1, (PLACE,))),
    "text": (as_text, Reset("gate", True, PLACE)),
    "scratch": (in_a_scratch_cell_too, Reset("gate", True, PLACE, (LAST + 1,))),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_cell_that_counts(handout: Path, name: str) -> None:
    damage, expected = CELLS[name]
    notebook = copied()
    damage(notebook)
    path = written(handout, notebook)
    done = reset(path, "gate", STUBS)
    assert done == expected
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert text(cells[done.cell - 1]) == STUBS["gate"]
    assert cells[done.cell - 1]["cell_type"] == "code"
    assert cells[done.cell]["metadata"]["tags"] == [KEPT]
    assert all("def gate" in text(cells[number - 1]) for number in done.others)


@pytest.mark.parametrize("name", CELLS)
def test_reset_as_often_as_it_says_makes_a_stub(handout: Path, name: str, suites: Suites) -> None:
    notebook = copied()
    CELLS[name][0](notebook)
    path = written(handout, notebook)
    while (done := reset(path, "gate", STUBS)).changed:
        pass
    outcomes = {result.name: result.outcome for result in grade(path, "ada", suites, InProcessExecutor()).exercises}
    # Reset does not change a student's scratch cell: it still counts, and the message names it.
    assert outcomes.pop("gate") is (Outcome.FAILED if done.others else Outcome.STUB)
    assert set(outcomes.values()) == {Outcome.PASSED}


# ---- what is refused


def deleted(notebook: Notebook) -> None:
    del notebook["cells"][at(notebook, "gate")]


def merged(notebook: Notebook) -> None:
    below = text(notebook["cells"][at(notebook, "threshold_unit")])
    notebook["cells"][at(notebook, "gate")]["source"] += ["\n\n", below]


def in_format_3(notebook: Notebook) -> None:
    cells = notebook.pop("cells")
    for cell in cells:
        cell["input"] = cell.pop("source")
    notebook |= {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}


def too_long_to_keep(notebook: Notebook) -> None:
    notebook["cells"][at(notebook, "gate")]["source"] = "def gate(name): pass\n" + "#\n" * 80_000


REFUSED: dict[str, tuple[Damage, str]] = {
    "deleted": (deleted, "has no cell that defines gate: take the notebook anew, and copy yours in."),
    "merged": (
        merged,
        f": cell {PLACE} holds threshold_unit beside gate: move gate into a cell of its own, save, and reset again.",
    ),
    "format_3": (in_format_3, "has the format of 2013: open it in JupyterLab, save it, and reset again."),
    "too_long": (too_long_to_keep, "would be no notebook any more with the old text kept"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(handout: Path, name: str) -> None:
    damage, words = REFUSED[name]
    notebook = copied()
    damage(notebook)
    path = written(handout, notebook)
    data = path.read_bytes()
    with pytest.raises(UserError, match=re.escape(words)) as error:
        reset(path, "gate", STUBS)
    assert str(error.value).startswith(str(path))
    assert path.read_bytes() == data


def test_an_unknown_exercise_names_the_known_ones(handout: Path) -> None:
    path = handout / "perceptron.ipynb"
    with pytest.raises(
        UserError, match=r"\.ipynb has no exercise 'gates'\. Did you mean gate\? Known: threshold_unit, "
    ):
        reset(path, "gates", stubs_of(path))


def test_a_notebook_that_cannot_be_read(handout: Path) -> None:
    path = handout / "perceptron.ipynb"
    path.write_bytes(b"{")
    with pytest.raises(UserError, match=r"perceptron\.ipynb: the file looks cut off"):
        reset(path, "gate", stubs_of(path))


def test_a_link_is_not_replaced(handout: Path) -> None:
    path = handout / "perceptron.ipynb"
    path.rename(handout / "elsewhere.ipynb")
    path.symlink_to("elsewhere.ipynb")
    with pytest.raises(UserError, match="it is a link"):
        reset(path, "gate", STUBS)
    assert path.is_symlink()


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 2}', '{"schema": "2"}'])
def test_a_damaged_selfcheck_is_named(handout: Path, content: str) -> None:
    (handout / "selfcheck.json").write_text(content)
    with pytest.raises(UserError, match=r"selfcheck\.json is missing or damaged"):
        stubs_of(handout / "perceptron.ipynb")


def test_without_selfcheck_it_is_said(handout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(handout)  # not in a course, which would have another
    (handout / "selfcheck.json").unlink()
    with pytest.raises(UserError):
        stubs_of(handout / "perceptron.ipynb")


def test_no_notebook_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no notebook"):
        stubs_of(tmp_path / "perceptron.ipynb")


def test_a_blank_cell_leaves_nothing_to_keep(handout: Path) -> None:
    """No cell is inserted then, so the cells below keep their numbers."""
    notebook = copied()
    notebook["cells"][at(notebook, "gate")]["source"] = " \n"
    in_a_scratch_cell_too(notebook)
    path = handout / "perceptron.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    done = reset(path, "gate", STUBS)
    assert done == Reset("gate", True, PLACE, (LAST,), kept=False)
    assert len(json.loads(path.read_bytes())["cells"]) == LAST


# ---- the message


def test_the_message() -> None:
    assert reset_message(Reset("gate", True, 14)) == (
        "gate is the stub again (cell 14); your code is kept in the cell below it, commented out. "
        "If the notebook is open in JupyterLab: File > Reload Notebook from Disk."
        "\nIf it asks about a changed file when you save, choose Revert. Overwrite would undo the reset."
    )
    assert reset_message(Reset("gate", True, 14, kept=False)) == (
        "gate is the stub again (cell 14). If the notebook is open in JupyterLab: File > Reload Notebook from Disk."
        "\nIf it asks about a changed file when you save, choose Revert. Overwrite would undo the reset."
    )
    assert reset_message(Reset("gate", False, 14)) == "gate is the stub already (cell 14): nothing was changed."
    assert reset_message(Reset("gate", False, 14, (16,))).endswith(
        "\nCell 16 of yours defines gate too and counts as your answer: delete it."
    )
    assert reset_message(Reset("gate", False, 14, (16, 20))).endswith(
        "\nCells 16 and 20 of yours define gate too and count as your answer: delete them."
    )
