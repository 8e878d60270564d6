"""Runs the source of one submission and answers calls until the grader closes the connection.

It knows no test, no expected value and no score. The grader trusts nothing that it sends: the worst that code in here
can do is answer wrongly for its own student.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import functools
import random
import socket
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from . import exceptions, wire

_LAZY_ANNOTATIONS = __future__.annotations.compiler_flag  # a type hint never costs a definition
READY = wire.FrameLimit(head=1 << 18, body=0)  # of the message that the source was run
RECURSION_LIMIT = 3000  # calls: what most kernels have, as IPython's completion by jedi sets it
FILE = "cell:"  # the file name under which a cell is compiled starts so
_USUAL_IMPORTS = (
    "abc bisect collections copy dataclasses decimal enum fractions functools heapq inspect itertools "
    "math operator re statistics string time typing warnings"
)

Message = dict[str, Any]


def warm_up() -> None:
    """Do once, before sandboxes are forked, what nearly every notebook imports or does."""
    for module in _USUAL_IMPORTS.split():
        __import__(module)
    wire.unpack_frame(wire.pack({"warm": np.random.default_rng(0).random((2, 2)) @ np.ones(2)}))


class Connection:
    """The only connection of a sandbox: the one to the grader."""

    def __init__(self, grader: socket.socket) -> None:
        self._receive = grader.recv_into
        self._send = grader.sendall

    def read(self) -> Message:
        message: Message = wire.read_frame(self._exactly)
        return message

    def write(self, message: Message, limit: wire.FrameLimit = wire.LARGEST) -> None:
        self._send(wire.pack(message, limit))

    def _exactly(self, count: int) -> bytearray:
        buffer = bytearray(count)
        view = memoryview(buffer)
        while view:
            received = self._receive(view)
            if received == 0:
                raise EOFError("the grader closed the connection")
            view = view[received:]
        return buffer


def serve(grader: socket.socket) -> None:
    """Run the source, then answer calls. Raise EOFError when the grader closes the connection."""
    connection = Connection(grader)
    functions = run_source(connection)
    while True:
        answer(connection, connection.read(), functions)


def run_source(connection: Connection) -> dict[str, Any]:
    """Read the source of the submission, run it and report the result. Return the names that calls may use.

    Before each cell its number is reported, and, if the grader wants to know, before each statement, too. So the
    grader knows what ran last if it never ends.
    """
    sys.setrecursionlimit(RECURSION_LIMIT)
    random.seed(0)  # the same in every sandbox, as the suites' inputs are
    np.random.seed(0)
    notebook = types.ModuleType("__main__")  # as in a kernel; dataclasses look up their module
    sys.modules["__main__"] = notebook
    namespace = notebook.__dict__
    namespace.update(kernel_names())
    opening = connection.read()
    failures = []
    for number, (label, text, statements) in enumerate(opening["cells"]):
        connection.write({"op": "begins", "cell": number, "statement": -1})
        telling = functools.partial(_telling, connection, number) if opening["in_steps"] else _saying_nothing
        failures += [{**failure, "number": number} for failure in run_cell(label, text, statements, namespace, telling)]
    names = [name for name in opening["names"] if callable(namespace.get(name))]
    _report_ready(connection, failures, names)
    return {**namespace, **companion_functions(opening["companion"], namespace)}


@contextlib.contextmanager
def _telling(connection: Connection, cell: int, statement: int) -> Iterator[None]:
    connection.write({"op": "begins", "cell": cell, "statement": statement})
    yield


def _saying_nothing(statement: int) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def kernel_names() -> dict[str, Any]:
    """Return what a kernel has and a graded notebook can do without: names whose calls have no effect here."""
    return {
        "display": lambda *shown, **options: None,
        "check": _Ignored(),
        "open_assignment": _Ignored(),
        "get_ipython": _Ignored(),
        "input": no_input,
    }


class _Ignored:
    """An object that can be called and has every attribute, and does nothing."""

    def __call__(self, *arguments: Any, **options: Any) -> _Ignored:
        return self

    def __enter__(self) -> _Ignored:
        return self

    def __exit__(self, *problem: object) -> None: ...

    def __getattr__(self, name: str) -> _Ignored:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def no_input(*prompt: Any) -> str:
    """Stand for `input` while a function is graded or checked."""
    raise EOFError("nobody answers input() here")


def _report_ready(connection: Connection, failures: list[Message], names: list[str]) -> None:
    """Report what happened to the source: all failures, or, if these are too many, the first few."""
    try:
        connection.write({"op": "ready", "failures": failures, "names": names}, READY)
    except wire.TooLarge:
        connection.write({"op": "ready", "failures": failures[:10], "names": names}, READY)


def companion_functions(text: str, namespace: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Return the public functions of a companion by name. Their first argument, the student's names, is filled in.

    Tests call these functions if a student's own functions give no plain values. The companion runs after the
    student's source.
    """
    if not text:
        return {}
    student = types.SimpleNamespace(**namespace)
    scope: dict[str, Any] = {"__name__": "companion"}
    exec(compile(text, "companion", "exec", _LAZY_ANNOTATIONS, dont_inherit=True), scope)
    functions = {name: value for name, value in scope.items() if isinstance(value, types.FunctionType)}
    return {
        name: functools.partial(function, student)
        for name, function in functions.items()
        if function.__module__ == "companion" and name[0] != "_"
    }


