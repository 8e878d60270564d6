"""The reference of 04_backprop against independent oracles: autograd, PyTorch's optimizers, central differences."""

import itertools

import numpy as np
import pytest
from later import later
from places import ROOT

from reference_impl import activations
from reference_impl import backprop as ref

torch = later("torch")
Array = np.ndarray
Network = tuple[list[Array], list[Array]]
RNG = np.random.default_rng(4)
DIGITS = ROOT / "solutions" / "04_backprop" / "digits.npz"


def network(*sizes: int) -> Network:
    pairs = list(itertools.pairwise(sizes))
    return [RNG.normal(size=(n, k)) for k, n in pairs], [RNG.normal(size=(n, 1)) for _, n in pairs]


def cost_of(name: str, a: Array, y: Array) -> float:
    """By the functions of 02_activations, where rows are samples."""
    if name == "quadratic":
        return activations.quadratic_cost(a.T, y.T)
    return activations.binary_cross_entropy(a.ravel(), y.ravel()) * a.shape[0]


def by_autograd(x: Array, y: Array, net: Network, cost: str) -> Network:
    weights, biases = ([torch.from_numpy(value).requires_grad_() for value in part] for part in net)
    a = torch.from_numpy(x)
    for w, b in zip(weights, biases, strict=True):
        a = torch.sigmoid(w @ a + b)
    target, m = torch.from_numpy(y), x.shape[1]
    if cost == "quadratic":
        loss = ((a - target) ** 2).sum() / (2 * m)
    else:
        loss = torch.nn.functional.binary_cross_entropy(a, target, reduction="sum") / m
    loss.backward()
    return [w.grad.numpy() for w in weights], [b.grad.numpy() for b in biases]


@pytest.mark.torch
@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
@pytest.mark.parametrize(("sizes", "m"), [((5, 7, 4, 3), 6), ((4, 3), 1), ((3, 3, 3, 3, 3), 3)])
def test_backprop_agrees_with_autograd(sizes: tuple[int, ...], m: int, cost: str) -> None:
    x, y, net = RNG.normal(size=(sizes[0], m)), RNG.random((sizes[-1], m)), network(*sizes)
    for ours, theirs in zip(ref.backprop(x, y, *net, cost), by_autograd(x, y, net, cost), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert one == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
def test_backprop_agrees_with_central_differences(cost: str) -> None:
    x, y, net = RNG.normal(size=(3, 5)), RNG.random((2, 5)), network(3, 4, 2)
    gradients = ref.backprop(x, y, *net, cost)
    h = 1e-6
    for part, grads in zip(net, gradients, strict=True):
        for values, grad in zip(part, grads, strict=True):
            for place in np.ndindex(values.shape):
                costs = []
                for step in (h, -2 * h, h):
                    values[place] += step
                    costs.append(cost_of(cost, ref.feedforward(x, *net)[1][-1], y))
                assert (costs[0] - costs[1]) / (2 * h) == pytest.approx(grad[place], abs=1e-7)


def test_feedforward_sample_by_sample() -> None:
    x, net = RNG.normal(size=(4, 6)), network(4, 5, 3)
    zs, acts = ref.feedforward(x, *net)
    assert [len(zs), len(acts)] == [2, 3]
    for i in range(6):
        z, a = ref.feedforward(x[:, i : i + 1], *net)
        assert acts[-1][:, i : i + 1] == pytest.approx(a[-1])
        assert zs[0][:, i : i + 1] == pytest.approx(z[0])


@pytest.mark.torch
@pytest.mark.parametrize("steps", [1, 2, 20])
def test_adam_agrees_with_pytorch(steps: int) -> None:
    start = RNG.normal(size=(3, 4))
    theirs = torch.from_numpy(start.copy()).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.05, betas=(0.8, 0.95), eps=1e-3)
    w, m, v = start, np.zeros((3, 4)), np.zeros((3, 4))
    for t in range(1, steps + 1):
        grad = RNG.normal(size=(3, 4))
        theirs.grad = torch.from_numpy(grad)
        optimizer.step()
        w, m, v = ref.adam_step(w, m, v, grad, t, 0.05, 0.8, 0.95, 1e-3)
    assert w == pytest.approx(theirs.detach().numpy(), abs=1e-12)


@pytest.mark.torch
def test_momentum_agrees_with_pytorch() -> None:
    start = RNG.normal(size=5)
    theirs = torch.from_numpy(start.copy()).requires_grad_()
    optimizer = torch.optim.SGD([theirs], lr=0.1, momentum=0.7)
    w, v = start, np.zeros(5)
    for _ in range(10):
        grad = RNG.normal(size=5)
        theirs.grad = torch.from_numpy(grad)
        optimizer.step()
        w, v = ref.momentum_step(w, v, grad, 0.1, 0.7)
    assert w == pytest.approx(theirs.detach().numpy(), abs=1e-12)


def test_the_slides_numbers() -> None:
    assert ref.iterations_per_epoch(1000, 20) == 50
    assert [ref.iterations_per_epoch(n, 4) for n in (1, 4, 5, 8, 9)] == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(("n", "batch_size"), [(10, 4), (12, 4), (3, 8), (5, 1)])
def test_mini_batches_are_a_partition(n: int, batch_size: int) -> None:
    batches = ref.mini_batches(n, batch_size, np.random.default_rng(1))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert len(batches) == ref.iterations_per_epoch(n, batch_size)
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}


@pytest.mark.slow
def test_the_network_reads_digits_from_every_start() -> None:
    with np.load(DIGITS) as data:
        X, Y = data["train_images"].reshape(-1, 64).T / 16, np.eye(10)[:, data["train_labels"]]
        held_out, labels = data["test_images"].reshape(-1, 64).T / 16, data["test_labels"]
    for seed in range(3):
        net = ref.train_network(X, Y, [64, 30, 10], 30, 10, 3.0, np.random.default_rng(seed))
        assert np.mean(ref.feedforward(held_out, *net)[1][-1].argmax(axis=0) == labels) >= 0.96
