"""The perceptron reference against exact arithmetic, geometry, central differences and the slides."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from reference_impl import perceptron as ref

Array = np.ndarray
P = np.array([[1.0, 2.0], [-1.0, 2.0], [0.0, -1.0]])
T = np.array([1, 0, 0])
CORNERS = np.array(list(product([0.0, 1.0], repeat=2)))
TABLES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0]}


def eighths(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-16, 17, shape) / 8


def exact(values: Array) -> list[Fraction]:
    return [Fraction(float(value)) for value in values]


def exact_net(x: Array, w: Array, b: float) -> Fraction:
    """w·x + b without rounding."""
    return sum((u * v for u, v in zip(exact(x), exact(w), strict=True)), Fraction(b))


def exact_training(P: Array, T: Array, w: Array, b: float, max_epochs: int) -> tuple[list, Fraction, list[int]]:
    """The perceptron rule in fractions, written from the slides' three cases."""
    v, c, mistakes = exact(w), Fraction(b), []
    for _ in range(max_epochs):
        wrong = 0
        for p, t in zip(P, T, strict=True):
            fired = sum((u * q for u, q in zip(v, exact(p), strict=True)), c) > 0
            if fired == bool(t):
                continue
            wrong += 1
            sign = 1 if t else -1
            v, c = [u + sign * q for u, q in zip(v, exact(p), strict=True)], c + sign
        mistakes.append(wrong)
        if wrong == 0:
            break
    return v, c, mistakes


def test_threshold_one_makes_and() -> None:
    assert ref.threshold_unit(CORNERS, np.array([1.0, 1.0]), 1).tolist() == TABLES["AND"]


def test_slides_line_is_zero_where_it_passes_a_corner() -> None:
    assert ref.perceptron_predict(CORNERS, np.array([1.0, 1.0]), -1).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_units_agree_with_exact_arithmetic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = eighths(rng, 20, 3), eighths(rng, 3)
    level = float(x[0] @ w)
    nets = [exact_net(row, w, -level) for row in x]
    assert nets[0] == 0
    assert ref.threshold_unit(x, w, level).tolist() == [int(net > 0) for net in nets]
    assert ref.perceptron_predict(x, w, -level).tolist() == [int(net > 0) for net in nets]
    assert [int(ref.perceptron_predict(row, w, -level)) for row in x] == [int(net > 0) for net in nets]


@pytest.mark.parametrize("unit", [ref.threshold_unit, ref.perceptron_predict, ref.boundary_distance])
def test_one_sample_gives_a_scalar_and_a_batch_a_vector(unit: Callable[..., Array]) -> None:
    w = np.array([1.0, -2.0])
    assert np.shape(unit(P[0], w, 0.5)) == ()
    assert np.shape(unit(P, w, 0.5)) == (3,)
    assert np.shape(unit(P[:1], w, 0.5)) == (1,)


def test_updates_of_the_slides_problem() -> None:
    w, b = np.array([1.0, -0.8]), 0.0
    for p, t, new_w, new_b in zip(P, T, [[2, 1.2], [3, -0.8], [3, 0.2]], [1, 0, -1], strict=True):
        w, b = ref.perceptron_update(w, b, p, int(t))
        assert w == pytest.approx(new_w)
        assert b == new_b


def test_training_of_the_slides_problem() -> None:
    w, b, mistakes = ref.perceptron_train(P, T, np.array([1.0, -0.8]), 0.0)
    assert w == pytest.approx([3.0, 0.2])
    assert b == -1
    assert mistakes == [3, 0]


@pytest.mark.parametrize("seed", range(8))
def test_training_agrees_with_exact_arithmetic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, targets, start = eighths(rng, 8, 3), rng.integers(0, 2, 8), eighths(rng, 3)
    w, b, mistakes = ref.perceptron_train(X, targets, start, 0.25, 12)
    exact_w, exact_b, exact_mistakes = exact_training(X, targets, start, 0.25, 12)
    assert exact(w) == exact_w
    assert Fraction(float(b)) == exact_b
    assert mistakes == exact_mistakes


