"""The public tests of 03_chain_rule: numbers of the slides and numbers you can check by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from autograder import close, exercise, unchanged

W, X = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])  # the slides' neuron
PLACES = np.arange(1.0, 9.0)
TARGETS = np.array([6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0])  # the slides' line, 2 x + 4
NUMERICAL = 1e-7  # central differences come as close as that, differences to one side do not


@exercise("product_of_sum", weight=2)
def test_product_slides(student):
    """the slides' numbers: -2, 5 and -4"""
    close(student.product_of_sum, (-2, 5, -4), expected=(-12, (-4, -4, 3)))


@exercise("product_of_sum")
def test_product_by_hand(student):
    """numbers that are not whole"""
    close(student.product_of_sum, (1.5, 0.25, 2.0), expected=(3.5, (2.0, 2.0, 1.75)))
    close(student.product_of_sum, (-0.5, 4.0, 3.0), expected=(10.5, (3.0, 3.0, 3.5)))


@exercise("product_of_sum")
def test_product_zero(student):
    """a value of 0 still has slopes"""
    close(student.product_of_sum, (3.0, -1.0, 0.0), expected=(0.0, (0.0, 0.0, 2.0)))
    close(student.product_of_sum, (2.5, -2.5, 3.0), expected=(0.0, (3.0, 3.0, 0.0)))


@exercise("sigmoid_graph_forward", weight=2)
def test_forward_slides(student):
    """the slides' neuron, all eight steps"""
    steps = {"q": -2.0, "p": 6.0, "s": 4.0, "t": 1.0, "r": -1.0, "u": 0.36787944, "v": 1.36787944, "z": 0.73105858}
    close(student.sigmoid_graph_forward, (W, X), expected=steps)


@exercise("sigmoid_graph_forward")
def test_forward_by_hand(student):
    """another neuron, with an output below one half"""
    steps = {"q": 1.5, "p": -2.0, "s": -0.5, "t": -0.75, "r": 0.75, "u": 2.11700002, "v": 3.11700002, "z": 0.3208213}
    close(student.sigmoid_graph_forward, (np.array([0.5, 2.0, -0.25]), np.array([3.0, -1.0])), expected=steps)


@exercise("sigmoid_graph_forward")
def test_forward_half(student):
    """a neuron in the balance: the output is one half"""
    steps = {"q": 3.0, "p": -4.0, "s": -1.0, "t": 0.0, "r": 0.0, "u": 1.0, "v": 2.0, "z": 0.5}
    close(student.sigmoid_graph_forward, (np.array([1.0, 2.0, 1.0]), np.array([3.0, -2.0])), expected=steps)


@exercise("sigmoid_graph_backward", weight=2)
def test_graph_slides(student):
    """the slides' neuron, without their rounding"""
    slopes = {"w0": -0.19661193, "w1": -0.39322387, "w2": 0.19661193, "x0": 0.39322387, "x1": -0.5898358}
    close(student.sigmoid_graph_backward, (W, X), expected=slopes, scale=1.0)


@exercise("sigmoid_graph_backward", weight=2)
def test_graph_half(student):
    """a neuron in the balance, by hand: the sigmoid has the slope 1/4"""
    slopes = {"w0": 0.75, "w1": -0.5, "w2": 0.25, "x0": 0.25, "x1": 0.5}
    close(student.sigmoid_graph_backward, (np.array([1.0, 2.0, 1.0]), np.array([3.0, -2.0])), expected=slopes)


@exercise("sigmoid_graph_backward")
def test_graph_other_side(student):
    """a neuron with an output below one half"""
    slopes = {"w0": 0.65368498, "w1": -0.21789499, "w2": 0.21789499, "x0": 0.1089475, "x1": 0.43578999}
    w, x = np.array([0.5, 2.0, -0.25]), np.array([3.0, -1.0])
    close(student.sigmoid_graph_backward, (w, x), expected=slopes, scale=1.0)


@exercise("chain_product", weight=2)
def test_chain_by_hand(student):
    """chains of three and of four steps"""
    close(student.chain_product, ([0.5, -2.0, 3.0],), expected=-3.0)
    close(student.chain_product, ([4, -3, 2, 2],), expected=-48)


@exercise("chain_product")
def test_chain_short(student):
    """one step is its own derivative, and no step at all has 1"""
    close(student.chain_product, ([-2.5],), expected=-2.5)
    close(student.chain_product, ([],), expected=1)


@exercise("chain_product")
def test_chain_vanishing(student):
    """ten times a quarter: what sigmoids leave of a gradient; a factor of 0 leaves nothing"""
    close(student.chain_product, ([0.25] * 10,), expected=9.5367432e-07, terms=10)
    close(student.chain_product, ([2.0, 0.0, -3.0],), expected=0)


