"""The hidden tests of 02_activations, its catalogue of mistakes, and right answers of other kinds.

What holds for every function of z is one test of each of them. Entries are multiples of 1/8, so that float32 rounds
nothing away before the function is asked.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder import close, exercise, unchanged
from reference_impl import activations as ref

Array = np.ndarray
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softmax")
PRIMES = ("sigmoid_prime", "tanh_prime", "relu_prime", "leaky_relu_prime")
UNBOUNDED = ("relu", "leaky_relu", "elu")  # the others never leave [-1, 1]
FAR = np.array([[1.0, 6.0, 20.0, 88.5, 360.0], [9.0, 709.5, 710.0, 750.0, 9_999.875]])


def eighths(rng: np.random.Generator, *shape: int) -> Array:
    """Random multiples of 1/8 between -3 and 3, none of them 0."""
    return rng.integers(1, 25, shape) * rng.choice([-1, 1], shape) / 8


def scale_of(name: str) -> float | None:
    return None if name in UNBOUNDED else 1.0


@exercise(*ACTIVATIONS, *PRIMES)
def test_random(student, rng, name):
    """many numbers between -3 and 3"""
    z = eighths(rng, 40) / 3  # no short decimal numbers
    close(getattr(student, name), (z,), expected=getattr(ref, name)(z), scale=scale_of(name))


@exercise(*ACTIVATIONS, *PRIMES)
def test_three_axes(student, rng, name):
    """every shape is kept: three axes, a single row, a single column"""
    for shape in ((2, 3, 4), (1, 5), (5, 1)):
        z = eighths(rng, *shape)
        close(getattr(student, name), (z,), expected=getattr(ref, name)(z), scale=scale_of(name))


@exercise(*ACTIVATIONS, *PRIMES)
def test_far_away(student, name):
    """near 0 and far from it on either side, up to 10,000"""
    for z in (FAR, -FAR):
        close(getattr(student, name), (z,), expected=getattr(ref, name)(z), scale=scale_of(name))


@exercise(*ACTIVATIONS)
def test_whole_numbers(student, rng, name):
    """numbers of type int64"""
    z = np.append(2, rng.permutation(np.arange(-3, 4)))  # the first is positive: its type must not be that of all
    close(getattr(student, name), (z,), expected=getattr(ref, name)(z), scale=scale_of(name))


@exercise("sigmoid", "tanh", "leaky_relu", "elu", "softmax", *PRIMES)
def test_argument(student, rng, name):
    """a larger z stays as it was"""
    z = eighths(rng, 3, 4)
    unchanged(getattr(student, name), (z,), expected=getattr(ref, name)(z))


@exercise("leaky_relu", "elu", "leaky_relu_prime")
def test_alpha(student, rng, name):
    """several values of alpha, given by position and by name"""
    z = eighths(rng, 3, 5)
    for alpha in (0.625, 0.375):
        close(getattr(student, name), (z, alpha), expected=getattr(ref, name)(z, alpha))
        close(getattr(student, name), (z,), {"alpha": alpha}, expected=getattr(ref, name)(z, alpha))


@exercise("leaky_relu", "elu", "leaky_relu_prime")
def test_alpha_at_its_ends(student, rng, name):
    """alpha 0 and alpha 1"""
    z = eighths(rng, 9)
    for alpha in (0.0, 1.0):
        close(getattr(student, name), (z, alpha), expected=getattr(ref, name)(z, alpha))


@exercise("elu")
def test_elu_alpha_above_one(student, rng):
    """alpha greater than 1"""
    z = eighths(rng, 9)
    close(student.elu, (z, 2.5), expected=ref.elu(z, 2.5))


@exercise("relu_prime", "leaky_relu_prime", weight=2)
def test_at_zero(student, name):
    """what counts as the slope at 0 itself, and just beside it"""
    z = np.array([0.0, -0.0, 2.0**-40, -(2.0**-40)])
    close(getattr(student, name), (z,), expected=getattr(ref, name)(z))


@exercise("softmax")
def test_softmax_far_rows(student):
    """rows that lie far apart from each other"""
    z = np.array([[1000.0, 999.0, 1001.5], [-1000.0, -1000.5, -999.0], [0.0, 1.0, 0.5]])
    close(student.softmax, (z,), expected=ref.softmax(z), scale=1)


@exercise("softmax")
def test_softmax_square(student, rng):
    """as many samples as classes"""
    z = eighths(rng, 4, 4)
    close(student.softmax, (z,), expected=ref.softmax(z), scale=1)


@exercise("softmax")
@pytest.mark.parametrize("shape", [(1, 4), (5, 2)])
def test_softmax_small(student, rng, shape):
    """a single sample, two classes: z of shape {shape}"""
    z = eighths(rng, *shape)
    close(student.softmax, (z,), expected=ref.softmax(z), scale=1)


# ---- neurons


def cubic(z):
    """Neither odd nor even, and nowhere the identity."""
    z = np.asarray(z)
    return z**3 - 2 * z**2 + 0.5


@exercise("neuron")
def test_neuron_random(student, rng):
    """many samples, five inputs, an activation of any kind"""
    x, w = eighths(rng, 7, 5), eighths(rng, 5)
    for b in (1.5, -0.75):
        close(student.neuron, (x, w, b, cubic), expected=ref.neuron(x, w, b, cubic), terms=200)


@exercise("neuron")
def test_neuron_single(student, rng):
    """one sample of five inputs"""
    for x in eighths(rng, 3, 5):
        args = (x, eighths(rng, 5), 1.25, cubic)
        close(student.neuron, args, expected=ref.neuron(*args), terms=200)


@exercise("neuron")
@pytest.mark.parametrize("shape", [(1, 4), (6, 1), (4, 4)])
def test_neuron_small(student, rng, shape):
    """a batch of one sample, a neuron with one input, as many samples as inputs: x of shape {shape}"""
    args = (eighths(rng, *shape), eighths(rng, shape[1]), -1.5, cubic)
    close(student.neuron, args, expected=ref.neuron(*args), terms=200)


@exercise("neuron")
def test_neuron_integers(student, rng):
    """inputs and weights of type int64"""
    args = (rng.integers(-3, 4, (5, 3)), np.array([2, -1, 1]), 1, cubic)
    close(student.neuron, args, expected=ref.neuron(*args), terms=200)


@exercise("neuron")
def test_neuron_arguments(student, rng):
    """larger arguments stay as they were"""
    args = (eighths(rng, 5, 3), eighths(rng, 3), 0.75, cubic)
    unchanged(student.neuron, args, expected=ref.neuron(*args), terms=200)


def pieces(rng: np.random.Generator, n: int, d: int, k: int) -> tuple[Array, Array, Array]:
    """(x (n, d), W (k, d), b (k,)) with biases far enough apart to decide which piece is largest."""
    return eighths(rng, n, d), eighths(rng, k, d), rng.permutation(np.arange(k)) * 2.0 - k


@exercise("maxout")
def test_maxout_random(student, rng):
    """many samples, five inputs, three pieces"""
    for _ in range(3):
        args = pieces(rng, 8, 5, 3)
        close(student.maxout, args, expected=ref.maxout(*args), terms=6)


@exercise("maxout")
def test_maxout_single(student, rng):
    """one sample of four inputs"""
    for _ in range(3):
        x, W, b = pieces(rng, 1, 4, 3)
        close(student.maxout, (x[0], W, b), expected=ref.maxout(x[0], W, b), terms=5)


@exercise("maxout")
def test_maxout_negative(student, rng):
    """pieces that are all negative"""
    x, W, b = pieces(rng, 6, 2, 3)
    args = (x, W, b - 2000)
    close(student.maxout, args, expected=ref.maxout(*args), terms=3)


@exercise("maxout")
@pytest.mark.parametrize("sizes", [(1, 4, 3), (6, 1, 2), (5, 3, 1)])
def test_maxout_small(student, rng, sizes):
    """a batch of one sample, one input, one piece: sizes {sizes}"""
    args = pieces(rng, *sizes)
    close(student.maxout, args, expected=ref.maxout(*args), terms=5)


@exercise("maxout")
def test_maxout_square(student, rng):
    """as many samples as inputs and pieces"""
    args = pieces(rng, 4, 4, 4)
    close(student.maxout, args, expected=ref.maxout(*args), terms=5)


@exercise("maxout")
def test_maxout_integers(student, rng):
    """everything of type int64, and the samples alone"""
    x, W, b = rng.integers(-3, 4, (5, 2)), np.array([[1, -2], [3, 1], [-1, 2]]), np.array([0, -3, 2])
    for args in ((x, W, b), (x, W / 8, b)):
        close(student.maxout, args, expected=ref.maxout(*args), terms=3)


@exercise("maxout")
def test_maxout_arguments(student, rng):
    """larger arguments stay as they were"""
    args = pieces(rng, 5, 2, 3)
    unchanged(student.maxout, args, expected=ref.maxout(*args), terms=3)


# ---- costs


@exercise("quadratic_cost")
def test_quadratic_one_output(student, rng):
    """samples of one output, several numbers of them"""
    for n in (1, 3, 10):
        args = (eighths(rng, n), eighths(rng, n))
        close(student.quadratic_cost, args, expected=ref.quadratic_cost(*args), terms=n)


@exercise("quadratic_cost")
@pytest.mark.parametrize("shape", [(6, 3), (2, 5), (4, 4), (5, 1)])
def test_quadratic_several_outputs(student, rng, shape):
    """more samples than outputs, fewer, as many, one output as a column: shape {shape}"""
    args = (eighths(rng, *shape), eighths(rng, *shape))
    close(student.quadratic_cost, args, expected=ref.quadratic_cost(*args), terms=20)


@exercise("quadratic_cost")
def test_quadratic_arguments(student, rng):
    """larger arguments stay as they were"""
    args = (eighths(rng, 4, 3), eighths(rng, 4, 3))
    unchanged(student.quadratic_cost, args, expected=ref.quadratic_cost(*args), terms=12)


@exercise("quadratic_cost")
def test_quadratic_integers(student, rng):
    """answers and targets of type int64"""
    args = (rng.integers(-4, 5, (5, 3)), rng.integers(-4, 5, (5, 3)))
    close(student.quadratic_cost, args, expected=ref.quadratic_cost(*args))


def uncertain(rng: np.random.Generator, *shape: int) -> Array:
    """Numbers between 1/16 and 15/16."""
    return rng.integers(1, 16, shape) / 16


@exercise("binary_cross_entropy")
def test_binary_random(student, rng):
    """several numbers of samples, both classes"""
    for n in (5, 12):
        a, y = uncertain(rng, n), (np.arange(n) % 3 == 0).astype(float)
        close(student.binary_cross_entropy, (a, y), expected=ref.binary_cross_entropy(a, y), terms=n)


@exercise("binary_cross_entropy")
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_binary_one_sample(student, rng, target):
    """a single sample of the class {target:g}"""
    for a in (uncertain(rng, 1), np.array([abs(target - 2.0**-16)]), np.array([abs(target - 1 + 2.0**-16)])):
        y = np.array([target])
        close(student.binary_cross_entropy, (a, y), expected=ref.binary_cross_entropy(a, y))


@exercise("binary_cross_entropy")
def test_binary_targets_between(student, rng):
    """targets between 0 and 1"""
    a, y = uncertain(rng, 6), uncertain(rng, 6)
    a[4] = y[4]  # as good as it gets, and still not free
    close(student.binary_cross_entropy, (a, y), expected=ref.binary_cross_entropy(a, y), terms=6)


@exercise("binary_cross_entropy")
@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_binary_exactly_right(student, rng, certain):
    """some answers are exactly {certain:g}, and right; they stay as they were"""
    a, y = np.append(uncertain(rng, 4), certain), np.array([1.0, 0.0, 0.0, 1.0, certain])
    unchanged(student.binary_cross_entropy, (a, y), expected=ref.binary_cross_entropy(a, y), terms=5)


@exercise("binary_cross_entropy", "cross_entropy")
def test_cost_arguments(student, rng, name):
    """larger arguments stay as they were"""
    shape = (6,) if name == "binary_cross_entropy" else (4, 3)
    y = np.zeros(shape)
    y[..., 1] = 1
    args = (uncertain(rng, *shape), y)
    unchanged(getattr(student, name), args, expected=getattr(ref, name)(*args), terms=12)


def one_hot(rng: np.random.Generator, n: int, k: int) -> tuple[Array, Array]:
    """(a, y), both (n, k): random shares of every class, and a class for each sample."""
    a = uncertain(rng, n, k)
    return a / a.sum(axis=1, keepdims=True), np.eye(k)[rng.integers(k, size=n)]


@exercise("cross_entropy")
@pytest.mark.parametrize("shape", [(7, 3), (2, 5), (4, 4)])
def test_cross_entropy_random(student, rng, shape):
    """more samples than classes, fewer, as many: shape {shape}"""
    args = one_hot(rng, *shape)
    close(student.cross_entropy, args, expected=ref.cross_entropy(*args), terms=8)


@exercise("cross_entropy")
def test_cross_entropy_one_sample(student, rng):
    """a single sample"""
    a, y = one_hot(rng, 1, 4)
    for shares in (a, np.where(y == 1, 2.0**-16, 0.3)):
        close(student.cross_entropy, (shares, y), expected=ref.cross_entropy(shares, y))


@exercise("cross_entropy")
def test_cross_entropy_exactly_right(student, rng):
    """one sample is answered with exactly 1 for its class; the shares stay as they were"""
    a, y = one_hot(rng, 4, 3)
    a[2] = y[2]
    unchanged(student.cross_entropy, (a, y), expected=ref.cross_entropy(a, y), terms=4)


@exercise("gradient_bound")
def test_bound_deep(student):
    """three to forty layers"""
    for depth in (3, 4, 12, 40):
        close(student.gradient_bound, (depth,), expected=ref.gradient_bound(depth))


@exercise("gradient_bound")
def test_bound_shallow(student):
    """no layer puts no factor on a gradient, one layer puts one"""
    for depth in (0, 1):
        close(student.gradient_bound, (depth,), expected=ref.gradient_bound(depth))


# ---- mistakes


def plain(z: Array) -> Array:
    """The formula as it is printed, which overflows."""
    return 1 / (1 + np.exp(-z))


def each(scalar: Callable[..., float]) -> Callable[..., Array]:
    """The function that asks for one number after the other."""

    def apply(z: Array, *arguments: Any, **options: Any) -> Array:
        return np.array([scalar(float(v), *arguments, **options) for v in np.ravel(z)]).reshape(np.shape(z))

    return apply


def in_single(name: str) -> Callable[..., Any]:
    """The reference's answer to its arguments in float32."""

    def answer(*arguments: Any, **options: Any) -> Any:
        single = [np.float32(value) if isinstance(value, np.ndarray) else value for value in arguments]
        return np.float32(getattr(ref, name)(*single, **options))

    return answer


