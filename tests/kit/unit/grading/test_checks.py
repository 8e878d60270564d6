"""Checks: right answers of every kind pass, no answer makes a check raise anything but CheckFailed, no message tells
what a hidden test keeps."""

from __future__ import annotations

import math
import random
import string
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.core.model import Outcome, Visibility
from autograder.core.text import WIDTH
from autograder.execution.in_process import InProcessSession
from autograder.execution.interface import Absent, Call, CallRaised, CallRequest, Function, Raised, Returned, Student
from autograder.grading.checks import array, close, equal, holds, number, raises, several, silent, unchanged
from autograder.grading.comparison import CheckFailed, tolerance_for
from autograder.grading.diagnosis import fingerprint, same_fingerprint
from autograder.grading.messages import NO_CALL, Finding, FindingKind, ShownCall, failure
from autograder.grading.value_format import show, show_call
from autograder.guest.wire import Callback, Opaque, Seed

EPS32 = float(np.finfo(np.float32).eps)


class Fixed:
    """A sandbox that gives the same reply whatever it is asked."""

    def __init__(self, reply: Returned | Raised) -> None:
        self.reply = reply

    def call(self, request: CallRequest) -> Returned | Raised:
        return self.reply

    def absent(self, name: str) -> Absent | None:
        return Absent(Outcome.STUB)


def answering(value: Any, after: tuple[Any, ...] | None = None) -> Function:
    return Function(Student(Fixed(Returned(value, after))), "f")


def raising(*kinds: str) -> Function:
    return Function(Student(Fixed(Raised(kinds, "text"))), "f")


def finding(check: Callable[..., Any], *arguments: Any, **options: Any) -> Finding:
    with pytest.raises(CheckFailed) as caught:
        check(*arguments, **options)
    return caught.value.finding


# ---- right answers of every kind

RIGHT = [
    [[1.0, 2.0], [3.0, 4.0]],
    ((1, 2), (3, 4)),
    [np.array([1.0, 2.0]), [3, 4]],
    np.array([[1, 2], [3, 4]], np.uint8),
    np.array([[1, 2], [3, 4]], np.float16),
    np.array([[1, 2], [3, 4]], np.float32),
    np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
    np.array([[1.0, 3.0], [2.0, 4.0]]).T,
]


@pytest.mark.parametrize("value", RIGHT, ids=repr)
@pytest.mark.parametrize("check", [close, equal])
def test_right_matrices(check: Callable[..., None], value: Any) -> None:
    check(answering(value), expected=np.array([[1.0, 2.0], [3.0, 4.0]]))
    check(answering(value), expected=[[1, 2], [3, 4]] if check is close else np.array([[1, 2], [3, 4]]))


@pytest.mark.parametrize("value", [1, 1.0, True, np.True_, np.int8(1), np.float32(1), np.array(1.0), np.array(True)])
def test_right_numbers(value: Any) -> None:
    close(answering(value), expected=1.0)
    equal(answering(value), expected=1)
    equal(answering(value), expected=True)
    assert number(value) == 1.0
    assert array(value, shape=()).dtype == np.float64


@pytest.mark.parametrize("value", [(1, [2.0, 3.0]), [1, [2, 3]], (np.int64(1), np.array([2, 3]))])
def test_right_tuples(value: Any) -> None:
    close(answering(value), expected=(1, [2.0, 3.0]))
    assert len(several(value, 2)) == 2


def test_rows_of_an_array_are_several_results() -> None:
    close(answering(np.eye(2)), expected=([1, 0], [0, 1]))
    assert [row.tolist() for row in several(np.eye(2), 2)] == [[1, 0], [0, 1]]


def test_right_dicts_texts_none_and_infinities() -> None:
    close(answering({"b": [1.0], "a": (1, 2)}), expected={"a": (1, 2), "b": np.array([1.0])})
    equal(answering("tanh"), expected="tanh")
    equal(answering(None), expected=None)
    close(answering([math.inf, -math.inf, 1.0]), expected=np.array([math.inf, -math.inf, 1.0]))
    close(answering([]), expected=np.empty(0))
    close(answering(np.empty((0, 3))), expected=np.empty((0, 3)))


def test_arrays_with_free_sides() -> None:
    assert array([[1, 2]], shape=(None, 2)).shape == (1, 2)
    assert array(np.ones((2, 3), np.float32), ndim=2).dtype == np.float64
    assert finding(array, [[1, 2]], shape=(None, 3)).expected == "shape (any, 3)"
    assert finding(array, [[1, 2]], ndim=1).kind is FindingKind.SHAPE


