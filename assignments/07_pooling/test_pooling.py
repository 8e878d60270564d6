"""The public tests of 07_pooling: pictures small enough to pool by hand."""

import numpy as np

from autograder import close, equal, exercise, unchanged

IMAGE = np.array(
    [
        [1.0, 5.0, 2.0, 0.0],
        [3.0, 4.0, 8.0, 6.0],
        [-1.0, -7.0, 0.0, 9.0],
        [-3.0, -2.0, 4.0, 1.0],
    ]
)
SQUARES = np.array([[3.0, 4.0, 0.0, 5.0], [0.0, 0.0, 12.0, 0.0]])
GRADIENT = np.array([[10.0, 20.0], [30.0, 40.0]])


@exercise("max_pool2d")
def test_max_image(student):
    """a 4×4 image in windows of 2×2, and with windows that overlap"""
    equal(student.max_pool2d, (IMAGE,), expected=np.array([[5.0, 8.0], [-1.0, 9.0]]))
    overlapping = np.array([[5.0, 8.0, 8.0], [4.0, 8.0, 9.0], [-1.0, 4.0, 9.0]])
    equal(student.max_pool2d, (IMAGE,), {"stride": 1}, expected=overlapping)


@exercise("max_pool2d")
def test_max_size_three(student):
    """a window of 3×3 fits once, and leaves a remainder"""
    equal(student.max_pool2d, (IMAGE, 3), expected=np.array([[8.0]]))
    equal(student.max_pool2d, (IMAGE[:, :3], 3, 1), expected=np.array([[8.0], [8.0]]))


@exercise("max_pool2d")
def test_max_slides_maps(student):
    """the slides' three maps of 24×24 become three of 12×12"""
    x = np.arange(3 * 24 * 24.0).reshape(3, 24, 24)
    equal(student.max_pool2d, (x,), expected=x[:, 1::2, 1::2])


@exercise("average_pool2d")
def test_average_image(student):
    """a 4×4 image in windows of 2×2, and with windows that overlap"""
    close(student.average_pool2d, (IMAGE,), expected=np.array([[3.25, 4.0], [-3.25, 3.5]]))
    overlapping = np.array([[3.25, 4.75, 4.0], [-0.25, 1.25, 5.75], [-3.25, -1.25, 3.5]])
    close(student.average_pool2d, (IMAGE, 2, 1), expected=overlapping)


@exercise("average_pool2d")
def test_average_maps(student):
    """two maps of 3×5: the last row and column are left over; whole numbers, whose means are not whole"""
    x = np.arange(30.0).reshape(2, 3, 5)
    close(student.average_pool2d, (x,), expected=np.array([[[3.0, 5.0]], [[18.0, 20.0]]]))
    close(student.average_pool2d, (np.array([[1, 2], [3, 4]]),), expected=np.array([[2.5]]))


@exercise("l2_pool2d")
def test_l2_image(student):
    """3, 4 and 5, 12 are sides of right triangles"""
    close(student.l2_pool2d, (SQUARES, 2, 1), expected=np.array([[5.0, np.sqrt(160.0), 13.0]]))
    close(student.l2_pool2d, (SQUARES,), expected=np.array([[5.0, 13.0]]))


@exercise("l2_pool2d")
def test_l2_maps(student):
    """two maps, one the negative of the other; a row and a column that are left over"""
    x = np.stack([SQUARES, -2 * SQUARES])
    close(student.l2_pool2d, (x,), expected=np.array([[[5.0, 13.0]], [[10.0, 26.0]]]))
    odd = np.array([[3.0, 4.0, 0.0, 5.0, 1.0], [0.0, 0.0, 12.0, 0.0, 1.0], [2.0, 2.0, 2.0, 2.0, 2.0]])
    close(student.l2_pool2d, (odd,), expected=np.array([[5.0, 13.0]]))


@exercise("shift_response")
def test_shift_one_bright_pixel(student):
    """a bright pixel moves inside its window: nothing changes; out of it: two of four outputs do; windows of 4×4"""
    image = np.zeros((4, 4))
    image[0, 0] = 1.0
    close(student.shift_response, (image, 1, 1), expected=1.0)
    close(student.shift_response, (image, 0, 2), expected=0.5)
    close(student.shift_response, (image, -1, 0), expected=0.75)
    close(student.shift_response, (image, 0, 2, 4), expected=1.0)


