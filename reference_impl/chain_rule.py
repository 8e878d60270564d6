"""Reference for 03_chain_rule: computation graphs, numerical gradients, gradient descent.

Sources: "Deep Neural Networks and Convolutional Neural Networks" (Alcademy), "Deep Learning Workshop"
(X. Karagiannis) and "Neural networks basics" (after M. Nielsen's book *Neural Networks and Deep Learning*).
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Numbers = dict[str, float]


def product_of_sum(x: float, y: float, z: float) -> tuple[float, tuple[float, float, float]]:
    """Return f = (x + y) z and its gradient (∂f/∂x, ∂f/∂y, ∂f/∂z) = (z, z, x + y). Source: "Deep Learning Workshop"."""
    q = x + y
    return q * z, (z, z, q)


def sigmoid_graph_forward(w: Array, x: Array) -> Numbers:
    """Return every node of σ(w0 x0 + w1 x1 + w2) in eight steps: q, p, s, t, r, u, v, z; w (3,), x (2,).

    Source: "Deep Learning Workshop".
    """
    q = w[0] * x[0]
    p = w[1] * x[1]
    s = q + p
    t = w[2] + s
    r = -t
    u = np.exp(r)
    v = u + 1
    z = 1 / v
    return {"q": q, "p": p, "s": s, "t": t, "r": r, "u": u, "v": v, "z": z}


def sigmoid_graph_backward(w: Array, x: Array) -> Numbers:
    """Return ∂z/∂w0, ∂z/∂w1, ∂z/∂w2, ∂z/∂x0, ∂z/∂x1, from the last node back to the first; w (3,), x (2,).

    Source: "Deep Learning Workshop", which prints −0.1961 for ∂z/∂w0 = −0.1966119 at w = (2, −3, −3),
    x = (−1, −2), because it rounds each factor.
    """
    node = sigmoid_graph_forward(w, x)
    dv = -1 / node["v"] ** 2
    du = dv  # v = u + 1
    dr = du * node["u"]  # u = e^r
    dt = -dr  # r = −t
    dq = dp = dt  # t = w2 + s, s = q + p
    return {"w0": dq * x[0], "w1": dp * x[1], "w2": dt, "x0": dq * w[0], "x1": dp * w[1]}


def chain_product(derivatives: Sequence[float]) -> float:
    """Return the product of local derivatives along a chain; 1 for an empty one.

    Source: "Deep Neural Networks and Convolutional Neural Networks".
    """
    return float(np.prod(derivatives))


def numerical_gradient(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    """Return (f(x + h e_i) − f(x − h e_i)) / 2h for each entry of x, which has any shape and is not changed.

    The error of central differences is O(h²), that of one-sided ones O(h).
    Source: "Neural networks basics".
    """
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [(float(f(x + step)) - float(f(x - step))) / (2 * h) for step in steps]
    return np.array(slopes).reshape(x.shape)


def relative_error(a: Array, b: Array) -> float:
    """Return ‖a − b‖ / (‖a‖ + ‖b‖) with Frobenius norms: 0 for equal arrays, at most 1; 0 if both are 0."""
    scale = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / scale) if scale > 0 else 0.0


def line_gradient(w: float, b: float, x: Array, t: Array) -> tuple[float, float]:
    """Return (∂C/∂w, ∂C/∂b) of C = 1/(2n) Σ (t − (w x + b))²; x and t (n,).

    Source: "Deep Learning Workshop", whose J(w) has no bias.
    """
    error = w * x + b - t
    return float(np.mean(error * x)), float(np.mean(error))


def predicted_change(grad_w: Array, grad_b: float, dw: Array, db: float) -> float:
    """Return Σ_j ∂out/∂w_j Δw_j + ∂out/∂b Δb: how far an output moves, to first order; grad_w and dw (d,).

    Sources: "Neural networks basics"; "Deep Learning Workshop", f(x + ε) ≈ f(x) + ε f'(x).
    """
    return float(grad_w @ dw + grad_b * db)


def steepest_direction(grad: Array) -> Array:
    """Return −g / ‖g‖, the direction of steepest descent, of g's shape; zeros for a zero gradient.

    Source: "Deep Neural Networks and Convolutional Neural Networks".
    """
    norm = np.linalg.norm(grad)
    return -grad / norm if norm > 0 else np.zeros_like(grad)


def gradient_descent(grad: Callable[[Array], Array], x0: Array | float, eta: float, steps: int) -> Array:
    """Return the path of x_{s+1} = x_s − η grad(x_s), from x0 on: shape (steps + 1,) + the shape of x0.

    Sources: "Deep Neural Networks and Convolutional Neural Networks", "Deep Learning Workshop".
    """
    path = np.empty((steps + 1, *np.shape(x0)))
    path[0] = x0
    for s in range(steps):
        path[s + 1] = path[s] - eta * grad(path[s])
    return path
