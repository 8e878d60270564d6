"""The grader's handle of a fork-server: starts it, opens rooms and ends them."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import UserError
from autograder.execution.limits import LIMITS, Limits
from autograder.guest import control
from autograder.sandbox import bubblewrap
from autograder.sandbox.environments import NUMPY, Environment

GUEST_FILES = Path(__file__).parent.parent / "guest"


class ServerDied(Exception):
    """The fork-server broke; a new one must be started. No submission is to blame."""


@dataclass(frozen=True)
class Process:
    """One open room: the grader's end of the connection, and what it takes to end the room."""

    connection: socket.socket
    pid: int  # as the fork-server counts
    pidfd: int | None  # None if the system has no pidfds
    control: socket.socket  # of the fork-server that it is a child of

    def kill(self) -> None:
        """Kill the room's first process, and with it all of a confined room."""
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def host_pid(self) -> int:
        """Return the room's process number outside, by which /proc knows it; -1 if the room has gone."""
        lines = Path(f"/proc/self/fdinfo/{self.pidfd}").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))

    def gone(self) -> bool:
        """Return whether the room's process has ended, as far as the system can tell."""
        return self.pidfd is not None and bool(select.select([self.pidfd], [], [], 0)[0])


class ForkServer:
    """A warm process from which rooms are forked in milliseconds.

    `read_only` names the files and folders that a room may read beside the interpreter and the environment's packages:
    (path outside, path in the room). A fork-server that died is started again for the next room.
    """

    def __init__(
        self,
        *,
        confined: bool,
        environment: Environment = NUMPY,
        read_only: Sequence[tuple[Path, str]] = (),
        limits: Limits = LIMITS,
    ) -> None:
        self.confined = confined
        self.environment = environment
        self.read_only = tuple(read_only)
        self.limits = environment.adjusted(limits)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the server

    def start(self) -> None:
        """Start it and wait until it is warm. Raise UserError with its last words if it does not start."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
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
            raise UserError(f"the fork-server did not start{': ' + reason if reason else '.'}")
        ours.settimeout(self.limits.command_seconds)

    def _spawn(self, descriptor: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command(descriptor),
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            cwd="/",
            env={
                **bubblewrap.quiet_environment(),
                "LANG": "C.UTF-8",
                "PATH": os.defpath,
                "PYTHONPATH": str(GUEST_FILES.parent),
            },
        )

    def _command(self, descriptor: int) -> list[str]:
        """Return the command line of `guest.fork_server`, inside bubblewrap if confined."""
        options = {
            "control": descriptor,
            "path": [bubblewrap.ROOM_PACKAGES] if self.confined else [entry for entry in sys.path if entry],
            "preload": self.environment.preload,
            "confined": self.confined,
            "user": bubblewrap.ROOM_USER if self.confined and os.geteuid() == 0 else None,
            "filter": bubblewrap.system_call_filter().hex() if self.confined else "",
            "memory": self.limits.memory,
            "cpu_seconds": math.ceil(self.limits.submission_seconds),
        }
        interpreter = str(Path(sys.executable).resolve())
        command = [interpreter, "-s", "-S", "-P", "-m", "guest.fork_server", json.dumps(options)]
        if not self.confined:
            return command
        return bubblewrap.bubblewrap(
            command,
            packages=self.environment.packages,
            optional_packages=self.environment.optional_packages,
            read_only=[(GUEST_FILES, f"{bubblewrap.ROOM_CODE}/{GUEST_FILES.name}"), *self.read_only],
        )

    def open_room(self) -> Process:
        """Return a new room. Raise ServerDied if the fork-server does not answer."""
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
            raise ServerDied(f"the fork-server opened no room{': ' + reason if reason else ''}")
        return Process(ours, control.OPENED.unpack(reply)[0], pidfds[0] if pidfds else None, self._control)

    def end_room(self, room: Process) -> int | None:
        """Kill a room and everything in it. Return its status as `Popen.returncode` counts, None if unknown."""
        room.connection.close()
        room.kill()
        status = None
        if self._control is room.control:  # else it was a child of a fork-server that is gone
            status = self._reap(room, self._control)
            if status is None:
                self.stop()  # a fork-server that does not answer is replaced, and its rooms die with it
        if room.pidfd is not None:
            os.close(room.pidfd)
        return status

    @staticmethod
    def _reap(room: Process, grader: socket.socket) -> int | None:
        """Let the fork-server wait for a room that was killed. Return the room's status, None without a reply."""
        try:
            grader.sendall(control.COMMAND.pack(control.END, room.pid))
            reply = grader.recv(control.ENDED.size)
        except OSError:
            return None
        return int(control.ENDED.unpack(reply)[0]) if len(reply) == control.ENDED.size else None

    def errors(self) -> str:
        """Return the last line that the fork-server, or bubblewrap, printed."""
        self._errors.seek(0)
        lines = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def stop(self) -> None:
        """End the fork-server and with it all its rooms."""
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
