"""Grading a network that was handed in: which pictures it is tested with, and what is told where they are missing."""

import gzip
import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from places import ROOT
from with_model import written

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.core.model import TrainedModel
from autograder.datasets import FILES, MNIST_DIR
from autograder.execution.in_process import LiveRooms
from autograder.grading.pipeline import suites_of
from autograder.grading.suites import Suites
from autograder.instructor.batch import worker
from autograder.instructor.batch.worker import grade_or_explain
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course
from autograder.sandbox.environments import NUMPY, TORCH

pytestmark = pytest.mark.torch

COURSE, STEM = Course(ROOT), "09_capstone"


@pytest.fixture(scope="module")
def accuracy_alone() -> Suites:
    suites = suites_of(COURSE, STEM)
    return replace(suites, tests=tuple(test for test in suites.tests if test.id == "test_accuracy[pass]"))


def untrained(folder: Path, **claim: Any) -> Path:
    """The solution with a network that has learned nothing."""
    from reference_impl.capstone import build_model

    weights = {name: one.numpy() for name, one in build_model().state_dict().items()}
    history = {"data": "digits", "seed": 1, "epochs": 1, "device": "cpu", "step_loss": [2.3], "loss": [2.3]}
    model = TrainedModel(weights, {**history, "val_accuracy": [0.1], **claim})
    return written(model, COURSE.solution(STEM), folder / "capstone.ipynb")


def test_what_is_not_at_hand_leaves_a_submission_ungraded(
    accuracy_alone: Suites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MNIST_DIR, raising=False)
    job = Job("ada", STEM, untrained(tmp_path, data="mnist"))
    report = grade_or_explain(job, accuracy_alone, LiveRooms())
    assert not report.graded
    assert report.reason is not None
    assert "it was trained on MNIST, which is not at hand here" in report.reason
    assert "autograder grade --data FOLDER" in report.reason


def test_what_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker._why_not_there(TORCH) is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert worker._why_not_there(NUMPY) is None
    said = worker._why_not_there(TORCH)
    assert said is not None
    assert said.startswith("the grading machine has no torch and no safetensors: type ")
    assert "install -c constraints.txt torch safetensors" in said


def test_a_network_that_reads_nothing_is_told_its_accuracy(accuracy_alone: Suites, tmp_path: Path) -> None:
    report = grade_or_explain(Job("ada", STEM, untrained(tmp_path)), accuracy_alone, LiveRooms())
    (failed,) = [test for one in report.exercises for test in one.tests]
    assert failed.message is not None
    assert "'pass' needs 93.0%" in failed.message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("elsewhere", b"", "train-images-idx3-ubyte", id="another-file"),
        pytest.param(FILES[0], gzip.compress(b"\0\0\x08\x03cut off"), "expected: ba891046", id="cut-off"),
    ],
)
def test_a_folder_without_mnist_is_refused_before_anything_is_graded(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    for one in FILES:
        (tmp_path / one).write_bytes(b"")
    (tmp_path / FILES[0]).unlink()
    (tmp_path / name).write_bytes(content)
    done = CliRunner().invoke(main, ["grade", "--data", str(tmp_path), "--course", str(COURSE.root)])
    assert done.exit_code == 2
    assert said in done.output


def test_what_the_kit_lacks_is_no_student_s_fault(accuracy_alone: Suites, tmp_path: Path) -> None:
    def without_pictures(**_: object) -> None:
        raise UserError("the pictures are not at hand")

    tests = tuple(replace(test, function=without_pictures) for test in accuracy_alone.tests)
    report = grade_or_explain(Job("ada", STEM, untrained(tmp_path)), replace(accuracy_alone, tests=tests), LiveRooms())
    assert (report.graded, report.reason) == (False, "the pictures are not at hand")
