"""The hidden tests of 05_regularization, its catalogue of mistakes, and right answers of other kinds.

How often a right `dropout` fails a test that counts is computed there: less than once in 1e9. Every draw has a fixed
seed, so a submission's verdict never changes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder import Seed, array, close, equal, exercise, holds, several, unchanged
from reference_impl import regularization as ref

Array = np.ndarray


def eighths(rng: np.random.Generator, *shape: int) -> Array:
    """Random multiples of 1/8 between -2 and 2, none of them 0."""
    return rng.integers(1, 17, shape) * rng.choice([-1, 1], shape) / 8


def picture(rng: np.random.Generator, height: int, width: int) -> Array:
    """An image whose pixels all differ, none of them 0."""
    return rng.permutation(np.arange(1.0, height * width + 1)).reshape(height, width) / 8


# ---- L2


@exercise("l2_cost")
def test_l2_cost_random(student, rng):
    """three layers of different sizes"""
    weights = [eighths(rng, 4, 3), eighths(rng, 5, 4), eighths(rng, 2, 5)]
    args = (1.25, weights, 3.0, 8)
    close(student.l2_cost, args, expected=ref.l2_cost(*args), terms=42)


@exercise("l2_cost")
def test_l2_cost_one_layer(student, rng):
    """a single layer, of two axes and of one; a whole number as lambda"""
    for weights in (eighths(rng, 3, 6), eighths(rng, 7)):
        args = (0.5, [weights], 3, 5)
        close(student.l2_cost, args, expected=ref.l2_cost(*args), terms=18)


@exercise("l2_cost")
def test_l2_cost_arguments(student, rng):
    """the weights stay as they were"""
    args = (0.5, [eighths(rng, 2, 3), eighths(rng, 1, 2)], 2.0, 5)
    unchanged(student.l2_cost, args, expected=ref.l2_cost(*args), terms=8)


@exercise("l2_step")
def test_l2_step_random(student, rng):
    """random weights and gradients, strong and weak decay"""
    for eta, lmbda, n in ((0.1, 5.0, 40), (0.5, 3.0, 6), (2.0, 0.25, 3)):
        args = (eighths(rng, 4, 3), eighths(rng, 4, 3), eta, lmbda, n)
        close(student.l2_step, args, expected=ref.l2_step(*args))


@exercise("l2_step")
def test_l2_step_any_shape(student, rng):
    """weights of one axis, and of four"""
    for shape in ((5,), (2, 3, 1, 2)):
        args = (eighths(rng, *shape), eighths(rng, *shape), 0.25, 2.0, 4)
        close(student.l2_step, args, expected=ref.l2_step(*args))


@exercise("l2_step")
def test_l2_step_no_decay(student, rng):
    """with lambda 0 it is plain descent"""
    args = (eighths(rng, 3, 2), eighths(rng, 3, 2), 0.5, 0.0, 4)
    close(student.l2_step, args, expected=ref.l2_step(*args))


@exercise("l2_step")
def test_l2_step_arguments(student, rng):
    """weights and gradient stay as they were"""
    args = (eighths(rng, 3, 2), eighths(rng, 3, 2), 0.5, 2.0, 4)
    unchanged(student.l2_step, args, expected=ref.l2_step(*args))


# ---- dropout


def dropped(student: Any, a: Array, p: float, seed: int) -> tuple[Array, Array]:
    result, mask = several(student.dropout(a, p, Seed(seed)), 2)
    return array(result, "result 1", shape=a.shape), array(mask, "result 2", shape=a.shape)


def demand_consistent(a: Array, p: float, result: Array, mask: Array) -> None:
    """Zero where the mask is 0, a/(1 − p) where it is 1, and both do occur."""
    holds(set(np.unique(mask)) <= {0.0, 1.0}, "the mask must hold 0 and 1 only: it is not scaled.")
    holds(0 < mask.sum() < mask.size, "some units must be dropped and some kept.")
    holds(bool(np.all(result[mask == 0] == 0)), "a unit whose mask is 0 must be 0.")
    kept = np.allclose(result[mask == 1] * (1 - p), a[mask == 1], rtol=2e-6, atol=0)
    holds(kept, "a unit whose mask is 1 must be divided by 1 − p.")


@exercise("dropout")
@pytest.mark.parametrize("p", [0.25, 0.75])
def test_dropout_survivors(student, rng, p):
    """p = {p}: survivors are scaled by 1/(1 − p), the others are 0"""
    a = eighths(rng, 30, 10)
    demand_consistent(a, p, *dropped(student, a, p, 3))


@exercise("dropout")
@pytest.mark.parametrize("shape", [(400,), (10, 5, 8)])
def test_dropout_any_shape(student, rng, shape):
    """one axis, three axes: a of shape {shape}"""
    a = eighths(rng, *shape)
    result, mask = dropped(student, a, 0.5, 4)
    demand_consistent(a, 0.5, result, mask)
    if len(shape) == 3:  # equal by chance with 2^-40
        holds(not np.array_equal(mask[0], mask[1]), "every sample has the same mask: it must have the shape of a.")


@exercise("dropout", weight=2)
def test_dropout_share(student):
    """p is the share that is dropped, of ten thousand units"""
    # Outside these bounds with probability 6e-10 for Binomial(10000, 0.2), two-sided.
    _, mask = dropped(student, np.ones((100, 100)), 0.2, 5)
    gone = int(np.sum(mask == 0))
    holds(not 7_500 < gone < 8_500, "about 1 − p of the units are dropped. p is the probability to drop, not to keep.")
    holds(1_756 <= gone <= 2_250, "the share of units that are dropped is not p.")
    # And for Binomial(10000, 0.25): outside with probability 6e-10.
    _, mask = dropped(student, np.ones((100, 100)), 0.25, 11)
    holds(2_232 <= int(np.sum(mask == 0)) <= 2_769, "the share of units that are dropped is not p.")


@exercise("dropout")
def test_dropout_each_unit_for_itself(student):
    """no row and no column is dropped as a whole"""
    # 200 sums, each Binomial(100, 0.2): one of them is above 52 with probability 6e-11.
    _, mask = dropped(student, np.ones((100, 100)), 0.2, 6)
    holds(0 < mask.sum() < mask.size, "some units must be dropped and some kept.")
    sums = np.concatenate([np.sum(mask == 0, axis=0), np.sum(mask == 0, axis=1)])
    holds(bool(np.all(sums <= 52)), "whole rows or columns share their fate. Each unit has its own.")
    # Eight right answers drop equally many of 1000 units with probability 3e-11.
    counts = {int(np.sum(dropped(student, np.ones(1000), 0.2, 20 + k)[1])) for k in range(8)}
    holds(len(counts) > 1, "always equally many units are dropped. Each unit has its own chance.")


@exercise("dropout")
def test_dropout_seed(student, rng):
    """equal seeds give equal masks, other seeds other masks"""
    a = eighths(rng, 50, 20)
    first, again, other = (dropped(student, a, 0.25, seed)[0] for seed in (7, 7, 8))
    holds(np.array_equal(first, again), "the same rng gave another mask. Draw from rng only, not from np.random.")
    holds(not np.array_equal(first, other), "another rng gave the same mask. Draw from rng, not from one of your own.")
    holds(0 < np.sum(first == 0) < first.size, "some units must be dropped and some kept.")


@exercise("dropout")
def test_dropout_nothing_dropped(student, rng):
    """p = 0 is the identity, also for zeros and negative numbers; p = 1/2 is not"""
    a = np.concatenate([eighths(rng, 60), [0.0]])
    result, mask = dropped(student, a, 0.0, 9)
    holds(np.array_equal(result, a), "with p = 0 every unit must stay as it is.")
    holds(bool(np.all(mask == 1)), "with p = 0 the mask must be 1 everywhere.")
    result, _ = dropped(student, a, 0.5, 9)
    holds(not np.array_equal(result, a), "with p = 1/2 nothing was dropped.")


@exercise("dropout")
def test_dropout_argument(student, rng):
    """a stays as it was"""
    a = eighths(rng, 40)
    result, mask = dropped(student, a, 0.5, 10)
    demand_consistent(a, 0.5, result, mask)
    unchanged(student.dropout, (a, 0.5, Seed(10)), expected=(result, mask))


# ---- expanding the data


@exercise("reflect", "rotate90", "contrast", "shear")
def test_image_stays(student, rng, name):
    """the image handed in stays as it was"""
    args = {"reflect": (), "rotate90": (1,), "contrast": (0.5,), "shear": (1,)}[name]
    image = picture(rng, 4, 5)
    unchanged(getattr(student, name), (image, *args), expected=getattr(ref, name)(image, *args))


@exercise("reflect", "translate", "rotate90", "contrast", "shear")
def test_whole_numbers(student, rng, name):
    """an image of type int64"""
    args = {"reflect": (), "translate": (1, -2), "rotate90": (3,), "contrast": (1.5,), "shear": (-1,)}[name]
    image = (picture(rng, 4, 6) * 8).astype(np.int64)
    close(getattr(student, name), (image, *args), expected=getattr(ref, name)(image, *args))


@exercise("reflect")
@pytest.mark.parametrize("shape", [(4, 7), (6, 3), (5, 5), (1, 4)])
def test_reflect_shapes(student, rng, shape):
    """wide, tall and square images, a single row: shape {shape}"""
    image = picture(rng, *shape)
    equal(student.reflect, (image,), expected=ref.reflect(image))


@exercise("translate", weight=2)
def test_translate_every_direction(student, rng):
    """down, up, right, left, and two at once"""
    image = picture(rng, 5, 7)
    for dy, dx in ((2, 0), (-2, 0), (0, 3), (0, -3), (1, 2), (-1, 3), (2, -1), (-3, -2)):
        equal(student.translate, (image, dy, dx), expected=ref.translate(image, dy, dx))


@exercise("translate")
def test_translate_nowhere(student, rng):
    """no shift along one axis, along the other, and along both"""
    image = picture(rng, 4, 6)
    for dy, dx in ((0, 1), (1, 0), (0, 0)):
        equal(student.translate, (image, dy, dx), expected=ref.translate(image, dy, dx))


@exercise("translate")
def test_translate_out_of_sight(student, rng):
    """a shift by the whole image, and by more"""
    image = picture(rng, 3, 5)
    for dy, dx in ((3, 0), (0, -5), (4, 1), (-1, 9), (1, 1)):
        equal(student.translate, (image, dy, dx), expected=ref.translate(image, dy, dx))


@exercise("rotate90")
@pytest.mark.parametrize("k", [1, 2, 3])
def test_rotate_by(student, rng, k):
    """k = {k}: quarter turns of a wide and a tall image"""
    for shape in ((3, 5), (6, 4)):
        image = picture(rng, *shape)
        equal(student.rotate90, (image, k), expected=ref.rotate90(image, k))


@exercise("rotate90")
def test_rotate_full_turns(student, rng):
    """no turn, four turns and more"""
    image = picture(rng, 3, 4)
    for k in (0, 4, 5, 11):
        equal(student.rotate90, (image, k), expected=ref.rotate90(image, k))


@exercise("rotate90")
def test_rotate_square(student, rng):
    """a square image"""
    image = picture(rng, 4, 4)
    for k in (1, 3):
        equal(student.rotate90, (image, k), expected=ref.rotate90(image, k))


@exercise("contrast")
def test_contrast_random(student, rng):
    """more contrast, less, and turned round, on images whose mean is not 0"""
    for factor in (1.75, 0.25, -0.5):
        image = picture(rng, 5, 4) ** 2  # mean, median and middle lie apart
        close(student.contrast, (image, factor), expected=ref.contrast(image, factor), terms=20)


@exercise("contrast")
def test_contrast_beyond(student, rng):
    """values may become negative, and greater than any before"""
    image = picture(rng, 3, 4)
    close(student.contrast, (image, 4.0), expected=ref.contrast(image, 4.0), terms=12)


@exercise("shear", weight=2)
@pytest.mark.parametrize("k", [2, -1, -2])
def test_shear_whole_steps(student, rng, k):
    """k = {k}: whole columns per row, to the right and to the left"""
    image = picture(rng, 4, 9)
    equal(student.shear, (image, k), expected=ref.shear(image, k))


@exercise("shear")
@pytest.mark.parametrize("k", [0.375, -0.64])
def test_shear_rounded(student, rng, k):
    """k = {k}: a part of a column per row, rounded to whole columns"""
    image = picture(rng, 7, 8)
    equal(student.shear, (image, k), expected=ref.shear(image, k))


@exercise("shear")
def test_shear_out_of_sight(student, rng):
    """rows that are shifted by the width of the image, and by more"""
    for k in (1, -1.375):
        image = picture(rng, 7, 3)
        equal(student.shear, (image, k), expected=ref.shear(image, k))


@exercise("shear")
def test_shear_nothing(student, rng):
    """k = 0 leaves the image alone, k = 1 does not"""
    image = picture(rng, 3, 4)
    for k in (0, 1):
        equal(student.shear, (image, k), expected=ref.shear(image, k))


# ---- mistakes


def dropout_by(
    kept: Callable[[np.random.Generator, Array, float], Array],
    scale: Callable[[float], float] = lambda p: 1 / (1 - p),
    told: Callable[[Array, float], Array] = lambda mask, p: mask,
) -> Callable[[Array, float, np.random.Generator], tuple[Array, Array]]:
    """Dropout with a way of its own to choose who is kept, to scale them, and to tell the mask."""

    def dropout(a: Array, p: float, rng: np.random.Generator) -> tuple[Array, Array]:
        mask = kept(rng, a, p)
        return a * mask * scale(p), told(mask, p)

    return dropout


def by_random(rng: np.random.Generator, a: Array, p: float) -> Array:
    return (rng.random(a.shape) >= p).astype(float)


def dropout_in_place(a: Array, p: float, rng: np.random.Generator) -> tuple[Array, Array]:
    mask = rng.random(a.shape) >= p
    a *= mask / (1 - p)
    return a, mask


def rows_by(shift: Callable[[int, float], int]) -> Callable[[Array, float], Array]:
    """Shear with a shift of its own for each row."""

    def shear(image: Array, k: float) -> Array:
        return np.concatenate([ref.translate(row[np.newaxis], 0, shift(i, k)) for i, row in enumerate(image)])

    return shear


def shear_in_place(image: Array, k: float) -> Array:
    image[:] = ref.shear(image, k)
    return image


def reflect_in_place(image: Array) -> Array:
    image[:] = image[:, ::-1].copy()
    return image


def contrast_in_place(image: Array, factor: float) -> Array:
    image[:] = ref.contrast(image, factor)
    return image


def translate_in_place(image: Array, dy: int, dx: int) -> Array:
    image[:] = ref.translate(image, dy, dx)
    return image


def edges_repeated(image: Array, dy: int, dx: int) -> Array:
    rows = np.clip(np.arange(image.shape[0]) - dy, 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) - dx, 0, image.shape[1] - 1)
    return image[np.ix_(rows, columns)]


def translate_by_slices(image: Array, dy: int, dx: int) -> Array:
    """Forgets that image[:-0] is empty."""
    out = np.zeros_like(image)
    if dy >= 0 and dx >= 0:
        out[dy:, dx:] = image[:-dy, :-dx]
        return out
    return ref.translate(image, dy, dx)


IN_PLACE = "The image handed in was changed. Fill a new array, and return that."

MISTAKES: dict[str, dict[str, tuple[Callable[..., Any], str]]] = {
    "l2_cost": {
        "half_forgotten": (
            lambda cost, weights, lmbda, n: cost + lmbda / n * sum(np.sum(w**2) for w in weights),
            "The penalty is twice as large: it is λ/(2n), not λ/n.",
        ),
        "n_forgotten": (
            lambda cost, weights, lmbda, n: cost + lmbda / 2 * sum(np.sum(w**2) for w in weights),
            "The penalty is not divided by n, the size of the training set.",
        ),
        "not_squared": (
            lambda cost, weights, lmbda, n: cost + lmbda / (2 * n) * sum(np.sum(w) for w in weights),
            "The weights are added as they are. Their squares are.",
        ),
        "l1": (
            lambda cost, weights, lmbda, n: cost + lmbda / (2 * n) * sum(np.sum(np.abs(w)) for w in weights),
            "These are absolute values: the L1 penalty. L2 adds the squares.",
        ),
        "root": (
            lambda cost, weights, lmbda, n: cost + lmbda / (2 * n) * sum(np.sqrt(np.sum(w**2)) for w in weights),
            "Norms are added. L2 adds the squares themselves, without a root.",
        ),
        "penalty_only": (
            lambda cost, weights, lmbda, n: lmbda / (2 * n) * sum(np.sum(w**2) for w in weights),
            "This is the penalty alone. Add it to the cost.",
        ),
        "last_layer_only": (
            lambda cost, weights, lmbda, n: cost + lmbda / (2 * n) * np.sum(weights[-1] ** 2),
            "Only the last layer counts. Add the squares of all layers.",
        ),
        "first_layer_only": (
            lambda cost, weights, lmbda, n: cost + lmbda / (2 * n) * np.sum(weights[0] ** 2),
            "Only the first layer counts. Add the squares of all layers.",
        ),
        "subtracted": (
            lambda cost, weights, lmbda, n: cost - lmbda / (2 * n) * sum(np.sum(w**2) for w in weights),
            "The penalty is subtracted. Large weights must cost more.",
        ),
        "mean_of_squares": (
            lambda cost, weights, lmbda, n: cost + lmbda / (2 * n) * sum(np.mean(w**2) for w in weights),
            "The mean of each layer's squares is taken. They are added.",
        ),
    },
    "l2_step": {
        "no_decay": (
            lambda w, grad, eta, lmbda, n: w - eta * grad,
            "The weights do not shrink: w is multiplied by 1 − ηλ/n first.",
        ),
        "n_forgotten": (
            lambda w, grad, eta, lmbda, n: (1 - eta * lmbda) * w - eta * grad,
            "The decay is not divided by n: the factor is 1 − ηλ/n.",
        ),
        "eta_forgotten": (
            lambda w, grad, eta, lmbda, n: (1 - lmbda / n) * w - eta * grad,
            "The decay does not depend on η: the factor is 1 − ηλ/n.",
        ),
        "growing": (
            lambda w, grad, eta, lmbda, n: (1 + eta * lmbda / n) * w - eta * grad,
            "The weights grow: the factor is 1 − ηλ/n, less than 1.",
        ),
        "uphill": (
            lambda w, grad, eta, lmbda, n: (1 - eta * lmbda / n) * w + eta * grad,
            "The step goes uphill: the gradient is subtracted.",
        ),
        "half": (
            lambda w, grad, eta, lmbda, n: (1 - eta * lmbda / (2 * n)) * w - eta * grad,
            "The decay is half as large: the derivative of λ/(2n) w² is λ/n w.",
        ),
        "decay_after": (
            lambda w, grad, eta, lmbda, n: (1 - eta * lmbda / n) * (w - eta * grad),
            "The gradient shrinks as well. Only w is multiplied by 1 − ηλ/n.",
        ),
        "sign_only": (
            lambda w, grad, eta, lmbda, n: w - eta * lmbda / n * np.sign(w) - eta * grad,
            "Every weight shrinks by the same amount: that is L1. L2 shrinks it in proportion to its size.",
        ),
        "decay_only": (
            lambda w, grad, eta, lmbda, n: (1 - eta * lmbda / n) * w,
            "The gradient is missing: subtract η grad as well.",
        ),
        "in_place": (
            (lambda w, grad, eta, lmbda, n: np.copyto(w, ref.l2_step(w, grad, eta, lmbda, n)) or w),
            "The weights handed in were changed. Make a new array.",
        ),
    },
    "dropout": {
        "not_scaled": (
            dropout_by(by_random, scale=lambda p: 1.0),
            "The survivors are not scaled. Divide them by 1 − p: then the expected sum stays.",
        ),
        "p_kept": (
            dropout_by(lambda rng, a, p: (rng.random(a.shape) < p).astype(float), scale=lambda p: 1 / p if p else 1.0),
            "p is used as the probability to keep. Here it is the probability to drop.",
        ),
        "share_exchanged": (
            dropout_by(lambda rng, a, p: (rng.random(a.shape) < p).astype(float)),
            "A share of 1 − p is dropped. p is the probability to drop: keep where rng.random(...) >= p.",
        ),
        "scaled_by_p": (
            dropout_by(by_random, scale=lambda p: 1 / p if p else 1.0),
            "The survivors are divided by p. Divide them by 1 − p, the share that is left.",
        ),
        "multiplied": (
            dropout_by(by_random, scale=lambda p: 1 - p),
            "The survivors are multiplied by 1 − p. Divide them by it.",
        ),
        "mask_scaled": (
            dropout_by(by_random, told=lambda mask, p: mask / (1 - p)),
            "The mask that is returned is scaled. It is 1 where a unit was kept.",
        ),
        "mask_of_the_dropped": (
            dropout_by(by_random, told=lambda mask, p: 1 - mask),
            "The mask is 1 where a unit was dropped. It is 1 where a unit was kept.",
        ),
        "normal_numbers": (
            dropout_by(lambda rng, a, p: (rng.standard_normal(a.shape) >= p).astype(float)),
            "The numbers are normal ones, of which half are below 0. rng.random gives them between 0 and 1.",
        ),
        "whole_rows": (
            dropout_by(lambda rng, a, p: np.broadcast_to((rng.random(a.shape[-1]) >= p).astype(float), a.shape)),
            "The same units are dropped in every sample: the mask must have the whole shape of a.",
        ),
        "own_generator": (
            dropout_by(lambda rng, a, p: by_random(np.random.default_rng(0), a, p)),
            "The numbers come from a generator of its own, so they are always the same. Draw from rng.",
        ),
        "in_place": (dropout_in_place, "The array handed in was changed: write a * mask, not a *= mask."),
        "exchanged": (
            lambda a, p, rng: ref.dropout(a, p, rng)[::-1],
            "The two results are in the wrong order: return a_dropped, mask.",
        ),
    },
    "reflect": {
        "upside_down": (lambda image: image[::-1], "The image is upside down. The mirror exchanges left and right."),
        "turned": (lambda image: image[::-1, ::-1], "The image is turned by half. Only left and right are exchanged."),
        "transposed": (lambda image: image.T, "Rows and columns are exchanged. Left and right are to be."),
        "copy": (lambda image: image.copy(), "The image is returned as it was."),
        "in_place": (reflect_in_place, IN_PLACE),
    },
    "translate": {
        "wraps_around": (
            lambda image, dy, dx: np.roll(image, (dy, dx), axis=(0, 1)),
            "What leaves on one side comes in on the other. What comes in must be 0.",
        ),
        "wrong_way": (lambda image, dy, dx: ref.translate(image, -dy, -dx), "It moves the other way: down and right."),
        "exchanged": (lambda image, dy, dx: ref.translate(image, dx, dy), "dy moves rows, dx columns: exchange them."),
        "rows_only": (lambda image, dy, dx: ref.translate(image, dy, 0), "The columns do not move: shift by dx, too."),
        "columns_only": (lambda image, dy, dx: ref.translate(image, 0, dx), "The rows do not move: shift by dy, too."),
        "edges_repeated": (edges_repeated, "The edge is repeated. What comes in must be 0."),
        "positive_only": (
            lambda image, dy, dx: ref.translate(image, abs(dy), abs(dx)),
            "A negative shift moves down or right. It must move up or left.",
        ),
        "grown": (
            lambda image, dy, dx: np.pad(image, ((max(dy, 0), max(-dy, 0)), (max(dx, 0), max(-dx, 0)))),
            "The image has grown. It keeps its shape: what leaves is lost.",
        ),
        "no_shift_lost": (
            translate_by_slices,
            "A shift by 0 loses the image: image[:-0] is empty. Compute the end from the length.",
        ),
        "in_place": (translate_in_place, IN_PLACE),
        "not_assigned": (
            lambda image, dy, dx: image.copy(),
            "The image comes back as it was. np.roll and np.pad return new arrays: assign what they return.",
        ),
    },
    "rotate90": {
        "clockwise": (lambda image, k: np.rot90(image, -k), "It turns clockwise. Here it turns counter-clockwise."),
        "once": (lambda image, k: np.rot90(image), "It turns once, whatever k is."),
        "half_turns": (
            lambda image, k: np.rot90(image, 2 * k),
            "It turns by half a turn k times. A quarter is wanted.",
        ),
        "transposed": (
            lambda image, k: image.T if k % 2 else image,
            "A transposed image is mirrored, not turned. Turn the rows round as well.",
        ),
        "one_turn_more": (lambda image, k: np.rot90(image, k + 1), "One quarter turn too many."),
        "up_to_three": (
            lambda image, k: np.rot90(image, k) if k < 4 else image.copy(),
            "More than three quarter turns leave the image alone. Only the remainder of k by 4 counts.",
        ),
        "square_kept": (
            lambda image, k: np.resize(np.rot90(image, k), image.shape),
            "The shape stays as it was. A quarter turn exchanges height and width.",
        ),
    },
    "contrast": {
        "about_zero": (
            lambda image, factor: factor * image,
            "The image is scaled about 0, so it gets brighter. Scale its distance to the mean.",
        ),
        "about_the_middle": (
            lambda image, factor: (image.min() + image.max()) / 2 * (1 - factor) + factor * image,
            "It is scaled about the middle between darkest and brightest. The mean is wanted.",
        ),
        "mean_lost": (
            lambda image, factor: factor * (image - image.mean()),
            "The mean is taken off and not put back.",
        ),
        "clipped": (
            lambda image, factor: np.clip(ref.contrast(image, factor), image.min(), image.max()),
            "The values are cut to the range they came from. Nothing is clipped here.",
        ),
        "clipped_at_zero": (
            lambda image, factor: np.maximum(ref.contrast(image, factor), 0),
            "Negative values are cut to 0. Nothing is clipped here.",
        ),
        "divided": (
            lambda image, factor: ref.contrast(image, 1 / factor if factor else 0.0),
            "The distance to the mean is divided by the factor. Multiply it.",
        ),
        "about_the_median": (
            lambda image, factor: np.median(image) + factor * (image - np.median(image)),
            "It is scaled about the median. The mean is wanted.",
        ),
        "each_row": (
            lambda image, factor: (
                image.mean(axis=1, keepdims=True) + factor * (image - image.mean(axis=1, keepdims=True))
            ),
            "Each row is scaled about its own mean. The mean of the whole image is wanted.",
        ),
        "each_column": (
            lambda image, factor: image.mean(axis=0) + factor * (image - image.mean(axis=0)),
            "Each column is scaled about its own mean. The mean of the whole image is wanted.",
        ),
        "in_place": (contrast_in_place, IN_PLACE),
    },
    "shear": {
        "wrong_way": (rows_by(lambda i, k: -round(k * i)), "The rows move to the left. They move to the right."),
        "wraps_around": (
            lambda image, k: np.stack([np.roll(row, round(k * i)) for i, row in enumerate(image)]),
            "What leaves on one side comes in on the other. What comes in must be 0.",
        ),
        "cut_off": (
            rows_by(lambda i, k: int(k * i)),
            "The shift is cut to a whole number. It is rounded: round(k * i).",
        ),
        "floor": (
            rows_by(lambda i, k: int(np.floor(k * i))),
            "The shift is rounded down. It is rounded to the nearest whole number: round(k * i).",
        ),
        "ceil": (
            rows_by(lambda i, k: int(np.ceil(k * i))),
            "The shift is rounded up. It is rounded to the nearest whole number: round(k * i).",
        ),
        "factor_rounded": (
            rows_by(lambda i, k: round(k) * i),
            "k is rounded before it is multiplied by the row. Round the product: round(k * i).",
        ),
        "one_row_early": (
            rows_by(lambda i, k: round(k * (i + 1))),
            "The first row moves as well. Row i moves by round(k·i), so row 0 stays.",
        ),
        "all_rows_alike": (rows_by(lambda i, k: round(k)), "All rows move alike. Row i moves by round(k·i)."),
        "columns": (
            lambda image, k: rows_by(lambda i, k: round(k * i))(image.T, k).T,
            "The columns are shifted down. The rows are shifted to the right.",
        ),
        "added_up": (
            rows_by(lambda i, k: sum(round(k) for _ in range(i)) + (i if abs(k) < 0.5 else 0)),
            "A part of a column is lost or gained in every row. Round the whole shift: round(k * i).",
        ),
        "in_place": (shear_in_place, IN_PLACE),
        "not_assigned": (
            lambda image, k: image.copy(),
            "The image comes back as it was. A shifted row is a new array: assign it to the row of the result.",
        ),
    },
}


# ---- right answers of other kinds


def shifted_in_loops(image: Array, dy: Callable[[int], int], dx: Callable[[int], int]) -> list[list[float]]:
    height, width = image.shape
    return [
        [
            float(image[i - dy(i), j - dx(i)]) if 0 <= i - dy(i) < height and 0 <= j - dx(i) < width else 0.0
            for j in range(width)
        ]
        for i in range(height)
    ]


def translate_by_roll(image: Array, dy: int, dx: int) -> Array:
    out = np.roll(image, (dy, dx), axis=(0, 1))
    height, width = image.shape
    rows = np.arange(height)[:, np.newaxis] - dy
    columns = np.arange(width) - dx
    return out * ((rows >= 0) & (rows < height) & (columns >= 0) & (columns < width))


def rotate_step_by_step(image: Array, k: int) -> Array:
    for _ in range(k % 4):
        image = image.T[::-1]
    return image


def dropout_by_choice(a: Array, p: float, rng: np.random.Generator) -> tuple[Array, Array]:
    mask = rng.choice([0, 1], size=a.shape, p=[p, 1 - p])
    return np.where(mask == 1, a / (1 - p), 0), mask


def dropout_one_by_one(a: Array, p: float, rng: np.random.Generator) -> tuple[Array, Array]:
    mask = np.array([0.0 if rng.random() < p else 1.0 for _ in range(a.size)]).reshape(a.shape)
    return mask * a / (1 - p), mask


def dropout_single(a: Array, p: float, rng: np.random.Generator) -> tuple[Array, Array]:
    keep = rng.uniform(0, 1, a.shape) > p
    return np.float32(a) * keep / np.float32(1 - p), keep


def l2_cost_in_loops(cost: float, weights: list[Array], lmbda: float, n: int) -> float:
    for w in weights:
        for value in w.ravel():
            cost += lmbda * float(value) ** 2 / (2 * n)
    return cost


ALTERNATIVES = {
    "l2_cost": {
        "loops": l2_cost_in_loops,
        "dot": lambda cost, weights, lmbda, n: cost + 0.5 * lmbda / n * sum(np.vdot(w, w) for w in weights),
        "norm": lambda cost, weights, lmbda, n: (
            cost + lmbda * sum(np.linalg.norm(np.float32(w)) ** 2 for w in weights) / n / 2
        ),
    },
    "l2_step": {
        "penalty_in_gradient": lambda w, grad, eta, lmbda, n: w - eta * (grad + lmbda / n * w),
        "float32": lambda w, grad, eta, lmbda, n: ref.l2_step(np.float32(w), np.float32(grad), eta, lmbda, n),
    },
    "dropout": {
        "choice": dropout_by_choice,
        "one_by_one": dropout_one_by_one,
        "float32": dropout_single,
        "binomial": dropout_by(lambda rng, a, p: rng.binomial(1, 1 - p, a.shape)),
        "backwards": dropout_by(lambda rng, a, p: rng.random(a.shape[::-1]).T + p < 1),
    },
    "reflect": {"fliplr": np.fliplr, "gather": lambda image: image[:, np.arange(image.shape[1])[::-1]]},
    "translate": {
        "roll": translate_by_roll,
        "loops": lambda image, dy, dx: shifted_in_loops(image, lambda i: dy, lambda i: dx),
    },
    "rotate90": {
        "step_by_step": rotate_step_by_step,
        "numpy": np.rot90,
        "flips": lambda image, k: [image, image.T[::-1], image[::-1, ::-1], image.T[:, ::-1]][k % 4],
    },
    "contrast": {
        "mixed": lambda image, factor: factor * image + (1 - factor) * np.average(image),
        "float32": lambda image, factor: ref.contrast(np.float32(image), factor),
    },
    "shear": {
        "loops": lambda image, k: shifted_in_loops(image, lambda i: 0, lambda i: round(k * i)),
        "by_rows": rows_by(lambda i, k: int(np.floor(k * i + 0.5))),
    },
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "l2_cost": (
        (
            "Large weights cost extra. Add up the squares of all weights in all layers, scale the sum, and add it to "
            "the cost."
        ),
        (
            "cost + lmbda / (2n) · Σ w², over all entries of all arrays. The arrays have different shapes, so each "
            "of them is squared and summed by itself."
        ),
        (
            "total ← 0\n"
            "for each array in the list: add the sum of its squares to total\n"
            "return cost plus the factor times total (the factor divides by 2n, so mind the brackets)"
        ),
    ),
    "l2_step": (
        (
            "The weights first shrink by a factor that is slightly below 1. Then they take the usual step against "
            "the gradient."
        ),
        "new w = (1 − eta·lmbda/n) · w − eta · grad, with the shape of w. The shrinking uses w, not the gradient.",
        (
            "factor ← 1 minus what regularization takes away\n"
            "return a new array: the shrunken w minus the step (do not write to w)"
        ),
    ),
    "dropout": (
        (
            "Draw a random number for each entry, and keep the entry if the number says so. The entries that stay "
            "are made larger, so that the sum is the same on average."
        ),
        (
            "An entry is dropped with probability p: a uniform number in [0, 1) is below p exactly that often. mask "
            "is 1 if kept, else 0, of a's shape; a_dropped = a · mask / (1 − p)."
        ),
        (
            "draws ← uniform numbers from rng, one for each entry of a\n"
            "mask ← is the draw on the side that is kept? (p is the probability to drop)\n"
            "scaled ← the entries of a under the mask, over the probability to keep\n"
            "return scaled and the unscaled mask"
        ),
    ),
    "reflect": (
        "Every row is read from right to left. The rows themselves stay where they are.",
        "out[j, k] = image[j, W − 1 − k]. A slice with step −1 reverses an axis, and the columns are axis 1.",
        ("one slice with two parts: all rows as they are, all columns backwards\nreturn it"),
    ),
    "translate": (
        (
            "Every pixel moves by the same offset, pixels that leave are lost, and 0 comes in. Nothing comes in "
            "again on the other side, so np.roll is not enough."
        ),
        (
            "out[j, k] = image[j − dy, k − dx] if both indices are inside the image, else 0. Negative indices would "
            "wrap around: test for them, or cut a window out of a padded image."
        ),
        (
            "one way: pad the image with |dy| rows and |dx| columns of zeros on each side\n"
            "then cut out a window (H, W); if the content is to move down, the window starts higher up\n"
            "or: zeros of the image's shape, and two nested loops that copy a pixel only if its source exists"
        ),
    ),
    "rotate90": (
        (
            "One quarter turn makes the last column the first row. Do it k times, or find NumPy's function for it "
            "and check its direction with the example."
        ),
        (
            "One turn: out[j, l] = image[l, W − 1 − j], of shape (W, H). That is a transposition, then a reversal of "
            "the rows. Four turns change nothing."
        ),
        (
            "repeat k times: transpose, then reverse the order of the rows\n"
            "return the result; for k = 0 it is the image itself\n"
            "(np.rot90 does the same in one call)"
        ),
    ),
    "contrast": (
        "Measure each pixel from the image's mean. Scale these distances, and add the mean again.",
        (
            "out = mean + factor · (image − mean); mean is one number for the whole image. With factor 1 nothing "
            "changes, with 0 all pixels become the mean."
        ),
        (
            "mean ← mean of all pixels\n"
            "distances ← image minus mean\n"
            "return mean plus the scaled distances, without clipping or rounding"
        ),
    ),
    "shear": (
        (
            "Each row is moved to the right as a whole, by a number of columns that grows with the row's index. You "
            "can already move an image."
        ),
        (
            "Row i moves by round(k·i) columns, with zeros coming in: out[i, j] = image[i, j − round(k·i)] if that "
            "pixel exists, else 0."
        ),
        (
            "for each row i:\n"
            "    steps ← round(k·i)\n"
            "    moved ← this row as an image (1, W), moved by steps columns and by no rows\n"
            "collect the moved rows, and return them as one array (H, W)"
        ),
    ),
}
