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

# The sum is set to 0 once, not for each entry.
RUNNING_TOTAL = """
out, total = [], 0.0
for k in range(len(f) + len(g) - 1):
    for i in range(len(f)):
        if 0 <= k - i < len(g):
            total += f[i] * g[k - i]
    out.append(total)
return np.array(out)
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

# Columns first, as a screen counts them.
COLUMNS_FIRST = """
kh, kw = kernel.shape
z = np.zeros((image.shape[1] - kw + 1, image.shape[0] - kh + 1))
for j in range(z.shape[1]):
    for k in range(z.shape[0]):
        z[k, j] = np.sum(kernel * image[j : j + kh, k : k + kw])
return sigmoid(z + bias)
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

# What np.pad gives is thrown away, so the image never grows.
ENDLESS_PAD = """
padded = image
while mode != "none" and padded.shape[0] < image.shape[0] + 2 * p:
    np.pad(padded, 1)
return padded
"""

# "none" has no branch.
NO_BRANCH = """
if mode == "zero":
    padded = np.pad(image, padding)
if mode in ("reflect", "symmetric"):
    padded = np.pad(image, padding, mode=mode)
return correlate2d(padded, kernel)[::stride, ::stride] + bias
"""

# Each channel overwrites the map of the one before.
ONE_CHANNEL = """
padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
maps = [[None for f in w] for sample in x]
for n in range(x.shape[0]):
    for f in range(w.shape[0]):
        for c in range(x.shape[1]):
            maps[n][f] = correlate2d(padded[n, c], w[f, c])[::stride, ::stride] + b[f]
return np.array(maps)
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
        "ones for zeros, one sample only, infinity by infinity, and one function half written, which another one calls",
        30 - 2 - 3 * 10 / 23 - 3 * 11 / 25 - 2 - 3 - 4 * 19 / 24,  # mirrors are right; so is a batch of one
        loses={
            "output_size": "STUB",
            "pad2d": "ones",
            "conv2d": "FAILED",
            "feature_map": "FAILED",
            "sobel_edges": "RAISED",
            "conv_layer": "first_sample",
        },
        bodies={
            "output_size": SIZE.replace("return room // stride + 1", STUB),
            "pad2d": PAD.format("p").replace("np.pad(image, p)", "np.pad(image, p, constant_values=1)"),
            "feature_map": "e = np.exp(-1000 * (correlate2d(image, kernel) + bias))\nreturn 1 - e / (1 + e)",
            "sobel_edges": """
gx = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
out = np.zeros((output_size(image.shape[0], 3), output_size(image.shape[1], 3)))
out += correlate2d(image, gx) ** 2 + correlate2d(image, gx.T) ** 2
return out**0.5
""",
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
    Convolving(
        "goran",
        "one mirror for the other, whole numbers cut off, columns first, output as large as the image, one channel",
        # A batch of images with one channel is right; so is everything without "reflect", and what is not whole.
        30 - 2 - 2 * 1 / 15 - 3 * 8 / 23 - 3 * 2 / 25 - 2 - 3 - 4 * 17 / 24,
        loses={
            "convolve1d": "FAILED",
            "convolve2d": "cut_to_whole",
            "pad2d": "reflect_repeats",
            "conv2d": "FAILED",
            "feature_map": "FAILED",
            "sobel_edges": "same_size",
            "conv_layer": "last_channel",
        },
        bodies={
            "convolve2d": LOOPS.replace("(rows, columns))", "(rows, columns), image.dtype)").replace(
                "* kernel)", "* kernel[::-1, ::-1])"
            ),
            "convolve1d": RUNNING_TOTAL,
            "conv2d": "turned = kernel[::-1, ::-1]\n"
            "return convolve2d(pad2d(image, padding, mode), turned)[::stride, ::stride] + bias",
            "pad2d": PAD.format("p").replace("mode=mode", 'mode="symmetric"'),
            "feature_map": COLUMNS_FIRST,
            "sobel_edges": """
gx = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
around = np.pad(image, 1)
return np.hypot(correlate2d(around, gx), correlate2d(around, gx.T))
""",
            "conv_layer": ONE_CHANNEL,
        },
    ),
    Convolving(
        "hedda",
        "half written; an endless padding, a branch too few, a parameter too many, names that are not there",
        30 - 2 - 2 - 3 - 3 * 3 / 25 - 2 - 3 - 4 - 6,
        loses={
            "convolve1d": "RAISED",
            "convolve2d": "RAISED",
            "pad2d": "TIMEOUT",
            "conv2d": "RAISED",
            "feature_map": "RAISED",
            "sobel_edges": "RAISED",
            **dict.fromkeys(("conv_layer", "conv_layer_backward"), "STUB"),
        },
        bodies={
            "convolve1d": "for k in range(len(heard)):\n    heard[k] = f[: k + 1] @ g[k::-1]\nreturn heard",
            "convolve2d": "from scipy.signal import convolve2d as slide\nreturn slide(image, kernel, 'valid')",
            "pad2d": ENDLESS_PAD,
            "conv2d": NO_BRANCH,
            "feature_map": "from numpy import sigmoid\nreturn sigmoid(correlate2d(image, kernel) + bias)",
            **dict.fromkeys(("conv_layer", "conv_layer_backward"), STUB),
        },
        cells={
            "sobel_edges": "def sobel_edges(image, gx):\n"
            "    return np.hypot(correlate2d(image, gx), correlate2d(image, gx.T))"
        },
    ),
)
