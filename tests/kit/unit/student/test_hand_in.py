"""`check.submit(NAME)`: the notebook that is open is handed in, under any name and in any folder, or nothing is."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from front_end import FrontEnd, Shown, kernel, save
from places import ROOT

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.notebooks.course import Course
from autograder.student import history
from autograder.student.handout import find_handout
from autograder.student.selfcheck import open_assignment

pytestmark = pytest.mark.slow
STEM = "01_perceptron"
RELEASE = Course(ROOT).release(STEM).parent
SETUP = f'from autograder import open_assignment\ncheck = open_assignment("{STEM}")'
NAME = "threshold_unit"
RIGHT = "def threshold_unit(x, w, threshold):\n    return (np.dot(x, w) > threshold) * 1"
OTHER = RIGHT.replace("np.dot(x, w)", "(x @ w)")
COMMAND = (sys.executable, "-c", "from autograder.cli.main import main; main()")
SUBMIT = 'check.submit("mia")'
EARLY, LATE, LATEST = 1e9, 4e9, 4.1e9  # times of files, in seconds since 1970


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an assignment, as the zip has it."""
    home = tmp_path / "assignments" / STEM
    shutil.copytree(RELEASE, home, ignore=shutil.ignore_patterns("__pycache__"))
    return home


@pytest.fixture
def notebook(folder: Path) -> Path:
    return folder / "perceptron.ipynb"


@pytest.fixture
def opened(folder: Path, notebook: Path) -> Iterator[FrontEnd]:
    """Return a kernel that was started for the notebook under its first name."""
    with kernel(folder, JPY_SESSION_NAME=str(notebook)) as front_end:
        run_top(front_end)
        yield front_end


def run_top(front_end: FrontEnd) -> None:
    front_end.run(SETUP, "setup")
    front_end.run("import numpy as np", "given")


def copied(path: Path, name: str, text: str = RIGHT, at: float = LATE) -> Path:
    """Save a copy of a notebook, with this answer in it."""
    copy = path.parent / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, copy)
    save(copy, {NAME: text}, at=at)
    return copy


def handed_in(shown: Shown, path: Path) -> None:
    """Assert that exactly this notebook was packed, and that the receipt says so."""
    file = path.parent / f"mia__{STEM}.ipynb"
    assert shown.error == "", shown.words
    assert file.read_bytes() == path.read_bytes()
    assert f"Read: {path}\nsaved 20" in shown.text
    assert re.search(r"threshold_unit +passed", shown.text)
    assert "grading takes the originals" in shown.words
    assert f"Hand in this file: {file}" in shown.text
    assert hashlib.sha256(file.read_bytes()).hexdigest() in shown.text


def refused(shown: Shown, root: Path, *words: str) -> None:
    """Assert that nothing was packed, and that a sentence says why, without a traceback."""
    assert shown.error == "UserError"
    assert "Traceback" not in shown.traceback
    for word in words:
        assert word in shown.words
    assert not list(root.rglob("mia__*"))


# ---- which notebook


def test_the_notebook_as_it_came(opened: FrontEnd, notebook: Path) -> None:
    opened.run(RIGHT, NAME)
    save(notebook, {NAME: RIGHT}, at=LATE)
    handed_in(opened.run(SUBMIT), notebook)
    handed_in(opened.run(SUBMIT), notebook)  # the file that was written is not taken


def test_a_copy_under_another_name(folder: Path, notebook: Path) -> None:
    mine = copied(notebook, "my perceptron.ipynb")
    with kernel(folder, JPY_SESSION_NAME=str(mine)) as front_end:
        run_top(front_end)
        front_end.run(RIGHT, NAME)
        handed_in(front_end.run(SUBMIT), mine)


