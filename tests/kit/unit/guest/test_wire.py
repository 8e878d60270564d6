"""The wire: what crosses it, what does not, and what a hostile frame can do: nothing but end in WireError."""

from __future__ import annotations

import collections
import enum
import json
import math
import random
from collections.abc import Callable
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest
from frames import unframed

from autograder.guest import wire
from autograder.guest.wire import PREFIX, Callback, Opaque, Seed, WireError


def across(value: Any) -> Any:
    return unframed(wire.pack({"value": value}))["value"]


def framed(head: bytes | str, body: bytes = b"") -> bytes:
    head = head.encode() if isinstance(head, str) else head
    return PREFIX.pack(len(head), len(body)) + head + body


def same(a: Any, b: Any) -> bool:
    """Return whether two values are equal in value and in type, nan included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(same, a.values(), b.values()))
    return bool(a == b) or (a != a and b != b)


PLAIN_VALUES = [
    None,
    True,
    False,
    0,
    -7,
    2**1023,
    -(2**1023),
    0.1,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    1 + 2j,
    complex(-0.0, math.inf),
    "",
    "naïve σ(z) 🙂\n\0",
    [],
    (),
    {},
    [1, [2.0, "three", (None, [True])]],
    ((), [()]),
    {"w": np.ones((2, 3)), 1: [1], (0, 1): "tuple key", None: None, 2.5: {}},
    Seed(0),
    Seed(2**64 - 1),
    Callback(3),
    Opaque("a generator"),
]
ARRAYS = [
    *(np.array([[0, 1], [1, 0]], dtype=code) for code in sorted(wire.DTYPES)),
    np.array(3.5),
    np.empty((0,)),
    np.empty((3, 0, 2), np.int32),
    np.array([math.nan, -math.inf, -0.0]),
    np.zeros((1,) * wire.MAX_AXES),
    *(np.dtype(code).type(1) for code in sorted(wire.DTYPES)),
]


@pytest.mark.parametrize("value", PLAIN_VALUES + ARRAYS, ids=lambda value: f"{type(value).__name__} {value!s}"[:40])
def test_what_crosses_arrives_as_it_was(value: Any) -> None:
    assert same(across(value), value)


def test_long_doubles_arrive_as_what_everybody_has() -> None:
    third = np.longdouble(1) / 3
    array, huge, complex_array = across([np.array([third, -1]), np.longdouble("1e400"), np.array([third + 1j])])
    assert array.dtype == np.float64
    assert array.tolist() == [1 / 3, -1.0]
    assert huge == np.inf
    assert complex_array.dtype == np.complex128
    with pytest.raises(WireError, match="MiB of arrays"):
        wire.pack({"x": np.broadcast_to(third, (1 << 20, 1 << 20))})  # claimed, and not copied


def test_arrays_arrive_contiguous_writable_and_owning_their_memory() -> None:
    grid = np.arange(24.0).reshape(4, 6)
    for sent in (grid[::2, ::-1], np.asfortranarray(grid), grid.T, np.broadcast_to(grid[0], (3, 6))):
        received = across(sent)
        assert np.array_equal(received, sent)
        assert received.flags.c_contiguous
        assert received.flags.writeable
        received[:] = 0  # it shares no memory with ours
        assert sent.any()


@pytest.mark.parametrize("code", [">i2", ">u4", ">i8", ">f4", ">f8", ">c16"])
def test_big_endian_arrays_are_swapped(code: str) -> None:
    received = across(np.array([1, 2, 300], code))
    assert received.dtype == np.dtype(code).newbyteorder("<")
    assert received.tolist() == [1, 2, 300]


class Split(NamedTuple):
    train: Any
    test: Any


class Layer(enum.IntEnum):
    HIDDEN = 1


class Liar(float):
    def __eq__(self, other: object) -> bool:
        return True

    def __float__(self) -> float:
        return 42.0

    __hash__ = None  # type: ignore[assignment]


class Rows(list[Any]):
    def __iter__(self) -> Any:
        raise RuntimeError

    def __len__(self) -> int:
        return 1 << 60


class Text(str):
    def __str__(self) -> str:
        return "another"

    def encode(self, *_: Any) -> bytes:
        raise RuntimeError


class Loud(np.ndarray[Any, Any]):
    def __array_finalize__(self, obj: Any) -> None:
        pass

    def __eq__(self, other: object) -> Any:
        return True

    def tobytes(self, *_: Any) -> bytes:
        return b"rubbish"

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Split(1, [2]), (1, [2])),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(list, b=[1]), {"b": [1]}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (Layer.HIDDEN, 1),
        (Liar(0.5), 0.5),
        (Rows([1, 2]), [1, 2]),
        (Text("mine"), "mine"),
        (np.arange(3.0).view(Loud), np.arange(3.0)),
        (np.ones((1, 2)).view(np.matrix), np.ones((1, 2))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_subclasses_are_demoted_by_the_methods_of_their_base(value: Any, plain: Any) -> None:
    assert same(across(value), plain)


class Named(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError


class Nameless(metaclass=Named):
    pass


class EqualToList(type):
    def __eq__(cls, other: object) -> bool:
        return other is list

    def __hash__(cls) -> int:
        return hash(list)


class LikeAList(metaclass=EqualToList):
    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Any:
        while True:
            yield 0


@pytest.mark.parametrize(
    ("value", "described"),
    [
        (np.ma.array([1, 2], mask=[True, False]), "a masked array"),
        (np.ma.masked, "a masked array"),
        (np.array([None, 1]), "an array of dtype object"),
        (np.array([(1, 2.0)], dtype="i4,f8"), "an array of dtype"),
        (np.array(["x"]), "an array of dtype <U1"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "an array of dtype datetime64"),
        (np.str_("x"), "an array of dtype <U1"),
        (2**1024, "a whole number of over 300 digits"),
        (object(), "an object of type object"),
        ({1, 2}, "an object of type set"),
        (b"bytes", "an object of type bytes"),
        (range(3), "an object of type range"),
        (len, "an object of type builtin_function_or_method"),
        ((n for n in ()), "an object of type generator"),
        (np.random.default_rng(0), "an object of type Generator"),
        (np, "an object of type module"),
        (Nameless(), "an object of type Nameless"),
        (Nameless, "an object of type Named"),
        (LikeAList(), "an object of type LikeAList"),
        (mock.Mock(spec=np.ndarray), "an object of type Mock"),
        (mock.Mock(spec=list), "an object of type Mock"),
        (mock.Mock(spec=float), "an object of type Mock"),
        (Opaque("x" * 1000), "x" * 200),
    ],
    ids=lambda value: str(type(value)),
)
def test_anything_else_arrives_as_what_it_is_called(value: Any, described: str) -> None:
    received = across([value])[0]
    assert type(received) is Opaque
    assert received.described.startswith(described)
    assert len(received.described) <= 200


def nested(depth: int, make: Callable[[Any], Any]) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = make(value)
    return value


def endless() -> list[Any]:
    itself: list[Any] = []
    itself.append(itself)
    return itself


@pytest.mark.parametrize(
    "value",
    [
        lambda: np.broadcast_to(np.float64(0), (10**10,)),
        lambda: np.broadcast_to(np.uint8(0), (2**40, 2**20)),
        lambda: [np.zeros(wire.MAX_BODY // 2, np.uint8)] * 3,
        lambda: np.empty((2**40, 0)),
        lambda: [np.zeros(1)] * (wire.MAX_ARRAYS + 1),
        lambda: np.zeros((1,) * (wire.MAX_AXES + 1)),
        lambda: nested(wire.MAX_DEPTH + 1, lambda inner: [inner]),
        lambda: nested(wire.MAX_DEPTH + 1, lambda inner: {"a": inner}),
        lambda: nested(5000, lambda inner: (inner,)),
        lambda: endless(),
        lambda: [0] * (wire.MAX_ITEMS + 1),
        lambda: [[0] * 1000] * 1000,
        lambda: ["x" * wire.MAX_TEXT] * 20,
        lambda: dict.fromkeys(range(wire.MAX_KEYS + 1)),
    ],
)
def test_too_much_is_refused_before_it_is_made(value: Callable[[], Any]) -> None:
    with pytest.raises(WireError):
        wire.pack({"value": value()})


@pytest.mark.slow
def test_limits_are_reached_but_not_passed() -> None:
    for value in (
        nested(wire.MAX_DEPTH, lambda inner: [inner]),
        [0] * wire.MAX_ITEMS,
        [np.zeros(1)] * wire.MAX_ARRAYS,
        {n * (2**61 - 1): n for n in range(wire.MAX_KEYS)},  # all of one hash
        np.zeros(wire.MAX_BODY, np.uint8),
    ):
        assert same(across(value), value)
    assert len(across("x" * (wire.MAX_TEXT + 5))) == wire.MAX_TEXT


def test_lone_surrogates_are_replaced_on_both_sides() -> None:
    assert across(["a\ud800b", Opaque("\udfff")]) == ["a?b", Opaque("?")]
    assert unframed(framed(r'{"value": "a\ud800b"}')) == {"value": "a?b"}
    assert unframed(framed(r'{"value": {"O": "\udfff"}}')) == {"value": Opaque("?")}


def array_head(code: object, shape: object) -> str:
    return json.dumps({"value": {"A": [code, shape]}})


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "garbage": bytes(random.Random(0).randbytes(300)),
    "zeros": bytes(64),
    "giant head": PREFIX.pack(2**32 - 1, 0),
    "giant body": PREFIX.pack(2, 2**64 - 1) + b"{}",
    "truncated prefix": PREFIX.pack(10, 0)[:7],
    "truncated head": framed('{"value": 1}')[:-3],
    "truncated body": framed(array_head("<f8", [2]), bytes(16))[:-1],
    "body shorter than the array": framed(array_head("<f8", [3]), bytes(16)),
    "bytes left over": framed(array_head("<f8", [1]), bytes(16)),
    "bytes of no array": framed('{"value": 1}', b"x"),
    "not UTF-8": framed(b'{"value": "\xff\xfe"}'),
    "UTF-16": framed('{"value": [1]}'.encode("utf-16")),
    "no JSON": framed("{'value': 1}"),
    "two values": framed("{} {}"),
    "no object": framed("[1, 2]"),
    "a bare number": framed("17"),
    "deep lists": framed("[" * 60_000),
    "deep valid lists": framed('{"value": ' + "[" * 60_000 + "]" * 60_000 + "}"),
    "deep tagged lists": framed('{"value": ' + '{"L": [' * 30 + "]}" * 30 + "}"),
    "very deep tagged lists": framed('{"value": ' + '{"L": [' * 20_000 + "]}" * 20_000 + "}"),
    "long whole number": framed('{"value": ' + "9" * 60_000 + "}"),
    "whole number of 1025 bits": framed(f'{{"value": {2**1024}}}'),
    "bare list": framed('{"value": [1]}'),
    "unknown tag": framed('{"value": {"P": "cposix\\nsystem"}}'),
    "two tags": framed('{"value": {"L": [], "T": []}}'),
    "no tag": framed('{"value": {}}'),
    "list of a number": framed('{"value": {"L": 3}}'),
    "list of a text": framed('{"value": {"L": "abc"}}'),
    "list of an object": framed('{"value": {"L": {"0": 1}}}'),
    "dict of singles": framed('{"value": {"D": [[1]]}}'),
    "dict of triples": framed('{"value": {"D": [[1, 2, 3]]}}'),
    "unhashable key": framed('{"value": {"D": [[{"L": []}, 1]]}}'),
    "unhashable key in a tuple": framed('{"value": {"D": [[{"T": [{"D": []}]}, 1]]}}'),
    "array as key": framed('{"value": {"D": [[{"A": ["<f8", [0]]}, 1]]}}'),
    "colliding keys": framed(
        '{"value": {"D": [' + ",".join(f"[{n * (2**61 - 1)},0]" for n in range(1, 20_000)) + "]}}"
    ),
    "list too long": framed('{"value": {"L": [' + "0," * wire.MAX_ITEMS + "0]}}"),
    "too many arrays": framed('{"value": {"L": [' + ",".join(['{"A": ["<f8", [0]]}'] * 300) + "]}}"),
    "complex of text": framed('{"value": {"C": ["1", "2"]}}'),
    "complex of three": framed('{"value": {"C": [1.0, 2.0, 3.0]}}'),
    "complex of none": framed('{"value": {"C": null}}'),
    "opaque number": framed('{"value": {"O": 1}}'),
    "negative seed": framed('{"value": {"R": -1}}'),
    "seed of truth": framed('{"value": {"R": true}}'),
    "callback of text": framed('{"value": {"F": "0"}}'),
    "array without shape": framed('{"value": {"A": ["<f8"]}}'),
    "array of nothing": framed('{"value": {"A": null}}'),
    "scalar with a side": framed('{"value": {"S": ["<f8", [1]]}}', bytes(8)),
    "scalar without a shape": framed('{"value": {"S": ["<f8"]}}', bytes(8)),
    "scalar in an object": framed('{"value": {"S": {"0": "<f8", "1": []}}}', bytes(8)),
    "objects": framed(array_head("|O", [1]), bytes(8)),
    "scalar object": framed(json.dumps({"value": {"S": ["|O", []]}}), bytes(8)),
    "big-endian": framed(array_head(">f8", [1]), bytes(8)),
    "text array": framed(array_head("<U1", [2]), bytes(8)),
    "structure": framed(array_head([["a", "<f8"]], [1]), bytes(8)),
    "long double": framed(array_head("<f16", [1]), bytes(16)),
    "dtype in words": framed(array_head("float64", [1]), bytes(8)),
    "shape of a number": framed(array_head("<f8", 1), bytes(8)),
    "shape of floats": framed(array_head("<f8", [1.0]), bytes(8)),
    "shape of truths": framed(array_head("<f8", [True]), bytes(8)),
    "negative side": framed(array_head("<f8", [-1]), bytes(8)),
    "two negative sides": framed(array_head("<f8", [-1, -1]), bytes(8)),
    "overflowing empty shape": framed(array_head("<f8", [2**40, 2**40, 0])),
    "long empty array": framed(array_head("|u1", [2**40, 0])),
    "sides that wrap to one": framed(array_head("<f8", [2**63, 2**63, 4]), bytes(8)),
    "nine axes": framed(array_head("<f8", [1] * 9), bytes(8)),
    "truth 7": framed(array_head("|b1", [2]), b"\1\7"),
    "scalar truth 7": framed('{"value": {"S": ["|b1", []]}}', b"\7"),
}


@pytest.mark.parametrize("frame", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_frame_ends_in_an_error_of_the_wire(frame: bytes) -> None:
    with pytest.raises((WireError, EOFError)):  # EOFError is this test's own socket, run dry
        unframed(frame)


def test_odd_but_harmless_frames() -> None:
    assert unframed(framed('{"value": 1, "value": 2}')) == {"value": 2}
    assert unframed(framed('{"value": {"L": [1], "L": [2]}}')) == {"value": [2]}
    assert same(unframed(framed('{"value": NaN, "b": -Infinity}')), {"value": math.nan, "b": -math.inf})
    assert unframed(framed('{"value": {"D": [[1, 2], [true, 3], [1.0, 4]]}}')) == {"value": {1: 4}}
    assert unframed(framed("{}")) == {}


def mutated(frame: bytes, chance: random.Random) -> bytes:
    """Return a valid frame after random changes, mostly inside the head, and with the right length again."""
    head_length, _ = PREFIX.unpack(frame[: PREFIX.size])
    head, body = bytearray(frame[PREFIX.size :][:head_length]), frame[PREFIX.size + head_length :]
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(head))
        match chance.randrange(5):
            case 0:
                head[place] = chance.randrange(256)
            case 1:
                del head[place : place + chance.randint(1, 6)]
            case 2:
                head[place:place] = head[chance.randrange(len(head)) :][: chance.randint(1, 12)]
            case 3:
                head[place:place] = chance.choice([b"[", b"]", b"{", b"}", b"-", b"9" * 30, b'"A"', b"null", b"1e999"])
            case _:
                body = chance.choice([body[:-1], body + b"\0", bytes(chance.randbytes(len(body)))])
    if chance.random() < 0.1:
        return chance.randbytes(PREFIX.size) + bytes(head) + body
    return framed(bytes(head), body)


def test_two_thousand_random_frames() -> None:
    chance = random.Random(20)
    message = {"value": [*PLAIN_VALUES, *ARRAYS[:6], {"k": (1, "two")}], "serial": 5, "op": "returned"}
    frame = wire.pack(message)
    small = wire.pack({"op": "returned", "value": {"w": np.eye(2, dtype=bool)}, "after": [1.5, "x", 1j]})
    refused = 0
    for _ in range(2000):
        try:
            unframed(mutated(chance.choice([frame, small]), chance))
        except (WireError, EOFError):
            refused += 1
    assert 500 < refused < 2000
