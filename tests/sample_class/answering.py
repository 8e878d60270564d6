"""Students who answered, each in their way: right, partly, wrongly."""

from __future__ import annotations

from damage import rewrite, together, with_outputs
from student import EXERCISES, STUB, Student, only

ESSAYS = together(
    rewrite(
        "why_not_xor",
        "A perceptron cuts the plane along a straight line. The two ones of XOR are opposite corners, so are the two "
        "zeros, and both pairs have the same middle: no line has it on both sides.",
    ),
    rewrite(
        "convergence_promise",
        "If a line separates the classes, the rule finds one after finitely many updates. It says nothing about how "
        "many, about new patterns, or about data that no line separates.",
    ),
)

TRAIN_ALONE = """
mistakes = []
while len(mistakes) < max_epochs and 0 not in mistakes:
    mistakes.append(0)
    for p, t in zip(P, T):
        e = t - int(np.dot(w, p) + b > 0)
        w, b = w + e * p, b + e
        mistakes[-1] += abs(e)
return w, b, mistakes
"""

RIGHT = [
    Student("ada", "all right, everything run, questions answered", 24.0, damage=together(ESSAYS, with_outputs)),
    Student(
        "ben",
        "handed the release in as it was",
        0.0,
        loses=dict.fromkeys(EXERCISES, "STUB"),
        bodies=only(),
    ),
    Student(
        "carla",
        "half written: four stubs left",
        12.0,
        loses=dict.fromkeys(("gate", "boundary_distance", "xor_network", "delta_rule"), "STUB"),
        bodies=dict.fromkeys(("gate", "boundary_distance", "xor_network", "delta_rule"), STUB),
    ),
    Student(
        "grace",
        "right, with loops in plain Python",
        24.0,
        bodies={
            "threshold_unit": """
if x.ndim == 1:
    total = 0.0
    for j in range(len(w)):
        total += w[j] * x[j]
    return 1 if total > threshold else 0
return np.array([threshold_unit(row, w, threshold) for row in x])
""",
            "perceptron_predict": """
if x.ndim == 1:
    return 1 if sum(xi * wi for xi, wi in zip(x, w)) + b > 0 else 0
answers = []
for row in x:
    answers.append(perceptron_predict(row, w, b))
return np.array(answers)
""",
            "perceptron_train": TRAIN_ALONE,
            "delta_rule": """
new = np.array(W, dtype=float)
for i in range(W.shape[0]):
    o = sum(W[i, j] * x[j] for j in range(W.shape[1]))
    for j in range(W.shape[1]):
        new[i, j] += eta * (t[i] - o) * x[j]
return new
""",
        },
    ),
    Student(
        "hana",
        "right, computed in float32",
        24.0,
        bodies={
            "threshold_unit": "x, w = x.astype(np.float32), w.astype(np.float32)\nreturn x @ w > np.float32(threshold)",
            "boundary_distance": "w = w.astype(np.float32)\nreturn (x.astype(np.float32) @ w + b) / np.linalg.norm(w)",
            "delta_rule": "W, x, t = [np.float32(value) for value in (W, x, t)]\n"
            "return W - np.float32(eta) * (W @ x - t)[:, None] * x",
        },
    ),
    Student(
        "igor",
        "right, gives lists, tuples, whole numbers and booleans back",
        24.0,
        bodies={
            "perceptron_predict": "net = x @ w + b\nreturn bool(net > 0) if x.ndim == 1 else list(net > 0)",
            "perceptron_update": "e = t - (1 if w @ p + b > 0 else 0)\nreturn [list(w + e * p), b + e]",
            "gate": """
if name == "AND":
    return [1, 1], -1
if name == "OR":
    return (2, 2), -1
if name == "NAND":
    return [-2, -2], 3
raise ValueError(name)
""",
            "xor_network": "return ([[[1, 1], [-1, -1]], [0, 2]], [[[1, 1]], [-1]])",
        },
    ),
]

WRONG = [
    Student(
        "dilip",
        "three mistakes: >= for >, bias subtracted, not divided by the length",
        24 - 2 * 8 / 10 - 2 - 3,
        loses={
            "threshold_unit": "at_least",
            "perceptron_predict": "bias_subtracted",
            "boundary_distance": "not_divided",
        },
        bodies={
            "threshold_unit": "return np.where(x @ w >= threshold, 1, 0)",
            "perceptron_predict": "return np.where(x @ w - b > 0, 1, 0)",
            "boundary_distance": "return x @ w + b",
            "perceptron_train": TRAIN_ALONE,
        },
    ),
    Student(
        "eva",
        "-1 for 0 in one function, which another one calls",
        24.0 - 2 - 5,
        loses={"perceptron_predict": "minus_one", "perceptron_train": "FAILED"},
        bodies={"perceptron_predict": "return np.where(x @ w + b > 0, 1, -1)"},
    ),
    Student(
        "felix",
        "four mistakes: transposed, lower case, OR for AND, squared length",
        24 - 2 * 0.5 / 8 - 3 - 4 - 3,
        loses={
            "delta_rule": "transposed",
            "gate": "any_case",
            "xor_network": "or_of_hidden",
            "boundary_distance": "squared_norm",
        },
        bodies={
            "delta_rule": "o = W @ x\nreturn W + eta * np.outer(x, t - o)",
            "gate": """
gates = {"AND": ([1.0, 1.0], -1.5), "OR": ([0.5, 0.5], -0.25), "NAND": ([-1.0, -1.0], 1.5)}
if name.upper() not in gates:
    raise ValueError(name)
w, b = gates[name.upper()]
return np.array(w), b
""",
            "xor_network": """
hidden = np.array([[0.5, 0.5], [-1.0, -1.0]]), np.array([-0.25, 1.5])  # OR, NAND
output = np.array([[0.5, 0.5]]), np.array([-0.25])
return [hidden, output]
""",
            "boundary_distance": "return (x @ w + b) / (w @ w)",
        },
    ),
    Student(
        "giulia",
        "three mistakes: error reversed, eta forgotten, mistakes added to one number",
        24.0 - 3 - 5 - 3,
        loses={"perceptron_update": "error_reversed", "delta_rule": "eta_forgotten", "perceptron_train": "total"},
        bodies={
            "perceptron_update": "a = 1 if w @ p + b > 0 else 0\ne = a - t\nreturn w + e * p, b + e",
            "delta_rule": "return W + np.outer(t - W @ x, x)",
            "perceptron_train": TRAIN_ALONE.replace("return w, b, mistakes", "return w, b, sum(mistakes)"),
        },
    ),
    Student(
        "jean luc",
        "wrong in a way that nobody has named: a decay of his own",
        21.0,
        loses={"delta_rule": "FAILED"},
        bodies={"delta_rule": "o = W @ x\nreturn 0.9 * W + eta * np.outer(t - o, x)  # a little decay"},
    ),
    Student(
        "jürgen müller",
        "writes to the array it was given; training suffers, too",
        24 - 3 / 17 - 5 / 16,
        loses={"perceptron_update": "in_place", "perceptron_train": "in_place"},
        bodies={"perceptron_update": "e = t - (1 if w @ p + b > 0 else 0)\nw += e * p\nreturn w, b + e"},
    ),
]

ANSWERING = [*RIGHT, *WRONG]
