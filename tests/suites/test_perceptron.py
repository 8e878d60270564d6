"""The hidden tests of 01_perceptron, its catalogue of mistakes, and right answers of other kinds.

Entries are multiples of 1/8, so that every order of evaluation, float32 too, puts a point that lies on the
boundary exactly there.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from autograder import array, close, equal, exercise, holds, number, raises, several, unchanged
from reference_impl import perceptron as ref

Array = np.ndarray
Trained = tuple[Array, float, list[int]]
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
CLOSE_TO_ZERO = np.outer([2.0**-40, -(2.0**-40), 0.0], [1, 0, 0, 0, 0])  # no tolerance, no rounding, no half precision


def eighths(rng: np.random.Generator, *shape: int) -> Array:
    """Random multiples of 1/8 between -2 and 2, none of them 0."""
    return rng.integers(1, 17, shape) * rng.choice([-1, 1], shape) / 8


def unit_cases(rng: np.random.Generator, n: int = 12, d: int = 5) -> Iterator[tuple[Array, Array, float]]:
    """(x (n, d), w (d,), level): at least one sum equals the level, the others lie on both sides of it."""
    for _ in range(4):
        x, w = eighths(rng, n, d), eighths(rng, d)
        sums = np.sort(x @ w)
        yield x, w, float(sums[n // 3] or sums[-2])  # never 0: a forgotten bias must show


@exercise("threshold_unit")
def test_threshold_batch(student, rng):
    """many samples, five inputs; as many samples as inputs"""
    for x, w, level in (*unit_cases(rng), *unit_cases(rng, 5, 5)):
        equal(student.threshold_unit, (x, w, level), expected=ref.threshold_unit(x, w, level))


@exercise("threshold_unit")
def test_threshold_single(student, rng):
    """one sample of five inputs, on both sides of the threshold, however close, and on it"""
    for x, w, level in unit_cases(rng):
        for sample in x[:4]:
            equal(student.threshold_unit, (sample, w, level), expected=ref.threshold_unit(sample, w, level))
    for x in CLOSE_TO_ZERO:
        equal(student.threshold_unit, (x, np.ones(5), 0.0), expected=int(x[0] > 0))


@exercise("threshold_unit")
@pytest.mark.parametrize("shape", [(1, 4), (6, 1)])
def test_threshold_small(student, rng, shape):
    """a batch of one sample, a unit with one input: x of shape {shape}"""
    x, w = eighths(rng, *shape), eighths(rng, shape[1])
    for level in (float(np.min(x @ w)), float(np.min(x @ w)) - 0.125):  # the lowest sum stays silent, and fires
        equal(student.threshold_unit, (x, w, level), expected=ref.threshold_unit(x, w, level))


@exercise("threshold_unit")
def test_threshold_integers(student, rng):
    """inputs and weights of type int64"""
    x, w = rng.integers(-3, 4, (9, 4)), np.array([2, -1, 3, 1])
    level = int(np.median(x @ w))
    for weights in (w, w / 8):
        equal(student.threshold_unit, (x, weights, level / 8), expected=ref.threshold_unit(x, weights, level / 8))
    equal(student.threshold_unit, (x, w, level), expected=ref.threshold_unit(x, w, level))


@exercise("threshold_unit")
def test_threshold_arguments(student, rng):
    """the arguments stay as they were"""
    args = (eighths(rng, 9, 3), eighths(rng, 3), 0.5)
    unchanged(student.threshold_unit, args, expected=ref.threshold_unit(*args))


@exercise("perceptron_predict")
def test_predict_batch(student, rng):
    """many samples, five inputs; as many samples as inputs"""
    for x, w, level in (*unit_cases(rng), *unit_cases(rng, 5, 5)):
        equal(student.perceptron_predict, (x, w, -level), expected=ref.perceptron_predict(x, w, -level))


@exercise("perceptron_predict")
def test_predict_single(student, rng):
    """one sample of five inputs, on both sides of the boundary, however close, and on it"""
    for x, w, level in unit_cases(rng):
        for sample in x[:4]:
            expected = ref.perceptron_predict(sample, w, -level)
            equal(student.perceptron_predict, (sample, w, -level), expected=expected)
    for x in CLOSE_TO_ZERO:
        equal(student.perceptron_predict, (x, np.ones(5), 0.0), expected=int(x[0] > 0))


@exercise("perceptron_predict")
def test_predict_on_boundary(student, rng):
    """0 for every sample on the boundary, 1 just beyond it"""
    for x, w, _ in unit_cases(rng):
        for sample in x[:3]:
            equal(student.perceptron_predict, (sample, w, -float(sample @ w)), expected=0)
            equal(student.perceptron_predict, (sample, w, 0.125 - float(sample @ w)), expected=1)


@exercise("perceptron_predict")
@pytest.mark.parametrize("shape", [(1, 4), (6, 1)])
def test_predict_small(student, rng, shape):
    """a batch of one sample, a perceptron with one input: x of shape {shape}"""
    x, w = eighths(rng, *shape), eighths(rng, shape[1])
    for b in (-float(np.min(x @ w)), 0.125 - float(np.min(x @ w))):
        equal(student.perceptron_predict, (x, w, b), expected=ref.perceptron_predict(x, w, b))


@exercise("perceptron_predict")
def test_predict_integers(student, rng):
    """inputs and weights of type int64"""
    x, w = rng.integers(-3, 4, (9, 4)), np.array([2, -1, 3, 1])
    b = -int(np.median(x @ w))
    for args in ((x, w, b), (x, w / 8, b / 8)):
        equal(student.perceptron_predict, args, expected=ref.perceptron_predict(*args))


@exercise("perceptron_predict")
def test_predict_arguments(student, rng):
    """the arguments stay as they were"""
    args = (eighths(rng, 9, 3), eighths(rng, 3), 0.5)
    unchanged(student.perceptron_predict, args, expected=ref.perceptron_predict(*args))


def update_case(rng: np.random.Generator, net: float, d: int = 4) -> tuple[Array, float, Array]:
    """(w, b, p) with w·p + b = net, where w·p alone lies on the other side."""
    while True:
        w, p = eighths(rng, d), eighths(rng, d)
        if (w @ p) * (-1 if net < 0 else 1) < -0.5:
            return w, net - float(w @ p), p


@exercise("perceptron_update", weight=2)
@pytest.mark.parametrize(("net", "t"), [(0.75, 0), (-0.75, 1)])
def test_update_wrong_answer(student, rng, net, t):
    """a wrongly answered pattern with the target {t} moves weights and bias"""
    for _ in range(4):
        args = (*update_case(rng, net), t)
        close(student.perceptron_update, args, expected=ref.perceptron_update(*args))


@exercise("perceptron_update")
@pytest.mark.parametrize(("net", "t"), [(0.75, 1), (-0.75, 0)])
def test_update_right_answer(student, rng, net, t):
    """a rightly answered pattern with the target {t} moves nothing; the same one with the other target does"""
    w, b, p = update_case(rng, net)
    for target in (t, 1 - t):
        args = (w, b, p, target)
        close(student.perceptron_update, args, expected=ref.perceptron_update(*args))


@exercise("perceptron_update", weight=2)
def test_update_on_boundary(student, rng):
    """a pattern on the boundary counts as answered with 0"""
    for t in (0, 1):
        args = (*update_case(rng, 0.0), t)
        close(student.perceptron_update, args, expected=ref.perceptron_update(*args))


@exercise("perceptron_update")
def test_update_one_input(student, rng):
    """a perceptron with one input"""
    args = (*update_case(rng, 0.5, d=1), 0)
    close(student.perceptron_update, args, expected=ref.perceptron_update(*args))


@exercise("perceptron_update")
@pytest.mark.parametrize(("b", "t"), [(5, 0), (-9, 1)])
def test_update_integers(student, rng, b, t):
    """weights and pattern of type int64, the target {t}"""
    args = (np.array([2, -1, 1]), b, rng.integers(1, 4, 3), t)
    close(student.perceptron_update, args, expected=ref.perceptron_update(*args))


def trained(*args: object, **options: int) -> tuple[Array, float, Array]:
    """The reference's answer, with the counts as an array."""
    w, b, mistakes = ref.perceptron_train(*args, **options)
    return w, b, np.array(mistakes)


