"""Reference for 05_regularization: L2, dropout, and more data made from the data there is.

Source: "Neural networks basics" (after M. Nielsen's book *Neural Networks and Deep Learning*), guarding against
overfitting and saturation. An image is (H, W); nothing that is handed in is written to.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def l2_cost(cost: float, weights: Sequence[Array], lmbda: float, n: int) -> float:
    """C + λ/(2n) Σ w² over all weights of all layers; biases are left out."""
    return cost + lmbda / (2 * n) * sum(float(np.sum(w**2)) for w in weights)


def l2_step(w: Array, grad: Array, eta: float, lmbda: float, n: int) -> Array:
    """(1 − ηλ/n) w − η grad: each step makes the weights a little smaller before it descends."""
    return (1 - eta * lmbda / n) * w - eta * grad


def dropout(a: Array, p: float, rng: np.random.Generator) -> tuple[Array, npt.NDArray[np.bool_]]:
    """(a_dropped, mask): each unit is dropped with probability p, survivors are scaled by 1/(1 − p); 0 ≤ p < 1.

    The scaling keeps the expected sum, so nothing needs to change when the network is used. The mask has a's shape
    and is True where a unit was kept.
    """
    mask = rng.random(a.shape) >= p
    return a * mask / (1 - p), mask


def reflect(image: Array) -> Array:
    """The left–right mirror image."""
    return image[:, ::-1]


def translate(image: Array, dy: int, dx: int) -> Array:
    """Shifted dy rows down and dx columns right (up and left where negative); what comes in is 0, nothing wraps."""
    height, width = image.shape
    padded = np.pad(image, ((abs(dy),), (abs(dx),)))
    return padded[abs(dy) - dy :, abs(dx) - dx :][:height, :width]


def rotate90(image: Array, k: int) -> Array:
    """k ≥ 0 quarter turns counter-clockwise."""
    return np.rot90(image, k)


def contrast(image: Array, factor: float) -> Array:
    """Differences from the image's mean, scaled; the mean stays, nothing is clipped."""
    mean = float(image.mean())
    return mean + factor * (image - mean)


def shear(image: Array, k: float) -> Array:
    """Row i shifted right by round(k i), left where that is negative; what comes in is 0.

    One gather: entry (i, j) comes from column j − round(k i), where there is one.
    """
    rows, columns = np.indices(image.shape)
    origin = columns - np.rint(k * rows).astype(int)
    inside = (origin >= 0) & (origin < image.shape[1])
    return np.where(inside, image[rows, np.where(inside, origin, 0)], 0)
