"""Answers to any exercise that are odd, hostile, or ignore the task. None may earn a point or break a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest import wire


@dataclass
class EqualToEverything:
    """An object that claims to be equal to everything, and fails when NumPy makes an array of it."""

    def __eq__(self, other: object) -> bool:
        return True

    def __array__(self, *_: object, **__: object) -> Any:
        raise RuntimeError("no")

    def __float__(self) -> float:
        return 1.0


def list_in_itself() -> list[Any]:
    """Return a list that is its own only entry."""
    endless: list[Any] = []
    endless.append(endless)
    return endless


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
    "lying": EqualToEverything(),
    "endless": list_in_itself(),
    "deep": wire.Opaque("a list too deep"),
    "masked": np.ma.masked_all(3),  # type: ignore[no-untyped-call]
    "bytes": b"\xff",
    "surrogate": "\ud800",
    "many_axes": np.ones((1,) * 40),
    "empty": np.empty((0, 3)),
}


def raise_valueerror(*arguments: Any, **options: Any) -> Any:
    """Raise ValueError, as some tests ask for certain inputs."""
    raise ValueError("always")


def constant_per_sample(value: Any) -> Callable[..., Any]:
    """Return a function that answers a constant for each sample of its first argument."""
    return lambda x=(), *_, **__: np.full(len(x), value) if isinstance(x, np.ndarray) else value


EMPTY_ANSWERS: dict[str, Callable[..., Any]] = {
    "zero": lambda *a, **k: 0,
    "one": lambda *a, **k: 1,
    "zeros": constant_per_sample(0.0),
    "ones": constant_per_sample(1.0),
    "first": lambda *a, **k: a[0] if a else None,
    "first_two": lambda *a, **k: a[:2],
    "all": lambda *a, **k: a,
    "always_valueerror": raise_valueerror,
    "as_it_was": lambda P=0, T=0, w=0, b=0, max_epochs=100: (w, b, [0]),
    "zero_gate": lambda *a, **k: (np.zeros(2), 0.0),
    "zero_network": lambda *a, **k: [(np.zeros((2, 2)), np.zeros(2)), (np.zeros((1, 2)), np.zeros(1))],
}


def of_the_right_shape(right: Callable[..., Any], value: float) -> Callable[..., Any]:
    """Return a function that answers as the right one does, but with `value` for every number, and for an exception."""

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
