"""Answers to any exercise: odd, hostile, or given without regard to the task. None may earn a point or break a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest import wire


@dataclass
class Lying:
    """Equal to everything, and an array of whatever is wanted."""

    def __eq__(self, other: object) -> bool:
        return True

    def __array__(self, *_: object, **__: object) -> Any:
        raise RuntimeError("no")

    def __float__(self) -> float:
        return 1.0


def endless() -> list[Any]:
    inside: list[Any] = []
    inside.append(inside)
    return inside


ODD: dict[str, Any] = {
    "none": None,
    "text": "x",
    "list": [],
    "dict": {},
    "tuple": (),
    "nan": float("nan"),
    "inf": np.inf,
    "huge": 10**400,
    "huge_array": np.full((50, 50), 1e308),
    "complex": 1j,
    "complex_array": np.ones(3) * 1j,
    "ragged": [[1, 2], [3]],
    "ragged_arrays": [np.ones(2), np.ones((2, 2))],
    "long_tuple": tuple(range(1000)),
    "pair": (1, 2),
    "triple": (np.ones(2), 0.0, [1]),
    "strings": np.array(["a", "b"]),
    "objects": np.array([None, 1], dtype=object),
    "function": print,
    "generator": (i for i in range(3)),
    "lying": Lying(),
    "endless": endless(),
    "deep": wire.Opaque("a list too deep"),
    "masked": np.ma.masked_all(3),  # type: ignore[no-untyped-call]
    "bytes": b"\xff",
    "surrogate": "\ud800",
    "many_axes": np.ones((1,) * 40),
    "empty": np.empty((0, 3)),
}


def nothing_but_valueerror(*arguments: Any, **options: Any) -> Any:
    raise ValueError("always")


def like_the_first(value: Any) -> Callable[..., Any]:
    """A constant for each sample."""
    return lambda x=(), *_, **__: np.full(len(x), value) if isinstance(x, np.ndarray) else value


EMPTY_ANSWERS: dict[str, Callable[..., Any]] = {
    "zero": lambda *a, **k: 0,
    "one": lambda *a, **k: 1,
    "zeros": like_the_first(0.0),
    "ones": like_the_first(1.0),
    "first": lambda *a, **k: a[0] if a else None,
    "first_two": lambda *a, **k: a[:2],
    "all": lambda *a, **k: a,
    "always_valueerror": nothing_but_valueerror,
    "as_it_was": lambda P=0, T=0, w=0, b=0, max_epochs=100: (w, b, [0]),
    "zero_gate": lambda *a, **k: (np.zeros(2), 0.0),
    "zero_network": lambda *a, **k: [(np.zeros((2, 2)), np.zeros(2)), (np.zeros((1, 2)), np.zeros(1))],
}


def of_the_right_shape(right: Callable[..., Any], value: float) -> Callable[..., Any]:
    """A function that gives `value` for every number of the right answer, and where that is an exception."""

    def constant(answer: Any) -> Any:
        if isinstance(answer, tuple | list):
            return type(answer)(map(constant, answer))
        return np.full_like(answer, value) if isinstance(answer, np.ndarray | np.generic) else type(answer)(value)

    def answer(*arguments: Any, **options: Any) -> Any:
        try:
            return constant(right(*arguments, **options))
        except Exception:
            return value

    return answer


HOSTILE: dict[str, Callable[..., Any]] = {
    **{name: (lambda *arguments, answer=answer, **options: answer) for name, answer in ODD.items()},
    **EMPTY_ANSWERS,
    "no_parameters": lambda: 0,
}