def separable(rng: np.random.Generator, n: int = 10, d: int = 3) -> tuple[Array, Array]:
    """Patterns (n, d) and targets (n,) that a plane with some room on both sides separates."""
    w, P = eighths(rng, d), eighths(rng, 8 * n, d)
    P = P[np.abs(P @ w - 0.25) > 0.5][:n]
    return P, (P @ w > 0.25).astype(int)


def conflicting(rng: np.random.Generator, n: int = 6) -> tuple[Array, Array]:
    """Patterns of which two are equal with different targets, so that no epoch is clean."""
    P, T = separable(rng, n)
    return np.vstack([P, P[:1]]), np.append(T, 1 - T[0])


@exercise("perceptron_train", weight=2)
def test_train_separable(student, rng):
    """random separable patterns, random first weights"""
    for _ in range(3):
        args = (*separable(rng), eighths(rng, 3), 0.375)
        close(student.perceptron_train, args, expected=trained(*args))


@exercise("perceptron_train")
def test_train_from_zero(student, rng):
    """training that starts on the boundary: all weights 0"""
    P, T = separable(rng)
    close(student.perceptron_train, (P, T, np.zeros(3), 0.0), expected=trained(P, T, np.zeros(3), 0.0))


@exercise("perceptron_train")
def test_train_on_separated_patterns(student, rng):
    """weights that are already right: one epoch, no mistake; with other targets there is something to learn"""
    P, w = eighths(rng, 9, 4), eighths(rng, 4)
    T = ref.perceptron_predict(P, w, 0.125)
    close(student.perceptron_train, (P, T, w, 0.125), expected=(w.copy(), 0.125, np.array([0])))
    args, options = (P, 1 - T, w, 0.125), {"max_epochs": 2}
    close(student.perceptron_train, args, options, expected=trained(*args, **options))


@exercise("perceptron_train")
@pytest.mark.parametrize("max_epochs", [1, 7])
def test_train_stops(student, rng, max_epochs):
    """patterns that contradict each other: the training ends after max_epochs = {max_epochs} epochs"""
    args, options = (*conflicting(rng), eighths(rng, 3), -0.25), {"max_epochs": max_epochs}
    close(student.perceptron_train, args, options, expected=trained(*args, **options))


@exercise("perceptron_train")
def test_train_default_epochs(student, rng):
    """without max_epochs the training ends after 100 epochs"""
    args = (*conflicting(rng), np.zeros(3), 0.0)
    close(student.perceptron_train, args, expected=trained(*args))


@exercise("perceptron_train")
def test_train_integers(student, rng):
    """patterns, targets and weights of type int64"""
    args = (rng.integers(-3, 4, (8, 3)), rng.integers(0, 2, 8), np.array([1, -1, 2]), 1)
    close(student.perceptron_train, args, {"max_epochs": 6}, expected=trained(*args, max_epochs=6))


def demand_gate(student, name: str) -> None:
    """A gate that raises for every name has no merit in raising for a wrong one."""
    w, b = several(student.gate(name), 2, f'gate("{name}")')
    outputs = step(CORNERS @ array(w, "w", shape=(2,)) + number(b, "b"))
    holds(
        outputs.tolist() == ref.perceptron_predict(CORNERS, *ref.gate(name)).tolist(), f"the gate {name} is not right"
    )


