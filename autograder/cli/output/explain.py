"""Describe every failed test in full, for `autograder explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.core.model import TestResult
from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.execution.interface import Raised, Returned
from autograder.grading import messages
from autograder.grading.problems import WrongAnswer
from autograder.grading.runner import Run
from autograder.grading.value_format import show
from autograder.instructor.explain import Explained

_SHOWN_ENTRIES = 1000  # of a larger array only the corners are shown
_COLUMNS = 110
LINES = 400  # of one test
_CHARACTERS = 2_000  # of any value but an array


def explained_text(explained: Explained) -> str:
    """Return every failed test with its inputs, the answer, the expected answer and their difference."""
    failed = explained.failed
    count = f"{len(explained.results) - len(failed)} of {plural(len(explained.results), 'test')} passed."
    hint = [messages.hint(explained.hint.sentence)] if explained.hint else []
    return "\n\n".join([count, *hint, *(_test(result, run, explained.parameters) for result, run in failed)])


def _test(result: TestResult, run: Run, parameters: Sequence[str]) -> str:
    worth = f"{result.visibility}, {result.points:.3g} points"
    named = f", {', '.join(result.mistakes)}" if result.mistakes else ""
    lines = [f"{result.id} ({worth}): {result.outcome}{named}", f"  {result.name}"]
    lines += [f"  | {line}" for line in (result.message or "").splitlines()]
    lines += _call(run, parameters)
    more = len(lines) - LINES
    return "\n".join(lines[:LINES] + ([f"  … {plural(more, 'more line')} not shown"] if more > 0 else []))


def _call(run: Run, parameters: Sequence[str]) -> Iterator[str]:
    if run.call is None:
        return
    names = [*parameters, *("" for _ in run.call.arguments)]
    yield "  inputs"
    for name, value in [*zip(names, run.call.arguments, strict=False), *run.call.options.items()]:
        yield from _value(name, value)
    reply = run.call.reply
    if isinstance(reply, Raised):
        yield f"  raised: {reply.type}: {reply.text}"
    if not isinstance(reply, Returned):
        return
    yield "  answer"
    yield from _value("", reply.value)
    expected = run.problem.expected if isinstance(run.problem, WrongAnswer) else None
    if expected is not None:
        yield "  expected"
        yield from _value("", expected)
        yield from _difference(reply.value, expected)


def _difference(answer: Any, expected: Any) -> Iterator[str]:
    """Yield the difference, part by part, if both are numbers of the same shape."""
    if isinstance(expected, tuple) and isinstance(answer, tuple | list) and len(answer) == len(expected):
        for answer_part, expected_part in zip(answer, expected, strict=True):
            yield from _difference(answer_part, expected_part)
        return
    try:
        if np.shape(answer) != np.shape(expected):
            return
        got, want = np.asarray(answer, dtype=float), np.asarray(expected, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return
    yield "  answer - expected"
    with np.errstate(all="ignore"):
        yield from _value("", got - want)


def _value(name: str, value: Any) -> Iterator[str]:
    prefix = f"{name} = " if name else ""
    if isinstance(value, tuple | list) and any(isinstance(part, np.ndarray) for part in value):
        for number, part in enumerate(value):
            yield from _value(f"{name}[{number}]", part)
        return
    text = (
        _array(value)
        if isinstance(value, np.ndarray) and value.ndim
        else clean(show(value), _CHARACTERS, newlines=True)
    )
    first, *more = text.splitlines() or [""]
    yield f"    {prefix}{first}"
    yield from (f"    {' ' * len(prefix)}{line}" for line in more)


def _array(value: np.ndarray[Any, Any]) -> str:
    text = np.array2string(value, precision=6, suppress_small=True, threshold=_SHOWN_ENTRIES, max_line_width=_COLUMNS)
    return f"shape {value.shape}, {value.dtype}\n{text}"
