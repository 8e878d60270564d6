"""Rooms, live and confined: what a call gives, how a room ends, what a hostile room cannot do, what stays behind."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.model import Outcome, Source, SourceCell
from autograder.room.wire import Opaque, Seed
from autograder.rooms import Call, CallRaised, LiveRooms, Raised, Returned, RoomEnded, Student
from autograder.sandbox.confinement import missing_parts
from autograder.sandbox.limits import Limits
from autograder.sandbox.rooms import ConfinedRoom, ConfinedRooms
from autograder.sandbox.server import ForkServer, ServerDied

LIMITS = Limits(call_seconds=5.0, open_seconds=5.0, submission_seconds=60.0, memory=300 << 20)
SHORT = 0.25  # seconds of a call that is meant to run out of them


def cell(text: str, label: str = "cell 1") -> SourceCell:
    text = textwrap.dedent(text).strip()
    body = ast.parse(text).body
    names = tuple(statement.name for statement in body if isinstance(statement, ast.FunctionDef))
    return SourceCell(label, text, tuple(range(len(body))), names)


def source(*texts: str) -> Source:
    return Source(tuple(cell(text, f"cell {number}") for number, text in enumerate(texts, 1)))


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    missing = missing_parts()
    assert missing is None, missing
    with ForkServer(confined=True, limits=LIMITS) as running:
        yield running


@contextlib.contextmanager
def confined(server: ForkServer, *texts: str, **limits: Any) -> Iterator[Student]:
    room = ConfinedRoom(server, source(*texts))
    room.limits = replace(server.limits, **limits)
    try:
        yield Student(room)
    finally:
        room.close()


@contextlib.contextmanager
def live(_: ForkServer, *texts: str) -> Iterator[Student]:
    with LiveRooms().open(source(*texts)) as student:
        yield student


def ask(student: Student, name: str, *arguments: Any, seconds: float | None = None, **options: Any) -> Call:
    student.seconds = seconds
    return judged(student, name, arguments, options)


def judged(student: Student, name: str, arguments: Sequence[Any], options: Any = None, **how: bool) -> Call:
    """The call as a judge sees it."""
    seen: list[Call] = []
    getattr(student, name).judged(seen.append, arguments, options, **how)
    return seen[0]


def value_of(student: Student, name: str, *arguments: Any, **options: Any) -> Any:
    reply = ask(student, name, *arguments, **options).reply
    assert isinstance(reply, Returned), reply
    return reply.value


def ended(student: Student, name: str, *arguments: Any, seconds: float | None = None) -> RoomEnded:
    with pytest.raises(RoomEnded) as caught:
        ask(student, name, *arguments, seconds=seconds)
    return caught.value


# ---- what a call gives, in both kinds of rooms

ORDINARY = """
import numpy as np

def scaled(x, factor=2.0, *, shift=0):
    return x * factor + shift

def broken(x):
    y = x + 1
    return 1 / (y - y)

def outer(x):
    return broken(x)

def stub(x):
    raise NotImplementedError

class TooLong(ValueError):
    pass

def refuse():
    raise TooLong("text \\ud800 \\x1b[31m" + "x" * 10_000)

def leave():
    raise SystemExit(0)

def overwrite(x, rows):
    x[:] = -1
    rows.append(3)
    return None

def slope(f, x):
    return (f(x + 1.0) - f(x - 1.0)) / 2

def ask_oddly(f):
    try:
        f({"no": "number"})
    except RuntimeError as error:
        return str(error)

def draw(rng, n):
    return rng.normal(size=n)

def kinds(*values):
    return [type(value).__name__ for value in values]

def describe_array(x):
    return (bool(x.flags.writeable), bool(x.flags.c_contiguous), x.dtype.str)

def handed_back():
    return {"scalar": np.float32(1.5), "row": np.arange(3)[::-1], "pair": (1, None), "odd": {1, 2}, "f": len}

def too_much():
    return np.broadcast_to(0.0, (10**6, 10**6))