def square_times(x: np.ndarray) -> float:
    return float(x[0] ** 2 * x[1])


def cubes(x: np.ndarray) -> float:
    return float(x[0] ** 3 + x[0] ** 2 * x[1])


def weighted_squares(x: np.ndarray) -> float:
    return float(np.dot([1.0, -2.0, 0.5, 0.0, 3.0, 0.25], np.ravel(x) ** 2))


@exercise("numerical_gradient", weight=2)
def test_numerical_by_hand(student):
    """x_0² x_1, whose derivatives are 2 x_0 x_1 and x_0²"""
    x = np.array([2.0, 3.0])
    close(student.numerical_gradient, (square_times, x), expected=np.array([12.0, 4.0]), tolerance=NUMERICAL)
    x = np.array([-1.0, 0.5])
    close(student.numerical_gradient, (square_times, x), expected=np.array([-1.0, 1.0]), tolerance=NUMERICAL)


@exercise("numerical_gradient", weight=2)
@pytest.mark.parametrize(("h", "expected"), [(0.5, [24.25, 4.0]), (0.1, [24.01, 4.0])])
def test_numerical_wide(student, h, expected):
    """a wide h of {h}, which goes to both sides and makes an error that is known"""
    args = (cubes, np.array([2.0, 3.0]))
    close(student.numerical_gradient, args, {"h": h}, expected=np.array(expected), tolerance=NUMERICAL)


@exercise("numerical_gradient", weight=2)
def test_numerical_matrix(student):
    """an array of two rows and three columns"""
    x = np.array([[1.0, 2.0, -1.0], [5.0, 0.5, 4.0]])
    expected = np.array([[2.0, -8.0, -1.0], [0.0, 3.0, 2.0]])
    close(student.numerical_gradient, (weighted_squares, x), expected=expected, tolerance=NUMERICAL)


@exercise("numerical_gradient")
def test_numerical_argument(student):
    """x is as before after the call"""
    args = (square_times, np.array([2.0, 3.0]), 0.5)
    unchanged(student.numerical_gradient, args, expected=np.array([12.0, 4.0]))


@exercise("relative_error", weight=2)
def test_error_by_hand(student):
    """two vectors of the lengths 10 and 5, and others"""
    close(student.relative_error, (np.array([6.0, 8.0]), np.array([0.0, 5.0])), expected=0.44721360)
    close(student.relative_error, (np.array([6.0, -8.0, 0.0]), np.array([6.0, 0.0, 8.0])), expected=0.56568542)


