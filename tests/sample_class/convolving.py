"""Students of 06_convolution: shapes, borders, samples, and functions that lean on one another."""

from __future__ import annotations

from functools import partial

from student import STUB, Student

Convolving = partial(Student, stem="06_convolution")

LOOPS = """
rows = image.shape[0] - kernel.shape[0] + 1
columns = image.shape[1] - kernel.shape[1] + 1
out = np.zeros((rows, columns))
for j in range(rows):
    for k in range(columns):
        window = image[j : j + kernel.shape[0], k : k + kernel.shape[1]]
        out[j, k] = (window * kernel).sum()
return out
"""

# Two loops that end one too early, over an array of the right size.
TOO_EARLY = """
flipped = kernel[::-1, ::-1]
kh, kw = kernel.shape
out = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
for j in range(image.shape[0] - kh):
    for k in range(image.shape[1] - kw):
        out[j, k] = np.sum(flipped * image[j : j + kh, k : k + kw])
return out
"""

SIZE = """
room = n + 2 * padding - kernel
if room < 0:
    raise ValueError("too large")
return room // stride + 1
"""

PAD = """
if mode == "none":
    return image
if mode == "zero":
    return np.pad(image, {0})
return np.pad(image, {0}, mode=mode)
"""

LAYER = """
kh, kw = w.shape[2:]
padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)){0})
windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
return np.einsum("ncjklm,fclm->nfjk", windows, w, optimize=True) + b[:, np.newaxis, np.newaxis]
"""

# Cuts the padding off by -p, which leaves nothing where p is 0.
BACKWARD = """
kh, kw = w.shape[2:]
padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
dpadded = np.zeros(padded.shape)
dw = np.zeros(w.shape)
for n in range(x.shape[0]):
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows = slice(i * stride, i * stride + kh)
            columns = slice(j * stride, j * stride + kw)
            for f in range(w.shape[0]):
                dw[f] += dout[n, f, i, j] * padded[n, :, rows, columns]
                dpadded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
return dpadded[:, :, padding:-padding, padding:-padding], dw, dout.sum(axis=(0, 2, 3))
"""

CONVOLVING = (
    Convolving("arne", "right, with loops over all pixels", 30.0, bodies={"correlate2d": LOOPS}),
    Convolving(
        "bilal",
        "flips the kernel in one function, which three others call",
        30 - 3 * 16 / 17 - 2 * 14 / 15 - 3 * 24 / 25 - 2 * 10 / 13,  # a kernel of one entry looks the same flipped
        loses={
            "correlate2d": "flipped",
            "convolve2d": "not_flipped",
            "conv2d": "flipped",
            "feature_map": "flipped",
        },
        bodies={"correlate2d": LOOPS.replace("* kernel)", "* kernel[::-1, ::-1])")},
    ),
    Convolving(
        "clara",
        "wrong shapes: rounded up, padded at the start, one axis, channels last, two results",
        30 - 2 * 6 / 15 - 3 - 3 * 13 / 25 - 3 - 4 - 6,  # right without padding, or where its end is not reached
        loses={
            "output_size": "rounded_up",
            "pad2d": "before_only",
            "conv2d": "padding_at_the_start",
            "sobel_edges": "FAILED",
            "conv_layer": "channels_last",
            "conv_layer_backward": "two_results",
        },
        bodies={
            "output_size": SIZE.replace("room // stride", "-(-room // stride)"),
            "pad2d": PAD.format("(p, 0)"),
            "sobel_edges": "gx = correlate2d(image, np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]))\nreturn gx.ravel()",
            "conv_layer": LAYER.format("").replace("return ", "out = ") + "return np.moveaxis(out, 1, -1)",
            "conv_layer_backward": BACKWARD.replace("dpadded[:, :, padding:-padding, padding:-padding], ", ""),
        },
    ),
    Convolving(
        "dora",
        "edges: the last row and column lost, edge pixels for zeros, all of dx cut off",
        30 - 2 - 4 * 7 / 24 - 6 * 18 / 26,  # the layer is right without padding, its gradient with
        loses={"convolve2d": "last_lost", "conv_layer": "mirrored", "conv_layer_backward": "dx_empty"},
        bodies={
            "convolve2d": TOO_EARLY,
            "conv_layer": LAYER.format(', mode="edge"'),
            "conv_layer_backward": BACKWARD,
        },
    ),
    Convolving(
        "emre",
        "ones for zeros, one sample only, an overflow, and one function half written",
        30 - 2 - 3 * 10 / 23 - 3 * 11 / 25 - 2 - 4 * 19 / 24,  # mirrors are right; so is a batch of one
        loses={
            "output_size": "STUB",
            "pad2d": "ones",
            "conv2d": "FAILED",
            "feature_map": "FAILED",
            "conv_layer": "first_sample",
        },
        bodies={
            "output_size": SIZE.replace("return room // stride + 1", STUB),
            "pad2d": PAD.format("p").replace("np.pad(image, p)", "np.pad(image, p, constant_values=1)"),
            "feature_map": "z = 1000 * (correlate2d(image, kernel) + bias)\nreturn np.exp(z) / (1 + np.exp(z))",
            "conv_layer": LAYER.format("").replace("return ", "out = ") + "out[1:] = 0\nreturn out",
        },
    ),
    Convolving(
        "fiona",
        "a stub that another function calls, a cell that ends the process, one that does not run",
        30 - 2 - 3 - 3 - 3,
        loses={"convolve1d": "KILLED", "pad2d": "STUB", "conv2d": "RAISED", "sobel_edges": "RAISED"},
        bodies={"pad2d": STUB},
        cells={
            "convolve1d": "import os\n\n\ndef convolve1d(f, g, end=os._exit(1)):\n    return np.convolve(f, g)",
            "sobel_edges": "def sobel_edges(image, kernel=SOBEL):\n    return np.abs(correlate2d(image, kernel))",
        },
    ),
)