@exercise("gate", weight=0.5)
def test_gate_lower_case(student):
    """names are upper case: a known gate in lower case raises ValueError"""
    demand_gate(student, "AND")
    raises(student.gate, ("and",), error=ValueError)


@exercise("gate", weight=0.5)
def test_gate_xor(student):
    """XOR is no gate of one perceptron: ValueError"""
    demand_gate(student, "OR")
    raises(student.gate, ("XOR",), error=ValueError)


@exercise("gate", weight=0.125)
@pytest.mark.parametrize("name", ["", "NOR", " AND", "NANDOR"])
def test_gate_other_names(student, name):
    """every other string raises ValueError: {name!r}"""
    demand_gate(student, "NAND")
    raises(student.gate, (name,), error=ValueError)


def network_outputs(network: object, x: Array) -> Array:
    """The answers (n,) of a student's two layers of strict threshold units, shapes checked on the way."""
    hidden, output = several(network, 2, "the network (a list of two layers)")
    W1, b1 = several(hidden, 2, "the first layer (W1, b1)")
    W2, b2 = several(output, 2, "the second layer (W2, b2)")
    W1 = array(W1, "W1", shape=(None, 2))
    b1, W2 = array(b1, "b1", shape=(len(W1),)), array(W2, "W2", shape=(1, len(W1)))
    with np.errstate(all="ignore"):
        inner = (x @ W1.T + b1 > 0).astype(float)
        return (inner @ W2[0] + array(b2, "b2", shape=(1,))[0] > 0).astype(int)


@exercise("xor_network")
def test_xor_inputs_in_any_order(student):
    """two equal inputs give 0, two different ones 1, in whatever order they come"""
    outputs = network_outputs(student.xor_network(), CORNERS[[3, 1, 2, 0, 2]])
    holds(not outputs[[0, 3]].any(), "the network fires for two equal inputs")
    holds(outputs[[1, 2, 4]].all(), "the network stays silent for two different inputs")


@exercise("delta_rule", weight=2)
def test_delta_random(student, rng):
    """three outputs, five inputs"""
    for eta in (0.25, 1.5):
        args = (eighths(rng, 3, 5), eighths(rng, 5), eighths(rng, 3), eta)
        close(student.delta_rule, args, expected=ref.delta_rule(*args), terms=6)


@exercise("delta_rule")
@pytest.mark.parametrize("shape", [(1, 4), (3, 1)])
def test_delta_small(student, rng, shape):
    """one output, one input: W of shape {shape}"""
    args = (eighths(rng, *shape), eighths(rng, shape[1]), eighths(rng, shape[0]), 0.5)
    close(student.delta_rule, args, expected=ref.delta_rule(*args), terms=5)


@exercise("delta_rule")
def test_delta_at_target(student, rng):
    """an output that is right already keeps its weights, one that is not does not"""
    W, x = eighths(rng, 2, 3), eighths(rng, 3)
    close(student.delta_rule, (W, x, W @ x, 0.75), expected=W.copy(), terms=4)
    args = (W, x, W @ x + np.array([0.0, 0.5]), 0.75)
    close(student.delta_rule, args, expected=ref.delta_rule(*args), terms=4)


@exercise("delta_rule")
def test_delta_integers(student, rng):
    """inputs and targets of type int64"""
    x, t = np.array([2, -1, 3]), np.array([4, -5])
    for W in (eighths(rng, 2, 3), np.array([[1, 0, -2], [3, 1, 1]])):
        close(student.delta_rule, (W, x, t, 0.125), expected=ref.delta_rule(W, x, t, 0.125), terms=4)


def compare_distance(student, x: Array, w: Array, b: float) -> None:
    """w·x and b may cancel: the scale of the rounding is that of the terms, not of their sum."""
    scale = float(np.max(np.abs(x) @ np.abs(w)) + abs(b)) / float(np.linalg.norm(w))
    close(
        student.boundary_distance,
        (x, w, b),
        expected=ref.boundary_distance(x, w, b),
        terms=len(w) + 1,
        scale=scale,
    )


@exercise("boundary_distance", weight=2)
def test_distance_batch(student, rng):
    """many samples, five inputs; as many samples as inputs"""
    for x, w, level in (*unit_cases(rng), *unit_cases(rng, 5, 5)):
        compare_distance(student, x, w, -level)


@exercise("boundary_distance")
def test_distance_single(student, rng):
    """one sample on either side"""
    for sign in (1.0, -1.0):
        w, b, x = update_case(rng, sign, d=3)
        compare_distance(student, x, w, b)


@exercise("boundary_distance")
def test_distance_on_boundary(student, rng):
    """0 for a sample on the boundary, not for one beside it"""
    w, b, x = update_case(rng, 0.0)
    compare_distance(student, x, w, b)
    compare_distance(student, x, w, b + 0.5)


@exercise("boundary_distance")
@pytest.mark.parametrize("shape", [(1, 4), (6, 1)])
def test_distance_small(student, rng, shape):
    """a batch of one sample, a perceptron with one input: x of shape {shape}"""
    x, w = eighths(rng, *shape), eighths(rng, shape[1])
    for side in (0.625, -0.625):
        compare_distance(student, x, w, side - float(np.median(x @ w)))


@exercise("boundary_distance")
def test_distance_integers(student, rng):
    """inputs and weights of type int64"""
    x, w = rng.integers(-3, 4, (9, 3)), np.array([2, -1, 3])
    compare_distance(student, x, w, 2 - int(np.median(x @ w)))


@exercise("boundary_distance")
def test_distance_arguments(student, rng):
    """the arguments stay as they were"""
    x, w = eighths(rng, 5, 3), eighths(rng, 3)
    args = (x, w, 0.25 - float(np.median(x @ w)))
    unchanged(student.boundary_distance, args, expected=ref.boundary_distance(*args), terms=4)


