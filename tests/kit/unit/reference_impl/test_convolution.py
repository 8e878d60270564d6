"""The reference of 06_convolution against independent oracles: loops, NumPy, SciPy, central differences, the slides."""

import tracemalloc
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from later import later

from reference_impl import convolution as ref

torch, signal = later("torch"), later("scipy.signal")
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


@pytest.mark.parametrize(("shape", "filters"), SHAPES)
@pytest.mark.parametrize(("stride", "padding"), STEPS)
def test_gradients_are_the_adjoints(
    shape: tuple[int, ...], filters: tuple[int, ...], stride: int, padding: int
) -> None:
    """Σ dout·layer is linear in x, in w and in b; eighths make both sides exact, whatever the order of the sums."""
    x, w, none = random(*shape), random(*filters), np.zeros(filters[0])
    dout = random(*ref.conv_layer(x, w, none, stride, padding).shape)
    dx, dw, db = ref.conv_layer_backward(dout, x, w, stride, padding)
    other_x, other_w, other_b = random(*shape), random(*filters), random(filters[0])
    assert np.sum(dx * other_x) == np.sum(dout * ref.conv_layer(other_x, w, none, stride, padding))
    assert np.sum(dw * other_w) == np.sum(dout * ref.conv_layer(x, other_w, none, stride, padding))
    assert np.sum(db * other_b) == np.sum(dout * ref.conv_layer(x, 0 * w, other_b, stride, padding))


