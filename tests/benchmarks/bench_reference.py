"""The reference beside PyTorch, SciPy and plain Python loops, on the same arrays and one thread.

python tests/benchmarks/bench_reference.py [--rounds N] [--markdown]

Prints ratios of CPU time, measured in turn in one run: below 1 the reference is faster. All arrays are float64,
as the exercises' are.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported

import argparse
import itertools
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import signal
from tables import Table, show, spread
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[2]))

from reference_impl import backprop, convolution, pooling

Array = np.ndarray
Work = Callable[[], object]
RNG = np.random.default_rng(0)
ENOUGH = 0.02  # seconds of one measurement: a clock tick is far less


@dataclass(frozen=True)
class Contest:
    """One operation, done by the reference and by others."""

    name: str
    ours: Work
    torch: Work | None = None
    scipy: Work | None = None
    loops: Work | None = None


# ---- contests


def convolutions() -> Iterator[Contest]:
    """The slides' twenty maps on a digit, LeNet-5's C3 on a batch, AlexNet's second layer without groups."""
    sizes = (
        ("20 maps 5×5 on 1×1×28×28", (1, 1, 28, 28), 20, 5, 0, True),
        ("16 maps 5×5 on 64×6×14×14", (64, 6, 14, 14), 16, 5, 0, False),
        ("256 maps 5×5 on 1×96×27×27", (1, 96, 27, 27), 256, 5, 2, False),
    )
    for name, shape, filters, kernel, padding, small in sizes:
        x, w, b = RNG.normal(size=shape), RNG.normal(size=(filters, shape[1], kernel, kernel)), RNG.normal(size=filters)
        yield Contest(
            f"conv_layer, {name}",
            lambda x=x, w=w, b=b, p=padding: convolution.conv_layer(x, w, b, 1, p),
            torch=_torch(functional.conv2d, x, w, b, padding=padding),
            scipy=(lambda x=x, w=w: [signal.correlate2d(x[0, 0], f[0], "valid") for f in w]) if small else None,
            loops=(lambda x=x, w=w, b=b: conv_in_loops(x, w, b)) if small else None,
        )
        dout = RNG.normal(size=convolution.conv_layer(x, w, b, 1, padding).shape)
        yield Contest(
            f"conv_layer_backward, {name}",
            lambda dout=dout, x=x, w=w, p=padding: convolution.conv_layer_backward(dout, x, w, 1, p),
            torch=_backward(functional.conv2d, dout, x, w, b, padding=padding),
        )


def poolings() -> Iterator[Contest]:
    x = RNG.normal(size=(64, 16, 28, 28))
    pairs = (
        ("max_pool2d", pooling.max_pool2d, functional.max_pool2d),
        ("average_pool2d", pooling.average_pool2d, functional.avg_pool2d),
        ("l2_pool2d", pooling.l2_pool2d, lambda x, *settings: functional.lp_pool2d(x.abs(), 2, *settings)),
    )
    for size, stride in ((2, 2), (3, 2)):
        setting = f"size {size}, stride {stride} on 64×16×28×28"
        for name, ours, theirs in pairs:
            yield Contest(
                f"{name}, {setting}",
                lambda ours=ours, size=size, stride=stride: ours(x, size, stride),
                torch=_torch(theirs, x, size, stride),
                loops=(lambda size=size: pool_in_loops(x, size)) if ours is pooling.max_pool2d else None,
            )
        dout = RNG.normal(size=pooling.max_pool2d(x, size, stride).shape)
        for name, back, forward in (
            ("max_pool2d_backward", pooling.max_pool2d_backward, functional.max_pool2d),
            ("average_pool2d_backward", pooling.average_pool2d_backward, functional.avg_pool2d),
        ):
            yield Contest(
                f"{name}, {setting}",
                lambda back=back, dout=dout, size=size, stride=stride: back(dout, x, size, stride),
                torch=_backward(forward, dout, x, size, stride),
            )


def networks() -> Iterator[Contest]:
    for sizes, m in (((64, 30, 10), 10), ((784, 30, 10), 10), ((784, 30, 10), 256)):
        pairs = list(itertools.pairwise(sizes))
        weights = [RNG.normal(0, k**-0.5, (n, k)) for k, n in pairs]
        biases = [np.zeros((n, 1)) for _, n in pairs]
        x, y = RNG.random((sizes[0], m)), np.eye(sizes[-1])[:, RNG.integers(0, sizes[-1], m)]
        yield Contest(
            f"backprop, {'-'.join(map(str, sizes))}, {m} samples",
            lambda x=x, y=y, w=weights, b=biases: backprop.backprop(x, y, w, b),
            torch=lambda x=x, y=y, w=weights, b=biases: torch_backprop(x, y, w, b),
            loops=lambda x=x, y=y, w=weights, b=biases: [
                backprop.backprop(x[:, i : i + 1], y[:, i : i + 1], w, b) for i in range(x.shape[1])
            ],
        )
    X, Y = RNG.random((64, 300)), np.eye(10)[:, RNG.integers(0, 10, 300)]
    settings = ([64, 30, 10], 2, 10, 3.0)
    yield Contest(
        "train_network, 64-30-10, 300 samples, 2 epochs",
        lambda: backprop.train_network(X, Y, *settings, np.random.default_rng(1)),
        torch=lambda: torch_training(X, Y, *settings),
    )


