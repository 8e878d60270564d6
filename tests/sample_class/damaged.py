"""Students whose notebooks look unlike the release: moved, copied, retyped, stripped, re-encoded, unreadable."""

from __future__ import annotations

import damage as d
from student import Student

REPAIRED = [
    Student(
        "wanda",
        "a function and an import in cells of her own, an import more in the first cell",
        24.0,
        bodies={
            "boundary_distance": "return net_input(x, w, b) / length(w)",
            "perceptron_predict": "return np.where(net_input(x, w, b) > 0, ONE, 0)",
            "perceptron_update": "e = t - perceptron_predict(p, w, b)\nreturn add(w, e * p), b + e",
        },
        damage=d.together(
            d.add_to_given("from operator import add"),
            d.add_cell("import math\n\nONE = 1", "own-import", before="threshold_unit"),
            d.add_cell(
                "def net_input(x, w, b):\n    return x @ w + b\n\n\ndef length(w):\n    return math.sqrt(sum(w * w))",
                "own-functions",
                before="perceptron_predict",
            ),
        ),
    ),
    Student(
        "xavier",
        "plots, a training run of an hour, magics, %%time on an answer",
        24.0,
        bodies={"delta_rule": "%pdb off\no = W @ x\n!ls\nreturn W + eta * np.outer(t - o, x)"},
        damage=d.together(
            d.prepend("perceptron_train", "%%time\n"),
            d.add_cell("%matplotlib inline\n%load_ext autoreload\n!pip install scipy", "own-magic", "threshold_unit"),
            d.add_cell(
                "import matplotlib.pyplot as plt\nimport time\n\nhistory = []\nfor hour in range(3600):\n"
                "    w, b, mistakes = perceptron_train(corners, problems['XOR'], np.zeros(2), 0.0, 10**6)\n"
                "    history.append(sum(mistakes))\n    time.sleep(1)\n\nplt.plot(history)\nplt.show()",
                "own-training",
                before="xor_network",
            ),
        ),
    ),
    Student(
        "yara",
        "a scratch cell that is no Python, an answer pasted twice, a stub pasted below an answer",
        24.0,
        damage=d.together(
            d.add_cell("x @ w = b ???\nfor i in range(3) print(i)", "own-scratch", before="gate"),
            d.duplicate("boundary_distance"),
            d.paste_stub_after("gate"),
        ),
    ),
    Student(
        "zoe",
        "one answer in a new cell, its own cell deleted; another cell turned into text",
        24.0,
        damage=d.together(
            d.delete("delta_rule"),
            d.to_markdown("perceptron_update"),
            d.add_at_end(
                "def delta_rule(W, x, t, eta):\n    return W + eta * np.outer(t - W @ x, x)",
                "own-delta",
            ),
        ),
    ),
    Student(
        "amir",
        "a cell deleted, a locked cell edited, points edited",
        20.0,
        loses={"xor_network": "STUB"},
        damage=d.together(
            d.delete("xor_network"),
            d.rewrite("test_gate", 'print(gate("AND"))\ncheck(gate)'),
            d.mark("test_threshold_unit", points=100),
        ),
    ),
    Student("bruno", "all cells in reverse order", 24.0, damage=d.reverse),
    Student("chloe", "all metadata of the cells gone, as some tools leave it", 24.0, damage=d.strip_metadata),
    Student(
        "o’brien",
        "type hints, a lambda, an object, a decorator, two definitions",
        24.0,
        cells={
            "threshold_unit": "def threshold_unit(x: Vector, w: Vector, threshold: float) -> int | Vector:\n"
            "    fires: Vector = x @ w > threshold\n    return fires * 1\n",
            "perceptron_predict": "perceptron_predict = lambda x, w, b: np.where(x @ w + b > 0, 1, 0)\n",
            "gate": """
class Gate:
    known = {"AND": ([1, 1], -1.5), "OR": ([1, 1], -0.5), "NAND": ([-1, -1], 1.5)}

    def __call__(self, name):
        if name in self.known:
            return self.known[name]
        raise ValueError(name)


gate = Gate()
""",
            "perceptron_update": """
@logged
def perceptron_update(w, b, p, t):
    e = t - perceptron_predict(p, w, b)
    return w + e * p, b + e
""",
            "delta_rule": """
def delta_rule(W, x, t, eta):  # first try
    return W + eta * np.outer(x, t - W @ x)


def delta_rule(W, x, t, eta):
    return W + eta * np.outer(t - W @ x, x)
""",
        },
        damage=d.add_cell(
            "import functools\n\n\ndef logged(function):\n    @functools.wraps(function)\n"
            "    def wrapper(*args, **kwargs):\n        print(function.__name__, args)\n"
            "        return function(*args, **kwargs)\n\n    return wrapper",
            "own-decorator",
            before="perceptron_update",
        ),
    ),
    Student(
        "emil", "Windows line ends, also inside the cells", 24.0, damage=d.windows_sources, write=d.with_windows_ends
    ),
    Student("fatima", "a byte order mark at the start", 24.0, write=d.with_byte_order_mark),
    Student("gustav", "saved in the notebook format of 2013", 24.0, damage=d.nbformat_3),
]

UNREADABLE = [
    Student("sara", "handed in a letter", None, write=d.a_letter),
    Student("tomas", "the end of the file is missing", None, write=d.cut_off),
    Student("ulla", "saved in Latin-1", None, write=d.in_latin_1),
]

DAMAGED = [*REPAIRED, *UNREADABLE]
