"""The hidden tests of 06_convolution, its catalogue of mistakes, and right answers of other kinds.

Entries are multiples of 1/8, exact in float32: what differs is the order of the sums. Kernels are never symmetric,
sides never equal unless a test is about that.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from autograder import close, equal, exercise, raises, unchanged
from reference_impl import convolution as ref

Array = np.ndarray
windows_of = np.lib.stride_tricks.sliding_window_view


def eighths(rng: np.random.Generator, *shape: int) -> Array:
    """Random multiples of 1/8 between -2 and 2, none of them 0."""
    return rng.integers(1, 17, shape) * rng.choice([-1, 1], shape) / 8


# ---- one dimension


@exercise("convolve1d", weight=2)
@pytest.mark.parametrize(("n", "m"), [(11, 4), (3, 9)])
def test_echo_random(student, rng, n, m):
    """signals of the lengths {n} and {m}, either one the longer"""
    f, g = rng.normal(size=n), rng.normal(size=m)
    close(student.convolve1d, (f, g), expected=ref.convolve1d(f, g), terms=min(n, m))


@exercise("convolve1d")
def test_echo_same_length(student, rng):
    """two signals of the same length"""
    f, g = eighths(rng, 6), eighths(rng, 6)
    close(student.convolve1d, (f, g), expected=ref.convolve1d(f, g), terms=6)


@exercise("convolve1d")
@pytest.mark.parametrize(("n", "m"), [(7, 1), (1, 5)])
def test_echo_single(student, rng, n, m):
    """one of the two is a single entry: lengths {n} and {m}"""
    f, g = eighths(rng, n), eighths(rng, m)
    close(student.convolve1d, (f, g), expected=ref.convolve1d(f, g))


@exercise("convolve1d")
def test_echo_integers(student, rng):
    """whole numbers, type int64, with numbers that are not whole, either way round"""
    whole, other = rng.integers(-9, 10, 8), eighths(rng, 4)
    for args in ((whole, other), (other, whole)):
        close(student.convolve1d, args, expected=ref.convolve1d(*args), terms=4)


@exercise("convolve1d")
def test_echo_arguments(student, rng):
    """larger arguments stay as they were"""
    args = (eighths(rng, 9), eighths(rng, 4))
    unchanged(student.convolve1d, args, expected=ref.convolve1d(*args), terms=4)


# ---- two dimensions, kernel as it is and flipped

SIDES = {  # image, kernel
    "square": ((9, 9), (3, 3)),
    "image_not_square": ((7, 11), (3, 3)),
    "wide_kernel": ((9, 9), (2, 5)),
    "tall_kernel": ((8, 10), (4, 3)),
}


def images(rng: np.random.Generator, sides: str) -> tuple[Array, Array]:
    image, kernel = SIDES[sides]
    return eighths(rng, *image), eighths(rng, *kernel)


@exercise("correlate2d", weight=2)
def test_correlate_square(student, rng):
    """a square kernel over a square image"""
    args = images(rng, "square")
    close(student.correlate2d, args, expected=ref.correlate2d(*args), terms=9)


@exercise("correlate2d")
def test_correlate_image_not_square(student, rng):
    """an image that is wider than high"""
    for args in (images(rng, "image_not_square"), (eighths(rng, 1, 9), eighths(rng, 1, 4))):
        close(student.correlate2d, args, expected=ref.correlate2d(*args), terms=9)


@exercise("correlate2d")
@pytest.mark.parametrize("sides", ["wide_kernel", "tall_kernel"])
def test_correlate_kernel_not_square(student, rng, sides):
    """a kernel that is not square, with even sides too: {sides}"""
    args = images(rng, sides)
    close(student.correlate2d, args, expected=ref.correlate2d(*args), terms=12)


@exercise("correlate2d")
@pytest.mark.parametrize(("image", "kernel"), [((4, 5), (4, 5)), ((4, 5), (1, 1)), ((5, 7), (1, 3)), ((6, 4), (3, 1))])
def test_correlate_extremes(student, rng, image, kernel):
    """an image of shape {image} with a kernel of shape {kernel}"""
    args = (eighths(rng, *image), eighths(rng, *kernel))
    close(student.correlate2d, args, expected=ref.correlate2d(*args), terms=20)


@exercise("correlate2d")
def test_correlate_integers(student, rng):
    """whole grey values or whole weights, type int64, where the others are not whole"""
    grey, weights = rng.integers(0, 256, (7, 6)), eighths(rng, 3, 2)
    for args in ((grey, weights), (grey / 8, np.array([[1, -2], [3, 0], [0, 5]]))):
        close(student.correlate2d, args, expected=ref.correlate2d(*args), terms=6)


@exercise("correlate2d")
def test_correlate_arguments(student, rng):
    """larger arguments stay as they were"""
    args = images(rng, "square")
    unchanged(student.correlate2d, args, expected=ref.correlate2d(*args), terms=9)


@exercise("convolve2d", weight=2)
def test_convolve_square(student, rng):
    """a square kernel over a square image"""
    args = images(rng, "square")
    close(student.convolve2d, args, expected=ref.convolve2d(*args), terms=9)


@exercise("convolve2d")
def test_convolve_image_not_square(student, rng):
    """an image that is wider than high"""
    for args in (images(rng, "image_not_square"), (eighths(rng, 1, 9), eighths(rng, 1, 4))):
        close(student.convolve2d, args, expected=ref.convolve2d(*args), terms=9)


@exercise("convolve2d")
@pytest.mark.parametrize("sides", ["wide_kernel", "tall_kernel"])
def test_convolve_kernel_not_square(student, rng, sides):
    """a kernel that is not square, with even sides too: {sides}"""
    args = images(rng, sides)
    close(student.convolve2d, args, expected=ref.convolve2d(*args), terms=12)


@exercise("convolve2d")
@pytest.mark.parametrize(("image", "kernel"), [((4, 5), (4, 5)), ((4, 5), (1, 1)), ((5, 7), (1, 3)), ((6, 4), (3, 1))])
def test_convolve_extremes(student, rng, image, kernel):
    """an image of shape {image} with a kernel of shape {kernel}"""
    args = (eighths(rng, *image), eighths(rng, *kernel))
    close(student.convolve2d, args, expected=ref.convolve2d(*args), terms=20)


@exercise("convolve2d")
def test_convolve_integers(student, rng):
    """whole grey values or whole weights, type int64, where the others are not whole"""
    grey, weights = rng.integers(0, 256, (7, 6)), eighths(rng, 3, 2)
    for args in ((grey, weights), (grey / 8, np.array([[1, -2], [3, 0], [0, 5]]))):
        close(student.convolve2d, args, expected=ref.convolve2d(*args), terms=6)


@exercise("convolve2d")
def test_convolve_arguments(student, rng):
    """the arguments stay as they were, the kernel too"""
    args = images(rng, "square")
    unchanged(student.convolve2d, args, expected=ref.convolve2d(*args), terms=9)


# ---- how many places


@exercise("output_size", weight=2)
def test_size_grid(student):
    """many lengths, kernels, strides and paddings"""
    for n, kernel, stride, padding in product((6, 11, 28), (1, 3, 5), (1, 2, 3), (0, 1, 2)):
        equal(student.output_size, (n, kernel, stride, padding), expected=ref.output_size(n, kernel, stride, padding))


@exercise("output_size")
def test_size_just_fits(student):
    """a kernel as long as the input has one place, whatever the stride; a shorter one has more"""
    for stride in (1, 2, 5, 8):
        equal(student.output_size, (6, 6, stride), expected=1)
        equal(student.output_size, (12, 6, stride), expected=ref.output_size(12, 6, stride))


@exercise("output_size")
def test_size_fits_with_padding(student):
    """a kernel larger than the input, and not larger than the padded input"""
    for n, kernel, padding in ((2, 4, 2), (3, 5, 1), (1, 5, 3)):
        equal(student.output_size, (n, kernel, 1, padding), expected=ref.output_size(n, kernel, 1, padding))


@exercise("output_size")
@pytest.mark.parametrize(("n", "kernel", "stride", "padding"), [(4, 6, 1, 0), (3, 6, 1, 1), (5, 7, 3, 0)])
def test_size_error(student, n, kernel, stride, padding):
    """a ValueError if a kernel of {kernel} is larger than {n} with a padding of {padding}, and none if it fits"""
    raises(student.output_size, (n, kernel, stride, padding))
    equal(
        student.output_size, (n + 4, kernel, stride, padding), expected=ref.output_size(n + 4, kernel, stride, padding)
    )


# ---- padding


@exercise("pad2d", weight=2)
@pytest.mark.parametrize("mode", ["zero", "reflect", "symmetric"])
def test_pad_random(student, rng, mode):
    """an image that is not square, padded by two, mode {mode}"""
    args = (rng.normal(size=(4, 6)), 2, mode)
    close(student.pad2d, args, expected=ref.pad2d(*args))


@exercise("pad2d")
@pytest.mark.parametrize("mode", ["zero", "reflect", "symmetric"])
def test_pad_nothing(student, rng, mode):
    """mode {mode}: a padding of 0 adds nothing, one of 1 adds one row and column on every side"""
    image = eighths(rng, 3, 5)
    for p in (0, 1):
        close(student.pad2d, (image, p, mode), expected=ref.pad2d(image, p, mode))


@exercise("pad2d")
def test_pad_as_far_as_mirrors_reach(student, rng):
    """the widest padding that a mirror allows"""
    image = eighths(rng, 3, 4)
    close(student.pad2d, (image, 2, "reflect"), expected=ref.pad2d(image, 2, "reflect"))
    close(student.pad2d, (image, 3, "symmetric"), expected=ref.pad2d(image, 3, "symmetric"))


@exercise("pad2d")
def test_pad_none_ignores_p(student, rng):
    """mode "none" whatever p, beside a mode that does not ignore it"""
    image = eighths(rng, 3, 5)
    for p in (1, 7):
        close(student.pad2d, (image, p, "none"), expected=image)
        close(student.pad2d, (image, p, "zero"), expected=ref.pad2d(image, p, "zero"))


@exercise("pad2d")
def test_pad_integers(student, rng):
    """an image of whole grey values, type int64"""
    image = rng.integers(1, 256, (3, 4))
    for mode in ("zero", "symmetric", "reflect"):
        close(student.pad2d, (image, 1, mode), expected=ref.pad2d(image, 1, mode))


@exercise("pad2d")
@pytest.mark.parametrize("mode", ["zero", "reflect", "symmetric"])
def test_pad_arguments(student, rng, mode):
    """the image stays as it was, mode {mode}"""
    args = (eighths(rng, 4, 5), 1, mode)
    unchanged(student.pad2d, args, expected=ref.pad2d(*args))


# ---- all together


def compared(student, args: tuple, **options: object) -> None:
    """One call of conv2d beside the reference's."""
    terms = args[1].size + 1
    close(student.conv2d, args, options, expected=ref.conv2d(*args, **options), terms=terms)