def stable_in_place_of_type(z: Array) -> Array:
    """Right, but for the buffer: it has the type of z."""
    out = np.zeros_like(z)
    out[z >= 0] = 1 / (1 + np.exp(-z[z >= 0]))
    out[z < 0] = np.exp(z[z < 0]) / (1 + np.exp(z[z < 0]))
    return out


def relu_in_place(z: Array) -> Array:
    z[z < 0] = 0
    return z


def leaky_in_place(z: Array, alpha: float = 0.1) -> Array:
    z[z < 0] *= alpha
    return z


def elu_in_place(z: Array, alpha: float = 1.0) -> Array:
    z[z < 0] = alpha * (np.exp(z[z < 0]) - 1)
    return z


def relu_prime_in_place(z: Array) -> Array:
    z[z <= 0] = 0
    z[z > 0] = 1
    return z


def softmax_in_place(z: Array) -> Array:
    z -= z.max(axis=-1, keepdims=True)
    return ref.softmax(z)


def scores(z: Array, axis: int | None = -1, shift: int | None = -1, f: Callable[[Array], Array] = np.exp) -> Array:
    """Softmax over an axis, with the maximum of another taken off."""
    e = f(z - np.max(z, axis=shift, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def relu_loop_over_rows(z: Array) -> Array:
    """Works for a matrix only."""
    rows, columns = z.shape
    return np.array([[max(0.0, z[i, j]) for j in range(columns)] for i in range(rows)])


SWAPPED = "The branches are exchanged: the positive side is the one that stays as it is."
OVERFLOW = (
    "The values are right, but an exponential overflows on the way, also where np.where throws it away: both of its "
    "branches are computed. One exponential that never overflows serves both sides: np.exp(-np.abs(z))."
)
EXPONENT_OF_ALL = (
    "The values are right, but np.where computes both branches, so e^z overflows where z is large. "
    "Ask for np.exp(np.minimum(z, 0))."
)
ALPHA_FIXED = "The slope is the same whatever alpha is. Use the parameter alpha, not a number."
HUNDREDTH = "The slope is 0.01 when none is given. Here the default is alpha=0.1."
IN_PLACE = "The array handed in was changed: writing to z[...] writes to the caller's array. Make a new one."
ACTIVATION_TAKEN = (
    "It looks as if the argument were taken for the activation. Here it is z, the weighted input: "
    "compute the activation from it first."
)

MISTAKES = {
    "sigmoid": {
        "overflow": (plain, OVERFLOW),
        "sign": (
            lambda z: 1 / (1 + np.exp(z)),
            "The curve falls where it must rise: the exponent is z, and must be −z.",
        ),
        "overflow_to_nan": (
            lambda z: np.exp(z) / (1 + np.exp(z)),
            "e^z/(1 + e^z) is infinity by infinity for large z. Use it for negative z only, "
            "and 1/(1 + e^−z) for the others.",
        ),
        "brackets": (
            lambda z: 1 / 1 + np.exp(-z),
            "A pair of brackets is missing: 1 / 1 + e^−z is 1 + e^−z. The whole sum is the denominator.",
        ),
        "tanh": (np.tanh, "This is tanh, from −1 to 1. The sigmoid runs from 0 to 1."),
        "stretched": (
            lambda z: 2 * ref.sigmoid(z) - 1,
            "This runs from −1 to 1. The sigmoid runs from 0 to 1: leave out the 2 and the −1.",
        ),
        "step": (
            lambda z: (z > 0).astype(float),
            "This is the perceptron's step, 0 or 1. The sigmoid goes smoothly from 0 to 1.",
        ),
        "derivative": (
            lambda z: ref.sigmoid_prime(z),
            "This is the derivative of the sigmoid. The sigmoid itself is wanted.",
        ),
        "buffer_of_whole_numbers": (
            stable_in_place_of_type,
            "The results are cut to whole numbers where z holds whole numbers: np.zeros_like(z) has the type of z. "
            "Ask for np.zeros(z.shape).",
        ),
        "first_axis_only": (
            lambda z: np.array([1 / (1 + math.exp(min(-v, 700.0))) for v in z]),
            "The loop runs over the first axis only. Use np.exp on the whole array: it takes any shape.",
        ),
    },
    "tanh": {
        "overflow_to_nan": (
            lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
            "The quotient of exponentials is infinity by infinity far from 0. np.tanh knows better, "
            "and so does 2σ(2z) − 1 with a σ that does not overflow.",
        ),
        "overflow": (
            lambda z: 2 / (1 + np.exp(-2 * z)) - 1,
            "The values are right, but e^−2z overflows where z is far below 0. np.tanh does without.",
        ),
        "half_argument": (
            lambda z: 2 * ref.sigmoid(z) - 1,
            "This is tanh(z/2), as 2σ(z) − 1 gives it. tanh(z) is 2σ(2z) − 1.",
        ),
        "upside_down": (
            lambda z: 1 / np.tanh(z),
            "Numerator and denominator are exchanged: the difference belongs above, the sum below.",
        ),
        "sinh": (
            lambda z: np.sinh(np.clip(z, -700, 700)),
            "The denominator e^z + e^−z is missing: this grows without bound.",
        ),
        "sigmoid": (lambda z: ref.sigmoid(z), "This is the sigmoid, from 0 to 1. tanh runs from −1 to 1."),
        "sign": (lambda z: -np.tanh(z), "The sign is turned round: tanh is positive where z is."),
        "derivative": (lambda z: 1 - np.tanh(z) ** 2, "This is the derivative of tanh. tanh itself is wanted."),
    },
    "relu": {
        "absolute": (np.abs, "Negative numbers lose their sign only. Here they become 0."),
        "leaky": (lambda z: np.where(z > 0, z, 0.1 * z), "Negative numbers are scaled. Here they become 0."),
        "swapped": (lambda z: np.minimum(z, 0), SWAPPED),
        "step": (lambda z: (z > 0).astype(float), "Positive numbers become 1. Here they stay as they are."),
        "clipped": (lambda z: np.clip(z, 0, 1), "Numbers above 1 are cut off. Here every positive number stays."),
        "largest_only": (
            lambda z: max(0, np.max(z)),
            "One number for the whole array is returned. np.maximum(0, z) compares each entry with 0.",
        ),
        "kept_only": (
            lambda z: z[z > 0],
            "Only the positive entries are returned. The others stay in place, as 0.",
        ),
        "sigmoid": (lambda z: ref.sigmoid(z), "This is the sigmoid. ReLU is max(0, z)."),
        "in_place": (relu_in_place, IN_PLACE),
        "matrices_only": (
            relu_loop_over_rows,
            "It works for a matrix only. np.maximum(0, z) takes any number of axes.",
        ),
    },
    "leaky_relu": {
        "default_of_a_hundredth": (lambda z, alpha=0.01: ref.leaky_relu(z, alpha), HUNDREDTH),
        "alpha_ignored": (lambda z, alpha=0.1: ref.leaky_relu(z, 0.1), ALPHA_FIXED),
        "relu": (lambda z, alpha=0.1: np.maximum(0, z), "Negative numbers become 0. Here they become alpha·z."),
        "swapped": (lambda z, alpha=0.1: np.where(z > 0, alpha * z, z), SWAPPED),
        "alpha_itself": (
            lambda z, alpha=0.1: np.where(z > 0, z, alpha),
            "Negative numbers become alpha. They become alpha times z.",
        ),
        "at_least_alpha": (
            lambda z, alpha=0.1: np.maximum(alpha, z),
            "This is max(alpha, z). The other line is alpha·z: max(alpha·z, z).",
        ),
        "sign": (
            lambda z, alpha=0.1: np.where(z > 0, z, -alpha * z),
            "The negative side is turned upwards. It falls: alpha·z, which is negative there.",
        ),
        "elu": (
            lambda z, alpha=0.1: ref.elu(z, alpha),
            "This is the ELU, with an exponential. Here the negative side is a straight line.",
        ),
        "minus_alpha": (
            lambda z, alpha=0.1: np.where(z > 0, z, z - alpha),
            "alpha is subtracted from negative numbers. It is a slope: multiply by it.",
        ),
        "in_place": (leaky_in_place, IN_PLACE),
    },
    "elu": {
        "overflow": (lambda z, alpha=1.0: np.where(z > 0, z, alpha * (np.exp(z) - 1)), EXPONENT_OF_ALL),
        "overflow_to_nan": (
            lambda z, alpha=1.0: (z > 0) * z + (z <= 0) * alpha * (np.exp(z) - 1),
            "Where z is large, 0 times infinity is nan. Keep the exponent at 0 or below: np.exp(np.minimum(z, 0)).",
        ),
        "alpha_ignored": (
            lambda z, alpha=1.0: ref.elu(z, 1.0),
            "The negative side is the same whatever alpha is. Multiply e^z − 1 by alpha.",
        ),
        "minus_one_forgotten": (
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0))),
            "The −1 is missing: the curve must meet 0 at z = 0. It is alpha·(e^z − 1).",
        ),
        "brackets": (
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0)) - 1),
            "alpha multiplies e^z only. Brackets: alpha·(e^z − 1).",
        ),
        "sign": (
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * (1 - np.exp(np.minimum(z, 0)))),
            "The negative side is turned upwards. It is alpha·(e^z − 1), which is negative there.",
        ),
        "minus_z": (
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * (np.exp(np.minimum(-z, 700)) - 1)),
            "The exponent is −z, which grows where z falls. It is e^z − 1.",
        ),
        "leaky": (
            lambda z, alpha=1.0: np.where(z > 0, z, alpha * z),
            "This is the leaky ReLU, a straight line. Here the negative side is alpha·(e^z − 1).",
        ),
        "relu": (lambda z, alpha=1.0: np.maximum(0, z), "Negative numbers become 0. Here they become alpha·(e^z − 1)."),
        "alpha_on_both_sides": (
            lambda z, alpha=1.0: alpha * ref.elu(z),
            "alpha multiplies the positive side, too. There z stays as it is.",
        ),
        "default_of_a_tenth": (
            lambda z, alpha=0.1: ref.elu(z, alpha),
            "alpha is 0.1 when none is given. Here the default is alpha=1.0.",
        ),
        "in_place": (elu_in_place, IN_PLACE),
    },
    "neuron": {
        "bias_forgotten": (lambda x, w, b, g: g(x @ w), "The bias is missing: g is asked at w·x + b."),
        "bias_outside": (lambda x, w, b, g: g(x @ w) + b, "The bias is added after g. It belongs inside: g(w·x + b)."),
        "bias_subtracted": (lambda x, w, b, g: g(x @ w - b), "The bias is used like a threshold. It is added."),
        "activation_forgotten": (
            lambda x, w, b, g: x @ w + b,
            "This is the weighted input w·x + b itself. The neuron answers with g of it.",
        ),
        "always_sigmoid": (
            lambda x, w, b, g: ref.sigmoid(x @ w + b),
            "It is always the sigmoid. The activation is handed in: use g.",
        ),
        "always_step": (
            lambda x, w, b, g: (x @ w + b > 0) * 1,
            "This is the perceptron's step. The activation is handed in: use g.",
        ),
        "one_sum_for_all": (
            lambda x, w, b, g: g(np.sum(x * w) + b),
            "All samples are added into one sum. Sum over the inputs only: each row of x gets its own answer.",
        ),
        "inputs_activated": (
            lambda x, w, b, g: g(x) @ w + b,
            "g is applied to the inputs. It is applied to the weighted sum.",
        ),
        "products": (
            lambda x, w, b, g: g(x * w + b),
            "The products are not added up. A neuron has one weighted sum per sample: x @ w.",
        ),
        "twice": (lambda x, w, b, g: g(g(x @ w + b)), "g is applied twice. Once is enough."),
        "bias_multiplied": (lambda x, w, b, g: g(x @ w * b), "The bias is multiplied. It is added: w·x + b."),
    },
    "maxout": {
        "bias_forgotten": (
            lambda x, W, b: (x @ W.T).max(axis=-1),
            "The biases are missing: each piece is W_k·x + b_k.",
        ),
        "bias_outside": (
            lambda x, W, b: (x @ W.T).max(axis=-1) + b.max(),
            "The largest product and the largest bias are taken apart. Add each bias to its own piece first.",
        ),
        "smallest": (lambda x, W, b: (x @ W.T + b).min(axis=-1), "This is the smallest piece. The largest is wanted."),
        "sum": (lambda x, W, b: (x @ W.T + b).sum(axis=-1), "The pieces are added. The largest of them is wanted."),
        "mean": (lambda x, W, b: (x @ W.T + b).mean(axis=-1), "This is the mean of the pieces. The largest is wanted."),
        "which": (
            lambda x, W, b: (x @ W.T + b).argmax(axis=-1),
            "This tells which piece is largest. Its value is wanted: max in place of argmax.",
        ),
        "relu": (
            lambda x, W, b: np.maximum(0, (x @ W.T + b).max(axis=-1)),
            "Negative answers become 0, as with ReLU. Maxout takes the largest piece, also when all are negative.",
        ),
        "pieces_returned": (
            lambda x, W, b: x @ W.T + b,
            "All pieces are returned. The largest of each sample is wanted: max over the last axis.",
        ),
        "over_everything": (
            lambda x, W, b: (x @ W.T + b).max(),
            "One maximum for all samples is taken. Each sample has its own: max over the last axis.",
        ),
        "over_samples": (
            lambda x, W, b: (x @ W.T + b).max(axis=0),
            "The maximum is taken over the samples. It belongs over the pieces, the last axis.",
        ),
        "absolute": (
            lambda x, W, b: np.abs(x @ W.T + b).max(axis=-1),
            "The largest absolute value is taken. The largest value is wanted, with its sign.",
        ),
        "first_two_pieces": (
            lambda x, W, b: (x @ W.T + b)[..., :2].max(axis=-1),
            "Only the first two pieces are compared. There may be any number of them.",
        ),
    },
    "softmax": {
        "overflow_to_nan": (
            lambda z: np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True),
            "e^z overflows for large scores, or all of them vanish. Take the largest score of each row off first: "
            "that changes nothing in the quotient.",
        ),
        "one_maximum_for_all": (
            lambda z: scores(z, shift=None),
            "The largest of all scores is taken off, so a row far below it becomes 0/0. "
            "Each row has its own maximum: axis=-1, keepdims=True.",
        ),
        "one_sum_for_all": (
            lambda z: scores(z, axis=None, shift=None),
            "All scores together add up to 1. Each row does: sum over the last axis.",
        ),
        "first_axis": (
            lambda z: scores(z, axis=0, shift=0),
            "The columns add up to 1. The rows do: the classes are the last axis.",
        ),
        "second_axis": (
            lambda z: scores(z, axis=min(1, z.ndim - 1), shift=min(1, z.ndim - 1)),
            "axis=1 is the last axis of a matrix only. Use axis=-1.",
        ),
        "sums_not_as_column": (
            lambda z: (
                np.exp(z - z.max(axis=-1, keepdims=True)) / np.exp(z - z.max(axis=-1, keepdims=True)).sum(axis=-1)
            ),
            "The sums of the rows, or their largest scores, lie along the wrong axis: they meet the columns, or fit "
            "nowhere. keepdims=True keeps them beside their rows.",
        ),
        "matrices_only": (
            lambda z: scores(z, axis=1, shift=1),
            "A vector of scores has no axis 1. Use axis=-1, which is the last of any number of axes.",
        ),
        "no_exponential": (
            lambda z: z / np.sum(z, axis=-1, keepdims=True),
            "The scores are divided by their sum. Softmax does so with e to the scores.",
        ),
        "base_two": (
            lambda z: scores(z, f=np.exp2),
            "This is 2 to the scores. The base is e: np.exp.",
        ),
        "logarithm": (
            lambda z: np.log(scores(z) + 0.0),
            "This is the logarithm of softmax. Its value is wanted: shares that add up to 1.",
        ),
        "sign": (
            lambda z: scores(-z),
            "The smallest score gets the largest share: the exponent has the wrong sign.",
        ),
        "winner_takes_all": (
            lambda z: (z == z.max(axis=-1, keepdims=True)).astype(float),
            "The largest score gets 1, the others 0. Softmax shares: e to each score, divided by their sum.",
        ),
        "sigmoid": (lambda z: ref.sigmoid(z), "This is the sigmoid of each score. A row of softmax adds up to 1."),
        "not_divided": (
            lambda z: np.exp(z - z.max(axis=-1, keepdims=True)),
            "The exponentials are not divided by their sum: a row must add up to 1.",
        ),
        "in_place": (softmax_in_place, "The array handed in was changed, as by z -= ... . Make a new one: z = z - ..."),
    },
    "sigmoid_prime": {
        "of_the_activation": (lambda z: z * (1 - z), ACTIVATION_TAKEN),
        "overflow": (lambda z: plain(z) * (1 - plain(z)), OVERFLOW),
        "overflow_to_nan": (
            lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
            "e^−z/(1 + e^−z)² is infinity by infinity far below 0. Use σ(z)(1 − σ(z)) with a σ that does not overflow.",
        ),
        "sigmoid": (lambda z: ref.sigmoid(z), "This is the sigmoid itself. Its derivative is σ(z)(1 − σ(z))."),
        "one_minus_sigmoid": (
            lambda z: 1 - ref.sigmoid(z),
            "The factor σ(z) is missing: the derivative is σ(z)(1 − σ(z)).",
        ),
        "plus": (
            lambda z: ref.sigmoid(z) * (1 + ref.sigmoid(z)),
            "There is a + where a − is wanted: σ(z)(1 − σ(z)).",
        ),
        "square": (
            lambda z: 1 - ref.sigmoid(z) ** 2,
            "1 − g² is the derivative of tanh. The sigmoid's is σ(z)(1 − σ(z)).",
        ),
        "negative": (
            lambda z: ref.sigmoid(z) * (ref.sigmoid(z) - 1),
            "The sign is turned round: the sigmoid rises everywhere, so its derivative is positive.",
        ),
        "sigmoid_twice": (
            lambda z: ref.sigmoid_prime(ref.sigmoid(z)),
            "The sigmoid is applied twice: the derivative is taken at σ(z). It belongs at z.",
        ),
        "tanh_prime": (lambda z: 1 - np.tanh(z) ** 2, "This is the derivative of tanh. The sigmoid's is wanted."),
        "of_the_halves": (
            lambda z: 0.5 * ref.sigmoid_prime(z),
            "Everything is half as large as it must be: at 0 the derivative is 1/4.",
        ),
    },
    "tanh_prime": {
        "of_the_activation": (lambda z: 1 - z**2, ACTIVATION_TAKEN),
        "not_squared": (lambda z: 1 - np.tanh(z), "The square is missing: the derivative is 1 − tanh(z)²."),
        "plus": (lambda z: 1 + np.tanh(z) ** 2, "There is a + where a − is wanted: 1 − tanh(z)²."),
        "overflow": (
            lambda z: 1 / np.cosh(z) ** 2,
            "The values are right, but cosh overflows far from 0. 1 − tanh(z)² does without.",
        ),
        "overflow_to_nan": (
            lambda z: 1 - ((np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))) ** 2,
            "The quotient of exponentials is infinity by infinity far from 0. Use a tanh that does not overflow.",
        ),
        "sigmoid_rule": (
            lambda z: np.tanh(z) * (1 - np.tanh(z)),
            "g(1 − g) is the rule of the sigmoid. For tanh it is 1 − g².",
        ),
        "sigmoid_prime": (lambda z: ref.sigmoid_prime(z), "This is the derivative of the sigmoid."),
        "tanh": (np.tanh, "This is tanh itself. Its derivative is 1 − tanh(z)²."),
        "not_subtracted": (lambda z: np.tanh(z) ** 2, "1 minus it is wanted: the derivative is 1 − tanh(z)²."),
        "tanh_twice": (
            lambda z: 1 - np.tanh(np.tanh(z)) ** 2,
            "tanh is applied twice: the derivative is taken at tanh(z). It belongs at z.",
        ),
    },
    "relu_prime": {
        "one_at_zero": (
            lambda z: (z >= 0).astype(float),
            "At 0 the answer is 1. Both are in use; here it is 0: z > 0 in place of z >= 0.",
        ),
        "half_at_zero": (
            lambda z: np.heaviside(z, 0.5),
            "At 0 the answer is 1/2. Here it is 0.",
        ),
        "relu": (lambda z: np.maximum(0, z), "This is ReLU itself. Its derivative is 1 where z > 0, else 0."),
        "sign": (np.sign, "Below 0 the answer is −1. There ReLU is flat: its derivative is 0."),
        "swapped": (lambda z: (z < 0).astype(float), "The branches are exchanged: 1 belongs where z > 0."),
        "leaky": (
            lambda z: np.where(z > 0, 1.0, 0.1),
            "This is the derivative of the leaky ReLU. ReLU is flat below 0.",
        ),
        "always_one": (lambda z: np.ones(np.shape(z)), "It is 1 everywhere. Below 0 ReLU is flat: there it is 0."),
        "one_number": (
            lambda z: float(np.all(z > 0)),
            "One number for the whole array is returned. Each entry has its own derivative.",
        ),
    },
    "leaky_relu_prime": {
        "one_at_zero": (
            lambda z, alpha=0.1: np.where(z >= 0, 1.0, alpha),
            "At 0 the answer is 1. Both are in use; here it is alpha: z > 0 in place of z >= 0.",
        ),
        "zero_at_zero": (
            lambda z, alpha=0.1: np.where(z > 0, 1.0, np.where(z < 0, alpha, 0.0)),
            "At 0 the answer is 0. Here it is alpha: everything that is not above 0 has the slope alpha.",
        ),
        "relu": (
            lambda z, alpha=0.1: (z > 0).astype(float),
            "Below 0 the answer is 0, as for ReLU. The leaky one has the slope alpha there.",
        ),
        "default_of_a_hundredth": (lambda z, alpha=0.01: ref.leaky_relu_prime(z, alpha), HUNDREDTH),
        "alpha_ignored": (lambda z, alpha=0.1: ref.leaky_relu_prime(z, 0.1), ALPHA_FIXED),
        "function_itself": (
            lambda z, alpha=0.1: ref.leaky_relu(z, alpha),
            "This is the leaky ReLU itself. Its derivative is 1 where z > 0, else alpha.",
        ),
        "alpha_times_z": (
            lambda z, alpha=0.1: np.where(z > 0, 1.0, alpha * z),
            "Below 0 this is alpha·z, the function. Its slope there is alpha.",
        ),
        "swapped": (
            lambda z, alpha=0.1: np.where(z > 0, alpha, 1.0),
            "The branches are exchanged: 1 belongs where z > 0.",
        ),
        "sign": (
            lambda z, alpha=0.1: np.where(z > 0, 1.0, -alpha),
            "Below 0 the answer is −alpha. The line rises there, too: alpha.",
        ),
    },
    "quadratic_cost": {
        "half_forgotten": (
            lambda a, y: np.sum((y - a) ** 2) / len(y),
            "The cost is twice as large: the sum is divided by n. Here it is 1/(2n).",
        ),
        "mean_of_all_entries": (
            lambda a, y: np.mean((y - a) ** 2) / 2,
            "The sum is divided by the number of entries. n is the number of samples, the rows.",
        ),
        "mean_of_all_without_half": (
            lambda a, y: np.mean((y - a) ** 2),
            "This is the mean of all squares. Here the squares are added and divided by 2n, n the number of rows.",
        ),
        "sum": (
            lambda a, y: np.sum((y - a) ** 2) / 2,
            "The sum is not divided by the number of samples: a cost is a mean, 1/(2n).",
        ),
        "columns_as_samples": (
            lambda a, y: np.sum((y - a) ** 2) / (2 * np.shape(y)[-1]),
            "The columns are counted as samples. Here the rows are: n = len(y).",
        ),
        "not_squared": (
            lambda a, y: np.sum(y - a) / (2 * len(y)),
            "The differences are not squared, so they cancel.",
        ),
        "absolute": (
            lambda a, y: np.sum(np.abs(y - a)) / (2 * len(y)),
            "These are absolute differences. Here they are squared.",
        ),
        "root": (
            lambda a, y: np.sqrt(np.sum((y - a) ** 2)) / (2 * len(y)),
            "A root is taken: the cost is made of ‖y − a‖², not of ‖y − a‖.",
        ),
        "norms": (
            lambda a, y: np.sum(np.linalg.norm(np.reshape(y - a, (len(y), -1)), axis=1)) / (2 * len(y)),
            "Each sample counts with its distance. It counts with the square of it.",
        ),
        "square_of_sum": (
            lambda a, y: np.sum(np.sum(np.reshape(y - a, (len(y), -1)), axis=1) ** 2) / (2 * len(y)),
            "The differences of a sample are added before they are squared. Square first, then add.",
        ),
        "per_sample": (
            lambda a, y: (y - a) ** 2 / 2,
            "The costs of the entries are returned. One number is wanted, their sum divided by n.",
        ),
        "negative": (
            lambda a, y: -np.sum((y - a) ** 2) / (2 * len(y)),
            "The sign is turned round: a cost of squares is never negative.",
        ),
    },
    "binary_cross_entropy": {
        "nan_when_certain": (
            lambda a, y: -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a)),
            "0·ln 0 is nan for NumPy, and counts as 0 here. Take the logarithm only where its factor is not 0.",
        ),
        "sum": (
            lambda a, y: ref.binary_cross_entropy(a, y) * len(y),
            "The sum is not divided by the number of samples: a cost is a mean.",
        ),
        "sign": (
            lambda a, y: -ref.binary_cross_entropy(a, y),
            "The minus sign is missing: logarithms of shares are negative, the cost is not.",
        ),
        "first_half": (
            lambda a, y: ref.cross_entropy(a, y),
            "The second half is missing: samples of class 0 cost −ln(1 − a).",
        ),
        "second_half": (
            lambda a, y: ref.cross_entropy(1 - a, 1 - y),
            "The first half is missing: samples of class 1 cost −ln a.",
        ),
        "exchanged": (
            lambda a, y: ref.binary_cross_entropy(1 - a, y),
            "a and 1 − a are exchanged: y goes with ln a, 1 − y with ln(1 − a).",
        ),
        "arguments_exchanged": (
            lambda a, y: ref.binary_cross_entropy(np.clip(y, 1e-12, 1 - 1e-12), a),
            "a and y have changed places: the logarithms are of a.",
        ),
        "base_two": (
            lambda a, y: ref.binary_cross_entropy(a, y) / math.log(2),
            "The logarithm is to the base 2. The natural one is wanted: np.log.",
        ),
        "base_ten": (
            lambda a, y: ref.binary_cross_entropy(a, y) / math.log(10),
            "The logarithm is to the base 10. The natural one is wanted: np.log.",
        ),
        "halves_subtracted": (
            lambda a, y: ref.cross_entropy(a, y) - ref.cross_entropy(1 - a, 1 - y),
            "The second half is subtracted from the first. They are added.",
        ),
        "quadratic": (lambda a, y: ref.quadratic_cost(a, y), "This is the quadratic cost. Here it is of logarithms."),
        "per_sample": (
            lambda a, y: -(y * np.log(np.where(y == 0, 1, a)) + (1 - y) * np.log(np.where(y == 1, 1, 1 - a))),
            "The costs of the samples are returned. One number is wanted, their mean.",
        ),
        "half": (
            lambda a, y: ref.binary_cross_entropy(a, y) / 2,
            "The cost is half as large: 1/(2n) belongs to the quadratic cost. Here it is 1/n.",
        ),
    },
    "cross_entropy": {
        "nan_when_certain": (
            lambda a, y: -np.sum(y * np.log(a)) / len(y),
            "0·ln 0 is nan for NumPy, and counts as 0 here. Take the logarithm only where y is not 0.",
        ),
        "sum": (
            lambda a, y: ref.cross_entropy(a, y) * len(y),
            "The sum is not divided by the number of samples: a cost is a mean.",
        ),
        "mean_of_all_entries": (
            lambda a, y: ref.cross_entropy(a, y) / y.shape[-1],
            "The sum is divided by the number of entries. n is the number of samples, the rows.",
        ),
        "columns_as_samples": (
            lambda a, y: ref.cross_entropy(a, y) * len(y) / y.shape[-1],
            "The columns are counted as samples. Here the rows are: n = len(y).",
        ),
        "sign": (
            lambda a, y: -ref.cross_entropy(a, y),
            "The minus sign is missing: logarithms of shares are negative, the cost is not.",
        ),
        "binary": (
            lambda a, y: ref.binary_cross_entropy(a, y) * y.shape[-1],
            "The other classes count with ln(1 − a), as in the binary cost. Here only the class of the sample counts.",
        ),
        "all_classes": (
            lambda a, y: -np.sum(np.log(np.where(a == 0, 1, a))) / len(y),
            "The logarithms of all classes are added. Multiply by y: only the class of the sample counts.",
        ),
        "without_logarithm": (
            lambda a, y: -np.sum(y * a) / len(y),
            "The logarithm is missing: a sample costs −ln of the share that its class got.",
        ),
        "base_two": (
            lambda a, y: ref.cross_entropy(a, y) / math.log(2),
            "The logarithm is to the base 2. The natural one is wanted: np.log.",
        ),
        "per_sample": (
            lambda a, y: -np.sum(y * np.log(np.where(y == 0, 1, a)), axis=-1),
            "The costs of the samples are returned. One number is wanted, their mean.",
        ),
        "softmax_again": (
            lambda a, y: ref.cross_entropy(ref.softmax(a), y),
            "Softmax is applied to a. It holds shares already: take the logarithm of them.",
        ),
    },
    "gradient_bound": {
        "times": (
            lambda depth: 0.25 * depth,
            "The factors are added. A gradient is multiplied by one factor per layer: 0.25 to the power of depth.",
        ),
        "half": (
            lambda depth: 0.5**depth,
            "The factor is 1/2, the sigmoid at 0. Its derivative there is 1/4.",
        ),
        "one_layer_fewer": (lambda depth: 0.25 ** (depth - 1), "One layer is missing: each of them puts a factor."),
        "one_layer_more": (lambda depth: 0.25 ** (depth + 1), "One factor too many: there are as many as layers."),
        "always_a_quarter": (lambda depth: 0.25, "This is the factor of one layer. Each layer puts one more."),
        "growing": (
            lambda depth: 4.0**depth,
            "The bound grows with the depth. Each layer multiplies by 1/4.",
        ),
        "none_without_layers": (
            lambda depth: 0.25**depth if depth else 0.0,
            "Without a layer the bound is 0. Nothing is multiplied then, so it is 1.",
        ),
    },
}


