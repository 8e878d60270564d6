"""The reference of 06_convolution against independent oracles: loops, NumPy, SciPy, central differences, the slides."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy import signal

from reference_impl import convolution as ref

Array = ref.Array
EIGHTHS = np.random.default_rng(6)
PAIRS = [((5, 5), (3, 3)), ((4, 7), (2, 5)), ((6, 3), (4, 1)), ((3, 3), (3, 3)), ((5, 4), (1, 1))]


def random(*shape: int) -> Array:
    return EIGHTHS.integers(-16, 17, shape) / 8


@pytest.mark.parametrize(("n", "m"), [(7, 3), (3, 7), (1, 4), (4, 1), (5, 5)])
def test_convolve1d(n: int, m: int) -> None:
    f, g = random(n), random(m)
    assert ref.convolve1d(f, g) == pytest.approx(np.convolve(f, g))
    by_hand = [sum(f[i] * g[k - i] for i in range(n) if 0 <= k - i < m) for k in range(n + m - 1)]
    assert ref.convolve1d(f, g) == pytest.approx(by_hand)


@pytest.mark.parametrize(("image", "kernel"), PAIRS)
def test_correlate2d_and_convolve2d(image: tuple[int, int], kernel: tuple[int, int]) -> None:
    a, w = random(*image), random(*kernel)
    assert ref.correlate2d(a, w) == pytest.approx(signal.correlate2d(a, w, mode="valid"))
    assert ref.convolve2d(a, w) == pytest.approx(signal.convolve2d(a, w, mode="valid"))
    out = ref.correlate2d(a, w)
    for j, k in np.ndindex(out.shape):
        sums = (w[row, column] * a[j + row, k + column] for row, column in np.ndindex(w.shape))
        assert out[j, k] == pytest.approx(sum(sums))


def test_the_slides_sizes() -> None:
    assert ref.correlate2d(np.zeros((28, 28)), np.zeros((5, 5))).shape == (24, 24)
    assert ref.output_size(28, 5) == 24
    assert ref.conv_layer(np.zeros((1, 1, 28, 28)), np.zeros((20, 1, 5, 5)), np.zeros(20)).shape == (1, 20, 24, 24)
    assert 20 * (5 * 5 + 1) == 520
    assert 784 * 30 + 30 == 23_550


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "padding"), list(product((1, 5, 8), (1, 3, 4), (1, 2, 3), (0, 1, 2)))
)
def test_output_size(n: int, kernel: int, stride: int, padding: int) -> None:
    places = len(range(0, n + 2 * padding - kernel + 1, stride))
    if places:
        assert ref.output_size(n, kernel, stride, padding) == places
    else:
        with pytest.raises(ValueError, match="does not fit"):
            ref.output_size(n, kernel, stride, padding)


def test_pad2d() -> None:
    row = np.array([[1.0, 2.0, 3.0]] * 3)
    wanted = {"zero": [0, 0, 1, 2, 3, 0, 0], "reflect": [3, 2, 1, 2, 3, 2, 1], "symmetric": [2, 1, 1, 2, 3, 3, 2]}
    for mode, middle in wanted.items():
        assert ref.pad2d(row, 2, mode)[3].tolist() == middle
        assert ref.pad2d(row.T, 2, mode)[:, 3].tolist() == middle
    assert ref.pad2d(row, 5, "none").tolist() == row.tolist()


@pytest.mark.parametrize("mode", ["zero", "symmetric", "reflect", "none"])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2)])
def test_conv2d(mode: str, stride: int, padding: int) -> None:
    image, kernel = random(6, 7), random(3, 2)
    padded = ref.pad2d(image, padding, mode)
    wanted = signal.correlate2d(padded, kernel, mode="valid")[::stride, ::stride] - 1.5
    assert ref.conv2d(image, kernel, -1.5, stride, padding, mode) == pytest.approx(wanted)


def test_feature_map_and_sobel() -> None:
    image, kernel = random(6, 7), random(3, 2)
    z = signal.correlate2d(image, kernel, mode="valid") + 0.5
    assert ref.feature_map(image, kernel, 0.5) == pytest.approx(1 / (1 + np.exp(-z)))
    assert ref.feature_map(1e4 * image, kernel, 0.0) == pytest.approx(np.heaviside(z - 0.5, 0.5))
    x = signal.convolve2d(image, [[1, 0, -1], [2, 0, -2], [1, 0, -1]], mode="valid")
    y = signal.convolve2d(image, [[1, 2, 1], [0, 0, 0], [-1, -2, -1]], mode="valid")
    assert ref.sobel_edges(image) == pytest.approx(np.sqrt(x**2 + y**2))


# ---- the layer

SHAPES = [((2, 3, 6, 5), (4, 3, 3, 2)), ((1, 1, 5, 7), (2, 1, 2, 4)), ((3, 2, 4, 4), (1, 2, 1, 1))]
STEPS = list(product((1, 2, 3), (0, 1, 2)))


@pytest.mark.parametrize(("shape", "filters"), SHAPES)
@pytest.mark.parametrize(("stride", "padding"), STEPS)
def test_conv_layer(shape: tuple[int, ...], filters: tuple[int, ...], stride: int, padding: int) -> None:
    x, w, b = random(*shape), random(*filters), random(filters[0])
    out = ref.conv_layer(x, w, b, stride, padding)
    for n, f in np.ndindex(shape[0], filters[0]):
        maps = [
            signal.correlate2d(np.pad(x[n, c], padding), w[f, c], mode="valid")[::stride, ::stride]
            for c in range(shape[1])
        ]
        assert out[n, f] == pytest.approx(sum(maps) + b[f])


def central_difference(function: Callable[[], float], array: Array) -> Array:
    """The gradient of a function of an array, which is changed in place and back."""
    slope = np.empty(array.shape)
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + 1e-3
        above = function()
        array[place] = before - 1e-3
        slope[place] = (above - function()) / 2e-3
        array[place] = before
    return slope


@pytest.mark.parametrize(("shape", "filters"), SHAPES)
@pytest.mark.parametrize(("stride", "padding"), STEPS)
def test_conv_layer_backward(shape: tuple[int, ...], filters: tuple[int, ...], stride: int, padding: int) -> None:
    x, w, b = random(*shape), random(*filters), random(filters[0])
    dout = random(*ref.conv_layer(x, w, b, stride, padding).shape)

    def loss() -> float:
        return float(np.sum(dout * ref.conv_layer(x, w, b, stride, padding)))

    dx, dw, db = ref.conv_layer_backward(dout, x, w, stride, padding)
    for gradient, array in ((dx, x), (dw, w), (db, b)):
        assert gradient == pytest.approx(central_difference(loss, array), abs=1e-8)  # the loss is linear in each


def test_arguments_stay_and_whole_numbers_are_welcome() -> None:
    x, w = np.arange(48).reshape(1, 2, 4, 6), random(3, 2, 3, 3)
    kept = x.copy(), w.copy()
    whole = ref.conv_layer(x, w, np.ones(3), 2, 1)
    assert whole == pytest.approx(ref.conv_layer(x.astype(float), w, np.ones(3), 2, 1))
    ref.conv_layer_backward(np.ones(whole.shape), x.astype(float), w, 2, 1)
    ref.pad2d(x[0, 0], 1, "none")
    assert np.array_equal(x, kept[0])
    assert np.array_equal(w, kept[1])
