"""The hidden tests of 08_lenet, its catalogue of mistakes, and right answers of other kinds."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder import array, close, equal, exercise, holds, number, several, unchanged
from reference_impl import lenet as ref

Array = np.ndarray


@exercise("conv_output_shape")
def test_conv_shape_random(student, rng):
    """many shapes, kernels, strides and paddings"""
    for _ in range(12):
        height, width, kernel = (int(n) for n in rng.permutation(np.arange(5, 20))[:3])
        settings = (int(rng.integers(1, 4)), int(rng.integers(0, 3)))
        args = ((3, height + 15, width + 16), 7, kernel, *settings)
        equal(student.conv_output_shape, args, expected=ref.conv_output_shape(*args))


@exercise("conv_output_shape")
def test_conv_shape_remainder(student):
    """windows that leave a remainder at the edge"""
    for args in (((2, 10, 12), 5, 3, 2), ((2, 12, 11), 5, 3, 4)):
        equal(student.conv_output_shape, args, expected=ref.conv_output_shape(*args))


@exercise("conv_output_shape")
def test_conv_shape_padding(student):
    """padding on both sides, with a stride"""
    for padding in (1, 3):
        args = ((4, 9, 14), 6, 5)
        options = {"stride": 2, "padding": padding}
        equal(student.conv_output_shape, args, options, expected=ref.conv_output_shape(*args, **options))


@exercise("pool_output_shape")
def test_pool_shape_random(student, rng):
    """many shapes and sizes"""
    for _ in range(12):
        height, width = (int(n) for n in rng.permutation(np.arange(6, 20))[:2])
        args = ((int(rng.integers(2, 6)), height, width), int(rng.integers(2, 6)))
        equal(student.pool_output_shape, args, expected=ref.pool_output_shape(*args))


@exercise("pool_output_shape")
def test_pool_shape_stride(student):
    """a stride less than the size, and one greater"""
    for args in (((5, 13, 9), 3, 2), ((5, 12, 9), 3, 1), ((5, 11, 20), 2, 3)):
        equal(student.pool_output_shape, args, expected=ref.pool_output_shape(*args))


@exercise("pool_output_shape")
def test_pool_shape_default(student):
    """windows of 2×2 when nothing is said; rows and columns left over"""
    for shape in ((3, 7, 10), (1, 12, 5)):
        equal(student.pool_output_shape, (shape,), expected=ref.pool_output_shape(shape))


@exercise("conv_parameters")
def test_conv_parameters_random(student, rng):
    """several input maps, filters and kernels"""
    for _ in range(8):
        args = tuple(int(n) for n in rng.permutation(np.arange(2, 12))[:3])
        equal(student.conv_parameters, args, expected=ref.conv_parameters(*args))


@exercise("conv_parameters")
def test_conv_parameters_pixel(student):
    """a kernel of one pixel, a single filter"""
    for args in ((64, 16, 1), (7, 1, 3)):
        equal(student.conv_parameters, args, expected=ref.conv_parameters(*args))


@exercise("dense_parameters")
def test_dense_parameters_random(student, rng):
    """several numbers of inputs and outputs"""
    for _ in range(6):
        args = tuple(int(n) for n in rng.permutation(np.arange(2, 400))[:2])
        equal(student.dense_parameters, args, expected=ref.dense_parameters(*args))


@exercise("dense_parameters")
def test_dense_parameters_one(student):
    """one input, one output"""
    for args in ((1, 9), (9, 1)):
        equal(student.dense_parameters, args, expected=ref.dense_parameters(*args))


def lenet_rows(student: Any) -> dict[str, tuple[Any, Any]]:
    """Shape and parameters of each row, by name."""
    rows = [several(row, 3, f"row {i + 1}") for i, row in enumerate(several(student.lenet5(), 7))]
    holds(all(isinstance(name, str) for name, _, _ in rows), "each row must start with the layer's name.")
    return {name: (shape, parameters) for name, shape, parameters in rows}


@exercise("lenet5")
@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("C1", "C3", "C5"), "a convolution"),
        (("S2", "S4"), "a pooling layer"),
        (("F6", "OUTPUT"), "a dense layer"),
    ],
    ids=["convolutions", "pooling", "dense"],
)
def test_lenet_rows(student, names, kind):
    """shapes and parameters of the {kind}"""
    rows, right = lenet_rows(student), {name: (shape, count) for name, shape, count in ref.lenet5()}
    for name in names:
        holds(name in rows, f"there is no row {name}.")
        shape, count = array(rows[name][0], f"the shape of {name}", ndim=1), number(rows[name][1], name)
        holds(shape.tolist() == list(right[name][0]), f"the shape of {name}, {kind}, is wrong.")
        holds(count == right[name][1], f"the number of parameters of {name}, {kind}, is wrong.")


def table(rng: np.random.Generator, rows: int) -> list[tuple[str, tuple[int, ...], int]]:
    """Rows of which some have the same name, some the same number of parameters."""
    counts = rng.integers(1, 5000, rows)
    counts[rows // 2] = counts[0]
    return [(f"S{i // 2}", (int(rng.integers(1, 9)), 4, 5), int(count)) for i, count in enumerate(counts)]


@exercise("total_parameters")
@pytest.mark.parametrize("rows", [1, 2, 9])
def test_total_random(student, rng, rows):
    """rows of the table: {rows}"""
    made = table(rng, rows)
    equal(student.total_parameters, (made,), expected=ref.total_parameters(made))


@exercise("total_parameters")
def test_total_argument(student, rng):
    """the table stays as it was"""
    made = table(rng, 3)
    unchanged(student.total_parameters, (made,), expected=ref.total_parameters(made))


@exercise("c3_parameters")
def test_c3_random(student, rng):
    """random connections"""
    for _ in range(4):
        connections = rng.integers(0, 2, (16, 6))
        equal(student.c3_parameters, (connections,), expected=ref.c3_parameters(connections))


@exercise("c3_parameters")
def test_c3_kernel(student, rng):
    """another kernel"""
    for kernel in (3, 1):
        connections = rng.integers(0, 2, (16, 6))
        equal(student.c3_parameters, (connections, kernel), expected=ref.c3_parameters(connections, kernel))


@exercise("c3_parameters")
def test_c3_unconnected(student, rng):
    """a map without connections keeps its bias"""
    connections = rng.integers(0, 2, (16, 6))
    connections[[2, 7]] = 0
    equal(student.c3_parameters, (connections,), expected=ref.c3_parameters(connections))


@exercise("c3_parameters")
def test_c3_argument(student, rng):
    """the connections stay as they were"""
    connections = rng.integers(0, 2, (16, 6))
    unchanged(student.c3_parameters, (connections,), expected=ref.c3_parameters(connections))


@exercise("receptive_field", weight=2)
def test_field_random(student, rng):
    """two to five layers of any kernel and stride; the list stays as it was"""
    for depth in (2, 3, 4, 5):
        layers = [(int(rng.integers(1, 8)), int(rng.integers(1, 4))) for _ in range(depth)]
        unchanged(student.receptive_field, (layers,), expected=ref.receptive_field(layers))


@exercise("receptive_field")
def test_field_last_stride(student):
    """the stride of the last layer makes no difference, that of the first does"""
    for layers in ([(3, 1), (5, 4)], [(3, 4), (5, 1)], [(11, 4)]):
        equal(student.receptive_field, (layers,), expected=ref.receptive_field(layers))


@exercise("receptive_field")
def test_field_single_pixels(student):
    """kernels of one pixel see no more, but their stride spreads what follows"""
    for layers in ([(3, 1), (1, 1), (3, 1)], [(1, 2), (3, 1)], [(1, 3), (1, 2), (4, 1)]):
        equal(student.receptive_field, (layers,), expected=ref.receptive_field(layers))


@exercise("alexnet_parameters")
def test_alexnet_groups(student):
    """one group and two, by name"""
    for groups in (1, 2):
        equal(student.alexnet_parameters, (), {"groups": groups}, expected=ref.alexnet_parameters(groups))


@exercise("alexnet_parameters")
def test_alexnet_difference(student):
    """what the second group saves: half of the weights of three layers"""
    saved = number(student.alexnet_parameters(1)) - number(student.alexnet_parameters(2))
    right = ref.alexnet_parameters(1) - ref.alexnet_parameters(2)
    holds(saved == right, "two groups must save half of the weights of the 2nd, 4th and 5th convolution, and no bias.")


def scored(rng: np.random.Generator, n: int, c: int) -> tuple[Array, Array]:
    """Scores (n, c) without ties, of both signs, and labels."""
    return (rng.permutation(n * c).reshape(n, c) - n) / 8, rng.integers(0, c, n)


@exercise("top_k_error", weight=2)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_random(student, rng, k):
    """the {k} best of many classes"""
    for n in (25, 40):
        args = (*scored(rng, n, 9), k)
        close(student.top_k_error, args, expected=ref.top_k_error(*args))


@exercise("top_k_error")
def test_top_k_at_the_edge(student):
    """a label that comes exactly at place k counts, one place later it does not"""
    scores = np.array([[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]] * 3)
    for labels in (np.array([0, 2, 3]), np.array([2, 2, 2]), np.array([3, 3, 0])):
        close(student.top_k_error, (scores, labels, 3), expected=ref.top_k_error(scores, labels, 3))


@exercise("top_k_error")
def test_top_k_square(student, rng):
    """as many samples as classes; all of the classes"""
    for k in (1, 3, 8):
        args = (*scored(rng, 8, 8), k)
        close(student.top_k_error, args, expected=ref.top_k_error(*args))


@exercise("top_k_error")
def test_top_k_one_sample(student):
    """a single sample, answered rightly and wrongly"""
    scores = np.array([[0.5, 2.0, -1.0]])
    for label in (1, 2):
        args = (scores, np.array([label]), 2)
        close(student.top_k_error, args, expected=ref.top_k_error(*args))


@exercise("top_k_error")
def test_top_k_arguments(student, rng):
    """scores and labels stay as they were"""
    args = (*scored(rng, 12, 5), 2)
    unchanged(student.top_k_error, args, expected=ref.top_k_error(*args))


# ---- mistakes


def conv_shape_by(
    side: Callable[[int, int, int, int], float],
    settle: Callable[[int, int, float, float], Any] = lambda channels, filters, h, w: (filters, h, w),
) -> Callable[..., Any]:
    def conv_output_shape(in_shape: Any, filters: int, kernel: int, stride: int = 1, padding: int = 0) -> Any:
        channels, height, width = in_shape
        return settle(channels, filters, *(side(n, kernel, stride, padding) for n in (height, width)))

    return conv_output_shape


def pool_shape_by(
    side: Callable[[int, int, int], float],
    settle: Callable[..., Any] = lambda channels, h, w: (channels, h, w),
) -> Callable[..., Any]:
    def pool_output_shape(in_shape: Any, size: int = 2, stride: int | None = None) -> Any:
        return settle(in_shape[0], *(side(n, size, stride or size) for n in in_shape[1:]))

    return pool_output_shape


def lenet_with(**changed: tuple[Any, Any] | None) -> Callable[[], Any]:
    """The table with another shape or number in some rows."""

    def lenet5() -> Any:
        rows = []
        for name, shape, count in ref.lenet5():
            other_shape, other_count = changed.get(name) or (None, None)
            rows.append((name, other_shape or shape, count if other_count is None else other_count))
        return rows

    return lenet5


def alexnet_by(
    layers: list[tuple[int, int, int, bool]] | None = None,
    dense: list[tuple[int, int]] | None = None,
    bias: bool = True,
    default: int = 2,
    groups_used: Callable[[int], int] = lambda groups: groups,
) -> Callable[..., int]:
    """AlexNet with another layer, other dense layers, or without biases."""
    layers = layers or ALEXNET
    dense = dense or [(9216, 4096), (4096, 4096), (4096, 1000)]

    def alexnet_parameters(groups: int = default) -> int:
        g = groups_used(groups)
        convolutions = sum(f * (c // (g if split else 1) * k * k + bias) for c, f, k, split in layers)
        return convolutions + sum(n_out * (n_in + bias) for n_in, n_out in dense)

    return alexnet_parameters


ALEXNET = [(3, 96, 11, False), (96, 256, 5, True), (256, 384, 3, False), (384, 384, 3, True), (384, 256, 3, True)]


def field_by(
    step: Callable[[int, int, int], int] = lambda step, kernel, stride: step * stride,
    grow: Callable[[int, int, int], int] = lambda kernel, stride, step: (kernel - 1) * step,
    first: int = 1,
    order: int = 1,
    early: bool = False,
) -> Callable[..., int]:
    def receptive_field(layers: Any) -> int:
        side, distance = first, 1
        for kernel, stride in layers[::order]:
            if early:
                distance = step(distance, kernel, stride)
            side += grow(kernel, stride, distance)
            if not early:
                distance = step(distance, kernel, stride)
        return side

    return receptive_field


def top_by(
    among: Callable[[Array, int], Array], settle: Callable[[Array], Any] = lambda missed: float(np.mean(missed))
) -> Callable[..., Any]:
    """The share of labels that are not among the classes that `among` picks for each row."""

    def top_k_error(scores: Array, labels: Array, k: int) -> Any:
        picked = among(scores, k)
        return settle(np.array([label not in row for label, row in zip(labels, picked, strict=False)]))

    return top_k_error


def highest(scores: Array, k: int) -> Array:
    return np.argsort(-scores, axis=1)[:, :k]


def total_in_place(rows: Any) -> int:
    total = 0
    while rows:
        total += rows.pop()[2]
    return total


def top_in_place(scores: Array, labels: Array, k: int) -> float:
    error = ref.top_k_error(scores, labels, k)
    scores.sort(axis=1)
    return error


def c3_in_place(connections: Array, kernel: int = 5) -> int:
    count = ref.c3_parameters(connections, kernel)
    connections *= kernel**2
    return count


MISTAKES: dict[str, dict[str, tuple[Callable[..., Any], str]]] = {
    "conv_output_shape": {
        "one_lost": (
            conv_shape_by(lambda n, k, s, p: (n + 2 * p - k) // s),
            "Height and width are one too small: add 1 after the division, for the first window.",
        ),
        "padded_once": (
            conv_shape_by(lambda n, k, s, p: (n + p - k) // s + 1),
            "The padding counts once. It is added on both sides: 2·padding.",
        ),
        "padding_ignored": (
            conv_shape_by(lambda n, k, s, p: (n - k) // s + 1),
            "The padding is ignored: it makes the input larger on both sides.",
        ),
        "stride_ignored": (
            conv_shape_by(lambda n, k, s, p: n + 2 * p - k + 1),
            "The stride is ignored: divide by it, before you add 1.",
        ),
        "rounded_up": (
            conv_shape_by(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
            "It is rounded up. A window that sticks out is not there: round down.",
        ),
        "not_rounded": (
            conv_shape_by(lambda n, k, s, p: (n + 2 * p - k) / s + 1),
            "The division leaves a fraction. Round down: // in place of /.",
        ),
        "channels_kept": (
            conv_shape_by(
                lambda n, k, s, p: (n + 2 * p - k) // s + 1, lambda channels, filters, h, w: (channels, h, w)
            ),
            "The number of maps is that of the input. Each filter makes one map.",
        ),
        "exchanged": (
            conv_shape_by(lambda n, k, s, p: (n + 2 * p - k) // s + 1, lambda channels, filters, h, w: (filters, w, h)),
            "Height and width have changed places.",
        ),
        "channels_last": (
            conv_shape_by(lambda n, k, s, p: (n + 2 * p - k) // s + 1, lambda channels, filters, h, w: (h, w, filters)),
            "The maps come last. Here they come first: (F, H', W').",
        ),
        "stride_and_padding_exchanged": (
            lambda in_shape, filters, kernel, stride=1, padding=0: ref.conv_output_shape(
                in_shape, filters, kernel, padding or 1, stride if (stride, padding) != (1, 0) else 0
            ),
            "Stride and padding have changed places.",
        ),
    },
    "pool_output_shape": {
        "stride_ignored": (
            pool_shape_by(lambda n, size, stride: n // size),
            "The stride is ignored. Windows start every `stride` entries.",
        ),
        "always_halved": (
            pool_shape_by(lambda n, size, stride: n // 2),
            "Height and width are halved, whatever the size. Count the windows that fit.",
        ),
        "rounded_up": (
            pool_shape_by(lambda n, size, stride: -(-(n - size) // stride) + 1),
            "It is rounded up. What is left over at the edge is dropped: round down.",
        ),
        "one_lost": (
            pool_shape_by(lambda n, size, stride: (n - size) // stride),
            "Height and width are one too small: add 1 after the division, for the first window.",
        ),
        "stride_one": (
            lambda in_shape, size=2, stride=1: ref.pool_output_shape(in_shape, size, stride),
            "The stride is 1 when none is given. It is the size.",
        ),
        "channels_pooled": (
            pool_shape_by(
                lambda n, size, stride: (n - size) // stride + 1, lambda channels, h, w: (max(1, channels // 2), h, w)
            ),
            "The number of maps is halved. Each map is pooled for itself: their number stays.",
        ),
        "exchanged": (
            pool_shape_by(lambda n, size, stride: (n - size) // stride + 1, lambda channels, h, w: (channels, w, h)),
            "Height and width have changed places.",
        ),
        "divided_by_stride": (
            pool_shape_by(lambda n, size, stride: n // stride),
            "The side is divided by the stride. The last window must fit: (n − size)//stride + 1.",
        ),
    },
    "conv_parameters": {
        "biases_forgotten": (
            lambda in_channels, filters, kernel: filters * in_channels * kernel**2,
            "The biases are missing: one for each filter.",
        ),
        "one_bias": (
            lambda in_channels, filters, kernel: filters * in_channels * kernel**2 + 1,
            "One bias is counted. Each filter has one.",
        ),
        "bias_per_channel": (
            lambda in_channels, filters, kernel: filters * in_channels * (kernel**2 + 1),
            "A bias is counted for each pair of maps. Each filter has one.",
        ),
        "channels_ignored": (
            lambda in_channels, filters, kernel: filters * (kernel**2 + 1),
            "The input maps are ignored: a filter has kernel² weights for each of them.",
        ),
        "not_squared": (
            lambda in_channels, filters, kernel: filters * (in_channels * kernel + 1),
            "The kernel is counted as a line. It is a square: kernel².",
        ),
        "bias_per_input": (
            lambda in_channels, filters, kernel: filters * in_channels * kernel**2 + in_channels,
            "The biases are counted by the input maps. There is one for each filter.",
        ),
        "bias_per_weight": (
            lambda in_channels, filters, kernel: 2 * filters * in_channels * kernel**2,
            "Each weight is counted with a bias of its own. There is one for each filter.",
        ),
    },
    "dense_parameters": {
        "biases_forgotten": (lambda n_in, n_out: n_in * n_out, "The biases are missing: one for each output."),
        "one_bias": (lambda n_in, n_out: n_in * n_out + 1, "One bias is counted. Each output has one."),
        "bias_per_input": (
            lambda n_in, n_out: n_in * n_out + n_in,
            "The biases are counted by the inputs. Each output has one.",
        ),
        "bias_for_both": (
            lambda n_in, n_out: (n_in + 1) * (n_out + 1),
            "Inputs and outputs both get one more. Only the inputs do: the bias is like one more input.",
        ),
        "added": (lambda n_in, n_out: n_in + n_out, "Inputs and outputs are added. Each pair of them has a weight."),
    },
    "lenet5": {
        "c3_as_in_the_paper": (
            lenet_with(C3=(None, 1516)),
            "C3 is counted as the 1998 paper wires it. Here it sees all six maps: 2416.",
        ),
        "pooling_with_weights": (
            lenet_with(S2=(None, 12), S4=(None, 32)),
            "The pooling layers are counted with weights, as in the 1998 paper. Here they have none.",
        ),
        "biases_forgotten": (
            lenet_with(C1=(None, 150), C3=(None, 2400), C5=(None, 48_000), F6=(None, 10_080), OUTPUT=(None, 840)),
            "The biases are missing: one for each map and each neuron.",
        ),
        "c5_dense": (
            lenet_with(C5=((120,), None)),
            "C5 is a convolution: its 120 maps have one pixel each, (120, 1, 1).",
        ),
        "input_of_28": (
            lambda: [
                ("C1", (6, 24, 24), 156),
                ("S2", (6, 12, 12), 0),
                ("C3", (16, 8, 8), 2416),
                ("S4", (16, 4, 4), 0),
                ("C5", (120, 1, 1), 120 * (16 * 16 + 1)),
                *ref.lenet5()[5:],
            ],
            "The input has 28×28 pixels. LeNet-5's has 32×32: the digits lie in a frame of two pixels.",
        ),
        "c3_of_one_map": (
            lenet_with(C3=(None, 16 * 26)),
            "The filters of C3 see one map. They see all six maps of S2.",
        ),
        "numbers_for_shapes": (
            lambda: [(name, math.prod(shape), count) for name, shape, count in ref.lenet5()],
            "The number of neurons stands where the shape is wanted: (C, H, W), or (n,) for a dense layer.",
        ),
        "dense_as_maps": (
            lenet_with(F6=((84, 1, 1), None), OUTPUT=((10, 1, 1), None)),
            "F6 and OUTPUT are dense: their shapes are (84,) and (10,).",
        ),
        "spatial_only": (
            lambda: [(name, shape[1:] if len(shape) == 3 else shape, count) for name, shape, count in ref.lenet5()],
            "The number of maps is missing in the shapes: (C, H, W).",
        ),
    },
    "total_parameters": {
        "last_row": (lambda rows: rows[-1][2], "This is the last row alone. Add up all of them."),
        "first_row": (lambda rows: rows[0][2], "This is the first row alone. Add up all of them."),
        "last_left_out": (lambda rows: sum(row[2] for row in rows[:-1]), "The last row is left out."),
        "first_left_out": (lambda rows: sum(row[2] for row in rows[1:]), "The first row is left out."),
        "neurons": (
            lambda rows: sum(math.prod(row[1]) for row in rows),
            "The neurons are added. The parameters are the third entry of a row.",
        ),
        "mean": (lambda rows: sum(row[2] for row in rows) / len(rows), "This is the mean of the rows. Add them up."),
        "in_place": (total_in_place, "The table was changed. Read its rows without taking them out."),
    },
    "c3_parameters": {
        "biases_forgotten": (
            lambda connections, kernel=5: int(connections.sum()) * kernel**2,
            "The biases are missing: one for each map of C3.",
        ),
        "fully_connected": (
            lambda connections, kernel=5: 16 * (6 * kernel**2 + 1),
            "Every map is counted as if it saw all six. Count the connections that are there.",
        ),
        "bias_per_connection": (
            lambda connections, kernel=5: int(connections.sum()) * (kernel**2 + 1),
            "A bias is counted for each connection. Each map of C3 has one.",
        ),
        "bias_per_input": (
            lambda connections, kernel=5: int(connections.sum()) * kernel**2 + connections.shape[1],
            "The biases are counted by S2's maps, the columns. Each map of C3, a row, has one.",
        ),
        "bias_of_connected": (
            lambda connections, kernel=5: int(connections.sum()) * kernel**2 + int(connections.any(axis=1).sum()),
            "Maps without connections are counted without a bias. They have one as well.",
        ),
        "kernel_ignored": (
            lambda connections, kernel=5: ref.c3_parameters(connections, 5),
            "The kernel is always 5×5. Use the parameter kernel.",
        ),
        "not_squared": (
            lambda connections, kernel=5: int(connections.sum()) * kernel + 16,
            "The kernel is counted as a line. It is a square: kernel².",
        ),
        "one_bias": (
            lambda connections, kernel=5: int(connections.sum()) * kernel**2 + 1,
            "One bias is counted. Each map of C3 has one.",
        ),
        "in_place": (c3_in_place, "The connections were changed. Make a new array."),
    },
    "receptive_field": {
        "strides_ignored": (
            field_by(step=lambda step, kernel, stride: step),
            "The strides are ignored. After a stride of 2 a step in the next layer is two pixels long.",
        ),
        "kernels_multiplied": (
            lambda layers: math.prod(kernel for kernel, _ in layers),
            "The kernels are multiplied. Each layer adds kernel − 1 steps.",
        ),
        "kernels_added": (
            field_by(grow=lambda kernel, stride, step: kernel * step, first=0),
            "Each layer adds its whole kernel. It adds kernel − 1 steps; only the first pixel counts by itself.",
        ),
        "own_stride": (
            field_by(early=True),
            "A layer's own stride already stretches its kernel. It stretches the layers after it.",
        ),
        "from_the_end": (
            field_by(order=-1),
            "The layers are taken from the output to the input. They come from input to output.",
        ),
        "strides_added": (
            field_by(step=lambda step, kernel, stride: step + stride - 1),
            "The strides are added. They multiply: two strides of 2 make steps of four pixels.",
        ),
        "first_pixel_lost": (field_by(first=0), "One pixel is missing: a unit without layers sees one pixel."),
        "area": (
            lambda layers: ref.receptive_field(layers) ** 2,
            "This is the number of pixels. The side is wanted.",
        ),
        "last_layer_only": (
            lambda layers: layers[-1][0],
            "This is the last kernel alone. Each layer before it widens the view.",
        ),
        "last_stride_only": (
            field_by(step=lambda step, kernel, stride: stride),
            "Only the stride of the layer before counts. All strides before a layer multiply.",
        ),
        "returned_in_the_loop": (
            lambda layers: ref.receptive_field(layers[:1]),
            "Only the first layer counts: the return is inside the loop. Put it after the loop.",
        ),
    },
    "alexnet_parameters": {
        "groups_ignored": (
            alexnet_by(groups_used=lambda groups: 1),
            "Every filter sees all maps. With two groups it sees half of them in the 2nd, 4th and 5th layer.",
        ),
        "groups_everywhere": (
            alexnet_by(layers=[(c, f, k, c > 3) for c, f, k, _ in ALEXNET]),
            "The third layer is split as well. It sees both groups: only the 2nd, 4th and 5th are split.",
        ),
        "biases_forgotten": (alexnet_by(bias=False), "The biases are missing: one for each filter and each neuron."),
        "one_group_by_default": (
            alexnet_by(default=1),
            "Without an argument it has one group. The default is groups=2.",
        ),
        "always_two": (
            alexnet_by(groups_used=lambda groups: 2),
            "It always has two groups. With groups=1 every filter sees all maps.",
        ),
        "biases_split": (
            lambda groups=2: ref.alexnet_parameters(groups) - (448 if groups == 2 else 0),
            "The biases are divided among the groups. Each filter keeps its own.",
        ),
        "maps_of_13": (
            alexnet_by(dense=[(256 * 13 * 13, 4096), (4096, 4096), (4096, 1000)]),
            "The last pooling is missing: the first dense layer sees 256·6·6 inputs.",
        ),
        "one_dense_layer_short": (
            alexnet_by(dense=[(9216, 4096), (4096, 1000)]),
            "One dense layer of 4096 neurons is missing: there are three dense layers.",
        ),
        "grey_input": (
            alexnet_by(layers=[(1, 96, 11, False), *ALEXNET[1:]]),
            "The input has one channel. Colour images have three.",
        ),
        "convolutions_only": (
            lambda groups=2: sum(f * (c // (groups if split else 1) * k * k + 1) for c, f, k, split in ALEXNET),
            "Only the convolutions are counted. The three dense layers hold most of the parameters.",
        ),
    },
    "top_k_error": {
        "accuracy": (
            top_by(highest, settle=lambda missed: float(np.mean(~missed))),
            "This is the share of labels that are among the k highest. The error is the share that is not.",
        ),
        "lowest": (
            top_by(lambda scores, k: np.argsort(scores, axis=1)[:, :k]),
            "The k lowest scores are taken: np.argsort sorts upwards. Take the last k.",
        ),
        "top_one": (
            top_by(lambda scores, k: highest(scores, 1)),
            "Only the best class counts. With k of them the label may be any of the k best.",
        ),
        "kth_only": (
            top_by(lambda scores, k: highest(scores, k)[:, -1:]),
            "Only the class at place k counts. The label may be at any place up to k.",
        ),
        "one_more": (
            top_by(lambda scores, k: highest(scores, k + 1)),
            "k + 1 classes are looked at.",
        ),
        "one_fewer": (
            top_by(lambda scores, k: highest(scores, k - 1)),
            "k − 1 classes are looked at: a label at place k counts as well.",
        ),
        "counted": (
            top_by(highest, settle=lambda missed: int(np.sum(missed))),
            "This is the number of labels that are missed. Divide by the number of samples.",
        ),
        "over_samples": (
            top_by(lambda scores, k: np.argsort(-scores, axis=0)[:k].T),
            "The scores are sorted over the samples. Sort each row: axis=1.",
        ),
        "percent": (
            top_by(highest, settle=lambda missed: 100 * float(np.mean(missed))),
            "This is in percent. The share is wanted, a number from 0 to 1.",
        ),
        "in_place": (top_in_place, "The scores were changed: scores.sort() sorts in place. np.sort makes a new array."),
    },
}


# ---- right answers of other kinds


def places(n: int, kernel: int, stride: int, padding: int) -> int:
    return len(range(-padding, n + padding - kernel + 1, stride))


def field_from_the_output(layers: Any) -> int:
    """A view of one unit, traced back layer by layer."""
    side = 1
    for kernel, stride in reversed(layers):
        side = (side - 1) * stride + kernel
    return side


def top_by_partition(scores: Array, labels: Array, k: int) -> float:
    best = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k :]
    return 1 - np.mean(np.any(best == labels[:, None], axis=1))


def alexnet_spelled_out(groups: int = 2) -> int:
    biases = 96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000
    split = (96 * 256 * 25 + 384 * 384 * 9 + 384 * 256 * 9) // groups
    return 3 * 96 * 121 + split + 256 * 384 * 9 + 9216 * 4096 + 4096**2 + 4096 * 1000 + biases


ALTERNATIVES: dict[str, dict[str, Callable[..., Any]]] = {
    "conv_output_shape": {
        "counted": conv_shape_by(places),
        "floats": conv_shape_by(lambda n, k, s, p: math.floor((n + 2 * p - k) / s) + 1, lambda c, f, h, w: [f, h, w]),
    },
    "pool_output_shape": {
        "counted": pool_shape_by(lambda n, size, stride: len(range(0, n - size + 1, stride))),
        "floats": pool_shape_by(lambda n, size, stride: float(np.floor((n - size) / stride) + 1)),
    },
    "conv_parameters": {
        "shapes": lambda in_channels, filters, kernel: math.prod((filters, in_channels, kernel, kernel)) + filters,
        "loop": lambda in_channels, filters, kernel: sum(1 + in_channels * kernel * kernel for _ in range(filters)),
    },
    "dense_parameters": {
        "apart": lambda n_in, n_out: n_in * n_out + n_out,
        "sizes": lambda n_in, n_out: np.empty((n_out, n_in)).size + np.empty(n_out).size,
    },
    "lenet5": {
        "lists": lambda: [[name, list(shape), count] for name, shape, count in ref.lenet5()],
        "spelled_out": lambda: (
            ("C1", (6, 28, 28), 156),
            ("S2", (6, 14, 14), 0),
            ("C3", (16, 10, 10), 2416),
            ("S4", (16, 5, 5), 0),
            ("C5", (120, 1, 1), 48120),
            ("F6", (84,), 10164.0),
            ("OUTPUT", (10,), np.int64(850)),
        ),
    },
    "total_parameters": {
        "numpy": lambda rows: np.sum([row[-1] for row in rows]),
        "loop": lambda rows: sum(count for *_, count in rows),
    },
    "c3_parameters": {
        "by_rows": lambda connections, kernel=5: sum(int(row.sum()) * kernel * kernel + 1 for row in connections),
        "counted": lambda connections, kernel=5: np.count_nonzero(connections) * kernel**2 + connections.shape[0],
    },
    "receptive_field": {
        "from_the_output": field_from_the_output,
        "products": lambda layers: (
            1 + sum((kernel - 1) * math.prod(s for _, s in layers[:i]) for i, (kernel, _) in enumerate(layers))
        ),
    },
    "alexnet_parameters": {"spelled_out": alexnet_spelled_out, "by_layers": alexnet_by()},
    "top_k_error": {
        "sorting": top_by(highest),
        "partition": top_by_partition,
        "ranks": lambda scores, labels, k: np.mean(
            np.argsort(np.argsort(-scores, axis=1), axis=1)[range(len(labels)), labels] >= k
        ),
    },
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "conv_output_shape": (
        (
            "The number of filters becomes the number of channels. Height and width shrink as one axis does in "
            "output_size, each by itself."
        ),
        (
            "H' = (H + 2·padding − kernel) // stride + 1, W' likewise, and the result is the tuple (F, H', W'). The "
            "input's own channels do not matter."
        ),
        (
            "unpack the input's shape into three numbers\n"
            "compute the new height and the new width by the same formula\n"
            "return a tuple: filters first"
        ),
    ),
    "pool_output_shape": (
        (
            "Pooling works on each channel by itself, so the number of channels stays. Without a stride the windows "
            "lie side by side."
        ),
        (
            "H' = (H − size) // stride + 1, W' likewise, and a stride of None stands for the size. The result is (C, "
            "H', W')."
        ),
        (
            "unpack the input's shape\n"
            "if the stride is None (test with `is None`): take the size\n"
            "return a tuple: channels first, then the two new sides"
        ),
    ),
    "conv_parameters": (
        (
            "Count the weights of one filter: it has a square for each input channel. Add its one bias, and multiply "
            "by the number of filters."
        ),
        "filters · (in_channels · kernel² + 1). The size of the image does not matter.",
        (
            "for one filter ← in_channels times the number of entries of a square kernel, plus one bias\n"
            "return that times the number of filters"
        ),
    ),
    "dense_parameters": (
        "Every neuron has a weight for each input, and one bias.",
        "n_out · (n_in + 1): there are as many biases as neurons.",
        ("for one neuron ← its weights plus its bias\nreturn that times the number of neurons"),
    ),
    "lenet5": (
        (
            "Follow the image through the seven layers. The output shape of one layer is the input shape of the "
            "next, so keep them in variables, and let your four functions do the arithmetic."
        ),
        (
            "Shapes: (1, 32, 32) → C1 (6, 28, 28) → S2 (6, 14, 14) → C3 (16, 10, 10) → S4 (16, 5, 5) → C5 (120, 1, "
            "1) → F6 (84,) → OUTPUT (10,). Parameters: a convolution's input channels are the first number of the "
            "shape before it; F6 has 120 inputs, OUTPUT has 84."
        ),
        (
            "for C1, S2, C3, S4, C5: the shape ← conv_output_shape or pool_output_shape of the shape before\n"
            "return a list of seven tuples (name, shape, parameters):\n"
            "    conv_parameters for C1, C3, C5; 0 for S2 and S4; dense_parameters for F6 and OUTPUT\n"
            "    the shapes of the last two are tuples with one number, which needs a comma"
        ),
    ),
    "total_parameters": (
        "Each row holds its number of parameters at the end. Add these numbers up.",
        "total = Σ over the rows of row[2]. Any number of rows is possible.",
        ("total ← 0\nfor each row of the table: add its third entry\nreturn total"),
    ),
    "c3_parameters": (
        (
            "Every 1 in the table is one small kernel. And every map of C3, which is a row, has one bias, even if "
            "the row is empty."
        ),
        (
            "kernel² · (number of ones) + (number of rows). The ones can be counted as a sum, because the other "
            "entries are 0."
        ),
        (
            "ones ← sum of all entries\n"
            "rows ← length of the first axis\n"
            "return the weights of all connections plus one bias for each row"
        ),
    ),
    "receptive_field": (
        (
            "Keep two numbers while you go through the layers: how many pixels one unit sees, and how many pixels "
            "apart two neighbouring units are."
        ),
        (
            "Start with side = 1, step = 1. A layer (kernel, stride) adds (kernel − 1)·step to the side, and after "
            "that multiplies the step by stride."
        ),
        (
            "side, step ← 1, 1\n"
            "for each pair in layers: first enlarge side, with the step as it was before this layer; then enlarge "
            "step\n"
            "return side"
        ),
    ),
    "alexnet_parameters": (
        (
            "Count layer by layer with your two functions, and add up. Pooling has no parameters, but it shrinks the "
            "image, which decides how many inputs the first dense layer has."
        ),
        (
            "In a layer with groups each filter sees (channels before it) / groups. The sides go 227 → 55 → 27 → 13 "
            "→ 6, so the first dense layer has 256·6·6 inputs."
        ),
        (
            "convolutions ← sum of five calls of conv_parameters; in the 2nd, 4th and 5th the input channels are "
            "divided by groups (`//` keeps them whole)\n"
            "dense ← sum of three calls of dense_parameters, each with the outputs of the one before as inputs\n"
            "return both together"
        ),
    ),
    "top_k_error": (
        (
            "For each sample find the k classes with the highest scores, and see whether its label is among them. "
            "The error is the share of samples for which it is not."
        ),
        (
            "np.argsort(scores, axis=1) orders the classes of each row from the lowest score to the highest, shape "
            "(n, c): the last k columns are the best. Compare them with labels as a column (n, 1)."
        ),
        (
            "best ← the last k columns of the sorted classes (n, k)\n"
            "hit ← is any of the row's best equal to its label? (n,)\n"
            "return the share of rows without a hit, a number from 0 to 1"
        ),
    ),
}
