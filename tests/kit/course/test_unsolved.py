"""The release as a student gets it, nothing solved: no exercise is green, whichever of the four ways asks."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from course_suites import COURSE
from front_end import kernel

from autograder.notebooks.course import topic_of

pytestmark = [pytest.mark.slow, pytest.mark.nbgrader]
STEMS = [pytest.param(stem, marks=pytest.mark.torch if COURSE.assignment(stem).torch else ()) for stem in COURSE.stems]


@pytest.fixture
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the notebook of an assignment's release, in a folder of its own."""
    stem: str = request.param
    shutil.copytree(COURSE.release(stem).parent, tmp_path / stem, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / stem / f"{topic_of(stem)}.ipynb"


def exercises(release: Path) -> list[str]:
    return [exercise.name for exercise in COURSE.assignment(release.parent.name).exercises]


def typed(*arguments: str, folder: Path) -> str:
    """Return what a command prints. It must end with 1, as for anything that is not right yet."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def assert_nothing_passed(table: str, release: Path) -> None:
    """Assert that the table lists all exercises, and that none of them passed."""
    states = re.findall(r"^(\w+) +not (?:written yet|yet right) +0 of ", table, re.MULTILINE)
    assert states == exercises(release), table
    assert re.search(rf"together\s+0 of {len(states)} passed\s+0 of ", table), table


@pytest.mark.parametrize("release", STEMS, indirect=True)
def test_the_command_line(release: Path) -> None:
    assert_nothing_passed(typed("autograder.cli.main", "check", release.name, folder=release.parent), release)


@pytest.mark.parametrize("release", STEMS, indirect=True)
def test_plain_pytest(release: Path) -> None:
    output = typed("pytest", "-q", "--no-header", folder=release.parent)
    assert re.search(r"^\d+ failed in ", output.splitlines()[-1]), output  # "1 passed" would stand there as well


@pytest.mark.parametrize("release", STEMS, indirect=True)
def test_the_kernel(release: Path) -> None:
    cells = [cell for cell in json.loads(release.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    with kernel(release.parent, JPY_SESSION_NAME=str(release)) as front_end:
        said = {cell["id"]: front_end.run("".join(cell["source"]), cell["id"]) for cell in cells}  # Run All
        table = front_end.run("check()").text
    assert [shown.error for shown in said.values() if shown.error] == []
    for name in exercises(release):
        assert re.search(rf"{name}: 0 of [1-9]\d* public tests? passed\.", said[f"test_{name}"].text), name
    assert_nothing_passed(table, release)


@pytest.mark.parametrize("release", STEMS, indirect=True)
def test_validate(release: Path) -> None:
    from nbgrader.validator import Validator

    failed = {cell["source"]: cell["raw_error"] for cell in Validator().validate(str(release))["failed"]}
    for name in exercises(release):
        assert re.search(rf"{name}: 0 of [1-9]\d* public tests? passed\.", failed[f"check({name})"])
