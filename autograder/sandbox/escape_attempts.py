"""The ways out of a sandbox that the escape probe tries: a hostile cell, and one call of it for each way."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.execution.limits import Limits

CELL = """
import ctypes, fcntl, importlib.util, mmap, os, socket, threading

libc = ctypes.CDLL(None, use_errno=True)

def succeeded(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return True

def read(path):
    with open(path, "rb") as file:
        return len(file.read(1)) > 0

def look(path):
    return os.stat(path).st_mode > 0

def leave_mark(link):
    before = os.lstat(link).st_atime_ns
    os.stat(link)
    if os.lstat(link).st_atime_ns == before:
        raise OSError("this file system keeps no access times")
    return True

def find_package(target):
    name, path = target
    return importlib.util.find_spec(name) is not None or read(path)

def find_name(path):
    folder, name = os.path.split(path)
    if name not in os.listdir(folder):
        raise FileNotFoundError(path)
    return True

def write(paths):
    for path in paths:
        try:
            with open(path, "w") as file:
                file.write("a byte for the next sandbox")
            return True
        except OSError as error:
            refused = error
    raise refused

def truncate(path):
    os.truncate(path, 0)
    return True

def change_mode(path):
    os.chmod(path, 0o600)
    return True

def change_times(path):
    os.utime(path, (0, 0))
    return True

def remove(path):
    os.unlink(path)
    return True

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

def own_descriptor(pid):
    fcntl.fcntl(0, fcntl.F_SETOWN, pid)
    return True

def read_memory(target):
    class Part(ctypes.Structure):
        _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))
    byte = ctypes.create_string_buffer(1)
    here, there = Part(ctypes.addressof(byte), 1), Part(target[1], 1)
    return succeeded(libc.process_vm_readv(target[0], ctypes.byref(here), 1, ctypes.byref(there), 1, 0))

def connect(port):
    socket.create_connection(("127.0.0.1", port), timeout=2).close()
    return True

def connect_abstract(name):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\\0" + name)
    return True

def open_vsock():
    socket.socket(40, socket.SOCK_STREAM).close()
    return True

def open_ring():
    descriptor = libc.syscall(425, 1, ctypes.create_string_buffer(120))
    succeeded(descriptor)
    os.close(descriptor)
    return True

