"""Hidden tests of the capstone: the model that was handed in, on pictures disturbed for the occasion.

Accuracy is computed here, outside of the sandbox: images go in without labels, in random order and in batches of
several sizes, and logits come out. How the scale was set: `tests/benchmarks/capstone_seeds.md`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import array, exercise, holds, load_images, number, several, trained_model
from autograder.core.errors import UserError
from autograder.core.model import TrainedModel
from autograder.datasets import MNIST_DIR
from autograder.grading.suites import seed_of
from autograder.notebooks.trained_model import SCHEMA, history_of

Array = np.ndarray[Any, Any]

ROOT = Path(__file__).parents[2]
BUDGET = 62_000
# Of the training of seeded answers. With 12 epochs a right one missed the last step on some CPUs (98.47 %); with 15,
# eight seeds gave 98.9 to 99.4 %.
SEED, EPOCHS = 3, 15
AGAIN = {  # steps of the training that are done again; how near the first ten losses must come, and the mean of all
    "mnist": (150, 1e-3, 0.01),
    "digits": (60, 1e-2, 0.1),  # fewer pictures, larger steps: another machine's rounding grows sooner to chaos
}
SHIFTS = [(down, across) for down in range(-2, 3) for across in range(-2, 3) if (down, across) != (0, 0)]
SCALE = {  # test accuracy, mean of the 24 shifts
    "mnist": {"pass": (0.970, 0.80), "good": (0.985, 0.95), "excellent": (0.992, 0.985)},
    "digits": {"pass": (0.93, 0.68), "good": (0.97, 0.94), "excellent": (0.98, 0.985)},
}


@functools.cache
def images_of(name: str) -> Any:
    """The pictures a model was trained on and is tested with; UserError where they are not at hand."""
    if name == "digits":
        return load_images("digits", digits=ROOT / "solutions" / "09_capstone" / "digits.npz")
    data = os.environ.get(MNIST_DIR, "digits")
    if data == "digits":
        raise UserError(
            "it was trained on MNIST, which is not at hand here. Name the folder with its files: "
            f"autograder grade --data FOLDER, or the environment variable {MNIST_DIR}"
        )
    return load_images(data)


def disturbed(images: Array, rng: np.random.Generator) -> Array:
    """A little darker or lighter, and with noise: no picture is to the byte the one that is known to everybody."""
    light = rng.uniform(0.85, 1.0, (len(images), 1, 1))
    noise = rng.normal(0, 6, images.shape)
    return np.clip(np.rint(images * light + noise), 0, 255).astype(np.uint8)


def moved(images: Array, down: int, across: int) -> Array:
    """Moved by whole pixels; what comes in is black."""
    out = np.zeros_like(images)
    height, width = images.shape[1:]
    rows, columns = slice(max(down, 0), height + min(down, 0)), slice(max(across, 0), width + min(across, 0))
    from_rows = slice(max(-down, 0), height + min(-down, 0))
    from_columns = slice(max(-across, 0), width + min(-across, 0))
    out[:, rows, columns] = images[:, from_rows, from_columns]
    return out


def read(student: Any, images: Array, rng: np.random.Generator) -> Array:
    """The digit that the handed-in model reads in each picture; asked in random order, in batches of any size."""
    order = rng.permutation(len(images))
    answers = np.empty(len(images), int)
    for part in np.array_split(order, 4):
        told = student.logits(dict(trained_model(student).weights), images[part], int(rng.integers(100, 600)))
        answers[part] = np.argmax(array(told, "logits", shape=(len(part), 10)), 1)
    return answers


@functools.lru_cache(maxsize=1)
def measured(student: Any) -> tuple[float, float]:
    """Accuracy, and its mean over the 24 shifts; of test and of training pictures, whichever are read worse.

    A model that was shown the test pictures reads them better than those that it should have learned from.
    The course's own seed decides how pictures are disturbed: who reads this file knows no byte of them.
    """
    rng = np.random.default_rng(seed_of(Path(__file__), "measured"))
    known = images_of(trained_model(student).history["data"])
    some = rng.permutation(len(known.train_labels))[:2000]
    on_test = accuracies(student, known.test_images, known.test_labels, 800, rng)
    on_training = accuracies(student, known.train_images[some], known.train_labels[some], 400, rng)
    return min(on_test[0], on_training[0]), min(on_test[1], on_training[1])


def accuracies(student: Any, images: Array, labels: Array, most: int, rng: np.random.Generator) -> tuple[float, float]:
    """Of these pictures, disturbed; and of at most so many of them, moved in all 24 ways."""
    asked = disturbed(images, rng)
    plain = float(np.mean(read(student, asked, rng) == labels))
    some = rng.permutation(len(asked))[:most]
    shifts = np.concatenate([moved(asked[some], *shift) for shift in SHIFTS])
    return plain, float(np.mean(read(student, shifts, rng) == np.tile(labels[some], len(SHIFTS))))


# ---- the model


@exercise("build_model", weight=2)
def test_the_weights_are_the_model_s(student):
    """the weights that were handed in have the names and shapes of the model that was handed in"""
    misfits = number(student.misfits(dict(trained_model(student).weights)))
    holds(misfits == 0, f"{misfits:.0f} of the names or shapes differ. Was the notebook changed after the training?")


@exercise("build_model")
def test_budget(student):
    """the weights that were handed in are at most 62,000 numbers"""
    numbers = trained_model(student).numbers
    said = f"They are {numbers:,} numbers; at most {BUDGET:,} are allowed. One of eight bytes counts as two."
    holds(numbers <= BUDGET, said)


@exercise("build_model")
def test_pictures_do_not_matter_to_each_other(student, rng):
    """a picture's logits are the same alone and among others"""
    images = rng.integers(0, 256, (9, 28, 28)).astype(np.uint8)
    weights = dict(trained_model(student).weights)
    alone, together = (array(student.logits(weights, images, size), shape=(9, 10)) for size in (1, 9))
    near = bool(np.allclose(alone, together, rtol=1e-3, atol=1e-3))
    holds(near, "Logits change with the pictures around them. Is the model in eval mode when it is asked?")


