"""The public tests of 02_activations: numbers of the slides and numbers you can check by hand."""

import numpy as np
import pytest

from autograder import close, exercise, silent, unchanged

Z = np.array([-2.0, -0.5, 0.0, 0.5, 1.0, 3.0])
FAR = np.array([-10_000.0, -800.0, -1.0, 0.0, 2.0, 800.0, 10_000.0])
LOG = np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 2.0]])  # e to these are whole numbers
OR_W, OR_B = np.array([0.5, 0.5]), -0.25  # the slides' OR gate
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def square_plus_one(z):
    return np.asarray(z) ** 2 + 1


def logistic(z):
    return 1 / (1 + np.exp(-np.asarray(z)))


# ---- activations


@exercise("sigmoid")
def test_sigmoid_values(student):
    """six numbers around 0"""
    expected = np.array([0.1192029, 0.3775407, 0.5, 0.6224593, 0.7310586, 0.9525741])
    close(student.sigmoid, (Z,), expected=expected, scale=1)


@exercise("sigmoid")
def test_sigmoid_matrix(student):
    """a matrix gives a matrix of the same shape"""
    z = np.log([[1.0, 3.0, 4.0], [0.25, 9.0, 0.1]])  # e^z/(e^z + 1)
    expected = np.array([[1 / 2, 3 / 4, 4 / 5], [1 / 5, 9 / 10, 1 / 11]])
    close(student.sigmoid, (z,), expected=expected, scale=1)
    whole = np.array([[-1, 0, 1], [2, -2, 3]])  # the results are not whole numbers
    expected = np.array([[0.2689414, 0.5, 0.7310586], [0.8807971, 0.1192029, 0.9525741]])
    close(student.sigmoid, (whole,), expected=expected, scale=1)


@exercise("sigmoid")
def test_sigmoid_large(student):
    """0 and 1 far from 0, where the plain formula overflows; no warning from NumPy"""
    expected = np.array([0.0, 0.0, 0.2689414, 0.5, 0.8807971, 1.0, 1.0])
    silent(student.sigmoid, (FAR,), expected=expected, scale=1)


@exercise("tanh")
def test_tanh_values(student):
    """six numbers around 0"""
    expected = np.array([-0.9640276, -0.4621172, 0.0, 0.4621172, 0.7615942, 0.9950548])
    close(student.tanh, (Z,), expected=expected, scale=1)


@exercise("tanh")
def test_tanh_matrix(student):
    """a matrix gives a matrix of the same shape"""
    z = np.log([[1.0, 2.0, 3.0], [0.5, 0.25, 5.0]])  # (e^2z - 1)/(e^2z + 1)
    expected = np.array([[0.0, 3 / 5, 4 / 5], [-3 / 5, -15 / 17, 12 / 13]])
    close(student.tanh, (z,), expected=expected, scale=1)


@exercise("tanh")
def test_tanh_large(student):
    """-1 and 1 far from 0, where a quotient of exponentials is nan; no warning from NumPy"""
    expected = np.array([-1.0, -1.0, -0.7615942, 0.0, 0.9640276, 1.0, 1.0])
    silent(student.tanh, (FAR,), expected=expected, scale=1)


@exercise("relu")
def test_relu_values(student):
    """six numbers around 0"""
    close(student.relu, (Z,), expected=np.array([0.0, 0.0, 0.0, 0.5, 1.0, 3.0]))


@exercise("relu")
def test_relu_matrix(student):
    """a matrix gives a matrix of the same shape"""
    z = np.array([[1.5, -2.0, 0.0], [-0.25, 4.0, -7.0]])
    close(student.relu, (z,), expected=np.array([[1.5, 0.0, 0.0], [0.0, 4.0, 0.0]]))


@exercise("relu")
def test_relu_large(student):
    """numbers far from 0; no warning from NumPy"""
    silent(student.relu, (FAR,), expected=np.array([0.0, 0.0, 0.0, 0.0, 2.0, 800.0, 10_000.0]))


