"""What a suite may do with an answer: compare it, unpack it, ask something of it.

An answer is whatever a student's function returned, so it may be anything. Every check here either passes or
raises CheckFailed with a finding; no answer makes it raise something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.core.model import Trained
from autograder.core.text import plural
from autograder.execution.interface import Call, CallRaised, Function, Raised, Returned, Student
from autograder.grading import messages
from autograder.grading.error_location import region
from autograder.grading.messages import Finding, FindingKind
from autograder.grading.value_format import MAX_SHOWN, entry_where, shape_of, show, show_entry, wanted_shape

_EPS32 = float(np.finfo(np.float32).eps)

_KINDS: dict[type, str] = {str: "text", list: "a list that is no array", tuple: "a tuple", dict: "a dict"}

Tolerance = Callable[[NDArray[Any]], float]


class CheckFailed(Exception):
    """A wrong answer; the finding says in which way. `expected` is for instructors' eyes, where there is one value."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.kind.name)
        self.finding = finding
        self.expected: Any = None


def tolerance_for(terms: int = 1, scale: float | None = None) -> Tolerance:
    """How far a right answer may be from ours: 16·eps32·√n·s, the same for every entry of an array.

    n is the number of terms in the longest sum behind an entry, s the largest expected magnitude of the array
    (1 where that is 0; `scale` where the values are bounded by their nature, as a sigmoid's). Any order of
    evaluation, FFT and float32 inside stay within 2.5·eps32·√n·s; the smallest deviation that a typical mistake
    makes is 1e-2·s. The error is measured against the whole array because rounding is: an entry that cancels to
    nearly zero carries the error of its terms.
    """

    def bound(expected: NDArray[Any]) -> float:
        largest = float(np.max(np.abs(expected), initial=0.0)) if scale is None else scale
        return 16 * _EPS32 * float(np.sqrt(terms)) * (largest or 1.0)

    return bound


def close(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    expected: Any,
    terms: int = 1,
    scale: float | None = None,
    tolerance: float | None = None,
) -> None:
    """Call the function once; its answer must be `expected`, real numbers within the tolerance.

    A tuple as `expected` means several results: a tuple or list of exactly that many.
    """
    rule = tolerance_for(terms, scale) if tolerance is None else (lambda _: tolerance)
    function.check_call(lambda call: _compare_answer(call, expected, rule), arguments, options)


def equal(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    expected: Any,
) -> None:
    """The same without a tolerance: counts, shapes, masks, 0/1 outputs."""
    function.check_call(lambda call: _compare_answer(call, expected, lambda _: 0.0), arguments, options)


def raises(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    error: type[Exception] = ValueError,
) -> None:
    """Call the function once; it must raise `error` or an exception derived from it."""
    function.check_call(lambda call: _demand_error(call, error.__name__), arguments, options)


def unchanged(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    expected: Any,
    terms: int = 1,
) -> None:
    """Call the function once; it must leave what it was given as it was, and answer rightly.

    The right answer is asked for because a function that does nothing at all changes nothing either.
    """

    def judge(call: Call) -> None:
        _compare_answer(call, expected, tolerance_for(terms))
        _demand_unchanged(call)

    function.check_call(judge, arguments, options, want_arguments=True)


def silent(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    expected: Any,
    terms: int = 1,
    scale: float | None = None,
) -> None:
    """Call the function once; it must answer rightly, and NumPy must have nothing to warn of."""

    def judge(call: Call) -> None:
        _compare_answer(call, expected, tolerance_for(terms, scale))
        if isinstance(call.reply, Returned) and call.reply.warned:
            raise CheckFailed(Finding(FindingKind.WARNED, warned=call.reply.warned))

    function.check_call(judge, arguments, options, want_warning=True)


def several(value: Any, count: int, what: str = "") -> tuple[Any, ...]:
    """The parts of an answer that must be a tuple or list (or the rows of an array) of exactly `count`."""
    if not isinstance(value, tuple | list) and not (isinstance(value, np.ndarray) and value.ndim > 0):
        reason = messages.no_number("None") if value is None else ""
        raise CheckFailed(Finding(FindingKind.TYPE, show(value), f"{count} results", what, sentence=reason))
    if len(value) != count:
        raise CheckFailed(Finding(FindingKind.COUNT, plural(len(value), "result"), plural(count, "result"), what))
    return tuple(value)


