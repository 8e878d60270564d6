"""The hidden tests of 03_chain_rule, its catalogue of mistakes, and right answers of other kinds.

Entries are multiples of 1/8, exact in float32. The functions that a student's code may ask never raise, whatever they
are asked: what comes of it shows in the answer.
"""

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pytest

from autograder import array, close, exercise, holds, unchanged
from reference_impl import chain_rule as ref

Array = np.ndarray
TINY = 2.0**-30
NUMERICAL = 1e-7  # 5,000 times what central differences err, a 50th of what those to one side do


def eighths(rng: np.random.Generator, *shape: int) -> Array:
    """Random multiples of 1/8 between -2 and 2, none of them 0."""
    return rng.integers(1, 17, shape) * rng.choice([-1, 1], shape) / 8


# ---- graphs


@exercise("product_of_sum", weight=2)
def test_product_random(student, rng):
    """numbers of all kinds"""
    for x, y, z in eighths(rng, 4, 3):
        args = (float(x), float(y), float(z + 3))
        close(student.product_of_sum, args, expected=ref.product_of_sum(*args))


@exercise("product_of_sum")
def test_product_whole(student, rng):
    """whole numbers"""
    for x, y, z in rng.integers(2, 9, (3, 3)):
        args = (int(x), -int(y) - 8, int(z))
        close(student.product_of_sum, args, expected=ref.product_of_sum(*args))


def neuron(rng: np.random.Generator, reach: float = 3.0) -> tuple[Array, Array]:
    """(w, x) with what goes into the sigmoid not near 0, and within `reach`."""
    while True:
        w, x = eighths(rng, 3), eighths(rng, 2)
        if 0.5 < abs(w[:2] @ x + w[2]) < reach and abs(w[:2] @ x) > 0.5:
            return w, x


def far_neurons(rng: np.random.Generator, t: float) -> list[tuple[Array, Array]]:
    """One on either side, with t and -t going into the sigmoid."""
    w, x = eighths(rng, 2), eighths(rng, 2)
    return [(np.append(w, side - w @ x), x) for side in (t, -t)]


@exercise("sigmoid_graph_forward", weight=2)
def test_forward_random(student, rng):
    """several neurons"""
    for _ in range(4):
        args = neuron(rng)
        close(student.sigmoid_graph_forward, args, expected=ref.sigmoid_graph_forward(*args))


@exercise("sigmoid_graph_forward")
def test_forward_far(student, rng):
    """outputs close to 0 and to 1"""
    for args in far_neurons(rng, 15.0):
        close(student.sigmoid_graph_forward, args, expected=ref.sigmoid_graph_forward(*args))


@exercise("sigmoid_graph_forward")
def test_forward_bias_alone(student, rng):
    """inputs of 0 leave the bias alone"""
    w, _ = neuron(rng)
    close(student.sigmoid_graph_forward, (w, np.zeros(2)), expected=ref.sigmoid_graph_forward(w, np.zeros(2)))


@exercise("sigmoid_graph_forward")
def test_forward_integers(student):
    """weights and inputs of type int64"""
    args = (np.array([3, -1, 2]), np.array([-2, -5]))
    close(student.sigmoid_graph_forward, args, expected=ref.sigmoid_graph_forward(*args))


@exercise("sigmoid_graph_forward")
def test_forward_arguments(student, rng):
    """the arguments stay as they were"""
    args = neuron(rng)
    unchanged(student.sigmoid_graph_forward, args, expected=ref.sigmoid_graph_forward(*args))


@exercise("sigmoid_graph_backward", weight=2)
def test_graph_random(student, rng):
    """several neurons"""
    for _ in range(4):
        args = neuron(rng)
        close(student.sigmoid_graph_backward, args, expected=ref.sigmoid_graph_backward(*args), scale=1.0)


