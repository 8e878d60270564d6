"""Where a student's functions run: the interface. `live` and `sandbox.rooms` are the two kinds of rooms.

A suite calls `student.conv2d(image, kernel)`. Whether that crosses into a confined process or stays in the
student's own kernel, the answer is the same plain value.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.core.model import NoModel, Outcome, Source, TrainedModel
from autograder.core.sanitize import clean
from autograder.guest import wire


@dataclass(frozen=True)
class Returned:
    """A plain answer. Where it was asked for, `after` holds the arguments as they were after the call, and `warned`
    the first warning of NumPy's, empty where there was none."""

    value: Any
    after: tuple[Any, ...] | None = None
    warned: str | None = None


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
    reply: Returned | Raised | RoomEnded


@dataclass(frozen=True)
class CallRequest:
    """A call as a room gets it: plain arguments, and the functions it may ask back."""

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    functions: tuple[Callable[..., Any], ...]
    seconds: float | None = None  # None: the room's own limit
    want_arguments: bool = False
    want_warning: bool = False

    @functools.cached_property
    def serial(self) -> int:
        """The reply has to name it, so that a frame too many is never taken for the next answer."""
        return secrets.randbits(60)

    @functools.cached_property
    def frame(self) -> bytes:
        """What goes over the wire. Made once: the same order may be given to one student after another."""
        return wire.pack(
            {
                "op": "call",
                "serial": self.serial,
                "name": self.name,
                "args": self.arguments,
                "kwargs": dict(self.options),
                "want_arguments": self.want_arguments,
                "want_warning": self.want_warning,
            }
        )


@dataclass(frozen=True)
class ExpectedCall:
    """One call of a test together with what judges its reply."""

    order: CallRequest
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    judge: Callable[[Call], None]

    def answered(self, reply: Returned | Raised | RoomEnded) -> Call:
        return Call(self.order.name, self.arguments, self.options, reply)


class Room(Protocol):
    """Runs one submission's functions."""

    def call(self, order: CallRequest) -> Returned | Raised:
        """The reply of one call. RoomEnded when there is none."""

    def calls(self, orders: Sequence[CallRequest], *, ahead: bool) -> Generator[Returned | Raised, None, None]:
        """The replies of several calls in turn. `ahead`: the room may have the next orders before it has replied."""

    def absent(self, name: str) -> Absent | None:
        """Why there is no such function; None where there is one."""


class Rooms(Protocol):
    """Opens a room for a submission's source, and closes it."""

    def open(self, source: Source) -> contextlib.AbstractContextManager[Student]: ...


@dataclass(eq=False)
class Student:
    """A submission as a test sees it: its functions, as attributes. Each is equal to itself alone.

    `calls`, `expected_calls` and `looked` tell of the present test: its calls, those of them that a check has to
    judge, and whether the test looked at an answer itself.
    """

    room: Room
    seconds: float | None = None  # how long a call of the present test may take
    calls: list[Call] = field(default_factory=list)
    expected_calls: list[ExpectedCall] = field(default_factory=list)
    looked: bool = False
    trained: TrainedModel | NoModel = field(default_factory=NoModel)  # that was handed in with the notebook

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self, name)

    def begin(self, seconds: float | None) -> None:
        """The next test."""
        self.calls, self.expected_calls, self.looked, self.seconds = [], [], False, seconds

    def take(self, step: ExpectedCall) -> Call:
        """Make one call, whatever its reply."""
        try:
            reply = self.room.call(step.order)
        except RoomEnded as end:
            self.calls.append(step.answered(end))
            raise
        self.calls.append(step.answered(reply))
        return self.calls[-1]

    def retake(self, steps: Sequence[ExpectedCall], *, ahead: bool) -> None:
        """Make calls that another student's test made, and judge each reply as there."""
        with contextlib.closing(self.room.calls([step.order for step in steps], ahead=ahead)) as replies:
            for step in steps:
                try:
                    reply = next(replies)
                except RoomEnded as end:
                    self.calls.append(step.answered(end))
                    raise
                self.calls.append(step.answered(reply))
                step.judge(self.calls[-1])


@dataclass(frozen=True)
class Function:
    """`student.conv2d`: calling it gives the plain answer, or raises CallRaised."""

    student: Student
    name: str

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.student.looked = True
        call = self.student.take(self._step(arguments, options, _accept))
        if isinstance(call.reply, Raised):
            raise CallRaised(call)
        assert isinstance(call.reply, Returned)
        return call.reply.value

    def check_call(
        self,
        judge: Callable[[Call], None],
        arguments: Sequence[Any],
        options: Mapping[str, Any] | None = None,
        *,
        want_arguments: bool = False,
        want_warning: bool = False,
    ) -> None:
        """Call it, and let `judge` look at the reply; the test itself sees nothing of it."""
        step = self._step(arguments, options or {}, judge, want_arguments, want_warning)
        self.student.expected_calls.append(step)
        judge(self.student.take(step))

    def _step(
        self,
        arguments: Sequence[Any],
        options: Mapping[str, Any],
        judge: Callable[[Call], None],
        want_arguments: bool = False,
        want_warning: bool = False,
    ) -> ExpectedCall:
        functions = tuple(value for value in (*arguments, *options.values()) if callable(value))

        def freight(value: Any) -> Any:
            return wire.Callback(functions.index(value)) if callable(value) else value

        order = CallRequest(
            self.name,
            tuple(map(freight, arguments)),
            {key: freight(value) for key, value in options.items()},
            functions,
            self.student.seconds,
            want_arguments,
            want_warning,
        )
        return ExpectedCall(order, tuple(arguments), options, judge)


def _accept(call: Call) -> None:
    """The judge of a call whose answer a test looks at itself."""


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


def warning(text: Any) -> str | None:
    """A warning as it came over the wire."""
    return clean(text) if type(text) is str else None


def cell_label(name: str) -> str:
    return f"your cell {name}"
