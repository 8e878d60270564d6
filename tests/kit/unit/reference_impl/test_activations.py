"""The reference of 02_activations against independent oracles: SciPy, PyTorch, central differences, the slides."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from later import later

from reference_impl import activations as ref

torch, special = later("torch"), later("scipy.special")
Array = np.ndarray
RNG = np.random.default_rng(2)
NEAR = np.append(RNG.normal(scale=3, size=(5, 7)).ravel(), 0.0)
FAR = np.array([-1e4, -745.2, -709.8, -88.8, 88.8, 709.8, 745.2, 1e4])
EXACT = {"rel": 1e-12, "abs": 1e-15}

ACTIVATIONS: list[tuple[Callable[..., Array], Callable[..., Any]]] = [
    (ref.sigmoid, lambda z: torch.sigmoid(z)),
    (ref.tanh, lambda z: torch.tanh(z)),
    (ref.relu, lambda z: torch.relu(z)),
    (ref.leaky_relu, lambda z: torch.nn.functional.leaky_relu(z, 0.1)),
    (lambda z: ref.leaky_relu(z, 0.75), lambda z: torch.nn.functional.leaky_relu(z, 0.75)),
    (ref.elu, lambda z: torch.nn.functional.elu(z)),
    (lambda z: ref.elu(z, 2.5), lambda z: torch.nn.functional.elu(z, 2.5)),
    (ref.softmax, lambda z: torch.softmax(z, dim=-1)),
]
PRIMES = [
    (ref.sigmoid_prime, lambda z: torch.sigmoid(z)),
    (ref.tanh_prime, lambda z: torch.tanh(z)),
    (ref.relu_prime, lambda z: torch.relu(z)),
    (ref.leaky_relu_prime, lambda z: torch.nn.functional.leaky_relu(z, 0.1)),
    (lambda z: ref.leaky_relu_prime(z, 0.75), lambda z: torch.nn.functional.leaky_relu(z, 0.75)),
]


@pytest.mark.torch
@pytest.mark.parametrize("z", [NEAR, NEAR.reshape(4, 3, 3), FAR], ids=["near", "three_axes", "far"])
@pytest.mark.parametrize(("ours", "theirs"), ACTIVATIONS)
def test_activations_agree_with_pytorch(ours: Callable, theirs: Callable, z: Array) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ours(z) == pytest.approx(theirs(torch.from_numpy(z)).numpy(), **EXACT)


@pytest.mark.torch
@pytest.mark.parametrize("z", [NEAR, FAR], ids=["near", "far"])
@pytest.mark.parametrize(("prime", "function"), PRIMES)
def test_derivatives_agree_with_autograd(prime: Callable, function: Callable, z: Array) -> None:
    given = torch.from_numpy(z.copy()).requires_grad_()
    function(given).sum().backward()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert prime(z) == pytest.approx(given.grad.numpy(), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("function", "prime"),
    [
        (ref.sigmoid, ref.sigmoid_prime),
        (ref.tanh, ref.tanh_prime),
        (ref.relu, ref.relu_prime),
        (ref.leaky_relu, ref.leaky_relu_prime),
    ],
)
def test_derivatives_agree_with_central_differences(function: Callable, prime: Callable) -> None:
    z, h = NEAR[NEAR != 0], 1e-6
    assert (function(z + h) - function(z - h)) / (2 * h) == pytest.approx(prime(z), abs=1e-8)


def test_activations_agree_with_scipy() -> None:
    z = np.concatenate([NEAR, FAR])
    assert ref.sigmoid(z) == pytest.approx(special.expit(z), **EXACT)
    table = RNG.normal(size=(3, 4)) * 1e3
    assert ref.softmax(table) == pytest.approx(special.softmax(table, axis=-1), **EXACT)


def test_what_the_contract_says_of_zero() -> None:
    zero = np.zeros(2)
    assert ref.relu_prime(zero).tolist() == [0, 0]
    assert ref.leaky_relu_prime(zero, 0.3).tolist() == [0.3, 0.3]


def test_a_neuron_and_maxout() -> None:
    x, w, W, b = RNG.normal(size=(6, 4)), RNG.normal(size=4), RNG.normal(size=(3, 4)), RNG.normal(size=3)
    by_hand = [math.tanh(sum(p * q for p, q in zip(row, w, strict=True)) - 0.5) for row in x]
    assert ref.neuron(x, w, -0.5, np.tanh) == pytest.approx(by_hand)
    assert ref.neuron(x[2], w, -0.5, np.tanh) == pytest.approx(by_hand[2])
    pieces = [max(sum(p * q for p, q in zip(row, v, strict=True)) + c for v, c in zip(W, b, strict=True)) for row in x]
    assert ref.maxout(x, W, b) == pytest.approx(pieces)
    assert ref.maxout(x[3], W, b) == pytest.approx(pieces[3])


def test_the_slides_numbers() -> None:
    w, b = np.array([0.5, 0.5]), -0.25
    assert ref.neuron(np.array([1.0, 1.0]), w, b, ref.sigmoid) == pytest.approx(0.6791787, abs=5e-8)
    x = np.arange(1.0, 9.0)
    assert ref.quadratic_cost(3 * x + 2, 2 * x + 4) == 5.75
    assert ref.gradient_bound(0) == 1
    assert ref.gradient_bound(10) == pytest.approx(np.max(ref.sigmoid_prime(np.linspace(-5, 5, 1001))) ** 10)


@pytest.mark.torch
def test_costs_agree_with_pytorch() -> None:
    a, y = RNG.random((6, 3)), np.eye(3)[RNG.integers(3, size=6)]
    shares = a / a.sum(axis=1, keepdims=True)
    given, wanted = torch.from_numpy(shares), torch.from_numpy(y)
    logarithms = torch.nn.functional.cross_entropy(torch.log(given), wanted)
    assert ref.cross_entropy(shares, y) == pytest.approx(float(logarithms))
    squares = torch.nn.functional.mse_loss(given, wanted, reduction="sum") / 12
    assert ref.quadratic_cost(shares, y) == pytest.approx(float(squares))
    binary = torch.nn.functional.binary_cross_entropy(given[:, 0], wanted[:, 0])
    assert ref.binary_cross_entropy(shares[:, 0], y[:, 0]) == pytest.approx(float(binary))


def test_costs_agree_with_scipy_where_an_answer_is_certain() -> None:
    a, y = np.array([0.0, 1.0, 0.25, 0.75]), np.array([0.0, 1.0, 0.0, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        binary = -np.mean(special.xlogy(y, a) + special.xlogy(1 - y, 1 - a))
        assert ref.binary_cross_entropy(a, y) == pytest.approx(binary)
        both = np.stack([a, 1 - a], axis=1), np.stack([y, 1 - y], axis=1)
        assert ref.cross_entropy(*both) == pytest.approx(binary)


def test_one_output_is_the_same_as_a_column_of_it() -> None:
    a, y = RNG.normal(size=5), RNG.normal(size=5)
    assert ref.quadratic_cost(a, y) == pytest.approx(ref.quadratic_cost(a[:, np.newaxis], y[:, np.newaxis]))
