"""Reference for 05_regularization: L2, dropout, and data augmentation.

Source: "Neural networks basics" (after M. Nielsen's book *Neural Networks and Deep Learning*), guarding against
overfitting and saturation. An image is (H, W). No function changes its arguments.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def l2_cost(cost: float, weights: Sequence[Array], lmbda: float, n: int) -> float:
    """Return C + λ/(2n) Σ w² over all weights of all layers, without the biases."""
    return cost + lmbda / (2 * n) * sum(float(np.sum(w**2)) for w in weights)


def l2_step(w: Array, grad: Array, eta: float, lmbda: float, n: int) -> Array:
    """Return (1 − ηλ/n) w − η grad: each step shrinks the weights a little before it descends."""
    return (1 - eta * lmbda / n) * w - eta * grad


def dropout(a: Array, p: float, rng: np.random.Generator) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return (a_dropped, mask): each unit is dropped with probability p, the others are scaled by 1/(1 − p); 0 ≤ p < 1.

    The scaling keeps the expected sum, so nothing needs to change when the network is used. The mask has a's shape
    and is True for each unit that was kept.
    """
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask


def reflect(image: Array) -> Array:
    """Return the left–right mirror image."""
    return image[:, ::-1]


def translate(image: Array, dy: int, dx: int) -> Array:
    """Shift dy rows down and dx columns right (negative: up and left); new pixels are 0, nothing wraps around."""
    height, width = image.shape
    padded = np.pad(image, ((abs(dy),), (abs(dx),)))
    return padded[abs(dy) - dy :, abs(dx) - dx :][:height, :width]


def rotate90(image: Array, k: int) -> Array:
    """Rotate by k ≥ 0 quarter turns counter-clockwise."""
    return np.rot90(image, k)


def contrast(image: Array, factor: float) -> Array:
    """Scale the differences from the image's mean. The mean does not change, and nothing is clipped."""
    mean = float(image.mean())
    return mean + factor * (image - mean)


def shear(image: Array, k: float) -> Array:
    """Shift row i right by round(k i), or left if that is negative; new pixels are 0.

    One gather: entry (i, j) comes from column j − round(k i), if that column exists.
    """
    rows, columns = np.indices(image.shape)
    origin = columns - np.rint(k * rows).astype(int)
    inside = (origin >= 0) & (origin < image.shape[1])
    return np.where(inside, image[rows, np.where(inside, origin, 0)], 0)