# ---- the training


@pytest.mark.parametrize("step", ["pass", "good", "excellent"])
@exercise("train", weight=2, seconds=60)
def test_accuracy(student, step):
    """{step}: test images with slight noise are classified correctly, and training images as well"""
    needed, _ = SCALE[trained_model(student).history["data"]][step]
    reached, _ = measured(student)
    holds(reached >= needed, f"{reached:.2%} of the images are classified correctly; {step!r} needs {needed:.1%}.")


@pytest.mark.parametrize("step", ["pass", "good", "excellent"])
@exercise("train", weight=2, seconds=60)
def test_shifts(student, step):
    """{step}: test images shifted by up to two pixels are classified correctly, and training images as well"""
    _, needed = SCALE[trained_model(student).history["data"]][step]
    _, reached = measured(student)
    holds(reached >= needed, f"Mean over 24 shifts: {reached:.2%} classified correctly; {step!r} needs {needed:.1%}.")


@exercise("train", weight=2, seconds=60)
def test_the_claim(student):
    """the accuracy of the history is about the one that the weights have"""
    history = trained_model(student).history
    claimed = history["val_accuracy"][-1:] or [0.0]
    reached, _ = measured(student)
    margin = {"mnist": 0.015, "digits": 0.06}[history["data"]]
    near = abs(claimed[0] - reached) <= margin
    holds(near, f"The history ends at {claimed[0]:.1%} on pictures set aside; the weights reach {reached:.1%}.")


def demand_whole(history: Mapping[str, Any]) -> None:
    """Each epoch has as many steps as every other, an accuracy, and the mean of its steps' losses."""
    steps, loss, accuracy = (np.array(history[name]) for name in ("step_loss", "loss", "val_accuracy"))
    said = f"The history has {len(loss)} losses and {len(accuracy)} accuracies of {history['epochs']} epochs."
    holds(0 < len(loss) == len(accuracy) <= history["epochs"], said)
    holds(len(steps) % len(loss) == 0, f"The history has {len(steps)} steps in {len(loss)} epochs: some are missing.")
    means = steps.reshape(len(loss), -1).mean(1)
    near = bool(np.all(abs(loss - means) <= 0.1 * abs(means) + 0.01))  # a smaller last batch may count for less
    holds(near, "The losses of the epochs are not the means of their steps' losses.")


@exercise("train", weight=3, seconds=90)
def test_trained_again(student):
    """trained again with the same seed, the first steps have the losses of the history"""
    # The last test: the training pictures, which it gives to the sandbox, can be in no other test's answers.
    history = trained_model(student).history
    demand_whole(history)
    known, (steps, near_first, near_mean) = images_of(history["data"]), AGAIN[history["data"]]
    again = student.training(known.train_images, known.train_labels, history["seed"], history["epochs"], steps)
    claimed, found = np.array(history["step_loss"][:steps]), array(several(again, 4)[0], "step_loss", ndim=1)
    holds(len(claimed) == len(found), f"The history tells {len(claimed)} of the first {len(found)} steps.")
    holds(len(found) >= 10, f"The training ends after {len(found)} steps.")
    first = bool(np.allclose(found[:10], claimed[:10], rtol=near_first, atol=0))
    holds(first, "The first ten losses are others. Was the notebook changed after the training, or another seed used?")
    mean = bool(abs(found.mean() - claimed.mean()) <= near_mean * abs(found.mean()))
    holds(mean, f"The mean loss of {len(found)} steps is {found.mean():.4f}; the history has {claimed.mean():.4f}.")


