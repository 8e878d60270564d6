"""Recognise a typical mistake by the answers that it gives.

The student's failed answers are compared with the answers that a wrong implementation gives to the same calls.
The instructor's side records those answers by running the wrong implementations in a hidden suite. The student's
side reads them from `selfcheck.json`, which does not contain that code.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.execution.interface import Call, Raised, SessionEnded

MAX_NUMBERS = 64  # entries of an array that a fingerprint keeps, at fixed positions
MAX_PARTS = 500  # of a list or dict, with all that is in it: no mistake that has a name returns more
_CLOSE = 1e-5  # difference between equal numbers, relative to the largest one

Fingerprint = Any  # a fingerprint of an answer, as JSON


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that has a name."""

    name: str
    sentence: str  # for the student
    answers: Mapping[str, Sequence[Fingerprint]]  # one for each call, by the id of each test that it fails


def fingerprint(call: Call) -> Fingerprint:
    """Return the reply of a call as short JSON that can be compared."""
    reply = call.reply
    if isinstance(reply, SessionEnded):
        return {"ended": reply.outcome}
    if isinstance(reply, Raised):
        return {"raised": reply.type}
    if reply.warned:
        return {"value": _fingerprint(reply.value), "warned": True}
    if reply.after is None:
        return _fingerprint(reply.value)
    return {"value": _fingerprint(reply.value), "after": [_fingerprint(value) for value in reply.after]}


def _fingerprint(value: Any) -> Fingerprint:
    if isinstance(value, bool | int | float | np.generic | np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            return {"shape": list(array.shape), "numbers": [_number(entry) for entry in _sample(array)]}
        return {"type": str(array.dtype)}
    if isinstance(value, list | tuple | dict) and _parts_of(value, MAX_PARTS) > MAX_PARTS:
        return {"type": f"a {type(value).__name__} of over {MAX_PARTS} parts"}
    if isinstance(value, list | tuple):
        return [_fingerprint(item) for item in value[:MAX_NUMBERS]]
    if isinstance(value, dict):
        return {"keys": [[str(key), _fingerprint(item)] for key, item in list(value.items())[:MAX_NUMBERS]]}
    if isinstance(value, str) or value is None:
        return value
    return {"type": repr(value)[:100]}


def _parts_of(value: Any, most: int) -> int:
    """Return how many values are in a list or dict, at any depth; any larger number if there are more than `most`."""
    count, todo = 0, [value]
    while todo and count <= most:
        inside = todo.pop()
        inside = list(inside.values()) if isinstance(inside, dict) else inside
        count += len(inside)
        todo += [item for item in inside[:MAX_NUMBERS] if isinstance(item, list | tuple | dict)]
    return count


def _sample(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return some numbers of an array. They are taken before they are widened: an array may be large."""
    flat = array.ravel()
    if flat.size > MAX_NUMBERS:
        flat = np.take(flat, np.linspace(0, flat.size - 1, MAX_NUMBERS).astype(int))
    return flat.astype(np.float64)


def _number(entry: float) -> float | str:
    return float(f"{entry:.9g}") if math.isfinite(entry) else str(float(entry))  # JSON has no nan


def same_fingerprint(left: Fingerprint, right: Fingerprint) -> bool:
    """Return whether two answers are equal up to rounding. A list of numbers equals an array of them."""
    if isinstance(left, list) and isinstance(right, dict):
        left = _as_array(left)
    if isinstance(right, list) and isinstance(left, dict):
        right = _as_array(right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_fingerprint, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return False
        if "numbers" in left:
            return bool(left["shape"] == right["shape"] and _same_numbers(left["numbers"], right["numbers"]))
        return all(same_fingerprint(left[key], right[key]) for key in left)
    return bool(left == right)


def _as_array(fingerprints: list[Fingerprint]) -> Fingerprint:
    if fingerprints and all(isinstance(item, dict) and item.get("shape") == [] for item in fingerprints):
        return {"shape": [len(fingerprints)], "numbers": [item["numbers"][0] for item in fingerprints]}
    return fingerprints


def _same_numbers(left: Sequence[Any], right: Sequence[Any]) -> bool:
    a, b = np.array(left, dtype=np.float64), np.array(right, dtype=np.float64)
    if a.shape != b.shape:
        return False
    finite = b[np.isfinite(b)]
    scale = float(np.max(np.abs(finite), initial=0.0)) or 1.0
    with np.errstate(invalid="ignore"):
        return bool(np.all((np.abs(a - b) <= _CLOSE * scale) | (a == b) | (np.isnan(a) & np.isnan(b))))


def recognised(
    mistakes: Sequence[Mistake], failed: Mapping[str, Sequence[Fingerprint]], passed: Collection[str] = ()
) -> Mistake | None:
    """Return the only mistake that gives all failed answers and fails no test that passed; else None."""
    candidates = [
        mistake
        for mistake in mistakes
        if _gives(mistake, failed) and not any(test in mistake.answers for test in passed)
    ]
    return candidates[0] if failed and len(candidates) == 1 else None


def _gives(mistake: Mistake, failed: Mapping[str, Sequence[Fingerprint]]) -> bool:
    for test, fingerprints in failed.items():
        known = mistake.answers.get(test)
        if not fingerprints or known is None or len(known) < len(fingerprints):
            return False
        if not all(map(same_fingerprint, fingerprints, known)):
            return False
    return True


def catalogue_to_json(mistakes: Sequence[Mistake], tests: set[str]) -> list[dict[str, Any]]:
    """Return the mistakes as `selfcheck.json` holds them, with their answers in the given tests only.

    A mistake that fails none of these tests is left out.
    """
    entries = []
    for mistake in mistakes:
        answers = {test: list(fingerprints) for test, fingerprints in mistake.answers.items() if test in tests}
        if answers:
            entries.append({"name": mistake.name, "sentence": mistake.sentence, "answers": answers})
    return entries


def catalogue_from_json(entries: Sequence[Mapping[str, Any]]) -> tuple[Mistake, ...]:
    """Return the mistakes that `catalogue_to_json` wrote."""
    return tuple(Mistake(entry["name"], entry["sentence"], entry["answers"]) for entry in entries)