@exercise("sigmoid_graph_backward")
def test_graph_far(student, rng):
    """outputs close to 0 and to 1, where little is left of the slopes"""
    for args in far_neurons(rng, 6.0):
        close(student.sigmoid_graph_backward, args, expected=ref.sigmoid_graph_backward(*args), scale=1.0)


@exercise("sigmoid_graph_backward")
def test_graph_inputs_zero(student, rng):
    """inputs of 0: only the bias and the inputs have a slope"""
    args = (neuron(rng)[0], np.zeros(2))
    close(student.sigmoid_graph_backward, args, expected=ref.sigmoid_graph_backward(*args), scale=1.0)


@exercise("sigmoid_graph_backward")
def test_graph_weights_zero(student, rng):
    """weights of 0: only they and the bias have a slope"""
    args = (np.array([0.0, 0.0, -0.75]), neuron(rng)[1])
    close(student.sigmoid_graph_backward, args, expected=ref.sigmoid_graph_backward(*args), scale=1.0)


@exercise("sigmoid_graph_backward")
def test_graph_arguments(student, rng):
    """the arguments stay as they were"""
    args = neuron(rng)
    unchanged(student.sigmoid_graph_backward, args, expected=ref.sigmoid_graph_backward(*args))


@exercise("chain_product", weight=2)
def test_chain_random(student, rng):
    """chains of several lengths"""
    for length in (2, 3, 6):
        derivatives = eighths(rng, length).tolist()
        close(student.chain_product, (derivatives,), expected=ref.chain_product(derivatives), terms=length)


@exercise("chain_product")
def test_chain_empty(student, rng):
    """an empty chain has the derivative 1, any other its own"""
    close(student.chain_product, ([],), expected=1)
    derivatives = eighths(rng, 2).tolist()
    close(student.chain_product, (derivatives,), expected=ref.chain_product(derivatives), terms=2)


@exercise("chain_product")
def test_chain_one_step(student, rng):
    """a chain of a single step"""
    for derivative in eighths(rng, 2).tolist():
        close(student.chain_product, ([3 + derivative],), expected=3 + derivative)


@exercise("chain_product")
def test_chain_zero(student, rng):
    """one derivative of 0 is enough to stop everything, wherever it stands; without it something is left"""
    derivatives = (eighths(rng, 4) + 4).tolist()
    close(student.chain_product, (derivatives,), expected=ref.chain_product(derivatives), terms=4)
    for place in (0, 2, 4):
        close(student.chain_product, ([*derivatives[:place], 0.0, *derivatives[place:]],), expected=0)


@exercise("chain_product")
def test_chain_argument(student, rng):
    """the list stays as it was"""
    derivatives = eighths(rng, 4).tolist()
    unchanged(student.chain_product, (derivatives,), expected=ref.chain_product(derivatives), terms=4)


# ---- numbers instead of formulas


def bent(rng: np.random.Generator, *shape: int) -> Callable[[object], float]:
    """Σ c x³ + (Σ k x)²: bent in every entry, and each entry counts for the slope in every other.

    Knows the entries, not the axes; of another number of entries it is nan.
    """
    size = math.prod(shape)
    c, k = eighths(rng, size), (0.25 + 0.125 * rng.permutation(size)) * np.resize([1.0, -1.0, 1.0], size)

    def f(x: object) -> float:
        entries = np.ravel(np.asarray(x, dtype=float))
        return float(c @ entries**3 + (k @ entries) ** 2) if len(entries) == size else math.nan

    return f


def numerical(student, f: Callable[[object], float], x: Array, *h: float, **options: float) -> None:
    """One call of numerical_gradient beside the reference's."""
    expected = ref.numerical_gradient(f, x, *h, **options)
    close(student.numerical_gradient, (f, x, *h), options, expected=expected, tolerance=NUMERICAL)


@exercise("numerical_gradient", weight=2)
def test_numerical_random(student, rng):
    """a vector, and a function that is bent in all entries"""
    for _ in range(2):
        numerical(student, bent(rng, 5), eighths(rng, 5))