# ---- right answers of other kinds


def stable_by_masks(z: Array) -> Array:
    out = np.empty(np.shape(z))
    high = z >= 0
    out[high] = 1 / (1 + np.exp(-z[high]))
    e = np.exp(z[~high])
    out[~high] = e / (1 + e)
    return out


def softmax_in_loops(z: Array) -> list:
    if z.ndim > 1:
        return [softmax_in_loops(row) for row in z]
    largest = max(z)
    e = [math.exp(v - largest) for v in z]
    return [v / sum(e) for v in e]


def softmax_along_the_first_axis(z: Array) -> Array:
    columns = np.moveaxis(z, -1, 0)
    e = np.exp(columns - columns.max(axis=0))
    return np.moveaxis(e / e.sum(axis=0), 0, -1)


def cost_in_loops(term: Callable[[float, float], float]) -> Callable[[Array, Array], float]:
    """The mean over samples of what each entry costs."""

    def cost(a: Array, y: Array) -> float:
        return sum(term(float(p), float(q)) for p, q in zip(np.ravel(a), np.ravel(y), strict=True)) / len(y)

    return cost


def neuron_in_loops(x: Array, w: Array, b: float, g: Callable[[Any], Any]) -> Any:
    if x.ndim == 2:
        return [neuron_in_loops(row, w, b, g) for row in x]
    return g(sum(float(p * q) for p, q in zip(x, w, strict=True)) + b)


