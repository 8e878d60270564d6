"""The public tests of 06_convolution: numbers of the slides and numbers you can check by hand."""

import numpy as np
import pytest

from autograder import close, equal, exercise, raises, unchanged

PATCH = np.array(  # of the slides' 8: the upper left bend
    [
        [0.0, 0.0, 0.0, 4.0, 60.0],
        [0.0, 10.0, 16.0, 119.0, 238.0],
        [0.0, 14.0, 170.0, 255.0, 255.0],
        [2.0, 98.0, 255.0, 228.0, 255.0],
    ]
)
SLOPE = np.array([[1.0, 2.0], [0.0, -1.0]])
SMALL = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]])
NINE = np.arange(1.0, 10.0).reshape(3, 3)


@exercise("convolve1d", weight=2)
def test_echo(student):
    """four claps and their echo, as in the table"""
    claps, echo = np.array([1.0, 3.0, 0.0, 2.0]), np.array([4.0, 2.0, 1.0])
    close(student.convolve1d, (claps, echo), expected=np.array([4.0, 14.0, 7.0, 11.0, 4.0, 2.0]))


@exercise("convolve1d", weight=2)
def test_echo_longer(student):
    """an echo that is longer than the claps"""
    claps, echo = np.array([1.0, -2.0]), np.array([3.0, 0.0, 5.0, 1.0])
    close(student.convolve1d, (claps, echo), expected=np.array([3.0, -6.0, 5.0, -9.0, -2.0]))


@exercise("convolve1d", weight=2)
def test_echo_impulse(student):
    """a single clap gives the echo itself, later and louder"""
    clap, echo = np.array([0.0, 0.0, 2.0, 0.0]), np.array([4.0, -1.0, 0.5])
    close(student.convolve1d, (clap, echo), expected=np.array([0.0, 0.0, 8.0, -2.0, 1.0, 0.0]))


@exercise("correlate2d", weight=2)
def test_correlate_by_hand(student):
    """two places, worked out by hand"""
    close(student.correlate2d, (SMALL, SLOPE), expected=np.array([[4.0, -1.0]]))


@exercise("correlate2d", weight=2)
def test_correlate_slides_size(student):
    """28×28 with 5×5 gives 24×24, and a white dot leaves the kernel turned by half"""
    image, kernel = np.zeros((28, 28)), np.arange(25.0).reshape(5, 5)
    image[10, 12] = 1
    expected = np.zeros((24, 24))
    expected[6:11, 8:13] = np.arange(24.0, -1.0, -1.0).reshape(5, 5)
    close(student.correlate2d, (image, kernel), expected=expected)


@exercise("correlate2d", weight=2)
def test_correlate_eight(student):
    """a piece of the 8, with a kernel wider than high"""
    kernel = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, 0.0]])
    expected = np.array([[0.0, 16.0, -28.0], [-16.0, -81.0, 118.0], [-166.0, -45.0, 425.0]])
    close(student.correlate2d, (PATCH, kernel), expected=expected, terms=6)


@exercise("convolve2d", weight=2)
def test_convolve_by_hand(student):
    """two places, worked out by hand"""
    close(student.convolve2d, (SMALL, SLOPE), expected=np.array([[0.0, 3.0]]))


@exercise("convolve2d", weight=2)
def test_convolve_dot(student):
    """a white dot becomes a copy of the kernel"""
    image, kernel = np.zeros((7, 6)), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    image[3, 3] = 1
    expected = np.zeros((6, 4))
    expected[2:4, 1:4] = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    close(student.convolve2d, (image, kernel), expected=expected)


@exercise("output_size", weight=2)
def test_size_slides(student):
    """28 with a kernel of 5 gives 24, and other lengths"""
    equal(student.output_size, (28, 5), expected=24)
    equal(student.output_size, (7, 7), expected=1)
    equal(student.output_size, (9, 1), expected=9)


@exercise("output_size", weight=2)
def test_size_stride(student):
    """a stride, also one that leaves a remainder"""
    equal(student.output_size, (9, 3), {"stride": 2}, expected=4)
    equal(student.output_size, (8, 4, 3), expected=2)
    equal(student.output_size, (10, 3), {"stride": 2}, expected=4)


@exercise("output_size", weight=2)
def test_size_padding(student):
    """padding counts on both sides"""
    equal(student.output_size, (28, 5), {"padding": 2}, expected=28)
    equal(student.output_size, (5, 3, 2, 1), expected=3)


@exercise("output_size", weight=2)
def test_size_does_not_fit(student):
    """a ValueError if the kernel is larger than the padded input, not if it just fits"""
    raises(student.output_size, (4, 5))
    equal(student.output_size, (5, 5), expected=1)
    equal(student.output_size, (4, 5), {"padding": 1}, expected=2)