@exercise("numerical_gradient")
def test_numerical_rows_and_columns(student, rng):
    """a matrix, not square and square"""
    for shape in ((2, 4), (3, 3)):
        numerical(student, bent(rng, *shape), eighths(rng, *shape))


@exercise("numerical_gradient")
def test_numerical_three_axes(student, rng):
    """an array of three axes"""
    numerical(student, bent(rng, 2, 3, 2), eighths(rng, 2, 3, 2))


@exercise("numerical_gradient")
def test_numerical_one_entry(student, rng):
    """an array of a single entry"""
    for shape in ((1,), (1, 1)):
        numerical(student, bent(rng, *shape), eighths(rng, *shape))


@exercise("numerical_gradient")
def test_numerical_at_zero(student, rng):
    """entries of 0"""
    x = eighths(rng, 4)
    x[[0, 2]] = 0
    numerical(student, bent(rng, 4), x)


@exercise("numerical_gradient")
def test_numerical_not_a_polynomial(student, rng):
    """exponentials and waves"""
    k = eighths(rng, 3)

    def f(x: object) -> float:
        u, v, w = np.resize(np.asarray(x, dtype=float), 3)
        return float(np.exp(u * k[0]) * np.sin(v * k[1]) + np.cos(w * k[2]) ** 2)

    numerical(student, f, eighths(rng, 3))


@exercise("numerical_gradient", weight=2)
@pytest.mark.parametrize("h", [0.25, 0.01])
def test_numerical_h(student, rng, h):
    """another h, by position and by name"""
    f, x = bent(rng, 3), eighths(rng, 3)
    numerical(student, f, x, h)
    numerical(student, f, x, h=h)


@exercise("numerical_gradient")
def test_numerical_asks_with_arrays(student, rng):
    """the function is only given arrays of x's shape"""
    of_x, x, others = bent(rng, 2, 3), eighths(rng, 2, 3), []

    def f(point: object) -> float:
        if np.shape(point) != (2, 3):
            others.append(point)
        return of_x(point)

    gradient = array(student.numerical_gradient(f, x), "the gradient", shape=(2, 3))
    holds(not others, "it hands the function something of another shape than x: move one entry, and hand over all of x")
    near = np.abs(gradient - ref.numerical_gradient(of_x, x)) <= NUMERICAL
    holds(bool(near.all()), "the shapes are right, the derivatives are not")


@exercise("numerical_gradient")
def test_numerical_x(student, rng):
    """x is as before after the call"""
    k = eighths(rng, 2, 2)

    def f(x: object) -> float:
        return float(np.sum(k * np.resize(np.asarray(x, dtype=float), (2, 2))) ** 2)

    x, h = eighths(rng, 2, 2), 2.0**-10  # exact: also who moves an entry there and back has x as it was
    unchanged(student.numerical_gradient, (f, x, h), expected=ref.numerical_gradient(f, x, h), terms=4)


# ---- how different, and by how much


def compare_error(student, a: Array, b: Array) -> None:
    """One call of relative_error beside the reference's; all errors lie between 0 and 1."""
    close(student.relative_error, (a, b), expected=ref.relative_error(a, b), scale=1.0, terms=a.size)


@exercise("relative_error", weight=2)
def test_error_random(student, rng):
    """two vectors, very different and nearly the same"""
    for _ in range(3):
        a, b = eighths(rng, 7), eighths(rng, 7)
        compare_error(student, a, 2 * b)
        compare_error(student, a, a + b / 64)


@exercise("relative_error", weight=2)
def test_error_rows_and_columns(student, rng):
    """two matrices, not square and square"""
    for shape in ((3, 5), (4, 4)):
        compare_error(student, eighths(rng, *shape), 3 * eighths(rng, *shape))


