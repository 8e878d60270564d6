"""Output that cannot be written: a full disk, a closed stream, a reader who has gone. No traceback, and code 2."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from autograder.cli.commands import TABLE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full"),
]
STEM = "01_perceptron"
HELPS = [f"{entry.name} --help" for entries in TABLE.values() for entry in entries]
COMMANDS = [
    "--help",
    "--version",
    *HELPS,
    f"check {STEM}",
    f"submit {STEM} --student mia",
    f"reset {STEM} gate",
    "progress",
    f"build --check {STEM} --course {ROOT}",
    f"collect nowhere --course {ROOT}",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("student")
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments" / STEM, folder / "assignments" / STEM, ignore=ignored)
    return folder


def run(folder: Path, command: str, redirected: str) -> subprocess.CompletedProcess[str]:
    line = f'"{sys.executable}" -m autograder.cli.main {command} {redirected}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": "0"}
    arguments = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.series(5)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk(folder: Path, command: str) -> None:
    done = run(folder, command, "> /dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    if "nowhere" not in command and "submit" not in command:  # these print nothing but their error
        assert done.stderr == "The output cannot be written (No space left on device).\n"
    assert run(folder, command, "> /dev/full 2> /dev/full").returncode == 2


@pytest.mark.series(5)
@pytest.mark.parametrize("command", COMMANDS)
def test_closed_streams_change_nothing_but_the_output(folder: Path, command: str) -> None:
    shown = run(folder, command, "")
    for redirected in (">&-", ">&- 2>&-", "<&-"):
        done = run(folder, command, redirected)
        assert "Traceback" not in done.stderr
        assert done.returncode == shown.returncode


@pytest.mark.parametrize("command", [f"check {STEM}", "progress"])
def test_a_reader_who_has_gone(folder: Path, command: str) -> None:
    done = run(folder, command, "| (exec <&-; sleep 5)")
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    assert done.stderr == "The output cannot be written (Broken pipe).\n"