# ---------------------------------------------------------------- mistakes


def step(net: Array) -> Array:
    """1 on a strictly positive net input."""
    return (net > 0).astype(int)


def update_by(answer: Callable, change: Callable = lambda e, t: e, bias_rate: float = 1.0) -> Callable:
    """A perceptron rule with its own answer(w, b, p) and its own factor of p, change(e, t)."""

    def update(w: Array, b: float, p: Array, t: int) -> tuple[Array, float]:
        factor = change(t - answer(w, b, p), t)
        return w + factor * p, b + bias_rate * factor

    return update


def error_measured_twice(w: Array, b: float, p: Array, t: int) -> tuple[Array, float]:
    b = b + t - step(w @ p + b)
    return w + (t - step(w @ p + b)) * p, b


def update_in_place(w: Array, b: float, p: Array, t: int) -> tuple[Array, float]:
    e = t - step(w @ p + b)
    w += e * p
    return w, b + e


def train_by(
    update: Callable = ref.perceptron_update,
    count: Callable = lambda before, after, t: before != t,
    whole: bool = False,
) -> Callable:
    """Training with another update, another count of mistakes; `whole`: all epochs, clean or not."""

    def train(P: Array, T: Array, w: Array, b: float, max_epochs: int = 100) -> Trained:
        mistakes = []
        for _ in range(max_epochs):
            mistakes.append(0)
            for p, t in zip(P, T, strict=True):
                before = step(w @ p + b)
                w, b = update(w, b, p, t)
                mistakes[-1] += int(count(before, step(w @ p + b), t))
            if mistakes[-1] == 0 and not whole:
                break
        return w, b, mistakes

    return train


def train_in_batches(P: Array, T: Array, w: Array, b: float, max_epochs: int = 100) -> Trained:
    mistakes = []
    while len(mistakes) < max_epochs and 0 not in mistakes:
        e = T - step(P @ w + b)
        w, b = w + e @ P, b + int(e.sum())
        mistakes.append(int(np.abs(e).sum()))
    return w, b, mistakes


def train_from_the_start(P: Array, T: Array, w: Array, b: float, max_epochs: int = 100) -> Trained:
    mistakes = []
    while len(mistakes) < max_epochs and 0 not in mistakes:
        new_w, new_b, count = ref.perceptron_train(P, T, w, b, 1)
        mistakes += count
    return new_w, new_b, mistakes


def with_counts(change: Callable) -> Callable:
    """The right training, with its list of mistakes changed."""

    def train(*args: object, **options: int) -> Trained:
        w, b, mistakes = ref.perceptron_train(*args, **options)
        return w, b, change(mistakes)

    return train


def train_in_place(P: Array, T: Array, w: Array, b: float, max_epochs: int = 100) -> Trained:
    new_w, b, mistakes = ref.perceptron_train(P, T, w, b, max_epochs)
    w[:] = new_w
    return w, b, mistakes


def gate_by(gates: dict[str, tuple[list[float], float]], unknown: Callable | None = None) -> Callable:
    """A gate with some lines changed, and perhaps another way with unknown names."""

    def gate(name: str) -> tuple[Array, float]:
        if name in gates:
            return np.array(gates[name][0]), gates[name][1]
        return unknown(name) if unknown and name not in ref.GATES else ref.gate(name)

    return gate


def key_error(name: str) -> tuple[Array, float]:
    return {"AND": ref.gate("AND")}[name]


def network(W1: list[list[float]], b1: list[float], W2: list[list[float]], b2: list[float]) -> Callable:
    """A function that returns this network."""
    return lambda: [(np.array(W1), np.array(b1)), (np.array(W2), np.array(b2))]


def delta_in_place(W: Array, x: Array, t: Array, eta: float) -> Array:
    W += eta * np.outer(t - W @ x, x)
    return W


