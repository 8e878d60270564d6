"""What a hostile sandbox cannot do, and how it ends."""

from __future__ import annotations

import contextlib
import os
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from opened_sandboxes import SHORT, ask, confined, ended, value_of
from places import ROOT

from autograder.core.model import Outcome
from autograder.execution.interface import Raised, SessionEnded, Student
from autograder.guest.wire import Opaque
from autograder.sandbox.confined import SandboxSession
from autograder.sandbox.fork_server import ForkServer

ATTACKS = """
import array, ctypes, fcntl, json, mmap, os, re, resource, signal, socket, subprocess, sys, threading, time
import numpy as np

libc = ctypes.CDLL(None, use_errno=True)

def ping():
    return "here"

def fork():
    return os.fork()

def spawn():
    return subprocess.run(["/bin/true"]).returncode

def execute():
    os.execv("/usr/bin/python3", ["python3"])

def thread():
    threading.Thread(target=int).start()

def fill_memory():
    kept = []
    while True:
        kept.append(bytearray(1 << 20))

def large_array():
    return np.ones(20 << 27).sum()

def hoard():
    kept = []
    libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    while len(kept) < 64:
        block = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        address = ctypes.addressof(ctypes.c_char.from_buffer(block))
        ctypes.memset(address, 1, len(block))
        libc.mprotect(address, len(block), mmap.PROT_READ)
        kept.append(block)
    return len(kept)

def urgent_byte():
    if libc.sendto(3, b"!", 1, socket.MSG_OOB, None, 0) < 0:
        raise OSError(ctypes.get_errno(), "sendto")

def urgent_byte_received():
    if libc.recvfrom(3, ctypes.create_string_buffer(1), 1, socket.MSG_OOB | socket.MSG_DONTWAIT, None, None) < 0:
        raise OSError(ctypes.get_errno(), "recvfrom")

def shared_memory():
    return len(mmap.mmap(-1, 1 << 30))

def stack_memory():
    return len(mmap.mmap(-1, 20 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100))

def readable_memory():
    return len(mmap.mmap(-1, 20 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ))

def write_anywhere():
    for place in ("/tmp", "/dev/shm", "/var/tmp", "/", ".", "/code", "/code/guest", "/site", "/usr/lib"):
        try:
            open(os.path.join(place, "left"), "w").close()
            return place
        except OSError as error:
            last = error
    raise last

def climb():
    last = None
    for descriptor in range(3, 64):
        for place in ("..", "../..", "../pytest/__init__.py", "../../../../../../../../etc/passwd"):
            try:
                os.close(os.open(place, os.O_RDONLY, dir_fd=descriptor))
                return descriptor, place
            except OSError as error:
                last = error
    raise last

def write_null():
    open("/dev/null", "w")

def change_mode():
    os.chmod("/code/guest/runner.py", 0o777)

def truncate():
    os.truncate("/code/guest/runner.py", 0)

def link():
    os.symlink("/", "/link")

def make_folder():
    os.mkdir("/folder")

def remove():
    os.unlink("/code/guest/runner.py")

def spin():
    while True:
        pass

def multiply():
    x = np.ones((300, 300))
    while True:
        x = x @ x / 300

def backtrack():
    re.match("(a*)*b", "a" * 40)

def power():
    return 7 ** 10 ** 9

def sleep():
    time.sleep(1000)

def never_give_up():
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

def stop_myself():
    signal.raise_signal(signal.SIGSTOP)

def exit_now(status):
    os._exit(status)

def abort():
    os.abort()

def null():
    ctypes.string_at(0)

def deep():
    sys.setrecursionlimit(10**8)
    return deep()

def nested(n):
    value = []
    for _ in range(n):
        value = [value]
    return value

def kill(pid):
    os.kill(pid, signal.SIGKILL)

def libc_calls():
    buffer = ctypes.create_string_buffer(4096)
    clock_of_another = (~os.getppid() << 3) | 2
    return [
        libc.sysinfo(buffer), libc.clock_gettime(clock_of_another, buffer), libc.clock_getres(clock_of_another, buffer),
        libc.kill(-1, 9), libc.ptrace(16, 1, 0, 0), libc.unshare(0x10000000), libc.unshare(0x20000),
        libc.mount(b"none", b"/", b"tmpfs", 0, None), libc.setns(3, 0), libc.prctl(4, 1, 0, 0, 0),
        libc.process_vm_readv(1, None, 0, None, 0, 0), libc.chroot(b"/"), libc.personality(0),
        libc.memfd_create(b"x", 0), libc.inotify_init(), libc.epoll_create1(0), libc.pipe(buffer),
        libc.socketpair(1, 1, 0, buffer), libc.shmget(0, 4096, 0o1600), libc.msgget(0, 0o1600),
        libc.semget(0, 1, 0o1600), libc.setuid(0), libc.setsid(), libc.eventfd(0, 0), libc.flock(3, 2),
    ]

def read(path):
    with open(path, "rb") as file:
        return len(file.read(1))

def listed(path):
    return os.listdir(path)

def load(name):
    __import__(name)

def connect():
    socket.create_connection(("127.0.0.1", 22), timeout=1)

def connect_abstract():
    socket.socket(socket.AF_UNIX).connect("\\0anything")

def owner():
    fcntl.fcntl(3, fcntl.F_SETOWN, 1)

def print_flood():
    for _ in range(200):
        print("x" * 100_000)
    return True

def descriptor_flood():
    for standard in (1, 2):
        for _ in range(200):
            os.write(standard, b"x" * 100_000)
    return True

def raise_limits():
    resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))

def become_root():
    os.setuid(0)

def connection_and_serial():
    frame = sys._getframe()
    while "connection" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["connection"], frame.f_locals["serial"]

def raw(times, text):
    for _ in range(times):
        os.write(3, text.encode("latin-1"))

def raw_flood():
    while True:
        os.write(3, b"\\xff" * 65536)

def framed(head):
    os.write(3, len(head).to_bytes(4, "little") + bytes(8))
    view = memoryview(head.encode())
    while view:
        view = view[os.write(3, view):]

def deep_head():
    framed("[" * 60000)

def long_number():
    framed('{"op": ' + "9" * 60000 + "}")

def forged_dtype():
    framed('{"op": "returned", "serial": 1, "value": {"A": ["|O", [0]]}, "after": null}')

def header_only():
    os.write(3, (10).to_bytes(4, "little") + (1000).to_bytes(8, "little"))
    time.sleep(1000)

def large_body():
    os.write(3, (10).to_bytes(4, "little") + (60 << 20).to_bytes(8, "little"))
    while True:
        os.write(3, bytes(1 << 16))

def large_head():
    os.write(3, (1 << 20).to_bytes(4, "little") + bytes(8))
    while True:
        os.write(3, b"[" * (1 << 16))

def drip():
    os.write(3, (1000).to_bytes(4, "little") + bytes(8))
    while True:
        os.write(3, b" ")
        time.sleep(0.01)

def send(**message):
    connection, serial = connection_and_serial()
    connection.write({"serial": serial, **message})

def other_serial():
    send(op="returned", serial=1, value=1, after=None, warned=None)

def no_serial():
    connection, _ = connection_and_serial()
    connection.write({"op": "returned", "value": 1})

def wrong_kind():
    send(op="ready", names=[], failures=[])

def no_kind():
    send(op=np.zeros(3))

def array_of_serials():
    send(op="returned", serial=np.zeros(3), value=1, after=None, warned=None)

def arguments_as_array():
    send(op="returned", value=1, after=np.zeros(60 << 20, np.uint8))

def arguments_as_text():
    send(op="returned", value=1, after="abc")

def raised_numbers():
    send(op="raised", kinds=3, text=4, cell=5, line="6", function=None)

def raised_nothing():
    send(op="raised")

def ask_unknown():
    send(op="ask", callback=5, args=())

def ask_with_text():
    send(op="ask", callback="0", args=())

def ask_with_array(f):
    send(op="ask", callback=0, args=np.zeros(60 << 20, np.uint8))

def questions_without_listening(f):
    while True:
        send(op="ask", callback=0, args=("x" * 1000,))

def twice():
    send(op="returned", value=7, after=None, warned=None)
    return 8

def close_connection():
    os.close(3)

def close_connection_and_stay():
    os.close(3)
    while True:
        pass

def poison_numpy():
    np.ndarray = np.asarray = np.dtype = None
    return 1

def poison_wire():
    wire = sys.modules["guest.wire"]
    wire.pack = lambda message: b"rubbish" * 100
    return 1

def broken_connection():
    connection, _ = connection_and_serial()
    connection._send = connection._receive = None
    return 1
"""