def array(
    value: Any, what: str = "", *, shape: tuple[int | None, ...] | None = None, ndim: int | None = None
) -> NDArray[np.float64]:
    """An answer as a finite float64 array. `None` in `shape` leaves that side free."""
    plain = _numbers(value, what)
    expected = wanted_shape(shape, ndim)
    fits = (ndim is None or plain.ndim == ndim) and (
        shape is None
        or (plain.ndim == len(shape) and all(s in (None, n) for s, n in zip(shape, plain.shape, strict=True)))
    )
    if not fits:
        raise CheckFailed(Finding(FindingKind.SHAPE, shape_of(plain), expected, what))
    _must_be_finite(plain, what)
    return plain.astype(np.float64)


def number(value: Any, what: str = "") -> float:
    """An answer as one finite number."""
    return float(array(value, what, shape=()))


def holds(condition: bool, sentence: str) -> None:
    """A property of the answer; the sentence says what is wrong where it does not hold."""
    if not condition:
        raise CheckFailed(Finding(FindingKind.PROPERTY, sentence=sentence))


def trained_model(student: Student) -> Trained:
    """The trained model of a submission; where there is none that can be read, the test is failed with the reason."""
    if isinstance(student.trained, str):
        raise CheckFailed(Finding(FindingKind.PROPERTY, sentence=student.trained or "No trained model was handed in."))
    return student.trained


def _demand_error(call: Call, wanted: str) -> None:
    if not isinstance(call.reply, Raised):
        assert isinstance(call.reply, Returned)
        raise CheckFailed(Finding(FindingKind.NO_ERROR, show(call.reply.value), wanted))
    if call.reply.type == "NotImplementedError":
        raise CallRaised(call)
    if wanted not in call.reply.kinds:
        raise CheckFailed(Finding(FindingKind.OTHER_ERROR, f"{call.reply.type}", wanted))


def _demand_unchanged(call: Call) -> None:
    after = call.reply.after if isinstance(call.reply, Returned) else None
    for number, before in enumerate(call.arguments):
        given = after[number] if after is not None and len(after) == len(call.arguments) else None
        if not callable(before) and not _same(before, given):
            raise CheckFailed(Finding(FindingKind.ARGUMENTS, part=messages.ordinal(number)))


def _compare_answer(call: Call, expected: Any, rule: Tolerance) -> None:
    if isinstance(call.reply, Raised):
        raise CallRaised(call)
    assert isinstance(call.reply, Returned)
    try:
        _compare(call.reply.value, expected, rule)
    except CheckFailed as failed:
        failed.expected = expected
        raise


def _compare(value: Any, expected: Any, rule: Tolerance, part: str = "") -> None:
    if isinstance(expected, tuple) or (isinstance(expected, list) and not _is_numeric(expected)):
        parts = several(value, len(expected), part)
        for number, (got, want) in enumerate(zip(parts, expected, strict=True)):
            _compare(got, want, rule, f"{part}[{number}]" if part else f"result {number + 1}")
    elif isinstance(expected, dict):
        _compare_dict(value, expected, rule)
    elif isinstance(expected, str) or expected is None:
        if type(value) is not type(expected) or value != expected:
            raise CheckFailed(Finding(FindingKind.VALUES, show(value), show(expected), part, 1, 1))
    else:
        _compare_numbers(_numbers(value, part), np.asarray(expected), rule, part)


def _compare_dict(value: Any, expected: dict[Any, Any], rule: Tolerance) -> None:
    keys = ", ".join(map(str, expected))
    if not isinstance(value, dict):
        raise CheckFailed(Finding(FindingKind.TYPE, show(value), f"a dict with the keys {keys}"))
    if set(value) != set(expected):
        raise CheckFailed(Finding(FindingKind.KEYS, f"keys {show(list(value))}", f"exactly the keys {keys}"))
    for key, want in expected.items():
        _compare(value[key], want, rule, f"[{key!r}]")