not_a_function = 3
"""


@pytest.fixture(params=[live, confined], ids=["live", "confined"])
def student(request: pytest.FixtureRequest, server: ForkServer) -> Iterator[Student]:
    with request.param(server, ORDINARY) as opened:
        yield opened


def test_values_and_options(student: Student) -> None:
    assert student.scaled(3) == 6.0
    assert student.scaled(np.ones(2), 3, shift=1).tolist() == [4.0, 4.0]
    assert [call.options for call in student.calls] == [{}, {"shift": 1}]


def test_every_kind_of_answer(student: Student) -> None:
    answer = student.handed_back()
    assert type(answer["scalar"]) is np.float32
    assert answer["row"].tolist() == [2, 1, 0]
    assert answer["pair"] == (1, None)
    assert answer["odd"] == Opaque("an object of type set")
    assert type(answer["f"]) is Opaque


def test_an_answer_too_large_is_only_a_wrong_answer(student: Student) -> None:
    assert student.too_much() == Opaque("more than 64 MiB of arrays")
    assert student.scaled(1) == 2


def test_arguments_are_what_they_would_be_in_a_kernel(student: Student) -> None:
    sent = (1, 1.0, True, "x", [1], (1,), {}, None, np.float64(1), np.int64(1), np.ones(1), np.array(1.0))
    assert student.kinds(*sent) == [type(value).__name__ for value in sent]
    assert student.describe_array(np.asfortranarray(np.ones((2, 3)))[:, ::2]) == (True, True, "<f8")


@pytest.mark.parametrize(("name", "line", "function"), [("broken", 8, "broken"), ("outer", 8, "broken")])
def test_an_exception_tells_the_students_own_line(student: Student, name: str, line: int, function: str) -> None:
    with pytest.raises(CallRaised) as caught:
        getattr(student, name)(1)
    reply = caught.value.call.reply
    assert isinstance(reply, Raised)
    assert (reply.type, reply.cell, reply.line, reply.function) == ("ZeroDivisionError", "cell 1", line, function)
    assert reply.text == "division by zero"


def test_not_implemented(student: Student) -> None:
    reply = ask(student, "stub", 1).reply
    assert isinstance(reply, Raised)
    assert (reply.type, reply.function) == ("NotImplementedError", "stub")


def test_an_exceptions_text_is_cleaned_and_its_bases_are_told(student: Student) -> None:
    reply = ask(student, "refuse").reply
    assert isinstance(reply, Raised)
    assert reply.kinds[:3] == ("TooLong", "ValueError", "Exception")
    assert reply.text.isprintable()
    assert len(reply.text) <= 501


def test_wrong_arguments_and_leaving_are_ordinary_exceptions(student: Student) -> None:
    for name, kind in (("scaled", "TypeError"), ("leave", "SystemExit")):
        reply = ask(student, name).reply
        assert isinstance(reply, Raised)
        assert reply.type == kind
    assert student.scaled(1) == 2


def test_arguments_after_the_call(student: Student) -> None:
    x = np.zeros(3)
    reply = judged(student, "overwrite", (x, [1, 2]), want_arguments=True).reply
    assert isinstance(reply, Returned)
    assert reply.after is not None
    assert reply.after[0].tolist() == [-1, -1, -1]
    assert reply.after[1] == [1, 2, 3]
    assert x.tolist() == [0, 0, 0]  # ours is untouched
    assert judged(student, "overwrite", (x, [])).reply == Returned(None)


def test_a_function_of_ours_is_asked_here(student: Student) -> None:
    asked = []

    def square(x: float) -> float:
        asked.append(x)
        return x * x

    assert student.slope(square, 3.0) == 6.0
    assert asked == [4.0, 2.0]


def test_a_generator_crosses_as_its_seed(student: Student) -> None:
    expected = np.random.default_rng(7).normal(size=4)
    assert np.array_equal(student.draw(Seed(7), 4), expected)
    assert np.array_equal(student.draw(Seed(7), 4), expected)


def test_a_function_of_ours_that_raises(server: ForkServer) -> None:
    with confined(server, ORDINARY) as student:
        assert student.ask_oddly(lambda x: x + 1) == "the function you were given raised TypeError"
        assert student.scaled(1) == 2


def test_questions_have_a_limit(server: ForkServer) -> None:
    text = "def often(f, n):\n    for _ in range(n):\n        f(1)\n    return n"
    asked: list[int] = []
    with confined(server, text, questions=5) as student:
        assert student.often(asked.append, 5) == 5
        end = ended(student, "often", asked.append, 6)
        assert (end.outcome, end.reason) == (Outcome.KILLED, "it sent something that is no answer")
        assert len(asked) <= 5 + 6
        assert student.often(asked.append, 1) == 1


# ---- what is not there


def test_why_a_function_is_absent(server: ForkServer) -> None:
    with confined(
        server,
        "def f():\n    return 1",
        "import does_not_exist\n\ndef g(): return 2",
        "h = 3",
        "x = [][0]\n\n@x\ndef k(): return 1",
    ) as student:
        room = student.room
        assert room.absent("f") is None
        assert room.absent("g") is None  # the statement that failed is not the one that defines it
        absent = room.absent("k")
        assert absent is not None
        assert absent.outcome is Outcome.RAISED
        assert isinstance(absent.because, Raised)
        assert (absent.because.type, absent.because.line) == ("IndexError", 1)
        assert room.absent("never") is not None
        assert room.absent("never").outcome is Outcome.STUB  # type: ignore[union-attr]


def test_what_does_not_compile_is_raised_and_not_a_stub(server: ForkServer) -> None:
    broken = SourceCell("cell 2", "def g():\n    nonlocal y\n    return y", (0,), ("g",))
    room = ConfinedRoom(server, Source((cell("def f():\n    return 1"), broken)))
    try:
        absent = room.absent("g")
        assert absent is not None
        assert absent.outcome is Outcome.RAISED
        assert isinstance(absent.because, Raised)
        assert (absent.because.type, absent.because.cell) == ("SyntaxError", "cell 2")
        assert room.absent("f") is None
    finally:
        room.close()


def test_only_the_chosen_statements_run(server: ForkServer) -> None:
    text = "def f():\n    return 1\nraise SystemExit\nimport os, no_such_module\ndef g():\n    return os.sep"
    room = ConfinedRoom(server, Source((SourceCell("cell 1", text, (0, 2, 3), ("f", "g")),)))
    try:
        assert Student(room).f() == 1
        assert Student(room).g() == "/"
    finally:
        room.close()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("while True: pass", Outcome.TIMEOUT),
        ("import time\ntime.sleep(1000)", Outcome.TIMEOUT),
        ("import os\nos._exit(0)", Outcome.KILLED),
        ("import ctypes\nctypes.string_at(0)", Outcome.KILLED),
        ("import os\nos.write(3, bytes(1000))", Outcome.KILLED),
    ],
)
def test_a_cell_that_hangs_or_dies_on_opening_is_left_out(server: ForkServer, text: str, outcome: Outcome) -> None:
    texts = ("def f():\n    return 1", f"{text}\ndef bad():\n    return 2", "def g():\n    return f() + 2")
    with confined(server, *texts, open_seconds=0.4) as student:
        assert student.g() == 3
        absent = student.room.absent("bad")
        assert absent is not None
        assert absent.outcome is outcome


def test_a_cell_too_long_for_the_door_is_left_out(server: ForkServer) -> None:
    table = "table = '" + "x" * 70_000 + "'\ndef bad():\n    return table"
    with confined(server, "def f():\n    return 1", table) as student:
        assert student.f() == 1
        absent = student.room.absent("bad")
        assert absent is not None
        assert absent.outcome is Outcome.KILLED
    many = ["x = '" + "é" * 60_000 + "'"] * 30
    with confined(server, "def f():\n    return 1", *many) as student:
        assert student.f() == 1


def test_a_cell_that_blames_another_costs_only_its_own_notebook(server: ForkServer) -> None:
    forger = """
    import sys
    door = sys._getframe(2).f_locals["door"]
    door.write({"op": "cell", "number": 0})
    while True:
        pass
    """
    with confined(server, "def f():\n    return 1", forger, "def g():\n    return 2", open_seconds=0.3) as student:
        assert student.g() == 2


# ---- time


def test_a_call_has_a_deadline_and_the_room_opens_again(server: ForkServer) -> None:
    text = "calls = []\ndef spin():\n    while True: pass\ndef count():\n    calls.append(1)\n    return len(calls)"
    with confined(server, text) as student:
        assert [student.count(), student.count()] == [1, 2]
        end = ended(student, "spin", seconds=SHORT)
        assert (end.outcome, end.reason) == (Outcome.TIMEOUT, "")
        assert student.room.absent("count") is None
        student.seconds = None
        assert student.count() == 1  # a new process, the same source


def test_the_whole_submission_has_a_budget(server: ForkServer) -> None:
    with confined(server, "def f():\n    return 1") as student:
        room = student.room
        assert isinstance(room, ConfinedRoom)
        assert student.f() == 1
        room.submission_ends = time.monotonic() - 1
        end = ended(student, "f")
        assert end.outcome is Outcome.TIMEOUT
        assert "60 s" in end.reason


def test_a_budget_spent_on_opening_ends_in_timeouts_not_in_an_error(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = [f"while True: pass\ndef f{number}():\n    return 1" for number in range(9)]
    monkeypatch.setattr(server, "limits", replace(LIMITS, submission_seconds=0.7, open_seconds=0.3))
    with ConfinedRooms(server).open(source(*hanging)) as student:
        assert ended(student, "f1").outcome is Outcome.TIMEOUT
        with pytest.raises(RoomEnded):
            student.room.absent("f8")
    monkeypatch.setattr(server, "limits", replace(LIMITS, submission_seconds=0.0))
    with ConfinedRooms(server).open(source("def f(): return 1")) as student:
        assert ended(student, "f").outcome is Outcome.TIMEOUT


def test_processor_time_is_limited_by_the_kernel() -> None:
    with (
        ForkServer(confined=True, limits=replace(LIMITS, submission_seconds=0.5)) as server,
        confined(server, "def spin():\n    while True: pass") as student,
    ):
        assert isinstance(student.room, ConfinedRoom)
        student.room.submission_ends = time.monotonic() + 60
        end = ended(student, "spin", seconds=30)
        assert (end.outcome, end.reason) == (Outcome.KILLED, "it was ended by the limit of processor time")


# ---- attacks

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

def shared_memory():
    return len(mmap.mmap(-1, 1 << 30))

def stack_memory():
    return len(mmap.mmap(-1, 20 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100))

def readable_memory():
    return len(mmap.mmap(-1, 20 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ))

def write_anywhere():
    for place in ("/tmp", "/dev/shm", "/var/tmp", "/", ".", "/code", "/code/room", "/site", "/usr/lib"):
        try:
            open(os.path.join(place, "left"), "w").close()
            return place
        except OSError as error:
            last = error
    raise last

def write_null():
    open("/dev/null", "w")

def change_mode():
    os.chmod("/code/room/worker.py", 0o777)

def truncate():
    os.truncate("/code/room/worker.py", 0)

def link():
    os.symlink("/", "/link")

def make_folder():
    os.mkdir("/folder")

def remove():
    os.unlink("/code/room/worker.py")

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
    buffer = ctypes.create_string_buffer(64)
    return [
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

def door():
    frame = sys._getframe()
    while "door" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["door"], frame.f_locals["serial"]

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
    os.write(3, (10).to_bytes(4, "little") + (60 << 20).to_bytes(8, "little"))
    time.sleep(1000)

def drip():
    os.write(3, (1000).to_bytes(4, "little") + bytes(8))
    while True:
        os.write(3, b" ")
        time.sleep(0.01)

def send(**message):
    there, serial = door()
    there.write({"serial": serial, **message})

def other_serial():
    send(op="returned", serial=1, value=1, after=None)

def no_serial():
    there, _ = door()
    there.write({"op": "returned", "value": 1})

def wrong_kind():
    send(op="ready", names=[], failures=[])

def no_kind():
    send(op=np.zeros(3))

def array_of_serials():
    send(op="returned", serial=np.zeros(3), value=1, after=None)

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
    send(op="returned", value=7, after=None)
    return 8

def close_door():
    os.close(3)

def close_door_and_stay():
    os.close(3)
    while True:
        pass

def poison_numpy():
    np.ndarray = np.asarray = np.dtype = None
    return 1

def poison_wire():
    wire = sys.modules["room.wire"]
    wire.pack = lambda message: b"rubbish" * 100
    return 1

def worker_gone():
    there, _ = door()
    there._send = there._receive = None
    return 1
"""

