"""Runs one submission's source and answers calls, until the door closes.

It knows no test, no expected value and no score. What it says is believed by nobody: the worst that code in here
can do is answer wrongly for its own student.
"""

from __future__ import annotations
import __future__

import ast
import functools
import random
import socket
import sys
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import exceptions, wire

_LAZY_ANNOTATIONS = __future__.annotations.compiler_flag  # a type hint never costs a definition
FILE = "cell:"  # the file name under which a cell is compiled starts so
_USUAL_IMPORTS = (
    "abc bisect collections copy dataclasses decimal enum fractions functools heapq inspect itertools "
    "math operator re statistics string time typing warnings"
)

Message = dict[str, Any]


def warm_up() -> None:
    """What nearly every notebook imports or does, once, before rooms are forked."""
    for module in _USUAL_IMPORTS.split():
        __import__(module)
    wire.unpack(*_split(wire.pack({"warm": np.random.default_rng(0).random((2, 2)) @ np.ones(2)})))


def _split(frame: bytes) -> tuple[bytes, bytes]:
    head, _ = wire.PREFIX.unpack(frame[: wire.PREFIX.size])
    start = wire.PREFIX.size
    return frame[start : start + head], frame[start + head :]


class Door:
    """The one connection to the grader."""

    def __init__(self, connection: socket.socket) -> None:
        self._receive = connection.recv_into
        self._send = connection.sendall

    def read(self) -> Message:
        message: Message = wire.read_frame(self._exactly)
        return message

    def write(self, message: Message) -> None:
        self._send(wire.pack(message))

    def _exactly(self, count: int) -> bytearray:
        buffer = bytearray(count)
        view = memoryview(buffer)
        while view:
            got = self._receive(view)
            if got == 0:
                raise EOFError("the grader closed the door")
            view = view[got:]
        return buffer


def serve(connection: socket.socket) -> None:
    """First the source, then calls."""
    door = Door(connection)
    random.seed(0)  # equal in every room, as the suites' inputs are
    np.random.seed(0)
    notebook = types.ModuleType("__main__")  # as in a kernel; dataclasses look their module up
    sys.modules["__main__"] = notebook
    namespace = notebook.__dict__
    namespace["display"] = lambda *shown, **options: None  # a kernel has it, and nobody looks here
    opening = door.read()
    failures = []
    for number, (label, text, statements) in enumerate(opening["cells"]):
        door.write({"op": "cell", "number": number})
        failures += run_cell(label, text, statements, namespace)
    names = [name for name in opening["names"] if callable(namespace.get(name))]
    door.write({"op": "ready", "failures": failures, "names": names})
    functions = {**namespace, **companions(opening["companion"], namespace)}
    while True:
        answer(door, door.read(), functions)


def companions(text: str, namespace: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """The functions of a companion, which tests call where a student's answers are no plain values.

    Each is given the student's names first. It is run when these are all there.
    """
    if not text:
        return {}
    student = types.SimpleNamespace(**namespace)
    scope: dict[str, Any] = {"__name__": "companion"}
    exec(compile(text, "companion", "exec", _LAZY_ANNOTATIONS, dont_inherit=True), scope)
    found = {name: value for name, value in scope.items() if isinstance(value, types.FunctionType)}
    return {
        name: functools.partial(value, student)
        for name, value in found.items()
        if value.__module__ == "companion" and name[0] != "_"
    }


def run_cell(label: str, text: str, statements: list[int], namespace: dict[str, Any]) -> list[Message]:
    """Execute the chosen top-level statements one by one, so that a failing one costs only itself."""
    body = ast.parse(text).body
    failures = []
    for statement in (part for index in statements for part in _parts(body[index])):
        try:
            program = ast.Module([statement], type_ignores=[])
            exec(compile(program, FILE + label, "exec", _LAZY_ANNOTATIONS, dont_inherit=True), namespace)
        except BaseException as error:
            failure = describe_exception(error)
            failures.append({**failure, "cell": failure["cell"] or label})  # what does not compile has no line
    return failures


def _parts(statement: ast.stmt) -> list[ast.stmt]:
    """An import of several modules as several imports: a missing one must not cost the others."""
    if isinstance(statement, ast.Import | ast.ImportFrom) and len(statement.names) > 1:
        fields = {name: value for name, value in ast.iter_fields(statement) if name != "names"}
        return [ast.copy_location(type(statement)(names=[alias], **fields), statement) for alias in statement.names]
    return [statement]


def answer(door: Door, order: Message, namespace: dict[str, Any]) -> None:
    """One call of a student's function."""
    serial = order["serial"]
    reply: Message
    try:
        arguments = [_revive(value, door, serial) for value in order["args"]]
        keywords = {key: _revive(value, door, serial) for key, value in order["kwargs"].items()}
        value, warned = called(namespace[order["name"]], arguments, keywords, order["want_warning"])
        after = arguments if order["want_arguments"] else None
        reply = {"op": "returned", "serial": serial, "value": value, "after": after, "warned": warned}
    except BaseException as error:
        reply = {"op": "raised", "serial": serial, **describe_exception(error)}
    try:
        door.write(reply)
    except wire.WireError as error:
        opaque = wire.Opaque(str(error))
        door.write({"op": "returned", "serial": serial, "value": opaque, "after": None, "warned": None})


def called(
    function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any], want_warning: bool
) -> tuple[Any, str | None]:
    """A function's answer and, where that is wanted, the first warning of NumPy's (a RuntimeWarning)."""
    if not want_warning:
        return function(*arguments, **keywords), None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = function(*arguments, **keywords)
    return value, next((str(one.message) for one in caught if issubclass(one.category, RuntimeWarning)), "")


def _revive(value: Any, door: Door, serial: int) -> Any:
    if type(value) is wire.Seed:
        return np.random.default_rng(value.value)
    if type(value) is wire.Callback:
        return _asking(door, serial, value.number)
    return value


def _asking(door: Door, serial: int, number: int) -> Callable[..., Any]:
    """A function of the grader's: each call is a question over the wire."""

    def function(*arguments: Any) -> Any:
        door.write({"op": "ask", "serial": serial, "callback": number, "args": arguments})
        reply = door.read()
        if reply["op"] == "refused":
            raise RuntimeError(reply["why"])
        return reply["value"]

    return function


def describe_exception(error: BaseException) -> Message:
    return exceptions.describe(error, lambda file: file[len(FILE) :] if file.startswith(FILE) else None)