# ---- what is planted


def HAND_IN(functions: Mapping[str, Any]) -> TrainedModel:
    """What somebody with these functions hands in: trained on the digits."""
    import torch

    images = images_of("digits")
    torch.set_num_threads(1)  # as in a sandbox
    torch.manual_seed(SEED)
    model = functions["build_model"]()
    options = {"device": "cpu", "epochs": EPOCHS, "seed": SEED}
    history = functions["train"](model, images.train_images, images.train_labels, **options)
    weights = {name: one.numpy() for name, one in model.state_dict().items()}
    claim = {"schema": SCHEMA, "data": "digits", "seed": SEED, "epochs": EPOCHS, "device": "cpu", **history}
    return TrainedModel(weights, history_of(claim))


def _reference() -> Any:
    """Imported when it is needed: PyTorch takes seconds, and is not wanted for the other assignments."""
    from reference_impl import capstone

    return capstone


def _reference_model() -> Any:
    return _reference().build_model()


def _reference_training(*arguments: Any, **options: Any) -> Any:
    return _reference().train(*arguments, **options)


def _strided() -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 5, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(512, 10),
    )


def _too_large() -> Any:
    from torch import nn

    layers = [nn.Conv2d(1, 16, 5), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(2304, 60), nn.ReLU(), nn.Linear(60, 10))


def _dense() -> Any:
    from torch import nn

    return nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(196, 100), nn.ReLU(), nn.Linear(100, 10))


def _softmax() -> Any:
    from torch import nn

    return nn.Sequential(_reference_model(), nn.Softmax(1))


def _own_seed() -> Any:
    import torch

    torch.manual_seed(0)
    return _reference_model()


def _functional() -> Any:
    """The same kind of network as a class, with the pooling called in `forward`."""
    from torch import nn
    from torch.nn import functional

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 32, 5)
            self.norm, self.norm2 = nn.BatchNorm2d(20), nn.BatchNorm2d(32)
            self.dense, self.out = nn.Linear(512, 64), nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            x = functional.max_pool2d(functional.relu(self.norm(self.first(x))), 2)
            x = functional.max_pool2d(functional.relu(self.norm2(self.second(x))), 2)
            return self.out(functional.relu(self.dense(x.flatten(1))))

    return Net()