# ---- wrong answers, each with its diagnosis


@pytest.mark.parametrize(
    ("value", "expected", "kind", "says"),
    [
        (None, 1.0, FindingKind.TYPE, "Is a `return` missing? `print` shows a value, but does not return it."),
        ("x", 1.0, FindingKind.TYPE, "It is text."),
        (1j, 1.0, FindingKind.TYPE, "It is complex."),
        (np.array([1j]), np.ones(1), FindingKind.TYPE, "It is complex."),
        ({}, 1.0, FindingKind.TYPE, "It is a dict."),
        ([[1], [2, 3]], np.ones(2), FindingKind.TYPE, "a list that is no array"),
        ([1.0], 1.0, FindingKind.SHAPE, "It has 1 axis where no axis (one number) is right."),
        (np.ones((2, 3)), np.ones((3, 2)), FindingKind.SHAPE, "wrong along axes 0 and 1"),
        (math.nan, 1.0, FindingKind.FINITE, ""),
        ([1.0, math.inf], np.ones(2), FindingKind.FINITE, ""),
        ([1.0, 2.0], np.ones(2), FindingKind.VALUES, ""),
        (1.001, 1.0, FindingKind.VALUES, ""),
        ((1, 2, 3), (1, 2), FindingKind.COUNT, ""),
        (7, (1, 2), FindingKind.TYPE, ""),
        ({"a": 1}, {"b": 1}, FindingKind.KEYS, ""),
        ("sigmoid", "tanh", FindingKind.VALUES, ""),
        (0, None, FindingKind.VALUES, ""),
        (False, None, FindingKind.VALUES, ""),
    ],
    ids=repr,
)
def test_wrong_answers(value: Any, expected: Any, kind: FindingKind, says: str) -> None:
    wrong = finding(close, answering(value), expected=expected)
    assert wrong.kind is kind
    assert says in wrong.sentence


def test_equal_has_no_tolerance() -> None:
    close(answering(1 + 1e-9), expected=1.0)
    assert finding(equal, answering(1 + 1e-9), expected=1.0).kind is FindingKind.VALUES


def test_a_dicts_parts_are_named() -> None:
    assert finding(close, answering({"w": 1, "b": 2}), expected={"w": 1, "b": 3}).part == "['b']"
    assert finding(close, answering(([1], [2])), expected=([1], [3])).part == "result 2"


# ---- tolerance


def test_tolerance() -> None:
    ones = np.ones(3)
    assert tolerance_for()(ones) == pytest.approx(16 * EPS32)
    assert tolerance_for(terms=100)(ones) == pytest.approx(160 * EPS32)
    assert tolerance_for()(-1000 * ones) == pytest.approx(16_000 * EPS32)
    assert tolerance_for()(np.zeros(3)) == pytest.approx(16 * EPS32)
    assert tolerance_for()(np.empty(0)) == pytest.approx(16 * EPS32)
    assert tolerance_for(scale=1.0)(1e-9 * ones) == pytest.approx(16 * EPS32)
    assert tolerance_for(terms=4, scale=10.0)(ones) == pytest.approx(320 * EPS32)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
@pytest.mark.parametrize("terms", [1, 400])
def test_the_edge_of_the_tolerance(scale: float, terms: int) -> None:
    expected = scale * np.array([1.0, -0.5, 0.0])
    bound = 16 * EPS32 * math.sqrt(terms) * scale
    close(answering(expected + 0.99 * bound), expected=expected, terms=terms)
    assert finding(close, answering(expected + 1.01 * bound), expected=expected, terms=terms).differ == 3
    close(answering(expected + 0.5), expected=expected, tolerance=0.6)


def test_float32_and_any_order_of_summation_pass() -> None:
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(50, 400)), rng.normal(size=(400, 30))
    exact = x @ w
    for value in (x.astype(np.float32) @ w.astype(np.float32), x[:, ::-1] @ w[::-1], np.einsum("ij,jk->ik", x, w)):
        close(answering(value), expected=exact, terms=400)


# ---- raises, unchanged, holds


def test_raises() -> None:
    raises(raising("ValueError", "Exception"))
    raises(raising("TooSmall", "ValueError", "Exception"))
    raises(raising("KeyError", "LookupError"), error=LookupError)
    assert finding(raises, raising("TypeError", "Exception")).kind is FindingKind.OTHER_ERROR
    assert finding(raises, answering(3)).kind is FindingKind.NO_ERROR
    with pytest.raises(CallRaised):
        raises(raising("NotImplementedError", "RuntimeError"), error=RuntimeError)


