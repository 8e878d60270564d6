"""Executor share nothing, and nothing of them stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tested
from opened_sandboxes import LIMITS, confined, ended, source

from autograder.sandbox.confined import SandboxExecutor, SandboxSession
from autograder.sandbox.environments import NUMPY, Environment
from autograder.sandbox.fork_server import ForkServer, ServerDied
from autograder.sandbox.levels import Level

LOOK = """
import fcntl, os, random, sys
import numpy as np

def draws():
    return [random.random(), np.random.rand(), hash("set order"), random.getrandbits(40), list({"a", "b", "c"})]

def descriptors():
    return [number for number in range(64) if exists(number)]

def exists(number):
    try:
        fcntl.fcntl(number, fcntl.F_GETFD)
        return True
    except OSError:
        return False

def poison():
    np.left_behind = sys.left_behind = os.environ["LEFT"] = "a byte"
    sys.modules["left_behind"] = os

def found():
    return [hasattr(np, "left_behind"), hasattr(sys, "left_behind"), "LEFT" in os.environ, "left_behind" in sys.modules]

def busy():
    x = np.ones((500, 500))
    return float((x @ x)[0, 0])

def names():
    return sorted(os.environ)
"""


def test_rooms_start_equal_and_with_four_descriptors(server: ForkServer) -> None:
    drawn = []
    for _ in range(2):
        with confined(server, LOOK) as student:
            assert student.found() == [False] * 4
            drawn.append(student.draws())
            assert student.descriptors() == [0, 1, 2, 3]
            student.poison()
            assert student.found() == [True] * 4
    with ForkServer(tested.level(), limits=LIMITS) as another, confined(another, LOOK) as student:
        drawn.append(student.draws())
    assert drawn[0] == drawn[1] == drawn[2]


def test_the_environment_is_ours(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    with ForkServer(tested.level(), limits=LIMITS) as fresh, confined(fresh, LOOK) as student:
        assert not {"TOKEN", "HOME", "USER"} & set(student.names())


def test_numpy_computes_in_one_thread(server: ForkServer) -> None:
    with confined(server, LOOK) as student:
        assert student.busy() == 500.0
        assert isinstance(student.session, SandboxSession)
        process = student.session._process
        assert process is not None
        assert "Threads:\t1\n" in Path(f"/proc/{process.host_pid()}/status").read_text(encoding="utf-8")


def descendants(pid: int) -> set[int]:
    """Return the pids of all processes below this one, from /proc."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    pids: set[int] = set()
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        pids.update(below)
        waiting += below
    return pids


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def fork_server_of(server: ForkServer) -> int:
    """Return the pid of the interpreter, perhaps below bubblewrap, that sandboxes are forked from."""
    assert server._process is not None
    below = {server._process.pid, *descendants(server._process.pid)}
    return min(pid for pid in below if b"bwrap" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0])


@pytest.mark.parametrize("choice", ["as tested", "none"])
def test_no_process_is_left(choice: str) -> None:
    before = descendants(os.getpid())
    server = ForkServer(Level.NONE if choice == "none" else tested.level(), limits=LIMITS)
    with server, confined(server, "def spin():\n    while True: pass\ndef f():\n    return 1") as student:
        ended(student, "spin", seconds=0.1)
        student.seconds = None
        assert student.f() == 1
        running = descendants(os.getpid()) - before
        assert running
        assert isinstance(student.session, SandboxSession)
        student.session.close()
        assert descendants(os.getpid()) - before < running  # the sandbox has gone at once
    assert eventually(lambda: descendants(os.getpid()) <= before)


def test_rooms_end_with_their_fork_server() -> None:
    server = ForkServer(tested.level(), limits=LIMITS)
    process = server.open_guest()
    assert process.pidfd is not None
    server.stop()
    assert eventually(process.gone)
    server.end_guest(process)


def test_a_fork_server_that_dies_is_nobodys_fault() -> None:
    with (
        ForkServer(tested.level(), limits=LIMITS) as server,
        confined(server, "import time\ndef f(n):\n    time.sleep(n)\n    return 1") as student,
    ):
        assert student.f(0) == 1
        doomed = fork_server_of(server)
        killer = threading.Timer(0.1, os.kill, (doomed, signal.SIGKILL))
        killer.start()
        with pytest.raises(ServerDied):
            student.f(30)
        killer.join()
        assert student.f(0) == 1  # from a new one


def test_a_room_of_a_fork_server_that_is_gone_is_not_asked_of_the_next_one() -> None:
    with ForkServer(tested.level(), limits=LIMITS) as server:
        orphan = server.open_guest()
        server.stop()
        with confined(server, "def f():\n    return 1") as student:
            assert student.f() == 1
            process = server._process
            begun = time.monotonic()
            assert server.end_guest(orphan) is None
            assert time.monotonic() - begun < 5
            assert student.f() == 1
            assert server._process is process


def test_two_hundred_rooms_leave_nothing_open(server: ForkServer) -> None:
    quick = source("def f():\n    return 1")

    def open_and_close_a_guest() -> None:
        with SandboxExecutor(server).open(quick) as student:
            assert student.f() == 1

    def open_descriptors() -> tuple[int, int]:
        pid = fork_server_of(server)
        return len(list(Path("/proc/self/fd").iterdir())), len(list(Path(f"/proc/{pid}/fd").iterdir()))

    def memory() -> int:
        return int(Path(f"/proc/{fork_server_of(server)}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )

    for _ in range(20):
        open_and_close_a_guest()
    descriptors, resident = open_descriptors(), memory()
    for _ in range(200):
        open_and_close_a_guest()
    assert open_descriptors() == descriptors
    assert memory() - resident < 2 << 20


def test_a_fork_server_that_cannot_start_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.core.errors import UserError

    before = len(list(Path("/proc/self/fd").iterdir()))
    environment = Environment(packages=("numpy", "no_such_package"), preload=("numpy",))
    with ForkServer(Level.NAMESPACES, environment=environment) as server:
        with pytest.raises(UserError, match="no_such_package"):
            server.start()
        monkeypatch.setenv("PATH", "/nowhere")
        server.environment = NUMPY
        with pytest.raises(UserError, match="bubblewrap is not installed"):
            server.start()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