@exercise("relu")
def test_relu_argument(student):
    """z stays as it was"""
    unchanged(student.relu, (np.array([-1.0, 2.0, -3.0]),), expected=np.array([0.0, 2.0, 0.0]))


@exercise("leaky_relu")
def test_leaky_values(student):
    """six numbers around 0, with the slope 0.1 that is there when none is given"""
    close(student.leaky_relu, (Z,), expected=np.array([-0.2, -0.05, 0.0, 0.5, 1.0, 3.0]))


@exercise("leaky_relu")
def test_leaky_slope(student):
    """a slope of 0.25"""
    z = np.array([[-4.0, 0.125, -1.0], [0.0, -0.5, 8.0]])
    expected = np.array([[-1.0, 0.125, -0.25], [0.0, -0.125, 8.0]])
    close(student.leaky_relu, (z, 0.25), expected=expected)
    close(student.leaky_relu, (z,), {"alpha": 0.25}, expected=expected)


@exercise("leaky_relu")
def test_leaky_large(student):
    """numbers far from 0; no warning from NumPy"""
    expected = np.array([-1000.0, -80.0, -0.1, 0.0, 2.0, 800.0, 10_000.0])
    silent(student.leaky_relu, (FAR,), expected=expected)


@exercise("elu")
def test_elu_values(student):
    """six numbers around 0"""
    close(student.elu, (Z,), expected=np.array([-0.8646647, -0.3934693, 0.0, 0.5, 1.0, 3.0]))


@exercise("elu")
def test_elu_alpha(student):
    """alpha = 3: e^z is 1/2, 1/3 and 1/6"""
    z = np.array([[-np.log(2.0), 2.0, -np.log(3.0)], [0.0, -np.log(6.0), 5.0]])
    expected = np.array([[-1.5, 2.0, -2.0], [0.0, -2.5, 5.0]])
    close(student.elu, (z, 3.0), expected=expected)
    close(student.elu, (z,), {"alpha": 3.0}, expected=expected)


@exercise("elu")
def test_elu_large(student):
    """-alpha and z far from 0; no warning from NumPy"""
    silent(student.elu, (-np.abs(FAR), 2.0), expected=np.array([-2.0, -2.0, -1.2642411, 0.0, -1.7293294, -2.0, -2.0]))
    silent(student.elu, (np.abs(FAR), 2.0), expected=np.array([10_000.0, 800.0, 1.0, 0.0, 2.0, 800.0, 10_000.0]))


@exercise("neuron")
def test_neuron_or(student):
    """the logistic neuron on the slides' OR weights"""
    close(student.neuron, (np.array([1.0, 1.0]), OR_W, OR_B, logistic), expected=0.6791787)
    close(student.neuron, (np.array([0.0, 0.0]), OR_W, OR_B, logistic), expected=0.4378235)


@exercise("neuron")
def test_neuron_batch(student):
    """all four corners at once"""
    expected = np.array([0.4378235, 0.5621765, 0.5621765, 0.6791787])
    close(student.neuron, (CORNERS, OR_W, OR_B, logistic), expected=expected)


@exercise("neuron")
def test_neuron_other_function(student):
    """another activation, z² + 1"""
    x, w = np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 2.0]]), np.array([2.0, -1.0, 3.0])
    close(student.neuron, (x, w, 0.5, square_plus_one), expected=np.array([1.25, 17.0]))


@exercise("maxout")
def test_maxout_one_sample(student):
    """three lines of two inputs: 3, -1.5 and 4 with their biases"""
    W, b = np.array([[1.0, 0.0], [0.5, -1.0], [2.0, 1.5]]), np.array([2.0, 0.0, -1.0])
    close(student.maxout, (np.array([1.0, 2.0]), W, b), expected=4.0)
    close(student.maxout, (np.array([1.0, -2.0]), W, b), expected=3.0)


