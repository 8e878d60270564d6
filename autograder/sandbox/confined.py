"""Run functions in a sandbox. It answers until a deadline, and opens again after a bad end."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograder.core.model import Outcome, Source
from autograder.execution.interface import (
    Absent,
    CallRequest,
    Raised,
    Returned,
    SessionEnded,
    Student,
    raised_from,
    warning_from,
    why_absent,
)
from autograder.execution.limits import Limits
from autograder.guest import wire
from autograder.guest.runner import READY
from autograder.sandbox.fork_server import ForkServer, Process, ServerDied

FRAMES_AHEAD = 64 << 10  # bytes: less than a socket holds, so that sending requests never waits for a busy sandbox
_RECEIVE_SIZE = 64 << 10  # bytes
_SIGNALS = {
    4: "an illegal instruction",
    6: "an abort",
    9: "the limit of processor time",
    11: "a memory fault",
}


class SandboxExecutor:
    """Opens one sandbox for each submission, all from one warm fork server.

    seconds: what a submission may take, which depends on its assignment; None: the server's limit
    """

    def __init__(self, server: ForkServer, *, seconds: float | None = None) -> None:
        self.server = server
        self.limits = server.limits if seconds is None else replace(server.limits, submission_seconds=seconds)

    @contextlib.contextmanager
    def open(self, source: Source) -> Iterator[Student]:
        session = SandboxSession(self.server, source, self.limits)
        try:
            with contextlib.suppress(SessionEnded):  # no time left: each call will raise the same again
                session.open()
            yield Student(session)
        finally:
            session.close()


class SandboxSession:
    """The process of one submission. After TIMEOUT or KILLED the next call gets a new one, with the same source."""

    def __init__(self, server: ForkServer, source: Source, limits: Limits | None = None) -> None:
        self.server = server
        self.limits = limits or server.limits
        self.source = source
        self.left_out = _too_long(source)  # by label; cells that hang or die when the sandbox opens are added
        self.failures: tuple[Raised, ...] = ()
        self.names: frozenset[str] = frozenset()
        self.exercises = {name for cell in source.cells for name in cell.exercises}
        self.submission_ends = time.monotonic() + self.limits.submission_seconds
        self._process: Process | None = None
        self._channel: Channel | None = None

    def open(self) -> None:
        """Run the source in a new process. If a cell hangs or dies, leave it out and try the rest again.

        Raise SessionEnded if the submission has no time left, and ServerDied if a sandbox did not start at all.
        """
        while True:
            deadline = self._deadline(self.limits.open_seconds)
            self._process = self.server.open_guest()
            self._channel = Channel(self._process.connection, deadline)
            started: list[str] = []
            try:
                self._run_cells(self._channel, started)
                return
            except SessionEnded as end:
                self._deadline(0.0)  # raises if the time is up: no cell is to blame for the time of the others
                if not started:  # nothing of the student's has run
                    raise ServerDied(f"a sandbox did not open: {end.reason or 'it did not answer'}") from None
                self.left_out[started[-1]] = end

    def _run_cells(self, channel: Channel, started: list[str]) -> None:
        """Send the source and note its failures. `started` gets the label of each cell when it starts."""
        cells = [cell for cell in self.source.cells if cell.label not in self.left_out]
        with self._ending():
            texts = [(cell.label, cell.text, list(cell.statements)) for cell in cells]
            opening = {"cells": texts, "names": sorted(self.exercises), "companion": self.source.companion}
            channel.send(wire.pack({"op": "open", **opening}))
            while (message := channel.receive("cell", "ready", limit=READY))["op"] == "cell":
                if type(message["number"]) is not int or message["number"] != len(started):
                    raise wire.WireError("a cell out of turn")  # the cell that runs now has sent it, and is left out
                started.append(cells[len(started)].label)
            self.failures = tuple(raised_from(failure, self.source) for failure in message["failures"])
            self.names = frozenset(message["names"]) & self.exercises

    @property
    def process(self) -> Process | None:
        """The process that answers, if one is open."""
        return self._process

    def call(self, request: CallRequest) -> Returned | Raised:
        self._send([request])
        return self._reply_to(request)

    def calls(self, requests: Sequence[CallRequest], *, ahead: bool) -> Generator[Returned | Raised, None, None]:
        """Yield the replies of several calls in turn. `ahead`: send several requests at once if none calls back.

        Most of a call's time is the way to the sandbox. A test that fails early leaves requests that the sandbox has
        already: their replies are waited for as usual, and dropped.
        """
        for batch in _batches(requests, FRAMES_AHEAD if ahead else 0):
            self._send(batch)
            unanswered = iter(batch)
            try:
                for request in unanswered:
                    yield self._reply_to(request)
            except GeneratorExit:
                with contextlib.suppress(SessionEnded):
                    for request in unanswered:
                        self._reply_to(request)
                raise

    def _send(self, requests: Sequence[CallRequest]) -> None:
        if self._channel is None:
            self.open()
        assert self._channel is not None
        self._channel.deadline = self._deadline(self.limits.call_seconds)
        with self._ending():
            self._channel.send(b"".join(request.frame for request in requests))

    def _reply_to(self, request: CallRequest) -> Returned | Raised:
        """Wait for the reply to a request, and answer the sandbox's questions on the way."""
        assert self._channel is not None
        channel = self._channel
        with self._ending():
            channel.deadline = self._deadline(request.seconds or self.limits.call_seconds)
            for _ in range(self.limits.questions + 1):
                message = channel.receive("returned", "raised", "ask", limit=request.limit)
                if message["serial"] != request.serial:
                    raise wire.WireError("an answer to another question")
                if message["op"] == "returned":
                    after, warned = _arguments_after(message["after"]), warning_from(message["warned"])
                    return Returned(message["value"], after, warned)
                if message["op"] == "raised":
                    return raised_from(message, self.source)
                _answer(channel, request, message)
            raise wire.WireError("no end of questions")

    def absent(self, name: str) -> Absent | None:
        if self._process is None:
            self.open()
        if name in self.names:
            return None
        return why_absent(name, self.source, self.failures, self.left_out)

    def settle(self) -> None:
        if self._process is not None:
            with contextlib.suppress(SessionEnded):
                self.call(CallRequest(name=""))  # no function has this name: an orderly process answers that it raised

    def restart(self) -> None:
        self.close()

    def close(self) -> int | None:
        """End the process. Return its status as `Popen.returncode` counts, None if unknown."""
        if self._process is None:
            return None
        process, self._process, self._channel = self._process, None, None
        return self.server.end_guest(process)

    def _deadline(self, seconds: float) -> float:
        """Return the moment until which a reply may take. Raise SessionEnded if the whole submission's time is up."""
        now = time.monotonic()
        if now >= self.submission_ends:
            raise SessionEnded(Outcome.TIMEOUT, f"the notebook had used up its {self.limits.submission_seconds:g} s")
        return min(now + seconds, self.submission_ends)

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        """End the sandbox whatever it does to the connection, and raise SessionEnded with one of two outcomes."""
        try:
            yield
        except TimeoutError:
            self.close()
            raise SessionEnded(Outcome.TIMEOUT, "") from None
        except (EOFError, OSError):
            status = self.close()
            if status is None:
                raise ServerDied("the fork server ended while a sandbox was open") from None
            raise SessionEnded(Outcome.KILLED, _died_of(status)) from None
        except (wire.TooLarge, MemoryError):
            self.close()
            raise SessionEnded(Outcome.KILLED, "it sent an answer that is too large") from None
        except (wire.WireError, KeyError, TypeError, IndexError, ValueError, AttributeError):
            self.close()
            raise SessionEnded(Outcome.KILLED, "it sent something that is no answer") from None


