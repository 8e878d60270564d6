"""Executor, live and confined: what a call gives, what is not there, how long it may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np
import pytest
import tested
from opened_sandboxes import LIMITS, SHORT, ask, cell, checked, confined, ended, live, source

from autograder.core.model import Outcome, Source, SourceCell, SourceStatement
from autograder.execution.interface import CallRaised, FailedStatement, Raised, Returned, SessionEnded, Student
from autograder.grading.checks import close
from autograder.grading.comparison import CheckFailed
from autograder.grading.messages import FindingKind
from autograder.guest.wire import Opaque, Seed
from autograder.sandbox.confined import SandboxExecutor, SandboxSession
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.levels import Level

Opened = Callable[..., AbstractContextManager[Student]]

# ---- what a call gives, in both kinds of sandboxes

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

def overflows(x):
    return 1 / (1 + np.exp(-x))

def warns_of_itself(x):
    import warnings
    warnings.warn("soon gone", DeprecationWarning)
    return x

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

def ones(n):
    return np.ones(n)

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
    assert student.too_much() == Opaque("an answer that is too large: more than 4 MiB of arrays")
    with pytest.raises(CheckFailed) as caught:
        close(student.ones, [1 << 21], expected=1.0)  # 16 MiB
    assert caught.value.finding.sentence.startswith("The answer is too large")
    with pytest.raises(CheckFailed) as caught:
        close(student.ones, [1 << 16], expected=np.ones((256, 1)))
    assert caught.value.finding.kind is FindingKind.SHAPE
    close(student.ones, [1 << 21], expected=np.ones(1 << 21))
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
    reply = checked(student, "overwrite", (x, [1, 2]), want_arguments=True).reply
    assert isinstance(reply, Returned)
    assert reply.after is not None
    assert reply.after[0].tolist() == [-1, -1, -1]
    assert reply.after[1] == [1, 2, 3]
    assert x.tolist() == [0, 0, 0]  # ours is untouched
    assert checked(student, "overwrite", (x, [])).reply == Returned(None)


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize(
    ("name", "wanted", "warned"),
    [
        ("overflows", True, "overflow encountered in exp"),
        ("overflows", False, None),
        ("warns_of_itself", True, ""),
    ],
)
def test_a_warning_of_numpys_is_told_where_it_is_wanted(
    student: Student, name: str, wanted: bool, warned: str | None
) -> None:
    reply = checked(student, name, (np.float64(-1e4),), want_warning=wanted).reply
    assert isinstance(reply, Returned)
    assert reply.warned == warned


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
        session = student.session
        assert session.absent("f") is None
        assert session.absent("g") is None  # the statement that failed is not the one that defines it
        absent = session.absent("k")
        assert absent is not None
        assert absent.outcome is Outcome.RAISED
        assert isinstance(absent.because, FailedStatement)
        assert isinstance(absent.because.because, Raised)
        assert (absent.because.because.type, absent.because.because.line) == ("IndexError", 1)
        assert session.absent("never") is not None
        assert session.absent("never").outcome is Outcome.STUB  # type: ignore[union-attr]


def test_what_does_not_compile_is_raised_and_not_a_stub(server: ForkServer) -> None:
    broken = SourceCell("cell 2", "def g():\n    nonlocal y\n    return y", (SourceStatement(0, 1, ("g",)),), ("g",))
    session = SandboxSession(server, Source((cell("def f():\n    return 1"), broken)))
    try:
        absent = session.absent("g")
        assert absent is not None
        assert absent.outcome is Outcome.RAISED
        assert isinstance(absent.because, FailedStatement)
        assert isinstance(absent.because.because, Raised)
        assert (absent.because.because.type, absent.because.cell) == ("SyntaxError", "cell 2")
        assert session.absent("f") is None
    finally:
        session.close()


def test_only_the_chosen_statements_run(server: ForkServer) -> None:
    text = "def f():\n    return 1\nraise SystemExit\nimport os, no_such_module\ndef g():\n    return os.sep"
    session = SandboxSession(
        server, Source((SourceCell("cell 1", text, tuple(map(SourceStatement, (0, 2, 3))), ("f", "g")),))
    )
    try:
        assert Student(session).f() == 1
        assert Student(session).g() == "/"
    finally:
        session.close()


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
def test_a_line_that_hangs_or_dies_on_opening_is_left_out(server: ForkServer, text: str, outcome: Outcome) -> None:
    bad = f"def g():\n    return f() + 2\n{text}\nlate = 3\ndef h():\n    return g() + late"
    with confined(
        server, "def f():\n    return 1", bad, "def k(x=later):\n    return 1", statement_seconds=0.3
    ) as student:
        assert (student.g(), student.h()) == (3, 6)
        late, raised = student.session.failed_statements()
        assert (late.cell, late.line) == ("cell 2", 2 + len(text.splitlines()))
        assert isinstance(late.because, SessionEnded)
        assert late.because.outcome is outcome
        assert (raised.cell, raised.names) == ("cell 3", ("k",))


@pytest.mark.parametrize("text", ["while True: pass", "import os\nos._exit(0)"])
def test_a_definition_that_hangs_or_dies_is_missing_for_that_reason(server: ForkServer, text: str) -> None:
    bad = f"def stop(f):\n    {text.replace(chr(10), chr(10) + '    ')}\n@stop\ndef g():\n    return 1"
    with confined(server, bad, "def f():\n    return 1", statement_seconds=0.3) as student:
        assert student.f() == 1
        absent = student.session.absent("g")
        assert absent is not None
        assert isinstance(absent.because, FailedStatement)
        assert absent.because.names == ("g",)


def test_all_cells_together_have_a_limit(server: ForkServer) -> None:
    slow = "import time\n" + "time.sleep(0.2)\n" * 5 + "def f():\n    return 1"
    with confined(server, slow, statement_seconds=0.3, open_seconds=0.7) as student:
        assert student.f() == 1
        assert student.session.failed_statements()


def test_a_cell_too_long_for_the_wire_is_left_out(server: ForkServer) -> None:
    table = "table = '" + "x" * 70_000 + "'\ndef bad():\n    return table"
    with confined(server, "def f():\n    return 1", table) as student:
        assert student.f() == 1
        absent = student.session.absent("bad")
        assert absent is not None
        assert absent.outcome is Outcome.KILLED
    many = ["x = '" + "é" * 60_000 + "'"] * 30
    with confined(server, "def f():\n    return 1", *many) as student:
        assert student.f() == 1


def test_a_cell_that_blames_another_costs_only_its_own_notebook(server: ForkServer) -> None:
    forger = """
    import sys
    connection = sys._getframe(2).f_locals["connection"]
    connection.write({"op": "cell", "number": 0})
    while True:
        pass
    """
    with confined(server, "def f():\n    return 1", forger, "def g():\n    return 2", open_seconds=0.3) as student:
        assert student.g() == 2


@pytest.mark.parametrize("opened", [live, confined], ids=["live", "confined"])
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def bad(x):\n    y = x\nreturn y", 3, "'return' outside function"),
        ("def bad(x):\n    global x", 2, "name 'x' is parameter and global"),
        ("def bad():\n    return 1\nbreak", 3, "'break' outside loop"),
    ],
)
def test_a_cell_that_only_the_compiler_refuses_is_not_run(
    server: ForkServer, opened: Opened, text: str, line: int, words: str
) -> None:
    with opened(server, "def f():\n    return 1", text) as student:
        assert student.f() == 1
        absent = student.session.absent("bad")
        assert absent is not None
        assert isinstance(absent.because, FailedStatement)
        assert isinstance(absent.because.because, Raised)
        raised = absent.because.because
        assert (raised.type, raised.line, raised.text) == ("SyntaxError", line, words)


def test_a_cell_whose_bytecode_needs_gigabytes_costs_only_itself(server: ForkServer) -> None:
    nested = "".join(f"{' ' * n} try:\n{' ' * n}  pass\n{' ' * n} finally:\n" for n in range(0, 40, 2))
    with confined(server, "def f():\n    return 1", f"def bad():\n{nested}{' ' * 41} pass") as student:
        assert student.f() == 1
        absent = student.session.absent("bad")
        assert absent is not None
        assert absent.outcome is not Outcome.STUB


# ---- time


def test_a_call_has_a_deadline_and_the_room_opens_again(server: ForkServer) -> None:
    text = "calls = []\ndef spin():\n    while True: pass\ndef count():\n    calls.append(1)\n    return len(calls)"
    with confined(server, text) as student:
        assert [student.count(), student.count()] == [1, 2]
        end = ended(student, "spin", seconds=SHORT)
        assert (end.outcome, end.reason) == (Outcome.TIMEOUT, "")
        assert student.session.absent("count") is None
        student.seconds = None
        assert student.count() == 1  # a new process, the same source


def test_the_whole_submission_has_a_budget(server: ForkServer) -> None:
    with confined(server, "def f():\n    return 1") as student:
        session = student.session
        assert isinstance(session, SandboxSession)
        assert student.f() == 1
        session.submission_ends = time.monotonic() - 1
        end = ended(student, "f")
        assert end.outcome is Outcome.TIMEOUT
        assert "60 s" in end.reason


def test_a_budget_spent_on_opening_ends_in_timeouts_not_in_an_error(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = [f"while True: pass\ndef f{number}():\n    return 1" for number in range(9)]
    monkeypatch.setattr(server, "limits", replace(LIMITS, submission_seconds=0.7, open_seconds=0.3))
    with SandboxExecutor(server).open(source(*hanging)) as student:
        assert ended(student, "f1").outcome is Outcome.TIMEOUT
        with pytest.raises(SessionEnded):
            student.session.absent("f8")
    monkeypatch.setattr(server, "limits", replace(LIMITS, submission_seconds=0.0))
    with SandboxExecutor(server).open(source("def f(): return 1")) as student:
        assert ended(student, "f").outcome is Outcome.TIMEOUT


def test_processor_time_is_limited_by_the_kernel() -> None:
    with (
        ForkServer(tested.level(), limits=replace(LIMITS, submission_seconds=0.5)) as server,
        confined(server, "def spin():\n    while True: pass") as student,
    ):
        assert isinstance(student.session, SandboxSession)
        student.session.submission_ends = time.monotonic() + 60
        end = ended(student, "spin", seconds=30)
        assert (end.outcome, end.reason) == (Outcome.KILLED, "it was ended by the limit of CPU time")


def test_an_executor_grants_what_its_assignment_does(server: ForkServer) -> None:
    with SandboxExecutor(server, seconds=0.0).open(source("def f(): return 1")) as student:
        end = ended(student, "f")
        assert (end.outcome, end.reason) == (Outcome.TIMEOUT, "the notebook had used up its 0 s")
    with SandboxExecutor(server).open(source("def f(): return 1")) as student:
        assert student.f() == 1


# ---- without confinement: only the deadline and the wire


def test_level_none_answers_and_has_deadlines() -> None:
    text = "import os\ndef f():\n    return 1\ndef spin():\n    while True: pass\ndef leave():\n    os._exit(3)"
    with ForkServer(Level.NONE, limits=LIMITS) as server, confined(server, text) as student:
        assert student.f() == 1
        assert ended(student, "spin", seconds=SHORT).outcome is Outcome.TIMEOUT
        assert ended(student, "leave").outcome is Outcome.KILLED
        student.seconds = None
        assert student.f() == 1
