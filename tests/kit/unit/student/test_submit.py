"""From the saved notebook to the file to hand in: what is printed and written, and that it gets the same points."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli import students
from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.core.model import Outcome, Visibility
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.limits import LIMITS
from autograder.execution.time_limit import OutOfTime, limited
from autograder.grading.pipeline import grade, grade_content, suites_of
from autograder.notebooks.course import Course
from autograder.student import history, saved_check, submit
from autograder.student.handout import Handout, find_handout, handouts_in
from autograder.student.selfcheck import NotYet, open_assignment

COURSE = Course(ROOT)
STEM = "01_perceptron"


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a student's folder with two attempted exercises, one of them wrong."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments" / STEM, tmp_path / "assignments" / STEM, ignore=ignored)
    monkeypatch.chdir(tmp_path)
    write(tmp_path, threshold_unit="return (x @ w > threshold) * 1", boundary_distance="return x @ w + b")
    return tmp_path


def notebook(folder: Path) -> Path:
    return folder / "assignments" / STEM / "perceptron.ipynb"


def change(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(notebook(folder).read_text(encoding="utf-8"))
    edit(content)
    notebook(folder).write_text(json.dumps(content), encoding="utf-8")


def write(folder: Path, **bodies: str) -> None:
    def edit(content: dict[str, Any]) -> None:
        for cell in content["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name in bodies:
                source = "".join(cell["source"])
                assert "raise NotImplementedError" in source
                cell["source"] = source.replace("raise NotImplementedError", bodies[name])

    change(folder, edit)


def submitted(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["submit", *arguments])
    return done.exit_code, done.output


@pytest.mark.slow
def test_a_file_to_hand_in_and_its_receipt(unpacked: Path) -> None:
    code, output = submitted(STEM, "--student", "mia", "--out", "to hand in")
    path = unpacked / "to hand in" / f"mia__{STEM}.ipynb"
    assert code == 0
    assert path.read_bytes() == notebook(unpacked).read_bytes()
    assert f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}" in output
    assert "threshold_unit           passed" in output
    assert "boundary_distance        not yet right" in output
    assert submitted(str(notebook(unpacked)), "--student", "mia", "--out", "to hand in")[0] == 0


@pytest.mark.slow
def test_the_name_is_asked_for(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(students, "_is_a_person_s", lambda: True)
    done = CliRunner().invoke(main, ["submit", STEM], input="Zoë B.\n")
    assert done.exit_code == 0
    assert (unpacked / f"Zoë B.__{STEM}.ipynb").is_file()


NAMES = {
    "a/b": "a-b",
    "a__b": "a_b",
    ".hidden": "hidden",
    " ": "",
    "o'brien": "o’brien",
    '"><img src=x onerror=alert(1)>': "img src=x onerror=alert(1)",
    "a`b": "a’b",
    "two\nlines": "twolines",
    "a\u202eb": "ab",
    "a\x9bb": "ab",
    "a\ud800b": "ab",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_can_be_none(unpacked: Path, name: str) -> None:
    """It is refused with a name that will do."""
    code, output = submitted(STEM, "--student", name)
    assert code == 2
    written = f", written as {NAMES[name]}" if NAMES[name] else ""
    assert f"Use the name that your instructor knows you by{written}." in " ".join(output.split())
    assert not list(unpacked.glob("*.ipynb"))


@pytest.mark.slow
def test_collected_and_graded_it_has_the_points_that_were_shown(unpacked: Path) -> None:
    submitted(STEM, "--student", "mia")
    options = ["--submitted", str(unpacked / "submitted"), "--course", str(ROOT)]
    done = CliRunner().invoke(main, ["collect", str(unpacked / f"mia__{STEM}.ipynb"), *options])
    assert done.exit_code == 0, done.output
    handed_in = unpacked / "submitted/mia" / STEM / "perceptron.ipynb"
    graded = grade(handed_in, "mia", suites_of(COURSE, STEM), InProcessExecutor())
    public = sum(
        test.earned for result in graded.exercises for test in result.tests if test.visibility is Visibility.PUBLIC
    )
    (handout,) = handouts_in(unpacked)
    shown = submit.submit(notebook(unpacked), handout, "mia", unpacked).report
    assert sum(test.earned for result in shown.exercises for test in result.tests) == pytest.approx(public)
    assert public > 0


def kernel() -> dict[str, Any]:
    return {"check": open_assignment(STEM)}


@pytest.mark.slow
def test_what_passed_in_the_kernel_and_is_not_in_the_file(unpacked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = """
def gate(name):
    table = {"AND": ([1, 1], -1.5), "OR": ([1, 1], -0.5), "NAND": ([-1, -1], 1.5)}
    if name not in table:
        raise ValueError(name)
    return table[name]

check(gate)
"""
    exec(code, kernel())
    assert "passed" in capsys.readouterr().out
    status, output = submitted(STEM, "--student", "mia")
    assert status == 1
    assert "gate passes in your kernel but not in the saved file" in output
    with pytest.raises(NotYet):
        exec("def gate(name):\n    return [0, 0], 0\ncheck(gate)", kernel())
    assert submitted(STEM, "--student", "mia")[0] == 0  # it no longer passed when it was checked last


REWRITES = {
    "another file": "Path({0!r}).write_text('{{}}')",
    "a byte more": "Path({0!r}).write_bytes(Path({0!r}).read_bytes() + b' ')",
    "no file": "Path({0!r}).unlink()",
    "a link": "Path({0!r}).rename('moved'), Path({0!r}).symlink_to(Path('moved').resolve())",
}


@pytest.mark.slow
@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
def test_a_notebook_that_rewrites_itself_is_not_handed_in(
    unpacked: Path, rewrite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code is denied files, but there are ways around that in one process."""
    monkeypatch.setattr(saved_check, "graded_packages", lambda torch: None)
    code = rewrite.format(str(notebook(unpacked)))
    write(unpacked, gate=f"from pathlib import Path\n    {code}\n    return [1, 1], -1.5")
    status, output = submitted(STEM, "--student", "mia")
    assert status == 2
    assert "the notebook was changed on the disk while it was checked, so nothing was written" in output.replace(
        "\n", " "
    )
    assert not list(unpacked.glob("mia__*"))


