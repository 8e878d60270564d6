"""The format of messages between the grader and a sandbox: frames of JSON and raw array bytes, limited in size.

Only plain values cross: None, bool, int, float, complex, str, list, tuple, dict and plain arrays. Never pickle, never
an object with behaviour. Any other value arrives as an `Opaque` that tells the name of its type and nothing more.
A function crosses as a number by which the receiver can call it back (`Callback`), a random generator as its seed
(`Seed`).

    frame = <u32 length of head> <u64 length of body> head (JSON, UTF-8) body (arrays, C order, one after another)

JSON has None, bool, int, float and str itself. Every other value is an object of one tag and its content, such as
{"L": [1, 2]}. The table `_KINDS` has one entry for each kind of value.

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

MAX_HEAD = 1 << 20  # bytes
MAX_BODY = 64 << 20  # bytes
MAX_ARRAYS = 256
MAX_AXES = 8
MAX_DEPTH = 20
MAX_INT_BITS = 1024
MAX_TEXT = 64 << 10  # characters of one string
MAX_DESCRIPTION = 200  # characters
MAX_ITEMS = 100_000
MAX_KEYS = 1_000  # of one dict: keys chosen to collide cost the square of their number
PREFIX = struct.Struct("<IQ")
DTYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"])


TOO_LARGE = "an answer that is too large"  # how the description of an `Opaque` begins that stands for one
OBJECT_OF_TYPE = "an object of type "  # how it begins if only the name of the type is told


@dataclass(frozen=True)
class FrameLimit:
    """How many bytes a frame may have. The reader of an answer knows about how large the right one is."""

    head: int = MAX_HEAD
    body: int = MAX_BODY


LARGEST = FrameLimit()


class WireError(Exception):
    """The frame breaks the rules of the wire."""


class TooLarge(WireError):
    """The message is larger than its reader takes."""


@dataclass(frozen=True)
class Opaque:
    """A value that may not cross. The other side learns only a description of it."""

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


def pack(message: dict[str, Any], limit: FrameLimit = LARGEST) -> bytes:
    """Return one frame with the message. Raise TooLarge if it exceeds the limit, WireError if it cannot be written."""
    writer = _Writer(limit)
    try:
        tree = {key: writer.branch(value, 0) for key, value in message.items()}
        head = json.dumps(tree, separators=(",", ":")).encode()
    except WireError:
        raise
    except Exception as error:  # an object that pretends to be what it is not
        raise WireError(f"unwritable value: {type_name(type(error))}") from None
    if len(head) > limit.head:
        raise TooLarge(f"more than {limit.head >> 10} KiB of text and lists")
    return b"".join([PREFIX.pack(len(head), writer.size), head, *writer.buffers])


def too_large(error: TooLarge) -> Opaque:
    """Return what stands for an answer that exceeds the limit of its reader."""
    return Opaque(f"{TOO_LARGE}: {error}")


def read_frame(read: Callable[[int], bytes | bytearray], limit: FrameLimit = LARGEST) -> dict[str, Any]:
    """Return the next message. `read(n)` gives exactly n bytes or raises an error of its own.

    Raise TooLarge, before anything of it is read, if the frame exceeds the limit.
    """
    head_length, body_length = PREFIX.unpack(read(PREFIX.size))
    if head_length > limit.head or body_length > limit.body:
        raise TooLarge("a frame larger than its reader takes")
    return unpack(bytes(read(head_length)), read(body_length))


def unpack_frame(frame: bytes) -> dict[str, Any]:
    """Return the message of one complete frame, as `pack` gives it."""
    head_length, _ = PREFIX.unpack_from(frame)
    body_start = PREFIX.size + head_length
    return unpack(frame[PREFIX.size : body_start], frame[body_start:])


def unpack(head: bytes, body: bytes | bytearray) -> dict[str, Any]:
    """Return the message of one frame. Its arrays are contiguous, writable and own their memory."""
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
    except MemoryError:
        raise TooLarge("a frame larger than the memory that is left") from None
    except Exception as error:  # whatever hostile bytes make json or numpy raise
        raise WireError(f"unreadable frame: {type(error).__name__}") from None


class _Writer:
    """Turns values into a JSON tree and the buffers it points to."""

    def __init__(self, limit: FrameLimit) -> None:
        self.limit = limit
        self.buffers: list[bytes] = []
        self.size = 0
        self.items = 0

    def branch(self, value: Any, depth: int) -> Any:
        """Return the JSON of one value."""
        kind = _BY_TYPE.get(type(value))
        if kind is None or kind.base is not type(value):  # a student's metaclass may claim to equal list
            kind, value = _recognized(value)
        if kind.write is None:
            return value
        content = kind.write(self, value, depth)
        if type(content) is Opaque:  # it may not cross, although it is of this kind
            return {"O": _description(content)}
        return content if kind.tag is None else {kind.tag: content}

    def branches(self, items: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        self._count(len(items), depth)
        return [self.branch(item, depth + 1) for item in items]

    def pairs(self, entries: dict[Any, Any], depth: int) -> list[list[Any]]:
        self._count(len(entries), depth)
        if len(entries) > MAX_KEYS:
            raise TooLarge(f"a dict of more than {MAX_KEYS} keys")
        return [[self.branch(key, depth + 1), self.branch(value, depth + 1)] for key, value in entries.items()]

    def _count(self, items: int, depth: int) -> None:
        self.items += items
        if depth >= MAX_DEPTH or self.items > MAX_ITEMS:
            raise TooLarge("lists nested too deep or with too many items")

    def array(self, value: np.ndarray[Any, Any] | np.generic, _: int) -> list[Any] | Opaque:
        if issubclass(type(value), np.ma.MaskedArray):
            return Opaque("a masked array")
        plain = np.ndarray.view(value, np.ndarray) if isinstance(value, np.ndarray) else np.asarray(value)
        code = _code_of(plain.dtype)
        if code not in DTYPES:
            return Opaque(f"an array of dtype {plain.dtype}")
        if plain.ndim > MAX_AXES or len(self.buffers) >= MAX_ARRAYS:
            raise TooLarge("too many arrays or axes")
        size = self.size + plain.size * np.dtype(code).itemsize
        if size > self.limit.body or _too_long(plain.shape):  # before any copy: a broadcast view may claim terabytes
            raise TooLarge(f"more than {self.limit.body >> 20} MiB of arrays")
        with np.errstate(all="ignore"):
            self.buffers.append(plain.astype(code, order="C", copy=False).tobytes())
        self.size = size
        return [code, list(plain.shape)]


class _Reader:
    """Turns a JSON tree and the body of its frame back into values."""

    def __init__(self, body: bytes | bytearray) -> None:
        self.body = body
        self.position = 0
        self.items = 0
        self.arrays = 0

    def value(self, branch: Any, depth: int) -> Any:
        """Return the value of one JSON branch."""
        read = _JSON_READERS.get(type(branch), _Reader.tagged)
        return branch if read is None else read(self, branch, depth)

    def tagged(self, branch: Any, depth: int) -> Any:
        if type(branch) is not dict or len(branch) != 1 or depth > MAX_DEPTH:
            raise WireError("no value of the wire")
        [(tag, content)] = branch.items()
        read = _TAG_READERS.get(tag)
        if read is None:
            raise WireError("no value of the wire")
        return read(self, content, depth)

    def values(self, content: Any, depth: int) -> list[Any]:
        self._count(content)
        return [self.value(branch, depth + 1) for branch in content]

    def entries(self, content: Any, depth: int) -> dict[Any, Any]:
        self._count(content)
        if len(content) > MAX_KEYS:
            raise WireError("a dict too large")
        return {self.value(key, depth + 1): self.value(value, depth + 1) for key, value in content}

    def _count(self, content: Any) -> None:
        if type(content) is not list or self.items + len(content) > MAX_ITEMS:
            raise WireError("a list too long")
        self.items += len(content)

    def array(self, content: Any, _: int) -> np.ndarray[Any, Any]:
        code, shape = content
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

    def scalar(self, content: Any, depth: int) -> Any:
        if content[1] != []:
            raise WireError("no value of the wire")
        return self.array(content, depth)[()]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """One kind of value: how to recognise, write and read it.

    `plain` makes a plain value of a subclass's instance, which may lie about itself. Without it, the instances of
    subclasses are not of this kind. `write` and `read` get the depth: the number of lists and dicts around the value.
    """

    base: type
    tag: str | None = None  # None: JSON itself has this kind
    plain: Callable[[Any], Any] | None = None
    write: Callable[[_Writer, Any, int], Any] | None = None  # None: the value as it is
    read: Callable[[_Reader, Any, int], Any] | None = None  # None: the content as it is


def _short_integer(_: _Writer, value: int, depth: int) -> int | Opaque:
    return value if value.bit_length() <= MAX_INT_BITS else Opaque("a whole number of over 300 digits")


def _read_integer(_: _Reader, value: int, depth: int) -> int:
    if value.bit_length() > MAX_INT_BITS:
        raise WireError("a whole number too long")
    return value


def _read_complex(_: _Reader, content: Any, depth: int) -> complex:
    if not all(type(part) is float for part in content):
        raise WireError("no value of the wire")
    return complex(*content)


def _read_opaque(_: _Reader, content: Any, depth: int) -> Opaque:
    if type(content) is not str:
        raise WireError("no value of the wire")
    return Opaque(_without_surrogates(content[:MAX_DESCRIPTION]))


def _natural_number(content: Any) -> int:
    if type(content) is not int or content < 0:
        raise WireError("no value of the wire")
    return content


def _description(value: Opaque) -> str:
    return _without_surrogates(value.described[:MAX_DESCRIPTION])


def _without_surrogates(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _code_of(dtype: np.dtype[Any]) -> str:
    """Return the code by which numbers of this type cross, or "" if they are not numbers.

    A long double crosses as a float64: the digits that this lacks are lost.
    """
    if dtype in (np.longdouble, np.clongdouble):
        return "<f8" if dtype.kind == "f" else "<c16"
    return np.dtype.newbyteorder(dtype, "<").str if dtype.kind in "biufc" else ""


def _too_long(shape: Iterable[int]) -> bool:
    """Return whether an array has too many rows. An empty array may claim any number, and a loop over them is slow."""
    return math.prod(side for side in shape if side) > MAX_BODY


# fmt: off
_KINDS = (
    # NumPy's scalars come first: a float64 is also a float.
    _Kind(base=np.generic, tag="S", plain=lambda value: value, write=_Writer.array, read=_Reader.scalar),
    _Kind(base=np.ndarray, tag="A", plain=lambda value: value, write=_Writer.array, read=_Reader.array),
    _Kind(base=type(None)),
    _Kind(base=bool),
    _Kind(base=int, plain=int.__int__, write=_short_integer, read=_read_integer),
    _Kind(base=float, plain=float.__float__),
    _Kind(base=complex, tag="C", plain=complex.__complex__,
          write=lambda _, value, depth: [value.real, value.imag], read=_read_complex),
    _Kind(base=str, plain=str.__str__,
          write=lambda _, text, depth: _without_surrogates(text[:MAX_TEXT]),
          read=lambda _, text, depth: _without_surrogates(text)),
    _Kind(base=list, tag="L", plain=lambda value: list.__getitem__(value, slice(None)),
          write=_Writer.branches, read=_Reader.values),
    _Kind(base=tuple, tag="T", plain=lambda value: tuple.__getitem__(value, slice(None)),
          write=_Writer.branches, read=lambda reader, content, depth: tuple(reader.values(content, depth))),
    _Kind(base=dict, tag="D", plain=lambda value: dict(dict.items(value)), write=_Writer.pairs, read=_Reader.entries),
    _Kind(base=Seed, tag="R",
          write=lambda _, seed, depth: seed.value, read=lambda _, content, depth: Seed(_natural_number(content))),
    _Kind(base=Callback, tag="F",
          write=lambda _, function, depth: function.number,
          read=lambda _, content, depth: Callback(_natural_number(content))),
    _Kind(base=Opaque, tag="O", write=lambda _, value, depth: _description(value), read=_read_opaque),
)
# fmt: on
_BY_TYPE = {kind.base: kind for kind in _KINDS}
_TAG_READERS = {kind.tag: kind.read for kind in _KINDS if kind.tag is not None}
_JSON_READERS = {kind.base: kind.read for kind in _KINDS if kind.tag is None}


def _recognized(value: Any) -> tuple[_Kind, Any]:
    """Return the kind of a value whose type is not in the table, and the value made plain.

    A named tuple is a tuple, an enum's number an int. Anything unknown is an `Opaque`.
    """
    for kind in _KINDS:
        if kind.plain is not None and issubclass(type(value), kind.base):
            return kind, kind.plain(value)
    return _BY_TYPE[Opaque], Opaque(f"{OBJECT_OF_TYPE}{type_name(type(value))}")
