"""Why a test did not pass. Each kind of problem knows its outcome, and describes itself to the student."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from autograder.core.model import Outcome, Place, Visibility
from autograder.execution.interface import (
    Absent,
    ExecutedSource,
    FailedStatement,
    NotPython,
    NotRead,
    Raised,
    SessionEnded,
)
from autograder.grading import messages
from autograder.grading.comparison import Differing
from autograder.grading.failed_lines import FailedLine, definition_failed, failed_line, name_missing
from autograder.grading.messages import NO_CALL, Finding, FindingKind, ShownCall, StudentException


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a message depends on, apart from the problem itself."""

    exercise: str
    exercises: frozenset[str]  # the names of all exercises of the assignment
    demo_names: frozenset[str] = frozenset()  # that only cells define which are left out
    executed: ExecutedSource
    visibility: Visibility
    seconds: float  # how long a call of the test might take
    called: str | None = None  # the function that the test called last
    call: ShownCall = NO_CALL
    # What another hidden test of the exercise tells in detail: this one then tells the kind of its problem alone.
    told_instead: WrongAnswer | ExceptionRaised | None = None

    @property
    def in_companion(self) -> bool:
        """Return whether the test called the kit's own code, which called the student's."""
        return self.called is not None and self.called not in self.exercises

    def exception(self, reply: Raised) -> StudentException:
        """Return an exception together with the student's line that raised it."""
        return StudentException(
            kinds=reply.kinds,
            text=reply.text,
            cell=reply.cell,
            line=reply.line,
            code=self.executed.source.line(reply.cell, reply.line),
            stub=self._stub(reply),
        )

    def line_of(self, statement: FailedStatement) -> FailedLine:
        """Return a statement that failed, in words."""
        return failed_line(self.executed.source, statement)

    def why_failed(self, statement: FailedStatement) -> str:
        """Return the likely reason why a statement failed; empty if none is known. It may quote: no test had run."""
        reply = statement.because
        return messages.likely_reason(self.exception(reply), Visibility.PUBLIC) if isinstance(reply, Raised) else ""

    def _stub(self, reply: Raised) -> str | None:
        """Return the exercise whose stub raised an exception; None if no stub did.

        The name of any other function is the sandbox's word, and could be an input.
        """
        if not messages.is_stub(reply.kinds, reply.text):
            return None
        name = reply.function or self.exercise
        return name if name in self.exercises else None


@dataclass(frozen=True)
class WrongAnswer:
    """A check failed."""

    finding: Finding
    expected: Any = None  # only for instructors; None if there is no single right value
    differing: Differing | None = None  # the wrong array, beside the right one
    outcome: Outcome = Outcome.FAILED
    place: Place | None = None

    def message(self, context: Context) -> str:
        """Say what is wrong with the answer."""
        finding = self.finding if context.told_instead is None else _in_general(self.finding)
        return messages.failure(context.exercise, finding, context.call, context.visibility)

    def rank(self, *, in_general: bool = False) -> int:
        """Return how much the message explains. in_general: of the message that tells the kind alone"""
        return _rank(_in_general(self.finding) if in_general else self.finding)


@dataclass(frozen=True)
class ExceptionRaised:
    """The student's function raised, or is still the stub."""

    reply: Raised
    outcome: Outcome  # RAISED or STUB

    @property
    def place(self) -> Place | None:
        """Return the student's line that raised."""
        return _place_of(self.reply)

    def message(self, context: Context) -> str:
        """Say what was raised, or which function has to be written first."""
        if context.told_instead is not None:
            return self._message_in_general(context, context.told_instead)
        if unwritten := self._unwritten(context.exercises):
            return messages.stub_called(context.exercise, unwritten)
        if (missing := self._missing(context)) is not None:
            name = self.reply.undefined if context.visibility is Visibility.PUBLIC else None
            failed = context.line_of(missing)
            return name_missing(context.exercise, name or "", failed, context.why_failed(missing))
        if self.reply.undefined in context.demo_names and context.visibility is Visibility.PUBLIC:
            error, reason = context.exception(self.reply), messages.only_in_demo(self.reply.undefined)
            return messages.exception(context.exercise, error, context.visibility, context.call, reason)
        words = messages.companion_exception if context.in_companion else messages.exception
        return words(context.exercise, context.exception(self.reply), context.visibility, context.call)

    def rank(self, *, in_general: bool = False) -> int:
        """Return how much the message explains."""
        return _STOPPED

    def _message_in_general(self, context: Context, told: WrongAnswer | ExceptionRaised) -> str:
        """Say what happened without a line or a name. The type is told if it is the one that is known already."""
        if self.outcome is Outcome.STUB:
            return messages.stub(context.exercise)
        if self._unwritten(context.exercises) or messages.is_stub(self.reply.kinds, self.reply.text):
            return messages.some_stub_called(context.exercise)
        kind = context.exception(self.reply).type
        is_known = isinstance(told, ExceptionRaised) and context.exception(told.reply).type == kind
        return messages.exception_in_general(context.exercise, kind if is_known else "an exception")

    def _unwritten(self, exercises: frozenset[str]) -> str | None:
        """Return the exercise that was called but not written: its cell is left out, so its name is not defined."""
        return self.reply.undefined if self.reply.undefined in exercises else None

    def _missing(self, context: Context) -> FailedStatement | None:
        """Return the statement that failed and would have bound the name that is not defined."""
        return context.executed.missing(self.reply.undefined) if self.reply.undefined else None


