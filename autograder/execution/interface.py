"""How a test calls a student's functions: the interface that `in_process` and `sandbox.confined` implement.

An executor runs the functions of a submission; a session is one submission that it has open. A suite calls
`student.conv2d(image, kernel)`. The answer is the same plain value whether the call goes to a confined process or
stays in the student's own kernel.
"""

from __future__ import annotations

import contextlib
import functools
import re
import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.core.model import NoModel, Outcome, Source, SourceCell, TrainedModel
from autograder.core.sanitize import clean
from autograder.execution.limits import UNKNOWN_REPLY, reply_limit
from autograder.guest import wire


@dataclass(frozen=True)
class Returned:
    """A plain answer.

    If the call asked for them, `after` holds the arguments as they were after the call, and `warned` the first warning
    of NumPy's, "" if there was none.
    """

    value: Any
    after: tuple[Any, ...] | None = None
    warned: str | None = None
    noticed: str = ""  # the first warning of any kind, for people who check their own notebook; a sandbox tells none


@dataclass(frozen=True)
class Raised:
    """An exception in the student's code, at the innermost line that is their own.

    A sandbox made all of it, so its texts are answers that may hold an input: a message quotes them only in a public
    test, and takes a name from the assignment, never from here.
    """

    kinds: tuple[str, ...]  # the names of the exception's type and of its bases
    text: str
    cell: str = ""
    line: int = 0
    function: str = ""
    noticed: str = ""  # as in `Returned`

    @property
    def type(self) -> str:
        return self.kinds[0]

    @property
    def undefined(self) -> str | None:
        """Return the name that a NameError says is not defined; None for any other exception."""
        match = re.fullmatch(r"name '(\w+)' is not defined\b.*", self.text, re.DOTALL)
        return match[1] if match is not None and self.type == "NameError" else None


@dataclass(frozen=True)
class FailedStatement:
    """A top-level statement of a student's cell that could not be run. What it would have bound is missing."""

    cell: str  # its label
    line: int  # where the statement begins; 0: the whole cell failed
    names: tuple[str, ...]
    because: Raised | SessionEnded

    def accounts_for(self, name: str) -> bool:
        """Return whether a name is missing because of it: it binds the name, or may bind any."""
        return name in self.names or "*" in self.names


@dataclass(frozen=True)
class ExecutedSource:
    """The source of a submission, and those of its statements that could not be run."""

    source: Source
    failed: tuple[FailedStatement, ...] = ()

    def missing(self, name: str) -> FailedStatement | None:
        """Return the statement that failed and would have bound a name; None if there is none."""
        missing = next((statement for statement in self.failed if statement.accounts_for(name)), None)
        return first_cause(missing, self.failed) if missing is not None else None


@dataclass(frozen=True)
class NotPython:
    """The cell of a function is not valid Python."""

    error: str  # one line: what is wrong, and on which line


@dataclass(frozen=True)
class NotRead:
    """The cell of a function is too large to be read."""

    cell: str  # its label
    error: str  # one line: in which way, and what to do


@dataclass(frozen=True)
class Absent:
    """Why there is no such function: it was never written (STUB), or its cell could not be run."""

    outcome: Outcome
    because: FailedStatement | SessionEnded | NotPython | NotRead | None = None


class SessionEnded(Exception):
    """The session had to be closed in the middle of a call: TIMEOUT or KILLED."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


class CallRaised(Exception):
    """The student's function raised an exception in a test that needed its answer."""

    def __init__(self, call: Call) -> None:
        super().__init__(f"{call.name} raised")
        self.call = call


@dataclass(frozen=True)
class Call:
    """One call of a test, and its reply."""

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    reply: Returned | Raised | SessionEnded


