"""Rooms for the tests: opened on a few texts, asked for a call, ended."""

from __future__ import annotations

import ast
import contextlib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from autograder.core.model import Source, SourceCell
from autograder.execution.in_process import LiveRooms
from autograder.execution.interface import Call, Returned, RoomEnded, Student
from autograder.execution.limits import Limits
from autograder.sandbox.confined import ConfinedRoom
from autograder.sandbox.fork_server import ForkServer

LIMITS = Limits(call_seconds=5.0, open_seconds=5.0, submission_seconds=60.0, memory=300 << 20)
SHORT = 0.25  # seconds of a call that is meant to run out of them


def cell(text: str, label: str = "cell 1") -> SourceCell:
    text = textwrap.dedent(text).strip()
    body = ast.parse(text).body
    names = tuple(statement.name for statement in body if isinstance(statement, ast.FunctionDef))
    return SourceCell(label, text, tuple(range(len(body))), names)


def source(*texts: str) -> Source:
    return Source(tuple(cell(text, f"cell {number}") for number, text in enumerate(texts, 1)))


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
    getattr(student, name).check_call(seen.append, arguments, options, **how)
    return seen[0]


def value_of(student: Student, name: str, *arguments: Any, **options: Any) -> Any:
    reply = ask(student, name, *arguments, **options).reply
    assert isinstance(reply, Returned), reply
    return reply.value


def ended(student: Student, name: str, *arguments: Any, seconds: float | None = None) -> RoomEnded:
    with pytest.raises(RoomEnded) as caught:
        ask(student, name, *arguments, seconds=seconds)
    return caught.value
