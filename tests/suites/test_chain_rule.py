"""The hidden tests of 03_chain_rule, its catalogue of mistakes, and right answers of other kinds."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder import close, exercise, holds, unchanged
from reference_impl import chain_rule as ref

Array = np.ndarray
NUMERICAL = 1e-7  # central differences come as close as that, differences to one side do not


def eighths(rng: np.random.Generator, *shape: int) -> Array:
    """Random multiples of 1/8 between -2 and 2, none of them 0."""
    return rng.integers(1, 17, shape) * rng.choice([-1, 1], shape) / 8


def three(rng: np.random.Generator) -> tuple[float, float, float]:
    """Three numbers of which no two are equal, nor one minus another."""
    return tuple(float(v) for v in rng.permutation([1, 2, 3, 5, 7, 11])[:3] * rng.choice([-1, 1], 3) / 4)


# ---- graphs


@exercise("product_of_sum", weight=2)
def test_product_random(student, rng):
    """random numbers of both signs"""
    for _ in range(5):
        args = three(rng)
        close(student.product_of_sum, args, expected=ref.product_of_sum(*args))


@exercise("product_of_sum")
def test_product_large(student):
    """numbers of very different sizes"""
    args = (1000.0, -0.5, 0.125)
    close(student.product_of_sum, args, expected=ref.product_of_sum(*args))


def neurons(rng: np.random.Generator, count: int) -> list[tuple[Array, Array]]:
    """Weights and inputs whose products all differ, with outputs that are not saturated."""
    found: list[tuple[Array, Array]] = []
    while len(found) < count:
        w, x = eighths(rng, 3), eighths(rng, 2)
        if abs(w[0] * x[0] + w[1] * x[1] + w[2]) < 2.5 and len({*np.abs(w), *np.abs(x)}) == 5:
            found.append((w, x))
    return found


@exercise("sigmoid_graph_forward", "sigmoid_graph_backward", weight=2)
def test_graph_random(student, rng, name):
    """random weights and inputs"""
    for args in neurons(rng, 5):
        close(getattr(student, name), args, expected=getattr(ref, name)(*args), terms=4)


@exercise("sigmoid_graph_forward", "sigmoid_graph_backward")
def test_graph_zero_input(student, name):
    """an input of 0, and a weight of 0"""
    for w, x in (([1.5, -0.5, 0.25], [0.0, 2.0]), ([0.0, 1.25, -0.75], [3.0, 0.5])):
        args = np.array(w), np.array(x)
        close(getattr(student, name), args, expected=getattr(ref, name)(*args), terms=4)


@exercise("sigmoid_graph_forward", "sigmoid_graph_backward")
def test_graph_arguments(student, rng, name):
    """weights and inputs stay as they were"""
    (args,) = neurons(rng, 1)
    unchanged(getattr(student, name), args, expected=getattr(ref, name)(*args), terms=4)


@exercise("sigmoid_graph_forward", "sigmoid_graph_backward")
def test_graph_saturated(student, name):
    """a neuron that is nearly sure, on either side"""
    for sign in (1.0, -1.0):
        args = sign * np.array([3.0, 1.75, 0.5]), np.array([1.0, 2.0])
        scale = 1.0 if name == "sigmoid_graph_backward" else None
        close(getattr(student, name), args, expected=getattr(ref, name)(*args), terms=4, scale=scale)


@exercise("sigmoid_graph_forward")
def test_graph_integers(student):
    """weights and inputs of type int64"""
    args = np.array([3, -1, 2]), np.array([-2, -5])
    close(student.sigmoid_graph_forward, args, expected=ref.sigmoid_graph_forward(*args), terms=4)


@exercise("chain_product", weight=2)
@pytest.mark.parametrize("length", [2, 5, 12])
def test_chain_random(student, rng, length):
    """a chain of {length} factors"""
    factors = [float(v) for v in eighths(rng, length)]
    close(student.chain_product, (factors,), expected=ref.chain_product(factors), terms=length)


@exercise("chain_product")
def test_chain_of_none_or_one(student):
    """no factor, and a single one"""
    for factors in ([], [-0.375]):
        close(student.chain_product, (factors,), expected=ref.chain_product(factors))


@exercise("chain_product")
def test_chain_with_zero(student):
    """a factor of 0 ends every gradient, one of -1 turns it round"""
    for factors in ([2.0, 0.0, 3.0], [2.0, -1.0, 3.0]):
        close(student.chain_product, (factors,), expected=ref.chain_product(factors))


@exercise("chain_product")
def test_chain_argument(student):
    """the list stays as it was"""
    unchanged(student.chain_product, ([2.0, -0.5, 3.0],), expected=-3.0)


# ---- numbers for gradients


def quartic(x: Array) -> float:
    """Entries count differently, and meet their neighbours."""
    flat = np.ravel(x)
    return float(np.sum(np.arange(1, flat.size + 1) * flat**2) + np.sum(flat[1:] * flat[:-1]) + flat[0] ** 4)


def cubic(x: Array) -> float:
    return float(np.sum(np.ravel(x) ** 3))


@exercise("numerical_gradient", weight=2)
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 2)])
def test_numerical_shapes(student, rng, shape):
    """one, two and three axes: x of shape {shape}"""
    x = eighths(rng, *shape)
    expected = ref.numerical_gradient(quartic, x)
    close(student.numerical_gradient, (quartic, x), expected=expected, tolerance=NUMERICAL * 10)


@exercise("numerical_gradient")
def test_numerical_one_entry(student):
    """a single entry"""
    for value in (1.5, -0.75):
        x = np.array([value])
        close(student.numerical_gradient, (cubic, x), expected=np.array([3 * value**2]), tolerance=NUMERICAL)


@exercise("numerical_gradient", weight=2)
def test_numerical_step(student, rng):
    """other values of h, by position: the error of a cubic is h²"""
    x = eighths(rng, 4)
    for h in (0.25, 0.01):
        expected = 3 * x**2 + h**2
        close(student.numerical_gradient, (cubic, x, h), expected=expected, tolerance=NUMERICAL)


@exercise("numerical_gradient")
def test_numerical_default_step(student):
    """h is 1e-5 when none is given: it shows where a function bends sharply"""
    for steep in (1e6, -2e6):
        x = np.zeros(3)
        args = (lambda x, steep=steep: steep * cubic(x), x)
        close(student.numerical_gradient, args, expected=np.full(3, steep * 1e-10), tolerance=NUMERICAL)


@exercise("numerical_gradient")
def test_numerical_asks_with_arrays(student, rng):
    """f is asked with arrays of the shape of x, and never at the same x with two answers"""
    shapes: set[tuple[int, ...]] = set()

    def watched(x: Array) -> float:
        shapes.add(np.shape(x))
        return cubic(x)

    x = eighths(rng, 2, 3)
    close(student.numerical_gradient, (watched, x), expected=3 * x**2, tolerance=NUMERICAL)
    holds(shapes == {(2, 3)}, "f must be asked with arrays of the shape of x: change one entry of a copy.")


@exercise("numerical_gradient")
def test_numerical_x_stays(student, rng):
    """x stays as it was"""
    x = eighths(rng, 2, 3) / 3  # moved to and fro it comes back a little elsewhere
    unchanged(student.numerical_gradient, (cubic, x, 0.1), expected=3 * x**2 + 0.01)


@exercise("relative_error", weight=2)
@pytest.mark.parametrize("shape", [(6,), (3, 4), (2, 3, 2)])
def test_error_random(student, rng, shape):
    """one, two and three axes: shape {shape}"""
    args = (eighths(rng, *shape), eighths(rng, *shape))
    close(student.relative_error, args, expected=ref.relative_error(*args), terms=12)


@exercise("relative_error")
def test_error_small(student, rng):
    """a small error, whatever the size of the numbers"""
    a = eighths(rng, 8)
    for scale in (2.0**-60, 1.0, 2.0**20):
        args = (scale * a, scale * (a + 2.0**-8))
        close(student.relative_error, args, expected=ref.relative_error(*args), terms=8)


@exercise("relative_error")
def test_error_both_zero(student):
    """0 where both are 0, 1 where only one is; entries that add up to 0 are not 0"""
    opposite = np.array([0.5, -0.5])
    pairs = ((np.zeros((2, 2)), np.zeros((2, 2))), (np.zeros(3), np.array([0.0, 0.5, 0.0])), (opposite, 3 * opposite))
    for a, b in pairs:
        close(student.relative_error, (a, b), expected=ref.relative_error(a, b))


@exercise("relative_error")
def test_error_arguments(student, rng):
    """the arrays stay as they were"""
    args = (eighths(rng, 2, 3), eighths(rng, 2, 3))
    unchanged(student.relative_error, args, expected=ref.relative_error(*args), terms=6)


@exercise("predicted_change", weight=2)
@pytest.mark.parametrize("d", [1, 2, 6])
def test_change_random(student, rng, d):
    """number of weights: {d}"""
    for db in (0.375, -1.25):
        args = (eighths(rng, d), 0.75, eighths(rng, d), db)
        close(student.predicted_change, args, expected=ref.predicted_change(*args), terms=d + 1)


@exercise("predicted_change")
def test_change_arguments(student, rng):
    """gradient and changes stay as they were"""
    args = (eighths(rng, 4), 0.5, eighths(rng, 4), -1.5)
    unchanged(student.predicted_change, args, expected=ref.predicted_change(*args), terms=5)


@exercise("line_gradient", weight=2)
def test_line_random(student, rng):
    """random points, several numbers of them"""
    for n in (2, 5, 9):
        args = (1.75, -0.625, eighths(rng, n), eighths(rng, n))
        close(student.line_gradient, args, expected=ref.line_gradient(*args), terms=n)


@exercise("line_gradient")
def test_line_one_point(student, rng):
    """a single point, and another one"""
    for x, t in zip(eighths(rng, 2, 1), eighths(rng, 2, 1), strict=True):
        args = (0.5, 2.25, x, t)
        close(student.line_gradient, args, expected=ref.line_gradient(*args))


@exercise("line_gradient")
def test_line_flat(student, rng):
    """a line with w = 0, and one with b = 0"""
    x, t = eighths(rng, 6), eighths(rng, 6)
    for w, b in ((0.0, 1.5), (-1.5, 0.0)):
        close(student.line_gradient, (w, b, x, t), expected=ref.line_gradient(w, b, x, t), terms=6)


@exercise("line_gradient")
def test_line_arguments(student, rng):
    """the points stay as they were"""
    args = (1.5, -0.5, eighths(rng, 5), eighths(rng, 5))
    unchanged(student.line_gradient, args, expected=ref.line_gradient(*args), terms=5)


# ---- descent


@exercise("steepest_direction", weight=2)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 2)])
def test_steepest_random(student, rng, shape):
    """one, two and three axes: shape {shape}"""
    grad = eighths(rng, *shape)
    close(student.steepest_direction, (grad,), expected=ref.steepest_direction(grad), scale=1)


@exercise("steepest_direction")
def test_steepest_sizes(student, rng):
    """tiny and huge gradients: only the direction counts"""
    grad = eighths(rng, 5)
    for scale in (2.0**-60, 2.0**40):
        close(student.steepest_direction, (scale * grad,), expected=ref.steepest_direction(grad), scale=1)


@exercise("steepest_direction")
def test_steepest_of_zeros(student):
    """zeros of any shape stay zeros, a gradient along one axis has length 1"""
    for grad in (np.zeros(4), np.zeros((2, 3)), np.array([0.0, -3.0, 0.0]), np.array([2.0, -2.0])):
        close(student.steepest_direction, (grad,), expected=ref.steepest_direction(grad), scale=1)


@exercise("steepest_direction")
def test_steepest_argument(student, rng):
    """the gradient stays as it was"""
    grad = eighths(rng, 2, 3)
    unchanged(student.steepest_direction, (grad,), expected=ref.steepest_direction(grad))


def bowl(x: Any) -> Any:
    """A gradient whose entries count differently, and meet their neighbours."""
    x = np.asarray(x, dtype=float)
    return x * np.arange(1, x.size + 1).reshape(x.shape) / 2 + np.roll(x, 1) / 4 - 1


@exercise("gradient_descent", weight=2)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1,)])
def test_descent_path(student, rng, shape):
    """a start of one axis, of two, and of one entry: shape {shape}"""
    args = (bowl, eighths(rng, *shape), 0.25, 6)
    close(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=8)


@exercise("gradient_descent")
def test_descent_from_a_number(student):
    """a plain number as the start"""
    for eta in (0.25, 0.75):
        args = (bowl, 2.5, eta, 5)
        close(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=8)


@exercise("gradient_descent")
def test_descent_one_step(student, rng):
    """a single step, and two; a tiny learning rate"""
    for steps, eta in ((1, 0.5), (2, 0.5), (2, 2.0**-11)):
        args = (bowl, eighths(rng, 4), eta, steps)
        close(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=4)


@exercise("gradient_descent")
def test_descent_integers(student):
    """a start of type int64: the path need not stay whole"""
    args = (bowl, np.array([3, -2, 1]), 0.25, 4)
    close(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=8)


@exercise("gradient_descent")
def test_descent_too_fast(student):
    """a learning rate that is too large: the path leaves the valley"""
    args = (bowl, np.array([1.0, -1.0]), 3.0, 5)
    close(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=8)


@exercise("gradient_descent")
def test_descent_at_rest(student, rng):
    """a start at the lowest point stays there for all steps, one beside it moves"""
    lowest = eighths(rng, 3)
    for x0 in (lowest, lowest + 1, lowest + 2.0**-12):
        args = (lambda x: np.asarray(x) - np.resize(lowest, np.shape(x)), x0, 0.25, 3)
        close(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=3)


@exercise("gradient_descent")
def test_descent_asks_with_points(student, rng):
    """the gradient is asked for at points of the shape of the start"""
    shapes: set[tuple[int, ...]] = set()

    def watched(x: Array) -> Array:
        shapes.add(np.shape(x))
        return np.resize(bowl(x), np.shape(x))

    args = (watched, eighths(rng, 2, 3), 0.25, 3)
    expected = ref.gradient_descent(*args)
    shapes.clear()
    close(student.gradient_descent, args, expected=expected, terms=8)
    holds(shapes == {(2, 3)}, "grad must be asked at points of the shape of x0.")


@exercise("gradient_descent")
def test_descent_start_stays(student, rng):
    """the start stays as it was"""
    args = (bowl, eighths(rng, 3), 0.25, 3)
    unchanged(student.gradient_descent, args, expected=ref.gradient_descent(*args), terms=8)


# ---- mistakes

Numbers = dict[str, float]


def forward_by(
    bias: Callable[[float, float], float] = lambda w, s: w + s,
    exponent: Callable[[float], float] = lambda t: -t,
    last: Callable[[float], float] = lambda v: 1 / v,
    join: Callable[[float, float], float] = lambda q, p: q + p,
) -> Callable[[Array, Array], Numbers]:
    """The eight steps with one of them changed."""

    def forward(w: Array, x: Array) -> Numbers:
        q, p = w[0] * x[0], w[1] * x[1]
        s = join(q, p)
        t = bias(w[2], s)
        r = exponent(t)
        u = np.exp(r)
        return {"q": q, "p": p, "s": s, "t": t, "r": r, "u": u, "v": u + 1, "z": last(u + 1)}

    return forward


def backward_by(slope: Callable[[Numbers], float]) -> Callable[[Array, Array], Numbers]:
    """∂z/∂t in another way; the rest as it should be."""

    def backward(w: Array, x: Array) -> Numbers:
        dt = slope(ref.sigmoid_graph_forward(w, x))
        return {"w0": dt * x[0], "w1": dt * x[1], "w2": dt, "x0": dt * w[0], "x1": dt * w[1]}

    return backward


def renamed(function: Callable[..., Numbers], change: Callable[[Numbers, Array, Array], Any]) -> Callable[..., Any]:
    """What is made of a right answer."""
    return lambda w, x: change(function(w, x), w, x)


def differences(
    slope: Callable[[Callable[[Array], float], Array, Array, float], float], fixed: float | None = None
) -> Callable[..., Array]:
    """A numerical gradient, entry by entry, by another quotient."""

    def gradient(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
        h = fixed or h
        out = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            step = np.zeros(x.shape)
            step[place] = h
            out[place] = slope(f, x, step, h)
        return out

    return gradient


def central(f: Callable[[Array], float], x: Array, step: Array, h: float) -> float:
    return (f(x + step) - f(x - step)) / (2 * h)


def first_slope_only(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    """A return inside the loop over the entries leaves zeros in all others."""
    out = differences(central)(f, x, h)
    out.flat[1:] = 0
    return out


def gradient_first_axis(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    """Moves whole rows of what has more than one axis."""
    out = np.zeros(x.shape)
    for i in range(len(x)):
        step = np.zeros(x.shape)
        step[i] = h
        out[i] = (f(x + step) - f(x - step)) / (2 * h)
    return out


def gradient_x_left_changed(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    out = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += h
        above = f(x)
        x[place] -= 2 * h
        out[place] = (above - f(x)) / (2 * h)
    return out


def gradient_all_at_once(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def gradient_flat(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    return ref.numerical_gradient(f, x, h).ravel()


def gradient_of_numbers(f: Callable[[Any], float], x: Array, h: float = 1e-5) -> Array:
    """Hands f one number at a time."""
    return np.array([(f(v + h) - f(v - h)) / (2 * h) for v in x.ravel()]).reshape(x.shape)


def path_by(
    step: Callable[[Any, Any, float, int], Any] = lambda x, g, eta, s: x - eta * g,
    at: Callable[[list[Any]], Any] = lambda path: path[-1],
    settle: Callable[[list[Any]], Any] = np.array,
    steps_taken: Callable[[int], int] = lambda steps: steps,
) -> Callable[..., Any]:
    """Descent with one of its parts changed."""

    def descent(grad: Callable[[Any], Any], x0: Any, eta: float, steps: int) -> Any:
        path = [np.asarray(x0, dtype=float)]
        for s in range(steps_taken(steps)):
            path.append(step(path[-1], grad(at(path)), eta, s))
        return settle(path)

    return descent


def descent_aliased(grad: Callable[[Any], Any], x0: Any, eta: float, steps: int) -> Array:
    """Appends the same array again and again."""
    x = np.array(x0, dtype=float)
    path = [x]
    for _ in range(steps):
        x -= eta * grad(x)
        path.append(x)
    return np.array(path)


def descent_in_place(grad: Callable[[Any], Any], x0: Any, eta: float, steps: int) -> Array:
    path = [np.array(x0, dtype=float)]
    for _ in range(steps):
        if isinstance(x0, np.ndarray) and x0.dtype.kind == "f":
            x0 -= eta * grad(x0)
        else:
            x0 = x0 - eta * grad(x0)
        path.append(np.array(x0))
    return np.array(path)


def descent_in_whole_numbers(grad: Callable[[Any], Any], x0: Any, eta: float, steps: int) -> Array:
    path = np.zeros((steps + 1, *np.shape(x0)), dtype=np.asarray(x0).dtype)
    path[0] = x0
    for s in range(steps):
        path[s + 1] = path[s] - eta * grad(path[s])
    return path


def steepest_in_place(grad: Array) -> Array:
    grad *= -1
    grad /= np.linalg.norm(grad) or 1.0
    return grad


def chain_in_place(derivatives: list[float]) -> float:
    product = 1.0
    while derivatives:
        product *= derivatives.pop()
    return product


def error_by(
    difference: Callable[[Array], float] = np.linalg.norm,
    size: Callable[[Array, Array], float] = lambda a, b: float(np.linalg.norm(a) + np.linalg.norm(b)),
) -> Callable[[Array, Array], float]:
    """A relative error by other norms, 0 where the size is."""

    def relative_error(a: Array, b: Array) -> float:
        scale = size(a, b)
        return float(difference(a - b)) / scale if scale else 0.0

    return relative_error


def spectral(a: Array) -> float:
    return float(np.linalg.norm(a, 2)) if a.ndim == 2 else float(np.linalg.norm(a))


MISTAKES: dict[str, dict[str, tuple[Callable[..., Any], str]]] = {
    "product_of_sum": {
        "brackets": (
            lambda x, y, z: (x + y * z, (1, z, y)),
            "The brackets are missing: y·z is computed first. f is (x + y)·z.",
        ),
        "value_only": (
            lambda x, y, z: (x + y) * z,
            "Only the value is returned. Return it together with the three derivatives: f, (fx, fy, fz).",
        ),
        "sum_of_all": (
            lambda x, y, z: (x + y + z, (1, 1, 1)),
            "The sum is added to z. It is multiplied by it.",
        ),
        "product_of_all": (
            lambda x, y, z: (x * y * z, (y * z, x * z, x * y)),
            "x and y are multiplied. They are added: f is (x + y)·z.",
        ),
        "times_each_input": (
            lambda x, y, z: ((x + y) * z, (x * z, y * z, (x + y) * z)),
            "Each derivative is multiplied by the input itself. The derivative to x is z alone.",
        ),
        "derivative_to_z": (
            lambda x, y, z: ((x + y) * z, (z, z, z)),
            "The derivative to z is not z. It is what z is multiplied by: x + y.",
        ),
        "product_for_sum": (
            lambda x, y, z: ((x + y) * z, (z, z, x * y)),
            "The derivative to z is x·y. It is x + y.",
        ),
        "outer_derivative_forgotten": (
            lambda x, y, z: ((x + y) * z, (1, 1, x + y)),
            "The derivatives to x and y are those of the sum alone. Multiply by what comes back to it: z.",
        ),
        "other_factor_exchanged": (
            lambda x, y, z: ((x + y) * z, (x + y, x + y, z)),
            "The factors have changed places: the derivative to x and y is z, that to z is x + y.",
        ),
        "flat": (
            lambda x, y, z: ((x + y) * z, z, z, x + y),
            "Four results are returned. Return two: the value, and a tuple of the three derivatives.",
        ),
        "exchanged": (
            lambda x, y, z: ref.product_of_sum(x, y, z)[::-1],
            "The two results are in the wrong order: the value comes first, then the three slopes.",
        ),
    },
    "sigmoid_graph_forward": {
        "bias_forgotten": (
            forward_by(bias=lambda w, s: s),
            "The bias is missing: t = w2 + s.",
        ),
        "sign_forgotten": (
            forward_by(exponent=lambda t: t),
            "The sign is not turned round: r = −t.",
        ),
        "not_inverted": (
            forward_by(last=lambda v: v),
            "The last step is missing: z = 1/v.",
        ),
        "multiplied": (
            forward_by(join=lambda q, p: q * p),
            "q and p are multiplied. They are added: s = q + p.",
        ),
        "bias_multiplied": (
            forward_by(bias=lambda w, s: w * s),
            "The bias is multiplied. It is added: t = w2 + s.",
        ),
        "bias_subtracted": (
            forward_by(bias=lambda w, s: s - w),
            "The bias is subtracted. It is added: t = w2 + s.",
        ),
        "output_only": (
            lambda w, x: ref.sigmoid_graph_forward(w, x)["z"],
            "Only the output is returned. Return a dict of all eight nodes.",
        ),
        "output_alone_in_a_dict": (
            lambda w, x: {"z": ref.sigmoid_graph_forward(w, x)["z"]},
            "Only z is in the dict. All eight nodes are wanted: q, p, s, t, r, u, v, z.",
        ),
        "one_forgotten": (
            renamed(ref.sigmoid_graph_forward, lambda node, w, x: {**node, "v": node["u"], "z": 1 / node["u"]}),
            "The 1 is not added: v = u + 1.",
        ),
        "inputs_crossed": (
            lambda w, x: ref.sigmoid_graph_forward(w, x[::-1]),
            "The inputs have changed places: q = w0·x0, p = w1·x1.",
        ),
    },
    "sigmoid_graph_backward": {
        "sign": (
            backward_by(lambda node: -(node["u"] / node["v"] ** 2)),
            "All signs are turned round: on the way back the sign changes twice, at 1/v and at −t.",
        ),
        "exponential_forgotten": (
            backward_by(lambda node: 1 / node["v"] ** 2),
            "The derivative of e^r is missing: multiply by u.",
        ),
        "output_for_slope": (
            backward_by(lambda node: node["z"]),
            "This is the output z itself times the inputs. The slope of the sigmoid is z(1 − z).",
        ),
        "square_forgotten": (
            backward_by(lambda node: node["u"] / node["v"]),
            "This is 1 − z: a factor z is missing, as the slope is z(1 − z). Is it −1/v² for the derivative of 1/v?",
        ),
        "slope_forgotten": (
            backward_by(lambda node: 1.0),
            "These are the derivatives of t. The way from z back to t is missing: multiply by z(1 − z).",
        ),
        "weights_and_inputs_crossed": (
            renamed(
                ref.sigmoid_graph_backward,
                lambda slopes, w, x: {
                    "w0": slopes["x0"],
                    "w1": slopes["x1"],
                    "w2": slopes["w2"],
                    "x0": slopes["w0"],
                    "x1": slopes["w1"],
                },
            ),
            "Weights and inputs have changed places: the derivative to w0 is multiplied by x0, that to x0 by w0.",
        ),
        "bias_times_weight": (
            renamed(ref.sigmoid_graph_backward, lambda slopes, w, x: {**slopes, "w2": slopes["w2"] * w[2]}),
            "The derivative to w2 is multiplied by w2. It is added in the graph, so nothing is multiplied.",
        ),
        "rounded": (
            backward_by(lambda node: round(round(-1 / node["v"] ** 2, 2) * -round(node["u"], 2), 4)),
            "Each factor is rounded, as the slides do it. Keep all digits until the end.",
        ),
        "weights_only": (
            renamed(
                ref.sigmoid_graph_backward,
                lambda slopes, w, x: {key: value for key, value in slopes.items() if key[0] == "w"},
            ),
            "The derivatives to the inputs are missing: x0 and x1.",
        ),
    },
    "chain_product": {
        "sum": (lambda derivatives: sum(derivatives), "The factors are added. Along a chain they are multiplied."),
        "zero_for_empty": (
            lambda derivatives: math.prod(derivatives) if derivatives else 0.0,
            "An empty chain gives 0. Nothing is multiplied then: it is 1.",
        ),
        "none_for_empty": (
            lambda derivatives: functools.reduce(lambda p, d: p * d, derivatives) if derivatives else None,
            "An empty chain gives None. Start with 1, and multiply.",
        ),
        "starts_at_zero": (
            lambda derivatives: 0.0 * math.prod(derivatives),
            "The product starts with 0, and stays there. Start with 1.",
        ),
        "last_left_out": (
            lambda derivatives: math.prod(derivatives[:-1]),
            "The last factor is left out.",
        ),
        "first_left_out": (
            lambda derivatives: math.prod(derivatives[1:]),
            "The first factor is left out.",
        ),
        "sizes_only": (
            lambda derivatives: math.prod(map(abs, derivatives)),
            "The signs are lost. Multiply the factors as they are.",
        ),
        "zeros_skipped": (
            lambda derivatives: math.prod(d for d in derivatives if d),
            "Factors of 0 are left out. Where one step does not pass anything on, nothing arrives.",
        ),
        "running_products": (
            lambda derivatives: np.cumprod(derivatives),
            "All products on the way are returned. Only the last is wanted.",
        ),
        "in_place": (chain_in_place, "The list was changed. Go through it without taking its entries out."),
        "returned_in_the_loop": (
            lambda derivatives: derivatives[0] if len(derivatives) else 1.0,
            "Only the first factor counts: the return is inside the loop. Put it after the loop.",
        ),
    },
    "numerical_gradient": {
        "one_sided": (
            differences(lambda f, x, step, h: (f(x + step) - f(x)) / h),
            "The difference is taken to one side. Take it to both: (f(x + h) − f(x − h))/2h errs far less.",
        ),
        "divided_by_h": (
            differences(lambda f, x, step, h: (f(x + step) - f(x - step)) / h),
            "Everything is twice as large: from x − h to x + h it is 2h.",
        ),
        "not_divided": (
            differences(lambda f, x, step, h: f(x + step) - f(x - step)),
            "The difference is not divided by 2h.",
        ),
        "multiplied": (
            differences(lambda f, x, step, h: (f(x + step) - f(x - step)) / 2 * h),
            "It is multiplied by h: brackets are missing in / (2 * h).",
        ),
        "sign": (
            differences(lambda f, x, step, h: -central(f, x, step, h)),
            "The sign is turned round: f(x + h) comes first.",
        ),
        "h_ignored": (
            differences(central, fixed=1e-5),
            "The answer does not depend on h as (f(x + h) − f(x − h))/2h does. Use the parameter h, and that quotient.",
        ),
        "backward": (
            differences(lambda f, x, step, h: (f(x) - f(x - step)) / h),
            "The difference is taken to one side, from x − h to x. Take it to both.",
        ),
        "rows_at_once": (
            gradient_first_axis,
            "Whole rows are moved at once. Move one entry at a time: np.ndindex(x.shape) goes through all of them.",
        ),
        "all_at_once": (
            gradient_all_at_once,
            "All entries are moved at once. Move one at a time: each has a slope of its own.",
        ),
        "flat": (gradient_flat, "The gradient is flat. It has the shape of x."),
        "x_left_changed": (
            gradient_x_left_changed,
            "x is not put back: after an entry was moved it must get its old value again.",
        ),
        "one_number_at_a_time": (
            gradient_of_numbers,
            "f is asked with single numbers. It takes an array of the shape of x, of which one entry is moved.",
        ),
        "returned_in_the_loop": (
            first_slope_only,
            "Only the first entry has a slope: the return is inside the loop. Put it after the loop.",
        ),
    },
    "relative_error": {
        "absolute": (
            lambda a, b: float(np.linalg.norm(a - b)),
            "This is the absolute error. Divide by ‖a‖ + ‖b‖.",
        ),
        "by_the_first": (
            error_by(size=lambda a, b: float(np.linalg.norm(a))),
            "It is divided by ‖a‖ alone. Divide by ‖a‖ + ‖b‖.",
        ),
        "by_the_second": (
            error_by(size=lambda a, b: float(np.linalg.norm(b))),
            "It is divided by ‖b‖ alone. Divide by ‖a‖ + ‖b‖.",
        ),
        "by_the_larger": (
            error_by(size=lambda a, b: float(max(np.linalg.norm(a), np.linalg.norm(b)))),
            "It is divided by the larger norm. Divide by the sum of both.",
        ),
        "by_the_norm_of_the_sum": (
            error_by(size=lambda a, b: float(np.linalg.norm(a + b))),
            "It is divided by ‖a + b‖. Divide by ‖a‖ + ‖b‖, two norms.",
        ),
        "entrywise": (
            lambda a, b: float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))),
            "This is the largest ratio of entries, as in CS231n. Here it is a quotient of norms.",
        ),
        "squares": (
            error_by(lambda d: float(np.sum(d**2)), lambda a, b: float(np.sum(a**2) + np.sum(b**2))),
            "The roots are missing: norms are wanted, not sums of squares.",
        ),
        "absolute_values": (
            error_by(lambda d: float(np.abs(d).sum()), lambda a, b: float(np.abs(a).sum() + np.abs(b).sum())),
            "Absolute values are added. The Frobenius norm is the root of the sum of squares.",
        ),
        "largest_entries": (
            error_by(lambda d: float(np.abs(d).max()), lambda a, b: float(np.abs(a).max() + np.abs(b).max())),
            "The largest entries are taken for norms. The Frobenius norm is the root of the sum of squares.",
        ),
        "spectral": (
            error_by(spectral, lambda a, b: spectral(a) + spectral(b)),
            "For matrices this is the spectral norm. The Frobenius norm is np.linalg.norm(a) without a 2.",
        ),
        "nan_for_zeros": (
            lambda a, b: np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)),
            "Where both are 0 this is 0/0. Return 0 there.",
        ),
        "doubled": (
            lambda a, b: 2 * ref.relative_error(a, b),
            "It is twice as large: divide by the sum of the norms, not by their mean.",
        ),
    },
    "predicted_change": {
        "bias_forgotten": (
            lambda grad_w, grad_b, dw, db: float(grad_w @ dw),
            "The bias is missing: add ∂out/∂b · Δb.",
        ),
        "not_added": (
            lambda grad_w, grad_b, dw, db: grad_w * dw + grad_b * db,
            "The weights' parts are not added. One number is wanted: grad_w @ dw.",
        ),
        "sign": (
            lambda grad_w, grad_b, dw, db: -ref.predicted_change(grad_w, grad_b, dw, db),
            "The sign is turned round. This is no descent: gradient times change.",
        ),
        "products_of_sums": (
            lambda grad_w, grad_b, dw, db: float(np.sum(grad_w) * np.sum(dw) + grad_b * db),
            "Gradients and changes are added up first. Multiply each gradient by its own change.",
        ),
        "bias_subtracted": (
            lambda grad_w, grad_b, dw, db: float(grad_w @ dw - grad_b * db),
            "The bias' part is subtracted. It is added.",
        ),
        "changes_only": (
            lambda grad_w, grad_b, dw, db: float(np.sum(dw) + db),
            "These are the changes alone. Multiply each by its derivative.",
        ),
        "bias_change_alone": (
            lambda grad_w, grad_b, dw, db: float(grad_w @ dw + db),
            "The bias' derivative is missing: it is ∂out/∂b · Δb.",
        ),
        "mean": (
            lambda grad_w, grad_b, dw, db: float(np.mean(grad_w * dw) + grad_b * db),
            "The mean of the weights' parts is taken. They add up.",
        ),
        "absolute": (
            lambda grad_w, grad_b, dw, db: abs(ref.predicted_change(grad_w, grad_b, dw, db)),
            "The sign is lost. The output may fall as well as rise.",
        ),
    },
    "line_gradient": {
        "sum": (
            lambda w, b, x, t: (float(np.sum((w * x + b - t) * x)), float(np.sum(w * x + b - t))),
            "The points' gradients are added. The cost is a mean: divide by n.",
        ),
        "sign": (
            lambda w, b, x, t: tuple(-g for g in ref.line_gradient(w, b, x, t)),
            "The sign is turned round: the derivative of (t − (w x + b))² to w has a factor −x.",
        ),
        "half": (
            lambda w, b, x, t: tuple(g / 2 for g in ref.line_gradient(w, b, x, t)),
            "Everything is half as large: the ½ of the cost cancels the 2 of the square.",
        ),
        "doubled": (
            lambda w, b, x, t: tuple(2 * g for g in ref.line_gradient(w, b, x, t)),
            "Everything is twice as large: the ½ of the cost cancels the 2 of the square.",
        ),
        "x_forgotten": (
            lambda w, b, x, t: (float(np.mean(w * x + b - t)), float(np.mean(w * x + b - t))),
            "The factor x is missing in the derivative to w.",
        ),
        "exchanged": (
            lambda w, b, x, t: ref.line_gradient(w, b, x, t)[::-1],
            "The two have changed places: return the derivative to w, then the one to b.",
        ),
        "bias_summed": (
            lambda w, b, x, t: (ref.line_gradient(w, b, x, t)[0], float(np.sum(w * x + b - t))),
            "The derivative to b is a sum. It is a mean as well: divide by n.",
        ),
        "bias_ignored": (
            lambda w, b, x, t: (float(np.mean((w * x - t) * x)), float(np.mean(w * x - t))),
            "The line is taken without its bias: the error is w x + b − t.",
        ),
        "weight_only": (
            lambda w, b, x, t: ref.line_gradient(w, b, x, t)[0],
            "Only the derivative to w is returned. Return both.",
        ),
        "means_multiplied": (
            lambda w, b, x, t: (float(np.mean(w * x + b - t) * np.mean(x)), float(np.mean(w * x + b - t))),
            "The means of error and x are multiplied. Multiply at each point, then take the mean.",
        ),
        "each_point": (
            lambda w, b, x, t: ((w * x + b - t) * x, w * x + b - t),
            "Each point has its own gradient here. Take their means.",
        ),
    },
    "steepest_direction": {
        "uphill": (
            lambda grad: -ref.steepest_direction(grad),
            "This is the way up. Descent goes against the gradient: −g/‖g‖.",
        ),
        "not_normalised": (lambda grad: -grad, "The length is not 1. Divide by the norm of the gradient."),
        "nan_for_zeros": (
            lambda grad: -grad / np.linalg.norm(grad),
            "A gradient of zeros gives 0/0. Return zeros there.",
        ),
        "sum_for_norm": (
            lambda grad: -grad / (np.abs(grad).sum() or 1.0),
            "It is divided by the sum of absolute values. The norm is the root of the sum of squares.",
        ),
        "largest_for_norm": (
            lambda grad: -grad / (np.abs(grad).max() or 1.0),
            "It is divided by the largest entry. The norm is the root of the sum of squares.",
        ),
        "squared_norm": (
            lambda grad: -grad / (np.sum(grad**2) or 1.0),
            "The root is missing in the norm.",
        ),
        "signs_only": (lambda grad: -np.sign(grad), "Only the signs are left. The entries keep their proportions."),
        "row_by_row": (
            lambda grad: -grad / np.maximum(np.linalg.norm(grad, axis=-1, keepdims=True), 1e-300),
            "Each row is given the length 1. The whole gradient has one length.",
        ),
        "with_a_floor": (
            lambda grad: -grad / (np.linalg.norm(grad) + 1e-8),
            "A small number is added to the norm, which spoils small gradients. Ask for 0 instead.",
        ),
        "first_entry_for_zeros": (
            lambda grad: ref.steepest_direction(grad) if np.any(grad) else np.ones_like(grad),
            "A gradient of zeros gives ones. There is no direction to go: return zeros.",
        ),
        "in_place": (steepest_in_place, "The gradient handed in was changed. Make a new array."),
    },
    "gradient_descent": {
        "uphill": (
            path_by(step=lambda x, g, eta, s: x + eta * g),
            "The steps go uphill: subtract η grad(x).",
        ),
        "start_left_out": (
            path_by(settle=lambda path: np.array(path[1:])),
            "The start is missing. The path has steps + 1 rows, and the first is x0.",
        ),
        "end_only": (path_by(settle=lambda path: path[-1]), "Only the end is returned. The whole path is wanted."),
        "slope_of_the_start": (
            path_by(at=lambda path: path[0]),
            "The slope is always taken at the start. Take it where the path is now.",
        ),
        "rate_forgotten": (
            path_by(step=lambda x, g, eta, s: x - g),
            "The learning rate is missing: subtract η times the gradient.",
        ),
        "one_step_short": (
            path_by(steps_taken=lambda steps: steps - 1),
            "One step is missing: the path has steps + 1 rows.",
        ),
        "one_step_more": (
            path_by(steps_taken=lambda steps: steps + 1),
            "One step too many: the path has steps + 1 rows, the start among them.",
        ),
        "same_array": (
            descent_aliased,
            "All rows are the end: the same array was appended again and again. Append a copy, or x = x - ...",
        ),
        "whole_numbers": (
            descent_in_whole_numbers,
            "A path from whole numbers is cut to whole numbers: its array has the type of x0. Use floats.",
        ),
        "normalised": (
            path_by(step=lambda x, g, eta, s: x - eta * g / (np.linalg.norm(g) or 1.0)),
            "The steps have the length η. They are η times the gradient, however long that is.",
        ),
        "rate_decays": (
            path_by(step=lambda x, g, eta, s: x - eta / (s + 1) * g),
            "The learning rate gets smaller on the way. It stays η.",
        ),
        "gradients_returned": (
            path_by(step=lambda x, g, eta, s: g),
            "The gradients are returned. The points of the path are wanted.",
        ),
        "in_place": (descent_in_place, "The start handed in was changed: x0 -= ... writes to it. Work on a copy."),
        "step_not_assigned": (
            lambda grad, x0, eta, steps: np.array([np.array(x0, dtype=float)] * (steps + 1)),
            "All rows are the start: the new x is never kept. Assign it: x = x - ...",
        ),
    },
}


# ---- right answers of other kinds


def in_single(name: str) -> Callable[..., Any]:
    def answer(*arguments: Any) -> Any:
        single = [np.float32(value) if isinstance(value, np.ndarray) else value for value in arguments]
        return getattr(ref, name)(*single)

    return answer


def backward_by_slope(w: Array, x: Array) -> Numbers:
    """By the slope that the sigmoid is known to have."""
    z = 1 / (1 + math.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))
    slope = z * (1 - z)
    by_weight = {f"w{i}": slope * factor for i, factor in enumerate((*x, 1.0))}
    return {**by_weight, **{f"x{i}": float(w[i]) * slope for i in range(2)}}


def forward_in_order(w: Array, x: Array) -> Numbers:
    """From the last key to the first, with NumPy numbers."""
    t = np.dot(w[:2], x) + w[2]
    late = {"z": np.reciprocal(1 + np.exp(-t)), "v": 1 + np.exp(-t), "u": np.exp(-t), "r": -t, "t": t}
    return {**late, "s": np.dot(w[:2], x), "p": w[1] * x[1], "q": np.prod([w[0], x[0]])}


def gradient_on_a_copy(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    point, out = x.copy(), np.zeros_like(x)
    walk = np.nditer(point, flags=["multi_index"], op_flags=[["readwrite"]])
    for entry in walk:
        value = float(entry)
        entry[...] = value + h
        above = f(point)
        entry[...] = value - h
        out[walk.multi_index] = (above - f(point)) / (2 * h)
        entry[...] = value
    return out


def descent_in_lists(grad: Callable[[Any], Any], x0: Any, eta: float, steps: int) -> list[Any]:
    path = [np.array(x0) * 1.0]
    while len(path) <= steps:
        path.append(path[-1] - np.multiply(eta, grad(path[-1])))
    return [point.tolist() for point in path]


def descent_by_recursion(grad: Callable[[Any], Any], x0: Any, eta: float, steps: int) -> Array:
    if steps == 0:
        return np.array([x0], dtype=float)
    step = x0 - eta * np.asarray(grad(x0))
    return np.concatenate([np.array([x0], dtype=float), descent_by_recursion(grad, step, eta, steps - 1)])


ALTERNATIVES: dict[str, dict[str, Callable[..., Any]]] = {
    "product_of_sum": {
        "list": lambda x, y, z: [x * z + y * z, [z, z, y + x]],
        "array": lambda x, y, z: (np.float64(x + y) * z, np.array([z, z, x + y])),
    },
    "sigmoid_graph_forward": {
        "other_order": forward_in_order,
        "math": lambda w, x: {
            key: float(value) for key, value in ref.sigmoid_graph_forward(w.tolist(), x.tolist()).items()
        },
        "float32": in_single("sigmoid_graph_forward"),
    },
    "sigmoid_graph_backward": {"by_slope": backward_by_slope, "float32": in_single("sigmoid_graph_backward")},
    "chain_product": {
        "loop": lambda derivatives: functools.reduce(lambda product, d: product * d, derivatives, 1),
        "math": math.prod,
        "numpy": np.prod,
    },
    "numerical_gradient": {
        "on_a_copy": gradient_on_a_copy,
        "entry_by_entry": differences(central),
        "halves": differences(lambda f, x, step, h: f(x + step) / h / 2 - f(x - step) / h / 2),
    },
    "relative_error": {
        "roots": error_by(
            lambda d: math.sqrt(np.sum(d * d)), lambda a, b: math.sqrt(np.vdot(a, a)) + math.sqrt(np.vdot(b, b))
        ),
        "float32": in_single("relative_error"),
    },
    "predicted_change": {
        "loop": lambda grad_w, grad_b, dw, db: sum(float(g * d) for g, d in zip(grad_w, dw, strict=True)) + db * grad_b,
        "appended": lambda grad_w, grad_b, dw, db: np.dot(np.append(grad_w, grad_b), np.append(dw, db)),
        "float32": in_single("predicted_change"),
    },
    "line_gradient": {
        "matrix": lambda w, b, x, t: np.stack([x, np.ones_like(x)]) @ (w * x + b - t) / len(x),
        "loop": lambda w, b, x, t: [
            sum(-(q - (w * p + b)) * p for p, q in zip(x, t, strict=True)) / x.size,
            sum(-(q - (w * p + b)) for p, q in zip(x, t, strict=True)) / x.size,
        ],
        "float32": in_single("line_gradient"),
    },
    "steepest_direction": {
        "root": lambda grad: -grad / np.sqrt(np.sum(grad**2)) if grad.any() else grad * 0,
        "scaled_first": lambda grad: ref.steepest_direction(grad / (np.abs(grad).max() or 1.0)),
        "float32": in_single("steepest_direction"),
    },
    "gradient_descent": {
        "lists": descent_in_lists,
        "recursion": descent_by_recursion,
        "appending": path_by(),
    },
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "product_of_sum": (
        (
            "Give the sum a name of its own. Then f is a product of two factors, and each factor is the derivative "
            "with respect to the other."
        ),
        (
            "q = x + y and f = q·z. So df/dq = z and df/dz = q; dq/dx = dq/dy = 1, and the chain rule gives df/dx = "
            "df/dq · dq/dx."
        ),
        ("q ← the sum\nreturn a pair: first the value, then a tuple of three derivatives in the order x, y, z"),
    ),
    "sigmoid_graph_forward": (
        (
            "Follow the graph from left to right, one small step per line. Each step uses only values that are there "
            "already."
        ),
        (
            "q and p are products of a weight and an input, s is their sum, t adds the bias w[2], r changes the "
            "sign, u is e^r, v adds 1, z is the reciprocal. All of them are numbers."
        ),
        (
            "eight assignments, in the order of the formula\n"
            "then a dict with the eight names, as strings, and their values"
        ),
    ),
    "sigmoid_graph_backward": (
        (
            "Walk back from z to the inputs. At each node multiply what came from the right by the derivative of "
            "that one step."
        ),
        (
            "dz/dv = −1/v², dv/du = 1, du/dr = e^r = u, dr/dt = −1, and dt/ds = dt/dw2 = 1, ds/dq = ds/dp = 1. At "
            "the products: dq/dw0 = x0 and dq/dx0 = w0, and the same for p."
        ),
        (
            "node ← the forward values\n"
            "go back: the derivative at v, then at u, r, t, each from the one before\n"
            "the derivative at t is also the one at w2, s, q and p\n"
            "return a dict with w0, w1, w2, x0, x1; a weight gets the input as its factor, and an input gets the "
            "weight"
        ),
    ),
    "chain_product": (
        "The chain rule multiplies the derivatives of all steps. Start from 1, so that an empty chain gives 1.",
        "dy/dx = f_n' · … · f_2' · f_1' with any number of factors, also none. It is a product, not a sum.",
        (
            "result ← 1\n"
            "multiply it by each number of the list\n"
            "return it after the loop (NumPy has a function for the product of a list, too)"
        ),
    ),
    "numerical_gradient": (
        (
            "Change one entry of x by a little to both sides, and see how much f changes. Do that for every entry, "
            "and always start from the original x."
        ),
        (
            "gradient[i] = (f(x + h·e_i) − f(x − h·e_i)) / (2h). e_i has x's shape and is 1 at entry i, 0 elsewhere. "
            "i runs over all entries of any shape: np.ndindex(x.shape) gives the positions."
        ),
        (
            "gradient ← zeros in the shape of x\n"
            "for each position:\n"
            "    change ← zeros in the shape of x, with h at this position\n"
            "    store in gradient the quotient of the two calls of f (mind the brackets: 2h is the whole "
            "denominator)\n"
            "return gradient"
        ),
    ),
    "relative_error": (
        (
            "The distance of two arrays says little without their size. So divide the norm of the difference by the "
            "sum of both norms."
        ),
        (
            "error = ‖a − b‖ / (‖a‖ + ‖b‖): three norms of whole arrays, each the root of the sum of all squared "
            "entries. If both arrays are zeros, the answer is 0."
        ),
        (
            "size ← the norm of a plus the norm of b\n"
            "if size is 0: return 0 before anything is divided\n"
            "return the norm of the difference over size"
        ),
    ),
    "predicted_change": (
        (
            "Each weight changes the output by its derivative times its own change. To first order these effects add "
            "up, with the effect of the bias."
        ),
        (
            "Σ_j grad_w[j] · dw[j] + grad_b · db. The first part is a dot product of two arrays (d,), the result is "
            "one number."
        ),
        (
            "from_weights ← dot product of grad_w and dw\n"
            "from_bias ← a product of two numbers\n"
            "return their sum; it is the change, so the old output is not needed"
        ),
    ),
    "line_gradient": (
        (
            "Compute the error of each point first: the line's answer minus the target. Both derivatives are means "
            "of it; for w each error is also multiplied by its x."
        ),
        (
            "e = w·x + b − t, of shape (n,). The 2 of the square and the 1/2 cancel: dC/dw = mean of e·x, and dC/db "
            "= mean of e."
        ),
        (
            "error ← answers of the line minus targets (this order: the opposite sign climbs)\n"
            "return two numbers: the mean of error times x, and the mean of error"
        ),
    ),
    "steepest_direction": (
        "Turn the gradient around, and scale it to length 1. A zero gradient has no direction: return zeros.",
        "direction = −g / ‖g‖, with ‖g‖ the root of the sum of all squared entries of g, whatever its shape.",
        (
            "length ← the norm of grad\n"
            "if it is 0: return zeros in the shape of grad, as 0/0 is nan\n"
            "return the quotient, with a minus sign"
        ),
    ),
    "gradient_descent": (
        "Keep a list of points. Each new point is the last one minus the learning rate times the gradient there.",
        (
            "path[s + 1] = path[s] − eta · grad(path[s]), for s = 0 … steps − 1. With the start there are steps + 1 "
            "points, so the result has the shape (steps + 1,) + the shape of x0."
        ),
        (
            "path ← a list with x0 alone, as an array of real numbers (a copy)\n"
            "repeat steps times: take the last point, compute the next one, append it\n"
            "return the list as one array"
        ),
    ),
}
