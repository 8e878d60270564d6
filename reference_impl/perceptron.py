"""Reference for 01_perceptron: threshold units, the perceptron rule, gates, XOR, the delta rule.

Sources: "Deep Learning Workshop" (X. Karagiannis) and "Neural networks basics" (after M. Nielsen's book
*Neural Networks and Deep Learning*). Every unit here fires if its net input is strictly positive, so on its
boundary the output is 0. In the first deck `hardlim` is 1 at 0 by its textbook and 0 by its own perceptron formula.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Bits = npt.NDArray[np.int64]
Layer = tuple[Array, Array]

# Each line runs midway between the corners it separates, so rounding cannot move a corner across.
GATES: dict[str, tuple[tuple[float, float], float]] = {
    "AND": ((1.0, 1.0), -1.5),
    "OR": ((0.5, 0.5), -0.25),
    "NAND": ((-1.0, -1.0), 1.5),
}


def threshold_unit(x: Array, w: Array, threshold: float) -> Bits | np.int64:
    """Return 1 if Σ_j w_j x_j > threshold, else 0: the unit of McCulloch and Pitts.

    x (d,) gives a scalar, x (n, d) gives (n,); w (d,). Source: "Deep Learning Workshop".
    """
    return (x @ w > threshold).astype(np.int64)


def perceptron_predict(x: Array, w: Array, b: float) -> Bits | np.int64:
    """Return 1 if w·x + b > 0, else 0, so 0 on the boundary.

    x (d,) gives a scalar, x (n, d) gives (n,); w (d,). Sources: "Deep Learning Workshop",
    "Neural networks basics".
    """
    return (x @ w + b > 0).astype(np.int64)


def perceptron_update(w: Array, b: float, p: Array, t: int) -> tuple[Array, float]:
    """Apply the unified rule to one pattern: e = t − a, then (w + e p, b + e); a is the output before the update.

    w (d,), p (d,), t 0 or 1. Source: "Deep Learning Workshop".
    """
    e = int(t - perceptron_predict(p, w, b))
    return w + e * p, b + e


def perceptron_train(
    P: Array, T: npt.NDArray[np.generic], w: Array, b: float, max_epochs: int = 100
) -> tuple[Array, float, list[int]]:
    """Update with the patterns in order, epoch after epoch, until an epoch has no mistake or until max_epochs.

    P (n, d), T (n,) of 0 and 1, w (d,). Returns (w, b, mistakes): one count for each epoch, each mistake
    judged by the weights before its update; the last epoch without a mistake counts as 0.
    Source: "Deep Learning Workshop".
    """
    mistakes: list[int] = []
    while len(mistakes) < max_epochs and (not mistakes or mistakes[-1] > 0):
        mistakes.append(0)
        for p, t in zip(P, T, strict=True):
            mistakes[-1] += int(perceptron_predict(p, w, b) != t)
            w, b = perceptron_update(w, b, p, t)
    return w, b, mistakes


def gate(name: str) -> tuple[Array, float]:
    """Return (w (2,), b) of a perceptron that computes "AND", "OR" or "NAND".

    Raises ValueError for every other name. Source for OR's numbers: "Deep Learning Workshop".
    """
    if name not in GATES:
        raise ValueError(f"gate must be one of {', '.join(GATES)}, got {name!r}")
    w, b = GATES[name]
    return np.array(w), b


def xor_network() -> list[Layer]:
    """Return [(W1 (2, 2), b1 (2,)), (W2 (1, 2), b2 (1,))], which computes XOR as the AND of OR and NAND.

    Sources: "Deep Learning Workshop", "Neural networks basics" (circuits of NAND gates).
    """
    (w_or, b_or), (w_nand, b_nand), (w_and, b_and) = gate("OR"), gate("NAND"), gate("AND")
    return [(np.stack([w_or, w_nand]), np.array([b_or, b_nand])), (w_and[np.newaxis], np.array([b_and]))]


def delta_rule(W: Array, x: Array, t: Array, eta: float) -> Array:
    """Take one step for linear units o = W x: W + η (t − o) xᵀ, downhill on ½‖t − W x‖².

    W (k, d), x (d,), t (k,) → (k, d). Source: "Deep Learning Workshop".
    """
    return W + eta * np.outer(t - W @ x, x)


def boundary_distance(x: Array, w: Array, b: float) -> Array | np.float64:
    """Return the signed distance (w·x + b) / ‖w‖ to the line w·x + b = 0, positive on the side that fires.

    x (d,) gives a scalar, x (n, d) gives (n,); w (d,), not all zero. Source: "Deep Learning Workshop".
    """
    return (x @ w + b) / np.linalg.norm(w)