# ---- the others


def _torch(function: Callable[..., torch.Tensor], x: Array, *arguments: object, **options: object) -> Work:
    given = [torch.from_numpy(value) if isinstance(value, np.ndarray) else value for value in (x, *arguments)]

    def work() -> object:
        with torch.no_grad():
            return function(*given, **options)

    return work


def _backward(function: Callable[..., torch.Tensor], dout: Array, *arguments: object, **options: object) -> Work:
    """Forward and backward: autograd has no backward alone."""
    given = [torch.from_numpy(v).requires_grad_() if isinstance(v, np.ndarray) else v for v in arguments]
    leaves = [value for value in given if isinstance(value, torch.Tensor)]
    gradient = torch.from_numpy(dout)
    return lambda: torch.autograd.grad(function(*given, **options), leaves, gradient)


def torch_backprop(x: Array, y: Array, weights: list[Array], biases: list[Array]) -> object:
    leaves = [torch.from_numpy(value).requires_grad_() for value in (*weights, *biases)]
    a = torch.from_numpy(x)
    for w, b in zip(leaves[: len(weights)], leaves[len(weights) :], strict=True):
        a = torch.sigmoid(w @ a + b)
    return torch.autograd.grad(((a - torch.from_numpy(y)) ** 2).sum() / (2 * x.shape[1]), leaves)


def torch_training(X: Array, Y: Array, sizes: list[int], epochs: int, batch_size: int, eta: float) -> object:
    layers = [part for k, n in itertools.pairwise(sizes) for part in (torch.nn.Linear(k, n), torch.nn.Sigmoid())]
    model = torch.nn.Sequential(*layers).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=eta)
    x, y = torch.from_numpy(X.T), torch.from_numpy(Y.T)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            (((model(x[batch]) - y[batch]) ** 2).sum() / (2 * len(batch))).backward()
            optimizer.step()
    return model


def conv_in_loops(x: Array, w: Array, b: Array) -> Array:
    """Loops over samples, filters and pixels; the window itself is summed by NumPy."""
    side = w.shape[-1]
    out = np.zeros((len(x), len(w), x.shape[2] - side + 1, x.shape[3] - side + 1))
    for n, f, i, j in np.ndindex(out.shape):
        out[n, f, i, j] = np.sum(x[n, :, i : i + side, j : j + side] * w[f]) + b[f]
    return out


def pool_in_loops(x: Array, size: int) -> Array:
    """Loops over samples, maps and windows; the largest of a window is found by NumPy."""
    out = np.zeros((*x.shape[:2], (x.shape[2] - size) // 2 + 1, (x.shape[3] - size) // 2 + 1))
    for n, c, i, j in np.ndindex(out.shape):
        out[n, c, i, j] = x[n, c, 2 * i : 2 * i + size, 2 * j : 2 * j + size].max()
    return out


# ---- measuring


def seconds(work: Work) -> float:
    """Processor time of one call, over as many as take long enough."""
    calls = 1
    while True:
        begun = time.process_time()
        for _ in range(calls):
            work()
        taken = time.process_time() - begun
        if taken >= ENOUGH:
            return taken / calls
        calls *= 2


def row(contest: Contest, rounds: int) -> tuple[str, ...]:
    others = {name: getattr(contest, name) for name in ("torch", "scipy", "loops")}
    for work in (contest.ours, *filter(None, others.values())):
        work()  # once, so that nobody pays for a first time
    ours, ratios = [], {name: [] for name in others}
    for _ in range(rounds):
        ours.append(seconds(contest.ours))
        for name, work in others.items():
            if work is not None:
                ratios[name].append(ours[-1] / seconds(work))
    found = (spread(ratios[name], ".3g") if ratios[name] else "" for name in others)
    return contest.name, spread([1000 * one for one in ours], ".3g"), *found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="Rounds of each contest. Default: 7.")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    columns = ("operation", "ours, ms", "ours / PyTorch", "ours / SciPy", "ours / loops")
    tables = [
        Table(title, columns, [row(contest, options.rounds) for contest in contests()])
        for title, contests in (("Convolution", convolutions), ("Pooling", poolings), ("Networks", networks))
    ]
    header = (
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, torch {torch.__version__}",
        f"Processor time, one thread, float64; median of {options.rounds} rounds (least–most)",
        "Below 1 the reference is faster. A backward of PyTorch's includes its forward.",
        "Loops: over samples and pixels; of backprop, over samples.",
    )
    show(header, tables, markdown=options.markdown)


if __name__ == "__main__":
    main()
