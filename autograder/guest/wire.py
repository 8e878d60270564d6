"""The door of the room: frames of JSON and raw array bytes, in both directions, with a size cap.

Freight is dumb: None, bool, int, float, complex, str, list, tuple, dict and plain arrays. Never pickle, never an
object with behaviour. What is anything else arrives as an `Opaque` that tells its type's name and nothing more.
A function crosses as a number to ask back with (`Callback`), a random generator as its seed (`Seed`).

    frame = <u32 length of head> <u64 length of body> head (JSON, UTF-8) body (arrays, C order, one after another)

The reader treats every byte as hostile. No exception but `WireError` leaves `pack` and `unpack`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .exceptions import type_name

MAX_HEAD = 1 << 20
MAX_BODY = 64 << 20
MAX_ARRAYS = 256
MAX_AXES = 8
MAX_DEPTH = 20
MAX_INT_BITS = 1024
MAX_TEXT = 64 << 10
MAX_ITEMS = 100_000
MAX_KEYS = 1_000  # of one dict: keys chosen to collide cost the square of their number
PREFIX = struct.Struct("<IQ")
DTYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])


class WireError(Exception):
    """The frame breaks the rules of the wire."""


@dataclass(frozen=True)
class Opaque:
    """Something that may not cross the door; all that is told of it is what it is."""

    described: str

    def __repr__(self) -> str:
        return self.described


@dataclass(frozen=True)
class Seed:
    """Stands for `np.random.default_rng(value)`, made on the other side."""

    value: int


@dataclass(frozen=True)
class Callback:
    """Stands for a function that stays on the side it came from."""

    number: int


def pack(message: dict[str, Any]) -> bytes:
    """One frame. Every value of the message may be freight; WireError where it is too large."""
    writer = _Writer()
    try:
        tree = {key: writer.tree(value, 0) for key, value in message.items()}
        head = json.dumps(tree, separators=(",", ":")).encode()
    except WireError:
        raise
    except Exception as error:  # an object that pretends to be what it is not
        raise WireError(f"unwritable value: {type_name(type(error))}") from None
    if len(head) > MAX_HEAD:
        raise WireError("more text and lists than the wire takes")
    return b"".join([PREFIX.pack(len(head), writer.size), head, *writer.buffers])


def read_frame(read: Callable[[int], bytes | bytearray]) -> dict[str, Any]:
    """The next message; `read(n)` gives exactly n bytes or raises an error of its own."""
    head_length, body_length = PREFIX.unpack(read(PREFIX.size))
    if head_length > MAX_HEAD or body_length > MAX_BODY:
        raise WireError("a frame larger than the wire takes")
    return unpack(bytes(read(head_length)), read(body_length))


def unpack(head: bytes, body: bytes | bytearray) -> dict[str, Any]:
    """The message of one frame. Arrays are contiguous, writable and own their memory."""
    try:
        tree = json.loads(head)
        if not isinstance(tree, dict):
            raise WireError("the head of a frame is no object")
        reader = _Reader(body)
        message = {key: reader.value(branch, 0) for key, branch in tree.items()}
        if reader.position != len(body):
            raise WireError("bytes left over at the end of a frame")
        return message
    except WireError:
        raise
    except Exception as error:  # whatever hostile bytes make json or numpy raise
        raise WireError(f"unreadable frame: {type(error).__name__}") from None


_PLAIN: dict[type, Callable[[Any], Any]] = {  # the base's own methods, which no subclass overrides
    bool: bool,
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    list: lambda value: list.__getitem__(value, slice(None)),
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    dict: lambda value: dict(dict.items(value)),
}


def _demoted(value: Any) -> Any:
    """The plain part of a named tuple, a defaultdict, an enum's number; anything else as it is."""
    plain = next((make for base, make in _PLAIN.items() if issubclass(type(value), base)), None)
    return value if plain is None else plain(value)


def _code_of(dtype: np.dtype[Any]) -> str:
    """How numbers of this type cross; more digits than a float64 has are left behind. Empty for what is no number."""
    if dtype in (np.longdouble, np.clongdouble):
        return "<f8" if dtype.kind == "f" else "<c16"
    return np.dtype.newbyteorder(dtype, "<").str if dtype.kind in "biufc" else ""