@pytest.mark.parametrize("check", [close, equal, unchanged])
def test_an_exception_is_no_answer(check: Callable[..., None]) -> None:
    with pytest.raises(CallRaised):
        check(raising("TypeError"), expected=1)


def overwritten(function: Callable[..., Any], *arguments: Any) -> str:
    """Which argument `unchanged` finds changed."""

    def answering_one(*given: Any) -> int:
        function(*given)
        return 1

    wrong = finding(unchanged, Student(InProcessSession({"f": answering_one})).f, arguments, expected=1)
    assert wrong.kind is FindingKind.ARGUMENTS
    return wrong.part


def test_silent() -> None:
    def plain(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    def half(z: Any) -> Any:
        return plain(z) / 2

    z, right = np.array([-1e4, 0.0]), np.array([0.0, 0.5])
    student = Student(InProcessSession({"plain": plain, "half": half, "right": lambda z: right}))
    silent(student.right, (z,), expected=right)
    assert finding(silent, student.half, (z,), expected=right).kind is FindingKind.VALUES
    wrong = finding(silent, student.plain, (z,), expected=right)
    assert wrong == Finding(FindingKind.WARNED, warned="overflow encountered in exp")
    assert "overflow" in failure("plain", wrong, ShownCall(words="z = -10000"), Visibility.PUBLIC)
    assert "overflow" not in failure("plain", wrong, ShownCall(words="z = -10000"), Visibility.HIDDEN)


def test_unchanged() -> None:
    def keep(*_: Any) -> int:
        return 1

    def use(rng: Any, f: Any) -> int:
        return int(f(rng.normal()) > -100)

    def write(x: Any, y: Any) -> None:
        y[0] = 9

    nan = np.array([math.nan, 1.0])
    same = (nan, [1, [nan, 2.0]], (1,), {"w": nan}, 3, "x", None, math.nan, np.float32(1))
    unchanged(Student(InProcessSession({"f": keep})).f, same, expected=1)
    unchanged(Student(InProcessSession({"f": use})).f, (Seed(1), lambda x: x), expected=1)
    wrong = finding(unchanged, Student(InProcessSession({"f": keep})).f, same, expected=2)
    assert (wrong.kind, wrong.changed) == (FindingKind.VALUES, "")
    assert overwritten(write, 0, np.zeros(2)) == "second"
    assert overwritten(write, 0, [1, 2]) == "second"
    assert overwritten(write, 0, {0: 1}) == "second"
    assert overwritten(write, 0, [np.zeros(2), 1]) == "second"
    assert overwritten(lambda x: x[0].fill(7), [np.zeros(2), 1]) == "first"
    assert overwritten(lambda x: x["w"].fill(7), {"w": np.zeros(2)}) == "first"
    assert overwritten(lambda x: x.append(1), []) == "first"
    assert overwritten(lambda x: x.pop("w"), {"w": 1}) == "first"


@pytest.mark.parametrize("answer", [2.0, None, math.nan, [1.0, 1.0]], ids=str)
def test_a_wrong_answer_of_a_call_that_changed_an_argument_says_both(answer: Any) -> None:
    def write(x: Any) -> Any:
        x += 1
        return answer

    wrong = finding(unchanged, Student(InProcessSession({"f": write})).f, [np.zeros(2)], expected=1.0)
    assert wrong.kind is not FindingKind.ARGUMENTS
    assert wrong.changed == "first"
    words = " ".join(failure("f", wrong, NO_CALL, Visibility.HIDDEN).split())
    assert words.endswith("It also changed its first argument. Work on a copy, or make a new array.")


@pytest.mark.parametrize("after", [None, (), (1, 2, 3), (Opaque("x"),), (np.zeros((2, 2)),), (np.zeros(2, np.int8),)])
def test_unchanged_of_a_forged_reply(after: Any) -> None:
    wrong = finding(unchanged, answering(1, after), [np.zeros(2)], expected=1)
    assert (wrong.kind, wrong.part) == (FindingKind.ARGUMENTS, "first")


def test_holds() -> None:
    holds(True, "fine")
    assert finding(holds, np.bool_(False), "The rows must sum to 1.").sentence == "The rows must sum to 1."


# ---- hostile answers


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value, value] if depth < 8 else [value]
    return value


