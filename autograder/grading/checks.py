"""The checks that a suite calls: what a function must answer, raise or leave alone, and what its answer must be.

An answer is whatever a student's function returned, so it may be anything. A check either passes or raises
CheckFailed with a finding; no answer makes it raise anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.core.model import NoModel, TrainedModel
from autograder.execution.interface import Call, CallRaised, Function, Raised, Returned, Student
from autograder.grading import messages
from autograder.grading.comparison import (
    CheckFailed,
    Tolerance,
    compare,
    is_unchanged,
    numbers_of,
    require_finite,
    results_of,
    returned_exception,
    tolerance_for,
)
from autograder.grading.messages import Finding, FindingKind
from autograder.grading.value_format import shape_of, show, wanted_shape

# ---- calls


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
    """Call the function once. It must return `expected`: real numbers within the tolerance.

    If `expected` is a tuple, the function must return a tuple or list of exactly that many results.
    """
    rule = tolerance_for(terms, scale) if tolerance is None else (lambda _: tolerance)
    function.check_call(lambda call: _require_answer(call, expected, rule), arguments, options, expected=expected)


def equal(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    expected: Any,
) -> None:
    """Call the function once. It must return exactly `expected`: counts, shapes, masks, 0/1 outputs."""
    function.check_call(
        lambda call: _require_answer(call, expected, lambda _: 0.0), arguments, options, expected=expected
    )


def raises(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    error: type[Exception] = ValueError,
) -> None:
    """Call the function once. It must raise `error` or an exception derived from it."""
    function.check_call(lambda call: _require_error(call, error.__name__), arguments, options, expected=None)


def unchanged(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    expected: Any,
    terms: int = 1,
) -> None:
    """Call the function once. It must return `expected` and leave its arguments unchanged.

    The answer is checked, too, because a function that does nothing at all changes nothing either.
    """

    def judge(call: Call) -> None:
        try:
            _require_answer(call, expected, tolerance_for(terms))
        except CheckFailed as failed:
            failed.finding = replace(failed.finding, changed=_changed_argument(call))  # often the reason
            raise
        if changed := _changed_argument(call):
            raise CheckFailed(Finding(FindingKind.ARGUMENTS, part=changed))

    function.check_call(judge, arguments, options, expected=expected, want_arguments=True)


def silent(
    function: Function,
    arguments: Sequence[Any] = (),
    options: Mapping[str, Any] | None = None,
    *,
    expected: Any,
    terms: int = 1,
    scale: float | None = None,
) -> None:
    """Call the function once. It must return `expected`, and NumPy must issue no warning."""

    def judge(call: Call) -> None:
        _require_answer(call, expected, tolerance_for(terms, scale))
        if isinstance(call.reply, Returned) and call.reply.warned:
            raise CheckFailed(Finding(FindingKind.WARNED, warned=call.reply.warned))

    function.check_call(judge, arguments, options, expected=expected, want_warning=True)


def _require_error(call: Call, wanted: str) -> None:
    if not isinstance(call.reply, Raised):
        assert isinstance(call.reply, Returned)
        sentence = returned_exception(call.reply.value)
        returned = show(call.reply.value)
        raise CheckFailed(Finding(FindingKind.NO_ERROR, returned=returned, expected=wanted, sentence=sentence))
    if call.reply.type == "NotImplementedError":
        raise CallRaised(call)
    if wanted not in call.reply.kinds:
        raise CheckFailed(Finding(FindingKind.OTHER_ERROR, returned=call.reply.type, expected=wanted))


def _changed_argument(call: Call) -> str:
    """Return which argument the call changed, as `first`; empty if all are known to be as before."""
    after = call.reply.after if isinstance(call.reply, Returned) else None
    for number, before in enumerate(call.arguments):
        given = after[number] if after is not None and len(after) == len(call.arguments) else None
        if not callable(before) and not is_unchanged(before, given):
            return messages.ordinal(number)
    return ""


def _require_answer(call: Call, expected: Any, rule: Tolerance) -> None:
    if isinstance(call.reply, Raised):
        raise CallRaised(call)
    assert isinstance(call.reply, Returned)
    try:
        compare(call.reply.value, expected, rule)
    except CheckFailed as failed:
        failed.expected = expected
        raise


# ---- answers


def several(value: Any, count: int, what: str = "") -> tuple[Any, ...]:
    """Return the results in an answer, which must be exactly `count`: a tuple, a list, or the rows of an array."""
    return results_of(value, count, what)


def array(
    value: Any, what: str = "", *, shape: tuple[int | None, ...] | None = None, ndim: int | None = None
) -> NDArray[np.float64]:
    """Return an answer as a finite float64 array. `None` in `shape` allows any length of that side."""
    plain = numbers_of(value, what)
    expected = wanted_shape(shape, ndim)
    fits = ndim is None or plain.ndim == ndim
    if shape is not None:
        sides = list(zip(shape, plain.shape, strict=False))
        fits = fits and len(shape) == plain.ndim and all(side in (None, length) for side, length in sides)
    if not fits:
        raise CheckFailed(Finding(FindingKind.SHAPE, returned=shape_of(plain), expected=expected, part=what))
    require_finite(plain, what)
    return plain.astype(np.float64)


def number(value: Any, what: str = "") -> float:
    """Return an answer as one finite number."""
    return float(array(value, what, shape=()))


def holds(condition: bool, sentence: str) -> None:
    """Require a property of the answer. The sentence says what is wrong if it does not hold."""
    if not condition:
        raise CheckFailed(Finding(FindingKind.PROPERTY, sentence=sentence))


def trained_model(student: Student) -> TrainedModel:
    """Return the trained model of a submission. If there is none that can be read, the test fails with the reason."""
    if isinstance(student.trained, NoModel):
        raise CheckFailed(Finding(FindingKind.PROPERTY, sentence=student.trained.reason))
    return student.trained
