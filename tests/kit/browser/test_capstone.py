"""A student's way through the capstone in JupyterLab: a model without pooling, a training that does not stop, both
mended, trained on the small digits, saved, packed, and graded. SCREENSHOTS=DIR keeps pictures of what was seen."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import tested
from answers import COURSE, answers, unpacked_release
from lab import KIT, Jupyter, Lab, jupyter, keep

from autograder.core.model import Report
from autograder.grading.pipeline import grade, suites_of
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.environments import TORCH
from autograder.sandbox.fork_server import ForkServer

pytestmark = pytest.mark.torch
STEM = "09_capstone"
RIGHT = answers(STEM)
NO_POOLING = """\
def build_model():
    return nn.Sequential(nn.Conv2d(1, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
"""
STOP = 'if len(history["step_loss"]) == max_steps:'
ENDLESS = RIGHT["train"].replace(STOP, "if False:")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_release(tmp_path_factory.mktemp("student"), STEM)


@pytest.fixture(scope="module")
def server(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # beside a browser more threads wait for each other
        with jupyter(unpacked, tmp_path_factory.mktemp("home"), KIT) as ready:
            yield ready


@pytest.fixture(scope="module")
def opened(server: Jupyter) -> Iterator[Lab]:
    with server.opened(f"{STEM}/capstone.ipynb") as page:
        page.close_sidebar()
        page.run("setup", "given")
        yield page


def checked(opened: Lab, exercise: str, text: str) -> str:
    """What is said below the check of a function that was just written. Nothing but words stands there."""
    opened.write(exercise, text)
    opened.run(exercise, f"test_{exercise}")
    shown, *rest = opened.outputs(f"test_{exercise}")
    assert "text/html" in shown["data"]
    assert [one["output_type"] for one in rest] in ([], ["error"])
    said = " ".join(opened.shown(f"test_{exercise}").split())
    assert "Traceback" not in said
    return said


def test_a_model_without_pooling(opened: Lab) -> None:
    said = checked(opened, "build_model", NO_POOLING)
    assert "3 of 4 public tests passed" in said
    assert "The logits come from no pooling." in said
    keep(opened, "test_build_model", f"{STEM}_no_pooling", dark=True)


def test_the_mended_model(opened: Lab) -> None:
    assert "5 of 5 public points" in checked(opened, "build_model", RIGHT["build_model"])


def test_a_training_that_does_not_stop(opened: Lab) -> None:
    assert RIGHT["train"] != ENDLESS
    said = checked(opened, "train", ENDLESS)
    assert "step_loss has the shape (48,) after max_steps=12; (12,) is right." in said
    keep(opened, "test_train", f"{STEM}_no_stop")


def test_the_mended_training(opened: Lab) -> None:
    assert "6 of 6 public tests passed" in checked(opened, "train", RIGHT["train"])
    keep(opened, "test_train", f"{STEM}_points")


def test_the_training_is_watched_in_one_picture(opened: Lab) -> None:
    opened.run("data", "demo-data", "demo-device", "demo-train")
    picture, said = opened.outputs("demo-train")
    assert picture["output_type"] == "display_data"
    assert '<img alt="Step 300 of 300.' in "".join(picture["data"]["text/html"])
    assert said["text"].startswith("300 steps, 9")  # per cent of the validation pictures
    keep(opened, "demo-train", f"{STEM}_trained")


def test_it_is_packed(opened: Lab, unpacked: Path) -> None:
    opened.run("demo-save")
    history = json.loads((unpacked / STEM / "history.json").read_text(encoding="utf-8"))
    assert len(history["step_loss"]) == 300
    opened.save()
    submitted = opened.add_below("demo-save", 'check.submit("mia")')
    said = " ".join(opened.shown(submitted).split())
    reached = f"{100 * history['val_accuracy'][-1]:.1f} %"
    assert f"49,697 numbers, trained on digits with seed 0 for 30 epochs, at the end {reached}" in said
    assert "together 2 of 2 passed" in said
    assert f"Hand in this file: {unpacked / STEM / f'mia__{STEM}.ipynb'}" in said
    keep(opened, submitted, f"{STEM}_submitted")


def graded(notebook: Path) -> Report:
    with ForkServer(tested.level(), environment=TORCH) as executor:
        return grade(notebook, "mia", suites_of(COURSE, STEM), SandboxExecutor(executor))


@pytest.mark.usefixtures("opened")
def test_what_was_handed_in_gets_full_points(unpacked: Path) -> None:
    report = graded(unpacked / STEM / f"mia__{STEM}.ipynb")
    lost = [(test.name, test.message) for one in report.exercises for test in one.tests if test.earned < test.points]
    assert lost == []
    assert report.exercises
