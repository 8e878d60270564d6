"""Compare an answer with the expected one.

An answer is whatever a student's function returned, so it may be anything. A comparison either passes or raises
CheckFailed with a finding; no answer makes it raise anything else.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.core.text import plural
from autograder.grading import messages
from autograder.grading.error_location import region
from autograder.grading.messages import Finding, FindingKind
from autograder.grading.value_format import MAX_SHOWN, entry_where, shape_of, show, show_entry
from autograder.guest.wire import OBJECT_OF_TYPE, TOO_LARGE, Opaque

_EPS32 = float(np.finfo(np.float32).eps)

_KINDS: dict[type, str] = {str: "text", list: "a list that is no array", tuple: "a tuple", dict: "a dict"}

Tolerance = Callable[[NDArray[Any]], float]


@dataclass(frozen=True, eq=False)
class Differing:
    """An array of an answer and the right one, of one shape, and which entries are wrong."""

    returned: NDArray[Any]
    expected: NDArray[Any]
    wrong: NDArray[np.bool_]


class CheckFailed(Exception):
    """A wrong answer. The finding says what is wrong; `expected` is for instructors, if there is one right value."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.kind.name)
        self.finding = finding
        self.expected: Any = None
        self.differing: Differing | None = None


def tolerance_for(terms: int = 1, scale: float | None = None) -> Tolerance:
    """Return how far a right answer may be from the expected one: 16·eps32·√n·s for every entry of an array.

    n is the number of terms in the longest sum behind an entry, s the largest expected magnitude of the array
    (1 if that is 0; `scale` if the values are bounded by their nature, as a sigmoid's). Any order of evaluation,
    FFT and float32 inside stay within 2.5·eps32·√n·s; the smallest deviation that a typical mistake makes is
    1e-2·s. The error is measured against the whole array because rounding is: an entry that cancels to nearly zero
    carries the error of its terms.
    """

    def bound(expected: NDArray[Any]) -> float:
        largest = float(np.max(np.abs(expected), initial=0.0)) if scale is None else scale
        return 16 * _EPS32 * float(np.sqrt(terms)) * (largest or 1.0)

    return bound


# ---- answers and expected answers


def compare(value: Any, expected: Any, rule: Tolerance, part: str = "") -> None:
    """Require that an answer is the expected one: numbers within the tolerance, results and dicts part by part."""
    if isinstance(expected, tuple) or (isinstance(expected, list) and not _is_numeric(expected)):
        results = results_of(value, len(expected), part)
        for number, (got, want) in enumerate(zip(results, expected, strict=True)):
            compare(got, want, rule, f"{part}[{number}]" if part else f"result {number + 1}")
    elif isinstance(expected, dict):
        _compare_dict(value, expected, rule)
    elif isinstance(expected, str) or expected is None:
        if type(value) is not type(expected) or value != expected:
            raise CheckFailed(
                Finding(FindingKind.VALUES, returned=show(value), expected=show(expected), part=part, differ=1, size=1)
            )
    else:
        _compare_numbers(numbers_of(value, part), np.asarray(expected), rule, part)


def _compare_dict(value: Any, expected: dict[Any, Any], rule: Tolerance) -> None:
    keys = ", ".join(map(str, expected))
    if not isinstance(value, dict):
        raise CheckFailed(Finding(FindingKind.TYPE, returned=show(value), expected=f"a dict with the keys {keys}"))
    if set(value) != set(expected):
        returned = f"keys {show(list(value))}"
        raise CheckFailed(Finding(FindingKind.KEYS, returned=returned, expected=f"exactly the keys {keys}"))
    for key, want in expected.items():
        compare(value[key], want, rule, f"[{key!r}]")


def _compare_numbers(got: NDArray[Any], want: NDArray[Any], rule: Tolerance, part: str) -> None:
    if got.shape != want.shape:
        raise CheckFailed(
            Finding(
                FindingKind.SHAPE,
                returned=shape_of(got),
                expected=shape_of(want),
                part=part,
                sentence=_other_shape(got, want),
            )
        )
    if (got == want).all():  # true for most answers, and quick
        return
    with np.errstate(all="ignore"):
        near = np.abs(got.astype(np.float64) - want.astype(np.float64)) <= rule(want)
        wrong = ~(near | (got == want))  # infinity equals infinity
    try:
        if np.all(np.isfinite(want)):
            require_finite(got, part)
        if wrong.any():
            raise CheckFailed(_wrong_values(got, want, wrong, part))
    except CheckFailed as failed:
        failed.differing = Differing(got, want, wrong)
        raise


def _wrong_values(got: NDArray[Any], want: NDArray[Any], wrong: NDArray[Any], part: str) -> Finding:
    returned, expected = _shown_pair(got, want, wrong)
    return Finding(
        FindingKind.VALUES,
        returned=returned,
        expected=expected,
        part=part,
        differ=int(wrong.sum()),
        size=got.size,
        sentence=region(wrong) if got.size > MAX_SHOWN else "",
    )