@exercise("conv2d", weight=2)
def test_conv_everything(student, rng):
    """bias, stride and padding at once"""
    image, kernel = eighths(rng, 9, 11), eighths(rng, 3, 3)
    for stride, padding in ((1, 1), (2, 1), (2, 2)):
        compared(student, (image, kernel, 2.5), stride=stride, padding=padding)


@exercise("conv2d")
def test_conv_bias_only(student, rng):
    """a bias, without stride and padding"""
    compared(student, (eighths(rng, 7, 6), eighths(rng, 3, 3), -3.25))


@exercise("conv2d")
@pytest.mark.parametrize("stride", [2, 3])
def test_conv_stride(student, rng, stride):
    """a stride of {stride}, also where the last step does not fit"""
    for side in (7, 8, 9):
        compared(student, (eighths(rng, side, side + 3), eighths(rng, 3, 3)), stride=stride)


@exercise("conv2d")
@pytest.mark.parametrize("padding", [1, 2])
def test_conv_padding(student, rng, padding):
    """zeros around the image are the default, padding {padding} and more"""
    for more in (0, 2):
        compared(student, (eighths(rng, 6, 8), eighths(rng, 3, 3)), padding=padding + more)


@exercise("conv2d")
@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
def test_conv_mirrors(student, rng, mode):
    """the padding by mirrors, mode {mode}"""
    compared(student, (eighths(rng, 6, 8), eighths(rng, 3, 3), 1.5), padding=2, mode=mode)


@exercise("conv2d")
def test_conv_mode_none(student, rng):
    """mode "none" ignores the padding, with a stride too"""
    args = (eighths(rng, 8, 7), eighths(rng, 3, 3), 0.5)
    for stride in (1, 2):
        compared(student, args, padding=2, stride=stride, mode="none")


@exercise("conv2d")
@pytest.mark.parametrize("kernel", [(2, 4), (5, 3), (1, 1)])
def test_conv_kernel_sides(student, rng, kernel):
    """a kernel that is not square, or a single entry: {kernel}"""
    compared(student, (eighths(rng, 9, 8), eighths(rng, *kernel), -1.5), stride=2, padding=1)


@exercise("conv2d")
def test_conv_integers(student, rng):
    """an image of whole grey values, type int64, with weights that are not whole"""
    grey, whole = rng.integers(0, 256, (7, 9)), np.array([[1, -2], [3, 0], [0, 5]])
    for args in ((grey, eighths(rng, 3, 2), 0.5), (grey, whole, 0.5), (grey / 8, whole, 0.5)):
        compared(student, args, stride=2, padding=1)


@exercise("conv2d")
def test_conv_arguments(student, rng):
    """larger arguments stay as they were"""
    for stride, padding in ((2, 1), (1, 0)):
        args = (eighths(rng, 7, 8), eighths(rng, 3, 3), 1.5, stride, padding)
        unchanged(student.conv2d, args, expected=ref.conv2d(*args), terms=10)


# ---- maps and edges


@exercise("feature_map", weight=2)
def test_map_random(student, rng):
    """several kernels and biases"""
    image = eighths(rng, 7, 9) / 2
    for bias in (-1.5, 0.75, 2.0):
        kernel = eighths(rng, 3, 3) / 2
        for args in ((image, kernel, bias), (40 * image, kernel, bias)):  # in the second σ is nearly 0 or 1
            close(student.feature_map, args, expected=ref.feature_map(*args), scale=1.0)


@exercise("feature_map")
@pytest.mark.parametrize("sides", [(2, 4), (3, 2), (1, 1)])
def test_map_kernel_sides(student, rng, sides):
    """a kernel that is not square, or a single entry: {sides}"""
    args = (eighths(rng, 6, 7) / 2, eighths(rng, *sides) / 2, 0.5)
    close(student.feature_map, args, expected=ref.feature_map(*args), scale=1.0)


@exercise("feature_map")
def test_map_integers(student, rng):
    """an image of type int64"""
    whole, weights = rng.integers(-2, 3, (6, 5)), eighths(rng, 2, 3) / 4
    for args in ((whole, weights, -0.5), (whole / 8, np.array([[1, 0, -2], [3, -1, 0]]), -0.5)):
        close(student.feature_map, args, expected=ref.feature_map(*args), scale=1.0)


@exercise("feature_map")
def test_map_arguments(student, rng):
    """larger arguments stay as they were"""
    args = (eighths(rng, 6, 5) / 2, eighths(rng, 3, 2) / 2, 0.75)
    unchanged(student.feature_map, args, expected=ref.feature_map(*args))


@exercise("sobel_edges", weight=2)
@pytest.mark.parametrize("sides", [(8, 8), (5, 9), (9, 4)])
def test_sobel_random(student, rng, sides):
    """images square, wide and tall: {sides}"""
    image = eighths(rng, *sides)
    close(student.sobel_edges, (image,), expected=ref.sobel_edges(image), terms=9)


@exercise("sobel_edges")
def test_sobel_smallest(student, rng):
    """an image of 3×3 has one place"""
    for _ in range(3):
        image = eighths(rng, 3, 3)
        close(student.sobel_edges, (image,), expected=ref.sobel_edges(image), terms=9)


@exercise("sobel_edges")
def test_sobel_integers(student, rng):
    """whole grey values, type int64, and sums far above 255"""
    image = rng.integers(0, 256, (6, 7))
    close(student.sobel_edges, (image,), expected=ref.sobel_edges(image), terms=9)


@exercise("sobel_edges")
def test_sobel_arguments(student, rng):
    """the image stays as it was"""
    image = eighths(rng, 5, 6)
    unchanged(student.sobel_edges, (image,), expected=ref.sobel_edges(image), terms=9)


# ---- the layer

LAYERS = {  # N, C, H, W, F, kh, kw
    "everyday": (2, 3, 8, 7, 4, 3, 3),
    "wide_image": (2, 3, 5, 9, 4, 3, 3),
    "wide_kernel": (2, 3, 7, 8, 4, 2, 4),
    "tall_kernel": (3, 2, 8, 6, 4, 4, 3),
    "one_channel": (3, 1, 6, 7, 2, 3, 3),
    "one_filter": (2, 3, 6, 7, 1, 3, 3),
    "one_sample": (1, 2, 6, 7, 3, 3, 3),
    "single_entry": (2, 3, 4, 5, 4, 1, 1),
    "three_of_each": (3, 3, 4, 6, 3, 2, 3),
}


def layer_case(rng: np.random.Generator, name: str) -> tuple[Array, Array, Array]:
    """(x, w, b) of a layer; the biases stand at least 2 apart, and none is 0."""
    n, c, height, width, f, kh, kw = LAYERS[name]
    return eighths(rng, n, c, height, width), eighths(rng, f, c, kh, kw), 3.0 + 2.5 * rng.permutation(f)


def forward(student, args: tuple[Array, Array, Array], **options: int) -> None:
    """One call of conv_layer beside the reference's."""
    terms = args[1][0].size + 1
    close(student.conv_layer, args, options, expected=ref.conv_layer(*args, **options), terms=terms)