@pytest.mark.slow
def test_what_was_checked_is_what_is_written(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changes for the moment of one reading, and back again, is handed in as it was checked."""
    honest, graded = notebook(unpacked).read_bytes(), []
    monkeypatch.setattr(
        saved_check, "grade_content", lambda data, *rest: graded.append(data) or grade_content(data, *rest)
    )
    (handout,) = handouts_in(unpacked)
    receipt = submit.submit(notebook(unpacked), handout, "mia", unpacked)
    assert graded == [honest]
    assert receipt.path.read_bytes() == honest
    assert receipt.sha256 == hashlib.sha256(honest).hexdigest() == receipt.report.submission_sha256


@pytest.mark.slow
def test_outputs_of_a_large_notebook_are_left_out(unpacked: Path) -> None:
    def draw(content: dict[str, Any]) -> None:
        cell = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * submit.LARGE}]

    change(unpacked, draw)
    _, output = submitted(STEM, "--student", "mia")
    assert "outputs of the cells were left out" in output
    handed_in = json.loads((unpacked / f"mia__{STEM}.ipynb").read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in handed_in["cells"])
    assert notebook(unpacked).stat().st_size > submit.LARGE  # the student's own is as it was


@pytest.mark.slow
def test_progress(unpacked: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments/08_lenet", unpacked / "assignments/08_lenet", ignore=ignored)
    (unpacked / "assignments/08_lenet/lenet.ipynb").write_text("{", encoding="utf-8")
    done = CliRunner().invoke(main, ["progress"])
    first, perceptron, lenet, _, reason = done.output.splitlines()
    assert first.split() == "assignment exercises not yet right public points questions".split()
    assert perceptron.split()[:5] == [STEM, "1", "of", "8", "1"]
    assert perceptron.endswith("0 of 2     next: exercise 2, perceptron_predict, about 5 minutes")
    assert lenet.split() == ["08_lenet", "not", "checked"]
    assert "lenet.ipynb" in reason
    with pytest.raises(UserError, match="no assignments"):
        handouts_in(unpacked / "assignments" / STEM / "nowhere")


def test_a_memory_that_cannot_be_written_stops_no_check(unpacked: Path) -> None:
    handout: Handout = find_handout(STEM, unpacked)
    history.memory_path(handout).mkdir(parents=True)
    history.remember(handout, [])
    assert history.remembered(handout) == ()


def test_without_a_home_nothing_is_remembered(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    handout: Handout = find_handout(STEM, unpacked)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(history.Path, "home", no_home)
    history.remember(handout, [])
    assert history.remembered(handout) == ()


def test_a_memory_that_is_damaged_is_no_memory(unpacked: Path) -> None:
    handout: Handout = find_handout(STEM, unpacked)
    path = history.memory_path(handout)
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    assert history.remembered(handout) == ()


# ---- a function that does not end


@pytest.mark.slow
def test_an_endless_loop_ends_in_the_kernel(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_check, "LIMITS", replace(LIMITS, call_seconds=0.3))
    endless = """
def threshold_unit(x, w, threshold):
    while True:
        try:
            x = x + 0
        except BaseException:
            pass
check(threshold_unit)
"""
    with pytest.raises(NotYet, match="took longer than"):
        exec(endless.replace("except BaseException", "except ValueError"), kernel())


def stubborn(rung: list[int]) -> None:
    """Ignore the first alarm, and stop at the second."""
    while True:
        try:
            while True:
                pass
        except OutOfTime:
            rung.append(1)
            if len(rung) == 2:
                raise


def test_a_loop_that_swallows_the_first_alarm() -> None:
    rung: list[int] = []
    with pytest.raises(OutOfTime), limited(0.05):
        stubborn(rung)
    assert len(rung) == 2


def test_no_limit_and_none_left_behind() -> None:
    with limited(None):
        pass
    with limited(60.0):
        pass
    with pytest.raises(ZeroDivisionError), limited(60.0):
        _ = 1 / 0


@pytest.mark.slow
def test_a_saved_notebook_with_an_endless_loop(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_check, "LIMITS", replace(LIMITS, call_seconds=0.3))
    write(unpacked, perceptron_predict="while True: pass")
    (handout,) = handouts_in(unpacked)
    report = submit.submit(notebook(unpacked), handout, "mia", unpacked).report
    outcomes = {result.name: result.outcome for result in report.exercises}
    assert outcomes["perceptron_predict"] is Outcome.TIMEOUT
    assert outcomes["threshold_unit"] is Outcome.PASSED


# ---- check and reset name a notebook as submit does


@pytest.mark.slow
@pytest.mark.parametrize("name", [STEM, f"assignments/{STEM}", f"assignments/{STEM}/perceptron.ipynb"])
@pytest.mark.parametrize("command", [["check"], ["reset"]], ids=" ".join)
def test_a_notebook_is_named_by_its_path_or_its_assignment(unpacked: Path, command: list[str], name: str) -> None:
    exercise = ["boundary_distance"] if command == ["reset"] else []
    done = CliRunner().invoke(main, [*command, name, *exercise])
    assert done.exit_code == (1 if command == ["check"] else 0), done.output
    assert "boundary_distance" in done.output