MISTAKES = {
    "threshold_unit": {
        "at_least": (
            lambda x, w, threshold: (x @ w >= threshold).astype(int),
            "The unit fires when the sum equals the threshold. It must be greater: > in place of >=.",
        ),
        "threshold_added": (
            lambda x, w, threshold: step(x @ w + threshold),
            "The threshold is added to the sum, as a bias would be. Compare the sum with it: sum > threshold.",
        ),
        "one_sum_for_all": (
            lambda x, w, threshold: step(np.sum(x * w) - threshold),
            "All samples are added into one sum. Sum over the inputs only: each row of x gets its own answer.",
        ),
        "weights_ignored": (
            lambda x, w, threshold: step(x.sum(axis=-1) - threshold),
            "The inputs are added without their weights. Multiply each input by its weight first: x @ w.",
        ),
        "minus_one": (
            lambda x, w, threshold: np.where(x @ w > threshold, 1, -1),
            "The unit answers -1 where it does not fire. Here the two answers are 1 and 0.",
        ),
        "net_input": (
            lambda x, w, threshold: x @ w - threshold,
            "This is how far the sum lies above the threshold. The answer is only whether it does: 1 or 0.",
        ),
        "reversed": (
            lambda x, w, threshold: (x @ w < threshold).astype(int),
            "The unit fires below the threshold. Turn the comparison round: 1 where the sum is greater.",
        ),
        "sign": (
            lambda x, w, threshold: np.sign(x @ w - threshold),
            "np.sign gives -1, 0 or 1. Here the two answers are 1 and 0: compare with > instead.",
        ),
    },
    "perceptron_predict": {
        "at_least": (
            lambda x, w, b: (x @ w + b >= 0).astype(int),
            "The answer on the boundary is 1. Here w·x + b = 0 gives 0: use > in place of >=.",
        ),
        "bias_forgotten": (
            lambda x, w, b: step(x @ w),
            "The bias is missing: this decides by w·x alone. Add b before you compare with 0.",
        ),
        "bias_subtracted": (
            lambda x, w, b: step(x @ w - b),
            "The bias is used like a threshold, w·x > b. A bias is added: w·x + b > 0.",
        ),
        "one_sum_for_all": (
            lambda x, w, b: step(np.sum(x * w) + b),
            "All samples are added into one sum. Sum over the inputs only: each row of x gets its own answer.",
        ),
        "minus_one": (
            lambda x, w, b: np.where(x @ w + b > 0, 1, -1),
            "The perceptron answers -1 on one side. Here the two answers are 1 and 0.",
        ),
        "net_input": (
            lambda x, w, b: x @ w + b,
            "This is the net input w·x + b itself. The answer is only whether it is positive: 1 or 0.",
        ),
        "sign": (
            lambda x, w, b: np.sign(x @ w + b),
            "np.sign gives -1, 0 or 1. Here the two answers are 1 and 0: compare with > instead.",
        ),
    },
    "perceptron_update": {
        "error_reversed": (
            update_by(lambda w, b, p: step(w @ p + b), lambda e, t: -e),
            "The step goes the wrong way, as with e = a - t. The error is e = t - a.",
        ),
        "at_least": (
            update_by(lambda w, b, p: int(w @ p + b >= 0)),
            "A pattern on the boundary is taken as answered with 1. There a is 0: use > in place of >=.",
        ),
        "bias_kept": (
            update_by(lambda w, b, p: step(w @ p + b), bias_rate=0.0),
            "The weights move, the bias does not. It learns as well, by the same e, measured before anything moves.",
        ),
        "bias_forgotten": (
            update_by(lambda w, b, p: step(w @ p)),
            "The answer a is computed without the bias. It is 1 where w·p + b > 0.",
        ),
        "error_measured_twice": (
            error_measured_twice,
            "The weights move by an error that was measured again after the bias had moved. "
            "Compute e once, from the old weights and the old bias, and use it for both.",
        ),
        "learning_rate": (
            update_by(lambda w, b, p: step(w @ p + b), lambda e, t: 0.1 * e),
            "The step is ten times too small, as with a learning rate of 0.1. This rule has none: w + e p.",
        ),
        "target_for_error": (
            update_by(lambda w, b, p: step(w @ p + b), lambda e, t: t),
            "The pattern is added whenever its target is 1, also when the answer was right. "
            "Multiply by the error t - a, not by t.",
        ),
        "weights_only": (
            lambda w, b, p, t: ref.perceptron_update(w, b, p, t)[0],
            "Only the weights are returned. Return both, weights and bias: return w, b.",
        ),
        "in_place": (
            update_in_place,
            "The weights handed in were changed: w += ... writes to the caller's array. Make a new one: w = w + e * p.",
        ),
        "net_input_for_answer": (
            update_by(lambda w, b, p: w @ p + b),
            "The net input w·p + b is subtracted from the target. The error is t - a, and a is 1 or 0.",
        ),
        "exchanged": (
            lambda w, b, p, t: ref.perceptron_update(w, b, p, t)[::-1],
            "The two results are in the wrong order: return w, b.",
        ),
    },
    "perceptron_train": {
        "clean_epoch_left_out": (
            with_counts(lambda mistakes: [count for count in mistakes if count]),
            "The last epoch, the one without a mistake, is missing in the list. It was run, so it counts as 0.",
        ),
        "counted_after_update": (
            train_by(count=lambda before, after, t: after != t),
            "Mistakes are counted with the weights after the update. Compare before you update.",
        ),
        "all_epochs": (
            train_by(whole=True),
            "The training runs through all max_epochs. Stop after the first epoch without a mistake.",
        ),
        "one_epoch": (
            lambda P, T, w, b, max_epochs=100: ref.perceptron_train(P, T, w, b, 1),
            "The patterns are gone through once. Repeat until an epoch has no mistake, or max_epochs is reached.",
        ),
        "one_epoch_too_many": (
            lambda P, T, w, b, max_epochs=100: ref.perceptron_train(P, T, w, b, max_epochs + 1),
            "One epoch more than max_epochs is run. With max_epochs=1 the patterns are seen once.",
        ),
        "batch": (
            train_in_batches,
            "All patterns of an epoch are judged by the same weights. Update after each pattern, not after each epoch.",
        ),
        "restarted": (
            train_from_the_start,
            "Each epoch starts again from the first weights. Go on with the weights of the epoch before.",
        ),
        "total": (
            with_counts(sum),
            "One number for all mistakes is returned. Return a list with one count per epoch.",
        ),
        "signed_errors": (
            train_by(count=lambda before, after, t: t - before),
            "The errors are added with their signs, so that +1 and -1 cancel. Count each mistake as 1.",
        ),
        "at_least": (
            train_by(update_by(lambda w, b, p: int(w @ p + b >= 0))),
            "A pattern on the boundary is taken as answered with 1. There a is 0: use > in place of >=.",
        ),
        "bias_kept": (
            train_by(lambda w, b, p, t: (ref.perceptron_update(w, b, p, t)[0], b)),
            "The bias never moves. It learns like a weight: b + e after each pattern.",
        ),
        "in_place": (
            train_in_place,
            "The weights handed in were changed: w += ... writes to the caller's array. Make a new one: w = w + e * p.",
        ),
        "update_not_assigned": (
            train_by(lambda w, b, p, t: (w, b)),
            "Weights and bias never change: perceptron_update returns new ones. Assign them: w, b = ...",
        ),
        "returned_in_the_loop": (
            lambda P, T, w, b, max_epochs=100: ref.perceptron_train(P[:1], T[:1], w, b, 1),
            "Only the first pattern is used: the return is inside the loop over the patterns. Put it after the loops.",
        ),
        "exchanged": (
            lambda P, T, w, b, max_epochs=100: ref.perceptron_train(P, T, w, b, max_epochs)[::-1],
            "The three results are in the wrong order: return w, b, mistakes.",
        ),
    },
    "gate": {
        "at_least": (
            gate_by({"AND": ([1.0, 1.0], -2.0), "OR": ([1.0, 1.0], -1.0), "NAND": ([-1.0, -1.0], 1.0)}),
            "The line runs through corners that should give 1, and on the line a perceptron answers 0. "
            "Move it a little, halfway to the next corners.",
        ),
        "threshold_for_bias": (
            gate_by({"AND": ([1.0, 1.0], 1.5), "OR": ([1.0, 1.0], 0.5), "NAND": ([-1.0, -1.0], -1.5)}),
            "The second value is a threshold, with the sign of one. The bias is its negative.",
        ),
        "or_is_and": (
            gate_by({"OR": ([1.0, 1.0], -1.5)}),
            "OR needs both inputs here: these are the weights of AND. One input must be enough.",
        ),
        "nand_is_and": (
            gate_by({"NAND": ([1.0, 1.0], -1.5)}),
            "NAND answers like AND. Its answers are the opposite: turn the signs of w and b.",
        ),
        "any_case": (
            lambda name: ref.gate(name.upper()),
            "Names in lower case are taken as well. Only the exact names count, everything else is a ValueError.",
        ),
        "none": (
            gate_by({}, unknown=lambda name: None),
            "For an unknown name nothing is raised and None comes back. End with raise ValueError(...).",
        ),
        "key_error": (
            gate_by({}, unknown=key_error),
            "An unknown name raises KeyError, as a dictionary does. Look first, and raise ValueError yourself.",
        ),
    },
    "xor_network": {
        "at_least": (
            network([[1.0, 1.0], [-1.0, -1.0]], [-1.0, 1.0], [[1.0, 1.0]], [-2.0]),
            "This network works with units that fire at 0. Ours do not: move each boundary between the corners.",
        ),
        "or_of_hidden": (
            network([[0.5, 0.5], [-1.0, -1.0]], [-0.25, 1.5], [[0.5, 0.5]], [-0.25]),
            "The output unit is an OR of OR and NAND, and one of them always fires. Both must: take AND.",
        ),
        "or_plus_and": (
            network([[0.5, 0.5], [1.0, 1.0]], [-0.25, -1.5], [[0.5, 0.5]], [-0.25]),
            "This is OR: (1, 1) gives 1 as well. The AND unit must hold the output back: give it a negative weight.",
        ),
        "transposed": (
            network([[0.5, -1.0], [0.5, -1.0]], [-0.25, 1.5], [[1.0, 1.0]], [-1.5]),
            "The weights of the hidden units stand in the columns of W1. Row i of W1 holds those of unit i.",
        ),
        "flat_output": (
            lambda: [
                (np.array([[0.5, 0.5], [-1.0, -1.0]]), np.array([-0.25, 1.5])),
                (np.array([1.0, 1.0]), -1.5),
            ],
            "The output layer is given as a vector and a number. It is a layer like the first: W2 (1,h), b2 (1,).",
        ),
        "one_perceptron": (
            lambda: ref.gate("OR"),
            "One perceptron has one line, and no line separates XOR. Return two layers, each a pair (W, b).",
        ),
    },
    "delta_rule": {
        "eta_forgotten": (
            lambda W, x, t, eta: ref.delta_rule(W, x, t, 1.0),
            "The learning rate is missing: this is the step with eta = 1. Multiply the change by eta.",
        ),
        "uphill": (
            lambda W, x, t, eta: ref.delta_rule(W, x, t, -eta),
            "The step goes uphill, away from the targets. Add eta times (t - o) xᵀ, or subtract with (o - t).",
        ),
        "transposed": (
            lambda W, x, t, eta: W + eta * np.outer(x, t - W @ x),
            "The outer product is turned round: x (t - o)ᵀ. Rows belong to outputs: np.outer(t - o, x).",
        ),
        "threshold_output": (
            lambda W, x, t, eta: W + eta * np.outer(t - step(W @ x), x),
            "The outputs went through a threshold. Here the units are linear: o = W x as it is.",
        ),
        "change_only": (
            lambda W, x, t, eta: ref.delta_rule(W, x, t, eta) - W,
            "This is the change of W alone. Return the new weights: W plus the change.",
        ),
        "factor_two": (
            lambda W, x, t, eta: ref.delta_rule(W, x, t, 2 * eta),
            "The step is twice too long: the 2 of the square's derivative is in it. The rule belongs to ½ (t - o)².",
        ),
        "in_place": (
            delta_in_place,
            "The weights handed in were changed: W += ... writes to the caller's array. Make a new one: W + ...",
        ),
    },
    "boundary_distance": {
        "unsigned": (
            lambda x, w, b: np.abs(ref.boundary_distance(x, w, b)),
            "The sign is lost. The distance is negative on the side where the perceptron answers 0: no abs.",
        ),
        "not_divided": (
            lambda x, w, b: x @ w + b,
            "This is w·x + b, which grows with the weights. Divide by the length of w.",
        ),
        "squared_norm": (
            lambda x, w, b: (x @ w + b) / (w @ w),
            "It is divided by ‖w‖², the sum of squares. The length is its root.",
        ),
        "sum_norm": (
            lambda x, w, b: (x @ w + b) / np.abs(w).sum(),
            "It is divided by the sum of the weights' magnitudes. The length is the root of the sum of squares.",
        ),
        "bias_in_norm": (
            lambda x, w, b: (x @ w + b) / np.sqrt(w @ w + b * b),
            "The bias counts in the length. Only the weights do: they alone give the line its direction.",
        ),
        "bias_forgotten": (
            lambda x, w, b: x @ w / np.linalg.norm(w),
            "The bias is missing: this is the distance to a parallel line through the origin. Add b to w·x.",
        ),
        "bias_not_divided": (
            lambda x, w, b: x @ w / np.linalg.norm(w) + b,
            "Only w·x is divided by the length. Divide the whole w·x + b: mind the brackets.",
        ),
        "bias_subtracted": (
            lambda x, w, b: (x @ w - b) / np.linalg.norm(w),
            "The bias is subtracted. The boundary is w·x + b = 0: add it.",
        ),
        "only_bias_divided": (
            lambda x, w, b: x @ w + b / np.linalg.norm(w),
            "Only b is divided by the length, because / comes before +. Put w·x + b in brackets.",
        ),
    },
}