def run_cell(
    label: str,
    text: str,
    statements: list[int],
    namespace: dict[str, Any],
    around: Callable[[int], contextlib.AbstractContextManager[None]] = _saying_nothing,
) -> list[Message]:
    """Run the top-level statements with these numbers one by one. Return the exceptions, each as a message.

    A statement that fails costs only itself. A cell that Python's compiler refuses is not run, as in a kernel: its
    exception names no statement (-1).

    around: gives, for its number, the context in which a statement runs
    """
    failures: list[Message] = []
    try:
        _require_compilable(text)
        body = ast.parse(text).body
    except Exception as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        said = {"text": error.msg[: exceptions.MAX_TEXT]} if isinstance(error, SyntaxError) else {}
        return [{**describe_exception(error), **said, "cell": label, "line": line or 0, "statement": -1}]
    parts = [(number, part) for number in statements for part in _parts(body[number])]
    for number, statement in parts:
        try:
            program = ast.Module([statement], type_ignores=[])
            code = compile(program, FILE + label, "exec", _LAZY_ANNOTATIONS, dont_inherit=True)
            with around(number):
                exec(code, namespace)
        except BaseException as error:
            failure = describe_exception(error)
            cell = failure["cell"] or label  # a syntax error is in no frame of the cell
            failures.append({**failure, "cell": cell, "statement": number})
    return failures


def _require_compilable(text: str) -> None:
    """Raise SyntaxError for what only the compiler finds, such as `return` outside a function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(text, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def _parts(statement: ast.stmt) -> list[ast.stmt]:
    """Return an import of several modules as several imports: a missing module must not cost the others."""
    if isinstance(statement, ast.Import | ast.ImportFrom) and len(statement.names) > 1:
        fields = {name: value for name, value in ast.iter_fields(statement) if name != "names"}
        return [ast.copy_location(type(statement)(names=[alias], **fields), statement) for alias in statement.names]
    return [statement]


def answer(connection: Connection, request: Message, functions: dict[str, Any]) -> None:
    """Make one call of a student's function and send what it returned or raised."""
    serial, limit = request["serial"], wire.FrameLimit(*request["limit"])
    ask = functools.partial(_ask, connection, serial, limit)
    reply: Message
    try:
        arguments = [_revive(value, ask) for value in request["args"]]
        keywords = {key: _revive(value, ask) for key, value in request["kwargs"].items()}
        function = functions[request["name"]]
        value, warned = call_function(function, arguments, keywords, want_warning=request["want_warning"])
        after = arguments if request["want_arguments"] else None
        reply = {"op": "returned", "serial": serial, "value": value, "after": after, "warned": warned}
    except BaseException as error:
        reply = {"op": "raised", "serial": serial, **describe_exception(error)}
    try:
        connection.write(reply, limit)
    except wire.WireError as error:
        opaque = wire.too_large(error) if isinstance(error, wire.TooLarge) else wire.Opaque(str(error))
        connection.write({"op": "returned", "serial": serial, "value": opaque, "after": None, "warned": None})


def call_function(
    function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any], *, want_warning: bool
) -> tuple[Any, str | None]:
    """Return the answer of a function and, if wanted, the text of NumPy's first warning (a RuntimeWarning) or ""."""
    if not want_warning:
        return function(*arguments, **keywords), None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = function(*arguments, **keywords)
    return value, next((str(entry.message) for entry in caught if issubclass(entry.category, RuntimeWarning)), "")


def _revive(value: Any, ask: Callable[..., Any]) -> Any:
    if type(value) is wire.Seed:
        return np.random.default_rng(value.value)
    if type(value) is wire.Callback:
        return lambda *arguments: ask(value.number, arguments)
    return value


def _ask(connection: Connection, serial: int, limit: wire.FrameLimit, number: int, arguments: tuple[Any, ...]) -> Any:
    """Call one of the grader's functions over the wire."""
    connection.write({"op": "ask", "serial": serial, "callback": number, "args": arguments}, limit)
    reply = connection.read()
    if reply["op"] == "refused":
        raise RuntimeError(reply["why"])
    return reply["value"]


def describe_exception(error: BaseException) -> Message:
    """Return an exception as a message, with the innermost line in a cell of the student's."""
    return exceptions.describe(error, lambda file: file[len(FILE) :] if file.startswith(FILE) else None)
