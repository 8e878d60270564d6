"""The confined room as suites see it: opens, answers with a deadline, and opens again after a bad end."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from autograder.core.model import Outcome, Source
from autograder.execution.interface import Absent, CallRequest, Raised, Returned, RoomEnded, Student, raised, warning
from autograder.execution.limits import Limits
from autograder.guest import wire
from autograder.sandbox.fork_server import ForkServer, Process, ServerDied

FRAMES_AHEAD = 64 << 10  # bytes: less than a socket holds, so that giving orders never waits for a busy room
_GULP = 64 << 10
_SIGNALS = {
    4: "an illegal instruction",
    6: "an abort",
    9: "the limit of processor time",
    11: "a memory fault",
}


class ConfinedRooms:
    """Opens one room for each submission, all from one warm fork-server."""

    def __init__(self, server: ForkServer) -> None:
        self.server = server

    @contextlib.contextmanager
    def open(self, source: Source) -> Iterator[Student]:
        room = ConfinedRoom(self.server, source)
        try:
            with contextlib.suppress(RoomEnded):  # no time left: each exercise will be told when it asks
                room.open()
            yield Student(room)
        finally:
            room.close()


class ConfinedRoom:
    """One submission's process. After TIMEOUT or KILLED the next call finds a new one, with the same source."""

    def __init__(self, server: ForkServer, source: Source) -> None:
        self.server = server
        self.limits: Limits = server.limits
        self.source = source
        self.left_out = _too_long(source)  # and cells that hung or died on opening
        self.failures: tuple[Raised, ...] = ()
        self.names: frozenset[str] = frozenset()
        self.exercises = {name for cell in source.cells for name in cell.exercises}
        self.submission_ends = time.monotonic() + self.limits.submission_seconds
        self._process: Process | None = None
        self._channel: Channel | None = None

    def open(self) -> None:
        """Run the source in a new process. A cell that hangs or dies is left out and the rest tried again."""
        while True:
            deadline = self._deadline(self.limits.open_seconds)
            self._process = self.server.open_room()
            self._channel = Channel(self._process.door, deadline)
            started: list[str] = []
            try:
                self._run_cells(self._channel, started)
                return
            except RoomEnded as end:
                self._deadline(0.0)  # a cell is not to blame for the time that others took
                if not started:  # nothing of the student's had run
                    raise ServerDied(f"a room did not open: {end.reason or 'it did not answer'}") from None
                self.left_out[started[-1]] = end

    def _run_cells(self, channel: Channel, started: list[str]) -> None:
        cells = [cell for cell in self.source.cells if cell.label not in self.left_out]
        with self._ending():
            texts = [(cell.label, cell.text, list(cell.statements)) for cell in cells]
            opening = {"cells": texts, "names": sorted(self.exercises), "companion": self.source.companion}
            channel.send(wire.pack({"op": "open", **opening}))
            while (message := channel.receive("cell", "ready"))["op"] == "cell":
                started.append(cells[message["number"]].label)
            self.failures = tuple(map(raised, message["failures"]))
            self.names = frozenset(message["names"]) & self.exercises

    def call(self, order: CallRequest) -> Returned | Raised:
        self._give([order])
        return self._reply_to(order)

    def calls(self, orders: Sequence[CallRequest], *, ahead: bool) -> Generator[Returned | Raised, None, None]:
        """Several orders travel together where none of them asks back: most of a call's time is the way there.

        A test that has seen enough leaves orders behind that the room has already. Their replies are waited for as
        usual, and nobody looks at them.
        """
        for batch in _batches(orders, FRAMES_AHEAD if ahead else 0):
            self._give(batch)
            left = iter(batch)
            try:
                for order in left:
                    yield self._reply_to(order)
            except GeneratorExit:
                with contextlib.suppress(RoomEnded):
                    for order in left:
                        self._reply_to(order)
                raise

    def _give(self, orders: Sequence[CallRequest]) -> None:
        if self._channel is None:
            self.open()
        assert self._channel is not None
        self._channel.deadline = self._deadline(self.limits.call_seconds)
        with self._ending():
            self._channel.send(b"".join(order.frame for order in orders))

    def _reply_to(self, order: CallRequest) -> Returned | Raised:
        assert self._channel is not None
        channel = self._channel
        with self._ending():
            channel.deadline = self._deadline(order.seconds or self.limits.call_seconds)
            for _ in range(self.limits.questions + 1):
                message = channel.receive("returned", "raised", "ask")
                if message["serial"] != order.serial:
                    raise wire.WireError("an answer to another question")
                if message["op"] == "returned":
                    return Returned(message["value"], _arguments_after(message["after"]), warning(message["warned"]))
                if message["op"] == "raised":
                    return raised(message)
                _answer(channel, order, message)
            raise wire.WireError("no end of questions")

    def absent(self, name: str) -> Absent | None:
        if self._process is None:
            self.open()
        for broken in self.source.broken:
            if name in broken.exercises and name not in self.names:
                return Absent(Outcome.RAISED, broken.error)
        if name in self.names:
            return None
        labels = {cell.label for cell in self.source.cells if name in cell.exercises}
        for label, end in self.left_out.items():
            if label in labels:
                return Absent(end.outcome, end)
        for failure in self.failures:
            if failure.cell in labels:
                return Absent(Outcome.RAISED, failure)
        return Absent(Outcome.STUB)

    def close(self) -> int | None:
        if self._process is None:
            return None
        process, self._process, self._channel = self._process, None, None
        return self.server.end_room(process)

    def _deadline(self, seconds: float) -> float:
        """Each reply has one absolute deadline, and so has the whole submission."""
        now = time.monotonic()
        if now >= self.submission_ends:
            raise RoomEnded(Outcome.TIMEOUT, f"the notebook had used up its {self.limits.submission_seconds:g} s")
        return min(now + seconds, self.submission_ends)

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        """Whatever a hostile room does to the wire ends the room, and becomes one of two outcomes."""
        try:
            yield
        except TimeoutError:
            self.close()
            raise RoomEnded(Outcome.TIMEOUT, "") from None
        except (EOFError, OSError):
            status = self.close()
            if status is None:
                raise ServerDied("the fork-server ended while a room was open") from None
            raise RoomEnded(Outcome.KILLED, _died_of(status)) from None
        except (wire.WireError, KeyError, TypeError, IndexError, ValueError, AttributeError):
            self.close()
            raise RoomEnded(Outcome.KILLED, "it sent something that is no answer") from None