RAISED = [
    *[(name, (), "PermissionError") for name in "fork spawn execute shared_memory stack_memory write_null".split()],
    *[(name, (), "PermissionError") for name in "change_mode truncate link make_folder remove connect".split()],
    *[(name, (), "PermissionError") for name in "connect_abstract owner become_root write_anywhere".split()],
    *[("kill", (pid,), "PermissionError") for pid in (-1, 0, 1, 2, 3)],
    ("raise_limits", (), "ValueError"),
    ("stop_myself", (), "PermissionError"),
    ("thread", (), "RuntimeError"),
    ("fill_memory", (), "MemoryError"),
    ("large_array", (), "MemoryError"),
    ("readable_memory", (), "OSError"),
    *[("read", (path,), "FileNotFoundError") for path in ("/proc/self/environ", "/proc/1/mem", "/etc/passwd")],
    *[("read", (path,), "OSError") for path in ("/sys/kernel/notes", "/dev/mem", __file__)],
    *[("listed", (path,), "FileNotFoundError") for path in ("/proc", "/home", "/work", "/sys", "/tmp", "/var")],
    ("listed", (str(Path(__file__).parents[2]),), "FileNotFoundError"),
    *[("load", (name,), "ModuleNotFoundError") for name in "pytest autograder reference_impl click rich".split()],
    *[("load", (name,), "ModuleNotFoundError") for name in "_pytest pip setuptools pyseccomp yaml apt".split()],
]
ENDED = [
    *[(name, Outcome.TIMEOUT) for name in "spin multiply backtrack sleep never_give_up header_only drip".split()],
    *[(name, Outcome.KILLED) for name in "abort null raw_flood deep_head long_number forged_dtype".split()],
    *[(name, Outcome.KILLED) for name in "other_serial no_serial wrong_kind no_kind array_of_serials".split()],
    *[(name, Outcome.KILLED) for name in "arguments_as_array arguments_as_text raised_numbers raised_nothing".split()],
    *[(name, Outcome.KILLED) for name in "ask_unknown ask_with_text close_door close_door_and_stay".split()],
    *[(name, Outcome.KILLED) for name in "poison_wire worker_gone".split()],
]