def test_renamed_while_the_kernel_lives(opened: FrontEnd, notebook: Path) -> None:
    opened.run(RIGHT, NAME)
    save(notebook, {NAME: RIGHT}, at=LATE)
    mine = notebook.rename(notebook.with_name("mine.ipynb"))
    assert "Not in the saved file" not in opened.run("check()").words
    handed_in(opened.run(SUBMIT), mine)


def test_save_as(opened: FrontEnd, notebook: Path) -> None:
    opened.run(RIGHT, NAME)
    mine = copied(notebook, "mine.ipynb")
    assert "Not in the saved file" not in opened.run("check(threshold_unit)").words
    handed_in(opened.run(SUBMIT), mine)


def test_moved_to_another_folder(opened: FrontEnd, notebook: Path, tmp_path: Path) -> None:
    opened.run(RIGHT, NAME)
    mine = copied(notebook, "../other/deeper/mine.ipynb")
    notebook.unlink()
    handed_in(opened.run(SUBMIT), mine.resolve())


def test_the_whole_folder_is_renamed(opened: FrontEnd, notebook: Path, folder: Path) -> None:
    opened.run(RIGHT, NAME)
    save(notebook, {NAME: RIGHT}, at=LATE)
    moved = folder.rename(folder.with_name("elsewhere"))
    shown = opened.run(SUBMIT)
    if sys.platform == "linux":  # the working folder follows
        handed_in(shown, moved / "perceptron.ipynb")


def test_vs_code_started_at_the_root_of_the_workspace(notebook: Path, tmp_path: Path) -> None:
    save(notebook, {NAME: RIGHT}, at=LATE)
    with kernel(tmp_path) as front_end:
        front_end.run(f"__vsc_ipynb_file__ = {str(notebook)!r}")
        assert front_end.run(SETUP).error == ""
        front_end.run("import numpy as np")
        front_end.run(RIGHT)
        assert "4 of 4 public tests passed" in front_end.run("check(threshold_unit)").words
        assert front_end.run("import os; print(os.getcwd())").text.strip() == str(notebook.parent)  # for its data
        handed_in(front_end.run(SUBMIT), notebook)


def test_an_older_copy_with_the_same_answer(opened: FrontEnd, notebook: Path) -> None:
    opened.run(RIGHT, NAME)
    copied(notebook, "backup.ipynb", at=EARLY)
    save(notebook, {NAME: RIGHT, "gate": "def gate(name):\n    return [1, 1], 1"}, at=LATE)
    handed_in(opened.run(SUBMIT), notebook)


def test_magics_in_the_cell_do_not_confuse_it(opened: FrontEnd, notebook: Path) -> None:
    text = f"%timeit -n 1 -r 1 sum(range(9))\n!echo one\n{RIGHT}\nnp.where?"
    opened.run(text, NAME)
    mine = copied(notebook, "mine.ipynb", text)
    handed_in(opened.run(SUBMIT), mine)


def test_a_cell_that_was_given_up_does_not_stop_the_others(opened: FrontEnd, notebook: Path) -> None:
    opened.run(RIGHT, NAME)
    gate = "def gate(name):\n    return [1, 1], 1"
    opened.run(gate, "gate")
    opened.run(gate + ")", "gate")
    save(notebook, {NAME: RIGHT, "gate": gate + ")"}, at=LATE)
    shown = opened.run(SUBMIT)
    handed_in(shown, notebook)
    assert "The cell of gate changed since it was run (SyntaxError, line 2)" in shown.words


# ---- in doubt


def test_an_unsaved_notebook(opened: FrontEnd, notebook: Path, tmp_path: Path) -> None:
    opened.run(RIGHT, NAME)
    sentence = "This file does not hold what the kernel ran in threshold_unit. So nothing was written. Save"
    refused(opened.run(SUBMIT), tmp_path, f"Read: {notebook}", sentence)