def gradient_of(rng: np.random.Generator, name: str, **options: int) -> tuple[Array, Array, Array]:
    """(dout, x, w) that belong together."""
    x, w, b = layer_case(rng, name)
    return rng.normal(size=ref.conv_layer(x, w, b, **options).shape), x, w


def backward(student, args: tuple[Array, Array, Array], **options: int) -> None:
    """One call of conv_layer_backward beside the reference's."""
    expected = ref.conv_layer_backward(*args, **options)
    close(student.conv_layer_backward, args, options, expected=expected, terms=args[0].size)


@exercise("conv_layer", weight=2)
def test_layer_random(student, rng):
    """several samples, channels and filters, also as many of each"""
    forward(student, layer_case(rng, "everyday"))
    forward(student, layer_case(rng, "three_of_each"))


@exercise("conv_layer")
@pytest.mark.parametrize("name", ["wide_image", "wide_kernel", "tall_kernel"])
def test_layer_not_square(student, rng, name):
    """an image or a kernel that is not square: {name}"""
    forward(student, layer_case(rng, name))


@exercise("conv_layer")
@pytest.mark.parametrize("name", ["one_channel", "one_filter", "one_sample", "single_entry"])
def test_layer_of_one(student, rng, name):
    """one channel, one filter, one sample, a kernel of one entry: {name}"""
    forward(student, layer_case(rng, name))


@exercise("conv_layer")
@pytest.mark.parametrize("stride", [2, 3])
def test_layer_stride(student, rng, stride):
    """a stride of {stride} in both axes, also where the last step does not fit"""
    for name in ("everyday", "wide_image", "tall_kernel", "single_entry"):
        forward(student, layer_case(rng, name), stride=stride)


@exercise("conv_layer")
@pytest.mark.parametrize("padding", [1, 2])
def test_layer_padding(student, rng, padding):
    """zeros around every channel, padding {padding}"""
    forward(student, layer_case(rng, "everyday"), padding=padding)


@exercise("conv_layer")
def test_layer_stride_with_padding(student, rng):
    """stride and padding together"""
    for stride, padding in ((2, 1), (3, 2), (1, 2)):
        forward(student, layer_case(rng, "wide_kernel"), stride=stride, padding=padding)


@exercise("conv_layer")
def test_layer_integers(student, rng):
    """whole grey values, type int64, with weights that are not whole"""
    x, w, b = layer_case(rng, "everyday")
    forward(student, (rng.integers(0, 256, x.shape), w, b), padding=1)
    forward(student, (x, rng.integers(-9, 10, w.shape), b), padding=1)
    forward(student, (x, w, b.astype(int)), padding=1)


@exercise("conv_layer")
def test_layer_arguments(student, rng):
    """larger arguments stay as they were"""
    for stride, padding in ((2, 1), (1, 0)):
        args = (*layer_case(rng, "everyday"), stride, padding)
        unchanged(student.conv_layer, args, expected=ref.conv_layer(*args), terms=28)


@exercise("conv_layer_backward", weight=2)
def test_backward_random(student, rng):
    """several samples, channels and filters"""
    backward(student, gradient_of(rng, "everyday"))


@exercise("conv_layer_backward")
@pytest.mark.parametrize("name", ["wide_image", "wide_kernel", "tall_kernel"])
def test_backward_not_square(student, rng, name):
    """an image or a kernel that is not square: {name}"""
    backward(student, gradient_of(rng, name))


@exercise("conv_layer_backward")
@pytest.mark.parametrize("name", ["one_channel", "one_filter", "one_sample", "single_entry"])
def test_backward_of_one(student, rng, name):
    """one channel, one filter, one sample, a kernel of one entry: {name}"""
    backward(student, gradient_of(rng, name))


@exercise("conv_layer_backward", weight=2)
@pytest.mark.parametrize("padding", [1, 2])
def test_backward_with_padding(student, rng, padding):
    """a padded layer: dx has the shape of x, padding {padding}"""
    backward(student, gradient_of(rng, "everyday", padding=padding), padding=padding)


@exercise("conv_layer_backward")
@pytest.mark.parametrize("stride", [2, 3])
def test_backward_with_stride(student, rng, stride):
    """a stride of {stride}, with windows that still overlap and with some that do not"""
    backward(student, gradient_of(rng, "tall_kernel", stride=stride), stride=stride)


@exercise("conv_layer_backward")
def test_backward_remainder(student, rng):
    """rows and columns that no window reached get the gradient 0"""
    args = gradient_of(
        rng, "everyday", stride=3
    )  # 8 rows and 7 columns with windows of 3: two rows are left, one column
    backward(student, args, stride=3)


@exercise("conv_layer_backward")
def test_backward_stride_with_padding(student, rng):
    """stride and padding together"""
    for stride, padding in ((2, 1), (3, 2)):
        options = {"stride": stride, "padding": padding}
        backward(student, gradient_of(rng, "wide_kernel", **options), **options)


@exercise("conv_layer_backward")
def test_backward_arguments(student, rng):
    """larger arguments stay as they were"""
    args = (*gradient_of(rng, "everyday", stride=2, padding=1), 2, 1)
    unchanged(student.conv_layer_backward, args, expected=ref.conv_layer_backward(*args), terms=args[0].size)


# ---- what students do wrong


def everywhere(image: Array, kernel: Array) -> Array:
    """The correlation, as large as the image: zeros outside."""
    kh, kw = kernel.shape
    padded = np.pad(image, ((kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2)))
    return ref.correlate2d(padded, kernel)


def circular(f: Array, g: Array) -> Array:
    """Indices below 0 taken as Python takes them."""
    places = range(len(f) + len(g) - 1)
    return np.array([sum(f[i] * g[(k - i) % len(g)] for i in range(len(f))) for k in places])


def below_zero(f: Array, g: Array) -> Array:
    """Only indices past the end are skipped."""
    places = range(len(f) + len(g) - 1)
    return np.array([sum(f[i] * g[k - i] for i in range(len(f)) if k - i < len(g)) for k in places])


def first_row(function: Callable[..., Array]) -> Callable[..., Array]:
    """A return inside the loop over the rows leaves zeros in all others."""

    def f(*args: object, **options: object) -> Array:
        out = function(*args, **options)
        out[1:] = 0
        return out

    return f


def full(image: Array, kernel: Array) -> Array:
    """The convolution wherever the two touch."""
    kh, kw = kernel.shape
    return ref.convolve2d(np.pad(image, ((kh - 1, kh - 1), (kw - 1, kw - 1))), kernel)