@pytest.fixture(scope="module")
def attacked(server: ForkServer) -> Iterator[tuple[Student, Student]]:
    """The room of a hostile student, and a neighbour's."""
    with confined(server, ATTACKS) as hostile, confined(server, "def ping():\n    return 'here'") as sibling:
        yield hostile, sibling


@pytest.fixture
def hostile(attacked: tuple[Student, Student], server: ForkServer) -> Iterator[Student]:
    """After each attack the neighbour, the fork-server and, opened again, the hostile student's room answer."""
    student, sibling = attacked
    process = server._process
    yield student
    student.seconds = None
    assert sibling.ping() == "here"
    with confined(server, "def ping():\n    return 'new'") as newcomer:
        assert newcomer.ping() == "new"
    if isinstance(student.room, ConfinedRoom):
        student.room.close()
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


@pytest.mark.parametrize("status", [0, 1, 70, 255])
def test_leaving_the_process(hostile: Student, status: int) -> None:
    assert ended(hostile, "exit_now", status).reason == "it ended the Python process"


@pytest.mark.parametrize("name", ["power", "deep"])
def test_whatever_ends_first(hostile: Student, name: str) -> None:
    with contextlib.suppress(RoomEnded):
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


def test_spoilt_numpy_spoils_only_its_own_room(hostile: Student) -> None:
    with contextlib.suppress(RoomEnded):
        ask(hostile, "poison_numpy")


