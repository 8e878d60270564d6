"""Students whose code loops, grows, crashes, ends the process, or reaches for what a room does not have."""

from __future__ import annotations

from answering import TRAIN_ALONE
from student import Student

ENDS_BADLY = [
    Student(
        "katja",
        "a colon is missing in one cell",
        21.0,
        loses={"boundary_distance": "RAISED"},
        cells={"boundary_distance": "def boundary_distance(x, w, b)\n    return (x @ w + b) / np.linalg.norm(w)\n"},
    ),
    Student(
        "liam",
        "trains until an epoch is clean, whatever max_epochs says: endless on XOR",
        24 - 5 * 11 / 16,
        loses={"perceptron_train": "TIMEOUT"},
        bodies={
            "perceptron_train": TRAIN_ALONE.replace(
                "while len(mistakes) < max_epochs and 0 not in mistakes:", "while 0 not in mistakes:"
            )
        },
    ),
    Student(
        "maria",
        "the cell itself trains one perceptron until it has learned XOR",
        20.0,
        loses={"xor_network": "FAILED"},
        cells={
            "xor_network": """
inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
w, b, mistakes = np.zeros(2), 0.0, [4]
while mistakes[-1] > 0:
    w, b, mistakes = perceptron_train(inputs, np.array([0, 1, 1, 0]), w, b)


def xor_network():
    return [(np.array([w, w]), np.array([b, b])), (np.array([[1.0, 1.0]]), np.array([-0.5]))]
"""
        },
    ),
    Student(
        "noor",
        "an array of 20 GB",
        22.0,
        loses={"threshold_unit": "RAISED"},
        bodies={
            "threshold_unit": "table = np.ones((50_000, 50_000))  # every input with every weight\n"
            "return np.where(x @ w > threshold * table[0, 0], 1, 0)"
        },
    ),
    Student(
        "oskar",
        "a list that grows until the memory is full",
        20.0,
        loses={"xor_network": "RAISED"},
        bodies={"xor_network": "tried = []\nwhile True:\n    tried.append(np.empty((2000, 2000)))"},
    ),
    Student(
        "paula",
        "os._exit in a function",
        21.0,
        loses={"boundary_distance": "KILLED"},
        cells={"boundary_distance": "import os\n\n\ndef boundary_distance(x, w, b):\n    os._exit(0)\n"},
    ),
    Student(
        "quentin",
        "sys.exit: for unknown gates, and in place of an answer",
        24 - 2 * 2 / 8 - 3,
        loses={"gate": "FAILED", "delta_rule": "RAISED"},
        bodies={
            "gate": """
import sys
if name == "AND":
    return np.array([1.0, 1.0]), -1.5
if name == "OR":
    return np.array([1.0, 1.0]), -0.5
if name == "NAND":
    return np.array([-1.0, -1.0]), 1.5
sys.exit("no such gate: " + name)
""",
            "delta_rule": "import sys\nsys.exit()",
        },
    ),
    Student(
        "rosa",
        "reads address 0 with ctypes",
        20.0,
        loses={"xor_network": "KILLED"},
        bodies={"xor_network": "import ctypes\nreturn ctypes.string_at(0)"},
    ),
    Student(
        "sven",
        "a function that calls itself without end",
        21.0,
        loses={"boundary_distance": "RAISED"},
        bodies={"boundary_distance": "return boundary_distance(x, w, b) / np.linalg.norm(w)"},
    ),
    Student(
        "tara",
        "right, and prints 200 MB on the way",
        24.0,
        bodies={
            "gate": """
import os
for _ in range(10):
    os.write(1, b"x" * 2**20)
    os.write(2, b"y" * 2**20)
print("gate" * 2**18)
table = {"AND": ([1.0, 1.0], -1.5), "OR": ([1.0, 1.0], -0.5), "NAND": ([-1.0, -1.0], 1.5)}
if name not in table:
    raise ValueError(name)
return table[name]
"""
        },
    ),
    Student(
        "umar",
        "processes that make processes, a thread, a shell",
        24 - 2 - 4 - 3,
        loses={"gate": "RAISED", "xor_network": "RAISED", "delta_rule": "RAISED"},
        bodies={
            "gate": "import os\nfor _ in range(3):  # no more: somebody may run this outside a room\n    os.fork()",
            "xor_network": "import threading\nthreading.Thread(target=print).start()\nreturn []",
            "delta_rule": 'import subprocess\nreturn subprocess.run(["ls", "/"], capture_output=True).stdout',
        },
    ),
    Student(
        "vera",
        "writes a file, opens a web page",
        24 - 5 - 4,
        loses={"perceptron_train": "RAISED", "xor_network": "RAISED"},
        bodies={
            "perceptron_train": TRAIN_ALONE.replace("return w", 'np.savetxt("weights.txt", w)\nreturn w'),
            "xor_network": """
import urllib.request
page = urllib.request.urlopen("http://127.0.0.1/xor.json", timeout=2).read()
return [eval(page)]
""",
        },
    ),
]