HOSTILE: list[Any] = [
    None,
    "x",
    "",
    "\x1b[31m\u202e\x00\n" * 50,
    "�" * 1000,
    [],
    {},
    (),
    math.nan,
    math.inf,
    -math.inf,
    -0.0,
    2**1000,
    -(2**1023),
    2**63,
    [2**64, 1.0],
    1e308,
    1j,
    complex(math.nan, math.inf),
    True,
    [[1], [2, 3]],
    [[1, 2], 3],
    [1, "x", None],
    [None, None],
    ["x" * 65_000, *["a"] * 20_000],
    [1.0, "x" * 65_000] * 500,
    nested(7),
    nested(19),
    (0,) * 1000,
    [[]] * 1000,
    [np.zeros(3), np.zeros(2)],
    [np.zeros((2, 2)), 1],
    [np.array(["x"]), 1],
    {"a": {"b": [1, {"c": ()}]}},
    {None: 1, (1, 2): 2, 1.5: [3], "\x1b": 4},
    {math.nan: math.nan},
    Opaque("a generator"),
    Opaque("\x1b[2J" * 50),
    [Opaque("a set")],
    {Opaque("key"): 1},
    Seed(1),
    Callback(0),
    [Seed(1), Callback(2)],
    np.array(math.nan),
    np.empty(0),
    np.empty((2**20, 0)),
    np.empty((0, 0, 0)),
    np.full((3, 3), math.nan),
    np.full((2,), math.inf, np.float16),
    np.ones((1,) * 8),
    np.zeros(1_000_000, np.uint8),
    np.array([1 + 1j], np.complex64),
    np.complex64(1),
    np.complex128(1j),
    np.array([True, False]),
    np.float16("nan"),
    np.uint64(2**64 - 1),
    np.int8(-128),
    *(np.zeros((2, 2), code) for code in ("?", "i1", "u2", "i8", "f2", "f4", "c8", "c16")),
]
EXPECTED: list[Any] = [
    1.0,
    3,
    np.ones(2),
    np.ones((2, 2)),
    np.zeros((0, 3)),
    np.array([math.nan, 1.0]),
    np.array([math.inf, 1.0]),
    (1, 2),
    (np.ones(2), 3.0),
    ([], ()),
    [1, "x"],
    {"a": 1, "b": np.ones(2)},
    {"a": (1, {"b": 2})},
    "x",
    None,
    [],
]
SAFE: list[Callable[[Any], Any]] = [
    *(lambda value, e=expected: close(answering(value), expected=e) for expected in EXPECTED),
    *(lambda value, e=expected: equal(answering(value), expected=e) for expected in EXPECTED),
    lambda value: close(answering(value), expected=1.0, tolerance=0.1, terms=5),
    lambda value: raises(answering(value)),
    lambda value: unchanged(answering(1, (value, value)), [np.ones(2), [1, [2]]], expected=1),
    lambda value: unchanged(answering(1, (value,)), [{"a": [1], "b": np.ones(2)}], expected=1),
    lambda value: unchanged(answering(value, None), [1], expected=np.ones(2)),
    *(lambda value, n=count: several(value, n, "the pair") for count in (0, 1, 2, 1000)),
    lambda value: array(value),
    lambda value: array(value, "part", shape=(2, None)),
    lambda value: array(value, ndim=1),
    number,
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: f"{type(value).__name__} {str(value)[:20]!a}")
def test_no_answer_breaks_a_check(value: Any) -> None:
    for check in SAFE:
        try:
            check(value)
        except CheckFailed as wrong:
            for seen in Visibility:
                message = failure("f", wrong.finding, ShownCall(words=show(value)), seen)
                assert max(map(len, message.splitlines())) <= WIDTH
                assert all(line.isprintable() for line in message.splitlines())


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: f"{type(value).__name__} {str(value)[:20]!a}")
def test_no_answer_breaks_what_is_told_of_it(value: Any) -> None:
    assert show(value).isprintable()
    call = Call("f", (value, [value]), {"option": value}, Returned(value, (value,)))
    assert show_call(call, ["x"]).startswith("x = ")
    fingerprints = fingerprint(call)
    assert same_fingerprint(fingerprints, fingerprints)
    for other in HOSTILE[::5]:
        same_fingerprint(fingerprints, fingerprint(Call("f", (), {}, Returned(other))))


