"""Run functions in this process, without a sandbox: in a student's kernel, or in the kit's own tests."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import time
import types
import warnings
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.core.model import Outcome, Source, SourceCell
from autograder.core.sanitize import clean
from autograder.execution.as_graded import as_graded, graded_builtins
from autograder.execution.interface import (
    Absent,
    CallRequest,
    FailedStatement,
    Raised,
    Returned,
    SessionEnded,
    Student,
    cell_label,
    failed_statement,
    in_all,
    raised_from,
    warning_from,
    why_absent,
)
from autograder.execution.limits import LIMITS
from autograder.execution.time_limit import OutOfTime, limited
from autograder.guest import exceptions, runner, wire

STATEMENT_SECONDS, OPEN_SECONDS = LIMITS.statement_seconds, LIMITS.open_seconds
_LEAST_SECONDS = 0.05  # for a statement after the time of all is over: nearly every one takes less
Guard = Callable[[], contextlib.AbstractContextManager[None]]


class InProcessSession:
    """Functions of this very process: a student's kernel, or the kit's own tests.

    Arguments and answers still pass through the format of the wire. So a test sees the same plain values as anywhere
    else, and a function that writes to its argument writes to a copy.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        *,
        cell_of: Callable[[str], str | None] | None = None,
        seconds: float | None = None,
        companion: str = "",
        source: Source | None = None,
        failed: Sequence[FailedStatement] = (),
        guard: Guard = contextlib.nullcontext,
    ) -> None:
        self.namespace = namespace
        self.functions = {**namespace, **runner.companion_functions(companion, namespace)}
        self.cell_of = cell_of or _cells_by_file(namespace).get
        self.seconds = seconds  # that a call may take, if the platform can stop it
        self.source = source or Source(())
        self.failed = failed
        self.guard = guard  # gives the context in which the student's code runs

    def failed_statements(self) -> Sequence[FailedStatement]:
        return self.failed

    def absent(self, name: str) -> Absent | None:
        return None if callable(self.namespace.get(name)) else why_absent(name, self.source, self.failed)

    def call(self, request: CallRequest) -> Returned | Raised:
        message = wire.unpack_frame(request.frame)
        arguments = tuple(_revive(value, request.functions) for value in message["args"])
        options = {key: _revive(value, request.functions) for key, value in message["kwargs"].items()}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            reply = self._reply(request, arguments, options)
        return replace(reply, noticed=_first(caught)) if caught else reply

    def _reply(self, request: CallRequest, arguments: Sequence[Any], options: Mapping[str, Any]) -> Returned | Raised:
        try:
            function = self.functions[request.name]
            with limited(self.seconds and (request.seconds or self.seconds)), self.guard():
                value, warned = runner.call_function(function, arguments, options, want_warning=request.want_warning)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except OutOfTime:
            raise SessionEnded(Outcome.TIMEOUT, "") from None
        except BaseException as error:
            return raised_from(exceptions.describe(error, self.cell_of))
        return _returned(value, tuple(arguments) if request.want_arguments else None, warned, request.limit)

    def settle(self) -> None:
        """Do nothing: a call has ended when its answer is there."""

    def restart(self) -> None:
        """Do nothing: there is one process, the student's own."""

    def calls(self, requests: Sequence[CallRequest], *, ahead: bool) -> Generator[Returned | Raised, None, None]:
        yield from map(self.call, requests)


