"""Public tests of the capstone: what a model must be, and what training must do, on ten made-up patterns."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder import array, exercise, holds, number, several

BUDGET = 62_000  # numbers, as many as LeNet-5 has


def patterns(count: int, seed: int) -> tuple[Any, Any]:
    """Pictures of ten kinds, with noise: (count, 28, 28) bytes, and which kind each is."""
    rng = np.random.default_rng(seed)
    kinds = np.random.default_rng(9).integers(0, 2, (10, 4, 4)).repeat(7, 1).repeat(7, 2)
    labels = np.arange(count) % 10
    return (kinds[labels] * 180 + rng.integers(0, 60, (count, 28, 28))).astype(np.uint8), labels


def trained(student, images, labels, seed, epochs, max_steps=None):
    """step_loss, loss, val_accuracy and logits of a training on the CPU."""
    options = {"seed": seed, "epochs": epochs, "max_steps": max_steps}
    answer = student.training(images=images, labels=labels, **options)
    shapes = {"step_loss": (None,), "loss": (None,), "val_accuracy": (None,), "logits": (100, 10)}
    parts = zip(several(answer, 4), shapes.items(), strict=True)
    return [array(one, name, shape=shape) for one, (name, shape) in parts]


@exercise("build_model")
def test_ten_logits(student):
    """three pictures give three rows of ten logits"""
    logits = array(student.fresh_logits(seed=1, images=patterns(3, 0)[0]), "logits", shape=(3, 10))
    shares = np.all(logits >= 0) and np.allclose(logits.sum(1), 1)
    holds(not shares, "Each row adds up to 1. Is there a softmax at the end? cross_entropy takes its own.")


@exercise("build_model")
def test_budget_of_a_new_model(student):
    """at most 62,000 numbers, parameters and buffers together"""
    count = number(student.numbers(seed=1))
    said = f"The model holds {count:,.0f} numbers; from 1 to {BUDGET:,} are allowed. One of eight bytes counts as two."
    holds(0 < count <= BUDGET, said)


@exercise("build_model")
def test_layers(student):
    """the logits come from a convolution, and from pooling"""
    convolutions, poolings = map(number, several(student.layers(seed=1), 2))
    holds(convolutions > 0, "The logits come from no convolution of more than a pixel.")
    holds(poolings > 0, "The logits come from no pooling.")


@exercise("build_model")
def test_equal_seeds(student):
    """after torch.manual_seed(1) it is the same model each time, after torch.manual_seed(2) another one"""
    images, _ = patterns(5, 0)
    first, again, other = (array(student.fresh_logits(seed=seed, images=images), shape=(5, 10)) for seed in (1, 1, 2))
    holds(np.array_equal(first, again), "Built twice after torch.manual_seed(1), it gave different logits.")
    holds(not np.array_equal(first, other), "After torch.manual_seed(1) and (2) it gave the same logits.")


@exercise("train", seconds=60)
def test_steps(student):
    """with max_steps=12 it stops after twelve steps, and tells the loss of each"""
    steps, *_ = trained(student, *patterns(480, 1), 1, 12, 12)
    holds(steps.shape == (12,), f"step_loss has the shape {steps.shape} after max_steps=12; (12,) is right.")


@exercise("train", seconds=60)
def test_epochs(student):
    """two epochs: one loss and one accuracy on pictures set aside for each"""
    steps, loss, accuracy, _ = trained(student, *patterns(480, 2), 1, 2)
    said = f"After two epochs loss and val_accuracy have the shapes {loss.shape} and {accuracy.shape}; (2,) is right."
    holds(loss.shape == accuracy.shape == (2,), said)
    holds(len(steps) > 0 and len(steps) % 2 == 0, f"step_loss has {len(steps)} entries; both epochs have as many.")
    means = steps.reshape(2, -1).mean(1)
    near = bool(np.all(abs(loss - means) <= 0.1 * abs(means) + 0.01))  # a smaller last batch may count for less
    holds(near, f"The epochs' steps lose {means[0]:.3g} and {means[1]:.3g} on average; loss has {loss}.")
    holds(bool(np.all((accuracy >= 0) & (accuracy <= 1))), "val_accuracy is a share: between 0 and 1.")


@exercise("train", seconds=60)
def test_it_learns(student):
    """the loss falls, and the model tells ten clear patterns apart"""
    images, labels = patterns(600, 3)
    steps, _, _, logits = trained(student, images, labels, 1, 10)
    holds(len(steps) > 0, "step_loss is empty.")
    holds(bool(steps[0] < 20), f"The first step loses {steps[0]:.3g}: is it the sum over a batch, and not the mean?")
    first, last = np.mean(steps[:5]), np.mean(steps[-5:])
    said = f"The first five steps lose {first:.3g} on average, the last five {last:.3g}: less than half is asked."
    if last > 0.9 * first:
        said += " Is optimizer.step() called after loss.backward(), and is the learning rate large enough?"
    holds(bool(last < 0.5 * first), said)
    right = float(np.mean(np.argmax(logits, 1) == labels[:100]))
    said = f"After the training it reads {100 * right:.0f} % of these patterns rightly; 90 % are easy."
    if last < 0.5:  # it tells the images of its batches apart, so these are not the images that it is asked about
        why = (
            "The losses are small: are the pixels in train as pixels gives them? "
            "What else is done belongs in the model."
        )
    else:
        why = f"The last five steps still lose {last:.3g} on average: is the learning rate too large, or too small?"
    holds(right >= 0.9, f"{said} {why}")


LEVELS = np.arange(20, 250)


def watched(student):
    """What is seen in a training on squares, each with a brightness of its own, wherever it is moved to."""
    images = np.zeros((len(LEVELS), 28, 28), np.uint8)
    images[:, 10:18, 10:18] = LEVELS[:, None, None]
    return several(student.watched(images=images, labels=np.arange(len(LEVELS)) % 10, seed=1), 6)


@exercise("train", seconds=60)
def test_new_gradients(student):
    """each step goes by the gradients of its own batch alone"""
    stale = number(watched(student)[3])
    holds(stale == 0, "Gradients of earlier steps were still there: call optimizer.zero_grad() before loss.backward().")


@exercise("train", seconds=60)
def test_validation(student):
    """validation pictures are read in eval mode, and are never trained on"""
    seen = watched(student)
    matters, asked_in_training, learned_in_eval = map(number, seen[:3])
    learned, asked = (set(array(one).tolist()) for one in seen[4:])
    if matters:
        holds(asked_in_training == 0, "Validation pictures were read in training mode: call model.eval() before.")
        holds(learned_in_eval == 0, "Steps were made in eval mode: call model.train() when an epoch begins.")
    if learned <= set(LEVELS.tolist()):  # else brightness was changed, and says nothing
        holds(bool(asked - learned), "Of all pictures that were read for validation, none was kept from training.")


@exercise("train", seconds=60)
def test_the_same_history(student):
    """the same seed gives the same losses, another seed others"""
    images, labels = patterns(480, 4)
    first, again, other = (trained(student, images, labels, seed, 3, 6)[0] for seed in (5, 5, 6))
    holds(np.array_equal(first, again), "Trained twice with seed 5, the losses differ: all chance comes from the seed.")
    holds(not np.array_equal(first, other), "Seeds 5 and 6 gave the same losses.")
