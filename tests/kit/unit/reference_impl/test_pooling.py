"""The reference of 07_pooling against independent oracles: PyTorch with its autograd, SciPy, loops, the slides."""

import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from later import later

from reference_impl import pooling as ref

torch, functional, ndimage = later("torch"), later("torch.nn.functional"), later("scipy.ndimage")
Array = np.ndarray
RNG = np.random.default_rng(7)
SETTINGS = [(size, stride) for size, stride in itertools.product((1, 2, 3), (None, 1, 2, 3))]
SHAPES = [(2, 3, 8, 6), (1, 2, 7, 9), (1, 1, 3, 3)]


def l2(x: Any, size: int, stride: int | None) -> Any:
    return functional.lp_pool2d(x.abs(), 2, size, stride)


PAIRS: list[tuple[Callable[..., Array], Callable[..., Any]]] = [
    (ref.max_pool2d, lambda *given: functional.max_pool2d(*given)),
    (ref.average_pool2d, lambda *given: functional.avg_pool2d(*given)),
    (ref.l2_pool2d, l2),
]


@pytest.mark.torch
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "stride"), SETTINGS)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_pooling_agrees_with_pytorch(
    ours: Callable, theirs: Callable, size: int, stride: int | None, shape: tuple[int, ...]
) -> None:
    x = RNG.normal(size=shape)
    wanted = theirs(torch.from_numpy(x), size, stride).numpy()
    assert ours(x, size, stride) == pytest.approx(wanted, abs=1e-12)
    assert ours(x[0, 0], size, stride) == pytest.approx(wanted[0, 0], abs=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "stride"), SETTINGS)
@pytest.mark.parametrize(
    ("backward", "forward"),
    [(ref.max_pool2d_backward, PAIRS[0][1]), (ref.average_pool2d_backward, PAIRS[1][1])],
)
def test_gradients_agree_with_autograd(
    backward: Callable, forward: Callable, size: int, stride: int | None, shape: tuple[int, ...]
) -> None:
    x = RNG.normal(size=shape)
    given = torch.from_numpy(x).requires_grad_()
    out = forward(given, size, stride)
    dout = RNG.normal(size=tuple(out.shape))
    out.backward(torch.from_numpy(dout))
    assert backward(dout, x, size, stride) == pytest.approx(given.grad.numpy(), abs=1e-12)


@pytest.mark.torch
def test_of_equal_maxima_the_first_gets_the_gradient() -> None:
    x = np.zeros((2, 3))
    assert ref.max_pool2d_backward(np.array([[2.0, 3.0]]), x, 2, 1).tolist() == [[2, 3, 0], [0, 0, 0]]
    with_ties = RNG.integers(0, 2, (3, 6, 6)).astype(float)
    given = torch.from_numpy(with_ties).requires_grad_()
    functional.max_pool2d(given[None], 2).sum().backward()
    assert np.array_equal(ref.max_pool2d_backward(np.ones((3, 3, 3)), with_ties), given.grad.numpy())


@pytest.mark.torch
@pytest.mark.parametrize(("dy", "dx", "size"), [(0, 0, 2), (1, 0, 2), (-2, 1, 2), (0, -1, 3), (9, 0, 2), (1, 1, 1)])
def test_shift_response_agrees_with_scipy(dy: int, dx: int, size: int) -> None:
    image = RNG.integers(0, 3, (7, 9)) / 8
    shifted = ndimage.shift(image, (dy, dx), order=0, cval=0.0)

    def pooled(values: Array) -> Array:
        return functional.max_pool2d(torch.from_numpy(values)[None], size)[0].numpy()

    assert ref.shift_response(image, dy, dx, size) == pytest.approx(np.mean(pooled(shifted) == pooled(image)))


def test_the_slides_sizes() -> None:
    assert ref.max_pool2d(np.zeros((3, 24, 24))).shape == (3, 12, 12)
    assert ref.average_pool2d(np.arange(9).reshape(3, 3)).tolist() == [[2.0]]


def test_nothing_given_is_written_to() -> None:
    x = RNG.normal(size=(4, 4))
    x.setflags(write=False)
    for pool in (ref.max_pool2d, ref.average_pool2d, ref.l2_pool2d):
        pool(x, 1)
        pool(x)
    ref.shift_response(x, 1, 0)


BUFFERS = 128 << 10  # bytes that NumPy and Python use during a call, however large its arrays are


def peak(function: Callable[..., Array], *arguments: object) -> int:
    """The most memory that was in use during a call, in bytes."""
    tracemalloc.start()
    try:
        function(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_the_memory_that_the_docstring_states(size: int, stride: int) -> None:
    x = RNG.normal(size=(16, 16, 28, 28))
    out = ref.max_pool2d(x, size, stride)
    for pool in (ref.max_pool2d, ref.average_pool2d, ref.l2_pool2d):
        assert peak(pool, x, size, stride) < 4 * out.nbytes + BUFFERS
    for backward in (ref.max_pool2d_backward, ref.average_pool2d_backward):
        assert peak(backward, out, x, size, stride) < 4 * x.nbytes