@exercise("maxout")
def test_maxout_batch(student):
    """several samples, one number for each"""
    W, b = np.array([[1.0, 0.0], [0.5, -1.0], [2.0, 1.5]]), np.array([2.0, 0.0, -1.0])
    x = np.array([[1.0, 2.0], [1.0, -2.0], [-4.0, 0.5], [0.0, -3.0]])
    close(student.maxout, (x, W, b), expected=np.array([4.0, 3.0, -2.0, 3.0]))


@exercise("maxout")
def test_maxout_absolute(student):
    """the lines x and -x make |x|"""
    x, W, b = np.array([[-3.0], [2.0], [-0.5]]), np.array([[1.0], [-1.0]]), np.array([0.0, 0.0])
    close(student.maxout, (x, W, b), expected=np.array([3.0, 2.0, 0.5]))


@exercise("softmax")
def test_softmax_one_sample(student):
    """scores whose exponentials are 1, 2 and 5"""
    close(student.softmax, (LOG[0],), expected=np.array([0.125, 0.25, 0.625]), scale=1)


@exercise("softmax")
def test_softmax_rows(student):
    """each row adds up to 1, however many axes there are"""
    close(student.softmax, (LOG,), expected=np.array([[0.125, 0.25, 0.625], [0.375, 0.375, 0.25]]), scale=1)
    close(student.softmax, (LOG.T[:2],), expected=np.array([[0.25, 0.75], [0.4, 0.6]]), scale=1)
    close(
        student.softmax, (LOG[np.newaxis],), expected=np.array([[[0.125, 0.25, 0.625], [0.375, 0.375, 0.25]]]), scale=1
    )


@exercise("softmax")
def test_softmax_shifted(student):
    """the same number added to all scores of a row changes nothing"""
    z = np.array([[1.0], [-5.0]]) + LOG
    close(student.softmax, (z,), expected=np.array([[0.125, 0.25, 0.625], [0.375, 0.375, 0.25]]), scale=1)


@exercise("softmax")
def test_softmax_large(student):
    """scores of several thousands, where e^z overflows; no warning from NumPy"""
    z = np.array([[9999.0, 10_000.0, 9000.0], [-10_000.0, -10_000.0, -9999.0]])
    expected = np.array([[0.2689414, 0.7310586, 0.0], [0.2119416, 0.2119416, 0.5761169]])
    silent(student.softmax, (z,), expected=expected, scale=1)


@exercise("leaky_relu", "elu", "softmax", weight=0)
def test_z_stays(student, name):
    """z stays as it was"""
    z, expected = np.array([[-1.0, 2.0]]), {"leaky_relu": [[-0.1, 2.0]], "elu": [[-0.6321206, 2.0]]}
    if name == "softmax":
        z, expected[name] = LOG[:1].copy(), [[0.125, 0.25, 0.625]]
    unchanged(getattr(student, name), (z,), expected=np.array(expected[name]))


# ---- derivatives


@exercise("sigmoid_prime")
def test_sigmoid_prime_values(student):
    """six numbers around 0; never more than 1/4"""
    expected = np.array([0.1049936, 0.2350037, 0.25, 0.2350037, 0.1966119, 0.0451767])
    close(student.sigmoid_prime, (Z,), expected=expected, scale=1)


@exercise("sigmoid_prime")
def test_sigmoid_prime_large(student):
    """0 far from 0; no warning from NumPy"""
    expected = np.array([0.0, 0.0, 0.1966119, 0.25, 0.1049936, 0.0, 0.0])
    silent(student.sigmoid_prime, (FAR,), expected=expected, scale=1)


@exercise("tanh_prime")
def test_tanh_prime_values(student):
    """six numbers around 0; never more than 1"""
    expected = np.array([0.0706508, 0.7864477, 1.0, 0.7864477, 0.4199743, 0.009866])
    close(student.tanh_prime, (Z,), expected=expected, scale=1)


@exercise("tanh_prime")
def test_tanh_prime_large(student):
    """0 far from 0; no warning from NumPy"""
    expected = np.array([0.0, 0.0, 0.4199743, 1.0, 0.0706508, 0.0, 0.0])
    silent(student.tanh_prime, (FAR,), expected=expected, scale=1)


