"""Where a student's functions run: the interface, and the room that is no room (a live namespace).

A suite calls `student.conv2d(image, kernel)`. Whether that crosses into a confined process or stays in the
student's own kernel, the answer is the same plain value.
"""

from __future__ import annotations

import contextlib
import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.cleaning import clean
from autograder.model import Outcome, Source
from autograder.room import exceptions, wire, worker


@dataclass(frozen=True)
class Returned:
    """A plain answer; `after` holds the arguments as they were after the call, where that was asked for."""

    value: Any
    after: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Raised:
    """An exception in the student's code, at the innermost line that is their own."""

    kinds: tuple[str, ...]  # the exception's type and what that is derived from
    text: str
    cell: str = ""
    line: int = 0
    function: str = ""

    @property
    def type(self) -> str:
        return self.kinds[0]


@dataclass(frozen=True)
class Absent:
    """Why a function is not there: never written (STUB), or its cell could not be run."""

    outcome: Outcome
    because: Raised | RoomEnded | str | None = None


class RoomEnded(Exception):
    """The room had to be closed in the middle of a call: TIMEOUT or KILLED."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


class CallRaised(Exception):
    """The student's function raised, in a test that wanted its answer."""

    def __init__(self, call: Call) -> None:
        super().__init__(f"{call.name} raised")
        self.call = call


@dataclass(frozen=True)
class Call:
    """One call of a test, and what came of it."""

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    reply: Returned | Raised


@dataclass(frozen=True)
class Order:
    """A call as a room gets it: plain arguments, and the functions it may ask back."""

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    functions: tuple[Callable[..., Any], ...]
    seconds: float | None = None  # None: the room's own limit
    want_arguments: bool = False


class Room(Protocol):
    """Runs one submission's functions."""

    def call(self, order: Order) -> Returned | Raised:
        """The reply of one call. RoomEnded when there is none."""

    def absent(self, name: str) -> Absent | None:
        """Why there is no such function; None where there is one."""


class Rooms(Protocol):
    """Opens a room for a submission's source, and closes it."""

    def open(self, source: Source) -> contextlib.AbstractContextManager[Student]: ...


@dataclass
class Student:
    """What a test sees of a submission: its functions, as attributes."""

    room: Room
    seconds: float | None = None  # how long a call of the present test may take
    calls: list[Call] = field(default_factory=list)  # of the present test

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self, name)


@dataclass(frozen=True)
class Function:
    """`student.conv2d`: calling it gives the plain answer, or raises CallRaised."""

    student: Student
    name: str

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        call = self.ask(arguments, options)
        if isinstance(call.reply, Raised):
            raise CallRaised(call)
        return call.reply.value

    def ask(
        self,
        arguments: Sequence[Any],
        options: Mapping[str, Any] | None = None,
        *,
        want_arguments: bool = False,
    ) -> Call:
        """The call with its reply, whatever that is."""
        functions = tuple(value for value in (*arguments, *(options or {}).values()) if callable(value))

        def freight(value: Any) -> Any:
            return wire.Callback(functions.index(value)) if callable(value) else value

        order = Order(
            self.name,
            tuple(map(freight, arguments)),
            {key: freight(value) for key, value in (options or {}).items()},
            functions,
            self.student.seconds,
            want_arguments,
        )
        reply = self.student.room.call(order)
        call = Call(self.name, tuple(arguments), options or {}, reply)
        self.student.calls.append(call)
        return call


def raised(message: Mapping[str, Any]) -> Raised:
    """An exception as it came over the wire, its text cleaned."""
    line = message["line"]
    return Raised(
        tuple(clean(kind, 100) for kind in message["kinds"][:20]) or ("Exception",),
        clean(message["text"]),
        clean(message["cell"], 100),
        line if type(line) is int else 0,
        clean(message["function"], 100),
    )


class LiveRoom:
    """Functions of this very process: a student's kernel, or the kit's own tests.

    Arguments and answers still pass through the wire's format, so that a test sees the same plain values as
    anywhere else, and a function that writes to its argument writes to a copy.
    """

    def __init__(self, namespace: Mapping[str, Any], own: Callable[[str], str | None] | None = None) -> None:
        self.namespace = namespace
        self.own = own or _files_of(namespace)

    def absent(self, name: str) -> Absent | None:
        return None if callable(self.namespace.get(name)) else Absent(Outcome.STUB)

    def call(self, order: Order) -> Returned | Raised:
        plain = _plain({"arguments": order.arguments, "options": dict(order.options)})
        arguments = tuple(revive(value, order.functions) for value in plain["arguments"])
        options = {key: revive(value, order.functions) for key, value in plain["options"].items()}
        try:
            value = self.namespace[order.name](*arguments, **options)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            return raised(exceptions.describe(error, self.own))
        try:
            answer = _plain({"value": value, "after": arguments if order.want_arguments else None})
        except wire.WireError as error:
            return Returned(wire.Opaque(str(error)))
        return Returned(answer["value"], answer["after"])


class LiveRooms:
    """Runs a submission's source in this process, for people who check their own notebook."""

    @contextlib.contextmanager
    def open(self, source: Source) -> Iterator[Student]:
        namespace = types.ModuleType("__main__").__dict__
        for cell in source.cells:
            worker.run_cell(cell.label, cell.text, list(cell.statements), namespace)
        own = {worker.FILE + cell.label: cell.label for cell in source.cells}
        yield Student(LiveRoom(namespace, own.get))


def revive(value: Any, functions: Sequence[Callable[..., Any]]) -> Any:
    """What stands for a function or a generator on the wire, made into one."""
    import numpy as np

    if type(value) is wire.Seed:
        return np.random.default_rng(value.value)
    return functions[value.number] if type(value) is wire.Callback else value


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    frame = wire.pack(message)
    head, _ = wire.PREFIX.unpack(frame[: wire.PREFIX.size])
    start = wire.PREFIX.size
    return wire.unpack(frame[start : start + head], frame[start + head :])


def cell_label(name: str) -> str:
    return f"your cell {name}"


def _files_of(namespace: Mapping[str, Any]) -> Callable[[str], str | None]:
    """The files in which the namespace's functions were defined are the student's own."""
    files = {}
    for name, value in namespace.items():
        with contextlib.suppress(TypeError):
            files[inspect.getfile(inspect.unwrap(value))] = cell_label(name)
    return files.get
