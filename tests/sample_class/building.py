"""Students of the assignments that build on one another, 03 to 05, 07 and 08: one mistake may reach far."""

from __future__ import annotations

from student import Student

OWN_NAMES = """
t = w[0] * x[0] + w[1] * x[1] + w[2]
return {"sum": t, "exp": np.exp(-t), "output": 1 / (1 + np.exp(-t))}
"""

BACKWARD = """
z = 1 / (1 + np.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))
slope = z * (1 - z)
return {"w0": slope * x[0], "w1": slope * x[1], "w2": slope, "x0": slope * w[0], "x1": slope * w[1]}
"""

ONE_SIDED = """
out = np.zeros(x.shape)
for place in np.ndindex(x.shape):
    moved = x.copy()
    moved[place] += h
    out[place] = (f(moved) - f(x)) / h
return out
"""

# The same array in every row of the path.
ALIASED = """
x = np.array(x0, dtype=float)
path = [x]
for step in range(steps):
    x -= eta * grad(x)
    path.append(x)
return np.array(path)
"""

# The learning rate, the decay and the root are there; the correction is not.
UNCORRECTED = """
m = beta1 * m + (1 - beta1) * grad
v = beta2 * v + (1 - beta2) * grad ** 2
return w - eta * m / (np.sqrt(v) + eps), m, v
"""

KEPT = """
mask = rng.random(a.shape) < p
return a * mask / p if p > 0 else a * mask, mask
"""

# Every entry that is equal to the maximum gets the gradient.
TO_ALL = """
step = stride or size
out = max_pool2d(x, size, stride)
dx = np.zeros(x.shape)
height, width = out.shape[-2:]
for i in range(size):
    for j in range(size):
        at = (..., slice(i, i + step * height, step), slice(j, j + step * width, step))
        dx[at] += dout * (x[at] == out)
return dx
"""

# Right where windows do not overlap.
OVERWRITTEN = """
step = stride or size
dx = np.zeros(x.shape)
height, width = dout.shape[-2:]
for i in range(size):
    for j in range(size):
        dx[..., i : i + step * height : step, j : j + step * width : step] = dout / size**2
return dx
"""

LOWEST = """
best = np.argsort(scores, axis=1)[:, :k]
return np.mean([label not in row for label, row in zip(labels, best)])
"""

BUILDING = (
    Student(
        "pavel",
        "gives nodes names of his own, takes differences to one side, entries for norms, and one array for a path",
        26 - 2 - 4 * 20 / 21 - 2 * 12 / 15 - 4,  # along x³ alone one side is as good; signs alike hide the entries
        stem="03_chain_rule",
        loses={
            "sigmoid_graph_forward": "FAILED",
            "numerical_gradient": "one_sided",
            "relative_error": "entrywise",
            "gradient_descent": "same_array",
        },
        bodies={
            "sigmoid_graph_forward": OWN_NAMES,
            "sigmoid_graph_backward": BACKWARD,
            "numerical_gradient": ONE_SIDED,
            "relative_error": "return np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))",
            "gradient_descent": ALIASED,
        },
    ),
    Student(
        "leila",
        "adds up where the mean is wanted, which two other functions lean on; no correction in Adam",
        34 - 2 - 2 * 5 / 6 - 5 * 9 / 13 - 4 - 6 * 10 / 17,  # of one sample the sum is the mean
        stem="04_backprop",
        loses={
            "bias_gradient": "sum",
            "weight_gradient": "sum",
            "backprop": "sum",
            "adam_step": "no_correction",
            "train_network": "FAILED",
        },
        bodies={
            "bias_gradient": "return delta.sum(axis=1, keepdims=True)",
            "weight_gradient": "return delta @ a_prev.T",
            "adam_step": UNCORRECTED,
        },
    ),
    Student(
        "mateo",
        "keeps with the probability to drop, rolls pictures round, and scales about 0",
        20 - 4 * 9 / 13 - 3 - 2 - 4,  # shear leans on translate
        stem="05_regularization",
        loses={
            "dropout": "p_kept",
            "translate": "wraps_around",
            "contrast": "about_zero",
            "shear": "wraps_around",
        },
        bodies={
            "dropout": KEPT,
            "translate": "return np.roll(image, (dy, dx), axis=(0, 1))",
            "contrast": "return factor * image",
        },
    ),
    Student(
        "nadia",
        "gradients to every maximum, and the last of two where windows overlap",
        18 - 5 * 4 / 17 - 3 * 3 / 12,
        stem="07_pooling",
        loses={"max_pool2d_backward": "to_all_maxima", "average_pool2d_backward": "overwritten_by_place"},
        bodies={"max_pool2d_backward": TO_ALL, "average_pool2d_backward": OVERWRITTEN},
    ),
    Student(
        "otto",
        "counts no biases, which reaches into two tables, and looks at the lowest scores",
        24 - 2 - 4 * 3 / 6 - 4 * 3 / 4 - 3 * 12 / 13,
        stem="08_lenet",
        loses={
            "conv_parameters": "biases_forgotten",
            "lenet5": "FAILED",
            "alexnet_parameters": "FAILED",
            "top_k_error": "lowest",
        },
        bodies={"conv_parameters": "return filters * in_channels * kernel**2", "top_k_error": LOWEST},
    ),
)
