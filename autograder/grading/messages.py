"""Word every message about a test that did not pass. Checks and problems only find out what happened.

A message is about the first of these that fails: defined, ran, type, shape, finite, values, arguments unchanged.
For a hidden test it gives the diagnosis, but no input, no expected value, and no text that may contain either. Of an
exercise's hidden failures one is told in detail, and the others in general words: each line or number that is told of
another input tells more about the inputs.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from enum import Enum, auto

from autograder.core.model import Outcome, Visibility
from autograder.core.text import filled, listed, row, whole_row, wrapped
from autograder.grading.explanations import explanation

_EXCEPTIONS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)

STATES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "not yet right",
    Outcome.RAISED: "raised an exception",
    Outcome.STUB: "not written yet",
    Outcome.TIMEOUT: "took too long",
    Outcome.KILLED: "had to be stopped",
    Outcome.SKIPPED: "not run",
    Outcome.BROKEN: "not graded",
}


class FindingKind(Enum):
    """What a check found wrong."""

    TYPE = auto()
    COUNT = auto()
    KEYS = auto()
    SHAPE = auto()
    FINITE = auto()
    VALUES = auto()
    ARGUMENTS = auto()
    NO_ERROR = auto()
    OTHER_ERROR = auto()
    WARNED = auto()
    PROPERTY = auto()


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with an answer, in words and numbers that can be shown as they are."""

    kind: FindingKind
    _: KW_ONLY
    returned: str = ""
    expected: str = ""
    part: str = ""  # which of several results: "result 2", "grad_b[0]"
    differ: int = 0  # how many entries are wrong
    size: int = 0  # how many there are
    sentence: str = ""  # a diagnosis that a hidden test may show, too
    warned: str = ""  # NumPy's warning
    changed: str = ""  # which argument the call changed as well: "first"


@dataclass(frozen=True, kw_only=True)
class ShownCall:
    """The call of a public test that a message shows."""

    words: str  # its inputs
    code: str = ""  # the whole call, to be pasted; empty if it is too long or cannot be written down
    to_try: str = ""  # else: how a student gets the inputs
    warned: str = ""  # the first warning that the call caused


NO_CALL = ShownCall(words="")


@dataclass(frozen=True, kw_only=True)
class StudentException:
    """An exception in the student's code."""

    kinds: tuple[str, ...]  # its type, and the types that it is derived from
    text: str
    cell: str
    line: int
    code: str  # that line, as the student wrote it; empty if there is no such line
    stub: str | None = None  # the exercise that raised it because it is not written yet

    @property
    def type(self) -> str:
        """Return the nearest builtin type. The name of a student's own class could contain anything, even an input."""
        return next((kind for kind in self.kinds if kind in _EXCEPTIONS), "an exception")


def failure(name: str, finding: Finding, call: ShownCall, visibility: Visibility) -> str:
    """Word a wrong answer."""
    lines = [headline(name, finding)]
    if visibility is Visibility.PUBLIC:
        lines += _called(call)
        lines += row("it raised" if finding.kind is FindingKind.OTHER_ERROR else YOU_RETURNED, finding.returned)
        lines += row(EXPECTED, finding.expected)
        lines += row("it warned", finding.warned) or _warned(call)
    return "\n".join(lines)


def _called(call: ShownCall) -> list[str]:
    if call.code:
        return whole_row("called with", call.code)
    return row("called with", call.words) + whole_row("to try it", call.to_try)


def _warned(call: ShownCall) -> list[str]:
    return [*row("it warned", call.warned), *wrapped(_ABOUT_WARNINGS)] if call.warned else []


_ABOUT_WARNINGS = "A warning costs points only if a test asks for none. It may come from the same mistake."


_COPY = "Work on a copy, or make a new array."