# ---------------------------------------------------------------- right answers of another kind


def in_loops(score: Callable, answer: Callable) -> Callable:
    """One sample at a time in plain Python: score adds up the inputs, answer makes the result of it."""

    def one(x: Array, w: Array, b: float) -> float | int:
        return answer(score(sum(float(a) * float(c) for a, c in zip(x, w, strict=True)), b), w)

    return lambda x, w, b: one(x, w, b) if x.ndim == 1 else [one(row, w, b) for row in x]


def in_float32(*values: object) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(value, dtype=np.float32) for value in values)


def threshold_single(x: Array, w: Array, threshold: float) -> Array:
    x, w, threshold = in_float32(x, w, threshold)
    return x @ w > threshold


def predict_single(x: Array, w: Array, b: float) -> Array:
    x, w, b = in_float32(x, w, b)
    return np.heaviside(np.einsum("...j,j->...", x, w) + b, 0)


def update_single(w: Array, b: float, p: Array, t: int) -> tuple[Array, np.floating]:
    w, b, p = in_float32(w, b, p)
    return w + (t - (w @ p + b > 0)) * p, b + (t - (w @ p + b > 0))


def update_by_cases(w: Array, b: float, p: Array, t: int) -> list[object]:
    fired = sum(a * c for a, c in zip(w, p, strict=True)) + b > 0
    if fired and t == 0:
        return [w - p, b - 1]
    if not fired and t == 1:
        return [w + p, b + 1]
    return [w, b]


