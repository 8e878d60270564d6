"""Describe values in a few words, for messages: arguments, answers and expected answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.core.sanitize import clean
from autograder.execution.interface import Call
from autograder.grading.messages import axes
from autograder.guest.wire import Opaque, Seed

MAX_SHOWN = 9  # a message shows at most so many numbers of an array: an image of 3×3, not a larger one
MAX_CODE = 600  # characters of a call that can be pasted
_NO_CODE = "…"


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


# ---- calls


def inputs_of(call: Call, parameters: Sequence[str]) -> dict[str, Any]:
    """Return the inputs of a call by the names of the parameters; one without a name is called by its place."""
    names = [*parameters[: len(call.arguments)]]
    names += [f"input {number + 1}" for number in range(len(names), len(call.arguments))]
    return dict(zip(names, call.arguments, strict=True)) | dict(call.options)


def show_call(call: Call, parameters: Sequence[str]) -> str:
    """Return `x = [1, 0], w = [1, 1], threshold = 1`."""
    names = [*parameters, *("" for _ in call.arguments)]
    words = [
        f"{name} = {show(value)}" if name else show(value) for name, value in zip(names, call.arguments, strict=False)
    ]
    return ", ".join(words + [f"{name} = {show(value)}" for name, value in call.options.items()])


def call_as_code(call: Call, parameters: Sequence[str]) -> str:
    """Return `threshold_unit(x=np.array([1, 0]), threshold=1)`, which can be pasted into a notebook that has NumPy.

    It is empty if the call is longer than MAX_CODE characters, or has an input that Python's code cannot tell.
    """
    if len(call.arguments) > len(parameters):
        return ""
    arguments = [f"{name}={_code(value)}" for name, value in inputs_of(call, parameters).items()]
    code = f"{call.name}({', '.join(arguments)})"
    return code if len(code) <= MAX_CODE and _NO_CODE not in code else ""


def _code(value: Any) -> str:
    """Return a value as Python's code, exactly; _NO_CODE stands for what has none, or a long one."""
    if isinstance(value, np.ndarray):
        return _array_code(value)
    if isinstance(value, np.generic):
        return _code(value.item()) if value.dtype.kind in "biuf" else _NO_CODE
    if isinstance(value, float) and not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(_code, value[:MAX_CODE]))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_code(key)}: {_code(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Seed):
        return f"np.random.default_rng({value.value})"
    is_plain = isinstance(value, bool | int | float) or value is None
    is_word = isinstance(value, str) and not any(map(str.isspace, value))  # a line may break at a blank
    return repr(value) if is_plain or is_word else _NO_CODE


def _array_code(array: NDArray[Any]) -> str:
    """Return `np.array([[1.0, 2.0]])`, with the dtype if the entries alone do not tell it."""
    if array.size > MAX_CODE or array.dtype.kind not in "biuf":
        return _NO_CODE
    is_told = array.size and array.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool))
    dtype = "" if is_told else f", dtype=np.{array.dtype.name}"
    entries = f"np.array({_code(array.tolist())}{dtype})"
    return entries if array.size or array.ndim == 1 else f"np.zeros({array.shape}{dtype})"