@dataclass(frozen=True, kw_only=True)
class CallRequest:
    """A call as a session gets it: plain arguments, and the functions that the student's code may call back."""

    name: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    functions: tuple[Callable[..., Any], ...] = ()
    seconds: float | None = None  # None: the session's own limit
    limit: wire.FrameLimit = wire.LARGEST  # of each message about this call that comes back
    want_arguments: bool = False
    want_warning: bool = False

    @functools.cached_property
    def serial(self) -> int:
        """Return the number that the reply has to name, so that a surplus frame is never taken for the next answer."""
        return secrets.randbits(60)

    @functools.cached_property
    def frame(self) -> bytes:
        """Return the message as it crosses the wire. It is packed once, also if many students get the same request."""
        return wire.pack(
            {
                "op": "call",
                "serial": self.serial,
                "name": self.name,
                "args": self.arguments,
                "kwargs": dict(self.options),
                "want_arguments": self.want_arguments,
                "want_warning": self.want_warning,
                "limit": [self.limit.head, self.limit.body],
            }
        )


@dataclass(frozen=True)
class ExpectedCall:
    """One call of a test, together with the function that judges its reply."""

    request: CallRequest
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    judge: Callable[[Call], None]

    def with_reply(self, reply: Returned | Raised | SessionEnded) -> Call:
        return Call(self.request.name, self.arguments, self.options, reply)


class Session(Protocol):
    """Runs the functions of one submission."""

    def failed_statements(self) -> Sequence[FailedStatement]:
        """Return the statements of the source that could not be run, in order."""

    def call(self, request: CallRequest) -> Returned | Raised:
        """Return the reply of one call. Raise SessionEnded if there is none."""

    def calls(self, requests: Sequence[CallRequest], *, ahead: bool) -> Generator[Returned | Raised, None, None]:
        """Yield the replies of several calls in turn. `ahead`: requests may be sent before a reply is there."""

    def absent(self, name: str) -> Absent | None:
        """Return why there is no such function, or None if there is one."""

    def settle(self) -> None:
        """Let the next call meet a new process if this one is not ready for it: it died, or sent what nobody asked."""

    def restart(self) -> None:
        """Let the next call meet a new process, which remembers no earlier call."""


class Executor(Protocol):
    """Opens a session for the source of a submission, and closes it."""

    def open(self, source: Source) -> contextlib.AbstractContextManager[Student]: ...


@dataclass(eq=False)
class Student:
    """A submission as a test sees it: its functions are attributes. Two are never equal.

    `calls`, `expected_calls` and `answer_used` are about the present test: its calls, those of them whose reply a
    check judges, and whether the test used an answer itself.
    """

    session: Session
    seconds: float | None = None  # that a call of the present test may take
    calls: list[Call] = field(default_factory=list)
    expected_calls: list[ExpectedCall] = field(default_factory=list)
    answer_used: bool = False
    trained: TrainedModel | NoModel = field(default_factory=NoModel)  # that was handed in with the notebook

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self, name)

    def begin_test(self, seconds: float | None) -> None:
        """Forget the calls of the last test. Each call of the next one may take so many seconds."""
        self.calls, self.expected_calls, self.answer_used, self.seconds = [], [], False, seconds

    def make_call(self, expected: ExpectedCall) -> Call:
        """Make one call, record it and return it. Raise SessionEnded if there is no reply."""
        try:
            reply = self.session.call(expected.request)
        except SessionEnded as end:
            self.calls.append(expected.with_reply(end))
            raise
        self.calls.append(expected.with_reply(reply))
        return self.calls[-1]

    def repeat_calls(self, expected_calls: Sequence[ExpectedCall], *, ahead: bool) -> None:
        """Make the calls that a test made with another answer, and judge each reply as the test did."""
        requests = [expected.request for expected in expected_calls]
        with contextlib.closing(self.session.calls(requests, ahead=ahead)) as replies:
            for expected in expected_calls:
                try:
                    reply = next(replies)
                except SessionEnded as end:
                    self.calls.append(expected.with_reply(end))
                    raise
                self.calls.append(expected.with_reply(reply))
                expected.judge(self.calls[-1])


