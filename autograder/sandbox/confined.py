"""Run functions in a sandbox. It answers until a deadline, and opens again after a bad end."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autograder.core.model import Outcome, Source, SourceCell
from autograder.execution.interface import (
    Absent,
    CallRequest,
    FailedStatement,
    Raised,
    Returned,
    SessionEnded,
    Student,
    failed_statement,
    in_all,
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
    9: "the limit of CPU time",
    11: "a memory fault",
}


WHOLE_CELL = -1  # instead of a statement's number


class Step(NamedTuple):
    """What begins to run when a sandbox opens."""

    cell: int  # its number among the cells that were sent
    statement: int  # its number in the cell, or WHOLE_CELL


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
        self.left_out = _too_long(source)  # statements that hang or die when the sandbox opens are added
        self.in_steps = False  # whether the sandbox tells each statement that it begins, and not only each cell
        self.raised: tuple[FailedStatement, ...] = ()
        self.names: frozenset[str] = frozenset()
        self.exercises = {name for cell in source.cells for name in cell.exercises}
        self.submission_ends = time.monotonic() + self.limits.submission_seconds
        self._process: Process | None = None
        self._channel: Channel | None = None

    def open(self) -> None:
        """Run the source in a new process. If a statement hangs or dies, leave it out and try the rest again.

        Raise SessionEnded if the submission has no time left, and ServerDied if a sandbox did not start at all.
        """
        while True:
            opening_ends = self._deadline(self.limits.open_seconds)
            self._process = self.server.open_guest()
            self._channel = Channel(self._process.connection, opening_ends)
            cells = self._cells_to_run()
            begun: list[Step] = []
            try:
                self._run_cells(self._channel, cells, begun, opening_ends)
                return
            except SessionEnded as end:
                self._deadline(0.0)  # raises if the time is up: no statement is to blame for the time of the others
                if not begun:  # nothing of the student's has run
                    raise ServerDied(f"a sandbox did not open: {end.reason or 'it did not answer'}") from None
                if end.outcome is Outcome.TIMEOUT and time.monotonic() >= opening_ends:
                    end = SessionEnded(Outcome.TIMEOUT, in_all(self.limits.open_seconds))
                self._leave_out(cells[begun[-1].cell], begun[-1].statement, end)

    def _cells_to_run(self) -> list[SourceCell]:
        """Return the cells without the statements that are left out."""
        kept = (cell for cell in self.source.cells if (cell.label, WHOLE_CELL) not in self.left_out)
        return [
            replace(cell, statements=tuple(s for s in cell.statements if (cell.label, s.index) not in self.left_out))
            for cell in kept
        ]

    def _leave_out(self, cell: SourceCell, statement: int, end: SessionEnded) -> None:
        """Leave out what ran last. If it is one of several statements, find out first which one it is."""
        if statement == WHOLE_CELL and not self.in_steps and len(cell.statements) > 1:
            self.in_steps = True
            return
        if statement == WHOLE_CELL and len(cell.statements) == 1:
            statement = cell.statements[0].index
        self.left_out[cell.label, statement] = end

    def _run_cells(self, channel: Channel, cells: Sequence[SourceCell], begun: list[Step], opening_ends: float) -> None:
        """Send the source and note what failed. `begun` gets each cell and statement when it begins."""
        steps = [
            Step(number, index)
            for number, cell in enumerate(cells)
            for index in (WHOLE_CELL, *(statement.index for statement in cell.statements if self.in_steps))
        ]
        with self._ending():
            texts = [(cell.label, cell.text, [statement.index for statement in cell.statements]) for cell in cells]
            opening = {"cells": texts, "names": sorted(self.exercises), "companion": self.source.companion}
            channel.send(wire.pack({"op": "open", "in_steps": self.in_steps, **opening}))
            while (message := channel.receive("begins", "ready", limit=READY))["op"] == "begins":
                step = steps[len(begun)]
                if (message["cell"], message["statement"]) != (step.cell, step.statement):
                    raise wire.WireError("out of turn")  # what runs now has sent it, and is left out
                begun.append(step)
                seconds = self.limits.open_seconds if cells[step.cell].is_given else self.limits.statement_seconds
                channel.deadline = min(opening_ends, time.monotonic() + seconds)
            self.raised = tuple(_failed(failure, cells, self.source) for failure in message["failures"])
            self.names = frozenset(message["names"]) & self.exercises

    def failed_statements(self) -> list[FailedStatement]:
        """Return the statements of the source that raised or were left out, in order."""
        cells = {cell.label: number for number, cell in enumerate(self.source.cells)}
        left_out = [
            failed_statement(self.source.cells[cells[label]], index, end)
            for (label, index), end in self.left_out.items()
        ]
        return sorted((*self.raised, *left_out), key=lambda failed: (cells[failed.cell], failed.line))

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
        return why_absent(name, self.source, self.failed_statements())

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


def _failed(failure: dict[str, Any], cells: Sequence[SourceCell], source: Source) -> FailedStatement:
    """Return a failure as the sandbox reports it."""
    number, statement = failure["number"], failure["statement"]
    if type(number) is not int or type(statement) is not int or not 0 <= number < len(cells):
        raise wire.WireError("a failure of no cell")
    return failed_statement(cells[number], statement, raised_from(failure, source))


def _too_long(source: Source) -> dict[tuple[str, int], SessionEnded]:
    """Return the cells that the wire does not take, by label and as whole cells: nobody wrote them by hand."""
    space = wire.MAX_HEAD // 2
    left_out = dict[tuple[str, int], SessionEnded]()
    for cell in source.cells:
        size = len(json.dumps(cell.text)) + 16 * len(cell.statements)
        if len(cell.text) > wire.MAX_TEXT or size > space:
            left_out[cell.label, WHOLE_CELL] = SessionEnded(Outcome.KILLED, "it is too long")
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