@exercise("relu_prime")
def test_relu_prime_values(student):
    """0 below 0 and at 0, 1 above"""
    close(student.relu_prime, (Z,), expected=np.array([0, 0, 0, 1, 1, 1]))


@exercise("relu_prime")
def test_relu_prime_large(student):
    """numbers far from 0; no warning from NumPy"""
    silent(student.relu_prime, (FAR,), expected=np.array([0, 0, 0, 0, 1, 1, 1]))


@exercise("leaky_relu_prime")
def test_leaky_prime_values(student):
    """the slope 0.1 below 0 and at 0, 1 above"""
    close(student.leaky_relu_prime, (Z,), expected=np.array([0.1, 0.1, 0.1, 1, 1, 1]))


@exercise("leaky_relu_prime")
def test_leaky_prime_slope(student):
    """a slope of 0.25"""
    z = np.array([[-4.0, 2.0, -1.0], [0.0, -0.5, 8.0]])
    expected = np.array([[0.25, 1.0, 0.25], [0.25, 0.25, 1.0]])
    close(student.leaky_relu_prime, (z, 0.25), expected=expected)
    close(student.leaky_relu_prime, (z,), {"alpha": 0.25}, expected=expected)


@exercise("leaky_relu_prime")
def test_leaky_prime_large(student):
    """numbers far from 0; no warning from NumPy"""
    silent(student.leaky_relu_prime, (FAR,), expected=np.array([0.1, 0.1, 0.1, 0.1, 1, 1, 1]))


# ---- costs


@exercise("quadratic_cost")
def test_quadratic_line_fit(student):
    """the slides' line fit: y = 2x + 4 at x = 1 to 8, answered by 3x + 2, costs 5.75"""
    x = np.arange(1.0, 9.0)
    close(student.quadratic_cost, (3 * x + 2, 2 * x + 4), expected=5.75)


@exercise("quadratic_cost")
@pytest.mark.parametrize(
    ("a", "y", "cost"),
    [
        ([[1.0, 0.0, 2.0]], [[0.0, 1.0, 0.0]], 3.0),
        ([[1.0, 0.0, 2.0], [1.0, -1.0, 0.5]], [[0.0, 1.0, 0.0], [1.0, 1.0, 0.5]], 2.5),
    ],
)
def test_quadratic_rows(student, a, y, cost):
    """three outputs of one or two samples, which cost {cost}"""
    close(student.quadratic_cost, (np.array(a), np.array(y)), expected=cost)


@exercise("binary_cross_entropy")
def test_binary_values(student):
    """answers of 1/2, 1/4 and 1/8: logarithms you can check"""
    a, y = np.array([0.5, 0.25, 0.875]), np.array([1.0, 1.0, 0.0])
    close(student.binary_cross_entropy, (a, y), expected=2 * np.log(2))  # (1 + 2 + 3)/3 ln 2
    close(student.binary_cross_entropy, (a, 1 - y), expected=(2 * np.log(2) - np.log(1.3125)) / 3)


@exercise("binary_cross_entropy")
def test_binary_certain(student):
    """certain and right answers cost nothing: 0·ln 0 counts as 0"""
    a, y = np.array([0.0, 1.0, 0.25]), np.array([0.0, 1.0, 0.0])
    close(student.binary_cross_entropy, (a, y), expected=0.0958940)


@exercise("cross_entropy")
def test_cross_entropy_values(student):
    """two samples, three classes"""
    a = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]])
    y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    close(student.cross_entropy, (a, y), expected=2.5 * np.log(2))


@exercise("cross_entropy")
def test_cross_entropy_certain(student):
    """certain and right answers cost nothing: 0·ln 0 counts as 0"""
    a = np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    y = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    close(student.cross_entropy, (a, y), expected=0.5 * np.log(2))


@exercise("gradient_bound")
def test_bound_values(student):
    """three layers, one, none and five"""
    for depth, bound in ((3, 0.015625), (1, 0.25), (0, 1.0), (5, 0.0009765625)):
        close(student.gradient_bound, (depth,), expected=bound)