class Channel:
    """Frames to and from one room, each until one moment in time."""

    def __init__(self, door: socket.socket, deadline: float) -> None:
        self.door = door
        self.deadline = deadline
        self.inbox = bytearray()  # what came with an earlier frame

    def send(self, frames: bytes) -> None:
        self.door.settimeout(self._remaining())
        self.door.sendall(frames)

    def receive(self, *expected: str) -> dict[str, Any]:
        message = wire.read_frame(self._exactly)
        if message.get("op") not in expected:
            raise wire.WireError("an unexpected message")
        return message

    def _exactly(self, count: int) -> bytearray:
        while len(self.inbox) < count:
            self.door.settimeout(self._remaining())
            came = self.door.recv(max(_GULP, count - len(self.inbox)))
            if not came:
                raise EOFError("the room has gone")
            self.inbox += came
        taken = self.inbox[:count]
        del self.inbox[:count]
        return taken

    def _remaining(self) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining


def _batches(orders: Sequence[CallRequest], space: int) -> Iterator[list[CallRequest]]:
    """Consecutive orders whose frames take `space` bytes at most together; one that asks back stays alone."""
    batch: list[CallRequest] = []
    size = 0
    for order in orders:
        size += len(order.frame)
        if batch and (size > space or order.functions or batch[-1].functions):
            yield batch
            batch, size = [], len(order.frame)
        batch.append(order)
    if batch:
        yield batch


def _too_long(source: Source) -> dict[str, RoomEnded]:
    """Cells that do not fit through the door: nobody wrote them by hand."""
    space = wire.MAX_HEAD // 2
    left_out = {}
    for cell in source.cells:
        size = len(json.dumps(cell.text)) + 16 * len(cell.statements)
        if len(cell.text) > wire.MAX_TEXT or size > space:
            left_out[cell.label] = RoomEnded(Outcome.KILLED, "it is too long")
        else:
            space -= size
    return left_out


def _answer(channel: Channel, order: CallRequest, question: dict[str, Any]) -> None:
    """A function of ours, asked from the room: odd arguments are the room's fault, never ours."""
    function = order.functions[question["callback"]]
    if type(question["args"]) is not tuple:
        raise wire.WireError("arguments that are none")
    try:
        value = function(*question["args"])
    except Exception as error:
        why = f"the function you were given raised {type(error).__name__}"
        channel.send(wire.pack({"op": "refused", "why": why}))
    else:
        channel.send(wire.pack({"op": "answer", "value": value}))


def _arguments_after(after: Any) -> tuple[Any, ...] | None:
    if after is not None and type(after) is not list:  # an array would be taken apart number by number
        raise wire.WireError("arguments that are none")
    return None if after is None else tuple(after)


def _died_of(status: int) -> str:
    """In words, what a process that ended by itself ended of."""
    if status >= 0:
        return "it ended the Python process"
    return f"it was ended by {_SIGNALS.get(-status, f'signal {-status}')}"