ABSENT = "FileNotFoundError"  # no file exists for a sandbox
RAISED = [
    *[(name, (), "PermissionError") for name in "fork spawn execute shared_memory stack_memory write_null".split()],
    *[(name, (), "PermissionError") for name in "change_mode truncate link make_folder remove connect".split()],
    *[(name, (), "PermissionError") for name in "connect_abstract owner become_root write_anywhere".split()],
    *[(name, (), "PermissionError") for name in "urgent_byte urgent_byte_received".split()],
    *[("kill", (pid,), "PermissionError") for pid in (-1, 0, 1, 2, 3)],
    ("raise_limits", (), "ValueError"),
    ("stop_myself", (), "PermissionError"),
    ("thread", (), "RuntimeError"),
    ("fill_memory", (), "MemoryError"),
    ("large_array", (), "MemoryError"),
    ("readable_memory", (), "OSError"),
    ("hoard", (), "OSError"),
    ("climb", (), "OSError"),
    *[("read", (path,), ABSENT) for path in ("/proc/self/environ", "/proc/1/mem", "/etc/passwd")],
    *[("read", (path,), ABSENT) for path in ("/sys/kernel/notes", "/dev/mem", "/dev/null", __file__, os.__file__)],
    *[("listed", (path,), ABSENT) for path in ("/", "/etc", "/proc", "/home", "/sys", "/tmp", "/usr/lib", ".")],
    ("listed", (str(ROOT),), ABSENT),
    *[("load", (name,), "ModuleNotFoundError") for name in "pytest autograder reference_impl click rich".split()],
    *[("load", (name,), "ModuleNotFoundError") for name in "_pytest pip setuptools pyseccomp yaml apt".split()],
]
ENDED = [
    *[(name, Outcome.TIMEOUT) for name in "spin multiply backtrack sleep never_give_up header_only drip".split()],
    *[
        (name, Outcome.KILLED)
        for name in "abort null raw_flood large_body large_head deep_head long_number forged_dtype".split()
    ],
    *[(name, Outcome.KILLED) for name in "other_serial no_serial wrong_kind no_kind array_of_serials".split()],
    *[(name, Outcome.KILLED) for name in "arguments_as_array arguments_as_text raised_numbers raised_nothing".split()],
    *[(name, Outcome.KILLED) for name in "ask_unknown ask_with_text close_connection".split()],
    *[(name, Outcome.KILLED) for name in "close_connection_and_stay poison_wire broken_connection".split()],
]