def call_in_32_bits():
    code = bytes.fromhex("b814000000cd80c3")
    memory = mmap.mmap(-1, len(code), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
    memory.write(code)
    getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    return getpid() == os.getpid()

def allocate(size):
    mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    return True

def share(size):
    mmap.mmap(-1, size).close()
    return True

def attach(segment):
    libc.shmat.restype = ctypes.c_ssize_t
    return succeeded(libc.shmat(segment, None, 0))

def make_namespace():
    return succeeded(libc.unshare(0x10000000))

""".strip("\n")

_OPEN_FOLDERS = ("/tmp", "/dev/shm", "/var/tmp", "/", ".")  # to which everybody may write, on one machine or another


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempt:
    """One way out: a function of the hostile cell and its argument."""

    name: str
    function: str
    argument: Any = None
    optional: bool = False  # whether a machine may refuse it, or not know it, even without a sandbox
    cure: str = ""  # what to do if it is not possible without a sandbox, which makes the probe worthless


@contextlib.contextmanager
def attempts_on(secrets: Sequence[Path], limits: Limits) -> Iterator[list[Attempt]]:
    """Make what a sandbox could reach, and yield the attempts on it.

    These are files, this process, a listener on the loopback interface, an abstract socket and a segment of shared
    memory. `secrets` are files that no student may see.
    """
    with (
        _scratch_folder() as folder,
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as abstract,
        _shared_memory() as segment,
    ):
        name = f"autograder-probe-{os.getpid()}-{id(folder)}"
        abstract.bind("\0" + name)
        abstract.listen()
        paths = [os.path.join(place, Path(folder).name + "-left-behind") for place in (folder, *_OPEN_FOLDERS)]  # noqa: PTH118
        yield [
            *_on_files(secrets, folder),
            Attempt(name="write a file", function="write", argument=paths, cure="Set TMPDIR to a folder with space."),
            *_on_processes(),
            *_on_the_network(listener.getsockname()[1], name),
            *_on_memory(limits, segment),
            Attempt(name="make a namespace", function="make_namespace", optional=True),  # last: it changes the control
        ]
        for path in paths:
            with contextlib.suppress(OSError):
                Path(path).unlink()


@contextlib.contextmanager
def _scratch_folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="autograder-probe-") as name:
        Path(name).chmod(0o777)  # the sandbox must refuse, not the folder
        for target in ("mode", "times", "contents", "removed"):
            (Path(name) / target).write_text("as it was", encoding="utf-8")
            (Path(name) / target).chmod(0o666)
        link = Path(name) / "link"
        link.symlink_to("contents")
        os.utime(link, (0, 0), follow_symlinks=False)  # Linux changes an old access time only
        yield name


def _on_files(secrets: Sequence[Path], folder: str) -> Iterator[Attempt]:
    for path in secrets:
        cure = f"Check that you can read {path}."
        yield Attempt(name=f"read {path.name}", function="read", argument=str(path.absolute()), cure=cure)
    yield Attempt(name="read a file that everybody may read", function="read", argument=f"{folder}/contents")
    yield Attempt(name="read a module's file", function="read", argument=os.__file__)
    yield Attempt(name="see that a file exists", function="look", argument=f"{folder}/contents")
    yield Attempt(name="leave a mark on a file", function="leave_mark", argument=f"{folder}/link", optional=True)
    yield Attempt(name="read pytest", function="find_package", argument=["pytest", pytest.__file__])
    for path in _path_at_home():
        yield Attempt(name=f"look into {path.parent}", function="look", argument=str(path))
        yield Attempt(name=f"list {path.parent}", function="find_name", argument=str(path))
    environment = f"/proc/{os.getpid()}/environ"
    yield Attempt(name="read the grader's environment", function="read", argument=environment)
    yield Attempt(name="truncate a file", function="truncate", argument=f"{folder}/contents")
    yield Attempt(name="change a file's mode", function="change_mode", argument=f"{folder}/mode")
    yield Attempt(name="change a file's times", function="change_times", argument=f"{folder}/times")
    yield Attempt(name="remove a file", function="remove", argument=f"{folder}/removed")


def _path_at_home() -> list[Path]:
    """Return one path in the operator's home that is not on the way to the interpreter; [] if there is none."""
    with contextlib.suppress(OSError, RuntimeError):
        interpreter = [Path(sys.executable).resolve(), Path(sys.base_prefix).resolve()]
        bound = {*interpreter, *(parent for path in interpreter for parent in path.parents)}
        return [path for path in sorted(Path.home().iterdir()) if path not in bound and path.exists()][:1]
    return []


_MEMORY_OF_OURS = ctypes.create_string_buffer(b"!")


def _on_processes() -> Iterator[Attempt]:
    memory = [os.getpid(), ctypes.addressof(_MEMORY_OF_OURS)]
    yield Attempt(name="start a process", function="fork")
    yield Attempt(name="start a thread", function="thread")
    yield Attempt(name="signal the grader", function="signal", argument=os.getpid())
    yield Attempt(name="let a descriptor signal the grader", function="own_descriptor", argument=os.getpid())
    yield Attempt(name="read the grader's memory", function="read_memory", argument=memory, optional=True)
    yield Attempt(name="make calls by a ring", function="open_ring", optional=True)
    if platform.machine() == "x86_64":
        yield Attempt(name="make a 32-bit call", function="call_in_32_bits", optional=True)


def _on_the_network(port: int, name: str) -> Iterator[Attempt]:
    lo = "Bring up the loopback interface: `ip link set lo up`."
    yield Attempt(name="connect to a port", function="connect", argument=port, cure=lo)
    yield Attempt(name="connect to a socket", function="connect_abstract", argument=name)
    yield Attempt(name="open a socket to the host of a virtual machine", function="open_vsock", optional=True)


@contextlib.contextmanager
def _shared_memory() -> Iterator[int]:
    """Yield the number of a segment of System V shared memory, -1 if this machine has none."""
    libc = ctypes.CDLL(None)
    segment = libc.shmget(0, 4096, 0o600) if hasattr(libc, "shmget") else -1
    try:
        yield segment
    finally:
        if segment >= 0:
            libc.shmctl(segment, 0, None)  # 0: remove it


def _on_memory(limits: Limits, segment: int) -> Iterator[Attempt]:
    more = "Lift this shell's limits of memory: `ulimit -v unlimited; ulimit -d unlimited`."
    size = limits.memory * 11 // 10
    yield Attempt(name="use more memory than the limit", function="allocate", argument=size, cure=more)
    yield Attempt(name="share memory", function="share", argument=1 << 20)
    yield Attempt(name="attach the grader's shared memory", function="attach", argument=segment, optional=True)
