"""Trained on a graphics card, graded on the CPU: the same verdicts. Skipped, by name, where there is no card."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from later import later
from places import ROOT
from with_model import written

from autograder.core.model import TrainedModel
from autograder.datasets import load_images
from autograder.execution.in_process import InProcessExecutor
from autograder.grading.pipeline import grade, suites_of
from autograder.notebooks.course import Course

pytestmark = [pytest.mark.torch, pytest.mark.slow]
torch = later("torch")

COURSE, STEM = Course(ROOT), "09_capstone"
IMAGES = load_images("digits", digits=COURSE.solution(STEM).with_name("digits.npz"))
SEED, EPOCHS = 5, 20


@pytest.fixture(scope="module", params=["cuda", "mps"])
def trained(request: pytest.FixtureRequest) -> Iterator[TrainedModel]:
    """What is handed in after a training on the device."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device: training on a graphics card")
    if request.param == "mps" and not torch.backends.mps.is_available():
        pytest.skip("no MPS device: training on Apple's graphics")
    from reference_impl import capstone

    before, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, False  # as in the notebook
    torch.manual_seed(SEED)
    model = capstone.build_model()
    options = {"device": request.param, "epochs": EPOCHS, "seed": SEED}
    history = capstone.train(model, IMAGES.train_images, IMAGES.train_labels, **options)
    weights = {name: one.cpu().numpy() for name, one in model.state_dict().items()}
    yield TrainedModel(weights, {"data": "digits", **options, **history})
    torch.backends.cudnn.allow_tf32 = before


def test_it_gets_all_points(trained: TrainedModel, tmp_path: Path) -> None:
    notebook = written(trained, COURSE.solution(STEM), tmp_path / "capstone.ipynb")
    report = grade(notebook, "ada", suites_of(COURSE, STEM), InProcessExecutor())
    assert [(test.id, test.message) for one in report.exercises for test in one.tests if test.message] == []
    assert report.score == report.max_score


def test_its_first_losses_are_the_processor_s(trained: TrainedModel) -> None:
    from reference_impl import capstone

    torch.manual_seed(SEED)
    options = {"device": "cpu", "epochs": EPOCHS, "seed": SEED, "max_steps": 10}
    again = capstone.train(capstone.build_model(), IMAGES.train_images, IMAGES.train_labels, **options)
    assert np.allclose(again["step_loss"], trained.history["step_loss"][:10], rtol=1e-3, atol=0)