class Channel:
    """Frames to and from one sandbox, each until one moment in time."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline
        self.received = bytearray()  # bytes that no frame has used yet

    def send(self, frames: bytes) -> None:
        self.connection.settimeout(self._remaining())
        self.connection.sendall(frames)

    def receive(self, *expected: str, limit: wire.FrameLimit) -> dict[str, Any]:
        """Return the next message, which must be one of the expected operations and not exceed the limit."""
        message = wire.read_frame(self._exactly, limit)
        if message.get("op") not in expected:
            raise wire.WireError("an unexpected message")
        return message

    def _exactly(self, count: int) -> bytearray:
        while len(self.received) < count:
            self.connection.settimeout(self._remaining())
            chunk = self.connection.recv(max(_RECEIVE_SIZE, count - len(self.received)))
            if not chunk:
                raise EOFError("the sandbox has gone")
            self.received += chunk
        data = self.received[:count]
        del self.received[:count]
        return data

    def _remaining(self) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining


def _batches(requests: Sequence[CallRequest], space: int) -> Iterator[list[CallRequest]]:
    """Yield consecutive requests whose frames take at most `space` bytes together; one that calls back stays alone."""
    batch: list[CallRequest] = []
    size = 0
    for request in requests:
        size += len(request.frame)
        if batch and (size > space or request.functions or batch[-1].functions):
            yield batch
            batch, size = [], len(request.frame)
        batch.append(request)
    if batch:
        yield batch


def _too_long(source: Source) -> dict[str, SessionEnded]:
    """Return the cells that the wire does not take, by label: nobody wrote them by hand."""
    space = wire.MAX_HEAD // 2
    left_out = {}
    for cell in source.cells:
        size = len(json.dumps(cell.text)) + 16 * len(cell.statements)
        if len(cell.text) > wire.MAX_TEXT or size > space:
            left_out[cell.label] = SessionEnded(Outcome.KILLED, "it is too long")
        else:
            space -= size
    return left_out


def _answer(channel: Channel, request: CallRequest, question: dict[str, Any]) -> None:
    """Call a function of the grader's for the sandbox, and send its answer. If it raises, the sandbox is to blame."""
    function = request.functions[question["callback"]]
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
    if after is not None and type(after) is not list:  # tuple() would split an array into its numbers
        raise wire.WireError("arguments that are none")
    return None if after is None else tuple(after)


def _died_of(status: int) -> str:
    """Return in words why a process ended by itself."""
    if status >= 0:
        return "it ended the Python process"
    return f"it was ended by {_SIGNALS.get(-status, f'signal {-status}')}"
