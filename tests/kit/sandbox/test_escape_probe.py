"""The probe: a sandbox refuses everything, an unconfined process nothing, and each weakening is noticed."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT

from autograder.execution.limits import Limits
from autograder.notebooks.course import Course
from autograder.sandbox import bubblewrap, escape_probe, fork_server
from autograder.sandbox.bubblewrap import missing_parts
from autograder.sandbox.environments import BARE
from autograder.sandbox.escape_probe import ProbeResult
from autograder.sandbox.fork_server import ForkServer

LIMITS = Limits(memory=300 << 20)


@pytest.fixture(autouse=True)
def _confinement() -> None:
    missing = missing_parts()
    assert missing is None, missing


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret.py"
    file.write_text("expected = [1, 0]")
    tmp_path.chmod(0o755)  # the sandbox must keep it secret, not its folder
    return file


def probed(secret: Path, *, controls: bool = False, limits: Limits = LIMITS, **options: object) -> ProbeResult:
    with ForkServer(confined=True, limits=limits, **options) as running:  # type: ignore[arg-type]
        return escape_probe.probe(running, [secret], controls=controls)


def test_this_machine_reaches_full(secret: Path) -> None:
    result = probed(secret, controls=True)
    assert result.escaped == ()
    assert result.level == "full"
    assert {"read secret.py", "start a process", "connect to a port", "write a file"} <= set(result.held)
    assert not Path("/tmp/left-behind").exists()  # the control leaves its byte in a folder of its own


def test_every_attempt_works_unconfined(secret: Path) -> None:
    with (
        ForkServer(confined=False, environment=BARE, limits=LIMITS) as unconfined,
        escape_probe._targets(unconfined, [secret]) as attempts,
    ):
        held, escaped = escape_probe._try_all(unconfined, attempts)
    assert held == []
    assert escaped == [attempt.name for attempt in attempts]


def test_a_secret_that_nobody_can_read_makes_the_probe_worthless(tmp_path: Path) -> None:
    result = probed(tmp_path / "not-there.py", controls=True)
    assert result.level == "none"
    assert result.escaped == ("read not-there.py (the probe is broken: not even possible unconfined)",)


@pytest.mark.parametrize("spoilt", ["def fork", "def read", "import importlib.util, mmap, os, socket, threading"])
def test_an_attempt_that_cannot_run_counts_as_an_escape(
    secret: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    monkeypatch.setattr(
        escape_probe, "_CELL", escape_probe._CELL.replace(spoilt, "def other" if "def" in spoilt else "a = 1")
    )
    result = probed(secret)
    assert result.level == "none"
    assert result.escaped


def test_nothing_tried_is_nothing_held() -> None:
    assert ProbeResult((), ()).level == "none"


# ---- each single weakening

PYTEST = ["pytest", "_pytest"]
ALLOW_ALL = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)  # BPF: return SECCOMP_RET_ALLOW
Weaken = Callable[[pytest.MonkeyPatch, Path], None]


def allowing_every_call(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(bubblewrap, "system_call_filter", lambda: ALLOW_ALL)


def without(option: str) -> Weaken:
    def weaken(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
        real = bubblewrap.command_line
        monkeypatch.setattr(
            bubblewrap,
            "command_line",
            lambda command, **rest: [argument for argument in real(command, **rest) if argument != option],
        )

    return weaken


def with_the_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    real = bubblewrap._interpreter
    monkeypatch.setattr(bubblewrap, "_interpreter", lambda: [*real(), (folder, str(folder))])


def with_other_packages(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    real = bubblewrap._packages
    monkeypatch.setattr(bubblewrap, "_packages", lambda names, others: real([*names, *PYTEST], others))


def edited(file: str, old: str, new: str) -> Weaken:
    """Return a weakening that changes one line of the untrusted side."""

    def weaken(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        copy = folder / "kit" / "guest"
        shutil.copytree(fork_server.GUEST_FILES, copy)
        text = (copy / file).read_text()
        assert text.count(old) == 1
        (copy / file).write_text(text.replace(old, new))
        monkeypatch.setattr(fork_server, "GUEST_FILES", copy)

    return weaken


WEAKENINGS: list[tuple[str, Weaken, str]] = [
    ("all calls allowed", allowing_every_call, "start a process"),
    ("all calls allowed", allowing_every_call, "share memory"),
    ("no filter", edited("lockdown.py", "    filters = ", "    return\n    filters = "), "make any system call"),
    ("network", without("--unshare-net"), "see the machine's net namespace"),
    ("messages", without("--unshare-ipc"), "see the machine's ipc namespace"),
    (
        "no process namespace of its own",
        edited("fork_server.py", "lockdown.unshare(lockdown.CLONE_NEWPID)", "pass"),
        "see the processes of other sandboxes",
    ),
    (
        "memory",
        edited("lockdown.py", "        resource.setrlimit(resource_type", "        pass  # ("),
        "use more memory than the limit",
    ),
    ("another folder", with_the_folder, "read secret.py"),
    ("pytest", with_other_packages, "import pytest"),
    *(
        [("root", edited("lockdown.py", "    os.setgroups([])\n", "    return\n"), "be root")]
        if os.geteuid() == 0
        else [
            (
                "privileges",
                edited("lockdown.py", '_require_success(_libc.capset(header, none), "capset")', "pass"),
                "keep privileges",
            )
        ]
    ),
]


@pytest.mark.parametrize(("weaken", "noticed"), [row[1:] for row in WEAKENINGS], ids=[row[0] for row in WEAKENINGS])
def test_each_weakening_is_noticed(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, noticed: str
) -> None:
    weaken(monkeypatch, tmp_path)
    result = probed(secret)
    assert result.level == "none"
    assert noticed in result.escaped


def test_a_bound_secret_is_noticed(secret: Path) -> None:
    result = probed(secret, read_only=[(secret, str(secret))])
    assert result.escaped == ("read secret.py",)


def test_a_secret_known_by_its_folder_only(secret: Path) -> None:
    result = probed(secret, read_only=[(secret.parent, str(secret.parent))])
    assert "read secret.py" in result.escaped


# ---- without bubblewrap


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    course = Course(ROOT)
    folder = tmp_path / "submitted" / "s001" / "01_perceptron"
    folder.mkdir(parents=True)
    shutil.copy(course.solution("01_perceptron"), folder)
    return tmp_path / "submitted"


def graded(submitted: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder.cli.main", "--course", str(ROOT), "grade", "--jobs", "1"]
    places = ["--submitted", str(submitted), "--results", str(submitted.parent / "results")]
    environment = {**os.environ, "PATH": "/nowhere", "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, *places, *options],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=120,
        check=False,
    )


def test_missing_bubblewrap_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    missing = missing_parts()
    assert missing is not None
    assert "apt install bubblewrap" in missing


def test_grading_without_confinement_is_refused(submitted: Path) -> None:
    run = graded(submitted)
    assert run.returncode == 2
    output = " ".join((run.stdout + run.stderr).split())
    assert "apt install bubblewrap" in output
    assert "--sandbox none" in output
    assert not list(submitted.parent.rglob("results/*/*.json"))


def test_sandbox_none_grades_and_says_so_in_each_report(submitted: Path) -> None:
    run = graded(submitted, "--sandbox", "none")
    assert run.returncode == 0, run.stdout + run.stderr
    result = json.loads((submitted.parent / "results" / "01_perceptron" / "s001.json").read_text())
    assert result["sandbox"] == "none"
    assert result["status"] == "graded"
    assert result["score"] == result["max_score"]


def test_a_report_is_of_the_level_that_was_probed() -> None:
    assert dataclasses.replace(ProbeResult(("x",), ()), escaped=("y",)).level == "none"
