"""Reference for 04_backprop: the four equations of backpropagation, optimizers, a network that learns.

Sources: "Neural networks basics" (after M. Nielsen's book *Neural Networks and Deep Learning*), "Neural Networks and
Deep Learning" (M. Denninger, TUM), "Class 10: Neural Networks" (N. Landman, H Academy).

Columns are samples (in 02_activations they are rows), as in the slides' equations: weights w^l (n_l, n_{l−1}),
biases b^l (n_l, 1), activations a^l and targets y (n_l, m). Every layer is a sigmoid. Nothing loops over samples.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reference_impl.activations import sigmoid, sigmoid_prime

Array = npt.NDArray[np.float64]
Arrays = Sequence[Array]
Indices = npt.NDArray[np.int64]


def feedforward(x: Array, weights: Arrays, biases: Arrays) -> tuple[list[Array], list[Array]]:
    """Return (zs, activations) of every layer, z^l = w^l a^{l−1} + b^l; activations[0] is x (n_0, m).

    Source: "Neural networks basics", step 2 of the algorithm.
    """
    zs: list[Array] = []
    activations = [x]
    for w, b in zip(weights, biases, strict=True):
        zs.append(w @ activations[-1] + b)
        activations.append(sigmoid(zs[-1]))
    return zs, activations


def output_error(a: Array, y: Array, z: Array, cost: str = "quadratic") -> Array:
    """Return BP1, δ^L = ∇_a C ⊙ σ'(z): (a − y) ⊙ σ'(z) for "quadratic", a − y for "cross_entropy"; all (n_L, m).

    Sources: "Neural networks basics"; "Neural Networks and Deep Learning", which prints ∂E/∂a = y − a; it is
    a − y.
    """
    return (a - y) * sigmoid_prime(z) if cost == "quadratic" else a - y


def hidden_error(w_next: Array, delta_next: Array, z: Array) -> Array:
    """Return BP2, δ^l = (w^{l+1}ᵀ δ^{l+1}) ⊙ σ'(z^l): (n_{l+1}, n_l), (n_{l+1}, m), (n_l, m) → (n_l, m).

    Source: "Neural networks basics".
    """
    return (w_next.T @ delta_next) * sigmoid_prime(z)


def bias_gradient(delta: Array) -> Array:
    """Return BP3, the mean of the m samples' errors: (n_l, m) → (n_l, 1). Source: "Neural networks basics"."""
    mean: Array = np.mean(delta, axis=1, keepdims=True)
    return mean


def weight_gradient(delta: Array, a_prev: Array) -> Array:
    """Return BP4, the mean of δ aᵀ over the m samples: (n_l, m), (n_{l−1}, m) → (n_l, n_{l−1}).

    One matrix product adds up the samples. Source: "Neural networks basics".
    """
    mean: Array = delta @ a_prev.T / delta.shape[1]
    return mean


def backprop(
    x: Array, y: Array, weights: Arrays, biases: Arrays, cost: str = "quadratic"
) -> tuple[list[Array], list[Array]]:
    """Return (grad_w, grad_b) of the mean cost of a mini-batch, lists like weights and biases; x (n_0, m), y (n_L, m).

    Source: "Neural networks basics", the five steps of the algorithm.
    """
    zs, activations = feedforward(x, weights, biases)
    delta = output_error(activations[-1], y, zs[-1], cost)
    grad_w, grad_b = [weight_gradient(delta, activations[-2])], [bias_gradient(delta)]
    for l in range(len(weights) - 2, -1, -1):  # noqa: E741 (the slides' letter)
        delta = hidden_error(weights[l + 1], delta, zs[l])
        grad_w.insert(0, weight_gradient(delta, activations[l]))
        grad_b.insert(0, bias_gradient(delta))
    return grad_w, grad_b


def sgd_step(
    weights: Arrays, biases: Arrays, grad_w: Arrays, grad_b: Arrays, eta: float
) -> tuple[list[Array], list[Array]]:
    """Return w − η ∂C/∂w and b − η ∂C/∂b for every layer, in new lists. Source: "Neural networks basics"."""
    stepped = [w - eta * g for w, g in zip(weights, grad_w, strict=True)]
    return stepped, [b - eta * g for b, g in zip(biases, grad_b, strict=True)]


def momentum_step(w: Array, v: Array, grad: Array, eta: float, mu: float) -> tuple[Array, Array]:
    """Return (w, v) with v ← μ v − η grad, then w ← w + v. v moves the weight; it is not a mean of gradients.

    Source: "Neural Networks and Deep Learning" names it; the formula is Polyak's (1964).
    """
    v = mu * v - eta * grad
    return w + v, v


def adam_step(
    w: Array,
    m: Array,
    v: Array,
    grad: Array,
    t: int,
    eta: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """Return (w, m, v) after step t = 1, 2, …; m and v uncorrected, as the next step needs them.

    m ← β1 m + (1 − β1) g, v ← β2 v + (1 − β2) g²; both start at 0 and are too small by the factor 1 − β^t, so they are
    divided by it before w ← w − η m̂ / (√v̂ + ε).
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015).
    """
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - eta * m_hat / (np.sqrt(v_hat) + eps), m, v


def iterations_per_epoch(n: int, batch_size: int) -> int:
    """Return ceil(n / batch_size), the number of mini-batches in an epoch.

    Source: "Class 10: Neural Networks": 1000/20 = 50.
    """
    return -(-n // batch_size)


def mini_batches(n: int, batch_size: int, rng: np.random.Generator) -> list[Indices]:
    """Return a random partition of range(n) into index arrays of batch_size; the last one holds the rest.

    Source: "Neural networks basics", stochastic gradient descent.
    """
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def train_network(
    X: Array, Y: Array, sizes: Sequence[int], epochs: int, batch_size: int, eta: float, rng: np.random.Generator
) -> tuple[list[Array], list[Array]]:
    """Return (weights, biases) after plain stochastic gradient descent on the quadratic cost; X (n_0, m), Y (n_L, m).

    Weights start as N(0, 1/n_in), so that z stays near 0, where the sigmoid learns; biases start as 0.
    Source: "Neural networks basics".
    """
    pairs = list(itertools.pairwise(sizes))
    weights = [rng.normal(0, n_in**-0.5, (n_out, n_in)) for n_in, n_out in pairs]
    biases = [np.zeros((n_out, 1)) for _, n_out in pairs]
    for _ in range(epochs):
        for batch in mini_batches(X.shape[1], batch_size, rng):
            grad_w, grad_b = backprop(X[:, batch], Y[:, batch], weights, biases)
            weights, biases = sgd_step(weights, biases, grad_w, grad_b, eta)
    return weights, biases