@dataclass(frozen=True)
class CallStopped:
    """A call took too long, or its process had to be ended."""

    outcome: Outcome  # TIMEOUT or KILLED
    reason: str
    place: Place | None = None

    def message(self, context: Context) -> str:
        """Say that the call was stopped, and why."""
        if self.outcome is not Outcome.TIMEOUT:
            return messages.killed(context.exercise, self.reason)
        return messages.timeout(context.exercise, context.seconds, context.call, context.visibility, reason=self.reason)

    def rank(self, *, in_general: bool = False) -> int:
        """Return how much the message explains."""
        return _STOPPED


@dataclass(frozen=True)
class FunctionMissing:
    """There is no function to call: it was never written, or its cell could not be run."""

    absent: Absent

    @property
    def outcome(self) -> Outcome:
        """Return STUB for a function that was never written, else how its cell ended."""
        return self.absent.outcome

    @property
    def place(self) -> Place | None:
        """Return the line of the cell that raised, if one did."""
        match self.absent.because:
            case FailedStatement(because=Raised() as reply):
                return _place_of(reply)
        return None

    def rank(self, *, in_general: bool = False) -> int:
        """Return how much the message explains."""
        return _STOPPED

    def message(self, context: Context) -> str:
        """Say why the function is not there."""
        match self.absent.because:
            case NotPython(error=error):
                return messages.cell_broken(context.exercise, error)
            case NotRead(cell=cell, error=error):
                return messages.cell_not_read(context.exercise, cell, error)
            case FailedStatement() as statement:
                failed = context.line_of(statement)
                return definition_failed(context.exercise, failed, context.why_failed(statement))
            case SessionEnded(reason=reason):
                return messages.cell_died(context.exercise, reason)
            case None:
                return messages.not_written(context.exercise)


@dataclass(frozen=True)
class NotRun:
    """An earlier test of the exercise was stopped, so this one was not run."""

    stopped: str  # the sentence of that test
    outcome: Outcome = Outcome.SKIPPED
    place: Place | None = None

    def message(self, context: Context) -> str:
        """Say which test has to end first."""
        return messages.skipped(self.stopped, context.exercise)

    def rank(self, *, in_general: bool = False) -> int:
        """Return how much the message explains."""
        return _SAYS_NOTHING


@dataclass(frozen=True)
class TestBroke:
    """The kit or the suite has a bug, so nothing is known about the answer."""

    __test__ = False  # pytest must not take it for a test class

    error: str = ""  # for instructors
    outcome: Outcome = Outcome.BROKEN
    place: Place | None = None

    def message(self, context: Context) -> str:
        """Say that the student is not to blame."""
        return messages.broken()

    def rank(self, *, in_general: bool = False) -> int:
        """Return how much the message explains."""
        return _SAYS_NOTHING


Problem = WrongAnswer | ExceptionRaised | CallStopped | FunctionMissing | NotRun | TestBroke


# The ranks of messages: the most telling one stands first. Where values are wrong, and in which line a call ended,
# leads to the mistake; an argument that was changed as well is often the mistake itself. A kind or a shape often
# follows from it, and a property that was measured is far from it.
_STOPPED, _SAYS_NOTHING = 1, 6
_RANKS = {FindingKind.VALUES: 2, FindingKind.FINITE: 2, FindingKind.WARNED: 4}


def _rank(finding: Finding) -> int:
    if finding.changed:
        return -1
    if finding.kind is FindingKind.PROPERTY:
        return 4 if _has_fixed_words(finding) else 5
    if finding.kind is FindingKind.VALUES and finding.sentence:  # it says where
        return 0
    return _RANKS.get(finding.kind, 3)


def _has_fixed_words(finding: Finding) -> bool:
    """Return whether the sentence of a property names the mistake itself, and reports no number."""
    return not any(map(str.isdigit, finding.sentence))


def _in_general(finding: Finding) -> Finding:
    """Return a finding without places and without numbers: what kind of thing is wrong."""
    has_fixed_words = finding.kind is FindingKind.PROPERTY and _has_fixed_words(finding)
    return replace(
        finding,
        part=finding.part if finding.kind is FindingKind.ARGUMENTS else "",
        differ=0,
        size=0,
        sentence=finding.sentence if has_fixed_words else "",
        changed="",
    )


def _place_of(reply: Raised) -> Place | None:
    return Place(reply.cell, reply.line) if reply.line else None
