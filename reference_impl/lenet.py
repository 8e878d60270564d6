"""Reference for 08_lenet: shapes and parameters of LeNet-5 and AlexNet, receptive fields, top-k error.

Sources: "Deep Learning Workshop" (X. Karagiannis); LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied
to document recognition" (1998); Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional
neural networks" (2012). Shapes are (C, H, W), kernels and windows are squares.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Row = tuple[str, Shape, int]


def conv_output_shape(
    in_shape: tuple[int, int, int], filters: int, kernel: int, stride: int = 1, padding: int = 0
) -> tuple[int, int, int]:
    """Return (F, H', W') with H' = floor((H + 2 padding − kernel)/stride) + 1. Source: "Deep Learning Workshop"."""
    _, height, width = in_shape
    out_height, out_width = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
    return filters, out_height, out_width


def pool_output_shape(in_shape: tuple[int, int, int], size: int = 2, stride: int | None = None) -> tuple[int, int, int]:
    """Return (C, H', W') with H' = floor((H − size)/stride) + 1; the default stride is size.

    Source: "Deep Learning Workshop".
    """
    return conv_output_shape(in_shape, in_shape[0], size, stride or size)


def conv_parameters(in_channels: int, filters: int, kernel: int) -> int:
    """Return the number of weights and biases, filters · (in_channels · kernel² + 1).

    Source: "Deep Learning Workshop".
    """
    return filters * (in_channels * kernel**2 + 1)


def dense_parameters(n_in: int, n_out: int) -> int:
    """Return the number of weights and biases, n_out · (n_in + 1). Source: "Deep Learning Workshop"."""
    return n_out * (n_in + 1)


def lenet5() -> list[Row]:
    """Return LeNet-5 on 1×32×32 as rows (name, output shape, parameters): C1 S2 C3 S4 C5 F6 OUTPUT.

    This is the count of the slides: pooling has no parameters, and C3 sees all of S2's maps. (In the
    1998 paper S2 and S4 have weights, and C3 is connected sparsely, see `c3_parameters`.)
    Source: "Deep Learning Workshop".
    """
    rows: list[Row] = []
    shape = (1, 32, 32)
    for name, filters in (("1", 6), ("3", 16), ("5", 120)):
        parameters = conv_parameters(shape[0], filters, 5)
        shape = conv_output_shape(shape, filters, 5)
        rows.append((f"C{name}", shape, parameters))
        if name != "5":
            shape = pool_output_shape(shape)
            rows.append((f"S{int(name) + 1}", shape, 0))
    return [*rows, ("F6", (84,), dense_parameters(120, 84)), ("OUTPUT", (10,), dense_parameters(84, 10))]


def total_parameters(table: Sequence[Row]) -> int:
    """Return the sum of the parameters in a table like `lenet5`'s."""
    return sum(parameters for _, _, parameters in table)


def c3_parameters(connections: npt.NDArray[np.generic], kernel: int = 5) -> int:
    """Return C3's parameters in the paper: kernel² weights for each connection, one bias for each map.

    connections (16, 6) of 0 and 1: row i marks the maps of S2 that map i of C3 sees. Source: LeCun et al. (1998).
    """
    return int(np.sum(connections)) * kernel**2 + len(connections)


def alexnet_parameters(groups: int = 2) -> int:
    """Return the number of weights and biases of AlexNet on 3×227×227: five convolutional and three dense layers.

    With two groups a filter of the second, fourth and fifth layer sees half of the maps before it.
    Sources: Krizhevsky et al. (2012), "Deep Learning Workshop", "Neural networks basics".
    """
    convolutions = [
        (3, 96, 11, 1),
        (96, 256, 5, groups),
        (256, 384, 3, 1),
        (384, 384, 3, groups),
        (384, 256, 3, groups),
    ]
    dense = [(256 * 6 * 6, 4096), (4096, 4096), (4096, 1000)]
    return sum(conv_parameters(c // g, f, k) for c, f, k, g in convolutions) + sum(dense_parameters(*d) for d in dense)


def top_k_error(scores: Array, labels: npt.NDArray[np.int64], k: int) -> float:
    """Return the fraction of samples whose label is not among the k highest scores.

    scores (n, c) without ties, labels (n,). A label is among them if fewer than k scores are higher than its own.
    Source: "Deep Learning Workshop" (ILSVRC).
    """
    own = scores[np.arange(len(labels)), labels]
    higher = np.sum(scores > own[:, np.newaxis], axis=1)
    return float(np.mean(higher >= k))


def receptive_field(layers: Sequence[tuple[int, int]]) -> int:
    """Return the side, in input pixels, of the square that a unit sees through layers (kernel, stride).

    The layers go from input to output. Each adds kernel − 1 steps, and a step is as long as the product of all strides
    before it.
    """
    side, step = 1, 1
    for kernel, stride in layers:
        side += (kernel - 1) * step
        step *= stride
    return side