def _training(**changes: Any) -> Any:
    """A training that does one thing otherwise; plain, and with shifts."""

    def train(
        model: Any, images: Any, labels: Any, *, device: Any, epochs: int, seed: int, max_steps: int | None = None
    ) -> Any:
        import torch
        from torch.nn import functional

        ref = _reference()
        rng = torch.default_generator if "common_chance" in changes else torch.Generator().manual_seed(seed)
        if "any_chance" in changes:
            rng.seed()
        pictures, labels = torch.as_tensor(images), torch.as_tensor(labels)
        held_out, rest = torch.randperm(len(labels), generator=rng).tensor_split([len(labels) // 12])
        held_out = rest[: len(held_out)] if "known_validation" in changes else held_out
        model.to(device)
        optimizer = changes.get("optimizer", lambda p: torch.optim.Adam(p, 2e-3))(model.parameters())
        history: dict[str, Any] = {"step_loss": [], "loss": [], "val_accuracy": []}
        for epoch in range(epochs):
            model.train("stays_in_eval" not in changes or epoch == 0)
            for group in optimizer.param_groups:
                group["lr"] *= 0.2 if epoch == round(0.7 * epochs) else 1
            batches = rest[torch.randperm(len(rest), generator=rng)].split(64)
            for batch in batches:
                if "by_max_steps" in changes:  # the rate rises over the first third
                    part = (len(history["step_loss"]) + 1) / (max_steps or epochs * len(batches))
                    optimizer.param_groups[0]["lr"] = 2e-3 * min(1, 3 * part)
                x = ref.shifted(ref.pixels(pictures[batch]), rng)
                loss = functional.cross_entropy(model(x.to(device)), labels[batch].to(device))
                if "no_zero_grad" not in changes:
                    optimizer.zero_grad()
                loss.backward()
                if "no_step" not in changes:
                    optimizer.step()
                history["step_loss"].append(loss.item() * (len(batch) if "summed" in changes else 1))
                if "no_stop" not in changes and len(history["step_loss"]) == max_steps:
                    return history
            history["loss"].append(float(np.mean(history["step_loss"][-len(batches) :])))
            model.train("no_eval" in changes)
            with torch.no_grad():
                answers = model(ref.pixels(pictures[held_out]).to(device)).argmax(1)
            right = float((answers == labels[held_out].to(device)).float().mean())
            history["val_accuracy"].append(100 * right if "percent" in changes else right)
        if "tensors" in changes:
            history["step_loss"] = [torch.tensor(loss) for loss in history["step_loss"]]
        return {**history, "step_loss": history["loss"]} if "epochs_only" in changes else history

    return train


def _sgd(parameters: Any) -> Any:
    import torch

    return torch.optim.SGD(parameters, 0.05, momentum=0.9, weight_decay=1e-4)


MISTAKES: Mapping[str, Any] = {
    "build_model": {
        "strided": (_strided, "It gets smaller by strides alone: a pooling is asked for."),
        "dense": (_dense, "There is no convolution in it."),
        "too_large": (
            _too_large,
            "The dense layer behind the first pooling takes most of the numbers: pool once more.",
        ),
        "softmax": (_softmax, "There is a softmax at its end: cross_entropy takes its own."),
        "own_seed": (_own_seed, "It sets a seed of its own: whoever calls build_model does that."),
    },
    "train": {
        "no_zero_grad": (_training(no_zero_grad=True), "Gradients add up from step to step: optimizer.zero_grad()."),
        "no_step": (
            _training(no_step=True),
            "The weights never change: call optimizer.step() after loss.backward().",
        ),
        "any_chance": (
            _training(any_chance=True),
            "Chance comes from a generator without a seed: make it by torch.Generator().manual_seed(seed).",
        ),
        "no_stop": (_training(no_stop=True), "max_steps is not heeded: stop after so many steps."),
        "by_max_steps": (
            _training(by_max_steps=True),
            "The schedule is made for max_steps, and not for all the epochs.",
        ),
        "no_eval": (
            _training(no_eval=True),
            "Validation pictures are read in training mode: call model.eval() before.",
        ),
        "stays_in_eval": (
            _training(stays_in_eval=True),
            "After the first epoch it learns in eval mode: call model.train() when an epoch begins.",
        ),
        "known_validation": (_training(known_validation=True), "The validation pictures are trained on as well."),
        "tensors": (_training(tensors=True), "step_loss holds tensors: take loss.item()."),
        "summed": (_training(summed=True), "step_loss has the sum over each batch: the mean is asked."),
        "percent": (_training(percent=True), "val_accuracy is in per cent: a share lies between 0 and 1."),
        "epochs_only": (
            _training(epochs_only=True),
            "step_loss has one entry for each epoch; one for each step is asked.",
        ),
    },
}
ALTERNATIVES: Mapping[str, Any] = {
    "build_model": {"reference": _reference_model, "functional": _functional},
    "train": {
        "reference": _reference_training,
        "adam": _training(),
        "momentum": _training(optimizer=_sgd, common_chance=True),
    },
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "build_model": (
        (
            "Start with a small LeNet: convolutions find features, pooling makes the maps smaller, and one dense "
            "layer at the end gives ten logits. Count the parameters while you choose the numbers of maps."
        ),
        (
            "(n, 1, 28, 28) → Conv2d(1, 6, 5): (n, 6, 24, 24) → pooling 2: (n, 6, 12, 12) → Conv2d(6, 16, 5): (n, "
            "16, 8, 8) → pooling 2: (n, 16, 4, 4) → Flatten: (n, 256) → Linear to 10. A Conv2d has "
            "maps·(channels·kernel² + 1) parameters; at most 62,000 in all. Batch normalization after each "
            "convolution helps a lot."
        ),
        (
            "return an nn.Sequential with, in this order:\n"
            "    one or two blocks of convolution, nonlinearity (nn.ReLU) and pooling\n"
            "    nn.Flatten\n"
            "    one or two nn.Linear; the last one has 10 outputs and nothing after it\n"
            "the first nn.Linear needs as many inputs as Flatten gives: print the shape after each layer"
        ),
    ),
    "train": (
        (
            "It is train_network again, in PyTorch: epochs, batches, loss, gradient, step. Pictures that are kept "
            "for validation are split off first, and all random numbers come from one generator that is seeded by "
            "seed."
        ),
        (
            "For a batch: logits = model(x) with x (b, 1, 28, 28) in [0, 1] on the device; loss = cross-entropy of "
            "logits (b, 10) and labels (b,). Then clear the gradients, go backward, let the optimizer step. For the "
            "shifts of the scale: move each training picture by up to 2 pixels at random."
        ),
        (
            "rng ← a CPU generator seeded by seed; split a permutation of the indices into validation and training\n"
            "move the model to the device; make an optimizer, and a schedule for all epochs\n"
            "for each epoch:\n"
            "    model in training mode; shuffle the training indices with rng\n"
            "    for each batch: pixels to the device, loss, backward, step; note the loss as a Python number; stop "
            "at max_steps\n"
            "    note the mean loss; in evaluation mode and without gradients: note the share of correct validation "
            "answers\n"
            "return the dict of three lists"
        ),
    ),
}