@exercise("shift_response")
def test_shift_nowhere(student):
    """no shift changes nothing; stripes change with a shift by one row; only the largest entry of a window counts"""
    stripes = np.repeat(np.arange(8.0), 6).reshape(8, 6)
    close(student.shift_response, (stripes, 0, 0), expected=1.0)
    close(student.shift_response, (stripes, 1, 0), expected=0.0)
    close(student.shift_response, (stripes, 0, 2), expected=2 / 3)
    dim = np.array([[9.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])  # the 1 leaves the window, the 9 stays the largest
    close(student.shift_response, (dim, 0, 1), expected=0.5)


@exercise("max_pool2d_backward")
def test_max_backward_image(student):
    """the gradient goes to the 5, the 8, the -1 and the 9"""
    expected = np.zeros((4, 4))
    expected[0, 1], expected[1, 2], expected[2, 0], expected[2, 3] = 10.0, 20.0, 30.0, 40.0
    close(student.max_pool2d_backward, (GRADIENT, IMAGE), expected=expected)


@exercise("max_pool2d_backward")
def test_max_backward_tie(student):
    """of equal entries the first gets all of it"""
    x = np.array([[2.0, 7.0, 1.0, 1.0], [7.0, 7.0, 1.0, 1.0]])
    expected = np.array([[0.0, 3.0, 5.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    close(student.max_pool2d_backward, (np.array([[3.0, 5.0]]), x), expected=expected)


@exercise("max_pool2d_backward")
def test_max_backward_overlap(student):
    """an entry that is the largest of two windows gets the gradient of both"""
    x, dout = np.array([[1.0, 6.0, 2.0], [3.0, 0.0, 4.0]]), np.array([[10.0, 7.0]])
    expected = np.array([[0.0, 17.0, 0.0], [0.0, 0.0, 0.0]])
    close(student.max_pool2d_backward, (dout, x, 2, 1), expected=expected)


@exercise("average_pool2d_backward")
def test_average_backward_image(student):
    """a quarter to each of four entries"""
    expected = np.repeat(np.repeat(GRADIENT / 4, 2, axis=0), 2, axis=1)
    close(student.average_pool2d_backward, (GRADIENT, IMAGE), expected=expected)


@exercise("average_pool2d_backward")
def test_average_backward_overlap(student):
    """an entry of two windows gets a quarter of both gradients; one of no window gets 0"""
    x, dout = np.arange(12.0).reshape(3, 4), np.array([[4.0, 8.0, 16.0]])
    expected = np.array([[1.0, 3.0, 6.0, 4.0], [1.0, 3.0, 6.0, 4.0], [0.0, 0.0, 0.0, 0.0]])
    close(student.average_pool2d_backward, (dout, x[:2], 2, 1), expected=expected[:2])
    args = (np.array([[4.0, 8.0]]), x)
    expected = np.array([[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    close(student.average_pool2d_backward, args, expected=expected)


@exercise("max_pool2d", "max_pool2d_backward")
def test_image_stays(student, name):
    """the arguments stay as they were"""
    if name == "max_pool2d":
        unchanged(student.max_pool2d, (IMAGE.copy(),), expected=np.array([[5.0, 8.0], [-1.0, 9.0]]))
    else:
        expected = np.zeros((2, 4))
        expected[0, 1], expected[1, 2] = 1.0, 2.0
        args = (np.array([[1.0, 2.0]]), IMAGE[:2].copy())
        unchanged(student.max_pool2d_backward, args, expected=expected)


@exercise("average_pool2d", "l2_pool2d", "shift_response", "average_pool2d_backward", weight=0)
def test_arguments_stay(student, name):
    """the arguments stay as they were"""
    x = np.array([[3.0, 0.0], [4.0, 1.0]])
    args, expected = {
        "average_pool2d": ((x,), [[2.0]]),
        "l2_pool2d": ((x[:, :1] * np.array([[1.0, 0.0]]),), [[5.0]]),
        "shift_response": ((np.array([[9.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]), 0, 1), 0.5),
        "average_pool2d_backward": ((np.array([[2.0]]), x), [[0.5, 0.5], [0.5, 0.5]]),
    }[name]
    unchanged(getattr(student, name), args, expected=np.array(expected))
