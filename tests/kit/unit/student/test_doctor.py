"""The doctor: a folder that is ready, and each thing that may be amiss, with the step that mends it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli.main import main
from autograder.student import doctor
from autograder.student.doctor import HealthCheck, as_text, findings


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Two assignments, as they come out of the zip."""
    for stem in ("01_perceptron", "06_convolution"):
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / "assignments" / stem, tmp_path / "assignments" / stem, ignore=ignored)
    return tmp_path


def by_subject(folder: Path) -> dict[str, HealthCheck]:
    return {one.subject: one for one in findings(folder)}


@pytest.mark.slow
def test_ready(unpacked: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", str(unpacked)])
    assert done.exit_code == 0, done.output
    assert done.output.endswith("You are ready.\n")
    assert "ok    kernel: it starts, and finds the kit" in done.output
    assert "ok    06_convolution: 10 exercises, all cells there" in done.output


@pytest.mark.slow
def test_for_a_program(unpacked: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", str(unpacked), "--json"])
    found = json.loads(done.output)
    assert {one["subject"] for one in found} >= {"Python", "packages", "JupyterLab", "kernel", "writing", "memory"}
    assert all(one["ready"] for one in found)


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel is not what a test is about."""
    monkeypatch.setattr(doctor, "_kernel", lambda: HealthCheck("kernel", True, "not asked"))


@pytest.mark.usefixtures("no_kernel")
def test_packages_against_the_versions_that_were_tested(unpacked: Path) -> None:
    lines = ["./nn_autograder-0.1.0-py3-none-any.whl", "numpy==1.0", "no-such-package==2.0"]
    lines += ['pywin32==300; sys_platform == "win32"', "# a comment", "pytest>=1"]
    (unpacked / "requirements.txt").write_text("\n".join(lines), encoding="utf-8")
    found = by_subject(unpacked / "assignments")["packages"]
    assert not found.ready
    assert "in place of ==1.0" in found.said
    assert "no-such-package is missing" in found.said
    assert "win32" not in found.said
    assert found.repair.endswith(f"install -r {unpacked / 'requirements.txt'}")


@pytest.mark.usefixtures("no_kernel")
def test_a_damaged_notebook(unpacked: Path) -> None:
    path = unpacked / "assignments/01_perceptron/perceptron.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") != "gate"]
    path.write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")
    (unpacked / "assignments/06_convolution/convolution.ipynb").write_text("{", encoding="utf-8")
    found = by_subject(unpacked)
    assert not found["01_perceptron"].ready
    assert "gate" in found["01_perceptron"].said
    assert not found["06_convolution"].ready
    assert "again from the zip" in found["06_convolution"].repair


@pytest.mark.usefixtures("no_kernel")
def test_no_notebooks_here(tmp_path: Path) -> None:
    found = by_subject(tmp_path)["notebooks"]
    assert not found.ready
    assert "MEND  notebooks: none was found" in as_text([found])
    assert as_text([found]).endswith("1 thing to mend.")


@pytest.mark.usefixtures("no_kernel")
def test_a_broken_suite_and_a_lost_selfcheck(unpacked: Path) -> None:
    (unpacked / "assignments/01_perceptron/test_perceptron.py").write_text("def :", encoding="utf-8")
    (unpacked / "assignments/06_convolution/selfcheck.json").write_text("{}", encoding="utf-8")
    found = by_subject(unpacked)
    assert "test_perceptron.py is missing or broken" in found["01_perceptron"].said
    assert "selfcheck.json is missing or damaged" in found["06_convolution"].said


def test_a_kernel_of_another_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PROBE", "print('/usr/lib/elsewhere/autograder/__init__.py')")
    found = doctor._kernel()
    assert not found.ready
    assert "another Python" in found.said