def one_short(correlate: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Loops that end one row and one column too early leave zeros there."""

    def f(image: Array, kernel: Array) -> Array:
        out = np.array(correlate(image, kernel), dtype=float)
        out[-1, :] = out[:, -1] = 0
        return out

    return f


def sides_swapped(correlate: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """The output made as (W', H')."""

    def f(image: Array, kernel: Array) -> Array:
        out = correlate(image, kernel)
        return out.reshape(out.shape[::-1])

    return f


def into_integers(function: Callable[..., Array]) -> Callable[..., Array]:
    """The output array takes the type of the input: what is not whole is cut off."""
    return lambda image, *args, **options: function(image, *args, **options).astype(image.dtype)


def zeroing(index: int, function: Callable[..., object]) -> Callable[..., object]:
    """Right, and writes to an argument on the way."""

    def f(*args: object, **options: object) -> object:
        answer = function(*[np.array(a) if isinstance(a, np.ndarray) else a for a in args], **options)
        given = args[index]
        if isinstance(given, np.ndarray) and given.size:
            given *= 2
        return answer

    return f


def size(formula: Callable[[int, int, int, int], float]) -> Callable[..., float]:
    """A formula in place of ⌊(n + 2p − k) / s⌋ + 1, with the right ValueError."""

    def f(n: int, kernel: int, stride: int = 1, padding: int = 0) -> float:
        ref.output_size(n, kernel, stride, padding)
        return formula(n, kernel, stride, padding)

    return f


def size_without_error(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    return (n + 2 * padding - kernel) // stride + 1


def size_error_unpadded(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    if kernel > n:
        raise ValueError("too large")
    return size_without_error(n, kernel, stride, padding)


def size_error_when_equal(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    if kernel >= n + 2 * padding:
        raise ValueError("too large")
    return size_without_error(n, kernel, stride, padding)


def padded(zero: str | dict, reflect: str, symmetric: str, *, none: bool = True) -> Callable[[Array, int, str], Array]:
    """pad2d with other modes of np.pad behind the three names."""
    modes = {"zero": zero, "reflect": reflect, "symmetric": symmetric, "none": "constant"}

    def f(image: Array, p: int, mode: str) -> Array:
        if mode == "none" and none:
            return image
        chosen = modes[mode]
        return np.pad(image, p, **chosen) if isinstance(chosen, dict) else np.pad(image, p, mode=chosen)

    return f


def pad_with(sides: Callable[[int], tuple]) -> Callable[[Array, int, str], Array]:
    """pad2d that pads some of the sides."""

    def f(image: Array, p: int, mode: str) -> Array:
        return image if mode == "none" else np.pad(image, sides(p), mode=ref.PAD_MODES[mode])

    return f


def conv(**wrong: Callable[..., object]) -> Callable[..., Array]:
    """conv2d with one step done otherwise: `pad`, `slide`, `steps` or `bias`."""
    pad = wrong.get("pad", lambda image, p, mode: ref.pad2d(image, p, mode))
    slide = wrong.get("slide", ref.correlate2d)
    steps = wrong.get("steps", lambda out, s: out[::s, ::s])
    add = wrong.get("bias", lambda out, bias, kernel: out + bias)

    def f(
        image: Array, kernel: Array, bias: float = 0.0, stride: int = 1, padding: int = 0, mode: str = "zero"
    ) -> Array:
        return add(steps(slide(pad(image, padding, mode), kernel), stride), bias, kernel)

    return f


def neuron(formula: Callable[[Array, float], Array], slide: Callable = ref.correlate2d) -> Callable[..., Array]:
    """feature_map with another formula of the sums and the bias."""
    return lambda image, kernel, bias: formula(slide(image, kernel), bias)


def sigmoid(z: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def edges(combine: Callable[[Array, Array], Array], x: Array = ref.SOBEL_X, y: Array | None = None) -> Callable:
    """sobel_edges with other kernels, or put together otherwise."""
    other = x.T if y is None else y
    return lambda image: combine(ref.correlate2d(image, x), ref.correlate2d(image, other))


def layer(w: Callable = lambda w: w, b: Callable = lambda b: b, x: Callable = lambda x: x) -> Callable[..., Array]:
    """conv_layer given something else for its weights, biases or input."""
    return lambda xs, ws, bs, stride=1, padding=0: ref.conv_layer(x(xs), w(ws), b(bs), stride, padding)


def layer_on(pad: Callable[[Array, int], Array], steps: Callable[[Array, int], Array]) -> Callable[..., Array]:
    """conv_layer with the padding or the steps done otherwise."""
    return lambda x, w, b, stride=1, padding=0: steps(ref.conv_layer(pad(x, padding), w, b), stride)


def zeros_around(x: Array, p: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def every(out: Array, stride: int) -> Array:
    return out[:, :, ::stride, ::stride]


def layer_by_ceil(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    """The sides rounded up: windows at the end stick out, and what is outside counts as 0."""
    padded_x = zeros_around(x, padding)
    missing = [-(side - k) % stride for side, k in zip(padded_x.shape[2:], w.shape[2:], strict=True)]
    return ref.conv_layer(np.pad(padded_x, ((0, 0), (0, 0), (0, missing[0]), (0, missing[1]))), w, b, stride)


def conv_by_ceil(
    image: Array, kernel: Array, bias: float = 0.0, stride: int = 1, padding: int = 0, mode: str = "zero"
) -> Array:
    x = ref.pad2d(image, padding, mode)[np.newaxis, np.newaxis]
    return layer_by_ceil(x, kernel[np.newaxis, np.newaxis], np.array([bias]), stride)[0, 0]


def layer_sides_swapped(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    out = ref.conv_layer(x, w, b, stride, padding)
    return out.reshape(*out.shape[:2], out.shape[3], out.shape[2])


def first_sample_only(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    out = ref.conv_layer(x, w, b, stride, padding)
    out[1:] = 0
    return out


def scattered(
    dout: Array,
    x: Array,
    w: Array,
    stride: int = 1,
    padding: int = 0,
    *,
    add: bool = True,
    at: int | None = None,
    crop: Callable[[Array, int, Array], Array] | None = None,
) -> Array:
    """dx by its windows; `add`: += or =; `at`: the step between windows; `crop`: how the padding is cut off."""
    step = stride if at is None else at
    out = np.zeros(zeros_around(x, padding).shape)
    kh, kw = w.shape[2:]
    for i, j in product(range(dout.shape[2]), range(dout.shape[3])):
        share = np.einsum("nf,fclm->nclm", dout[:, :, i, j], w)
        place = np.s_[:, :, i * step : i * step + kh, j * step : j * step + kw]
        out[place] = out[place] + share if add else share
    if crop is not None:
        return crop(out, padding, x)
    return out[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


def scattered_by_entry(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Array:
    """dx entry by entry of the kernel, with = for +=."""
    out = np.zeros(zeros_around(x, padding).shape)
    rows, columns = (stride * side for side in dout.shape[2:])
    for i, j in np.ndindex(w.shape[2:]):
        share = np.einsum("nfjk,fc->ncjk", dout, w[:, :, i, j])
        out[:, :, i : i + rows : stride, j : j + columns : stride] = share
    return out[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


def gradients(
    dx: Callable | None = None, dw: Callable | None = None, db: Callable | None = None
) -> Callable[..., tuple[Array, Array, Array]]:
    """conv_layer_backward with one of its three results made otherwise: `f(right, dout, x, w, stride, padding)`."""

    def f(dout: Array, x: Array, w: Array, stride: int = 1, padding: int = 0) -> tuple[Array, Array, Array]:
        right = ref.conv_layer_backward(dout, x, w, stride, padding)
        given = (dout, x, w, stride, padding)
        made = zip((dx, dw, db), right, strict=True)
        a, b, c = (one if change is None else change(one, *given) for change, one in made)
        return a, b, c

    return f


def unpadded_weights(right: Array, dout: Array, x: Array, w: Array, stride: int, padding: int) -> Array:
    """dw from x in place of the padded x: where the window sticks out, the last rows and columns are met again."""
    inside = zeros_around(x, padding)[:, :, padding:, padding:]
    inside = np.pad(inside, ((0, 0), (0, 0), (0, padding), (0, padding)))
    return ref.conv_layer_backward(dout, inside, w, stride)[1]


def other_order(dout: Array, x: Array, w: Array, stride: int = 1, padding: int = 0) -> tuple[Array, Array, Array]:
    dx, dw, db = ref.conv_layer_backward(dout, x, w, stride, padding)
    return dw, dx, db


def minus_zero(out: Array, padding: int, x: Array) -> Array:
    return out[:, :, padding:-padding, padding:-padding]


NOT_FLIPPED = "The kernel is not flipped. Convolution turns it by half: upside down and left to right."
FLIPPED = "The kernel is flipped. Here it slides over the image as it is: that is what deep learning calls convolution."
UPSIDE_DOWN = "The kernel is turned upside down only. A flip goes in both axes, kernel[::-1, ::-1]."
RETURNED = "Only the first row is computed: the return is inside the loop over the rows. Put it after the loops."
SHORT = "The last row and column are missing. A range to H - kh ends one too early: there are H - kh + 1 places."
CUT = "What is not whole was cut off: the output array has the type of an image of whole numbers. Make it of floats."
IN_PLACE = "The answer is right, and an argument was changed on the way. Work on a copy: x = x * 2, not x *= 2."
MISTAKES = {
    "convolve1d": {
        "not_flipped": (
            lambda f, g: ref.convolve1d(f, g[::-1]),
            "The second signal is not flipped. Each entry of the result is a window of f times g read backwards.",
        ),
        "valid_only": (
            lambda f, g: np.convolve(f, g, "valid"),
            "These are the places where one lies wholly inside the other. The full convolution has n + m - 1 entries.",
        ),
        "same_size": (
            lambda f, g: np.convolve(f, g, "same"),
            "The result is as long as the longer signal. The full convolution has n + m - 1 entries.",
        ),
        "one_short": (
            lambda f, g: ref.convolve1d(f, g)[:-1],
            "The last entry is missing: n + m - 1 places are from 0 to n + m - 2, and range() leaves out its end.",
        ),
        "last_window_missing": (
            lambda f, g: np.append(ref.convolve1d(f, g)[:-1], 0),
            "The last entry stays 0. The last window is the one in which only the last entry of f counts.",
        ),
        "circular": (
            circular,
            "An index ran below 0: in Python g[-1] is the last entry. Outside, the signals count as 0.",
        ),
        "cut_to_whole": (into_integers(ref.convolve1d), CUT.replace("an image", "a signal")),
        "in_place": (zeroing(0, ref.convolve1d), IN_PLACE),
        "negative_index": (
            below_zero,
            "An index k - i below 0 takes an entry from the end of g. Skip it: both indices must be 0 or more.",
        ),
    },
    "correlate2d": {
        "flipped": (ref.convolve2d, FLIPPED),
        "upside_down": (
            lambda image, kernel: ref.correlate2d(image, kernel[::-1]),
            "The kernel is turned upside down. Here it slides over the image as it is.",
        ),
        "left_to_right": (
            lambda image, kernel: ref.correlate2d(image, kernel[:, ::-1]),
            "The kernel is turned left to right. Here it slides over the image as it is.",
        ),
        "last_lost": (one_short(ref.correlate2d), SHORT),
        "too_small": (lambda image, kernel: ref.correlate2d(image, kernel)[:-1, :-1], SHORT),
        "same_size": (
            everywhere,
            "The result is as large as the image. Only places wholly inside count: H - kh + 1 rows.",
        ),
        "sides_swapped": (
            sides_swapped(ref.correlate2d),
            "Rows and columns of the result are mixed up: it has H - kh + 1 rows and W - kw + 1 columns.",
        ),
        "mean": (
            lambda image, kernel: ref.correlate2d(image, kernel) / kernel.size,
            "This is the mean of the products. Add them up, and do not divide.",
        ),
        "windows_summed": (
            lambda image, kernel: ref.correlate2d(image, np.ones_like(kernel)),
            "The windows are added up without the weights. Multiply each pixel by its weight first.",
        ),
        "cut_to_whole": (into_integers(ref.correlate2d), CUT),
        "in_place": (zeroing(0, ref.correlate2d), IN_PLACE),
        "returned_in_the_loop": (first_row(ref.correlate2d), RETURNED),
    },
    "convolve2d": {
        "not_flipped": (ref.correlate2d, NOT_FLIPPED),
        "upside_down": (lambda image, kernel: ref.correlate2d(image, kernel[::-1]), UPSIDE_DOWN),
        "left_to_right": (
            lambda image, kernel: ref.correlate2d(image, kernel[:, ::-1]),
            "The kernel is turned left to right only. A flip goes in both axes, kernel[::-1, ::-1].",
        ),
        "image_flipped": (
            lambda image, kernel: ref.correlate2d(image[::-1, ::-1], kernel),
            "The image is flipped, not the kernel, so the result stands on its head.",
        ),
        "full": (
            full,
            "All places where kernel and image touch. Only places wholly inside count: H - kh + 1 rows.",
        ),
        "same_size": (
            lambda image, kernel: everywhere(image, kernel[::-1, ::-1]),
            "The result is as large as the image. Only places wholly inside count: H - kh + 1 rows.",
        ),
        "last_lost": (one_short(ref.convolve2d), SHORT),
        "cut_to_whole": (into_integers(ref.convolve2d), CUT),
        "flipped_in_place": (zeroing(1, ref.convolve2d), IN_PLACE),
        "returned_in_the_loop": (first_row(ref.convolve2d), RETURNED),
    },
    "output_size": {
        "rounded_up": (
            size(lambda n, k, s, p: -((k - n - 2 * p) // s) + 1),
            "The division is rounded up. A step that does not fit wholly is not made: round down, with //.",
        ),
        "rounded": (
            size(lambda n, k, s, p: int((n + 2 * p - k) / s + 0.5) + 1),
            "The division is rounded to the nearest. A step that does not fit wholly is not made: round down, with //.",
        ),
        "not_whole": (
            size(lambda n, k, s, p: (n + 2 * p - k) / s + 1),
            "The number of places is not whole. A step that does not fit wholly is not made: use // in place of /.",
        ),
        "padding_once": (
            size(lambda n, k, s, p: (n + p - k) // s + 1),
            "The padding is counted on one side. It is put on both: n + 2·padding.",
        ),
        "padding_ignored": (size(lambda n, k, s, p: (n - k) // s + 1), "The padding is not counted: n + 2·padding."),
        "no_first_place": (
            size(lambda n, k, s, p: (n + 2 * p - k) // s),
            "These are the steps, not the places. The first place needs no step: add 1.",
        ),
        "stride_ignored": (
            size(lambda n, k, s, p: n + 2 * p - k + 1),
            "The stride is not used: divide the room by it.",
        ),
        "divided_last": (
            size(lambda n, k, s, p: (n + 2 * p - k + 1) // s),
            "The 1 is inside the division. Divide first, then add 1 for the first place.",
        ),
        "no_error": (
            size_without_error,
            "A kernel larger than the padded input must raise ValueError: ask that before you compute.",
        ),
        "error_without_padding": (
            size_error_unpadded,
            "The ValueError looks at the input without its padding. The kernel has to fit into n + 2·padding.",
        ),
        "error_when_equal": (
            size_error_when_equal,
            "A kernel exactly as long as the padded input fits, at one place: the error is for a longer one only.",
        ),
    },
    "pad2d": {
        "mirrors_exchanged": (
            padded("constant", "symmetric", "reflect"),
            'The two mirrors are exchanged: "reflect" does not repeat the outermost pixels, "symmetric" does.',
        ),
        "reflect_repeats": (
            padded("constant", "symmetric", "symmetric"),
            '"reflect" repeats the outermost pixels here. Its mirror stands on them: start beside them.',
        ),
        "symmetric_skips": (
            padded("constant", "reflect", "reflect"),
            '"symmetric" leaves the outermost pixels out here. Its mirror stands behind them: start with them.',
        ),
        "edge_for_symmetric": (
            padded("constant", "reflect", "edge"),
            '"symmetric" repeats the outermost pixel over and over here. It is a mirror: go on inwards.',
        ),
        "wrapped": (
            padded("constant", "wrap", "wrap"),
            "What comes in on one side is what stands on the other. A mirror stays on its own side.",
        ),
        "ones": (
            padded({"mode": "constant", "constant_values": 1}, "reflect", "symmetric"),
            'The border is filled with ones. "zero" fills it with zeros.',
        ),
        "none_pads": (
            padded("constant", "reflect", "symmetric", none=False),
            '"none" puts zeros around the image here. It gives the image as it is, whatever p.',
        ),
        "before_only": (
            pad_with(lambda p: (p, 0)),
            "Only the top and the left are padded. The padding goes on all sides.",
        ),
        "after_only": (
            pad_with(lambda p: (0, p)),
            "Only the bottom and the right are padded. The padding goes on all sides.",
        ),
        "rows_only": (pad_with(lambda p: ((p, p), (0, 0))), "Only rows are added. The padding goes on all four sides."),
        "columns_only": (
            pad_with(lambda p: ((0, 0), (p, p))),
            "Only columns are added. The padding goes on all four sides.",
        ),
        "in_place": (zeroing(0, ref.pad2d), IN_PLACE),
        "not_assigned": (
            lambda image, p, mode: image.copy(),
            "The image comes back without padding in every mode. np.pad returns a new array: return that one.",
        ),
    },
    "conv2d": {
        "flipped": (conv(slide=ref.convolve2d), FLIPPED),
        "bias_forgotten": (conv(bias=lambda out, bias, kernel: out), "The bias is missing: add it to every sum."),
        "bias_for_each_weight": (
            conv(bias=lambda out, bias, kernel: out + bias * kernel.size),
            "The bias is added for every weight of the kernel. It is added once to each sum.",
        ),
        "bias_subtracted": (conv(bias=lambda out, bias, kernel: out - bias), "The bias is subtracted. Add it."),
        "stride_ignored": (
            conv(steps=lambda out, s: out),
            "The stride is not used: keep every stride-th row and column.",
        ),
        "stride_in_rows_only": (
            conv(steps=lambda out, s: out[::s]),
            "The stride is used along the rows only. It is the same in both axes.",
        ),
        "starts_late": (
            conv(steps=lambda out, s: out[s - 1 :: s, s - 1 :: s]),
            "The first window is left out. Windows start at 0, stride, 2·stride, …",
        ),
        "padding_ignored": (conv(pad=lambda image, p, mode: image), "The padding is not used: pad the image first."),
        "padding_at_the_start": (
            conv(pad=lambda image, p, mode: pad_with(lambda q: (q, 0))(image, p, mode)),
            "Only the top and the left are padded. The padding goes on all sides.",
        ),
        "always_zeros": (
            conv(pad=lambda image, p, mode: image if mode == "none" else np.pad(image, p)),
            "The border is filled with zeros, whatever the mode. Use the mirrors where the mode says so.",
        ),
        "mirrors_exchanged": (
            conv(pad=padded("constant", "symmetric", "reflect")),
            'The two mirrors are exchanged: "reflect" does not repeat the outermost pixels, "symmetric" does.',
        ),
        "none_pads": (
            conv(pad=padded("constant", "reflect", "symmetric", none=False)),
            'Mode "none" ignores the padding, and here zeros are put around the image.',
        ),
        "rounded_up": (
            conv_by_ceil,
            "There is a window too many at the end, which sticks out. A step that does not fit wholly is not made.",
        ),
        "swapped": (
            lambda image, kernel, bias=0.0, stride=1, padding=0, mode="zero": ref.conv2d(
                image, kernel, bias, max(padding, 1), stride, mode
            ),
            "Stride and padding are exchanged.",
        ),
        "cut_to_whole": (into_integers(ref.conv2d), CUT),
        "in_place": (zeroing(0, ref.conv2d), IN_PLACE),
    },
    "feature_map": {
        "no_bias": (neuron(lambda out, bias: sigmoid(out)), "The bias is missing: σ(bias + correlation)."),
        "bias_outside": (
            neuron(lambda out, bias: sigmoid(out) + bias),
            "The bias is added after σ. It belongs inside: σ(bias + correlation).",
        ),
        "bias_subtracted": (neuron(lambda out, bias: sigmoid(out - bias)), "The bias is subtracted. Add it, inside σ."),
        "no_sigmoid": (
            neuron(lambda out, bias: out + bias),
            "These are the weighted inputs z. Send them through sigmoid.",
        ),
        "sigmoid_twice": (
            neuron(lambda out, bias: sigmoid(sigmoid(out + bias))),
            "σ is applied twice. Once is enough.",
        ),
        "derivative": (
            neuron(lambda out, bias: sigmoid(out + bias) * (1 - sigmoid(out + bias))),
            "This is the derivative σ'. A neuron's output is σ itself.",
        ),
        "tanh": (
            neuron(lambda out, bias: np.tanh(out + bias)),
            "This is tanh, from -1 to 1. The slides' neuron uses σ.",
        ),
        "relu": (
            neuron(lambda out, bias: np.maximum(out + bias, 0)),
            "This is max(z, 0). The slides' neuron uses σ.",
        ),
        "flipped": (neuron(lambda out, bias: sigmoid(out + bias), ref.convolve2d), FLIPPED),
        "cut_to_whole": (into_integers(ref.feature_map), CUT),
        "in_place": (zeroing(0, ref.feature_map), IN_PLACE),
    },
    "sobel_edges": {
        "absolute_values": (
            edges(lambda x, y: np.abs(x) + np.abs(y)),
            "This is |Gx| + |Gy|. The length of a gradient is √(Gx² + Gy²).",
        ),
        "no_root": (edges(lambda x, y: x**2 + y**2), "The root is missing: √(Gx² + Gy²)."),
        "only_x": (edges(lambda x, y: np.abs(x)), "This is |Gx| alone. Level edges are seen by Gy."),
        "only_y": (edges(lambda x, y: np.abs(y)), "This is |Gy| alone. Upright edges are seen by Gx."),
        "x_twice": (
            edges(np.hypot, y=ref.SOBEL_X),
            "Gx is used twice. The kernel of Gy is that of Gx transposed.",
        ),
        "added": (edges(lambda x, y: x + y), "Gx and Gy are added with their signs. Take √(Gx² + Gy²)."),
        "rooted_sum": (
            edges(lambda x, y: np.sqrt(np.abs(x + y))),
            "The root of Gx + Gy. Square each of them first: √(Gx² + Gy²).",
        ),
        "prewitt": (
            edges(np.hypot, x=np.sign(ref.SOBEL_X)),
            "The middle row of Sobel's kernel weighs 2: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]].",
        ),
        "mean": (edges(lambda x, y: np.sqrt((x**2 + y**2) / 2)), "The squares are averaged. Add them: √(Gx² + Gy²)."),
        "eighth": (
            edges(lambda x, y: np.hypot(x, y) / 8),
            "The sums are divided by 8. Use the kernels with the weights 1 and 2 as they are.",
        ),
        "same_size": (
            lambda image: ref.sobel_edges(np.pad(image, 1)),
            "The result is as large as the image. Only places where the kernel lies wholly inside count: H - 2 rows.",
        ),
        "clipped": (
            edges(lambda x, y: np.minimum(np.hypot(x, y), 255)),
            "Values above 255 are cut off. The steepness is a number, not a grey value: leave it as it is.",
        ),
        "cut_to_whole": (into_integers(ref.sobel_edges), CUT),
        "in_place": (zeroing(0, ref.sobel_edges), IN_PLACE),
    },
    "conv_layer": {
        "bias_forgotten": (layer(b=lambda b: 0 * b), "The biases are missing: add b[f] to every sum of the filter f."),
        "bias_for_each_weight": (
            lambda x, w, b, stride=1, padding=0: ref.conv_layer(x, w, b * w[0].size, stride, padding),
            "The bias is added for every weight of the filter. It is added once to each sum.",
        ),
        "bias_for_each_channel": (
            lambda x, w, b, stride=1, padding=0: ref.conv_layer(x, w, b * w.shape[1], stride, padding),
            "The bias is added once for each channel. Add it after the channels are summed.",
        ),
        "another_s_bias": (
            layer(b=lambda b: b[::-1]),
            "The maps have the bias of another filter. b[f] belongs to the filter f.",
        ),
        "flipped": (layer(w=lambda w: w[:, :, ::-1, ::-1]), FLIPPED),
        "upside_down": (
            layer(w=lambda w: w[:, :, ::-1]),
            "The filters are turned upside down. They slide over the input as they are.",
        ),
        "first_channel": (
            lambda x, w, b, stride=1, padding=0: ref.conv_layer(x[:, :1], w[:, :1], b, stride, padding),
            "Only the first channel counts. Each filter has weights for every channel: sum over all of them.",
        ),
        "last_channel": (
            lambda x, w, b, stride=1, padding=0: ref.conv_layer(x[:, -1:], w[:, -1:], b, stride, padding),
            "Only the last channel counts: each one overwrites the one before. Add the channels up, with +=.",
        ),
        "channels_averaged": (
            lambda x, w, b, stride=1, padding=0: ref.conv_layer(x, w / w.shape[1], b, stride, padding),
            "The channels are averaged. Sum over them, and do not divide.",
        ),
        "first_filter": (
            layer(w=lambda w: np.broadcast_to(w[:1], w.shape)),
            "All maps are made with the first filter. The map f is made with w[f].",
        ),
        "first_sample": (first_sample_only, "Only the first sample is worked on. There are N of them, x.shape[0]."),
        "stride_ignored": (
            layer_on(zeros_around, lambda out, s: out),
            "The stride is not used: windows start at 0, stride, 2·stride, … in both axes.",
        ),
        "stride_in_rows_only": (
            layer_on(zeros_around, lambda out, s: out[:, :, ::s]),
            "The stride is used along the rows only. It is the same in both axes.",
        ),
        "starts_late": (
            layer_on(zeros_around, lambda out, s: out[:, :, s - 1 :: s, s - 1 :: s]),
            "The first window is left out. Windows start at 0, stride, 2·stride, …",
        ),
        "padding_ignored": (
            layer_on(lambda x, p: x, every),
            "The padding is not used: put zeros around rows and columns first.",
        ),
        "padding_at_the_start": (
            layer_on(lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, 0), (p, 0))), every),
            "Only the top and the left are padded. The padding goes on all four sides.",
        ),
        "always_padding_1": (
            layer_on(lambda x, p: zeros_around(x, 1), every),
            "There is a padding of 1, whatever the parameter says. Use padding.",
        ),
        "mirrored": (
            layer_on(lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="edge"), every),
            "The padding repeats the outermost pixels. A layer pads with zeros.",
        ),
        "rounded_up": (
            layer_by_ceil,
            "There is a window too many at the end, which sticks out. A step that does not fit wholly is not made.",
        ),
        "swapped": (
            lambda x, w, b, stride=1, padding=0: ref.conv_layer(x, w, b, max(padding, 1), stride),
            "Stride and padding are exchanged.",
        ),
        "sides_swapped": (
            layer_sides_swapped,
            "Rows and columns of the maps are mixed up: the axes are sample, filter, row, column.",
        ),
        "axes_swapped": (
            lambda x, w, b, stride=1, padding=0: ref.conv_layer(x, w, b, stride, padding).swapaxes(0, 1),
            "The first two axes are exchanged: samples come first, then filters.",
        ),
        "channels_last": (
            lambda x, w, b, stride=1, padding=0: np.moveaxis(ref.conv_layer(x, w, b, stride, padding), 1, -1),
            "The maps stand in the last axis. Here filters come before rows and columns.",
        ),
        "cut_to_whole": (into_integers(ref.conv_layer), CUT),
        "in_place": (zeroing(0, ref.conv_layer), IN_PLACE),
    },
    "conv_layer_backward": {
        "dx_empty": (
            gradients(dx=lambda right, dout, x, w, s, p: scattered(dout, x, w, s, p, crop=minus_zero)),
            "dx is empty where there is no padding: with p = 0 the slice p:-p is 0:0. Cut with p : p + H.",
        ),
        "dx_padded": (
            gradients(dx=lambda right, dout, x, w, s, p: scattered(dout, x, w, s, p, crop=lambda out, q, x: out)),
            "dx still has the padding around it. Cut it off: dx has the shape of x.",
        ),
        "dx_cut_at_the_start": (
            gradients(
                dx=lambda right, dout, x, w, s, p: scattered(
                    dout, x, w, s, p, crop=lambda out, q, x: out[:, :, : x.shape[2], : x.shape[3]]
                )
            ),
            "The padding is cut off at the end only. It stands on all sides: begin at row and column p.",
        ),
        "offset_without_stride": (
            gradients(dx=lambda right, dout, x, w, s, p: scattered(dout, x, w, s, p, at=1)),
            "dx is put together as if the stride were 1. The window of output j starts at row j·stride.",
        ),
        "overwritten": (
            gradients(dx=lambda right, dout, x, w, s, p: scattered(dout, x, w, s, p, add=False)),
            "Where windows overlap, the last one overwrites the others in dx. Their shares add up: +=.",
        ),
        "dx_flipped": (
            gradients(dx=lambda _, dout, x, w, s, p: ref.conv_layer_backward(dout, x, w[:, :, ::-1, ::-1], s, p)[0]),
            "dx is made with the kernel turned by half. A gradient goes back through the kernel as it is.",
        ),
        "dx_first_filter": (
            gradients(dx=lambda right, dout, x, w, s, p: ref.conv_layer_backward(dout[:, :1], x, w[:1], s, p)[0]),
            "dx is that of the first filter alone. A pixel is seen by all filters: sum over them.",
        ),
        "dx_zero": (gradients(dx=lambda right, *_: np.zeros_like(right)), "dx stays 0: send dout back to the windows."),
        "dw_averaged": (
            gradients(dw=lambda right, dout, *_: right / len(dout)),
            "dw is divided by the number of samples. Gradients add up; if the loss is a mean, dout knows it already.",
        ),
        "dw_flipped": (
            gradients(dw=lambda right, *_: right[:, :, ::-1, ::-1]),
            "dw is turned by half. The weight l, m met the pixel j + l, k + m: nothing is flipped.",
        ),
        "dw_unpadded": (
            gradients(dw=unpadded_weights),
            "dw is computed from x without its padding, so every weight meets another pixel. Pad x first, as forward.",
        ),
        "dw_first_sample": (
            gradients(dw=lambda right, dout, x, w, s, p: ref.conv_layer_backward(dout[:1], x[:1], w, s, p)[1]),
            "dw is that of the first sample alone. Sum over all samples.",
        ),
        "dw_last_sample": (
            gradients(dw=lambda right, dout, x, w, s, p: ref.conv_layer_backward(dout[-1:], x[-1:], w, s, p)[1]),
            "dw is that of the last sample alone: each one overwrites the one before. Add them up, with +=.",
        ),
        "db_averaged": (
            gradients(db=lambda right, dout, *_: right / len(dout)),
            "db is divided by the number of samples. Gradients add up; if the loss is a mean, dout knows it already.",
        ),
        "db_mean": (
            gradients(db=lambda right, dout, *_: dout.mean(axis=(0, 2, 3))),
            "db is the mean of dout over samples and places. It is the sum.",
        ),
        "db_of_one_sample": (
            gradients(db=lambda right, dout, *_: dout[0].sum(axis=(1, 2))),
            "db is that of the first sample alone. Sum over all samples.",
        ),
        "db_for_each_sample": (
            gradients(db=lambda right, dout, *_: dout.sum(axis=(2, 3))),
            "db has a row for each sample. A filter has one bias: sum over the samples, too.",
        ),
        "db_for_each_place": (
            gradients(db=lambda right, dout, *_: dout.sum(axis=0)),
            "db has an entry for each place. A filter has one bias for all places: sum over rows and columns, too.",
        ),
        "db_column": (
            gradients(db=lambda right, *_: right[:, np.newaxis]),
            "db is a column. It has the shape of b, (F,).",
        ),
        "averaged": (
            gradients(*(3 * [lambda right, dout, *_: right / len(dout)])),
            "All are divided by the number of samples. Gradients add up; if the loss is a mean, dout knows it already.",
        ),
        "other_order": (other_order, "The order is another one: return dx, dw, db."),
        "two_results": (
            lambda dout, x, w, stride=1, padding=0: ref.conv_layer_backward(dout, x, w, stride, padding)[1:],
            "dx is not returned: the layer before this one needs it. Return dx, dw, db.",
        ),
        "in_place": (zeroing(1, ref.conv_layer_backward), IN_PLACE),
        "overwritten_by_entry": (
            gradients(dx=lambda right, dout, x, w, s, p: scattered_by_entry(dout, x, w, s, p)),
            "For each entry of the kernel, dx is overwritten where windows overlap. The shares add up: +=.",
        ),
    },
}


# ---- right answers of another kind


def convolve1d_in_loops(f: Array, g: Array) -> list[float]:
    out = [0.0] * (len(f) + len(g) - 1)
    for i, a in enumerate(f):
        for j, b in enumerate(g):
            out[i + j] += float(a * b)
    return out


def convolve1d_by_fft(f: Array, g: Array) -> Array:
    n = len(f) + len(g) - 1
    return np.fft.irfft(np.fft.rfft(f, n) * np.fft.rfft(g, n), n)


def correlate2d_in_loops(image: Array, kernel: Array) -> list[list[float]]:
    (height, width), (kh, kw) = image.shape, kernel.shape
    return [
        [
            sum(float(kernel[l, m] * image[j + l, k + m]) for l in range(kh) for m in range(kw))  # noqa: E741
            for k in range(width - kw + 1)
        ]
        for j in range(height - kh + 1)
    ]


def correlate2d_by_offsets(image: Array, kernel: Array) -> Array:
    height, width = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    return sum(kernel[i, j] * image[i : i + height, j : j + width] for i, j in np.ndindex(kernel.shape))


def convolve2d_by_fft(image: Array, kernel: Array) -> Array:
    sides = [n + k - 1 for n, k in zip(image.shape, kernel.shape, strict=True)]
    whole = np.fft.irfft2(np.fft.rfft2(image, sides) * np.fft.rfft2(kernel, sides), sides)
    kh, kw = kernel.shape
    return whole[kh - 1 : image.shape[0], kw - 1 : image.shape[1]]


def single(function: Callable[..., object]) -> Callable[..., object]:
    """The same, computed in float32."""

    def f(*args: object, **options: object) -> object:
        return function(*(a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in args), **options)

    return f


def size_counted(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    places = len(range(0, n + 2 * padding - kernel + 1, stride))
    if places == 0:
        raise ValueError
    return places


def size_in_floats(n: int, kernel: int, stride: int = 1, padding: int = 0) -> float:
    room = n + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"no place for {kernel}")
    return float(np.floor(room / stride) + 1)


def pad2d_by_index(image: Array, p: int, mode: str) -> Array:
    """Every pixel fetched from where the mode says."""
    if mode == "none":
        return image
    if mode == "zero":
        out = np.zeros((image.shape[0] + 2 * p, image.shape[1] + 2 * p))
        out[p : p + image.shape[0], p : p + image.shape[1]] = image
        return out
    rows, columns = (mirrored(side, p, mode) for side in image.shape)
    return image[np.ix_(rows, columns)]


def mirrored(side: int, p: int, mode: str) -> list[int]:
    skip = 1 if mode == "reflect" else 0
    inside = list(range(side))
    return inside[skip : p + skip][::-1] + inside + inside[::-1][skip : p + skip]


def pad2d_as_lists(image: Array, p: int, mode: str) -> list[list[float]]:
    return pad2d_by_index(image, p, mode).tolist()


def conv2d_in_loops(
    image: Array, kernel: Array, bias: float = 0.0, stride: int = 1, padding: int = 0, mode: str = "zero"
) -> Array:
    a = pad2d_by_index(image, padding, mode)
    (height, width), (kh, kw) = a.shape, kernel.shape
    out = np.empty(((height - kh) // stride + 1, (width - kw) // stride + 1))
    for j, k in np.ndindex(out.shape):
        out[j, k] = bias + np.sum(kernel * a[j * stride : j * stride + kh, k * stride : k * stride + kw])
    return out


def conv2d_by_strided_windows(
    image: Array, kernel: Array, bias: float = 0.0, stride: int = 1, padding: int = 0, mode: str = "zero"
) -> Array:
    windows = windows_of(pad2d_by_index(image, padding, mode), kernel.shape)[::stride, ::stride]
    return np.tensordot(windows, kernel, axes=2) + bias


def map_by_exponentials(image: Array, kernel: Array, bias: float) -> Array:
    return 1 / (1 + np.exp(-(correlate2d_by_offsets(image, kernel) + bias)))


def sobel_by_differences(image: Array) -> Array:
    """Sobel's kernels are a blur across and a difference along."""
    down = image[:-2] + 2 * image[1:-1] + image[2:]
    right = image[:, :-2] + 2 * image[:, 1:-1] + image[:, 2:]
    return ((down[:, 2:] - down[:, :-2]) ** 2 + (right[2:] - right[:-2]) ** 2) ** 0.5


def sobel_flipped(image: Array) -> Array:
    return np.abs(ref.convolve2d(image, ref.SOBEL_X) + 1j * ref.convolve2d(image, ref.SOBEL_X.T))


def layer_in_loops(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    maps = [
        [sum(conv2d_in_loops(one, k, 0.0, stride, padding) for one, k in zip(sample, f, strict=True)) for f in w]
        for sample in x
    ]
    return np.array(maps) + b[:, np.newaxis, np.newaxis]


def layer_by_einsum(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    windows = windows_of(zeros_around(x, padding), w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,fcij->nfhw", windows, w) + b.reshape(1, -1, 1, 1)


def layer_by_fft(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    padded_x = zeros_around(x, padding)
    sides = padded_x.shape[2:]
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.rfft2(padded_x), np.conj(np.fft.rfft2(w, sides)))
    out = np.fft.irfft2(spectrum, sides)[:, :, : sides[0] - w.shape[2] + 1, : sides[1] - w.shape[3] + 1]
    return out[:, :, ::stride, ::stride] + b[:, np.newaxis, np.newaxis]


def backward_in_loops(dout: Array, x: Array, w: Array, stride: int = 1, padding: int = 0) -> tuple[Array, Array, Array]:
    padded_x, dw = zeros_around(x, padding), np.zeros(w.shape)
    kh, kw = w.shape[2:]
    for i, j in product(range(dout.shape[2]), range(dout.shape[3])):
        window = padded_x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
        dw += np.einsum("nf,nclm->fclm", dout[:, :, i, j], window)
    return scattered(dout, x, w, stride, padding), dw, dout.sum(axis=(0, 2, 3))


def backward_as_convolution(dout: Array, x: Array, w: Array, stride: int = 1, padding: int = 0) -> list[Array]:
    """The textbook's way: dout with zeros between its entries, correlated with the flipped kernels."""
    kh, kw = w.shape[2:]
    rows, columns = (side + 2 * padding for side in x.shape[2:])
    spread = np.zeros((*dout.shape[:2], rows - kh + 1, columns - kw + 1))
    spread[:, :, ::stride, ::stride] = dout
    around = np.pad(spread, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    dx = layer_by_einsum(around, w.swapaxes(0, 1)[:, :, ::-1, ::-1], np.zeros(x.shape[1]))
    dw = layer_by_einsum(zeros_around(x, padding).swapaxes(0, 1), spread.swapaxes(0, 1), np.zeros(len(w)))
    dx = dx[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return [dx, dw.swapaxes(0, 1), dout.sum(axis=(0, 2, 3))]


ALTERNATIVES = {
    "convolve1d": {"numpy": np.convolve, "loops": convolve1d_in_loops, "fft": convolve1d_by_fft},
    "correlate2d": {
        "offsets": correlate2d_by_offsets,
        "loops": correlate2d_in_loops,
        "float32": single(ref.correlate2d),
    },
    "convolve2d": {
        "fft": convolve2d_by_fft,
        "image_turned": lambda image, kernel: ref.correlate2d(image[::-1, ::-1], kernel)[::-1, ::-1],
        "float32": single(ref.convolve2d),
    },
    "output_size": {"counted": size_counted, "floats": size_in_floats},
    "pad2d": {"by_index": pad2d_by_index, "lists": pad2d_as_lists},
    "conv2d": {
        "strided_windows": conv2d_by_strided_windows,
        "loops": conv2d_in_loops,
        "float32": single(ref.conv2d),
    },
    "feature_map": {"exponentials": map_by_exponentials, "float32": single(ref.feature_map)},
    "sobel_edges": {
        "differences": sobel_by_differences,
        "flipped": sobel_flipped,
        "float32": single(ref.sobel_edges),
    },
    "conv_layer": {
        "einsum": layer_by_einsum,
        "loops": layer_in_loops,
        "fft": layer_by_fft,
        "float32": single(ref.conv_layer),
    },
    "conv_layer_backward": {
        "loops": backward_in_loops,
        "convolution": backward_as_convolution,
        "float32": single(ref.conv_layer_backward),
    },
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "convolve1d": (
        (
            "Every entry of f sends out a copy of g, scaled by itself and shifted to its own place. The answer is "
            "the sum of all copies."
        ),
        "out[k] = Σ_i f[i]·g[k − i], for k = 0 … n + m − 2. In other words: f[i]·g[j] is added to out[i + j].",
        (
            "out ← zeros of length n + m − 1\n"
            "for each i: the stretch of out that begins at i and is as long as g gets f[i] times g added (add, do "
            "not assign)\n"
            "return out"
        ),
    ),
    "correlate2d": (
        (
            "Lay the kernel on the image, multiply what lies on top of each other, and add up. Do this at each place "
            "where the kernel fits."
        ),
        (
            "out[j, k] = sum of kernel * image[j:j+kh, k:k+kw], and out has the shape (H − kh + 1, W − kw + 1). The "
            "kernel is not flipped."
        ),
        (
            "kh, kw ← the kernel's shape; out ← zeros of the right shape\n"
            "for each row j and column k of out:\n"
            "    patch ← the part of the image under the kernel\n"
            "    out[j, k] ← sum of the entrywise product of patch and kernel\n"
            "return out"
        ),
    ),
    "convolve2d": (
        "It is the correlation with a kernel that was rotated by 180 degrees. You already have the correlation.",
        (
            "flipped[l, m] = kernel[kh − 1 − l, kw − 1 − m]: both axes are reversed, which is not a transposition. "
            "Then out = correlation of image and flipped."
        ),
        (
            "flipped ← the kernel with its rows and its columns in reverse order\n"
            "return what correlate2d makes of the image and flipped"
        ),
    ),
    "output_size": (
        (
            "Count the places where the kernel can start. The first is at 0, and each further one is a stride away, "
            "as long as the kernel still fits."
        ),
        (
            "free = n + 2·padding − kernel is how far the kernel can move. It makes free // stride steps, and so has "
            "one place more than that. If free is negative, there is no place at all."
        ),
        (
            "free ← length with padding on both sides, minus the kernel\n"
            "if it is negative: raise a ValueError\n"
            "return the number of whole steps, plus 1"
        ),
    ),
    "pad2d": (
        (
            "NumPy can pad in all these ways. Find out which of its modes repeats the outermost pixels and which "
            "does not."
        ),
        (
            "The result is (H + 2p, W + 2p). NumPy's pad puts p entries on both sides of both axes, zeros if you ask "
            'for nothing else; its argument `mode` knows mirrors by the same two names as here. "none" returns (H, '
            "W)."
        ),
        (
            'if mode is "none": return the image, whatever p is\n'
            'if mode is "zero": pad with zeros\n'
            "otherwise: pad with NumPy's mode of that name"
        ),
    ),
    "conv2d": (
        "Three steps that you have: pad the image, correlate it, add the bias. The stride only skips places.",
        (
            "With stride s the places are every s-th row and every s-th column of the correlation at stride 1: "
            "full[::s, ::s]. The bias is one number for all places."
        ),
        (
            "padded ← pad2d with the given padding and mode\n"
            "full ← correlation of padded with the kernel\n"
            "keep each stride-th row and column of full, starting with the first\n"
            "add the bias and return"
        ),
    ),
    "feature_map": (
        (
            "All neurons of a map have the same weights, so their weighted inputs are one correlation. Then comes "
            "the bias, then the sigmoid."
        ),
        (
            "out = sigmoid(correlation of image and kernel + bias), of shape (H − kh + 1, W − kw + 1). The bias goes "
            "inside the sigmoid."
        ),
        ("z ← the correlation, plus the shared bias\nreturn the sigmoid of z"),
    ),
    "sobel_edges": (
        (
            "One kernel measures how fast the image changes from left to right, the transposed kernel from top to "
            "bottom. The steepness is the length of this pair of numbers."
        ),
        (
            "Gx and Gy are correlations of shape (H − 2, W − 2); the kernels are the one in the docstring and its "
            "transpose. out = root of Gx² + Gy², entry by entry."
        ),
        (
            "kernel ← the 3 × 3 array of the docstring\n"
            "Gx ← correlation with it, Gy ← correlation with its transpose\n"
            "return the root of the sum of their squares"
        ),
    ),
    "conv_layer": (
        (
            "For every filter and every place, multiply the filter with the patch below it over all channels, and "
            "add up. Then add the filter's bias."
        ),
        (
            "With zeros around x as p: out[n, f, j, k] = b[f] + Σ over c, l, m of w[f, c, l, m] · p[n, c, s·j + l, "
            "s·k + m]. b needs the shape (F, 1, 1) to be added per filter."
        ),
        (
            "p ← x padded with zeros on its last two axes only\n"
            "H', W' ← by the formula of output_size; out ← zeros (N, F, H', W')\n"
            "for each place j, k:\n"
            "    patch ← p[:, :, a window of kh × kw that starts at s·j, s·k]\n"
            "    out[:, :, j, k] ← products of patch (N, C, kh, kw) and w (F, C, kh, kw), summed over c, l, m "
            "(np.einsum or np.tensordot)\n"
            "return out plus the biases"
        ),
    ),
    "conv_layer_backward": (
        (
            "Each output used one patch of the input and one filter. So on the way back each output gives its "
            "gradient times the filter to that patch, and its gradient times the patch to that filter. Everything "
            "adds up."
        ),
        (
            "For each place j, k with the window P = p[:, :, s·j : s·j + kh, s·k : s·k + kw] and g = dout[:, :, j, "
            "k] of shape (N, F): dw += Σ_n g[n, f] · P[n, c, l, m], the window of dp += Σ_f g[n, f] · w[f, c, l, m]. "
            "db sums dout over n, j, k."
        ),
        (
            "p ← padded x; dp ← zeros like p, dw ← zeros like w\n"
            "for each place j, k of dout:\n"
            "    add to dw what g and the window of p give (einsum over the samples)\n"
            "    add to the same window of dp what g and w give (einsum over the filters); windows overlap, so += "
            "and not =\n"
            "dx ← dp without its frame of padding\n"
            "db ← dout summed over all axes but that of the filters\n"
            "return the three"
        ),
    ),
}
