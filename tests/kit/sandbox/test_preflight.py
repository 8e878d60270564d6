"""What the kit does on a machine that lacks a part of the confinement: another level, or a refusal that helps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

import pytest
import refusing_namespaces
from places import ROOT

from autograder.core.errors import UserError
from autograder.core.settings import SandboxChoice
from autograder.notebooks.course import Course
from autograder.sandbox import obstacles
from autograder.sandbox.levels import CHOICES, Layer, Level, NotConfined
from autograder.sandbox.preflight import strongest

REFUSED = "bwrap: setting up uid map: Permission denied"


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    course = Course(ROOT)
    folder = tmp_path / "submitted" / "s001" / "01_perceptron"
    folder.mkdir(parents=True)
    shutil.copy(course.solution("01_perceptron"), folder)
    return tmp_path / "submitted"


@pytest.fixture
def refused(tmp_path: Path) -> str:
    """Return a search path on which bubblewrap is one that the system refuses."""
    program = tmp_path / "bin" / "bwrap"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "{REFUSED}" >&2\nexit 1\n')
    program.chmod(0o755)
    return f"{program.parent}:/usr/bin:/bin"


def graded(
    submitted: Path, *options: str, under: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    grade = [sys.executable, "-m", "autograder.cli.main", "--course", str(ROOT), "grade", "--jobs", "1"]
    command = [*under, *grade]
    places = ["--submitted", str(submitted), "--results", str(submitted.parent / "results")]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [*command, *places, *options],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=120,
        check=False,
    )


def level_of_result(submitted: Path) -> str:
    result = json.loads((submitted.parent / "results" / "01_perceptron" / "s001.json").read_text())
    assert result["status"] == "graded"
    assert result["score"] == result["max_score"]
    return str(result["sandbox"])


def words(run: subprocess.CompletedProcess[str]) -> str:
    return " ".join((run.stdout + run.stderr).split())


def test_the_choices_are_those_of_the_settings() -> None:
    assert tuple(CHOICES) == get_args(SandboxChoice)


def test_grading_goes_on_without_bubblewrap(submitted: Path) -> None:
    run = graded(submitted, PATH="/nowhere")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "sandbox: landlock (" in run.stdout
    assert level_of_result(submitted) == "landlock"


def test_namespaces_without_bubblewrap_are_refused_with_the_cure(submitted: Path) -> None:
    run = graded(submitted, "--sandbox", "namespaces", PATH="/nowhere")
    assert run.returncode == 2
    assert "namespaces: bubblewrap, which makes namespaces, is not installed." in words(run)
    assert "apt install bubblewrap" in words(run)
    assert "--sandbox none" in words(run)
    assert not list(submitted.parent.rglob("results/*/*.json"))


def test_sandbox_none_grades_and_says_so_in_each_report(submitted: Path) -> None:
    run = graded(submitted, "--sandbox", "none", PATH="/nowhere")
    assert run.returncode == 0, run.stdout + run.stderr
    assert level_of_result(submitted) == "none"


def test_a_bubblewrap_that_the_system_refuses_is_not_needed(submitted: Path, refused: str) -> None:
    run = graded(submitted, PATH=refused)
    assert run.returncode == 0, run.stdout + run.stderr
    assert level_of_result(submitted) == "landlock"


def test_a_refusal_of_namespaces_quotes_the_system(submitted: Path, refused: str) -> None:
    run = graded(submitted, "--sandbox", "namespaces", PATH=refused)
    assert run.returncode == 2
    assert REFUSED in words(run)


UNDER = (sys.executable, refusing_namespaces.__file__)


def test_where_a_container_refuses_namespaces_landlock_confines(submitted: Path) -> None:
    run = graded(submitted, under=(*UNDER, "filter"))
    assert run.returncode == 0, run.stdout + run.stderr
    assert level_of_result(submitted) == "landlock"
    refused = graded(submitted, "--force", "--sandbox", "namespaces", under=(*UNDER, "filter"))
    assert refused.returncode == 2
    assert "a container's profile, or another filter of system calls, refuses namespaces" in words(refused)


def test_where_no_user_namespace_is_allowed_an_ordinary_user_still_grades(submitted: Path) -> None:
    run = graded(submitted, under=(*UNDER, "limit"))
    assert run.returncode == 0, run.stdout + run.stderr
    if os.geteuid() == 0:  # it may still make the other namespaces
        assert level_of_result(submitted) == "namespaces+landlock"
    else:
        assert level_of_result(submitted) == "landlock"
        refused = graded(submitted, "--force", "--sandbox", "namespaces", under=(*UNDER, "limit"))
        assert "user.max_user_namespaces is 0" in words(refused)


def test_a_result_of_another_level_stays(submitted: Path) -> None:
    assert graded(submitted, "--sandbox", "landlock").returncode == 0
    again = graded(submitted)
    assert "1 submission up to date" in again.stdout
    assert level_of_result(submitted) == "landlock"


def test_the_old_name_of_a_level_is_refused_with_the_new_one(submitted: Path) -> None:
    run = graded(submitted, "--sandbox", "full")
    assert run.returncode == 2
    assert "'full' is called 'namespaces' now" in words(run)


def test_a_level_that_escapes_gives_way_to_the_next() -> None:
    tried = []

    def start(level: Level) -> Level:
        tried.append(level)
        if Layer.NAMESPACES in level.layers:
            raise NotConfined("a sandbox here would not keep a student from: read secret.py")
        return level

    assert strongest("auto", start) is Level.LANDLOCK
    assert tried == [Level.NAMESPACES_AND_LANDLOCK, Level.NAMESPACES, Level.LANDLOCK]
    with pytest.raises(UserError, match="namespaces: a sandbox here would not keep a student from: read secret"):
        strongest("namespaces", start)


@pytest.mark.parametrize("choice", CHOICES)
def test_without_a_temporary_folder_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, choice: str) -> None:
    def gettempdir() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", gettempdir)
    with pytest.raises(UserError, match="Set the environment variable TMPDIR"):
        strongest(choice, lambda level: level)


# ---- the reasons that a refusal names


def settings_of(values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obstacles, "_setting", values.get)
    monkeypatch.setattr(obstacles.os, "geteuid", lambda: 1000)


@pytest.mark.parametrize(
    ("values", "reason", "cure"),
    [
        ({obstacles._APPARMOR: "1"}, "AppArmor", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
        ({obstacles._DEBIAN: "0"}, "the kernel keeps", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ({obstacles._MOST: "0"}, "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces"),
    ],
)
def test_the_setting_that_refuses_namespaces_is_named(
    refused: str, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], reason: str, cure: str
) -> None:
    monkeypatch.setenv("PATH", refused)
    settings_of(values, monkeypatch)
    obstacle = obstacles.obstacle_to(Level.NAMESPACES)
    assert obstacle is not None
    assert reason in obstacle.reason
    assert REFUSED in obstacle.reason
    assert any(cure in line for line in obstacle.cures)


@pytest.mark.parametrize(
    ("number", "filtered", "reason"),
    [
        (38, False, "has no Landlock"),
        (95, False, "switched off"),
        (1, True, "a container's profile"),
        (38, True, "a container's profile"),
    ],
)
def test_why_there_is_no_landlock(monkeypatch: pytest.MonkeyPatch, number: int, filtered: bool, reason: str) -> None:
    def version() -> int:
        raise OSError(number, "Landlock")

    monkeypatch.setattr(obstacles.landlock, "version", version)
    monkeypatch.setattr(obstacles, "_is_filtered", lambda: filtered)
    obstacle = obstacles.obstacle_to(Level.LANDLOCK)
    assert obstacle is not None
    assert reason in obstacle.reason


def test_a_refusal_is_one_screen(refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def version() -> int:
        raise OSError(38, "Landlock")

    monkeypatch.setenv("PATH", refused)
    settings_of({obstacles._APPARMOR: "1"}, monkeypatch)
    monkeypatch.setattr(obstacles.landlock, "version", version)
    with pytest.raises(UserError) as caught:
        strongest("auto", lambda level: level)
    lines = str(caught.value).splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 160
    assert [line.partition(":")[0] for line in lines[1:] if not line.startswith(" ")][:2] == ["namespaces", "landlock"]