@pytest.fixture(scope="module")
def attacked(server: ForkServer) -> Iterator[tuple[Student, Student]]:
    """Open the sandbox of a hostile student, and a neighbour's."""
    with confined(server, ATTACKS) as hostile, confined(server, "def ping():\n    return 'here'") as sibling:
        yield hostile, sibling


@pytest.fixture
def hostile(attacked: tuple[Student, Student], server: ForkServer) -> Iterator[Student]:
    """Check after each attack that the neighbour, the fork server and, opened again, the hostile sandbox answer."""
    student, sibling = attacked
    process = server._process
    yield student
    student.seconds = None
    assert sibling.ping() == "here"
    with confined(server, "def ping():\n    return 'new'") as newcomer:
        assert newcomer.ping() == "new"
    if isinstance(student.session, SandboxSession):
        student.session.close()
    assert student.ping() == "here"
    assert server._process is process


@pytest.mark.parametrize(("name", "arguments", "kind"), RAISED, ids=lambda value: str(value))
def test_what_a_room_is_refused(hostile: Student, name: str, arguments: tuple[Any, ...], kind: str) -> None:
    reply = ask(hostile, name, *arguments, seconds=20).reply
    assert isinstance(reply, Raised), reply
    assert kind in reply.kinds


@pytest.mark.parametrize(("name", "outcome"), ENDED, ids=lambda value: str(value))
def test_how_a_room_is_ended(hostile: Student, name: str, outcome: Outcome) -> None:
    end = ended(hostile, name, seconds=SHORT if outcome is Outcome.TIMEOUT else 10)
    assert end.outcome is outcome


@pytest.mark.parametrize("name", ["large_body", "large_head"])
def test_a_frame_that_is_too_large_is_not_read(hostile: Student, name: str) -> None:
    hostile.session.absent(name)  # the sandbox is open
    tracemalloc.start()
    try:
        end = ended(hostile, name, seconds=10)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert end.reason == "it sent an answer that is too large"
    assert peak < 1 << 20


@pytest.mark.parametrize("status", [0, 1, 70, 255])
def test_leaving_the_process(hostile: Student, status: int) -> None:
    assert ended(hostile, "exit_now", status).reason == "it ended the Python process"


@pytest.mark.parametrize("name", ["power", "deep"])
def test_whatever_ends_first(hostile: Student, name: str) -> None:
    with contextlib.suppress(SessionEnded):
        reply = ask(hostile, name, seconds=SHORT).reply
        assert isinstance(reply, Raised)


@pytest.mark.parametrize("text", ["\0", "garbage" * 100, "\xff" * 12, "\2\0\0\0" + "\0" * 8 + "{}" + "\1"])
def test_raw_bytes(hostile: Student, text: str) -> None:
    assert ended(hostile, "raw", 1, text, seconds=0.4).outcome in (Outcome.KILLED, Outcome.TIMEOUT)


@pytest.mark.parametrize("name", ["ask_with_array", "questions_without_listening"])
def test_odd_questions(hostile: Student, name: str) -> None:
    end = ended(hostile, name, lambda *x: "y" * 1000, seconds=0.5)
    assert end.outcome is (Outcome.KILLED if name == "ask_with_array" else Outcome.TIMEOUT)


@pytest.mark.parametrize("name", ["print_flood", "descriptor_flood"])
def test_floods_of_text_go_nowhere(hostile: Student, name: str) -> None:
    assert value_of(hostile, name) is True


def test_nested_too_deep_is_a_wrong_answer(hostile: Student) -> None:
    assert type(value_of(hostile, "nested", 100_000)) is Opaque


def test_direct_system_calls_are_refused(hostile: Student) -> None:
    assert set(value_of(hostile, "libc_calls")) == {-1}


def test_a_reply_sent_early_ends_the_room_at_the_next_call(hostile: Student) -> None:
    assert value_of(hostile, "twice") == 7
    assert ended(hostile, "ping").outcome is Outcome.KILLED


def test_spoilt_numpy_spoils_only_its_own_sandbox(hostile: Student) -> None:
    with contextlib.suppress(SessionEnded):
        ask(hostile, "poison_numpy")