def _shown_pair(got: NDArray[Any], want: NDArray[Any], wrong: NDArray[Any]) -> tuple[str, str]:
    """Describe both arrays: all of them if they are small, else the first wrong entry and the one farthest off."""
    if got.size <= MAX_SHOWN:
        alike = show(got) == show(want)  # more digits show the difference
        return (show(got, 15), show(want, 15)) if alike else (show(got), show(want))
    with np.errstate(all="ignore"):
        off = np.where(wrong, np.nan_to_num(np.abs(got.astype(np.float64) - want)), -1.0)
    first, worst = entry_where(wrong), entry_where(off == off.max())
    if first == worst:
        return f"{show(got)}: {show_entry(got, first)}", show_entry(want, first)
    returned = f"{show(got)}: {show_entry(got, first)}, farthest off {show_entry(got, worst)}"
    return returned, f"{show_entry(want, first)}, {show_entry(want, worst)}"


def _other_shape(got: NDArray[Any], want: NDArray[Any]) -> str:
    """Return the diagnosis of a wrong shape. A hidden test may show it, as it names no length."""
    if got.ndim != want.ndim:
        return messages.wrong_axes(got.ndim, want.ndim)
    return messages.wrong_lengths([axis for axis in range(got.ndim) if got.shape[axis] != want.shape[axis]])


def _is_numeric(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, bool | int | float | np.number) for value in values)


# ---- the kinds of answers


def results_of(value: Any, count: int, part: str) -> tuple[Any, ...]:
    """Return an answer as exactly `count` results: a tuple, a list, or the rows of an array."""
    if not isinstance(value, tuple | list) and not (isinstance(value, np.ndarray) and value.ndim > 0):
        reason = messages.no_number("None") if value is None else _too_large(value)
        raise CheckFailed(
            Finding(FindingKind.TYPE, returned=show(value), expected=f"{count} results", part=part, sentence=reason)
        )
    if len(value) != count:
        returned, expected = plural(len(value), "result"), plural(count, "result")
        raise CheckFailed(Finding(FindingKind.COUNT, returned=returned, expected=expected, part=part))
    return tuple(value)


def numbers_of(value: Any, part: str) -> NDArray[Any]:
    """Return an answer as an array of real numbers."""
    plain = value if type(value) is np.ndarray else _as_array(value)
    if plain.dtype.kind not in "biuf":
        reason = _no_number(value)
        raise CheckFailed(
            Finding(FindingKind.TYPE, returned=show(value), expected="numbers", part=part, sentence=reason)
        )
    return plain


def _as_array(value: Any) -> NDArray[Any]:
    try:
        with np.errstate(all="ignore"):
            return np.asarray(value if _only_numbers(value) else None)
    except Exception:  # ragged lists, and whatever else NumPy refuses
        return np.asarray(None)


def _only_numbers(value: Any) -> bool:
    """Return whether NumPy may make an array of a value: one long text in a list would make every entry as long."""
    if isinstance(value, list | tuple):
        return all(map(_only_numbers, value))
    return isinstance(value, bool | int | float | complex | np.generic | np.ndarray)


def _too_large(value: Any) -> str:
    """Return a sentence about an answer that was too large to be sent; empty for any other."""
    return messages.too_large() if isinstance(value, Opaque) and value.described.startswith(TOO_LARGE) else ""


def returned_exception(value: Any) -> str:
    """Return a sentence about an exception that was returned instead of raised; empty for any other value."""
    name = value.described.removeprefix(OBJECT_OF_TYPE) if isinstance(value, Opaque) else ""
    kind = getattr(builtins, name, None)
    return messages.returned_exception() if isinstance(kind, type) and issubclass(kind, BaseException) else ""


def _no_number(value: Any) -> str:
    if sentence := _too_large(value) or returned_exception(value):
        return sentence
    if isinstance(value, complex) or (isinstance(value, np.ndarray) and value.dtype.kind == "c"):
        return messages.no_number("complex")
    return messages.no_number("None" if value is None else _KINDS.get(type(value), "no number"))


def require_finite(plain: NDArray[Any], part: str) -> None:
    """Require that no number is nan or infinite."""
    bad = ~np.isfinite(plain)
    if bad.any():
        shown = show(plain) if plain.size <= MAX_SHOWN else f"{show(plain)}: {show_entry(plain, entry_where(bad))}"
        raise CheckFailed(
            Finding(FindingKind.FINITE, returned=shown, part=part, differ=int(bad.sum()), size=plain.size)
        )


# ---- arguments


def is_unchanged(before: Any, after: Any) -> bool:
    """Return whether an argument is exactly as it was. A generator may have been used."""
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and before.dtype == after.dtype
            and bool(np.array_equal(before, after, equal_nan=before.dtype.kind == "f"))
        )
    if isinstance(before, list | tuple):
        return type(before) is type(after) and len(before) == len(after) and all(map(is_unchanged, before, after))
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and before.keys() == after.keys()
            and all(is_unchanged(before[key], after[key]) for key in before)
        )
    if isinstance(before, bool | int | float | complex | str | np.generic) or before is None:
        return type(before) is type(after) and bool(before == after or before != before)
    return True
