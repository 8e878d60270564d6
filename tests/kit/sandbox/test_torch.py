"""Executor with PyTorch: warm, confined like the others, and with a companion that turns models into plain numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import tested
from opened_sandboxes import LIMITS, cell

from autograder.core.model import Source
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.interface import CallRaised, Student
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.environments import NUMPY, TORCH, environment_for
from autograder.sandbox.escape_probe import probe
from autograder.sandbox.fork_server import ForkServer

pytestmark = pytest.mark.torch

MODEL = """
import torch
from torch import nn

def build_model():
    first = [nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(338, 10))

def train(model, steps):
    torch.set_num_threads(4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    x, y = torch.rand(8, 1, 28, 28), torch.arange(8)
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

def peek():
    return sorted(name for name in globals() if "companion" in name or name == "logits")
"""
COMPANION = """
import torch
from typing import Any

LOUD = 1

def logits(student: Any, images: Any) -> Any:
    torch.manual_seed(1)
    with torch.no_grad():
        return _ask(student.build_model().eval(), images)

def losses(student: Any, steps: int) -> Any:
    torch.manual_seed(1)
    return student.train(student.build_model(), steps)

def _ask(model: Any, images: Any) -> Any:
    return model(torch.from_numpy(images).unsqueeze(1) / 255).numpy()
"""
SOURCE = Source((cell(MODEL),), companion=COMPANION)
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    limits = replace(LIMITS, start_seconds=120.0, call_seconds=30.0)
    with ForkServer(tested.level(), environment=TORCH, limits=limits) as running:
        running.start()
        yield running


@pytest.fixture
def student(server: ForkServer) -> Iterator[Student]:
    with SandboxExecutor(server).open(SOURCE) as opened:
        yield opened


def test_the_environment() -> None:
    assert (environment_for(torch=False), environment_for(torch=True)) == (NUMPY, TORCH)
    assert TORCH.adjusted(LIMITS).memory == 4 << 30
    assert NUMPY.adjusted(LIMITS) == LIMITS


def test_a_model_answers_in_plain_numbers(student: Student) -> None:
    answer = student.logits(IMAGES)
    assert (type(answer), answer.shape, answer.dtype) == (np.ndarray, (5, 10), np.float32)


def test_a_model_itself_does_not_come_out(student: Student) -> None:
    assert repr(student.build_model()) == "an object of type Sequential"


def test_training_works_on_one_thread_whatever_is_asked_for(student: Student) -> None:
    losses = student.losses(30)
    assert len(losses) == 30
    assert losses[-1] < 0.5 * losses[0]


def test_a_live_room_says_the_same(student: Student) -> None:
    with InProcessExecutor().open(SOURCE) as live:
        assert np.allclose(live.logits(IMAGES), student.logits(IMAGES), atol=1e-5)


def test_what_begins_with_an_underscore_and_what_is_no_function_is_not_called(student: Student) -> None:
    for name in ("_ask", "LOUD", "torch"):
        with pytest.raises((CallRaised, AttributeError)):
            getattr(student, name)(IMAGES)


def test_the_notebook_s_own_names_are_left_alone(student: Student) -> None:
    assert student.peek() == []


def test_such_a_room_holds_as_well(server: ForkServer, tmp_path: pytest.TempPathFactory) -> None:
    result = probe(server, [], controls=False)
    assert result.escaped == ()
    assert result.passed