def test_an_unsaved_notebook_and_others_beside_it(opened: FrontEnd, notebook: Path, tmp_path: Path) -> None:
    opened.run(RIGHT, NAME)
    other = copied(notebook, "other.ipynb", OTHER)
    shown = opened.run(SUBMIT)
    refused(shown, tmp_path, str(other), "1 of 8 exercises written", 'check.submit("mia", "perceptron.ipynb")')
    handed_in(opened.run('check.submit("mia", "other.ipynb")'), other)


def test_two_that_hold_what_was_run(opened: FrontEnd, notebook: Path, tmp_path: Path) -> None:
    opened.run(RIGHT, NAME)
    save(notebook, {NAME: RIGHT}, at=EARLY)
    copy = copied(notebook, "copy.ipynb")
    save(copy, {"gate": "def gate(name):\n    return [1, 1], 1"}, at=LATE)
    refused(
        opened.run(SUBMIT), tmp_path, "It is not certain which of these notebooks is open", str(copy), str(notebook)
    )


def test_a_restarted_kernel_in_which_nothing_was_run(opened: FrontEnd, notebook: Path, tmp_path: Path) -> None:
    copied(notebook, "copy.ipynb")
    refused(opened.run(SUBMIT), tmp_path, "It is not certain")
    (notebook.parent / "copy.ipynb").unlink()
    save(notebook, {NAME: RIGHT}, at=LATE)
    handed_in(opened.run(SUBMIT), notebook)


def test_a_notebook_that_is_not_there(opened: FrontEnd, tmp_path: Path) -> None:
    refused(opened.run('check.submit("mia", "my.ipynb")'), tmp_path, "There is no notebook")


# ---- the release, and names


def test_the_release_is_never_packed(opened: FrontEnd, tmp_path: Path) -> None:
    refused(opened.run(SUBMIT), tmp_path, "It has no answers: every exercise is as it was handed out")
    refused(opened.run('check.submit("mia", "perceptron.ipynb")'), tmp_path, "has no answers")


def command(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["submit", *arguments])
    return done.exit_code, " ".join(done.output.split())