@pytest.mark.parametrize("seed", range(5))
def test_training_keeps_the_bound_of_the_convergence_theorem(seed: int) -> None:
    """From zero weights at most (R/γ)² mistakes, R and γ taken with the bias as one more weight."""
    rng = np.random.default_rng(seed)
    X, truth = eighths(rng, 40, 3), eighths(rng, 3)
    rows, v = np.column_stack([X, np.ones(40)]), np.append(truth, 0.25)
    margins = rows @ v / np.linalg.norm(v)
    keep = np.abs(margins) > 0.2
    bound = (np.linalg.norm(rows[keep], axis=1).max() / np.abs(margins[keep]).min()) ** 2
    w, b, mistakes = ref.perceptron_train(X[keep], (margins[keep] > 0).astype(int), np.zeros(3), 0.0, 10_000)
    assert mistakes[-1] == 0
    assert sum(mistakes) <= bound
    assert ref.perceptron_predict(X[keep], w, b).tolist() == (margins[keep] > 0).astype(int).tolist()


def test_training_stops_where_no_line_exists() -> None:
    _, _, mistakes = ref.perceptron_train(CORNERS, np.array([0, 1, 1, 0]), np.zeros(2), 0.0)
    assert len(mistakes) == 100
    assert min(mistakes) > 0


def test_training_leaves_its_arguments() -> None:
    start = np.array([1.0, -0.8])
    ref.perceptron_train(P, T, start, 0.0)
    assert start.tolist() == [1.0, -0.8]


@pytest.mark.parametrize("name", TABLES)
def test_gates_compute_their_tables(name: str) -> None:
    w, b = ref.gate(name)
    assert [int(exact_net(corner, w, b) > 0) for corner in CORNERS] == TABLES[name]


def test_or_has_the_slides_numbers() -> None:
    w, b = ref.gate("OR")
    assert w.tolist() == [0.5, 0.5]
    assert b == -0.25


@pytest.mark.parametrize("name", ["and", "XOR", "", "AND "])
def test_other_names_are_no_gates(name: str) -> None:
    with pytest.raises(ValueError, match="gate must be one of"):
        ref.gate(name)


def test_gates_handed_out_do_not_share_their_weights() -> None:
    ref.gate("AND")[0][:] = 0
    assert ref.gate("AND")[0].tolist() == [1.0, 1.0]


def test_xor_network_computes_xor() -> None:
    (W1, b1), (W2, b2) = ref.xor_network()
    assert (W1.shape, b1.shape, W2.shape, b2.shape) == ((2, 2), (2,), (1, 2), (1,))
    for corner in CORNERS:
        hidden = np.array([float(exact_net(corner, w, b) > 0) for w, b in zip(W1, b1, strict=True)])
        assert (exact_net(hidden, W2[0], b2[0]) > 0) == (corner[0] != corner[1])


def test_no_single_perceptron_of_a_grid_computes_xor() -> None:
    grid = np.arange(-2, 2.25, 0.25)
    answers = {tuple(ref.perceptron_predict(CORNERS, np.array([u, v]), b)) for u, v, b in product(grid, repeat=3)}
    assert (0, 1, 1, 0) not in answers
    assert {(0, 0, 0, 1), (0, 1, 1, 1), (1, 1, 1, 0)} <= answers


def test_delta_rule_goes_down_the_squared_error() -> None:
    """W − η ∂E/∂W with E = ½ ‖t − W x‖², the derivative by central differences."""
    rng = np.random.default_rng(3)
    W, x, t, h = eighths(rng, 2, 4), eighths(rng, 4), eighths(rng, 2), 1e-5
    slope = np.zeros_like(W)
    for place in np.ndindex(W.shape):
        nudge = np.zeros_like(W)
        nudge[place] = h
        up, down = (0.5 * np.sum((t - V @ x) ** 2) for V in (W + nudge, W - nudge))
        slope[place] = (up - down) / (2 * h)
    assert ref.delta_rule(W, x, t, 0.125) == pytest.approx(W - 0.125 * slope, abs=1e-8)


def test_distance_of_the_or_gate() -> None:
    assert ref.boundary_distance(np.array([0.0, 0.5]), *ref.gate("OR")) == 0


@pytest.mark.parametrize("seed", range(5))
def test_distance_is_that_to_the_foot_of_the_perpendicular(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w, b = eighths(rng, 6, 3), rng.integers(1, 9, 3) / 4, 0.75
    distance = ref.boundary_distance(x, w, b)
    foot = x - distance[:, None] * w / np.sqrt(sum(w * w))
    assert foot @ w + b == pytest.approx(np.zeros(6), abs=1e-12)
    assert np.sqrt(((x - foot) ** 2).sum(axis=1)) == pytest.approx(np.abs(distance))
    assert (distance > 0).tolist() == ref.perceptron_predict(x, w, b).astype(bool).tolist()
