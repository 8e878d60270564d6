"""Tries to break out of a room, and must fail in every way.

A hostile cell runs in a real room, made like every other one. Each attempt must be refused. The same attempt in an
unconfined process must succeed (the positive control): otherwise the probe itself proves nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.core.model import Source, SourceCell
from autograder.execution.interface import CallRequest, Raised, Returned, RoomEnded
from autograder.sandbox.confined import ConfinedRoom
from autograder.sandbox.environments import BARE
from autograder.sandbox.fork_server import ForkServer, Process

_REFUSALS = ("OSError", "MemoryError", "ImportError", "RuntimeError")

_CELL = """
import importlib.util, mmap, os, socket, threading

def read(path):
    with open(path, "rb") as file:
        return len(file.read(1)) > 0

def look(path):
    return os.stat(path).st_mode > 0

def write(places):
    for place in places:
        try:
            with open(os.path.join(place, "left-behind"), "w") as file:
                file.write("a byte for the next room")
            return True
        except OSError as error:
            refused = error
    raise refused

def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[0] == pid

def thread():
    started = threading.Thread(target=int)
    started.start()
    started.join()
    return True

def signal(pid):
    os.kill(pid, 0)
    return True

def connect(port):
    socket.create_connection(("127.0.0.1", port), timeout=2).close()
    return True

def connect_abstract(name):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\\0" + name)
    return True

def allocate(size):
    mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    return True

def share(size):
    mmap.mmap(-1, size).close()
    return True

def find(module):
    if importlib.util.find_spec(module) is None:
        raise ImportError(module)
    return True