def test_what_a_room_can_list(hostile: Student) -> None:
    interpreter = {Path(sys.base_prefix).parts[1], Path(sys.executable).resolve().parts[1]}
    expected = {"code", "dev", "etc", "lib", "lib64", "site", "usr"} | interpreter
    assert set(value_of(hostile, "listed", "/")) <= expected
    assert value_of(hostile, "listed", "/etc") == ["ld.so.cache"]
    assert set(value_of(hostile, "listed", "/site")) <= {"numpy", "numpy.libs"}
    assert value_of(hostile, "listed", "/code") == ["room"]


# ---- nothing is shared, nothing stays

LOOK = """
import os, random, sys
import numpy as np

def draws():
    return [random.random(), np.random.rand(), hash("set order"), random.getrandbits(40), list({"a", "b", "c"})]

def descriptors():
    return [number for number in range(64) if exists(number)]

def exists(number):
    try:
        os.fstat(number)
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
    with ForkServer(confined=True, limits=LIMITS) as another, confined(another, LOOK) as student:
        drawn.append(student.draws())
    assert drawn[0] == drawn[1] == drawn[2]


def test_the_environment_is_ours(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    with ForkServer(confined=True, limits=LIMITS) as fresh, confined(fresh, LOOK) as student:
        assert not {"TOKEN", "HOME", "USER"} & set(student.names())


def test_numpy_computes_in_one_thread(server: ForkServer) -> None:
    with confined(server, LOOK) as student:
        assert student.busy() == 500.0
        assert isinstance(student.room, ConfinedRoom)
        process = student.room._process
        assert process is not None
        assert "Threads:\t1\n" in Path(f"/proc/{process.host_pid()}/status").read_text()


def descendants(pid: int) -> set[int]:
    """Every process below one of ours, from /proc."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def fork_server_of(server: ForkServer) -> int:
    """The process number of the interpreter that rooms are forked from, below bubblewrap."""
    assert server._process is not None
    below = descendants(server._process.pid)
    return min(pid for pid in below if b"bwrap" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0])