CHANGES = {
    "nothing": {},
    "a comment": {"given": "import numpy as np  # for arrays"},
    "a cell of their own": {"own": "1 + 1", "hand": 'check.submit("mia")'},
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_command_refuses_the_release(
    folder: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(folder.parent)
    save(notebook, CHANGES[name])
    for place in (STEM, str(notebook)):
        code, said = command(place, "--student", "mia")
        assert code == 2
        assert "It has no answers: every exercise is as it was handed out. So nothing was written." in said
    assert not list(folder.parent.rglob("mia__*"))


def test_an_answer_in_words_is_an_answer(folder: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    content = json.loads(notebook.read_text(encoding="utf-8"))
    question = next(cell for cell in content["cells"] if "YOUR ANSWER HERE" in "".join(cell["source"]))
    question["source"] = "Because it is not linear."
    notebook.write_text(json.dumps(content), encoding="utf-8")
    assert command(STEM, "--student", "mia")[0] == 0


def test_the_command_takes_no_older_notebook_than_the_copy_beside_it(
    folder: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    save(notebook, {}, at=EARLY)
    mine = copied(notebook, "mine.ipynb")
    code, said = command(STEM, "--student", "mia")
    assert code == 2
    assert "perceptron.ipynb is not the one that was saved last" in said
    assert "mine.ipynb" in said
    assert command(str(mine), "--student", "mia")[0] == 0
    notebook.unlink()
    assert "perceptron.ipynb is not there" in command(STEM, "--student", "mia")[1]


PLACEHOLDERS = ["NAME", "name", "your name", "your-name", "<name>", "<your name>", "Your_Name", "STUDENT", "{name}"]


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_a_placeholder_is_no_name(folder: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(folder)
    save(notebook, {NAME: RIGHT})
    code, said = command(STEM, "--student", name)
    assert code == 2
    assert f"{name} stands for your own name" in said
    with pytest.raises(UserError, match="stands for your own name"):
        open_assignment(STEM).submit(name)


@pytest.mark.parametrize("name", ["Mia Name", "Namey", "Yourcenar", "Studentova"])
def test_a_name_that_only_looks_like_one(
    folder: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(folder)
    save(notebook, {NAME: RIGHT})
    assert command(STEM, "--student", name)[0] == 0


def test_a_name_is_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match="name"):
        open_assignment(STEM).submit()


def test_the_command_in_a_cell_never_waits(opened: FrontEnd, notebook: Path) -> None:
    save(notebook, {NAME: RIGHT})
    said = opened.run(f"!{' '.join(map(shlex.quote, COMMAND))} submit {STEM}").words
    assert 'check.submit("your name")' in said
    assert "--student" in said


def test_the_command_without_a_terminal_never_waits(folder: Path, notebook: Path) -> None:
    save(notebook, {NAME: RIGHT})
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*COMMAND, "submit", STEM],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "--student" in done.stderr


# ---- Colab


STAND_IN = """
import json, sys, types
for name in ("google", "google.colab", "google.colab._message"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["google"].colab = sys.modules["google.colab"]
sys.modules["google.colab"]._message = sys.modules["google.colab._message"]
def blocking_request(kind, request="", timeout_sec=5, parent=None):
    assert kind == "get_ipynb" and timeout_sec
    {body}
sys.modules["google.colab._message"].blocking_request = blocking_request
"""
SILENT = {
    "an error": "raise RuntimeError('MessageError')",
    "no answer": "return None",
    "something else": "return {'ipynb': []}",
    "no module": "pass\ndel sys.modules['google.colab._message']",
}


@pytest.fixture
def colab(folder: Path, tmp_path: Path) -> Iterator[FrontEnd]:
    """Return a kernel whose notebook is not on its disk: there is the release only."""
    with kernel(folder, JPY_SESSION_NAME="/content/Untitled0.ipynb") as front_end:
        page = copied(folder / "perceptron.ipynb", "../../page.json")
        front_end.run(STAND_IN.format(body=f"return {{'ipynb': json.load(open({str(page)!r}))}}"))
        run_top(front_end)
        yield front_end


def test_in_colab_the_page_hands_it_over(colab: FrontEnd, folder: Path) -> None:
    colab.run(RIGHT)
    shown = colab.run(SUBMIT)
    assert shown.error == ""
    file = folder / f"mia__{STEM}.ipynb"
    assert "(np.dot(x, w) > threshold) * 1" in file.read_text(encoding="utf-8")
    assert "Read: the notebook as it is in Colab now." in shown.text
    assert re.search(r"threshold_unit +passed", shown.text)
    assert f"Hand in this file: {file}" in shown.text


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
def test_if_colab_does_not_answer_there_is_another_way(colab: FrontEnd, tmp_path: Path, body: str) -> None:
    colab.run(STAND_IN.format(body=body))
    refused(
        colab.run(SUBMIT),
        tmp_path,
        "Colab did not hand over the notebook",
        "File > Download > Download .ipynb",
        f"mia__{STEM}.ipynb",
    )


# ---- what passed in a kernel


def test_what_passed_in_an_earlier_kernel_is_not_spoken_of(
    folder: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    exec(
        "check(threshold_unit)", {"check": open_assignment(STEM), NAME: lambda x, w, threshold: (x @ w > threshold) * 1}
    )
    handout = find_handout(STEM, folder)
    assert history.remembered(handout) == (NAME,)
    memory = json.loads(history.memory_path(handout).read_text(encoding="utf-8"))
    for earlier in ({"started": memory["started"] - 1000}, {"process": 2**22 + 1}, {"started": None}):
        history.memory_path(handout).write_text(json.dumps(memory | earlier), encoding="utf-8")
        assert history.remembered(handout) == ()
    history.memory_path(handout).write_text(json.dumps([NAME]), encoding="utf-8")  # as the kit wrote it before
    assert history.remembered(handout) == ()