def headline(name: str, finding: Finding) -> str:
    """Return in a sentence what is wrong with an answer."""
    where = f" in {finding.part}" if finding.part else ""
    match finding.kind:
        case FindingKind.TYPE:
            headline = f"{name} returned the wrong kind of thing{where}."
        case FindingKind.COUNT:
            headline = f"{name} returned the wrong number of results{where}."
        case FindingKind.KEYS:
            headline = f"{name} returned a dict with other keys."
        case FindingKind.SHAPE:
            headline = f"{name} returned the wrong shape{where}."
        case FindingKind.FINITE if not finding.size:
            headline = f"{name} returned nan or infinity."
        case FindingKind.FINITE:
            headline = f"{name} returned nan or infinity{where}: {finding.differ} of {finding.size}."
        case FindingKind.VALUES if not finding.size:
            headline = f"{name} returned wrong values."
        case FindingKind.VALUES if finding.size == 1:
            headline = f"{name} returned a wrong value{where}."
        case FindingKind.VALUES if finding.differ == finding.size:
            headline = f"{name} returned wrong values{where}: all {finding.size} differ."
        case FindingKind.VALUES:
            headline = f"{name} returned wrong values{where}: {finding.differ} of {finding.size} differ."
        case FindingKind.ARGUMENTS:
            headline = f"{name} changed its {finding.part} argument. {_COPY}"
        case FindingKind.NO_ERROR:
            headline = f"{name} must raise {finding.expected} here, and returned something."
        case FindingKind.OTHER_ERROR:
            headline = f"{name} must raise {finding.expected} here, and raised another exception."
        case FindingKind.WARNED:
            headline = f"{name} gave the right answer, but NumPy issued a warning; this test allows none."
        case FindingKind.PROPERTY:
            return filled(f"{name}: {finding.sentence or 'the answer is not what this test asks for.'}")
    also = f"It also changed its {finding.changed} argument. {_COPY}" if finding.changed else ""
    return "\n".join([filled(headline), *wrapped(finding.sentence), *wrapped(also)])


# ---- diagnoses that a hidden test may show: no input, no expected value


def wrong_axes(got: int, want: int) -> str:
    """Say that an array has the wrong number of axes."""
    return f"It has {axes(got)} where {axes(want)} {'are' if want > 1 else 'is'} right."


def wrong_lengths(where: Sequence[int]) -> str:
    """Say along which axes an array has the wrong length."""
    return f"The length is wrong along {'axis' if len(where) == 1 else 'axes'} {listed(where)}."


def returned_exception() -> str:
    """Say that an exception was returned."""
    return "An exception was returned like an answer. Write `raise` in front of it, not `return`."


def no_number(kind: str) -> str:
    """Say what an answer is instead of a number."""
    return _IS_NONE if kind == "None" else f"It is {kind}."


_IS_NONE = "It is None. Is a `return` missing? `print` shows a value, but does not return it."


def too_large() -> str:
    """Say that an answer was too large to be read."""
    return "The answer is too large: it holds far more numbers than the right one."


def place(what: str, axis: int, index: int, length: int) -> str:
    """Return `the last row`, `row 3` or `the second entry along axis 1`."""
    if not what:
        return f"the {ordinal(index)} entry along axis {axis}"
    return f"the first {what}" if index == 0 else f"the last {what}" if index == length - 1 else f"{what} {index}"


def only_in(places: Sequence[str]) -> str:
    """Say that an array is wrong only in these places."""
    return f"Only {listed(places)} {'differs' if len(places) == 1 else 'differ'}."


def only_border() -> str:
    """Say that an array is wrong only at its four edges."""
    return "Only the border differs: the inside is right."


def all_but(place: str) -> str:
    """Say that an array is right only in this place."""
    return f"Only {place} is right."


def ordinal(number: int) -> str:
    """Return `first` for 0."""
    return ("first", "second", "third", "fourth", "fifth", "sixth")[number] if number < 6 else f"{number + 1}th"


def axes(count: int) -> str:
    """Return `2 axes`."""
    return "no axis (one number)" if count == 0 else "1 axis" if count == 1 else f"{count} axes"


# ---- labels of pictures

YOU_RETURNED = "you returned"
EXPECTED = "expected"
WRONG_PLACES = "wrong places"


def pictured(index: Sequence[int], *, in_blocks: bool) -> str:
    """Return which part of an array is pictured, ` [1]`, and whether a square stands for a block of entries."""
    return (f" [{', '.join(map(str, index))}]" if index else "") + (", in blocks" if in_blocks else "")


# ---- exceptions, and functions that are not there


def exception(
    name: str, error: StudentException, visibility: Visibility, call: ShownCall = NO_CALL, reason: str = ""
) -> str:
    """Word an exception in the student's function, with the student's line. reason: if a better one is known"""
    if error.stub is not None:
        return stub(name) if error.stub == name else stub_called(name, error.stub)
    at = f" on line {error.line} of {error.cell}" if error.code else ""
    lines = [filled(f"{name} raised {error.type}{at}.")]
    lines += row("the line", error.code)
    if visibility is Visibility.PUBLIC:
        lines += row("it says", error.text)
        lines += _called(call)
    return "\n".join(lines + wrapped(reason or likely_reason(error, visibility)))


def exception_in_general(name: str, kind: str) -> str:
    """Say that a call raised, without a line. kind: the exception's type, or `an exception`"""
    return filled(f"A call of {name} raised {kind}.")