@pytest.mark.parametrize("full", [True, False])
def test_no_process_is_left(full: bool) -> None:
    before = descendants(os.getpid())
    server = ForkServer(confined=full, limits=LIMITS)
    with server, confined(server, "def spin():\n    while True: pass\ndef f():\n    return 1") as student:
        ended(student, "spin", seconds=0.1)
        student.seconds = None
        assert student.f() == 1
        running = descendants(os.getpid()) - before
        assert running
        assert isinstance(student.room, ConfinedRoom)
        student.room.close()
        assert descendants(os.getpid()) - before < running  # the room has gone at once
    assert eventually(lambda: descendants(os.getpid()) <= before)


def test_rooms_end_with_their_fork_server() -> None:
    server = ForkServer(confined=True, limits=LIMITS)
    process = server.open_room()
    assert process.handle is not None
    server.stop()
    assert eventually(process.gone)
    server.end_room(process)


def test_a_fork_server_that_dies_is_nobodys_fault() -> None:
    with (
        ForkServer(confined=True, limits=LIMITS) as server,
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
    with ForkServer(confined=True, limits=LIMITS) as server:
        orphan = server.open_room()
        server.stop()
        with confined(server, "def f():\n    return 1") as student:
            assert student.f() == 1
            process = server._process
            begun = time.monotonic()
            assert server.end_room(orphan) is None
            assert time.monotonic() - begun < 5
            assert student.f() == 1
            assert server._process is process


def test_two_hundred_rooms_leave_nothing_open(server: ForkServer) -> None:
    quick = source("def f():\n    return 1")

    def one() -> None:
        with ConfinedRooms(server).open(quick) as student:
            assert student.f() == 1

    def held() -> tuple[int, int]:
        pid = fork_server_of(server)
        return len(list(Path("/proc/self/fd").iterdir())), len(list(Path(f"/proc/{pid}/fd").iterdir()))

    def memory() -> int:
        return int(Path(f"/proc/{fork_server_of(server)}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(20):
        one()
    descriptors, resident = held(), memory()
    for _ in range(200):
        one()
    assert held() == descriptors
    assert memory() - resident < 2 << 20


def test_a_fork_server_that_cannot_start_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.model import KitError

    before = len(list(Path("/proc/self/fd").iterdir()))
    with ForkServer(confined=True, preload=("numpy", "no_such_package")) as server:
        with pytest.raises(KitError, match="no_such_package"):
            server.start()
        monkeypatch.setenv("PATH", "/nowhere")
        server.preload = ("numpy",)
        with pytest.raises(KitError, match="bubblewrap is missing"):
            server.start()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# ---- without confinement: only the deadline and the wire


def test_level_none_answers_and_has_deadlines() -> None:
    text = "import os\ndef f():\n    return 1\ndef spin():\n    while True: pass\ndef leave():\n    os._exit(3)"
    with ForkServer(confined=False, limits=LIMITS) as server, confined(server, text) as student:
        assert student.f() == 1
        assert ended(student, "spin", seconds=SHORT).outcome is Outcome.TIMEOUT
        assert ended(student, "leave").outcome is Outcome.KILLED
        student.seconds = None
        assert student.f() == 1
