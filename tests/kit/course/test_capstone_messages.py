"""What `check` says in the capstone of models and histories that cannot be used. Nothing is trained here."""

from __future__ import annotations

from typing import Any

import pytest
from places import ROOT

from autograder.notebooks.course import Course
from autograder.student.selfcheck import Check, NotYet, open_assignment

pytestmark = pytest.mark.torch

RELEASE = Course(ROOT).release("09_capstone").parent
GIVEN = "import torch\nfrom torch import nn\n"
LAYERS = "nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(144, 10)"
MODEL = f"def build_model():\n    return nn.Sequential({LAYERS})\n"
NO_FORWARD = "class Net(nn.Module):\n    pass\n\ndef build_model():\n    return Net()\n"
TRAIN = "def train(model, images, labels, *, device, epochs, seed, max_steps=None):\n    "


@pytest.fixture(scope="module")
def check() -> Check:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(RELEASE)
        return open_assignment("09_capstone")


def said(check: Check, text: str, exercise: str) -> str:
    with pytest.raises(NotYet) as caught:
        exec(f"{GIVEN}{text}\ncheck({exercise})", {"check": check, "__name__": "__main__"})
    return " ".join(str(caught.value).split())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            MODEL.replace("return ", "model = "),
            "What build_model returned cannot be used: TypeError. it says the model is None, not an nn.Module",
            id="None",
        ),
        pytest.param(NO_FORWARD, "NotImplementedError. it says Module [Net] is missing the required", id="no-forward"),
        pytest.param(MODEL.replace("144", "7"), "it says mat1 and mat2 shapes cannot be multiplied", id="shapes"),
        pytest.param(MODEL.replace("10)", "10), nn.Softmax(1)"), "Is there a softmax at the end?", id="softmax"),
        pytest.param(MODEL.replace("nn.MaxPool2d(4)", "nn.Identity()"), "cannot be multiplied", id="no-pooling"),
        pytest.param("def build_model():\n    raise NotImplementedError", "is still the stub", id="stub"),
    ],
)
def test_a_model_that_cannot_be_used(check: Check, text: str, sentence: str) -> None:
    assert sentence in said(check, text, "build_model")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param("pass", "What train returned cannot be used: TypeError. it says the history is None", id="None"),
        pytest.param("return [1.0]", "the history is of the type list, not a dict", id="list"),
        pytest.param("return {'step_loss': [], 'loss': []}", "the history has no val_accuracy", id="a-key"),
        pytest.param("return [0][1]", "train raised IndexError", id="own-line"),
        pytest.param(
            "return {'step_loss': [torch.zeros(())], 'loss': [], 'val_accuracy': []}",
            "step_loss holds tensors, not numbers: append loss.item()",
            id="tensors",
        ),
        pytest.param(
            "return torch.as_tensor(images).softmax(0)",
            "train raised NotImplementedError",
            id="bytes-are-not-implemented",
        ),
        pytest.param("raise NotImplementedError", "train is still the stub", id="stub"),
    ],
)
def test_a_history_that_cannot_be_used(check: Check, body: str, sentence: str) -> None:
    assert sentence in said(check, MODEL + TRAIN + body, "train")


def test_a_train_with_other_parameters(check: Check) -> None:
    told = said(check, MODEL + "def train(model, images, labels):\n    return {}", "train")
    assert "train raised TypeError." in told
    assert "Its first line must be the stub's" in told


def test_what_it_was_called_with_has_its_names(check: Check) -> None:
    history = "{'step_loss': [1.0], 'loss': [], 'val_accuracy': []}"
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(f"{GIVEN}{MODEL}{TRAIN}return {history}", names)
    result = check._run(check._suites.assignment.exercise("train"), names)
    told = " ".join((result.tests[0].message or "").split())
    assert "step_loss has the shape (1,) after max_steps=12; (12,) is right." in told
    assert "called with images = an array of shape (480, 28, 28), labels = an array of shape (480,), seed = 1" in told
    assert told.endswith("to try it check.inputs(train, 1)")
    assert {"images", "labels", "seed"} <= check.inputs(names["train"], 1).keys()
