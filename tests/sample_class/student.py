"""What a row of the sample class is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Notebook = dict[str, Any]
Damage = Callable[[Notebook], Notebook]


def as_handed_out(notebook: Notebook) -> Notebook:
    return notebook


def as_file(notebook: Notebook) -> bytes:
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


@dataclass(frozen=True)
class Student:
    """One student: what was written, what was done to the notebook, and what that deserves.

    Exercises that are named neither in `bodies` nor in `cells` have the solution's answer.
    """

    name: str
    did: str
    score: float | None  # worked out by hand from the weights of the tests; None: cannot be graded
    loses: Mapping[str, str] = field(default_factory=dict)  # exercise -> the outcome, or the mistake to be named
    bodies: Mapping[str, str] = field(default_factory=dict)  # exercise -> what stands below its docstring
    cells: Mapping[str, str] = field(default_factory=dict)  # exercise -> the whole text of its cell
    damage: Damage = as_handed_out
    write: Callable[[Notebook], bytes] = as_file
    cheats: bool = False
    stem: str = "01_perceptron"


STUB = "raise NotImplementedError"
EXERCISES = (
    "threshold_unit",
    "perceptron_predict",
    "gate",
    "boundary_distance",
    "perceptron_update",
    "perceptron_train",
    "xor_network",
    "delta_rule",
)


def only(**written: str) -> dict[str, str]:
    """Bodies for these exercises, stubs for all others."""
    return {**dict.fromkeys(EXERCISES, STUB), **written}