@exercise("pad2d", weight=2)
def test_pad_zero(student):
    """zeros all around"""
    expected = np.array([[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 0, 0, 0, 0]])
    close(student.pad2d, (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1, "zero"), expected=expected)


REFLECTED = [
    [9, 8, 7, 8, 9, 8, 7],
    [6, 5, 4, 5, 6, 5, 4],
    [3, 2, 1, 2, 3, 2, 1],
    [6, 5, 4, 5, 6, 5, 4],
    [9, 8, 7, 8, 9, 8, 7],
    [6, 5, 4, 5, 6, 5, 4],
    [3, 2, 1, 2, 3, 2, 1],
]
SYMMETRIC = [
    [5, 4, 4, 5, 6, 6, 5],
    [2, 1, 1, 2, 3, 3, 2],
    [2, 1, 1, 2, 3, 3, 2],
    [5, 4, 4, 5, 6, 6, 5],
    [8, 7, 7, 8, 9, 9, 8],
    [8, 7, 7, 8, 9, 9, 8],
    [5, 4, 4, 5, 6, 6, 5],
]


@exercise("pad2d", weight=2)
@pytest.mark.parametrize(("mode", "expected"), [("reflect", REFLECTED), ("symmetric", SYMMETRIC)])
def test_pad_mirror(student, mode, expected):
    """mode {mode}: a mirror on the outermost pixels, or behind them"""
    close(student.pad2d, (NINE, 2, mode), expected=np.array(expected))


@exercise("pad2d", weight=2)
def test_pad_none(student):
    """ "none" gives the image as it is, whatever p; "zero" does not"""
    image = np.array([[1.0, -2.0, 3.0]])
    close(student.pad2d, (image, 2, "none"), expected=image)
    close(student.pad2d, (image, 1, "zero"), expected=np.array([[0, 0, 0, 0, 0], [0, 1, -2, 3, 0], [0, 0, 0, 0, 0]]))


@exercise("conv2d", weight=2)
def test_conv_defaults(student):
    """without options it is the correlation"""
    close(student.conv2d, (SMALL, SLOPE), expected=np.array([[4.0, -1.0]]))


@exercise("conv2d", weight=2)
def test_conv_bias(student):
    """the bias is added once to each sum"""
    close(student.conv2d, (SMALL, SLOPE, 10.0), expected=np.array([[14.0, 9.0]]))


@exercise("conv2d", weight=2)
def test_conv_stride_and_padding(student):
    """every second place of a padded image"""
    options = {"stride": 2, "padding": 1}
    close(student.conv2d, (NINE, SLOPE, 0.5), options, expected=np.array([[-0.5, -2.5], [1.5, 8.5]]))


@exercise("conv2d", weight=2)
def test_conv_mirror(student):
    """a mirror in place of zeros"""
    image, kernel = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1.0, 0.0], [2.0, 0.0], [0.0, -1.0]])
    options = {"padding": 1, "mode": "symmetric"}
    close(student.conv2d, (image, kernel), options, expected=np.array([[-1.0, -2.0, 0.0, 3.0], [5.0, 4.0, 6.0, 9.0]]))


@exercise("conv2d", weight=2)
def test_conv_no_padding(student):
    """mode "none" leaves the padding out"""
    options = {"padding": 1, "mode": "none"}
    close(student.conv2d, (NINE, SLOPE), options, expected=np.array([[0.0, 2.0], [6.0, 8.0]]))


@exercise("feature_map", weight=2)
def test_map_by_hand(student):
    """two neurons, worked out by hand"""
    expected = np.array([[0.5, 0.0066928509]])
    close(student.feature_map, (SMALL, SLOPE, -4.0), expected=expected, scale=1.0)


@exercise("feature_map", weight=2)
def test_map_bias_alone(student):
    """where the picture is black the bias decides alone: σ(1) and σ(-2)"""
    for bias, value in ((1.0, 0.7310586), (-2.0, 0.1192029)):
        expected = np.full((2, 3), value)
        close(student.feature_map, (np.zeros((3, 4)), SLOPE, bias), expected=expected, scale=1.0)


@exercise("feature_map", weight=2)
def test_map_kernel_as_it_is(student):
    """a white dot: the kernel turned by half, through σ"""
    image, kernel = np.zeros((3, 5)), np.array([[1.0, -1.0, 2.0]])
    image[1, 2] = 1
    row = [0.8807971, 0.2689414, 0.7310586]
    expected = np.array([[0.5, 0.5, 0.5], row, [0.5, 0.5, 0.5]])
    close(student.feature_map, (image, kernel, 0.0), expected=expected, scale=1.0)


