"""The trusted handle of a fork-server: starts it, opens rooms, ends them."""

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
from autograder.sandbox.environments import NUMPY, Equipment

GUEST_FILES = Path(__file__).parent.parent / "guest"


class ServerDied(Exception):
    """The fork-server broke; a new one must be started. Nobody's submission is to blame."""


@dataclass(frozen=True)
class Process:
    """One open room: the grader's end of the door, and what it takes to end the room."""

    door: socket.socket
    pid: int  # as the fork-server counts
    handle: int | None  # a pidfd, where the system has them
    control: socket.socket  # of the fork-server it is a child of

    def kill(self) -> None:
        if self.handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def host_pid(self) -> int:
        """The room's process number outside, for a look at /proc; -1 when it has gone."""
        lines = Path(f"/proc/self/fdinfo/{self.handle}").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))

    def gone(self) -> bool:
        return self.handle is not None and bool(select.select([self.handle], [], [], 0)[0])


class ForkServer:
    """A warm process from which rooms are forked in milliseconds.

    `read_only` names the files and folders a room may read beside the interpreter and the equipment (outside path,
    path in the room). One that died is started again at the next room.
    """

    def __init__(
        self,
        *,
        confined: bool,
        equipment: Equipment = NUMPY,
        read_only: Sequence[tuple[Path, str]] = (),
        limits: Limits = LIMITS,
    ) -> None:
        self.confined = confined
        self.equipment = equipment
        self.read_only = tuple(read_only)
        self.limits = equipment.within(limits)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the server

    def start(self) -> None:
        """Start it and wait until it is warm; UserError with its own words if it does not come up."""
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
            said = self.errors()
            self.stop()
            raise UserError(f"the fork-server did not start{': ' + said if said else '.'}")
        ours.settimeout(self.limits.order_seconds)

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
        options = {
            "control": descriptor,
            "path": [bubblewrap.ROOM_PACKAGES] if self.confined else [entry for entry in sys.path if entry],
            "preload": self.equipment.preload,
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
        files = [(GUEST_FILES, f"{bubblewrap.ROOM_CODE}/{GUEST_FILES.name}"), *self.read_only]
        return bubblewrap.bubblewrap(
            command, packages=self.equipment.packages, where_there=self.equipment.where_there, read_only=files
        )

    def open_room(self) -> Process:
        """A new room; ServerDied if the fork-server does not answer."""
        if self._process is None:
            self.start()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                assert self._control is not None
                socket.send_fds(self._control, [control.ORDER.pack(control.OPEN, 0)], [theirs.fileno()])
                answer, handles, _, _ = socket.recv_fds(self._control, control.OPENED.size, 1)
            except OSError:
                answer, handles = b"", []
        if len(answer) < control.OPENED.size:
            ours.close()
            said = self.errors()
            self.stop()
            raise ServerDied(f"the fork-server opened no room{': ' + said if said else ''}")
        assert self._control is not None
        return Process(ours, control.OPENED.unpack(answer)[0], handles[0] if handles else None, self._control)

    def end_room(self, room: Process) -> int | None:
        """Kill a room and everything in it; its status as `Popen.returncode` counts, None if unknown."""
        room.door.close()
        room.kill()
        status = None
        if self._control is room.control:  # else it was a child of a fork-server that is gone
            try:
                self._control.sendall(control.ORDER.pack(control.END, room.pid))
                answer = self._control.recv(control.ENDED.size)
                status = control.ENDED.unpack(answer)[0] if len(answer) == control.ENDED.size else None
            except OSError:
                pass
            if status is None:
                self.stop()  # a fork-server that does not answer is replaced, and its rooms die with it
        if room.handle is not None:
            os.close(room.handle)
        return status

    def errors(self) -> str:
        """The last line the fork-server, or bubblewrap, printed."""
        self._errors.seek(0)
        lines = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def stop(self) -> None:
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
