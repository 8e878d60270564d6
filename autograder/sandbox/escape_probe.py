"""Tries to break out of a room, and must fail in every way.

A hostile cell runs in a real room that is made as every other one. Each item must be refused; the same item in
an unconfined process must succeed (the positive control), else the probe itself proves nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
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
    with socket.socket(socket.AF_UNIX) as door:
        door.connect("\\0" + name)
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
    """One way out."""

    name: str
    function: str
    argument: Any = None


@dataclass(frozen=True)
class ProbeResult:
    """What was refused and what was not; `full` when everything was refused and every control worked."""

    held: tuple[str, ...]
    escaped: tuple[str, ...]

    @property
    def level(self) -> str:
        return "none" if self.escaped or not self.held else "full"


def probe(server: ForkServer, secrets: Sequence[Path], *, controls: bool = True) -> ProbeResult:
    """Try every way out of one of the server's rooms. `secrets` are files that no student may see."""
    with _targets(server, secrets) as attempts:
        held, escaped = _try_all(server, attempts)
        escaped += _facts(server)
        if controls:
            plain = ForkServer(confined=False, equipment=BARE, limits=server.limits)
            with plain:
                _, worked = _try_all(plain, attempts)
            escaped += [
                f"{a.name} (the probe is broken: not even possible unconfined)"
                for a in attempts
                if a.name not in worked
            ]
    return ProbeResult(tuple(held), tuple(escaped))


@contextlib.contextmanager
def _targets(server: ForkServer, secrets: Sequence[Path]) -> Iterator[list[Attempt]]:
    """What there is to reach: files, this process, a listener on the loopback and an abstract socket."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        name = f"autograder-probe-{os.getpid()}-{id(folder)}"
        abstract.bind("\0" + name)
        abstract.listen()
        places = [folder, "/tmp", "/dev/shm", "/var/tmp", "/", "."]  # ours first: there the control leaves its byte
        yield [
            *(Attempt(f"read {path.name}", "read", str(path)) for path in secrets),
            *(Attempt(f"look into {path.parent}", "look", str(path)) for path in _at_home()),
            Attempt("read the grader's environment", "read", f"/proc/{os.getpid()}/environ"),
            Attempt("write a file", "write", places),
            Attempt("start a process", "fork"),
            Attempt("start a thread", "thread"),
            Attempt("signal the grader", "signal", os.getpid()),
            Attempt("connect to a port", "connect", listener.getsockname()[1]),
            Attempt("connect to a socket", "connect_abstract", name),
            Attempt(
                "use more memory than the limit",
                "allocate",
                server.limits.memory + server.limits.memory // 10,
            ),
            Attempt("share memory", "share", 1 << 20),
            Attempt("import pytest", "find", "pytest"),
        ]


def _at_home() -> list[Path]:
    """Something in the operator's home that is not on the way to the interpreter."""
    import sys

    with contextlib.suppress(OSError, RuntimeError):
        home = Path.home()
        bound = {*Path(sys.executable).resolve().parents, *Path(sys.base_prefix).resolve().parents}
        bound |= {Path(sys.executable).resolve(), Path(sys.base_prefix).resolve()}
        return [path for path in sorted(home.iterdir()) if path not in bound and path.exists()][:1]
    return []


def _try_all(server: ForkServer, attempts: Iterable[Attempt]) -> tuple[list[str], list[str]]:
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
    """True where the room was told no. A probe that could not run counts as an escape."""
    arguments = () if attempt.argument is None else (attempt.argument,)
    try:
        reply = room.call(CallRequest(attempt.function, arguments, {}, ()))
    except RoomEnded:
        return False
    if isinstance(reply, Returned):
        return False
    assert isinstance(reply, Raised)
    return any(kind in _REFUSALS for kind in reply.kinds)


def _facts(server: ForkServer) -> list[str]:
    """What the kernel says of a room's process, read from outside, and whether it ends when it is ended."""
    process = server.open_room()
    try:
        status = _status(process)
        shared = _shared_namespaces(process.host_pid())
    finally:
        watched = replace(process, handle=os.dup(process.handle)) if process.handle is not None else process
        server.end_room(process)
    wrong = [f"see the machine's {name} namespace" for name in shared]
    if int(status.get("CapEff", "1"), 16) or int(status.get("CapPrm", "1"), 16):
        wrong.append("keep privileges")
    if status.get("NoNewPrivs") != "1":
        wrong.append("gain privileges by a setuid program")
    if status.get("Seccomp") != "2":
        wrong.append("make any system call")
    if status.get("Uid", "0").split()[0] == "0":
        wrong.append("be root")
    if status.get("NSpid", "").split()[-1:] != ["1"]:
        wrong.append("see the processes of other rooms")
    if not watched.gone():
        wrong.append("outlive the room")
    if watched.handle is not None:
        os.close(watched.handle)
    return wrong


def _shared_namespaces(pid: int) -> list[str]:
    """The system-call filter alone refuses a connection, too; that does not show that there is no network."""
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
    """`/proc/<pid>/status` once the room has confined itself: it says so by its first system-call filter."""
    import time

    for _ in range(500):
        text = Path(f"/proc/{process.host_pid()}/status").read_text()
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        if status.get("Seccomp") == "2" and status.get("NoNewPrivs") == "1":
            return status
        time.sleep(0.002)
    return status
