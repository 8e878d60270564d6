"""The doctor: a folder that is ready, and each problem with the step that repairs it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli.main import main
from autograder.student import doctor
from autograder.student.doctor import HealthCheck, as_text, health_checks


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Two assignments, as they come out of the zip."""
    for stem in ("01_perceptron", "06_convolution"):
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / "assignments" / stem, tmp_path / "assignments" / stem, ignore=ignored)
    return tmp_path


def by_subject(folder: Path) -> dict[str, HealthCheck]:
    return {check.subject: check for check in health_checks(folder)}


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
    checks = json.loads(done.output)
    assert all(check.keys() == {"subject", "ready", "said", "repair"} for check in checks)
    assert {check["subject"] for check in checks} >= {"Python", "packages", "JupyterLab", "kernel", "writing", "memory"}
    assert all(check["ready"] for check in checks)


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that are not about the kernel, which takes seconds to start."""
    check = HealthCheck(subject="kernel", ready=True, detail="not asked")
    monkeypatch.setattr(doctor, "_kernel", lambda: check)


@pytest.mark.usefixtures("no_kernel")
def test_packages_against_the_versions_that_were_tested(unpacked: Path) -> None:
    lines = ["./nn_autograder-0.1.0-py3-none-any.whl", "numpy==1.0", "no-such-package==2.0"]
    lines += ['pywin32==300; sys_platform == "win32"', "# a comment", "pytest>=1"]
    (unpacked / "requirements.txt").write_text("\n".join(lines), encoding="utf-8")
    packages = by_subject(unpacked / "assignments")["packages"]
    assert not packages.ready
    assert "in place of ==1.0" in packages.detail
    assert "no-such-package is missing" in packages.detail
    assert "win32" not in packages.detail
    assert packages.repair.endswith(f"install -r {unpacked / 'requirements.txt'}")


@pytest.mark.usefixtures("no_kernel")
def test_a_damaged_notebook(unpacked: Path) -> None:
    path = unpacked / "assignments/01_perceptron/perceptron.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") != "gate"]
    path.write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")
    (unpacked / "assignments/06_convolution/convolution.ipynb").write_text("{", encoding="utf-8")
    checks = by_subject(unpacked)
    assert not checks["01_perceptron"].ready
    assert "gate" in checks["01_perceptron"].detail
    assert not checks["06_convolution"].ready
    assert "again from the zip" in checks["06_convolution"].repair


@pytest.mark.usefixtures("no_kernel")
def test_no_notebooks_here(tmp_path: Path) -> None:
    notebooks = by_subject(tmp_path)["notebooks"]
    assert not notebooks.ready
    assert "MEND  notebooks: none was found" in as_text([notebooks])
    assert as_text([notebooks]).endswith("1 thing to mend.")


@pytest.mark.usefixtures("no_kernel")
def test_a_broken_suite_and_a_lost_selfcheck(unpacked: Path) -> None:
    (unpacked / "assignments/01_perceptron/test_perceptron.py").write_text("def :", encoding="utf-8")
    (unpacked / "assignments/06_convolution/selfcheck.json").write_text("{}", encoding="utf-8")
    checks = by_subject(unpacked)
    assert "test_perceptron.py is missing or broken" in checks["01_perceptron"].detail
    assert "selfcheck.json is missing or damaged" in checks["06_convolution"].detail


def test_a_kernel_of_another_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PROBE", "print('/usr/lib/elsewhere/autograder/__init__.py')")
    kernel = doctor._kernel()
    assert not kernel.ready
    assert "another Python" in kernel.detail