@exercise("relative_error")
def test_error_three_axes(student, rng):
    """two arrays of three axes"""
    compare_error(student, eighths(rng, 2, 3, 4), 3 * eighths(rng, 2, 3, 4))


@exercise("relative_error")
def test_error_one_zero(student, rng):
    """entries of 0, in one of the two and in both"""
    a, b = eighths(rng, 5), eighths(rng, 5)
    a[[0, 3]], b[[1, 3]] = 0, 0
    compare_error(student, a, b)
    compare_error(student, b, a)


@exercise("relative_error")
@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_error_both_zero(student, rng, shape):
    """0 where both are all zeros, and not where they are only close to it"""
    compare_error(student, np.zeros(shape), np.zeros(shape))
    compare_error(student, eighths(rng, *shape) * TINY, eighths(rng, *shape) * TINY)


@exercise("relative_error")
def test_error_of_the_same(student, rng):
    """0 for equal arrays, 1 for opposite ones"""
    a = eighths(rng, 4)
    compare_error(student, a, a.copy())
    compare_error(student, a, -a)


@exercise("relative_error")
def test_error_integers(student, rng):
    """arrays of type int64"""
    compare_error(student, rng.integers(1, 9, 5), -rng.integers(-2, 9, 5))


@exercise("relative_error")
def test_error_arguments(student, rng):
    """the arguments stay as they were"""
    args = (eighths(rng, 3, 2), eighths(rng, 3, 2))
    unchanged(student.relative_error, args, expected=ref.relative_error(*args), terms=6)


def compare_change(student, grad_w: Array, grad_b: float, dw: Array, db: float) -> None:
    """One call of predicted_change beside the reference's; the terms may cancel, and rounding is that of the terms."""
    args, scale = (grad_w, grad_b, dw, db), float(np.abs(grad_w) @ np.abs(dw) + abs(grad_b * db))
    close(student.predicted_change, args, expected=ref.predicted_change(*args), terms=len(dw) + 1, scale=scale)


@exercise("predicted_change", weight=2)
def test_change_random(student, rng):
    """several weights and a bias"""
    for d in (2, 5, 12):
        compare_change(student, eighths(rng, d), 2.5, eighths(rng, d) / 16, -0.375)


@exercise("predicted_change")
def test_change_one_weight(student, rng):
    """a single weight"""
    compare_change(student, eighths(rng, 1), -1.75, eighths(rng, 1), 0.375)


@exercise("predicted_change")
def test_change_bias_alone(student, rng):
    """only the bias changes, only the weights do"""
    compare_change(student, eighths(rng, 4), 1.5, np.zeros(4), -0.25)
    compare_change(student, eighths(rng, 4), 1.5, eighths(rng, 4), 0.0)


@exercise("predicted_change")
def test_change_flat(student, rng):
    """an output that does not depend on the weights, one that does not depend on the bias"""
    compare_change(student, np.zeros(3), -2.5, eighths(rng, 3), 0.75)
    compare_change(student, eighths(rng, 3), 0.0, eighths(rng, 3), 0.75)


@exercise("predicted_change")
def test_change_arguments(student):
    """the arguments stay as they were"""
    args = (np.array([1.5, -0.25, 2.0]), 0.5, np.array([0.5, 2.0, 0.125]), -3.0)
    unchanged(student.predicted_change, args, expected=ref.predicted_change(*args))


def compare_line(student, w: float, b: float, x: Array, t: Array) -> None:
    """One call of line_gradient beside the reference's; the sums may cancel, and rounding is that of their terms."""
    scale = float(np.max((np.abs(w * x) + abs(b) + np.abs(t)) * np.maximum(np.abs(x), 1)))
    close(
        student.line_gradient, (w, b, x, t), expected=ref.line_gradient(w, b, x, t), terms=len(x), scale=max(scale, 1.0)
    )


@exercise("line_gradient", weight=2)
def test_line_random(student, rng):
    """several numbers of points"""
    for n in (2, 5, 20):
        compare_line(student, 1.5, -2.25, eighths(rng, n), eighths(rng, n) + 1)