@exercise("sobel_edges", weight=2)
def test_sobel_by_hand(student):
    """one place, worked out by hand: the root of 18, and of 20"""
    close(student.sobel_edges, (np.array([[0.0, 0, 3], [0, 0, 0], [0, 0, 0]]),), expected=np.array([[4.2426407]]))
    close(student.sobel_edges, (np.array([[0.0, 0, 0], [0, 0, 2], [0, 1, 0]]),), expected=np.array([[4.4721360]]))


@exercise("sobel_edges", weight=2)
def test_sobel_steps(student):
    """an upright edge and a level one are equally steep, an even surface is not steep at all"""
    image = np.zeros((4, 6))
    image[:, 3:] = 2
    expected = np.array([[0.0, 8.0, 8.0, 0.0], [0.0, 8.0, 8.0, 0.0]])
    close(student.sobel_edges, (image,), expected=expected)
    close(student.sobel_edges, (image.T.copy(),), expected=expected.T)


@exercise("sobel_edges", weight=2)
def test_sobel_eight(student):
    """a piece of the 8"""
    expected = np.array([[282.856854, 761.83594, 1048.145982], [738.085361, 987.656823, 615.093489]])
    close(student.sobel_edges, (PATCH,), expected=expected)


@exercise("conv_layer", weight=2)
def test_layer_by_hand(student):
    """two channels are summed, and the bias added once"""
    x, w = np.array([[[[1.0, 2.0, 3.0]], [[0.0, 1.0, 0.0]]]]), np.array([[[[1.0, 1.0]], [[2.0, 4.0]]]])
    close(student.conv_layer, (x, w, np.array([10.0])), expected=np.array([[[[17.0, 17.0]]]]))


@exercise("conv_layer", weight=2)
def test_layer_samples_and_filters(student):
    """two samples and three filters, each with its own bias"""
    x = np.array([[[[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]], [[[2.0, 0.0, 1.0], [1.0, 1.0, 0.0]]]])
    w = np.array([[[[1.0, 2.0], [0.0, -1.0]]], [[[0.0, 1.0], [0.0, 0.0]]], [[[0.0, 0.0], [1.0, 1.0]]]])
    expected = np.array(
        [[[[4.0, -1.0]], [[12.0, 10.0]], [[-4.0, -1.0]]], [[[1.0, 2.0]], [[10.0, 11.0]], [[-3.0, -4.0]]]]
    )
    close(student.conv_layer, (x, w, np.array([0.0, 10.0, -5.0])), expected=expected)


@exercise("conv_layer", weight=2)
def test_layer_stride_and_padding(student):
    """a padding of zeros, with stride 2 and with stride 1"""
    x, w = NINE.reshape(1, 1, 3, 3), SLOPE.reshape(1, 1, 2, 2)
    options = {"stride": 2, "padding": 1}
    close(student.conv_layer, (x, w, np.array([0.5])), options, expected=np.array([[[[-0.5, -2.5], [1.5, 8.5]]]]))
    expected = np.array([[[[-1.0, -2, -3, 0], [-2, 0, 2, 3], [1, 6, 8, 6], [14, 23, 26, 9]]]])
    close(student.conv_layer, (x, w, np.array([0.0])), {"padding": 1}, expected=expected)


@exercise("conv_layer", weight=2)
def test_layer_slides_size(student):
    """20 maps of 5×5 on 28×28: 24×24 each, and where the picture is black the biases alone"""
    x, w, b = np.zeros((2, 1, 28, 28)), np.ones((20, 1, 5, 5)), np.arange(1.0, 21.0)
    x[1, 0, 0, 0] = 100
    expected = np.broadcast_to(b[:, np.newaxis, np.newaxis], (2, 20, 24, 24)).copy()
    expected[1, :, 0, 0] += 100
    close(student.conv_layer, (x, w, b), expected=expected, terms=26)


@exercise("conv_layer_backward", weight=2)
def test_backward_by_hand(student):
    """two windows of a row of three, worked out by hand"""
    dout, x, w = np.array([[[[1.0, 10.0]]]]), np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[4.0, 5.0]]]])
    dx, dw, db = np.array([[[[4.0, 45.0, 50.0]]]]), np.array([[[[21.0, 32.0]]]]), np.array([11.0])
    close(student.conv_layer_backward, (dout, x, w), expected=(dx, dw, db))