class _Writer:
    """Values to a JSON tree and the buffers it points to. A subclass may lie about itself: it is made plain first."""

    def __init__(self) -> None:
        self.buffers: list[bytes] = []
        self.size = 0
        self.items = 0

    def tree(self, value: Any, depth: int) -> Any:
        if issubclass(type(value), np.ndarray | np.generic):
            return self.array(value)
        value = value if type(value) in _PLAIN else _demoted(value)
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is str:
            return value[:MAX_TEXT].encode("utf-8", "replace").decode()
        if kind is int:
            return value if value.bit_length() <= MAX_INT_BITS else _opaque("a whole number of over 300 digits")
        if kind is complex:
            return {"C": [value.real, value.imag]}
        if kind in (list, tuple):
            self.count(len(value), depth)
            return {"L" if kind is list else "T": [self.tree(item, depth + 1) for item in value]}
        if kind is dict:
            self.count(len(value), depth)
            if len(value) > MAX_KEYS:
                raise WireError(f"a dict of more than {MAX_KEYS} keys")
            return {"D": [[self.tree(k, depth + 1), self.tree(v, depth + 1)] for k, v in value.items()]}
        if kind is Seed:
            return {"R": value.value}
        if kind is Callback:
            return {"F": value.number}
        return _opaque(value.described if kind is Opaque else f"an object of type {type_name(kind)}")

    def count(self, items: int, depth: int) -> None:
        self.items += items
        if depth >= MAX_DEPTH or self.items > MAX_ITEMS:
            raise WireError("lists nested too deep or with too many items")

    def array(self, value: np.ndarray[Any, Any] | np.generic) -> Any:
        if issubclass(type(value), np.ma.MaskedArray):
            return _opaque("a masked array")
        plain = np.ndarray.view(value, np.ndarray) if isinstance(value, np.ndarray) else np.asarray(value)
        code = _code_of(plain.dtype)
        if code not in DTYPES:
            return _opaque(f"an array of dtype {plain.dtype}"[:200])
        if plain.ndim > MAX_AXES or len(self.buffers) >= MAX_ARRAYS:
            raise WireError("too many arrays or axes")
        claimed = self.size + plain.size * np.dtype(code).itemsize
        if claimed > MAX_BODY or _too_long(plain.shape):  # before any copy: a broadcast view may claim terabytes
            raise WireError(f"more than {MAX_BODY >> 20} MiB of arrays")
        with np.errstate(all="ignore"):
            self.buffers.append(plain.astype(code, order="C", copy=False).tobytes())
        self.size = claimed
        return {"S" if issubclass(type(value), np.generic) else "A": [code, list(plain.shape)]}


class _Reader:
    """A JSON tree and its body back to values."""

    def __init__(self, body: bytes | bytearray) -> None:
        self.body = body
        self.position = 0
        self.items = 0
        self.arrays = 0

    def value(self, branch: Any, depth: int) -> Any:
        kind = type(branch)
        if branch is None or kind in (bool, float):
            return branch
        if kind is int:
            if branch.bit_length() > MAX_INT_BITS:
                raise WireError("a whole number too long")
            return branch
        if kind is str:
            return branch.encode("utf-8", "replace").decode()
        if kind is not dict or len(branch) != 1 or depth > MAX_DEPTH:
            raise WireError("no value of the wire")
        [(tag, content)] = branch.items()
        return self.tagged(tag, content, depth)

    def tagged(self, tag: str, content: Any, depth: int) -> Any:
        if tag in ("L", "T", "D"):
            self.items += len(content)
            if type(content) is not list or self.items > MAX_ITEMS:
                raise WireError("a list too long")
            if tag == "D" and len(content) > MAX_KEYS:
                raise WireError("a dict too large")
        if tag == "L":
            return [self.value(item, depth + 1) for item in content]
        if tag == "T":
            return tuple(self.value(item, depth + 1) for item in content)
        if tag == "D":
            return {self.value(k, depth + 1): self.value(v, depth + 1) for k, v in content}
        if tag == "A":
            return self.array(*content)
        if tag == "S" and content[1] == []:
            return self.array(*content)[()]
        if tag == "C" and all(type(part) is float for part in content):
            return complex(*content)
        if tag == "O" and type(content) is str:
            return Opaque(content[:200].encode("utf-8", "replace").decode())
        if tag in ("R", "F") and type(content) is int and content >= 0:
            return Seed(content) if tag == "R" else Callback(content)
        raise WireError("no value of the wire")

    def array(self, code: Any, shape: Any) -> np.ndarray[Any, Any]:
        if code not in DTYPES or type(shape) is not list or len(shape) > MAX_AXES:
            raise WireError("no array of the wire")
        if any(type(side) is not int or side < 0 for side in shape) or _too_long(shape):
            raise WireError("no array of the wire")
        self.arrays += 1
        dtype = np.dtype(code)
        length = math.prod(shape) * dtype.itemsize
        end = self.position + length
        if self.arrays > MAX_ARRAYS or end > len(self.body):
            raise WireError("an array larger than its frame")
        raw = np.frombuffer(self.body, np.uint8, length, self.position)
        if code == "|b1" and length and raw.max() > 1:
            raise WireError("a truth value that is neither 0 nor 1")
        self.position = end
        array: np.ndarray[Any, Any] = raw.copy().view(dtype).reshape(shape)
        return array


def _too_long(shape: Iterable[int]) -> bool:
    """An empty array may claim any length, which then costs time and memory in a loop over its rows."""
    return math.prod(side for side in shape if side) > MAX_BODY


def _opaque(described: str) -> dict[str, str]:
    return {"O": described[:200].encode("utf-8", "replace").decode()}
