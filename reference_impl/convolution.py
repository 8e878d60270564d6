"""Reference for 06_convolution: convolution and correlation, padding, stride, feature maps, the layer and its gradient.

Sources: "Deep Neural Networks and Convolutional Neural Networks" (Alcademy), "Neural Networks and Deep Learning"
(M. Denninger, TUM) and "Deep Learning Workshop" (X. Karagiannis). What deep learning calls convolution does not flip
the kernel; in mathematics that is correlation. Only `convolve1d` and `convolve2d` flip.
"""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from reference_impl.activations import sigmoid

Array = npt.NDArray[np.float64]

SOBEL_X = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])  # responds to changes along x
PAD_MODES = {"zero": "constant", "reflect": "reflect", "symmetric": "symmetric"}  # NumPy's names for them


def convolve1d(f: Array, g: Array) -> Array:
    """Return the full discrete convolution (f ∗ g)_k = Σ_i f_i g_{k−i}, as if both were 0 outside.

    f (n,), g (m,) → (n + m − 1,). Each entry is a window of f, with m − 1 zeros on both sides, times the flipped g.
    Source: "Deep Neural Networks and Convolutional Neural Networks".
    """
    return sliding_window_view(np.pad(f, len(g) - 1), len(g)) @ g[::-1]


def correlate2d(image: Array, kernel: Array) -> Array:
    """Return the valid cross-correlation, deep learning's convolution: out_{jk} = Σ_{lm} kernel_{lm} image_{j+l,k+m}.

    image (H, W), kernel (kh, kw) → (H − kh + 1, W − kw + 1). Source: "Deep Learning Workshop".
    """
    sums: Array = np.einsum("hwij,ij->hw", sliding_window_view(image, kernel.shape), kernel)
    return sums


def convolve2d(image: Array, kernel: Array) -> Array:
    """Return the valid convolution of mathematics: the correlation with the kernel flipped in both axes.

    image (H, W), kernel (kh, kw) → (H − kh + 1, W − kw + 1).
    Source: "Deep Neural Networks and Convolutional Neural Networks".
    """
    return correlate2d(image, kernel[::-1, ::-1])


def output_size(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Return ⌊(n + 2·padding − kernel) / stride⌋ + 1: the number of positions of a kernel along one axis.

    Raises ValueError if the kernel is larger than the padded input. Source: "Neural Networks and Deep Learning".
    """
    if kernel > n + 2 * padding:
        raise ValueError(f"a kernel of {kernel} does not fit into {n} with a padding of {padding}")
    return (n + 2 * padding - kernel) // stride + 1


def pad2d(image: Array, p: int, mode: str) -> Array:
    """Add `p` rows and columns on every side: image (H, W) → (H + 2p, W + 2p).

    "zero" fills with 0. "reflect" mirrors at the outermost pixels, which are not repeated (p < H, W); "symmetric"
    mirrors at the edge, so they are repeated (p ≤ H, W). "none" returns the image unchanged for every p.
    Source: "Neural Networks and Deep Learning".
    """
    return image if mode == "none" else np.pad(image, p, mode=PAD_MODES[mode])  # type: ignore[call-overload]


def conv2d(
    image: Array, kernel: Array, bias: float = 0.0, stride: int = 1, padding: int = 0, mode: str = "zero"
) -> Array:
    """Return the correlation of the padded image at every `stride`-th position of both axes, plus a bias.

    image (H, W), kernel (kh, kw) → (output_size(H, kh, …), output_size(W, kw, …)). Taking every stride-th entry of
    the full result keeps the code simple; a layer (`conv_layer`) does not compute the dropped entries.
    Source: "Neural Networks and Deep Learning".
    """
    return correlate2d(pad2d(image, padding, mode), kernel)[::stride, ::stride] + bias


def feature_map(image: Array, kernel: Array, bias: float) -> Array:
    """Return σ(bias + correlation): one kernel and one bias for all hidden neurons of a map.

    image (H, W), kernel (kh, kw) → (H − kh + 1, W − kw + 1). Source: "Deep Learning Workshop".
    """
    return sigmoid(correlate2d(image, kernel) + bias)


def sobel_edges(image: Array) -> Array:
    """Return √(Gx² + Gy²) with the 3×3 Sobel kernels, valid. Flipping the kernels does not change it.

    image (H, W) → (H − 2, W − 2). Source: "Deep Neural Networks and Convolutional Neural Networks".
    """
    return np.hypot(correlate2d(image, SOBEL_X), correlate2d(image, SOBEL_X.T))


def conv_layer(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    """Correlate every filter with every channel and sum over the channels, with zeros around the input.

    x (N, C, H, W), w (F, C, kh, kw), b (F,) → (N, F, H', W'). Each sample's windows become the columns of a matrix,
    so that the layer is one matrix product. In plain NumPy this is the fastest way for nearly every size. It needs a
    copy that is kh·kw·H'W' / HW times as large as the input (about 18 times for 5×5 on 28×28).
    Source: "Deep Learning Workshop".
    """
    columns, (height, width) = _columns(x, w.shape[2:], stride, padding)
    return (w.reshape(len(w), -1) @ columns + b[:, np.newaxis]).reshape(len(x), len(w), height, width)


def conv_layer_backward(
    dout: Array, x: Array, w: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array, Array]:
    """Return (dx, dw, db) of a loss with the gradient dout (N, F, H', W') at the output of `conv_layer(x, w, b, …)`.

    Shapes as x (N, C, H, W), w (F, C, kh, kw) and (F,). Each output's gradient goes to its bias, to the kernel through
    the window it saw, and back to that window through the kernel. An entry in several windows gets the sum, an entry
    in none gets 0. Source: "Deep Learning Workshop" (the chain rule).
    """
    (samples, channels, rows, cols), (filters, _, kh, kw) = x.shape, w.shape
    columns, (height, width) = _columns(x, (kh, kw), stride, padding)
    d = dout.reshape(samples, filters, height * width)
    dw = (d @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(w.shape)
    dcolumns = (w.reshape(filters, -1).T @ d).reshape(samples, channels, kh, kw, height, width)
    padded = np.zeros((samples, channels, rows + 2 * padding, cols + 2 * padding))
    for i, j in np.ndindex(kh, kw):  # over the few offsets of a kernel; all samples, channels and positions at once
        padded[:, :, i : i + stride * height : stride, j : j + stride * width : stride] += dcolumns[:, :, i, j]
    return padded[:, :, padding : padding + rows, padding : padding + cols], dw, dout.sum(axis=(0, 2, 3))


def _columns(x: Array, kernel: tuple[int, ...], stride: int, padding: int) -> tuple[Array, tuple[int, int]]:
    """Return every window of x (N, C, H, W) as a column, (N, C·kh·kw, H'·W'), and (H', W')."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, kernel, axis=(2, 3))[:, :, ::stride, ::stride]
    samples, _, height, width = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(samples, -1, height * width), (height, width)