@exercise("conv_layer_backward", weight=2)
def test_backward_samples_and_filters(student):
    """two samples, two channels, three filters: what is shared adds up"""
    x = np.array([[[[1.0, 2.0]], [[0.0, 3.0]]], [[[4.0, -1.0]], [[2.0, 2.0]]]])
    w = np.array([[[[1.0]], [[2.0]]], [[[0.0]], [[-1.0]]], [[[3.0]], [[1.0]]]])
    dout = np.array([[[[1.0, 0.0]], [[2.0, 1.0]], [[0.0, 4.0]]], [[[0.0, 5.0]], [[1.0, 1.0]], [[-2.0, 0.0]]]])
    dx = np.array([[[[1.0, 12.0]], [[0.0, 3.0]]], [[[-6.0, 5.0]], [[-3.0, 9.0]]]])
    dw = np.array([[[[-4.0]], [[10.0]]], [[[7.0]], [[7.0]]], [[[0.0]], [[8.0]]]])
    close(student.conv_layer_backward, (dout, x, w), expected=(dx, dw, np.array([6.0, 5.0, 2.0])))


@exercise("conv_layer_backward", weight=2)
def test_backward_padding(student):
    """the padding is there for the weights, and cut off from the gradient of the input"""
    dout, x, w = np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.array([[[[5.0]]]]), np.array([[[[1.0, 2.0], [3.0, 7.0]]]])
    dx, dw, db = (
        np.array([[[[1 * 7.0 + 2 * 3 + 3 * 2 + 4 * 1]]]]),
        np.array([[[[20.0, 15.0], [10.0, 5.0]]]]),
        np.array([10.0]),
    )
    close(student.conv_layer_backward, (dout, x, w), {"padding": 1}, expected=(dx, dw, db))


@exercise("conv_layer_backward", weight=2)
def test_backward_stride(student):
    """stride 2: the windows stand apart, and the last entry lies in none"""
    dout, x, w = np.array([[[[1.0, 10.0]]]]), np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]]), np.array([[[[4.0, 7.0]]]])
    dx, dw, db = np.array([[[[4.0, 7.0, 40.0, 70.0, 0.0]]]]), np.array([[[[31.0, 42.0]]]]), np.array([11.0])
    close(student.conv_layer_backward, (dout, x, w), {"stride": 2}, expected=(dx, dw, db))


ROW, HALVES = np.array([[1.0, 2.0, 4.0]]), np.array([[0.25, 1.0]])
X, W, DOT = ROW.reshape(1, 1, 1, 3), HALVES.reshape(1, 1, 1, 2), np.array([[0.0, 0.0, 1.0], [0, 0, 0], [0, 0, 0]])
SMALL_CASES = {  # arguments and what the function returns for them, small enough to work out by hand
    "convolve1d": ((ROW[0], HALVES[0]), np.array([0.25, 1.5, 3.0, 4.0])),
    "correlate2d": ((ROW, HALVES), np.array([[2.25, 4.5]])),
    "convolve2d": ((ROW, HALVES), np.array([[1.5, 3.0]])),
    "pad2d": ((ROW, 1, "zero"), np.array([[0, 0, 0, 0, 0], [0, 1, 2, 4, 0], [0, 0, 0, 0, 0]])),
    "conv2d": ((ROW, HALVES, 0.25), np.array([[2.5, 4.75]])),
    "feature_map": ((ROW, HALVES, -2.25), np.array([[0.5, 0.9046505]])),
    "sobel_edges": ((DOT,), np.array([[1.4142136]])),
    "conv_layer": ((X, W, np.array([0.25])), np.array([[[[2.5, 4.75]]]])),
    "conv_layer_backward": (
        (np.array([[[[1.0, 2.0]]]]), X, W),
        (np.array([[[[0.25, 1.5, 2.0]]]]), np.array([[[[5.0, 10.0]]]]), np.array([3.0])),
    ),
}


@exercise("convolve1d", "correlate2d", "convolve2d", "conv2d", "feature_map", "sobel_edges", "conv_layer", weight=0)
def test_whole_numbers(student, name):
    """an image or a signal of whole numbers, type int64: the results are not whole"""
    (image, *others), expected = SMALL_CASES[name]
    close(getattr(student, name), (image.astype(np.int64), *others), expected=expected)


@exercise(
    "convolve1d",
    "correlate2d",
    "convolve2d",
    "pad2d",
    "conv2d",
    "feature_map",
    "sobel_edges",
    "conv_layer",
    "conv_layer_backward",
    weight=0,
)
def test_arguments_stay(student, name):
    """the arguments stay as they were"""
    arguments, expected = SMALL_CASES[name]
    arguments = [value.copy() if isinstance(value, np.ndarray) else value for value in arguments]
    unchanged(getattr(student, name), arguments, expected=expected)