@dataclass(frozen=True)
class Function:
    """`student.conv2d`: calling it gives the plain answer, or raises CallRaised."""

    student: Student
    name: str

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.student.answer_used = True
        call = self.student.make_call(self._expected_call(arguments, options, _accept))
        if isinstance(call.reply, Raised):
            raise CallRaised(call)
        assert isinstance(call.reply, Returned)
        return call.reply.value

    def check_call(
        self,
        judge: Callable[[Call], None],
        arguments: Sequence[Any],
        options: Mapping[str, Any] | None = None,
        *,
        expected: Any,
        want_arguments: bool = False,
        want_warning: bool = False,
    ) -> None:
        """Call the function and let `judge` look at the reply, which the test itself does not see.

        expected: the right answer. It limits how large the reply may be; None allows a short one.
        """
        expected_call = self._expected_call(
            arguments,
            options or {},
            judge,
            limit=reply_limit((expected, arguments) if want_arguments else expected),
            want_arguments=want_arguments,
            want_warning=want_warning,
        )
        self.student.expected_calls.append(expected_call)
        judge(self.student.make_call(expected_call))

    def _expected_call(
        self,
        arguments: Sequence[Any],
        options: Mapping[str, Any],
        judge: Callable[[Call], None],
        *,
        limit: wire.FrameLimit = UNKNOWN_REPLY,
        want_arguments: bool = False,
        want_warning: bool = False,
    ) -> ExpectedCall:
        functions = tuple(value for value in (*arguments, *options.values()) if callable(value))

        def plain(value: Any) -> Any:
            return wire.Callback(functions.index(value)) if callable(value) else value

        request = CallRequest(
            name=self.name,
            arguments=tuple(map(plain, arguments)),
            options={key: plain(value) for key, value in options.items()},
            functions=functions,
            seconds=self.student.seconds,
            limit=limit,
            want_arguments=want_arguments,
            want_warning=want_warning,
        )
        return ExpectedCall(request, tuple(arguments), options, judge)


def _accept(call: Call) -> None:
    """Judge nothing: the test looks at the answer itself."""


def why_absent(name: str, source: Source, failed: Sequence[FailedStatement]) -> Absent:
    """Return why a function is not there after its source was run."""
    for broken in source.broken:
        if name in broken.exercises:
            why = NotRead(broken.label, broken.error) if broken.too_large else NotPython(broken.error)
            return Absent(Outcome.RAISED, why)
    for statement in failed:
        if name in statement.names:
            cause = first_cause(statement, failed)
            ended = cause.because if isinstance(cause.because, SessionEnded) else None
            return Absent(ended.outcome if ended else Outcome.RAISED, cause)
    return Absent(Outcome.STUB)


def first_cause(statement: FailedStatement, failed: Sequence[FailedStatement]) -> FailedStatement:
    """Return the statement that failed first, if each of these failed because a name of the one before was missing."""
    for earlier in reversed(failed[: failed.index(statement)]):
        because = statement.because
        undefined = because.undefined if isinstance(because, Raised) else None
        if undefined is not None and earlier.accounts_for(undefined):
            statement = earlier
    return statement


def failed_statement(cell: SourceCell, index: int, because: Raised | SessionEnded) -> FailedStatement:
    """Return what is known of a statement that failed, by its place in the source. index -1: the whole cell."""
    for statement in cell.statements:
        if statement.index == index:
            return FailedStatement(cell.label, statement.line, statement.names, because)
    names = tuple(name for statement in cell.statements for name in statement.names)
    return FailedStatement(cell.label, 0, names, because)


def in_all(seconds: float) -> str:
    """Return why a statement was stopped, if the cells of a notebook together had used up their time."""
    return f"the cells took longer than {seconds:g} s together"


def raised_from(message: Mapping[str, Any], source: Source | None = None) -> Raised:
    """Return an exception as it came over the wire, its texts cleaned.

    source: what the sandbox runs; a cell or a line that it does not have is dropped
    """
    cell, line = clean(message["cell"], 100), message["line"]
    if source is not None and source.text(cell) is None:
        cell = ""
    if type(line) is not int or (source is not None and not source.has_line(cell, line)):
        line = 0
    return Raised(
        kinds=tuple(clean(kind, 100) for kind in message["kinds"][:20]) or ("Exception",),
        text=clean(message["text"]),
        cell=cell,
        line=line,
        function=clean(message["function"], 100),
    )


def warning_from(text: Any) -> str | None:
    """Return a warning as it came over the wire, cleaned; None if it is not text."""
    return clean(text) if type(text) is str else None


def cell_label(name: str) -> str:
    """Return how messages call the cell of an exercise."""
    return f"your cell {name}"