"""


@dataclass(frozen=True)
class Attempt:
    """One way out: a function of the hostile cell and its argument."""

    name: str
    function: str
    argument: Any = None


@dataclass(frozen=True)
class ProbeResult:
    """The attempts that were refused and those that were not.

    The level is `full` if everything was refused and every control worked.
    """

    held: tuple[str, ...]
    escaped: tuple[str, ...]

    @property
    def level(self) -> str:
        return "none" if self.escaped or not self.held else "full"


def probe(server: ForkServer, secrets: Sequence[Path], *, controls: bool = True) -> ProbeResult:
    """Try every way out of one of the server's rooms, and with `controls` also of an unconfined process.

    `secrets` are files that no student may see.
    """
    with _targets(server, secrets) as attempts:
        held, escaped = _try_all(server, attempts)
        escaped += _wrong_facts(server)
        if controls:
            with ForkServer(confined=False, environment=BARE, limits=server.limits) as unconfined:
                _, possible = _try_all(unconfined, attempts)
            escaped += [
                f"{attempt.name} (the probe is broken: not even possible unconfined)"
                for attempt in attempts
                if attempt.name not in possible
            ]
    return ProbeResult(tuple(held), tuple(escaped))


@contextlib.contextmanager
def _targets(server: ForkServer, secrets: Sequence[Path]) -> Iterator[list[Attempt]]:
    """Make what a room could reach, and yield the attempts on it.

    These are files, this process, a listener on the loopback interface and an abstract socket.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        name = f"autograder-probe-{os.getpid()}-{id(folder)}"
        abstract.bind("\0" + name)
        abstract.listen()
        places = [folder, "/tmp", "/dev/shm", "/var/tmp", "/", "."]  # ours first: the control writes its byte there
        yield [
            *(Attempt(f"read {path.name}", "read", str(path)) for path in secrets),
            *(Attempt(f"look into {path.parent}", "look", str(path)) for path in _path_at_home()),
            Attempt("read the grader's environment", "read", f"/proc/{os.getpid()}/environ"),
            Attempt("write a file", "write", places),
            Attempt("start a process", "fork"),
            Attempt("start a thread", "thread"),
            Attempt("signal the grader", "signal", os.getpid()),
            Attempt("connect to a port", "connect", listener.getsockname()[1]),
            Attempt("connect to a socket", "connect_abstract", name),
            Attempt("use more memory than the limit", "allocate", server.limits.memory * 11 // 10),
            Attempt("share memory", "share", 1 << 20),
            Attempt("import pytest", "find", "pytest"),
        ]


def _path_at_home() -> list[Path]:
    """Return one path in the operator's home that is not on the way to the interpreter; [] if there is none."""
    with contextlib.suppress(OSError, RuntimeError):
        interpreter = [Path(sys.executable).resolve(), Path(sys.base_prefix).resolve()]
        bound = {*interpreter, *(parent for path in interpreter for parent in path.parents)}
        return [path for path in sorted(Path.home().iterdir()) if path not in bound and path.exists()][:1]
    return []


def _try_all(server: ForkServer, attempts: Iterable[Attempt]) -> tuple[list[str], list[str]]:
    """Return the names of the attempts that were refused in a new room, and of the others."""
    names = tuple(sorted({attempt.function for attempt in attempts}))
    text = _CELL.strip("\n")
    statements = tuple(range(1 + text.count("\ndef ")))
    room = ConfinedRoom(server, Source((SourceCell("probe", text, statements, names),)))
    held: list[str] = []
    escaped: list[str] = []
    try:
        for attempt in attempts:
            refused = _refused(room, attempt)
            (held if refused else escaped).append(attempt.name)
    finally:
        room.close()
    return held, escaped


def _refused(room: ConfinedRoom, attempt: Attempt) -> bool:
    """Return whether the system refused the attempt. An attempt that could not run counts as an escape."""
    arguments = () if attempt.argument is None else (attempt.argument,)
    try:
        reply = room.call(CallRequest(name=attempt.function, arguments=arguments))
    except RoomEnded:
        return False
    if isinstance(reply, Returned):
        return False
    assert isinstance(reply, Raised)
    return any(kind in _REFUSALS for kind in reply.kinds)


def _wrong_facts(server: ForkServer) -> list[str]:
    """Return what a room could do, as the kernel describes its process from outside, and whether it outlives its end.

    [] for a room as it should be.
    """
    process = server.open_room()
    try:
        status = _status(process)
        shared = _shared_namespaces(process.host_pid())
    finally:
        watched = replace(process, pidfd=os.dup(process.pidfd)) if process.pidfd is not None else process
        server.end_room(process)
    wrong = [f"see the machine's {name} namespace" for name in shared] + _wrong_status(status)
    if not watched.gone():
        wrong.append("outlive the room")
    if watched.pidfd is not None:
        os.close(watched.pidfd)
    return wrong


def _wrong_status(status: dict[str, str]) -> list[str]:
    facts = {
        "keep privileges": int(status.get("CapEff", "1"), 16) or int(status.get("CapPrm", "1"), 16),
        "gain privileges by a setuid program": status.get("NoNewPrivs") != "1",
        "make any system call": status.get("Seccomp") != "2",
        "be root": status.get("Uid", "0").split()[0] == "0",
        "see the processes of other rooms": status.get("NSpid", "").split()[-1:] != ["1"],
    }
    return [ability for ability, possible in facts.items() if possible]


def _shared_namespaces(pid: int) -> list[str]:
    """Return the namespaces that a process shares with the machine.

    The system-call filter alone refuses a connection, too, which does not show that there is no network.
    """
    return [
        name
        for name in ("ipc", "mnt", "net", "pid", "uts")
        if _namespace(pid, name) in (None, _namespace("self", name))
    ]


def _namespace(pid: int | str, name: str) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/{name}").readlink())
    except OSError:
        return None


def _status(process: Process) -> dict[str, str]:
    """Return `/proc/<pid>/status` when the room has confined itself: its system-call filter comes last."""
    for _ in range(500):
        text = Path(f"/proc/{process.host_pid()}/status").read_text()
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        if status.get("Seccomp") == "2" and status.get("NoNewPrivs") == "1":
            return status
        time.sleep(0.002)
    return status