@exercise("relative_error", weight=2)
def test_error_matrix(student):
    """two matrices of length 5 and 10, and the root of 45 apart"""
    a, b = np.array([[5.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), np.array([[8.0, 4.0, 0.0], [0.0, 2.0, 4.0]])
    close(student.relative_error, (a, b), expected=0.44721360)


@exercise("relative_error")
def test_error_ends(student):
    """0 for equal arrays, 1 for opposite ones"""
    a = np.array([1.0, -2.0, 0.5])
    close(student.relative_error, (a, a.copy()), expected=0, scale=1.0)
    close(student.relative_error, (a, -a), expected=1)


@exercise("relative_error")
def test_error_zeros(student):
    """0 where both are all zeros, 1 where one of them is"""
    close(student.relative_error, (np.zeros(2), np.zeros(2)), expected=0, scale=1.0)
    close(student.relative_error, (np.zeros(2), np.array([0.5, -3.0])), expected=1)


@exercise("predicted_change", weight=2)
def test_change_by_hand(student):
    """two weights and a bias"""
    args = (np.array([2.0, -1.0]), 0.5, np.array([0.1, 0.3]), -0.2)
    close(student.predicted_change, args, expected=-0.2, scale=1.0)


@exercise("predicted_change")
def test_change_three_weights(student):
    """three weights and a bias"""
    args = (np.array([4.0, 0.5, -2.0]), -3.0, np.array([0.25, -2.0, 0.5]), 0.5)
    close(student.predicted_change, args, expected=-2.5)


@exercise("predicted_change")
def test_change_of_one_alone(student):
    """a weight alone, the bias alone, and nothing at all"""
    grad_w = np.array([4.0, 0.5])
    close(student.predicted_change, (grad_w, -3.0, np.array([0.0, 0.25]), 0.0), expected=0.125)
    close(student.predicted_change, (grad_w, -3.0, np.zeros(2), 0.5), expected=-1.5)
    close(student.predicted_change, (grad_w, -3.0, np.zeros(2), 0.0), expected=0)


@exercise("line_gradient", weight=2)
def test_line_slides(student):
    """the slides' data on 2 x + 4, at w = 3 and b = 2"""
    close(student.line_gradient, (3.0, 2.0, PLACES, TARGETS), expected=(16.5, 2.5), terms=8)


@exercise("line_gradient", weight=2)
def test_line_by_hand(student):
    """two points, and three"""
    args = (1.0, 0.0, np.array([1.0, 2.0]), np.array([3.0, 3.0]))
    close(student.line_gradient, args, expected=(-2.0, -1.5))
    args = (-2.0, 1.0, np.array([0.0, 3.0, -1.0]), np.array([4.0, 1.0, 0.0]))  # errors -3, -6 and 3
    close(student.line_gradient, args, expected=(-7.0, -2.0))


@exercise("line_gradient")
def test_line_best(student):
    """no slope at the best line, and one beside it"""
    close(student.line_gradient, (2.0, 4.0, PLACES, TARGETS), expected=(0.0, 0.0), scale=1.0)
    close(student.line_gradient, (2.0, 5.0, PLACES, TARGETS), expected=(4.5, 1.0), terms=8)


@exercise("steepest_direction", weight=2)
def test_steepest_by_hand(student):
    """vectors whose lengths are whole numbers"""
    close(student.steepest_direction, (np.array([3.0, 4.0]),), expected=np.array([-0.6, -0.8]))
    close(student.steepest_direction, (np.array([-2.0, 1.0, 2.0]),), expected=np.array([2.0, -1.0, -2.0]) / 3)


@exercise("steepest_direction")
def test_steepest_matrix(student):
    """a matrix has one length, that of all its entries"""
    grad, expected = np.array([[1.0, -1.0, 3.0], [1.0, 0.0, 2.0]]), np.array([[-0.25, 0.25, -0.75], [-0.25, 0, -0.5]])
    close(student.steepest_direction, (grad,), expected=expected)


@exercise("steepest_direction")
def test_steepest_zero(student):
    """a gradient of zeros has no direction: zeros; the smallest other one has"""
    close(student.steepest_direction, (np.zeros(3),), expected=np.zeros(3))
    close(student.steepest_direction, (np.array([0.0, -(2.0**-30), 0.0]),), expected=np.array([0.0, 1.0, 0.0]))


def slope(formula: Callable[[np.ndarray], np.ndarray]) -> Callable[[object], object]:
    """A gradient for numbers and arrays alike, which gives a number for a number."""

    def grad(x: object) -> object:
        values = formula(np.asarray(x, dtype=float))
        return values if values.ndim else float(values)

    return grad


twice = slope(lambda x: 2 * x)
bowl = slope(lambda x: np.array([[2.0, 1.0], [1.0, 3.0]]) @ x)


@exercise("gradient_descent", weight=2)
def test_descent_number(student):
    """a number as the start: down x², and along x³"""
    close(student.gradient_descent, (twice, 4.0, 0.25, 2), expected=np.array([4.0, 2.0, 1.0]))
    along = slope(lambda x: 3 * x**2)
    close(student.gradient_descent, (along, 1.0, 0.5, 2), expected=np.array([1.0, -0.5, -0.875]))


@exercise("gradient_descent", weight=2)
def test_descent_vector(student):
    """two numbers at once, each of which counts for the slope of the other"""
    expected = np.array([[4.0, -8.0], [4.0, -3.0], [2.75, -1.75]])
    close(student.gradient_descent, (bowl, np.array([4.0, -8.0]), 0.25, 2), expected=expected)


@exercise("gradient_descent", weight=2)
def test_descent_matrix(student):
    """a matrix as the start"""
    x0 = np.array([[8.0, -4.0, 1.0], [0.0, 2.0, -16.0]])
    expected = np.array([x0, x0 / 2, x0 / 4, x0 / 8])
    close(student.gradient_descent, (twice, x0, 0.25, 3), expected=expected)


@exercise("gradient_descent")
def test_descent_whole_start(student):
    """a whole number as the start: the path need not stay whole"""
    close(student.gradient_descent, (twice, 3, 0.25, 2), expected=np.array([3.0, 1.5, 0.75]))
    close(student.gradient_descent, (twice, np.array([3, -5]), 0.25, 1), expected=np.array([[3.0, -5.0], [1.5, -2.5]]))


@exercise("gradient_descent")
def test_descent_start(student):
    """the start is as before after the call"""
    expected = np.array([[4.0, -8.0], [4.0, -3.0], [2.75, -1.75]])
    unchanged(student.gradient_descent, (bowl, np.array([4.0, -8.0]), 0.25, 2), expected=expected)


@exercise("chain_product", "steepest_direction", weight=0)
def test_argument_stays(student, name):
    """the argument stays as it was"""
    if name == "chain_product":
        unchanged(student.chain_product, ([0.5, -2.0, 3.0],), expected=-3.0)
    else:
        unchanged(student.steepest_direction, (np.array([3.0, 4.0]),), expected=np.array([-0.6, -0.8]))
