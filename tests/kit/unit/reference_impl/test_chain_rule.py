"""The reference of 03_chain_rule against independent oracles: PyTorch, SciPy, exact arithmetic, the slides."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from later import later

from reference_impl import chain_rule as ref

torch, optimize = later("torch"), later("scipy.optimize")
Array = np.ndarray
RNG = np.random.default_rng(3)
W, X = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])  # the slides' neuron


def test_the_slides_numbers() -> None:
    assert ref.product_of_sum(-2, 5, -4) == (-12, (-4, -4, 3))
    assert ref.sigmoid_graph_forward(W, X)["z"] == pytest.approx(0.7310586, abs=5e-8)
    assert ref.sigmoid_graph_backward(W, X)["w0"] == pytest.approx(-0.1966119, abs=5e-8)
    x = np.arange(1.0, 9.0)
    assert ref.line_gradient(3.0, 2.0, x, 2 * x + 4) == (16.5, 2.5)


def test_the_slides_rounding() -> None:
    """−0.1961 comes of two digits for each factor."""
    node = ref.sigmoid_graph_forward(W, X)
    assert round(-1 / node["v"] ** 2, 2) * round(node["u"], 2) * -1 * X[0] == pytest.approx(-0.1961)


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(5))
def test_graphs_agree_with_autograd(seed: int) -> None:
    rng = np.random.default_rng(seed)
    w, x = rng.normal(size=3), rng.normal(size=2)
    tw, tx = torch.from_numpy(w).requires_grad_(), torch.from_numpy(x).requires_grad_()
    torch.sigmoid(tw[:2] @ tx + tw[2]).backward()
    slopes = ref.sigmoid_graph_backward(w, x)
    assert list(slopes) == ["w0", "w1", "w2", "x0", "x1"]
    assert list(slopes.values()) == pytest.approx([*tw.grad.tolist(), *tx.grad.tolist()])
    node = ref.sigmoid_graph_forward(w, x)
    assert list(node) == list("qpstruvz")
    assert node["z"] == pytest.approx(1 / (1 + math.exp(-node["t"])))
    values = torch.from_numpy(rng.normal(size=3)).requires_grad_()
    f = (values[0] + values[1]) * values[2]
    f.backward()
    value, gradient = ref.product_of_sum(*values.tolist())
    assert value == pytest.approx(f.item())
    assert gradient == pytest.approx(values.grad.tolist())


def test_chain_product() -> None:
    factors = RNG.normal(size=7).tolist()
    assert ref.chain_product(factors) == pytest.approx(math.prod(factors))
    assert ref.chain_product([]) == 1


FUNCTIONS: list[Callable[[Array], float]] = [
    lambda x: float(np.sum(np.sin(x) * np.arange(x.size).reshape(x.shape))),
    lambda x: float(np.exp(-np.sum(x**2) / 4)),
]


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 1, 3)])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_numerical_gradient_agrees_with_scipy(f: Callable[[Array], float], shape: tuple[int, ...]) -> None:
    x = RNG.normal(size=shape)
    flat = optimize.approx_fprime(x.ravel(), lambda values: f(values.reshape(shape)), 1e-7)
    assert ref.numerical_gradient(f, x) == pytest.approx(flat.reshape(shape), abs=1e-5)


def test_numerical_gradient_is_exact_to_the_square_of_h() -> None:
    x = RNG.normal(size=3)
    for h in (0.5, 0.01):
        assert ref.numerical_gradient(lambda v: float(np.sum(v**3)), x, h) == pytest.approx(3 * x**2 + h**2)
    assert ref.numerical_gradient(lambda v: float(np.sum(np.sin(v))), x) == pytest.approx(np.cos(x), abs=1e-9)


def test_relative_error() -> None:
    a, b = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
    by_hand = math.dist(a.ravel(), b.ravel()) / (math.hypot(*a.ravel()) + math.hypot(*b.ravel()))
    assert ref.relative_error(a, b) == pytest.approx(by_hand)
    assert ref.relative_error(a, -a) == pytest.approx(1)
    assert ref.relative_error(0 * a, 0 * a) == 0


@pytest.mark.torch
@pytest.mark.parametrize("n", [1, 2, 9])
def test_line_gradient_agrees_with_autograd(n: int) -> None:
    x, t = torch.from_numpy(RNG.normal(size=n)), torch.from_numpy(RNG.normal(size=n))
    w, b = torch.tensor(1.5, requires_grad=True), torch.tensor(-0.5, requires_grad=True)
    (((t - (w * x + b)) ** 2).sum() / (2 * n)).backward()
    ours = ref.line_gradient(1.5, -0.5, x.numpy(), t.numpy())
    assert ours == pytest.approx((w.grad.item(), b.grad.item()), rel=1e-5)


def test_predicted_change_is_the_first_order() -> None:
    w, x, dw, db = RNG.normal(size=4), RNG.normal(size=4), RNG.normal(size=4), 0.75

    def output(scale: float) -> float:
        return math.tanh((w + scale * dw) @ x + 0.25 + scale * db)

    slope = 1 - output(0) ** 2
    predicted = ref.predicted_change(slope * x, slope, dw, db)
    assert (output(1e-6) - output(-1e-6)) / 2e-6 == pytest.approx(predicted, abs=1e-8)


def test_no_direction_falls_faster() -> None:
    grad = RNG.normal(size=(2, 3))
    best = ref.steepest_direction(grad)
    assert np.linalg.norm(best) == pytest.approx(1)
    for _ in range(200):
        other = RNG.normal(size=(2, 3))
        assert np.sum(grad * best) <= np.sum(grad * other) / np.linalg.norm(other) + 1e-12
    assert not ref.steepest_direction(np.zeros((2, 2))).any()


@pytest.mark.torch
@pytest.mark.parametrize("x0", [2.0, np.array([1.0, -2.0]), np.array([[3, -1], [0, 2]])])
def test_descent_agrees_with_pytorch(x0: Array | float) -> None:
    point = torch.tensor(x0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([point], lr=0.1)
    wanted = [point.detach().clone().numpy()]
    for _ in range(8):
        optimizer.zero_grad()
        (torch.sin(point).sum() + (point**2).sum()).backward()
        optimizer.step()
        wanted.append(point.detach().clone().numpy())
    path = ref.gradient_descent(lambda x: np.cos(x) + 2 * x, x0, 0.1, 8)
    assert path.shape == (9, *np.shape(x0))
    assert path == pytest.approx(np.array(wanted))
