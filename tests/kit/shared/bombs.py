"""Notebooks that cost a grader as much as a small file can: the worst ways that are known, each a few kB or MB."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Notebook = dict[str, Any]
_NAMES = (
    "threshold_unit perceptron_predict gate boundary_distance perceptron_update perceptron_train xor_network delta_rule"
).split()


def _answered(notebook: Notebook, text: str, names: list[str] = _NAMES) -> None:
    """Replace the answers of some exercises. `NAME` in the text stands for the exercise's name."""
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in names:
            cell["source"] = text.replace("NAME", name)


def _added(notebook: Notebook, *texts: str) -> None:
    notebook["cells"] += [{"cell_type": "code", "metadata": {}, "source": text, "outputs": []} for text in texts]


def _returning(value: str) -> Callable[[Notebook], None]:
    return lambda notebook: _answered(notebook, f"def NAME(*a, **k):\n    return {value}")


def _sending(code: str) -> Callable[[Notebook], None]:
    """Return an edit that makes each function write to the connection with the grader, which is descriptor 3."""
    return lambda notebook: _answered(notebook, f"import os\ndef NAME(*a, **k):\n    {code}")


def _nested_try(depth: int) -> str:
    lines = [f"{' ' * (2 * n)} try:\n{' ' * (2 * n)}  pass\n{' ' * (2 * n)} finally:\n" for n in range(depth)]
    return "def NAME(*a):\n" + "".join(lines) + " " * (2 * depth + 1) + "pass"


_ALL = "=".join(_NAMES)
_FLOOD = """
import sys
connection = sys._getframe(2).f_locals["connection"]
while True:
    connection.write({"op": "cell", "number": 0})
def NAME(*a): pass
"""
BOMBS: dict[str, Callable[[Notebook], None]] = {
    "none": lambda notebook: None,
    "nested try": lambda notebook: _answered(notebook, _nested_try(16), ["gate"]),
    "deeper nested try": lambda notebook: _answered(notebook, _nested_try(19)),
    "many names": lambda notebook: _added(notebook, *[f"x{number}\n" * 7_000 for number in range(6)]),
    "long sum": lambda notebook: _answered(notebook, "NAME = " + "1+" * 7_000 + "1"),
    "fields": lambda notebook: _answered(notebook, "NAME = f'" + "b" * 40_000 + "{a}" * 4_000 + "'"),
    "a page of all cells": lambda notebook: _added(notebook, *[f"{_ALL}=0" + "\n" * 200 + "0"] * 200),
    "a page of signs": lambda notebook: _added(notebook, *[f"{_ALL}=0\n" + ("#" + "<&>" * 150 + "\n") * 20] * 90),
    "many definitions": lambda notebook: _added(notebook, *[f"{_ALL}=0"] * 1_500),
    "bytes": _returning("__import__('numpy').ones((1 << 26) - 4096, 'int8')"),
    "wrong shape": _returning("__import__('numpy').ones((1 << 10, 127))"),
    "lists": _returning("[[]] * 99_000"),
    "nested lists": _returning("[[[[0] * 9] * 9] * 9] * 9"),
    "words": _returning("['x' * 60_000] * 16"),
    "a large head": _sending("os.write(3, (1 << 20).to_bytes(4, 'little') + bytes(8) + b'[' * (1 << 20))"),
    "a large body": _sending("os.write(3, bytes([9, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]) + bytes(1 << 26))"),
    "rubbish": _sending("os.write(3, b'\\xff' * 4096)"),
    "a long exception": lambda notebook: _answered(
        notebook, "class E(type('E' * 5_000, (Exception,), {})): pass\ndef NAME(*a): raise E('\\u2028' * 10**6)"
    ),
    "messages without end": lambda notebook: _answered(notebook, _FLOOD, ["gate"]),
    "memory": lambda notebook: _answered(notebook, "def NAME(*a):\n    x = []\n    while 1: x.append(bytes(1 << 24))"),
    "large outputs": lambda notebook: notebook["cells"][-1].update(outputs=[{"text": "a" * (12 << 20)}]),
    "wide texts": lambda notebook: notebook["metadata"].update(x=["a" * (1 << 20) + "\U0001f600"] * 12),
    "many values": lambda notebook: notebook["metadata"].update(x=[[]] * 660_000),
    "many objects": lambda notebook: notebook["metadata"].update(x=[{"": 0}] * 400_000),
}
WITHOUT_LOSS = ("none", "large outputs", "many values", "many names")


def bomb(solution: bytes, name: str) -> bytes:
    """Return the solution of the first assignment, made into one of the bombs."""
    notebook: Notebook = json.loads(solution)
    BOMBS[name](notebook)
    return json.dumps(notebook, ensure_ascii=False, separators=(",", ":")).encode()
