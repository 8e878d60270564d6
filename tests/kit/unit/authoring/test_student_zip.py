"""The zip for students: the same twice, complete, nothing secret, and enough to begin with."""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from places import ROOT
from secret_lines import secret_lines

from autograder.authoring.start_page import start_text
from autograder.authoring.student_zip import closure, listings_of, pins, release, released_at
from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.notebooks.course import Course
from autograder.notebooks.ipynb import parse_notebook
from autograder.student.handout import read_handout

COURSE = Course(ROOT)


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "all.zip"
    release(COURSE, path)
    return path


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def folder_in(path: Path) -> str:
    """The one folder that a zip unpacks to."""
    with zipfile.ZipFile(path) as archive:
        (folder,) = {name.partition("/")[0] for name in archive.namelist()}
    return folder


@pytest.mark.torch
@pytest.mark.slow
def test_made_twice_it_is_the_same_to_the_byte(zipped: Path, tmp_path: Path) -> None:
    release(COURSE, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == zipped.read_bytes()


@pytest.mark.torch
def test_it_holds_the_assignments_and_nothing_else(zipped: Path) -> None:
    names = set(contents(zipped))
    assert {name for name in names if "/" not in name} == {
        "START.md",
        "requirements.txt",
        "requirements-capstone.txt",
        next(name for name in names if name.endswith(".whl")),
    }
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "assignments").rglob("*")
        if path.is_file() and path.suffix in (".ipynb", ".json", ".npz", ".py") and "." not in path.parts[-2]
    }
    assert {name for name in names if name.startswith("assignments/")} == wanted


def secret_code() -> set[str]:
    """The mistakes' sentences are no secret: they are the hints of the self-check."""
    lines = {line for stem in COURSE.stems for line in secret_lines(COURSE, stem) if len(line) > 40}
    code = {line for line in lines if any(part in line for part in ("return ", " = ", "lambda "))}
    return {line for line in code if not line.startswith(('"', "#"))}


