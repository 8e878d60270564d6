"""Executor for the tests: open one on a few texts, make a call, look at the reply."""

from __future__ import annotations

import ast
import contextlib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from autograder.core.model import Source, SourceCell
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.interface import Call, Returned, SessionEnded, Student
from autograder.execution.limits import Limits
from autograder.notebooks.cell_code import Code, source_statements
from autograder.notebooks.statements import Statement
from autograder.sandbox.confined import SandboxSession
from autograder.sandbox.fork_server import ForkServer

LIMITS = Limits(call_seconds=5.0, open_seconds=5.0, submission_seconds=60.0, memory=300 << 20)
SHORT = 0.25  # seconds, for a call that is meant to run out of time


def cell(text: str, label: str = "cell 1") -> SourceCell:
    """Return a cell of which all statements run. Its exercises are its functions."""
    text = textwrap.dedent(text).strip()
    code = Code(text, tuple(map(Statement, ast.parse(text).body)))
    names = tuple(node.name for node in code.nodes if isinstance(node, ast.FunctionDef))
    return SourceCell(label, text, source_statements(code), names)


def source(*texts: str) -> Source:
    return Source(tuple(cell(text, f"cell {number}") for number, text in enumerate(texts, 1)))


@contextlib.contextmanager
def confined(server: ForkServer, *texts: str, **limits: Any) -> Iterator[Student]:
    """Open a sandbox of the fork server on these cells, with some limits replaced."""
    session = SandboxSession(server, source(*texts))
    session.limits = replace(server.limits, **limits)
    try:
        yield Student(session)
    finally:
        session.close()


@contextlib.contextmanager
def live(_: ForkServer, *texts: str) -> Iterator[Student]:
    """Open a sandbox in this process on these cells."""
    with InProcessExecutor().open(source(*texts)) as student:
        yield student


def ask(student: Student, name: str, *arguments: Any, seconds: float | None = None, **options: Any) -> Call:
    """Make a call that may take so many seconds, and return it whatever its reply."""
    student.seconds = seconds
    return checked(student, name, arguments, options)


def checked(student: Student, name: str, arguments: Sequence[Any], options: Any = None, **wanted: bool) -> Call:
    """Make a call as a check does, and return it as the judge sees it. `wanted`: see `Function.check_call`."""
    calls: list[Call] = []
    getattr(student, name).check_call(calls.append, arguments, options, expected=None, **wanted)
    return calls[0]


def value_of(student: Student, name: str, *arguments: Any, **options: Any) -> Any:
    reply = ask(student, name, *arguments, **options).reply
    assert isinstance(reply, Returned), reply
    return reply.value


def ended(student: Student, name: str, *arguments: Any, seconds: float | None = None) -> SessionEnded:
    """Make a call that ends the sandbox, and return how it ended."""
    with pytest.raises(SessionEnded) as caught:
        ask(student, name, *arguments, seconds=seconds)
    return caught.value
