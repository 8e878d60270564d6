"""Reference for 02_activations: activation functions, their derivatives, and costs.

Sources: "Deep Neural Networks and Convolutional Neural Networks" (Alcademy), "Neural Networks and Deep Learning"
(M. Denninger, TUM), "Deep Learning Workshop" (X. Karagiannis), "Neural networks basics" (after M. Nielsen's book
*Neural Networks and Deep Learning*), "Class 10: Neural Networks" (N. Landman, H Academy).

Every function of z takes any shape and is correct, without a warning, for |z| up to 1e4. The trick is the
same in all of them: e^x is computed only for x ≤ 0, so that it cannot overflow. Costs average over samples, which are
rows.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def sigmoid(z: Array) -> Array:
    """Return σ(z) = 1 / (1 + e^−z), of z's shape.

    For z < 0 the equal form e^z / (1 + e^z) is used; with e = e^−|z| one line serves both.
    Sources: "Neural networks basics", "Deep Learning Workshop".
    """
    e: Array = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1, e) / (1 + e)


def tanh(z: Array) -> Array:
    """Return (e^z − e^−z) / (e^z + e^−z), of z's shape. NumPy's own tanh is correct for every z.

    Source: "Deep Neural Networks and Convolutional Neural Networks", which prints e^x instead of one e^z.
    """
    return np.tanh(z)


def relu(z: Array) -> Array:
    """Return max(0, z), of z's shape. Sources: "Neural Networks and Deep Learning", "Class 10: Neural Networks"."""
    return np.maximum(0, z)


def leaky_relu(z: Array, alpha: float = 0.1) -> Array:
    """Return z if z > 0, else α z, of z's shape; 0 ≤ α ≤ 1. Source: "Class 10: Neural Networks"."""
    return np.where(np.asarray(z) > 0, z, alpha * np.asarray(z))


def elu(z: Array, alpha: float = 1.0) -> Array:
    """Return z if z > 0, else α (e^z − 1), of z's shape; α ≥ 0. Source: "Class 10: Neural Networks"."""
    return np.where(np.asarray(z) > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def neuron(x: Array, w: Array, b: float, g: Callable[[Array], Array]) -> Array:
    """Return g(w·x + b): x (d,) gives a scalar, x (n, d) gives (n,); w (d,), g a function of any shape.

    Source: "Deep Neural Networks and Convolutional Neural Networks".
    """
    return g(x @ w + b)


def maxout(x: Array, W: Array, b: Array) -> Array | np.float64:
    """Return max_k (W_k·x + b_k): x (d,) gives a scalar, x (n, d) gives (n,); W (k, d), b (k,).

    Source: "Class 10: Neural Networks".
    """
    largest: Array = np.max(x @ W.T + b, axis=-1)
    return largest


def softmax(z: Array) -> Array:
    """Return e^{z_i} / Σ_j e^{z_j} over the last axis, of z's shape.

    Subtracting the row's maximum changes nothing in the quotient and keeps every exponent at 0 or below.
    Source: "Neural Networks and Deep Learning".
    """
    e: Array = np.exp(z - np.max(z, axis=-1, keepdims=True))
    total: Array = np.sum(e, axis=-1, keepdims=True)
    return e / total


def sigmoid_prime(z: Array) -> Array:
    """Return σ'(z) = σ(z) (1 − σ(z)), of z's shape; z is the weighted input, not the activation.

    Source: "Neural networks basics".
    """
    s = sigmoid(z)
    return s * (1 - s)


def tanh_prime(z: Array) -> Array:
    """Return 1 − tanh(z)², of z's shape. Source: "Deep Neural Networks and Convolutional Neural Networks"."""
    return 1 - np.tanh(z) ** 2


def relu_prime(z: Array) -> Array:
    """Return 1 if z > 0, else 0, of z's shape. At 0 there is no derivative; the value there is 0.

    Source: "Neural Networks and Deep Learning".
    """
    return np.where(np.asarray(z) > 0, 1.0, 0.0)


def leaky_relu_prime(z: Array, alpha: float = 0.1) -> Array:
    """Return 1 if z > 0, else α, of z's shape. At 0 there is no derivative; the value there is α.

    Source: "Class 10: Neural Networks".
    """
    return np.where(np.asarray(z) > 0, 1.0, alpha)


def quadratic_cost(a: Array, y: Array) -> float:
    """Return 1/(2n) Σ_x ‖y − a‖² over the n samples; a and y (n,), one output each, or (n, k).

    Sources: "Deep Learning Workshop", "Neural networks basics".
    """
    return float(np.sum((y - a) ** 2) / (2 * len(y)))


def binary_cross_entropy(a: Array, y: Array) -> float:
    """Return −1/n Σ [y ln a + (1 − y) ln(1 − a)]; a and y (n,), 0 < a < 1 or a = y, with 0·ln 0 = 0.

    Source: "Neural networks basics".
    """
    return float(-np.mean(_x_log_y(y, a) + _x_log_y(1 - y, 1 - a)))


def cross_entropy(a: Array, y: Array) -> float:
    """Return −1/n Σ_x y·ln a; a and y (n, k), rows are samples, y one-hot, with 0·ln 0 = 0.

    Source: "Neural Networks and Deep Learning".
    """
    return float(-np.sum(_x_log_y(y, a)) / len(y))


def _x_log_y(x: Array, y: Array) -> Array:
    """Return x ln y, entry by entry; 0 if x is 0, whatever y is."""
    return x * np.log(np.where(x == 0, 1, y))


def gradient_bound(depth: int) -> float:
    """Return (max σ')^depth = 0.25^depth: the largest factor that `depth` sigmoid layers can put on a gradient.

    Source: "Neural Networks and Deep Learning", vanishing gradients.
    """
    return 0.25**depth