def train_with_bias_as_weight(P: Array, T: Array, w: Array, b: float, max_epochs: int = 100) -> tuple:
    rows, v, counts = np.column_stack([P, np.ones(len(P))]), np.append(w, b), []
    for _ in range(max_epochs):
        wrong = 0
        for row, t in zip(rows, T, strict=True):
            e = t - (row @ v > 0)
            v, wrong = v + e * row, wrong + abs(e)
        counts.append(wrong)
        if not wrong:
            break
    return v[:-1], v[-1], np.array(counts)


def train_single_in_lists(P: Array, T: Array, w: Array, b: float, max_epochs: int = 100) -> list[object]:
    P, w, b = in_float32(P, w, b)
    w, mistakes = w.copy(), []
    while not mistakes or (mistakes[-1] and len(mistakes) < max_epochs):
        mistakes.append(0.0)
        for p, t in zip(P, T, strict=True):
            if (a := float(w @ p + b > 0)) != t:
                w, b, mistakes[-1] = w + (t - a) * p, b + t - a, mistakes[-1] + 1
    return [w.tolist(), float(b), mistakes]


def gate_from_thresholds(name: str) -> list[object]:
    if name == "AND":
        return [[2, 3], -4]
    if name == "OR":
        return [[7, 5], np.array(-1)]
    if name == "NAND":
        return [(-0.25, -0.5), np.float32(0.6)]
    raise ValueError("AND, OR or NAND")


def gate_with_own_error(name: str) -> tuple[Array, int]:
    class UnknownGate(ValueError):
        pass

    try:
        return {"AND": ([1, 1], -1), "OR": ([1, 1], 0), "NAND": ([-3, -3], 4)}[name]
    except KeyError as error:
        raise UnknownGate(name) from error


def delta_in_loops(W: Array, x: Array, t: Array, eta: float) -> list[list[float]]:
    rows = []
    for row, target in zip(W.tolist(), t, strict=True):
        o = sum(a * c for a, c in zip(row, x, strict=True))
        rows.append([a + eta * (target - o) * c for a, c in zip(row, x, strict=True)])
    return rows


def delta_single(W: Array, x: Array, t: Array, eta: float) -> Array:
    W, x, t, eta = in_float32(W, x, t, eta)
    return W - eta * (W @ x - t)[:, None] * x[None, :]


def distance_single(x: Array, w: Array, b: float) -> Array:
    x, w, b = in_float32(x, w, b)
    return np.einsum("...j,j->...", x, w / np.sqrt(w @ w)) + b / np.sqrt(w @ w)


