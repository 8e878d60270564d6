"""Cheats of the capstone gain nothing: what a model claims, hides or attacks, and how it is graded.

Code in a sandbox may lie about itself. Points rest on what the grader knows: how many numbers were submitted, and which
digits the model recognises in images that were disturbed for this test.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import capstone_cheats as cheats
import numpy as np
import pytest
import tested
from opened_sandboxes import cell
from places import ROOT
from with_model import written

from autograder.core.model import Outcome, Report, Source, TrainedModel
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.limits import LIMITS
from autograder.grading.pipeline import grade, suites_of
from autograder.grading.suites import Suites
from autograder.notebooks.course import Course
from autograder.notebooks.submission import read_submission
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.environments import TORCH
from autograder.sandbox.fork_server import ForkServer

pytestmark = pytest.mark.torch

COURSE = Course(ROOT)
STEM = "09_capstone"
SOLUTION = COURSE.solution(STEM)
ASSIGNMENT = COURSE.assignment(STEM)
PASS = ("test_accuracy[pass]", "test_shifts[pass]")
ANSWERED = (
    "test_ten",
    "test_equal",
    "test_accuracy",
    "test_shifts",
    "test_the_claim",
    "test_trained",
    "test_it_learns",
)
Arrays = dict[str, Any]


@pytest.fixture(scope="module")
def suites() -> Suites:
    return suites_of(COURSE, STEM)


@pytest.fixture(scope="module")
def secret(suites: Suites) -> Mapping[str, Any]:
    """Return the names of the hidden suite."""
    return next(test for test in suites.tests if test.id == "test_budget").function.__globals__


@pytest.fixture(scope="module")
def honest(suites: Suites) -> TrainedModel:
    """Train the solution and return its model."""
    with InProcessExecutor().open(read_submission(SOLUTION, ASSIGNMENT, "").source) as student:
        assert suites.hand_in is not None
        return suites.hand_in(student.session.namespace)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def executor(suites: Suites) -> Iterator[SandboxExecutor]:
    limits = replace(LIMITS, submission_seconds=suites.submission_seconds, start_seconds=120.0)
    with ForkServer(tested.level(), environment=TORCH, limits=limits) as server:
        server.start()
        yield SandboxExecutor(server)


@dataclass(frozen=True)
class Grader:
    """Grades the solution with other cells, another model, or fewer tests."""

    suites: Suites
    executor: SandboxExecutor
    folder: Path

    def graded(self, trained: TrainedModel, *tests: str, seconds: float | None = None, **cells: str) -> Report:
        """Grade by these tests alone if some are named. `cells` replaces cells of the solution."""
        path = written(trained, notebook_with(self.folder, **cells), self.folder / "capstone.ipynb")
        chosen = [test for test in self.suites.tests if not tests or test.id in tests]
        assert len(chosen) >= len(tests)
        timed = tuple(replace(test, seconds=seconds or test.seconds) for test in chosen)
        report = grade(path, "cheat", replace(self.suites, tests=timed), self.executor)
        assert report.graded, report.reason
        return report

    def lost(self, trained: TrainedModel, *tests: str, **cells: str) -> set[str]:
        """Return which of these tests fail; the others must pass."""
        by_test = outcomes(self.graded(trained, *tests, **cells))
        assert set(by_test.values()) <= {"PASSED", "FAILED"}, by_test
        return {name for name, outcome in by_test.items() if outcome == "FAILED"}


@pytest.fixture
def grader(suites: Suites, executor: SandboxExecutor, tmp_path: Path) -> Grader:
    return Grader(suites, executor, tmp_path)


def notebook_with(folder: Path, **cells: str) -> Path:
    content = json.loads(SOLUTION.read_text(encoding="utf-8"))
    for entry in content["cells"]:
        name = entry["metadata"].get("nbgrader", {}).get("grade_id")
        entry["source"] = cells.pop(name, entry["source"])
    assert not cells
    path = folder / "without.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def outcomes(report: Report) -> dict[str, str]:
    return {test.id: test.outcome.value for exercise in report.exercises for test in exercise.tests}


def source_of(text: str) -> Source:
    return Source((cell(text),), companion=ASSIGNMENT.companion)


def new_weights(text: str, **known: Any) -> Arrays:
    """Return the weights of the model that a cell builds, with some of them replaced."""
    import torch

    with InProcessExecutor().open(source_of(text)) as student:
        torch.manual_seed(0)
        model = student.session.namespace["build_model"]()  # type: ignore[attr-defined]
    return {name: weights.numpy() for name, weights in model.state_dict().items()} | known


def claimed(honest: TrainedModel, weights: Arrays | None = None, **history: Any) -> TrainedModel:
    return TrainedModel(honest.weights if weights is None else weights, {**honest.history, **history})


# ---- what is known of the test images


def test_pictures_known_to_the_byte_are_not_those_that_are_asked(
    grader: Grader, honest: TrainedModel, secret: Mapping[str, Any]
) -> None:
    known = secret["images_of"]("digits")
    text = cheats.model(cheats.MEMORISES, cheats.memory(len(known.test_labels)))
    told = {"known": cheats.hashes_of(known.test_images), "labels": known.test_labels.astype(np.float32)}
    weights = new_weights(text, **told)
    with InProcessExecutor().open(source_of(text)) as student:
        read = np.argmax(student.logits(weights, known.test_images, 100), 1)
    assert np.mean(read == known.test_labels) > 0.99  # it does know them
    assert grader.lost(claimed(honest, weights), *PASS, build_model=text) == set(PASS)


def test_pictures_that_look_like_the_test_pictures_are_not_all_that_is_asked(
    grader: Grader, honest: TrainedModel, secret: Mapping[str, Any]
) -> None:
    """Noise does not hide an image from a search for the nearest one; but training images are asked, too."""
    known = secret["images_of"]("digits")
    text = cheats.model(cheats.NEAREST, cheats.means(len(known.test_labels)))
    told = {"known": cheats.means_of(known.test_images), "labels": known.test_labels.astype(np.float32)}
    weights = new_weights(text, **told)
    noisy = secret["disturbed"](known.test_images, np.random.default_rng(0))
    with InProcessExecutor().open(source_of(text)) as student:
        read = np.argmax(student.logits(weights, noisy, 100), 1)
    assert np.mean(read == known.test_labels) > 0.99
    steps = {f"test_accuracy[{step}]" for step in ("pass", "good", "excellent")}
    assert grader.lost(claimed(honest, weights), *steps, build_model=text) == steps - {"test_accuracy[pass]"}


def test_the_order_of_the_test_pictures_helps_nobody(
    grader: Grader, honest: TrainedModel, secret: Mapping[str, Any]
) -> None:
    known = secret["images_of"]("digits")
    text = cheats.model(cheats.COUNTS_PICTURES, cheats.labels(len(known.test_labels)))
    weights = new_weights(text, labels=known.test_labels.astype(np.float32))
    with InProcessExecutor().open(source_of(text)) as student:
        read = np.argmax(student.logits(weights, known.test_images, 100), 1)
    assert np.all(read == known.test_labels)
    assert grader.lost(claimed(honest, weights), *PASS, build_model=text) == set(PASS)


def test_pictures_are_asked_in_any_order_in_batches_of_any_size(secret: Mapping[str, Any]) -> None:
    asked: list[tuple[np.ndarray[Any, Any], int]] = []

    class Asked:
        trained = TrainedModel({}, {"data": "digits"})

        def logits(self, weights: Arrays, images: np.ndarray[Any, Any], batch: int) -> np.ndarray[Any, Any]:
            asked.append((images, batch))
            return np.zeros((len(images), 10))

    secret["measured"].__wrapped__(Asked())
    known = secret["images_of"]("digits").test_images
    plain = np.concatenate([images for images, _ in asked[:4]])
    assert plain.shape == known.shape
    assert len({size for _, size in asked}) > 5
    assert not {image.tobytes() for image in known} & {image.tobytes() for images, _ in asked for image in images}
    nearest = [int(np.argmin(np.abs(known.astype(int) - image).sum((1, 2)))) for image in plain]
    assert len(set(nearest)) > 0.98 * len(known)  # and they are still the same images
    assert np.abs(np.diff(nearest)).mean() > 0.2 * len(known)  # in another order


def test_a_model_that_answers_one_picture_alone_reads_no_batch(grader: Grader, honest: TrainedModel) -> None:
    text = cheats.model(cheats.ALONE_ONLY)
    lost = {"test_pictures_do_not_matter_to_each_other"}
    assert grader.lost(claimed(honest, new_weights(text)), *lost, "test_budget", build_model=text) == lost


def test_the_training_pictures_come_into_a_room_last(suites: Suites) -> None:
    assert suites.tests[-1].id == "test_trained_again"


# ---- weights that are not the model's

NAMES = {
    "more-names": lambda weights: {**weights, "label_0_7": np.zeros(1, np.float32)},
    "other-names": lambda weights: {f"label_{n}_7": array for n, array in enumerate(weights.values())},
    "fewer-names": lambda weights: dict(list(weights.items())[1:]),
}


@pytest.mark.parametrize("change", NAMES.values(), ids=NAMES)
def test_names_that_are_not_the_model_s(grader: Grader, honest: TrainedModel, change: Callable[[Any], Arrays]) -> None:
    tests = ("test_the_weights_are_the_model_s", PASS[0])
    by_test = outcomes(grader.graded(claimed(honest, change(honest.weights)), *tests))
    assert [by_test[name] for name in tests] == ["FAILED", "RAISED"]


# ---- numbers that are not counted


@pytest.mark.parametrize(
    ("parts", "numbers"),
    [
        pytest.param("pass", 5874, id="none"),
        *(pytest.param(parts, 105_874, id=name) for name, parts in cheats.MORE_NUMBERS.items()),
        pytest.param(cheats.WIDE_NUMBERS, 105_874, id="numbers-of-eight-bytes"),
    ],
)
def test_all_numbers_of_a_new_model_are_counted(executor: SandboxExecutor, parts: str, numbers: int) -> None:
    with executor.open(source_of(cheats.table(parts))) as student:
        assert student.numbers(1) == numbers


LYING = {
    "numel": (cheats.NUMEL_LIES, "lie(); " + cheats.LARGE, ""),
    "state_dict": ("", cheats.LARGE, cheats.STATE_LIES),
}


@pytest.mark.parametrize("lie", LYING.values(), ids=LYING)
def test_a_lie_about_the_size_is_one_about_the_new_model_alone(
    grader: Grader, honest: TrainedModel, lie: tuple[str, str, str]
) -> None:
    before, parts, others = lie
    weights = new_weights(cheats.table(cheats.LARGE))
    text = cheats.model("return self.honest(x)", parts, others, before)
    tests = ("test_budget_of_a_new_model", "test_budget")
    assert grader.lost(claimed(honest, weights), *tests, build_model=text) == {"test_budget"}
    assert grader.lost(claimed(honest, weights), *tests, build_model=cheats.table(cheats.LARGE)) == set(tests)


def test_what_a_companion_that_was_replaced_can_gain(grader: Grader, honest: TrainedModel) -> None:
    """A model may lie about itself; still too many numbers were submitted, and they classify nothing correctly."""
    chance = np.random.default_rng(0)
    weights = {name: chance.normal(0, 0.1, shape).astype(np.float32) for name, shape in cheats.LIAR_WEIGHTS.items()}
    lies = ("test_budget_of_a_new_model", "test_layers", "test_the_weights_are_the_model_s")
    lost = grader.lost(
        claimed(honest, weights), *lies, "test_budget", *PASS, build_model=cheats.liar(cheats.MODEL_LIES)
    )
    assert lost == {"test_budget", *PASS}


@pytest.mark.parametrize("odd", cheats.ODD)
def test_nothing_that_a_room_answers_breaks_the_grader(grader: Grader, honest: TrainedModel, odd: str) -> None:
    by_test = outcomes(grader.graded(honest, build_model=cheats.liar(cheats.answers(odd))))
    assert "BROKEN" not in by_test.values()
    assert not [name for name, outcome in by_test.items() if outcome == "PASSED" and name.startswith(ANSWERED)]


@pytest.mark.parametrize("forward", cheats.FOR_SHOW.values(), ids=cheats.FOR_SHOW)
def test_layers_for_show_do_not_count(executor: SandboxExecutor, forward: str) -> None:
    with executor.open(source_of(cheats.model(forward, cheats.DENSE))) as student:
        assert tuple(student.layers(1)) == (0, 0)
    with executor.open(source_of(cheats.model("return self.honest(x)"))) as student:
        assert tuple(student.layers(1)) == (1, 1)


# ---- what is outside


def test_a_model_opens_nothing_and_calls_nobody(executor: SandboxExecutor) -> None:
    files = [SOLUTION.with_name("digits.npz"), COURSE.hidden_suite(STEM), SOLUTION, Path("/proc/self/environ")]
    paths = [*map(str, files), f"/proc/self/root{SOLUTION}", "/etc/passwd"]
    picture = np.zeros((1, 28, 28), np.uint8)
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = source_of(cheats.looks_outside(paths, server.getsockname()[1]))
        with InProcessExecutor().open(source) as student:
            assert student.fresh_logits(1, picture)[0, 0] == 7
        with executor.open(source) as student:
            assert student.fresh_logits(1, picture)[0, 0] == 0


# ---- resources


@pytest.mark.parametrize("train", cheats.ENDLESS.values(), ids=cheats.ENDLESS)
def test_a_training_without_end_is_ended(grader: Grader, honest: TrainedModel, train: str) -> None:
    chosen = ("test_ten_logits", "test_budget", "test_steps", "test_epochs")
    by_test = outcomes(grader.graded(honest, *chosen, seconds=2.0, train=train))
    assert [by_test[name] for name in chosen] == ["PASSED", "PASSED", "TIMEOUT", "SKIPPED"]


def test_a_training_of_10_gib_costs_its_exercise(grader: Grader, honest: TrainedModel) -> None:
    by_test = outcomes(grader.graded(honest, "test_ten_logits", "test_steps", PASS[0], train=cheats.GREEDY_TRAIN))
    assert by_test == {"test_ten_logits": "PASSED", "test_steps": "RAISED", PASS[0]: "PASSED"}


@pytest.mark.parametrize("text", cheats.GREEDY.values(), ids=cheats.GREEDY)
def test_a_model_of_10_gib_is_none(grader: Grader, honest: TrainedModel, text: str) -> None:
    assert outcomes(grader.graded(honest, "test_ten_logits", build_model=text)) == {"test_ten_logits": "RAISED"}


# ---- histories that are no training's


def without(series: str, count: int) -> Callable[[Any], Any]:
    return lambda history: {series: history[series][:-count]}


MADE_UP = {
    "another-seed": lambda history: {"seed": history["seed"] + 1},
    "another-run-s-losses": lambda history: {"step_loss": [0.9 * loss for loss in history["step_loss"]]},
    "a-step-missing": without("step_loss", 1),
    "ten-steps-alone": lambda history: {"step_loss": history["step_loss"][:10]},
    "an-accuracy-missing": without("val_accuracy", 1),
    "the-losses-of-epochs-missing": lambda _: {"loss": []},
    "better-losses-of-epochs": lambda history: {"loss": [0.5 * loss for loss in history["loss"]]},
    "nothing": lambda _: {"step_loss": [], "loss": [], "val_accuracy": []},
}


@pytest.mark.parametrize("change", MADE_UP.values(), ids=MADE_UP)
def test_a_history_that_was_made_up(grader: Grader, honest: TrainedModel, change: Callable[[Any], Any]) -> None:
    trained = claimed(honest, **change(honest.history))
    assert grader.lost(trained, "test_trained_again") == {"test_trained_again"}


def test_weights_of_chance_with_a_history_of_success(grader: Grader, honest: TrainedModel) -> None:
    weights = new_weights("\n".join(part.text for part in read_submission(SOLUTION, ASSIGNMENT, "").source.cells))
    perfect = claimed(honest, weights, val_accuracy=[1.0] * len(honest.history["val_accuracy"]))
    lost = grader.lost(perfect, *PASS, "test_the_claim", "test_trained_again")
    assert lost == {*PASS, "test_the_claim"}


def test_another_student_s_model_and_history(grader: Grader, honest: TrainedModel, suites: Suites) -> None:
    """Submit weights of the same architecture, so that they fit; the training is the cheat's own."""
    own = "import numpy as np\n" + cheats.SLOW
    assert grader.lost(honest, PASS[0], "test_trained_again", train=own) == {"test_trained_again"}


def test_losses_that_were_invented_teach_nothing(grader: Grader, honest: TrainedModel) -> None:
    assert grader.lost(honest, "test_it_learns", train=cheats.INVENTED) == {"test_it_learns"}


def test_a_training_of_ten_steps_is_none(grader: Grader, honest: TrainedModel) -> None:
    """Submit weights from elsewhere: ten steps are enough for the public test's patterns, but not for the claim."""
    source = read_submission(SOLUTION, ASSIGNMENT, "").source
    train = next(part.text for part in source.cells if "train" in part.exercises)
    frozen = train.replace("optimizer.step()", 'len(history["step_loss"]) < 10 and optimizer.step()')
    assert frozen != train
    assert grader.lost(honest, PASS[0], "test_trained_again", train=frozen) == {"test_trained_again"}


# ---- the contrast


def test_the_honest_model_gets_everything_after_all_that(grader: Grader, honest: TrainedModel) -> None:
    report = grader.graded(honest)
    assert {exercise.outcome for exercise in report.exercises} == {Outcome.PASSED}
    assert (report.score, report.max_score) == (30.0, 30.0)
