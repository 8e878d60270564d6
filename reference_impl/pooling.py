"""Reference for 07_pooling: maximum, mean and root of squares over windows, and their gradients.

Sources: "Neural Networks and Deep Learning" (M. Denninger, TUM), "Deep Learning Workshop" (X. Karagiannis).

x is (…, H, W); windows lie on its last two axes, `stride` apart (`size` apart unless said), and a remainder at the
edge is dropped: H' = floor((H − size)/stride) + 1. Nothing loops over samples or pixels. The one loop is over the
size² places inside a window: at each place a strided slice of x holds that place's entry of every window. Reducing
over such slices beats a view of all windows by a factor of 4 to 8, because NumPy reduces short last axes slowly, and
takes the memory of four answers at most, gradients that of four inputs.
"""

from collections.abc import Iterator
from functools import reduce
from types import EllipsisType

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Place = tuple[EllipsisType, slice, slice]


def pooled_size(n: int, size: int, stride: int) -> int:
    """Windows along a side of n entries."""
    return (n - size) // stride + 1


def places(shape: tuple[int, ...], size: int, stride: int | None) -> Iterator[Place]:
    """For each place inside a window, in row-major order, the index of that place's entry in every window."""
    step = stride or size
    height, width = (pooled_size(side, size, step) for side in shape[-2:])
    for row, column in np.ndindex(size, size):
        yield ..., slice(row, row + step * height, step), slice(column, column + step * width, step)


def max_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """The largest entry of each window: (…, H, W) → (…, H', W'). Source: "Deep Learning Workshop"."""
    return reduce(np.maximum, (x[at] for at in places(x.shape, size, stride)))


def average_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """The mean of each window: (…, H, W) → (…, H', W'). Source: "Deep Learning Workshop"."""
    return reduce(np.add, (x[at] for at in places(x.shape, size, stride))) / size**2


def l2_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """The root of the sum of squares of each window: (…, H, W) → (…, H', W').

    Source: "Deep Learning Workshop".
    """
    squares = (np.square(x[at], dtype=np.float64) for at in places(x.shape, size, stride))
    root: Array = np.sqrt(reduce(np.add, squares))
    return root


def max_pool2d_backward(dout: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Each window's gradient to its first maximum in row-major order, added up where windows overlap.

    dout (…, H', W'), x (…, H, W) → (…, H, W). `free` marks the windows whose maximum is not yet found.
    Source: "Neural Networks and Deep Learning".
    """
    largest = max_pool2d(x, size, stride)
    dx = np.zeros(x.shape)
    free = np.ones(largest.shape, dtype=bool)
    for at in places(x.shape, size, stride):
        hit = free & (x[at] == largest)
        dx[at] += dout * hit
        free &= ~hit
    return dx


def average_pool2d_backward(dout: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Each window's gradient in equal shares to its entries, added up where windows overlap.

    dout (…, H', W'), x (…, H, W) → (…, H, W); of x only the shape matters.
    Source: "Neural Networks and Deep Learning".
    """
    dx = np.zeros(x.shape)
    for at in places(x.shape, size, stride):
        dx[at] += dout / size**2
    return dx


def shift_response(image: Array, dy: int, dx: int, size: int = 2) -> float:
    """The share of all max-pooled outputs that stay exactly the same when the image (H, W) is shifted.

    dy rows down, dx columns right (negative: up, left); what comes in is 0.
    Sources: "Neural Networks and Deep Learning", "Deep Learning Workshop": why pooling helps.
    """
    height, width = image.shape
    padded = np.pad(image, ((abs(dy),), (abs(dx),)))
    shifted = padded[abs(dy) - dy :, abs(dx) - dx :][:height, :width]
    return float(np.mean(max_pool2d(shifted, size) == max_pool2d(image, size)))