def test_a_long_text_in_a_list_makes_no_array_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As texts of equal length, 100,000 entries of 65,000 characters would take 26 GB."""
    seen: list[Any] = []
    real = np.asarray
    monkeypatch.setattr(np, "asarray", lambda value, *rest, **more: seen.append(value) or real(value, *rest, **more))
    value = ["x" * 65_000, *["a"] * 99_999]
    assert finding(array, value).kind is FindingKind.TYPE
    assert not any(array_like is value for array_like in seen)


def test_rows_are_counted_before_they_are_taken_apart() -> None:
    assert finding(several, np.broadcast_to(0.0, (2**50, 1)), 2).returned == f"{2**50} results"


# ---- words


def test_a_public_message_shows_all_three() -> None:
    wrong = finding(close, answering([1, 2]), expected=np.array([1, 3]))
    message = failure("f", wrong, ShownCall(words="x = [5, 6]"), Visibility.PUBLIC)
    assert message.splitlines() == [
        "f returned wrong values: 1 of 2 differ.",
        "  called with   x = [5, 6]",
        "  you returned  [1, 2]",
        "  expected      [1, 3]",
    ]


def test_large_arrays_show_the_first_wrong_entry() -> None:
    expected = np.zeros((4, 5))
    value = expected.copy()
    value[2, 3] = 0.25
    wrong = finding(close, answering(value), expected=expected)
    assert (wrong.returned, wrong.expected) == ("an array of shape (4, 5): 0.25 at [2, 3]", "0 at [2, 3]")
    assert (wrong.differ, wrong.size) == (1, 20)


def test_large_arrays_show_the_worst_entry_too() -> None:
    expected = np.zeros((4, 5))
    value = expected.copy()
    value[1, 0], value[2, 3] = 0.25, -7
    wrong = finding(close, answering(value), expected=expected)
    assert wrong.returned == "an array of shape (4, 5): 0.25 at [1, 0], farthest off -7 at [2, 3]"
    assert wrong.expected == "0 at [1, 0], 0 at [2, 3]"


def test_infinity_in_a_large_array_is_shown_where_it_is() -> None:
    value = np.zeros((4, 5))
    value[3, 1] = np.inf
    assert finding(close, answering(value), expected=np.zeros((4, 5))).returned.endswith("inf at [3, 1]")


def word(chance: random.Random) -> str:
    return "".join(chance.choice(string.ascii_letters) for _ in range(chance.randint(12, 40)))


def test_a_hidden_message_tells_no_input_and_no_expected_value() -> None:
    chance = random.Random(5)
    for _ in range(500):
        secrets = [word(chance) for _ in range(3)]
        kind = chance.choice(
            [kind for kind in FindingKind if kind not in (FindingKind.NO_ERROR, FindingKind.OTHER_ERROR)]
        )
        size = chance.randint(1, 50)
        wrong = Finding(
            kind,
            returned=" ".join([secrets[0]] * chance.randint(1, 9)),
            expected=secrets[1],
            part=chance.choice(["", "result 2", "['grad_b']"]),
            differ=chance.randint(1, size),
            size=size,
            sentence=chance.choice(["", "It is None. Is a `return` missing?", "long " * 60]),
        )
        call = ShownCall(words=secrets[2])
        hidden = failure("conv2d", wrong, call, Visibility.HIDDEN)
        public = failure("conv2d", wrong, call, Visibility.PUBLIC)
        flat = "".join(hidden.split())
        assert not any(secret in flat for secret in secrets)
        assert all(secret in "".join(public.split()) for secret in secrets)
        assert max(map(len, [*hidden.splitlines(), *public.splitlines()])) <= WIDTH


NUMBERS = np.array([[0.7310585786, 123.4567], [-98.7654, 0.0625]])


@pytest.mark.parametrize("value", [*HOSTILE, NUMBERS + 1, NUMBERS[0], [NUMBERS, 1]], ids=lambda value: f"{value!r:.20}")
def test_no_diagnosis_holds_an_expected_number(value: Any) -> None:
    for expected in (NUMBERS, NUMBERS[0, 0], (NUMBERS, NUMBERS[1]), {"w": NUMBERS, "b": NUMBERS[1, 0]}):
        wrong = finding(close, answering(value), expected=expected)
        message = failure("f", wrong, ShownCall(words="x = 0.5772", code="f(0.5772)"), Visibility.HIDDEN)
        for secret in ("0.7310", "123.4", "98.7", "0.0625", "0.5772"):
            assert secret not in message


def test_what_looks_alike_is_shown_with_more_digits() -> None:
    wrong = finding(close, answering(np.array([12.000000003, 4.0])), expected=np.array([12.0, 4.0]), tolerance=1e-9)
    assert (wrong.returned, wrong.expected) == ("[12.000000003, 4]", "[12, 4]")
