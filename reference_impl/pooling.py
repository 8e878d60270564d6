"""Reference for 07_pooling: maximum, mean and root of squares over windows, and their gradients.

Sources: "Neural Networks and Deep Learning" (M. Denninger, TUM), "Deep Learning Workshop" (X. Karagiannis).

x is (…, H, W); windows lie on its last two axes, `stride` apart (by default `size` apart). A remainder at the edge
is dropped: H' = floor((H − size)/stride) + 1. Nothing loops over samples or pixels. The only loop is over the
size² positions inside a window: for each position a strided slice of x holds that entry of every window. Reducing
over such slices is 4 to 8 times as fast as reducing a view of all windows, because NumPy reduces short last axes
slowly. It needs the memory of at most four outputs, and the gradients that of four inputs.
"""

from collections.abc import Iterator
from functools import reduce
from types import EllipsisType

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Place = tuple[EllipsisType, slice, slice]


def pooled_size(n: int, size: int, stride: int) -> int:
    """Return the number of windows along a side of n entries."""
    return (n - size) // stride + 1


def places(shape: tuple[int, ...], size: int, stride: int | None) -> Iterator[Place]:
    """Yield, for each position inside a window in row-major order, the index of that entry in every window."""
    step = stride or size
    height, width = (pooled_size(side, size, step) for side in shape[-2:])
    for row, column in np.ndindex(size, size):
        yield ..., slice(row, row + step * height, step), slice(column, column + step * width, step)


def max_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Return the largest entry of each window: (…, H, W) → (…, H', W'). Source: "Deep Learning Workshop"."""
    return reduce(np.maximum, (x[at] for at in places(x.shape, size, stride)))


def average_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Return the mean of each window: (…, H, W) → (…, H', W'). Source: "Deep Learning Workshop"."""
    return reduce(np.add, (x[at] for at in places(x.shape, size, stride))) / size**2


def l2_pool2d(x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Return the root of the sum of squares of each window: (…, H, W) → (…, H', W').

    Source: "Deep Learning Workshop".
    """
    squares = (np.square(x[at], dtype=np.float64) for at in places(x.shape, size, stride))
    root: Array = np.sqrt(reduce(np.add, squares))
    return root


def max_pool2d_backward(dout: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
    """Pass each window's gradient to its first maximum in row-major order, and add up where windows overlap.

    dout (…, H', W'), x (…, H, W) → (…, H, W). `free` marks the windows whose maximum was not reached yet.
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
    """Pass each window's gradient to its entries in equal shares, and add up where windows overlap.

    dout (…, H', W'), x (…, H, W) → (…, H, W); only the shape of x matters.
    Source: "Neural Networks and Deep Learning".
    """
    dx = np.zeros(x.shape)
    for at in places(x.shape, size, stride):
        dx[at] += dout / size**2
    return dx


def shift_response(image: Array, dy: int, dx: int, size: int = 2) -> float:
    """Return the fraction of all max-pooled outputs that stay exactly the same when the image (H, W) is shifted.

    dy rows down, dx columns right (negative: up, left); new pixels are 0.
    Sources: "Neural Networks and Deep Learning", "Deep Learning Workshop": why pooling helps.
    """
    height, width = image.shape
    padded = np.pad(image, ((abs(dy),), (abs(dx),)))
    shifted = padded[abs(dy) - dy :, abs(dx) - dx :][:height, :width]
    return float(np.mean(max_pool2d(shifted, size) == max_pool2d(image, size)))