@exercise("line_gradient")
def test_line_one_point(student, rng):
    """a single point"""
    compare_line(student, -0.75, 1.5, eighths(rng, 1), eighths(rng, 1) - 3)


@exercise("line_gradient")
def test_line_fits(student, rng):
    """points on the line have no slope, points beside it do"""
    x = eighths(rng, 6)
    compare_line(student, 0.5, -1.5, x, 0.5 * x - 1.5)
    compare_line(student, 0.5, -1.5, x, 0.5 * x + 1.0)


@exercise("line_gradient")
def test_line_from_zero(student, rng):
    """a line that starts with w = 0 and b = 0"""
    compare_line(student, 0.0, 0.0, eighths(rng, 7), eighths(rng, 7) + 2)


@exercise("line_gradient")
def test_line_arguments(student, rng):
    """places and targets stay as they were"""
    args = (1.5, 0.25, eighths(rng, 6) + 3, eighths(rng, 6) - 4)
    unchanged(student.line_gradient, args, expected=ref.line_gradient(*args), terms=6)


# ---- downhill


def compare_direction(student, grad: Array) -> None:
    """One call of steepest_direction beside the reference's; no entry is beyond 1."""
    close(student.steepest_direction, (grad,), expected=ref.steepest_direction(grad), terms=grad.size, scale=1.0)


@exercise("steepest_direction", weight=2)
def test_steepest_random(student, rng):
    """vectors of several lengths"""
    for d in (2, 3, 9):
        compare_direction(student, eighths(rng, d))


@exercise("steepest_direction")
def test_steepest_rows_and_columns(student, rng):
    """a matrix, not square and square"""
    for shape in ((2, 4), (3, 3)):
        compare_direction(student, eighths(rng, *shape))


@exercise("steepest_direction")
def test_steepest_three_axes(student, rng):
    """an array of three axes"""
    compare_direction(student, eighths(rng, 2, 3, 2))


@exercise("steepest_direction")
def test_steepest_one_entry(student):
    """a single entry, of either sign"""
    for slope in (0.375, -2.5):
        compare_direction(student, np.array([slope]))


@exercise("steepest_direction")
@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_steepest_all_zeros(student, rng, shape):
    """zeros for a zero gradient, and a length of 1 for any other"""
    compare_direction(student, np.zeros(shape))
    compare_direction(student, eighths(rng, *shape))


@exercise("steepest_direction")
def test_steepest_sizes(student, rng):
    """very small and very large gradients have the same direction"""
    grad = eighths(rng, 4)
    for size in (TINY, 1.0, 2.0**20):
        compare_direction(student, size * grad)


@exercise("steepest_direction")
def test_steepest_argument(student, rng):
    """the gradient stays as it was"""
    grad = eighths(rng, 3, 2)
    unchanged(student.steepest_direction, (grad,), expected=ref.steepest_direction(grad), terms=6)


def slope(formula: Callable[[Array], Array]) -> Callable[[object], object]:
    """A gradient for numbers and arrays alike, which gives a number for a number."""

    def grad(x: object) -> object:
        values = formula(np.asarray(x, dtype=float))
        return values if values.ndim else float(values)

    return grad


def bowl(rng: np.random.Generator, *shape: int) -> Callable[[object], object]:
    """The gradient of a bowl with its lowest point off 0, in which every entry counts for the slope of every other.

    Steps of less than 1/2 lead down. Knows the entries, not the axes.
    """
    size, lowest = math.prod(shape), eighths(rng, *shape)
    k = (0.5 + 0.125 * rng.permutation(size)) * np.resize([1.0, -1.0], size)
    bend = np.outer(k, k) / (k @ k) + np.diag(np.linspace(0.5, 2.0, size))

    def formula(x: Array) -> Array:
        if x.size != size:
            return x + math.nan
        return np.reshape(bend @ (np.ravel(x) - np.ravel(lowest)), x.shape)

    return slope(formula)


