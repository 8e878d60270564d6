"""Describe values in a few words, for messages: arguments, answers and expected answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.core.sanitize import clean
from autograder.execution.interface import Call
from autograder.grading.messages import axes
from autograder.guest.wire import Opaque, Seed

MAX_SHOWN = 9  # a message shows at most so many numbers of an array: an image of 3×3, not a larger one


def shape_of(plain: NDArray[Any]) -> str:
    """Return `shape (2, 3)`."""
    return "one number" if plain.ndim == 0 else f"shape {plain.shape}"


def wanted_shape(shape: tuple[int | None, ...] | None, ndim: int | None) -> str:
    """Return `shape (2, any)`, or only the number of axes if no shape is given. None is a side of any length."""
    if shape is None:
        return f"{axes(ndim or 0)}"
    if shape == ():
        return "one number"
    sides = ", ".join("any" if side is None else str(side) for side in shape)
    return f"shape ({sides}{',' if len(shape) == 1 else ''})"


def entry_where(mask: NDArray[Any]) -> tuple[int, ...]:
    """Return the index of the first entry that is True, in row-major order."""
    return tuple(int(axis) for axis in np.unravel_index(int(np.argmax(mask)), mask.shape))


def show_entry(plain: NDArray[Any], where: tuple[int, ...]) -> str:
    """Return `-1.5 at [2, 0]`."""
    return f"{show(plain[where])} at [{', '.join(map(str, where))}]"


def show(value: Any, digits: int = 7) -> str:
    """Describe a value: numbers with so many digits, arrays of more than a few entries by their shape."""
    if isinstance(value, np.ndarray):
        if value.size > MAX_SHOWN:
            return f"an array of shape {value.shape}"
        text = np.array2string(value, separator=", ", formatter={"float_kind": lambda entry: f"{entry:.{digits}g}"})
        return " ".join(text.split()) if value.size else f"an empty array of shape {value.shape}"
    if isinstance(value, bool | np.bool_) or value is None:
        return str(value)
    if isinstance(value, int | float | np.number):
        return f"{value:.{digits}g}" if isinstance(value, float | np.floating) else str(value)[:40]
    if isinstance(value, list | tuple):
        inside = ", ".join(show(item) for item in value[:MAX_SHOWN])
        more = ", …" if len(value) > MAX_SHOWN else "," if len(value) == 1 and isinstance(value, tuple) else ""
        return f"[{inside}{more}]" if isinstance(value, list) else f"({inside}{more})"
    if isinstance(value, Opaque):
        return clean(value.described, 100)
    if isinstance(value, str):
        return repr(value[:60])
    if isinstance(value, Seed):
        return f"np.random.default_rng({value.value})"
    return "a function" if callable(value) else f"a {type(value).__name__}"


def show_call(call: Call, parameters: Sequence[str]) -> str:
    """Return `x = [1, 0], w = [1, 1], threshold = 1`."""
    names = [*parameters, *("" for _ in call.arguments)]
    words = [
        f"{name} = {show(value)}" if name else show(value) for name, value in zip(names, call.arguments, strict=False)
    ]
    return ", ".join(words + [f"{name} = {show(value)}" for name, value in call.options.items()])
