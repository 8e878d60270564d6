"""Students of 02_activations: formulas as they are printed, and conventions of other courses."""

from __future__ import annotations

from functools import partial

from student import Student

Activating = partial(Student, stem="02_activations")

ACTIVATING = (
    Activating(
        "ravi",
        "types the formulas as they are printed: they overflow, and 0·ln 0 is nan",
        30 - 2 * 1 / 8 - 2 * 2 / 8 - 3 * 3 / 13 - 2 * 1 / 6 - 1 * 2 / 6 - 3 * 3 / 9 - 2 * 2 / 8,
        loses={
            "sigmoid": "overflow",
            "tanh": "overflow_to_nan",
            "softmax": "overflow_to_nan",
            "sigmoid_prime": "overflow",
            "tanh_prime": "overflow_to_nan",
            "binary_cross_entropy": "nan_when_certain",
            "cross_entropy": "nan_when_certain",
        },
        bodies={
            "sigmoid": "return 1 / (1 + np.exp(-z))",
            "tanh": "return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))",
            "softmax": "e = np.exp(z)\nreturn e / e.sum(axis=-1, keepdims=True)",
            "sigmoid_prime": "return sigmoid(z) * (1 - sigmoid(z))",
            "binary_cross_entropy": "return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))",
            "cross_entropy": "return -np.sum(y * np.log(a)) / len(y)",
        },
    ),
    Activating(
        "sofia",
        "writes to her argument, takes 1 for the slope at 0, and 0.01 for a default",
        30 - 1 * 1 / 8 - 1 * 4 / 8 - 2 * 7 / 10,  # what counts at 0 is asked with weight 2
        loses={"relu": "in_place", "relu_prime": "one_at_zero", "leaky_relu": "default_of_a_hundredth"},
        bodies={"relu": "z[z < 0] = 0\nreturn z", "relu_prime": "return (z >= 0) * 1.0"},
        cells={"leaky_relu": "def leaky_relu(z, alpha=0.01):\n    return np.maximum(alpha * z, z)"},
    ),
)