def descend(student, grad: Callable[[object], object], x0: object, eta: float, steps: int) -> None:
    """One call of gradient_descent beside the reference's."""
    args = (grad, x0, eta, steps)
    close(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=steps * np.size(x0))


@exercise("gradient_descent")
def test_descent_from_numbers(student, rng):
    """numbers as the start"""
    for x0 in (2.5, -1.75):
        descend(student, bowl(rng), x0, 0.375, 5)


@exercise("gradient_descent", weight=2)
def test_descent_from_vectors(student, rng):
    """vectors as the start"""
    for d in (2, 5):
        descend(student, bowl(rng, d), 2 * eighths(rng, d), 0.25, 6)


@exercise("gradient_descent")
@pytest.mark.parametrize("shape", [(2, 4), (3, 3), (1, 1)])
def test_descent_from_matrices(student, rng, shape):
    """matrices as the start: not square, square, of one entry"""
    descend(student, bowl(rng, *shape), 2 * eighths(rng, *shape), 0.25, 4)


@exercise("gradient_descent")
def test_descent_one_step(student, rng):
    """a single step"""
    descend(student, bowl(rng, 3), eighths(rng, 3), 0.25, 1)
    descend(student, bowl(rng), 1.5, 0.25, 1)


@exercise("gradient_descent")
def test_descent_long(student, rng):
    """a long path, to the lowest point and on: it has all its steps"""
    descend(student, bowl(rng, 2), 2 * eighths(rng, 2), 0.5, 30)


@exercise("gradient_descent")
def test_descent_at_rest(student, rng):
    """a start at the lowest point stays there for all steps, one beside it moves"""
    lowest = eighths(rng, 3)
    grad = slope(lambda x: 2 * (x - np.resize(lowest, x.shape)))
    for x0 in (lowest, lowest + 1):
        descend(student, grad, x0, 0.25, 3)


@exercise("gradient_descent")
def test_descent_too_fast(student, rng):
    """a learning rate that is too large: the path leads away"""
    descend(student, bowl(rng, 2), eighths(rng, 2), 1.75, 5)


@exercise("gradient_descent")
def test_descent_curved(student, rng):
    """a slope that is no straight line"""
    wave = slope(lambda x: np.sin(2 * x) + 0.25 * x**3)
    for x0 in (1.25, eighths(rng, 3)):
        descend(student, wave, x0, 0.375, 5)


@exercise("gradient_descent")
@pytest.mark.parametrize("x0", [3, np.array([2, -5]), np.array([[4, 1, -3]])], ids=["number", "vector", "matrix"])
def test_descent_integers(student, rng, x0):
    """a start of type int64: the path need not stay whole"""
    descend(student, bowl(rng, *np.shape(x0)), x0, 0.125, 3)


@exercise("gradient_descent")
def test_descent_asks_with_points(student, rng):
    """the gradient is only asked for at points of x0's shape"""
    of_x, x0, others = bowl(rng, 2, 3), eighths(rng, 2, 3), []

    def grad(point: object) -> object:
        if np.shape(point) != (2, 3):
            others.append(point)
        return of_x(point)

    path = array(student.gradient_descent(grad, x0, 0.25, 3), "the path", shape=(4, 2, 3))
    holds(not others, "it asks for the gradient at something of another shape than x0")
    with np.errstate(all="ignore"):
        near = np.abs(path - ref.gradient_descent(of_x, x0, 0.25, 3)) < 1e-4
    holds(bool(near.all()), "the shapes are right, the points are not")


@exercise("gradient_descent")
def test_descent_start_kept(student, rng):
    """the start is as before after the call"""
    args = (bowl(rng, 2, 2), eighths(rng, 2, 2), 0.25, 3)
    unchanged(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=12)