class InProcessExecutor:
    """Runs the source of a submission in this process, for people who check their own notebook.

    packages: which can be imported beside the standard library, if files, threads and networks are to be denied as well
    (see `as_graded`); None denies nothing
    """

    def __init__(self, seconds: float | None = None, packages: Collection[str] | None = None) -> None:
        self.seconds = seconds
        self.packages = packages

    @contextlib.contextmanager
    def open(self, source: Source) -> Iterator[Student]:
        module = types.ModuleType("__main__")
        namespace = module.__dict__
        namespace.update(runner.kernel_names())
        guard: Guard = functools.partial(_as_main, module, contextlib.nullcontext)
        if self.packages is not None:
            guard = functools.partial(_as_main, module, as_graded)
            namespace["__builtins__"] = graded_builtins(self.packages)
        stopwatch = _Stopwatch(OPEN_SECONDS)
        failed = tuple(failure for cell in source.cells for failure in _run(cell, namespace, guard, stopwatch))
        labels = {runner.FILE + cell.label: cell.label for cell in source.cells}
        session = InProcessSession(
            namespace,
            cell_of=labels.get,
            seconds=self.seconds,
            companion=source.companion,
            source=source,
            failed=failed,
            guard=guard,
        )
        yield Student(session)


@contextlib.contextmanager
def _as_main(notebook: types.ModuleType, guard: Guard) -> Iterator[None]:
    """Let a notebook be the module `__main__`: dataclasses, pickle and type hints look their names up there."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = notebook
    try:
        with guard():
            yield
    finally:
        sys.modules["__main__"] = before


@dataclass
class _Stopwatch:
    """The time that the cells of a notebook may take together. What is left out has not taken any."""

    left: float  # seconds

    @contextlib.contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Stop what runs after so many seconds, or when the time of all cells is over."""
        begun = time.monotonic()
        with limited(max(min(seconds, self.left), _LEAST_SECONDS)):
            yield
        self.left -= time.monotonic() - begun

    def reason(self) -> str:
        """Return why a statement was stopped that ran alone for less than it may; else nothing."""
        return in_all(OPEN_SECONDS) if self.left < STATEMENT_SECONDS else ""


def _run(cell: SourceCell, namespace: dict[str, Any], guard: Guard, stopwatch: _Stopwatch) -> Iterator[FailedStatement]:
    """Run a cell, and yield the statements that could not be run."""
    seconds = OPEN_SECONDS if cell.is_given else STATEMENT_SECONDS

    @contextlib.contextmanager
    def around(statement: int) -> Iterator[None]:
        with stopwatch.limited(seconds), guard():
            yield

    statements = [statement.index for statement in cell.statements]
    for failure in runner.run_cell(cell.label, cell.text, statements, namespace, around):
        reply = raised_from(failure)
        if reply.type == KeyboardInterrupt.__name__:  # the person who waits for it has had enough
            raise KeyboardInterrupt
        is_late = reply.type == OutOfTime.__name__
        because = SessionEnded(Outcome.TIMEOUT, stopwatch.reason()) if is_late else reply
        yield failed_statement(cell, failure["statement"], because)


def _returned(value: Any, after: tuple[Any, ...] | None, warned: str | None, limit: wire.FrameLimit) -> Returned:
    """Return an answer as it would arrive over the wire."""
    try:
        answer = wire.unpack_frame(wire.pack({"value": value, "after": after}, limit))
    except wire.TooLarge as error:
        return Returned(wire.too_large(error))
    except wire.WireError as error:
        return Returned(wire.Opaque(str(error)))
    return Returned(answer["value"], answer["after"], warning_from(warned))


def _first(caught: Sequence[warnings.WarningMessage]) -> str:
    return f"{caught[0].category.__name__}: {clean(str(caught[0].message))}"


def _cells_by_file(namespace: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels of the student's cells by file name: the files in which the namespace's functions are."""
    files = {}
    for name, value in namespace.items():
        with contextlib.suppress(Exception):  # any object may have the name, a class without a file, too
            files[inspect.getfile(inspect.unwrap(value))] = cell_label(name)
    return files


def _revive(value: Any, functions: Sequence[Callable[..., Any]]) -> Any:
    """Return the function or generator that a value of the wire stands for; any other value as it is."""
    if type(value) is wire.Seed:
        return np.random.default_rng(value.value)
    return functions[value.number] if type(value) is wire.Callback else value