@pytest.mark.parametrize(("stride", "padding"), STEPS)
def test_the_layer_and_its_gradient_as_loops(stride: int, padding: int) -> None:
    """Every product of the formula, one at a time; pixels outside the picture are 0 and get no gradient."""
    x, w, b = random(2, 2, 5, 4), random(3, 2, 3, 2), random(3)
    out = np.zeros((2, 3, (5 + 2 * padding - 3) // stride + 1, (4 + 2 * padding - 2) // stride + 1)) + b[:, None, None]
    dout, dx, dw = random(*out.shape), np.zeros(x.shape), np.zeros(w.shape)
    for (n, f, j, k), (c, i, m) in product(np.ndindex(out.shape), np.ndindex(w.shape[1:])):
        row, column = stride * j + i - padding, stride * k + m - padding
        if 0 <= row < 5 and 0 <= column < 4:
            out[n, f, j, k] += w[f, c, i, m] * x[n, c, row, column]
            dx[n, c, row, column] += dout[n, f, j, k] * w[f, c, i, m]
            dw[f, c, i, m] += dout[n, f, j, k] * x[n, c, row, column]
    got = ref.conv_layer(x, w, b, stride, padding), *ref.conv_layer_backward(dout, x, w, stride, padding)
    for mine, wanted in zip(got, (out, dx, dw, dout.sum(axis=(0, 2, 3))), strict=True):
        assert (mine.shape, mine.dtype) == (wanted.shape, np.float64)
        assert mine == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(("stride", "left_out"), [(2, np.s_[:, 7:]), (3, np.s_[6:, :]), (3, np.s_[:, 6:])])
def test_pixels_in_no_window_get_no_gradient(stride: int, left_out: tuple[slice, slice]) -> None:
    ones, kernel = np.ones((1, 1, 7, 8)), np.ones((1, 1, 3, 3))
    dout = np.ones(ref.conv_layer(ones, kernel, np.zeros(1), stride).shape)
    assert not ref.conv_layer_backward(dout, ones, kernel, stride)[0][0, 0][left_out].any()


# ---- the numbers of the notebook

PICTURE, KERNEL = np.array([[1, 2, 0], [0, 1, 3]]), np.array([[1, 2], [0, -1]])
NINE = np.arange(1, 10).reshape(3, 3)
X, W = np.array([[[[1, 2, 3]], [[0, 1, 0]]]]), np.array([[[[1, 1]], [[2, 4]]]])
LINE, DOUT, PAIR = np.array([[[[1, 2, 3]]]]), np.array([[[[1, 10]]]]), np.array([[[[4, 5]]]])
CALLS: dict[str, tuple[Callable[..., object], tuple, list]] = {  # function, its arguments, the results
    "convolve1d": (ref.convolve1d, (np.array([1, 3, 0, 2]), np.array([4, 2, 1])), [[4, 14, 7, 11, 4, 2]]),
    "correlate2d": (ref.correlate2d, (PICTURE, KERNEL), [[[4, -1]]]),
    "convolve2d": (ref.convolve2d, (PICTURE, KERNEL), [[[0, 3]]]),
    "conv2d": (ref.conv2d, (NINE, KERNEL, 0.5, 2, 1), [[[-0.5, -2.5], [1.5, 8.5]]]),
    "feature_map": (ref.feature_map, (PICTURE, KERNEL, -4), [[[0.5, 1 / (1 + np.exp(5))]]]),
    "sobel_edges": (ref.sobel_edges, (np.array([[0, 0, 3], [0, 0, 0], [0, 0, 0]]),), [[[np.sqrt(18)]]]),
    "conv_layer": (ref.conv_layer, (X, W, np.array([10])), [[[[[17, 17]]]]]),
    "conv_layer_backward": (ref.conv_layer_backward, (DOUT, LINE, PAIR), [[[[[4, 45, 50]]]], [[[[21, 32]]]], [11]]),
}
TABLE = np.array([[1, 2, 3], [4, 5, 6]])
PADDED = {
    "none": [[1, 2, 3], [4, 5, 6]],
    "zero": [[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 0, 0, 0, 0]],
    "reflect": [[5, 4, 5, 6, 5], [2, 1, 2, 3, 2], [5, 4, 5, 6, 5], [2, 1, 2, 3, 2]],
    "symmetric": [[1, 1, 2, 3, 3], [1, 1, 2, 3, 3], [4, 4, 5, 6, 6], [4, 4, 5, 6, 6]],
}
CALLS |= {f"pad2d {mode}": (ref.pad2d, (TABLE, 1, mode), [rows]) for mode, rows in PADDED.items()}


@pytest.mark.parametrize("kind", [np.int64, np.float64])
@pytest.mark.parametrize("name", CALLS)
def test_examples_for_whole_numbers_and_others_leave_their_arguments(name: str, kind: type) -> None:
    function, arguments, wanted = CALLS[name]
    given = [a.astype(kind) if isinstance(a, np.ndarray) else a for a in arguments]
    results = function(*given)
    results = results if isinstance(results, tuple) else (results,)
    for result, numbers in zip(results, wanted, strict=True):
        assert np.shape(result) == np.shape(numbers)
        assert result == pytest.approx(np.array(numbers, dtype=float))
    for now, before in zip(given, arguments, strict=True):
        assert np.array_equal(now, before)
        assert not isinstance(now, np.ndarray) or now.dtype == kind


@pytest.mark.parametrize(
    ("sizes", "places"),
    [((28, 5), 24), ((28, 5, 1, 2), 28), ((10, 3), 8), ((10, 3, 2), 4), ((10, 3, 2, 1), 5), ((1, 3, 1, 1), 1)],
)
def test_output_size_of_the_notebook(sizes: tuple[int, ...], places: int) -> None:
    assert ref.output_size(*sizes) == places
    assert type(ref.output_size(*sizes)) is int


@pytest.mark.parametrize(("n", "m"), [(7, 3), (3, 7), (5, 5)])
def test_convolve1d_is_scipys_either_way_round(n: int, m: int) -> None:
    f, g = random(n), random(m)
    assert ref.convolve1d(f, g).tolist() == ref.convolve1d(g, f).tolist()
    assert ref.convolve1d(f, g) == pytest.approx(signal.convolve(f, g, method="direct"))


def test_a_dot_shows_the_kernel_and_correlation_its_half_turn() -> None:
    dot, kernel = np.zeros((9, 5)), random(5, 3)
    dot[4, 2] = 1
    assert ref.convolve2d(dot, kernel).tolist() == kernel.tolist()
    assert ref.correlate2d(dot, kernel).tolist() == kernel[::-1, ::-1].tolist()


def test_the_copy_that_the_docstring_states() -> None:
    """kh·kw·H'W'/HW times the input, and the answer; the gradient needs it twice."""
    x, w, b = random(8, 8, 28, 28), random(10, 8, 5, 5), random(10)
    copy = 25 * 24 * 24 / (28 * 28) * x.nbytes
    tracemalloc.start()
    try:
        out = ref.conv_layer(x, w, b)
        assert tracemalloc.get_traced_memory()[1] < copy + 4 * x.nbytes
        tracemalloc.reset_peak()
        ref.conv_layer_backward(out, x, w)
        assert tracemalloc.get_traced_memory()[1] < 2 * copy + 5 * x.nbytes
    finally:
        tracemalloc.stop()


LAYERS = [
    ((2, 3, 7, 9), (4, 3, 3, 2)),
    ((1, 1, 5, 5), (2, 1, 5, 5)),
    ((3, 2, 8, 6), (5, 2, 1, 1)),
    ((2, 4, 6, 11), (3, 4, 2, 5)),
]


@pytest.mark.torch
@pytest.mark.parametrize(("stride", "padding"), list(product((1, 2, 3), (0, 1, 2))))
@pytest.mark.parametrize(("input_shape", "kernels"), LAYERS)
def test_the_layer_and_its_gradient_agree_with_pytorch(
    input_shape: tuple[int, ...], kernels: tuple[int, ...], stride: int, padding: int
) -> None:
    x, w, b = random(*input_shape), random(*kernels), random(kernels[0])
    given = [torch.from_numpy(value).requires_grad_() for value in (x, w, b)]
    wanted = torch.nn.functional.conv2d(*given, stride=stride, padding=padding)
    out = ref.conv_layer(x, w, b, stride, padding)
    assert out == pytest.approx(wanted.detach().numpy(), abs=1e-12)
    dout = random(*out.shape)
    gradients = torch.autograd.grad(wanted, given, torch.from_numpy(dout))
    for ours, theirs in zip(ref.conv_layer_backward(dout, x, w, stride, padding), gradients, strict=True):
        assert ours == pytest.approx(theirs.numpy(), abs=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_other_dtypes(dtype: type) -> None:
    x, w = (8 * random(2, 3, 6, 5)).astype(dtype), (8 * random(4, 3, 3, 2)).astype(dtype)
    b = (8 * random(4)).astype(dtype)
    wanted = torch.nn.functional.conv2d(*(torch.from_numpy(v.astype(np.float64)) for v in (x, w, b)), stride=2)
    assert ref.conv_layer(x, w, b, 2) == pytest.approx(wanted.numpy())
    assert ref.correlate2d(x[0, 0], w[0, 0]) == pytest.approx(signal.correlate2d(x[0, 0], w[0, 0], mode="valid"))