@pytest.mark.torch
def test_it_says_which_python_grades(zipped: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.glob("*/assignments/01_perceptron")
    assert read_handout(folder).assignment.python == sys.version_info[:2]
    assert read_handout(COURSE.release("01_perceptron").parent).assignment.python is None


@pytest.mark.torch
@pytest.mark.slow
def test_nothing_secret_is_in_it(zipped: Path) -> None:
    texts = []
    for name, data in contents(zipped).items():
        if name.endswith(".whl"):
            (zipped.parent / name).write_bytes(data)
            with zipfile.ZipFile(zipped.parent / name) as wheel:
                inside = {path: wheel.read(path) for path in wheel.namelist()}
            texts += [code.decode() for path, code in inside.items() if path.endswith(".py")]
            assert {path.split("/")[0].partition("-")[0] for path in inside} == {"autograder", "nn_autograder"}
        elif name.endswith(".ipynb"):
            texts.append("\n".join(cell.source for cell in parse_notebook(data)))
        elif not name.endswith(".npz"):
            texts.append(data.decode())
    secret = secret_code()
    assert len(secret) > 1000
    assert {line for line in secret if any(line in text for text in texts)} == set()


def test_some_assignments(tmp_path: Path) -> None:
    made = release(COURSE, tmp_path / "two.zip", ["06_convolution", "01_perceptron"])
    assert made.stems == ("01_perceptron", "06_convolution")
    names = contents(tmp_path / "two.zip")
    assert {name.split("/")[1] for name in names if name.startswith("assignments/")} == set(made.stems)
    assert "06_convolution/convolution.ipynb" in names["START.md"].decode()
    assert "02_activations" not in names["START.md"].decode()


def test_start_says_which_python_the_wheels_are_for() -> None:
    alone, beside = (start_text(["01_perceptron"], "kit.whl", "workshops", wheels=wheels) for wheels in (False, True))
    assert "You need Python 3.11 or newer." in alone
    assert "--no-index" not in alone
    assert f"You need Python {sys.version_info[0]}.{sys.version_info[1]} on {platform.system()}" in beside
    assert "--no-index --find-links wheels -r requirements.txt" in beside
    assert '`check.submit("your name")`' in alone
    assert "Run its two top cells first, and again whenever the kernel was restarted" in alone
    for way in (
        '`check.hint("NAME")`',
        "autograder hint NOTEBOOK EXERCISE",
        "autograder watch`",
        "autograder progress`",
    ):
        assert way in alone
    assert max(map(len, beside.splitlines())) <= 120


def test_the_command_and_what_it_refuses(tmp_path: Path) -> None:
    options = ["release", str(tmp_path / "one.zip"), "--course", str(ROOT), "--assignments"]
    done = CliRunner().invoke(main, [*options, "08_lenet"])
    assert done.exit_code == 0
    assert "08_lenet" in done.output
    refused = CliRunner().invoke(main, [*options, "17_nothing"])
    assert refused.exit_code == 2
    assert not (tmp_path / "two.zip").exists()


@pytest.mark.torch
def test_what_pytorch_needs_comes_in_a_file_of_its_own(zipped: Path, tmp_path: Path) -> None:
    _, more, *lines = contents(zipped)["requirements-capstone.txt"].decode().splitlines()
    assert more == "-r requirements.txt"
    assert {"torch", "safetensors", "pooch"} <= {Requirement(line).name for line in lines}
    assert not set(lines) & set(contents(zipped)["requirements.txt"].decode().splitlines())
    assert "pip install -r requirements-capstone.txt" in contents(zipped)["START.md"].decode()
    release(COURSE, tmp_path / "without.zip", ["01_perceptron"])
    assert "requirements-capstone.txt" not in contents(tmp_path / "without.zip")
    assert "PyTorch" not in contents(tmp_path / "without.zip")["START.md"].decode()


@pytest.mark.torch
def test_every_requirement_is_pinned_and_torch_is_none_of_them(zipped: Path) -> None:
    first, wheel, *lines = contents(zipped)["requirements.txt"].decode().splitlines()
    assert first.startswith("#")
    assert re.fullmatch(r"\./nn_autograder-.*\.whl", wheel)
    requirements = {one.name.lower(): one for one in map(Requirement, lines)}
    assert {"numpy", "jupyterlab", "nbgrader", "matplotlib", "pytest"} <= set(requirements)
    assert not {"torch", "ruff", "mypy", "scipy", "playwright"} & set(requirements)
    assert [name for name, one in requirements.items() if not one.specifier] == []
    assert "pyseccomp" not in requirements  # only the instructor's sandbox needs it
    assert str(requirements["pexpect"].marker) == 'sys_platform != "emscripten" and sys_platform != "win32"'
    for one in requirements.values():
        assert one.specifier.contains(importlib.metadata.version(one.name))


def test_a_pin_keeps_its_marker(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text("# pins\nPyWin_PTY==3.1 ; os_name == 'nt'\nnumpy==2.4.6\n")
    pinned = pins(tmp_path / "constraints.txt")
    assert {name: str(pin) for name, pin in pinned.items()} == {
        "pywin-pty": 'PyWin_PTY==3.1; os_name == "nt"',
        "numpy": "numpy==2.4.6",
    }


def test_a_version_that_nobody_pinned_is_named() -> None:
    with pytest.raises(UserError, match=r"constraints\.txt has no version of .*numpy"):
        listings_of("kit.whl", ["numpy>=2.0"], {}, torch=False)
    with pytest.raises(UserError, match="cannot be read"):
        pins(ROOT / "no such file")
    with pytest.raises(UserError, match="make setup"):
        closure(["no-such-distribution"], "lab")


def test_an_assignment_that_was_not_built(tmp_path: Path) -> None:
    folder = tmp_path / "assignments" / "01_perceptron"
    folder.mkdir(parents=True)
    (folder / "perceptron.ipynb").write_bytes(COURSE.release("01_perceptron").read_bytes())
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "autograder").symlink_to(ROOT / "autograder")
    with pytest.raises(UserError, match=r"selfcheck\.json: run `autograder build 01_perceptron`"):
        release(Course(tmp_path), tmp_path / "out.zip")
    assert json.loads((folder / "perceptron.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4


def test_a_zip_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match=r"out\.zip cannot be written"):
        release(COURSE, tmp_path / "file" / "out.zip", stems=["01_perceptron"])


# ---- the folder that it unpacks to, and its date


def test_a_newer_zip_never_unpacks_over_a_solved_notebook(tmp_path: Path) -> None:
    """Any two zips that differ, if only by one assignment more, unpack to different folders."""
    first, second, same = (tmp_path / name for name in ("1.zip", "2.zip", "3.zip"))
    release(COURSE, first, ["01_perceptron"])
    made = release(COURSE, second, ["01_perceptron", "02_activations"])
    release(COURSE, same, ["01_perceptron"])
    assert folder_in(first) != folder_in(second)
    assert folder_in(second) == made.folder
    assert first.read_bytes() == same.read_bytes()
    start = contents(second)["START.md"].decode()
    assert re.fullmatch(r"neural-network-workshops-\d{4}-\d\d-\d\d-[0-9a-f]{6}", made.folder)
    assert f"{made.folder}/assignments/01_perceptron" in start
    assert "Your solved notebooks stay as they are" in " ".join(start.split())


@pytest.mark.parametrize("name", ["neural-networks (1).zip", "a [1].zip", "Zażółć's.zip", "-o.zip"])
def test_the_lines_for_colab(tmp_path: Path, name: str) -> None:
    """They work with any name of the zip, and, run once more, leave a solved notebook as it is."""
    unzip = shutil.which("unzip")
    if unzip is None:
        pytest.skip("unzip is not installed")
    made = release(COURSE, tmp_path / name, ["01_perceptron"])
    folder, wheel, unpack, into = colab_lines(contents(tmp_path / name)["START.md"].decode())
    assert folder == "%cd /content"
    assert wheel.startswith(f"{made.folder}/nn_autograder-")
    notebook = tmp_path / made.folder / "assignments" / "01_perceptron" / "perceptron.ipynb"
    for _ in range(2):
        subprocess.run(["sh", "-c", unpack], cwd=tmp_path, check=True)
        assert (tmp_path / wheel).is_file()
        assert into == f"%cd {notebook.parent.relative_to(tmp_path)}"
        notebook.chmod(0o644)
        if notebook.read_text(encoding="utf-8") != "solved":
            notebook.write_text("solved", encoding="utf-8")
        else:
            break
    else:
        pytest.fail("the solved notebook was overwritten")


def colab_lines(start: str) -> tuple[str, str, str, str]:
    """The cell's first line, the wheel, the shell's command before pip, and the last line."""
    (cell,) = re.findall(r"```python\n(.*?)```", start, re.DOTALL)
    folder, install, into = cell.splitlines()
    unpack, wheel = re.fullmatch(r"!(.*) && pip install -q --no-deps (.*)", install).groups()
    return folder, wheel, unpack, into


def test_the_entries_have_the_date_of_the_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    made = release(COURSE, tmp_path / "one.zip", ["01_perceptron"])
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 9, 21, 14, 13, 20)}
    assert "-2026-09-21-" in made.folder
    for wrong in ("soon", "-1", "99999999999999"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(UserError, match="SOURCE_DATE_EPOCH"):
            release(COURSE, tmp_path / "none.zip", ["01_perceptron"])


def test_the_date_is_that_of_the_last_commit_or_of_the_newest_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    file = tmp_path / "perceptron.ipynb"
    file.touch()
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert released_at(tmp_path, [file]).timestamp() == 1_700_000_000
    identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    environment = {**os.environ, "GIT_COMMITTER_DATE": "1760000000 +0200", "GIT_CONFIG_GLOBAL": os.devnull}
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path, env=environment, check=True)
    assert released_at(tmp_path, [file]).timestamp() == 1_760_000_000