def maxout_in_loops(x: Array, W: Array, b: Array) -> Any:
    if x.ndim == 2:
        return [maxout_in_loops(row, W, b) for row in x]
    return max(sum(float(p * q) for p, q in zip(x, w, strict=True)) + float(c) for w, c in zip(W, b, strict=True))


def log_or_zero(factor: float, share: float) -> float:
    return factor * math.log(share) if factor else 0.0


def by_selection(a: Array, y: Array) -> float:
    """The logarithms of the sample's own class alone."""
    return float(-np.log(a[y == 1]).sum() / a.shape[0])


def binary_with_floor(a: Array, y: Array) -> float:
    a = np.clip(a, 1e-12, 1 - 1e-12)
    return -np.average(y * np.log(a) + (1 - y) * np.log1p(-a))


ALTERNATIVES = {
    "sigmoid": {
        "half_tanh": lambda z: 0.5 + 0.5 * np.tanh(0.5 * z),
        "masks": stable_by_masks,
        "clipped": lambda z: 1 / (1 + np.exp(-np.clip(z, -700, 700))),
        "numbers": each(lambda v: 1 / (1 + math.exp(-v)) if v > 0 else math.exp(v) / (1 + math.exp(v))),
        "float32": in_single("sigmoid"),
        "logarithms": lambda z: np.exp(-np.logaddexp(0, -z)),
    },
    "tanh": {
        "numpy": lambda z: np.tanh(z),
        "two_sigmoids": lambda z: 2 * ref.sigmoid(2 * z) - 1,
        "numbers": each(math.tanh),
        "float32": in_single("tanh"),
        "odd": lambda z: np.sign(z) * (1 - np.exp(-2 * np.abs(z))) / (1 + np.exp(-2 * np.abs(z))),
    },
    "relu": {
        "where": lambda z: np.where(z > 0, z, 0),
        "product": lambda z: z * (z > 0),
        "absolute": lambda z: (z + np.abs(z)) / 2,
        "numbers": each(lambda v: max(0.0, v)),
        "float32": in_single("relu"),
    },
    "leaky_relu": {
        "larger_line": lambda z, alpha=0.1: np.maximum(alpha * z, z),
        "sum": lambda z, alpha=0.1: np.maximum(0, z) + alpha * np.minimum(0, z),
        "product": lambda z, alpha=0.1: z * np.where(z < 0, alpha, 1),
        "numbers": each(lambda v, alpha=0.1: v if v > 0 else alpha * v),
        "float32": in_single("leaky_relu"),
    },
    "elu": {
        "sum": lambda z, alpha=1.0: np.maximum(0, z) + alpha * (np.exp(np.minimum(0, z)) - 1),
        "numbers": each(lambda v, alpha=1.0: v if v >= 0 else alpha * math.expm1(v)),
        "float32": in_single("elu"),
    },
    "neuron": {
        "loops": neuron_in_loops,
        "dot": lambda x, w, b, g: g(np.dot(x, w) + b),
        "sum": lambda x, w, b, g: g(np.sum(x * w, axis=-1) + b),
        "einsum": lambda x, w, b, g: g(b + np.einsum("...d,d->...", x, w)),
        "one_by_one": lambda x, w, b, g: np.array([g(v) for v in x @ w + b]) if x.ndim > 1 else g(x @ w + b),
    },
    "maxout": {
        "loops": maxout_in_loops,
        "einsum": lambda x, W, b: np.max(np.einsum("...d,kd->...k", x, W) + b, -1),
        "transposed": lambda x, W, b: np.amax((W @ x.T).T + b, axis=-1),
        "float32": in_single("maxout"),
    },
    "softmax": {
        "loops": softmax_in_loops,
        "logarithms": lambda z: np.exp(z - np.logaddexp.reduce(z.astype(float), axis=-1, keepdims=True)),
        "float32": in_single("softmax"),
        "first_axis": softmax_along_the_first_axis,
        "differences": lambda z: 1 / np.sum(np.exp(np.minimum(z[..., None, :] - z[..., :, None], 700)), axis=-1),
    },
    "sigmoid_prime": {
        "both_tails": lambda z: np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))) ** 2,
        "tanh": lambda z: (1 - np.tanh(z / 2) ** 2) / 4,
        "numbers": each(lambda v: math.exp(-abs(v)) / (1 + math.exp(-abs(v))) ** 2),
        "float32": in_single("sigmoid_prime"),
    },
    "tanh_prime": {
        "product": lambda z: (1 - np.tanh(z)) * (1 + np.tanh(z)),
        "clipped_cosh": lambda z: np.cosh(np.clip(z, -300, 300)) ** -2,
        "numbers": each(lambda v: 1 - math.tanh(v) ** 2),
        "float32": in_single("tanh_prime"),
    },
    "relu_prime": {
        "truth_values": lambda z: z > 0,
        "heaviside": lambda z: np.heaviside(z, 0),
        "numbers": each(lambda v: 1 if v > 0 else 0),
    },
    "leaky_relu_prime": {
        "sum": lambda z, alpha=0.1: alpha + (1 - alpha) * (z > 0),
        "numbers": each(lambda v, alpha=0.1: 1 if v > 0 else alpha),
        "float32": in_single("leaky_relu_prime"),
    },
    "quadratic_cost": {
        "loops": cost_in_loops(lambda a, y: 0.5 * (y - a) ** 2),
        "norm": lambda a, y: np.linalg.norm(a - y) ** 2 / (2 * a.shape[0]),
        "dot": lambda a, y: np.dot((a - y).ravel(), (a - y).ravel()) / len(a) / 2,
        "float32": in_single("quadratic_cost"),
    },
    "binary_cross_entropy": {
        "loops": cost_in_loops(lambda a, y: -log_or_zero(y, a) - log_or_zero(1 - y, 1 - a)),
        "floor": binary_with_floor,
        "float32": in_single("binary_cross_entropy"),
    },
    "cross_entropy": {
        "loops": cost_in_loops(lambda a, y: -log_or_zero(y, a)),
        "selection": by_selection,
        "floor": lambda a, y: -np.mean(np.sum(y * np.log(a + 1e-12), axis=1)),
        "float32": in_single("cross_entropy"),
    },
    "gradient_bound": {
        "powers_of_four": lambda depth: 4.0**-depth,
        "loop": lambda depth: math.prod([0.25] * depth),
        "whole_numbers": lambda depth: 1 / 4**depth,
    },
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "sigmoid": (
        (
            "The printed formula is right, but e^(−z) overflows for a large negative z. Use it only with exponents "
            "that are not positive, and find another form for the other sign."
        ),
        (
            "For z >= 0: 1 / (1 + e^(−z)). For z < 0: e^z / (1 + e^z), which is the same number. Both need only "
            "e^(−|z|), which is at most 1. All of it works entry by entry, for any shape."
        ),
        (
            "e ← the exponential of minus the absolute value of z\n"
            "above ← the first form, written with e\n"
            "below ← the second form, written with e\n"
            "choose above or below for each entry by the sign of z"
        ),
    ),
    "neuron": (
        (
            "A neuron is a weighted sum with a bias, passed through an activation. The activation g is an argument: "
            "call it."
        ),
        (
            "z = x @ w + b is one number for x (d,) and an array (n,) for x (n, d). The answer is g of z, with the "
            "same shape."
        ),
        (
            "compute the weighted input of all samples at once\n"
            "return what g makes of it (g takes arrays; no loop is needed)"
        ),
    ),
    "tanh": (
        (
            "tanh is a sigmoid that was stretched: it goes from −1 to 1 instead of 0 to 1. So a sigmoid that does "
            "not overflow gives a tanh that does not overflow."
        ),
        (
            "(e^z − e^(−z)) / (e^z + e^(−z)) becomes (1 − e^(−2z)) / (1 + e^(−2z)) if you divide above and below by "
            "e^z. Compare that with sigmoid of twice z: it needs a factor of 2 and a shift of 1."
        ),
        (
            "s ← your sigmoid, called with twice the input\n"
            "return s stretched to the interval from −1 to 1 (or NumPy's own tanh; it is safe, too)"
        ),
    ),
    "relu": (
        "Compare each entry with 0, and keep the larger of the two numbers.",
        (
            "relu(z) = max(0, z) for each entry, with the shape of z. The maximum is taken between two values per "
            "entry, not over the array."
        ),
        (
            "use NumPy's entrywise maximum of two arguments (its name is longer than max), with 0 and z\n"
            "return the new array, and leave z as it is"
        ),
    ),
    "leaky_relu": (
        "Positive entries stay. The others are not cut off, but multiplied by a small slope.",
        "The answer is z for z > 0 and alpha · z otherwise, entry by entry, with the shape of z.",
        (
            "positive ← a comparison of z with 0\n"
            "choose for each entry: the entry itself if positive, else its product with alpha\n"
            "return the new array"
        ),
    ),
    "elu": (
        (
            "It is like the leaky ReLU with a curve below 0. The curve needs e^z only for negative entries, but "
            "NumPy computes both branches of a choice, so e^z must be safe for all entries."
        ),
        (
            "The answer is z for z > 0 and alpha · (e^z − 1) otherwise. For a safe exponential use min(z, 0) as the "
            "exponent: it changes nothing below 0 and is 0 above."
        ),
        (
            "capped ← z with everything above 0 replaced by 0\n"
            "curve ← alpha times (exponential of capped, minus 1)\n"
            "choose for each entry: z if it is positive, else the curve"
        ),
    ),
    "maxout": (
        "Compute all k weighted sums of a sample, and take the largest. Nothing else is cut off.",
        (
            "x (d,) or (n, d) times the transposed W (d, k) gives (k,) or (n, k); add b (k,). The maximum goes over "
            "the last axis, which leaves one number or an array (n,)."
        ),
        (
            "pieces ← x times W transposed, plus the biases\n"
            "return the maximum of pieces along the last axis (axis −1 is right for one sample and for many)"
        ),
    ),
    "softmax": (
        (
            "Exponentials turn scores into positive numbers, and dividing by their sum turns these into shares. The "
            "same number may be subtracted from all scores of a sample first, so subtract the largest, and no "
            "exponential overflows."
        ),
        (
            "m = maximum of z along the last axis, e = exp(z − m), shares = e / (sum of e along the last axis). m "
            "and the sum must keep that axis, with length 1: (n, k) − (n, 1)."
        ),
        (
            "largest ← maximum along axis −1, with keepdims\n"
            "e ← exponentials of the scores minus largest\n"
            "total ← sum of e along axis −1, with keepdims\n"
            "return the quotient"
        ),
    ),
    "sigmoid_prime": (
        "The derivative of the sigmoid can be written with the sigmoid itself. You have a safe sigmoid already.",
        "σ'(z) = σ(z) · (1 − σ(z)), entry by entry. The input is z, not σ(z).",
        ("s ← sigmoid of z, computed once\nreturn the product of s and what is missing from s to 1"),
    ),
    "tanh_prime": (
        "The derivative of tanh can be written with tanh itself, so call your own tanh.",
        "tanh'(z) = 1 − tanh(z)², entry by entry. The input is z, not tanh(z).",
        ("h ← tanh of z\nreturn 1 minus the square of h (in Python the power is `**`)"),
    ),
    "relu_prime": (
        "ReLU has slope 1 on its right side and slope 0 on its left side. At 0 itself we take 0.",
        "The answer is 1 for z > 0, else 0, with the shape of z. So the comparison is `>`, not `>=`.",
        ("compare z with 0, entry by entry\nturn True and False into 1 and 0, and return the array"),
    ),
    "leaky_relu_prime": (
        "The slope is 1 on the right side and alpha on the left side. At 0 itself it is alpha.",
        "The answer is 1 for z > 0, else alpha, with the shape of z.",
        ("positive ← a comparison of z with 0\nchoose 1 or alpha for each entry, and return the array"),
    ),
    "quadratic_cost": (
        ("Square all differences and add them up. Then divide by twice the number of samples, and samples are rows."),
        (
            "C = (sum over all entries of (y − a)²) / (2n), and n is the length of the first axis: (n,) and (n, k) "
            "both have n samples."
        ),
        (
            "n ← how many rows y has (not how many entries)\n"
            "total ← the sum of all squared differences\n"
            "return total over twice n (mind the brackets of the denominator)"
        ),
    ),
    "binary_cross_entropy": (
        (
            "Each sample pays −ln of the probability that it gave to its target. The product 0·ln 0 counts as 0, but "
            "NumPy makes nan of it, so the logarithm must never see that 0."
        ),
        (
            "cost = −mean of [y·ln a + (1 − y)·ln(1 − a)], all arrays (n,). Where y is 0, the first logarithm does "
            "not matter: give it a 1 instead of a. Where y is 1, do the same with the second one."
        ),
        (
            "safe_a ← a, but 1 for entries whose y is 0\n"
            "safe_rest ← 1 − a, but 1 for entries whose y is 1\n"
            "terms ← y times the logarithm of safe_a, plus (1 − y) times the logarithm of safe_rest\n"
            "return minus the mean of terms"
        ),
    ),
    "cross_entropy": (
        (
            "In each row only the class with y = 1 counts: the sample pays −ln of its share. Average this over the "
            "rows, and do not average over the classes."
        ),
        (
            "cost = −(sum over all entries of y · ln a) / n, for a and y of shape (n, k). An entry with y = 0 adds "
            "0, whatever a is there, so give its logarithm a 1."
        ),
        (
            "safe ← a, but 1 for entries whose y is 0\n"
            "total ← the sum of y times the logarithm of safe\n"
            "return minus total over the number of rows"
        ),
    ),
    "gradient_bound": (
        (
            "Each sigmoid layer multiplies the gradient by a value of σ', which is never larger than 1/4. The bounds "
            "of several layers multiply."
        ),
        "bound = (1/4) · (1/4) · … with depth factors: a power, not a product with depth. For depth 0 it is 1.",
        "raise the largest value of σ' to the power depth, and return it (`**` is the power; `^` is not)",
    ),
}