ALTERNATIVES = {
    "threshold_unit": {
        "loops": in_loops(lambda total, threshold: total - threshold, lambda net, w: net > 0),
        "float32": threshold_single,
        "where": lambda x, w, threshold: np.where(np.dot(x, w) <= threshold, 0.0, 1.0),
    },
    "perceptron_predict": {
        "loops": in_loops(lambda total, b: total + b, lambda net, w: 1 if net > 0 else 0),
        "float32": predict_single,
        "sign": lambda x, w, b: np.maximum(np.sign(np.inner(x, w) + b), 0),
    },
    "perceptron_update": {"float32": update_single, "cases": update_by_cases},
    "perceptron_train": {"bias_as_weight": train_with_bias_as_weight, "lists": train_single_in_lists},
    "gate": {"whole_numbers": gate_from_thresholds, "own_error": gate_with_own_error},
    "xor_network": {
        "or_but_not_and": lambda: ([[[1, 1], [1, 1]], [0, -1]], [[[1, -2]], [0]]),
        "differences": network([[2.0, -2.0], [-2.0, 2.0]], [-1.0, -1.0], [[1.0, 1.0]], [-0.5]),
        "three_hidden": network([[1, 1], [1, 0], [1, 1]], [-0.5, -5, -1.5], [[1, 3, -1]], [-0.5]),
    },
    "delta_rule": {"loops": delta_in_loops, "float32": delta_single},
    "boundary_distance": {
        "loops": in_loops(lambda total, b: total + b, lambda net, w: net / float(sum(w * w)) ** 0.5),
        "float32": distance_single,
        "unit_normal": lambda x, w, b: x @ (w / np.hypot.reduce(w)) + b / np.hypot.reduce(w),
    },
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "threshold_unit": (
        (
            "The unit adds up its inputs, each multiplied by its own weight, and compares the sum with the "
            "threshold. Only a sum that is strictly greater fires."
        ),
        (
            "sums = x @ w works for both inputs: (d,) @ (d,) is one number, and (n, d) @ (d,) is an array (n,). The "
            "answer is 1 if a sum > threshold, else 0."
        ),
        (
            "sums ← the weighted sum of each sample\n"
            "answer ← a comparison of sums with the threshold (no if: it has to work for many samples at once)\n"
            "turn True and False into 1 and 0, and return that"
        ),
    ),
    "perceptron_predict": (
        (
            "This is the threshold unit with the threshold on the other side: the bias is added, and the sum is "
            "compared with 0."
        ),
        (
            "net = x @ w + b, one number for x (d,), an array (n,) for x (n, d). The answer is 1 if net > 0, else 0; "
            "at net = 0 it is 0."
        ),
        (
            "net ← weighted sum plus bias\n"
            "answer ← is net greater than 0, entry by entry?\n"
            "return it as 1 and 0; `>` and `>=` differ on the boundary"
        ),
    ),
    "gate": (
        (
            "Each gate is a line that separates the corners with answer 1 from the corners with answer 0. Draw the "
            "square with its four corners, and place the line between them."
        ),
        (
            "For equal weights c the sum w·x is 0, c or 2c at the corners. AND needs b with c + b <= 0 < 2c + b; OR "
            "needs b <= 0 < c + b. NAND answers the opposite of AND: all signs of an AND turned, and no corner on "
            "the line."
        ),
        (
            "if the name is that of the first gate: return its array of two weights and its bias\n"
            "the same for the two other gates\n"
            "for every other string: raise (not return) a ValueError"
        ),
    ),
    "boundary_distance": (
        (
            "w·x + b is 0 on the boundary and grows when you move away from it, but it also grows with the weights. "
            "Dividing by the length of w leaves the true distance."
        ),
        (
            "distance = (x @ w + b) / ‖w‖, and ‖w‖ is the root of the sum of the squared weights. The sign stays, "
            "and the bias is divided, too."
        ),
        (
            "length ← root of the sum of the squares of w\n"
            "net ← weighted sum plus bias, as in perceptron_predict but without the comparison\n"
            "return the whole of net (mind the brackets) over length"
        ),
    ),
    "perceptron_update": (
        (
            "Compare the answer of the current weights with the target. If they are equal, nothing changes; "
            "otherwise the weights move towards the pattern or away from it."
        ),
        (
            "a = 1 if w·p + b > 0 else 0, and e = t − a is −1, 0 or 1. Then the new w is w + e·p, of shape (d,), and "
            "the new b is b + e."
        ),
        (
            "a ← the perceptron's answer to p, with the weights you were given\n"
            "e ← target minus answer\n"
            "return two results: a new array made from w, e and p (`w += …` would change the caller's array), and "
            "the new bias"
        ),
    ),
    "perceptron_train": (
        (
            "Go through all patterns again and again, and update after each of them. Stop after the first epoch in "
            "which every answer was right."
        ),
        (
            "For each pattern: it is a mistake if perceptron_predict(p, w, b) differs from t, asked before the "
            "update. Then (w, b) become perceptron_update(w, b, p, t). Each epoch adds one number to the list of "
            "mistakes."
        ),
        (
            "start with an empty list\n"
            "repeat at most max_epochs times:\n"
            "    start a counter at 0\n"
            "    for each pattern and its target: count it if the answer is wrong, then update w and b\n"
            "    append the counter to the list; leave the loop if it is 0\n"
            "after the loop return w, b and the list"
        ),
    ),
    "xor_network": (
        (
            "No single line separates XOR, but two lines do: XOR is 1 between the line of OR and the line of NAND. "
            "So let two hidden units compute these, and let the output unit combine them."
        ),
        (
            "x1 XOR x2 = (x1 OR x2) AND (x1 NAND x2). Layer 1: W1 (2, 2), one row of weights for each hidden unit, "
            "and b1 (2,). Layer 2: W2 (1, 2) and b2 (1,)."
        ),
        (
            "W1 ← a matrix whose rows are your weights of OR and of NAND\n"
            "b1 ← their two biases\n"
            "W2 ← your weights of AND, as a matrix with one row\n"
            "b2 ← its bias, as an array with one entry\n"
            "return a list of the two pairs; check all four corners by hand"
        ),
    ),
    "delta_rule": (
        (
            "Each output has an error, the target minus the answer. Each weight changes by its output's error times "
            "its own input, so the changes form a matrix like W."
        ),
        (
            "o = W @ x, of shape (k,). The change of W[i, j] is eta · (t − o)[i] · x[j]: an outer product of shape "
            "(k, d)."
        ),
        (
            "o ← the linear answer, without a threshold\n"
            "error ← targets minus o\n"
            "change ← outer product of error (rows) and x (columns), times eta\n"
            "return a new array: W plus the change"
        ),
    ),
}
