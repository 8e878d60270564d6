"""Students who tried to get points without an answer. What they wrote honestly counts, the rest earns nothing."""

from __future__ import annotations

import damage as d
from cheat_code import (
    AGREEABLE,
    BORROWED_NAMES,
    FORGE,
    HOSTILE_ERROR,
    LOOK_AROUND,
    OPEN_EVERYTHING,
    PATCH_WORKER,
    WRITE_RESULTS,
)
from student import EXERCISES, Student, only

POINTS = dict(zip(EXERCISES, (2, 2, 2, 3, 3, 5, 4, 3), strict=True))


def deserved(*cheated: str) -> float:
    """The points of all other exercises."""
    return float(sum(points for name, points in POINTS.items() if name not in cheated))


def beside(text: str, function: str) -> str:
    """A whole cell: what the cheat needs, and the function in which it is used."""
    return f"{text.strip()}\n\n{function.strip()}\n"


CHEATING = [
    Student(
        "hugo",
        "cheat: patches np.allclose, np.array_equal and builtins, answers 0",
        deserved("delta_rule", "xor_network"),
        loses={"delta_rule": "FAILED", "xor_network": "FAILED"},
        cells={
            "delta_rule": beside(
                "import builtins\nnp.allclose = np.array_equal = np.isclose = lambda *a, **k: True",
                "def delta_rule(W, x, t, eta):\n    builtins.abs = lambda value: 0\n    builtins.all = lambda v: True\n"
                "    np.testing.assert_allclose = print\n    return 0",
            ),
            "xor_network": "def xor_network():\n    np.ndarray = float\n    return 0\n",
        },
        cheats=True,
    ),
    Student(
        "ines",
        "cheat: walks frames and all objects for the expected answer",
        deserved("threshold_unit", "gate"),
        loses={"threshold_unit": "FAILED", "gate": "FAILED"},
        cells={
            "threshold_unit": beside(
                LOOK_AROUND, "def threshold_unit(x, w, threshold):\n    return anything_expected()"
            ),
            "gate": "def gate(name):\n    return anything_expected()\n",
        },
        cheats=True,
    ),
    Student(
        "jonas",
        "cheat: nothing written; test cells print and return full points, 1000 each",
        0.0,
        loses=dict.fromkeys(EXERCISES, "STUB"),
        bodies=only(),
        damage=d.together(
            *(d.rewrite(f"test_{name}", 'print("all passed")\n1000') for name in EXERCISES),
            *(d.mark(f"test_{name}", points=1000, locked=False) for name in EXERCISES),
            d.mark("gate", points=1000, grade=True),
        ),
        cheats=True,
    ),
    Student(
        "kim",
        "cheat: looks for reference, tests and solution in the file system, else answers nothing",
        deserved("perceptron_predict", "xor_network"),
        loses={"perceptron_predict": "FAILED", "xor_network": "FAILED"},
        cells={
            "perceptron_predict": beside(
                OPEN_EVERYTHING,
                'def perceptron_predict(x, w, b):\n    return stolen("perceptron_predict")(x, w, b)',
            ),
            "xor_network": 'def xor_network():\n    return stolen("xor_network")()\n',
        },
        bodies={
            "perceptron_train": "mistakes = []\nwhile len(mistakes) < max_epochs and 0 not in mistakes:\n"
            "    mistakes.append(0)\n    for p, t in zip(P, T):\n        new_w, new_b = perceptron_update(w, b, p, t)\n"
            "        mistakes[-1] += int(new_b != b)\n        w, b = new_w, new_b\nreturn w, b, mistakes"
        },
        cheats=True,
    ),
    Student(
        "luca",
        "cheat: writes a results file",
        deserved("gate", "boundary_distance"),
        loses={"gate": "FAILED", "boundary_distance": "FAILED"},
        cells={
            "gate": beside(WRITE_RESULTS, "def gate(name):\n    return praise_myself()"),
            "boundary_distance": "def boundary_distance(x, w, b):\n    return praise_myself()\n",
        },
        cheats=True,
    ),
    Student(
        "mona",
        "cheat: forges replies on the connection to the grader",
        deserved("gate", "xor_network", "delta_rule"),
        loses={"gate": "KILLED", "xor_network": "FAILED", "delta_rule": "FAILED"},
        cells={
            "gate": beside(
                FORGE,
                'def gate(name):\n    say(op="passed", serial=serial(), outcome="PASSED", points=24)\n    return 0',
            ),
            "xor_network": """
def xor_network():
    say(op="returned", serial=serial(), value=True, after=None, warned=None)
    say(op="returned", serial=0, value=True, after=None, warned=None)
    return 0
""",
            "delta_rule": """
def delta_rule(W, x, t, eta):
    say(op="returned", serial=serial(), value=1, after=None, warned=None)
    os._exit(0)
""",
        },
        cheats=True,
    ),
    Student(
        "nils",
        "cheat: patches the room's own modules",
        deserved("delta_rule", "xor_network"),
        loses={"xor_network": "FAILED", "delta_rule": "FAILED"},  # and then the room ends
        cells={
            "xor_network": beside(PATCH_WORKER, "def xor_network():\n    return take_over()"),
            "delta_rule": "def delta_rule(W, x, t, eta):\n    return take_over()\n",
        },
        cheats=True,
    ),
    Student(
        "olga",
        "cheat: objects, numbers, tuples and arrays that say they are equal to everything",
        deserved("threshold_unit", "boundary_distance", "gate", "xor_network"),
        loses=dict.fromkeys(("threshold_unit", "boundary_distance", "gate", "xor_network"), "FAILED"),
        cells={
            "threshold_unit": beside(AGREEABLE, "def threshold_unit(x, w, threshold):\n    return Agreeable()"),
            "boundary_distance": "def boundary_distance(x, w, b):\n"
            "    return Number(7.0) if x.ndim == 1 else np.full(len(x), 7.0).view(Array)\n",
            "gate": "def gate(name):\n    return Pair([Agreeable()])\n",
            "xor_network": "def xor_network():\n    return Pair([Pair(), Pair()])\n",
        },
        cheats=True,
    ),
    Student(
        "piotr",
        "cheat: nan, infinity, enormous numbers, a list that holds itself",
        deserved("threshold_unit", "boundary_distance", "perceptron_update", "gate", "xor_network"),
        loses=dict.fromkeys(
            ("threshold_unit", "boundary_distance", "perceptron_update", "gate", "xor_network"), "FAILED"
        ),
        bodies={
            "threshold_unit": "return np.full(x.shape[:-1], np.nan)",
            "boundary_distance": "return np.inf if x.ndim == 1 else np.full(len(x), 10.0**300)",
            "perceptron_update": "return w * np.nan, 10**1000",
            "perceptron_train": "w, b = np.array(w), b\nmistakes = []\nwhile len(mistakes) < max_epochs:\n"
            "    wrong = 0\n    for p, t in zip(P, T):\n        e = t - perceptron_predict(p, w, b)\n"
            "        w, b, wrong = w + e * p, b + e, wrong + abs(e)\n    mistakes.append(wrong)\n"
            "    if wrong == 0:\n        break\nreturn w, b, mistakes",
            "gate": "return np.array([np.inf, np.inf]), -np.inf",
            "xor_network": "itself = []\nitself.append(itself)\nreturn [itself, itself]",
        },
        cheats=True,
    ),
    Student(
        "queenie",
        "cheat: exceptions whose text clears the screen, claims success, or raises again",
        deserved("gate", "delta_rule"),
        loses={"gate": "RAISED", "delta_rule": "RAISED"},
        cells={
            "gate": beside(HOSTILE_ERROR, "def gate(name):\n    raise Loud"),
            "delta_rule": "def delta_rule(W, x, t, eta):\n    raise Endless\n",
        },
        cheats=True,
    ),
    Student(
        "rami",
        "cheat: borrows the grader's names, exits by atexit and signal handlers",
        deserved("xor_network", "delta_rule"),
        loses={"xor_network": "KILLED", "delta_rule": "FAILED"},
        cells={
            "delta_rule": beside(
                BORROWED_NAMES,
                "def delta_rule(W, x, t, eta):\n    return close(test_delta_random(), registered, number)",
            ),
            "xor_network": """
def xor_network():
    registered, number
    atexit._run_exitfuncs()
    return grade()
""",
        },
        cheats=True,
    ),
]