def companion_exception(name: str, error: StudentException, visibility: Visibility, call: ShownCall = NO_CALL) -> str:
    """Word an exception in the kit's companion code, which calls the student's function and uses what it returns."""
    if error.cell or error.stub is not None or error.text.startswith(f"{name}()"):
        return exception(name, error, visibility, call)
    lines = [filled(f"What {name} returned cannot be used: {error.type}.")]
    if visibility is Visibility.PUBLIC:
        lines += row("it says", error.text)
    return "\n".join(lines + wrapped(explanation(error.kinds, error.text, quoting=visibility is Visibility.PUBLIC)))


def likely_reason(error: StudentException, visibility: Visibility) -> str:
    """Return the likely reason for an exception; empty if none is known."""
    if error.type == "TypeError" and not error.cell and _OTHER_PARAMETERS.search(error.text):
        return _NOT_CALLED
    return explanation(error.kinds, error.text, quoting=visibility is Visibility.PUBLIC)


_NOT_CALLED = (
    "It could not be called. Its first line must be the stub's: the same parameters in the same order, with the same "
    "default values."
)
_OTHER_PARAMETERS = re.compile(r"argument|parameter")  # in what Python says of a call that does not fit


def only_in_demo(name: str) -> str:
    """Say why a name of a demo cell is not defined."""
    return (
        f"{name} is defined in a demo cell, and grading runs only your own cells. Make it an argument, or define it in "
        "the cell of your function."
    )


def is_builtin_exception(kind: str) -> bool:
    """Return whether a type of exception is Python's own. The name of another one could contain anything."""
    return kind in _EXCEPTIONS


def is_stub(kinds: Sequence[str], text: str) -> bool:
    """Return whether the stub raised an exception. Libraries raise NotImplementedError as well, but with a text."""
    return "NotImplementedError" in kinds[:1] and not text


def stub(name: str) -> str:
    """Say that a function is still the stub."""
    return filled(f"{name} is still the stub: replace the `raise NotImplementedError` in its cell.")


def stub_called(name: str, called: str) -> str:
    """Say that a function called another one that is still a stub."""
    return filled(f"{name} called {called}, which is still a stub. Write that one first.")


def some_stub_called(name: str) -> str:
    """Say that a function called another one that is still a stub, without the name of that one."""
    return filled(f"{name} called a function that is still a stub. Write that one first.")


def not_written(name: str) -> str:
    """Say that no cell defines the function."""
    return filled(f"{name} is not written yet. Put your code in place of the `raise NotImplementedError` in its cell.")


def cell_broken(name: str, error: str) -> str:
    """Say that the function's cell is not valid Python."""
    return filled(f"{name} is missing, because its cell is not valid Python: {error}")


def cell_not_read(name: str, cell: str, error: str) -> str:
    """Say that the function's cell is too large to be read."""
    return filled(f"{name} is missing, because {cell} was not read: {error}.")


def cell_died(name: str, reason: str) -> str:
    """Say that running the function's cell had to be stopped."""
    return filled(f"{name} is missing, because running its cell was stopped: {reason}.")


def timeout(name: str, seconds: float, call: ShownCall, visibility: Visibility, *, reason: str = "") -> str:
    """Say that a call took too long; the reason, if there is one, says why it was not even made."""
    if reason:
        return filled(f"{name} was not answered: {reason}.")
    lines = [filled(f"{name} took longer than {seconds:g} s and was stopped.")]
    if visibility is Visibility.PUBLIC:
        lines += _called(call)
    return "\n".join(lines + wrapped("Does a loop end on every input? Does its condition ever become false?"))


def killed(name: str, reason: str) -> str:
    """Say that a call had to be stopped."""
    sentence = filled(f"{name} had to be stopped: {reason}.")
    return "\n".join([sentence, *wrapped("A function returns its answer and leaves the process alone.")])


def skipped(sentence: str, exercise: str) -> str:
    """Say that a test was not run because the test with this sentence was stopped."""
    return filled(f"not run: {exercise} must first get through “{sentence}”")


def only_verdict() -> str:
    """Say that a hidden test failed, if its details are turned off for the course."""
    return "This hidden test failed. No details are shown."


def broken() -> str:
    """Say that the grader broke."""
    return filled(
        "Something broke in the grader, not in your code. Your work is saved and not yet graded; "
        "your instructor sees the details."
    )


def hint(sentence: str) -> str:
    """Return the hint of an exercise as text, with its label."""
    return "\n".join(whole_row("hint", sentence))


def depends_on(name: str, failing: tuple[str, ...]) -> str:
    """Say that the code of a failed exercise calls others that failed, too."""
    which = "its own tests. Fix that" if len(failing) == 1 else "their own tests. Fix those"
    return filled(f"{name} calls your {listed(failing)}, which failed {which} first.")


def remarks(sentences: tuple[str, ...]) -> str:
    """Return what was noticed about a notebook. It costs no points."""
    return "\n".join(["About the notebook:", *(line for sentence in sentences for line in wrapped(sentence))])
