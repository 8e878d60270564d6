"""The room that is no room: a live namespace, a student's kernel or the kit's own tests."""

from __future__ import annotations

import contextlib
import inspect
import types
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.core.model import Outcome, Source
from autograder.execution.interface import (
    Absent,
    CallRequest,
    Raised,
    Returned,
    RoomEnded,
    Student,
    cell_label,
    raised,
    warning,
)
from autograder.execution.time_limit import OutOfTime, limited
from autograder.guest import exceptions, runner, wire


class LiveRoom:
    """Functions of this very process: a student's kernel, or the kit's own tests.

    Arguments and answers still pass through the wire's format, so that a test sees the same plain values as
    anywhere else, and a function that writes to its argument writes to a copy.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        own: Callable[[str], str | None] | None = None,
        seconds: float | None = None,
        companion: str = "",
    ) -> None:
        self.namespace = namespace
        self.functions = {**namespace, **runner.companions(companion, namespace)}
        self.own = own or _files_of(namespace)
        self.seconds = seconds  # that a call may take, where the platform can stop it

    def absent(self, name: str) -> Absent | None:
        return None if callable(self.namespace.get(name)) else Absent(Outcome.STUB)

    def call(self, order: CallRequest) -> Returned | Raised:
        plain = _unpacked(order.frame)
        arguments = tuple(_revive(value, order.functions) for value in plain["args"])
        options = {key: _revive(value, order.functions) for key, value in plain["kwargs"].items()}
        try:
            with limited(self.seconds and (order.seconds or self.seconds)):
                value, warned = runner.called(self.functions[order.name], arguments, options, order.want_warning)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except OutOfTime:
            raise RoomEnded(Outcome.TIMEOUT, "") from None
        except BaseException as error:
            return raised(exceptions.describe(error, self.own))
        try:
            answer = _unpacked(wire.pack({"value": value, "after": arguments if order.want_arguments else None}))
        except wire.WireError as error:
            return Returned(wire.Opaque(str(error)))
        return Returned(answer["value"], answer["after"], warning(warned))

    def calls(self, orders: Sequence[CallRequest], *, ahead: bool) -> Generator[Returned | Raised, None, None]:
        yield from map(self.call, orders)


class LiveRooms:
    """Runs a submission's source in this process, for people who check their own notebook."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds

    @contextlib.contextmanager
    def open(self, source: Source) -> Iterator[Student]:
        namespace = types.ModuleType("__main__").__dict__
        for cell in source.cells:
            runner.run_cell(cell.label, cell.text, list(cell.statements), namespace)
        own = {runner.FILE + cell.label: cell.label for cell in source.cells}
        yield Student(LiveRoom(namespace, own.get, self.seconds, source.companion))


def _unpacked(frame: bytes) -> dict[str, Any]:
    head, _ = wire.PREFIX.unpack(frame[: wire.PREFIX.size])
    start = wire.PREFIX.size
    return wire.unpack(frame[start : start + head], frame[start + head :])


def _files_of(namespace: Mapping[str, Any]) -> Callable[[str], str | None]:
    """The files in which the namespace's functions were defined are the student's own."""
    files = {}
    for name, value in namespace.items():
        with contextlib.suppress(TypeError):
            files[inspect.getfile(inspect.unwrap(value))] = cell_label(name)
    return files.get


def _revive(value: Any, functions: Sequence[Callable[..., Any]]) -> Any:
    """What stands for a function or a generator on the wire, made into one."""
    if type(value) is wire.Seed:
        return np.random.default_rng(value.value)
    return functions[value.number] if type(value) is wire.Callback else value