def _compare_numbers(got: NDArray[Any], want: NDArray[Any], rule: Tolerance, part: str) -> None:
    if got.shape != want.shape:
        raise CheckFailed(
            Finding(FindingKind.SHAPE, shape_of(got), shape_of(want), part, sentence=_other_shape(got, want))
        )
    if (got == want).all():
        return  # as most answers of a class, exactly
    if np.all(np.isfinite(want)):
        _must_be_finite(got, part)
    with np.errstate(all="ignore"):
        near = np.abs(got.astype(np.float64) - want.astype(np.float64)) <= rule(want)
        wrong = ~(near | (got == want))  # infinity equals infinity
    if not wrong.any():
        return
    returned, wanted = _shown_pair(got, want, wrong)
    where = region(wrong) if got.size > MAX_SHOWN else ""
    raise CheckFailed(Finding(FindingKind.VALUES, returned, wanted, part, int(wrong.sum()), got.size, where))


def _shown_pair(got: NDArray[Any], want: NDArray[Any], wrong: NDArray[Any]) -> tuple[str, str]:
    """Both arrays where they are small; else the first wrong entry, and the one that is farthest off."""
    if got.size <= MAX_SHOWN:
        alike = show(got) == show(want)  # what differs must be seen
        return (show(got, 15), show(want, 15)) if alike else (show(got), show(want))
    with np.errstate(all="ignore"):
        off = np.where(wrong, np.nan_to_num(np.abs(got.astype(np.float64) - want)), -1.0)
    first, worst = entry_where(wrong), entry_where(off == off.max())
    if first == worst:
        return f"{show(got)}: {show_entry(got, first)}", show_entry(want, first)
    returned = f"{show(got)}: {show_entry(got, first)}, farthest off {show_entry(got, worst)}"
    return returned, f"{show_entry(want, first)}, {show_entry(want, worst)}"


def _other_shape(got: NDArray[Any], want: NDArray[Any]) -> str:
    """The diagnosis of a shape, fit for a hidden test: it names no length."""
    if got.ndim != want.ndim:
        return messages.wrong_axes(got.ndim, want.ndim)
    return messages.wrong_lengths([axis for axis in range(got.ndim) if got.shape[axis] != want.shape[axis]])


def _numbers(value: Any, part: str) -> NDArray[Any]:
    """A plain answer as an array of real numbers."""
    plain = value if type(value) is np.ndarray else _as_array(value)
    if plain.dtype.kind not in "biuf":
        raise CheckFailed(Finding(FindingKind.TYPE, show(value), "numbers", part, sentence=_no_number(value)))
    return plain


def _as_array(value: Any) -> NDArray[Any]:
    try:
        with np.errstate(all="ignore"):
            return np.asarray(value if _only_numbers(value) else None)
    except Exception:  # ragged lists, and whatever else NumPy does not like
        return np.asarray(None)


def _only_numbers(value: Any) -> bool:
    """Asked before NumPy makes an array of it: one long text in a list would make every entry as long."""
    if isinstance(value, list | tuple):
        return all(map(_only_numbers, value))
    return isinstance(value, bool | int | float | complex | np.generic | np.ndarray)


def _no_number(value: Any) -> str:
    if isinstance(value, complex) or (isinstance(value, np.ndarray) and value.dtype.kind == "c"):
        return messages.no_number("complex")
    return messages.no_number("None" if value is None else _KINDS.get(type(value), "no number"))


def _must_be_finite(plain: NDArray[Any], part: str) -> None:
    bad = ~np.isfinite(plain)
    if bad.any():
        shown = show(plain) if plain.size <= MAX_SHOWN else f"{show(plain)}: {show_entry(plain, entry_where(bad))}"
        raise CheckFailed(Finding(FindingKind.FINITE, shown, "", part, int(bad.sum()), plain.size))


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and before.dtype == after.dtype
            and bool(np.array_equal(before, after, equal_nan=before.dtype.kind == "f"))
        )
    if isinstance(before, list | tuple):
        return type(before) is type(after) and len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and before.keys() == after.keys()
            and all(_same(before[k], after[k]) for k in before)
        )
    if isinstance(before, bool | int | float | complex | str | np.generic) or before is None:
        return type(before) is type(after) and bool(before == after or before != before)
    return True  # a generator may be used


def _is_numeric(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, bool | int | float | np.number) for value in values)
