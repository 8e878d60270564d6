"""The grader's handle of a fork server: starts it, opens sandboxes and ends them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from autograder.core.errors import UserError
from autograder.execution.limits import LIMITS, Limits
from autograder.execution.memory_limit import inherited_by_none
from autograder.guest import control
from autograder.sandbox import contents, launch
from autograder.sandbox.environments import NUMPY, Environment
from autograder.sandbox.levels import Level, NotConfined


class ServerDied(Exception):
    """The fork server broke; a new one must be started. No submission is to blame."""


@dataclass(frozen=True)
class Process:
    """One open sandbox: the grader's end of the connection, and what it takes to end the sandbox."""

    connection: socket.socket
    pid: int  # as the fork server counts
    pidfd: int | None  # None if the system has no pidfds
    control: socket.socket  # of the fork server that it is a child of

    def kill(self) -> None:
        """Kill the sandbox's first process, and with it everything in it, if it is confined."""
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def host_pid(self) -> int:
        """Return the sandbox's process number outside, by which /proc knows it; -1 if the sandbox has gone."""
        lines = Path(f"/proc/self/fdinfo/{self.pidfd}").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))

    def gone(self) -> bool:
        """Return whether the sandbox's process has ended, as far as the system can tell."""
        return self.pidfd is not None and bool(select.select([self.pidfd], [], [], 0)[0])


class ForkServer:
    """A warm process from which sandboxes are forked in milliseconds.

    A fork server that died is started again for the next sandbox.
    """

    def __init__(
        self,
        level: Level,
        *,
        environment: Environment = NUMPY,
        limits: Limits = LIMITS,
    ) -> None:
        self.layers = level.layers
        self.environment = environment
        self.limits = environment.adjusted(limits)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._errors = _unnamed_file()

    def start(self) -> None:
        """Start it and wait until it is warm. Raise NotConfined, or UserError, with its last words if it does not."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                with inherited_by_none():
                    self._process = self._spawn(theirs.fileno())
            except BaseException:
                ours.close()
                raise
        ours.settimeout(self.limits.start_seconds)
        self._control = ours
        try:
            greeting = ours.recv(16)
        except OSError:
            greeting = b""
        if greeting != control.READY:
            reason = self.errors()
            self.stop()
            problem = f"the fork server did not start{': ' + reason if reason else ''}"
            raise NotConfined(problem) if self.layers else UserError(problem)
        ours.settimeout(self.limits.command_seconds)

    def _spawn(self, descriptor: int) -> subprocess.Popen[bytes]:
        command = launch.command_line(self.layers, self.environment, self.limits, control=descriptor)
        return subprocess.Popen(
            command,
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            cwd="/",
            env={**contents.environment_variables(), "PYTHONPATH": str(launch.GUEST_FILES.parent)},
        )

    def open_guest(self) -> Process:
        """Return a new sandbox. Raise ServerDied if the fork server does not answer."""
        if self._process is None:
            self.start()
        assert self._control is not None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                socket.send_fds(self._control, [control.COMMAND.pack(control.OPEN, 0)], [theirs.fileno()])
                reply, pidfds, _, _ = socket.recv_fds(self._control, control.OPENED.size, 1)
            except OSError:
                reply, pidfds = b"", []
        if len(reply) < control.OPENED.size:
            ours.close()
            reason = self.errors()
            self.stop()
            raise ServerDied(f"the fork server opened no sandbox{': ' + reason if reason else ''}")
        return Process(ours, control.OPENED.unpack(reply)[0], pidfds[0] if pidfds else None, self._control)

    def end_guest(self, guest: Process) -> int | None:
        """Kill a sandbox and everything in it. Return its status as `Popen.returncode` counts, None if unknown."""
        guest.connection.close()
        guest.kill()
        status = None
        if self._control is guest.control:  # else it was a child of a fork server that is gone
            status = self._reap(guest, self._control)
            if status is None:
                self.stop()  # a fork server that does not answer is replaced, and its sandboxes die with it
        if guest.pidfd is not None:
            os.close(guest.pidfd)
        return status

    @staticmethod
    def _reap(guest: Process, grader: socket.socket) -> int | None:
        """Let the fork server wait for a sandbox that was killed. Return the sandbox's status, None without a reply."""
        try:
            grader.sendall(control.COMMAND.pack(control.END, guest.pid))
            reply = grader.recv(control.ENDED.size)
        except OSError:
            return None
        return int(control.ENDED.unpack(reply)[0]) if len(reply) == control.ENDED.size else None

    def errors(self) -> str:
        """Return the last line that the fork server, or bubblewrap, printed."""
        self._errors.seek(0)
        lines = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def stop(self) -> None:
        """End the fork server and with it all its sandboxes."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._errors.close()


def _unnamed_file() -> BinaryIO:
    """Return an empty file, in memory if the system can: a machine may have no temporary folder."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("errors"), "w+b")
    return tempfile.TemporaryFile()
