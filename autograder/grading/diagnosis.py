"""Which mistake it was: a catalogue of wrong implementations, known by the answers they give.

Wherever tests run, a mistake is recognised the same way: the student's failed answers are compared with the
answers that the wrong implementation gives to the same calls. The instructor's side records those answers from
the code in a hidden suite; the student's side reads them from `selfcheck.json`, where the code is not.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.execution.interface import Call, Raised, RoomEnded

MAX_NUMBERS = 64  # of an array's entries, at fixed positions
_CLOSE = 1e-5

Print = Any  # a fingerprint: plain JSON


@dataclass(frozen=True)
class Mistake:
    """A named wrong implementation: what a student reads, and its answers
    (one for each call) by the id of each test that it fails."""

    name: str
    sentence: str
    answers: Mapping[str, Sequence[Print]]


def fingerprint(call: Call) -> Print:
    """What came of a call, as JSON that can be compared: short, whatever the answer was."""
    reply = call.reply
    if isinstance(reply, RoomEnded):
        return {"ended": reply.outcome}
    if isinstance(reply, Raised):
        return {"raised": reply.type}
    if reply.warned:
        return {"value": _print(reply.value), "warned": True}
    if reply.after is None:
        return _print(reply.value)
    return {"value": _print(reply.value), "after": [_print(value) for value in reply.after]}


def _print(value: Any) -> Print:
    if isinstance(value, bool | int | float | np.generic | np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            return {"shape": list(array.shape), "numbers": [_number(entry) for entry in _sample(array)]}
        return {"type": str(array.dtype)}
    if isinstance(value, list | tuple):
        return [_print(item) for item in value[:MAX_NUMBERS]]
    if isinstance(value, dict):
        return {"keys": [[str(key), _print(item)] for key, item in list(value.items())[:MAX_NUMBERS]]}
    if isinstance(value, str) or value is None:
        return value
    return {"type": repr(value)[:100]}


def _sample(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    flat = array.astype(np.float64).ravel()
    positions = np.linspace(0, flat.size - 1, MAX_NUMBERS).astype(int)
    return flat if flat.size <= MAX_NUMBERS else np.take(flat, positions)


def _number(entry: float) -> float | str:
    return float(f"{entry:.9g}") if math.isfinite(entry) else str(float(entry))  # JSON has no nan


def same_print(one: Print, other: Print) -> bool:
    """Equal up to rounding. A list of numbers is the same as an array of them."""
    if isinstance(one, list) and isinstance(other, dict):
        one = _as_array(one)
    if isinstance(other, list) and isinstance(one, dict):
        other = _as_array(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_print, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return False
        if "numbers" in one:
            return bool(one["shape"] == other["shape"] and _same_numbers(one["numbers"], other["numbers"]))
        return all(same_print(one[key], other[key]) for key in one)
    return bool(one == other)


def _as_array(prints: list[Print]) -> Print:
    if prints and all(isinstance(item, dict) and item.get("shape") == [] for item in prints):
        return {"shape": [len(prints)], "numbers": [item["numbers"][0] for item in prints]}
    return prints


def _same_numbers(one: Sequence[Any], other: Sequence[Any]) -> bool:
    a, b = np.array(one, dtype=np.float64), np.array(other, dtype=np.float64)
    if a.shape != b.shape:
        return False
    finite = b[np.isfinite(b)]
    scale = float(np.max(np.abs(finite), initial=0.0)) or 1.0
    with np.errstate(invalid="ignore"):
        return bool(np.all((np.abs(a - b) <= _CLOSE * scale) | (a == b) | (np.isnan(a) & np.isnan(b))))


def recognised(
    mistakes: Sequence[Mistake], failed: Mapping[str, Sequence[Print]], passed: Collection[str] = ()
) -> Mistake | None:
    """The one mistake that gives all the failed answers and fails no test that passed; None for none or several."""
    found = [one for one in mistakes if _gives(one, failed) and not any(test in one.answers for test in passed)]
    return found[0] if failed and len(found) == 1 else None


def _gives(mistake: Mistake, failed: Mapping[str, Sequence[Print]]) -> bool:
    for test, prints in failed.items():
        known = mistake.answers.get(test)
        if not prints or known is None or len(known) < len(prints):
            return False
        if not all(map(same_print, prints, known)):
            return False
    return True


def catalogue_to_json(mistakes: Sequence[Mistake], tests: set[str]) -> list[dict[str, Any]]:
    """The mistakes' answers in the given tests, for `selfcheck.json`; those that give none there are left out."""
    entries = []
    for mistake in mistakes:
        answers = {test: list(prints) for test, prints in mistake.answers.items() if test in tests}
        if answers:
            entries.append({"name": mistake.name, "sentence": mistake.sentence, "answers": answers})
    return entries


def catalogue_from_json(entries: Sequence[Mapping[str, Any]]) -> tuple[Mistake, ...]:
    return tuple(Mistake(entry["name"], entry["sentence"], entry["answers"]) for entry in entries)
