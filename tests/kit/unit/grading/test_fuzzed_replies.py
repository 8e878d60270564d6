"""Random replies: from the bytes that a sandbox sends to the message that a student reads.

Whatever arrives, the grader raises one of its own errors or words a message. It never takes more memory than a large
answer may.
"""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from frames import unframed
from fuzzing import cases
from hypothesis import given
from hypothesis import strategies as st

from autograder.core.model import Outcome, Source, Visibility
from autograder.execution.interface import Call, ExecutedSource, Returned, SessionEnded, raised_from, warning_from
from autograder.execution.limits import reply_limit
from autograder.grading.comparison import CheckFailed, compare, is_unchanged, tolerance_for
from autograder.grading.diagnosis import fingerprint, same_fingerprint
from autograder.grading.messages import ShownCall
from autograder.grading.problems import Context, ExceptionRaised, WrongAnswer
from autograder.grading.runner import MESSAGE_CHARACTERS
from autograder.grading.value_format import show, show_call
from autograder.guest import wire

MOST = 24 << 20  # bytes, for a frame of at most 64 KiB of head and 1 MiB of body
EXPECTED: list[Any] = [
    1.0,
    np.ones((2, 3)),
    np.array([0, 1]),
    (np.ones(2), 1.0),
    {"a": np.ones(2), "b": 1},
    "AND",
    [1, 2, 3],
    [(np.ones((2, 2)), np.ones(2))],
    None,
]

_numbers = st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.sampled_from([1 << 1023, -(1 << 63)]))
_texts = st.one_of(st.text(max_size=40), st.sampled_from(["\ud800", "\u202e", "é" * 2_000, wire.TOO_LARGE, "<b>"]))
_shapes = st.lists(st.integers(0, 5), max_size=9)
_arrays = st.builds(lambda shape, dtype: np.zeros(shape[:8], dtype), _shapes, st.sampled_from(sorted(wire.DTYPES)))
_values = st.recursive(
    st.one_of(_numbers, _texts, _arrays, st.binary(max_size=9), st.complex_numbers()),
    lambda inside: st.one_of(
        st.lists(inside, max_size=6),
        st.lists(inside, max_size=6).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.sampled_from(["a", "b"])), inside, max_size=4),
    ),
    max_leaves=30,
)
_junk = st.recursive(
    st.one_of(_numbers, st.text(max_size=20), st.sampled_from(["<f8", "|b1", "|O", "<U9"])),
    lambda inside: st.one_of(
        st.lists(inside, max_size=5),
        st.dictionaries(st.sampled_from([*"ASLTDCRFO", "", "x"]), inside, max_size=3),
    ),
    max_leaves=30,
)
_operations = st.sampled_from(["returned", "raised", "ask"])


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Draw the bytes of a reply: a right one with some bytes changed, or a head of almost right JSON."""
    if draw(st.booleans()):
        message = {"op": draw(_operations), "value": draw(_junk), "after": draw(_junk), "kinds": draw(_junk)}
        head = json.dumps(message).encode()
        body = draw(st.binary(max_size=64))
        return wire.PREFIX.pack(len(head), len(body)) + head + body
    reply = {"op": "returned", "value": draw(_values), "after": draw(_values), "warned": draw(_texts)}
    raised = {"op": "raised", "kinds": draw(_values), "text": draw(_texts), "cell": "", "line": draw(_numbers)}
    frame = bytearray(wire.pack({**reply, **(raised if draw(st.booleans()) else {}), "function": draw(_texts)}))
    for _ in range(draw(st.integers(0, 3))):
        position = draw(st.integers(0, len(frame) - 1))
        how = draw(st.sampled_from(["change", "remove", "repeat"]))
        if how == "change":
            frame[position] = draw(st.integers(0, 255))
        elif how == "remove":
            del frame[position : position + draw(st.integers(1, 20))]
        else:
            frame[position:position] = frame[position : position + draw(st.integers(1, 200))] * draw(st.integers(1, 50))
    return bytes(frame)


def words_for(message: dict[str, Any], expected: Any) -> str:
    """Judge a reply, and return the message about it; empty if it is right."""
    if message.get("op") == "raised":
        problem: Any = ExceptionRaised(raised_from(message), outcome=Outcome.RAISED)
        call = Call("f", (), {}, problem.reply)
    else:
        call = Call("f", (np.ones(2),), {}, Returned(message["value"], None, warning_from(message.get("warned"))))
        problem = _judged(message["value"], expected)
    is_unchanged(np.ones(2), message.get("after"))
    assert same_fingerprint(fingerprint(call), json.loads(json.dumps(fingerprint(call)))) in (True, False)
    context = Context(
        exercise="f",
        exercises=frozenset({"f"}),
        executed=ExecutedSource(Source(())),
        visibility=Visibility.PUBLIC,
        seconds=5.0,
        called="f",
        call=ShownCall(words=show_call(call, ("x",))),
    )
    return problem.message(context) if problem is not None else ""


def _judged(value: Any, expected: Any) -> WrongAnswer | None:
    show(value)
    try:
        compare(value, expected, tolerance_for())
    except CheckFailed as failure:
        return WrongAnswer(failure.finding, expected)
    return None


# What `SandboxSession` expects of a reply; any other exception would stay with the grader.
_DECLARED = (wire.WireError, EOFError, KeyError, TypeError, IndexError, ValueError, AttributeError, SessionEnded)


@pytest.mark.slow
@cases(full=10_000, quick=300)
@given(frame=frames(), expected=st.sampled_from(EXPECTED))
def test_any_reply_is_refused_or_gets_a_message(frame: bytes, expected: Any) -> None:
    tracemalloc.start()
    try:
        try:
            message = unframed(frame, reply_limit(expected))
            if message["op"] == "raised":
                raised_from(message)
            elif message["op"] != "returned" or "value" not in message:
                return
        except _DECLARED:
            return
        words = words_for(message, expected)
        assert len(words) <= MESSAGE_CHARACTERS
        words.encode()
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MOST
