"""Every sentence a learner can see. Checks find out what happened; here it is said, for the eyes it is meant for.

A message answers the first of these that is a no: defined? ran? type? shape? finite? values? arguments untouched?
Of a hidden test it tells the diagnosis, never an input, an expected value, or a text that may hold either.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from autograder.core.model import Outcome, Visibility
from autograder.core.text import filled, listed, row, wrapped

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
    """One thing that is wrong with an answer, in words and numbers that are ready to be shown."""

    kind: FindingKind
    returned: str = ""
    expected: str = ""
    part: str = ""  # which of several results: "result 2", "grad_b[0]"
    differ: int = 0
    size: int = 0
    sentence: str = ""  # what holds regardless of the test's visibility
    warned: str = ""


@dataclass(frozen=True)
class StudentException:
    """An exception in the student's code."""

    kinds: tuple[str, ...]  # its type, and what that is derived from
    text: str
    cell: str
    line: int
    code: str  # that line, as the student wrote it; empty where there is no such line
    function: str

    @property
    def type(self) -> str:
        """A type that Python has: the name of a student's own class may hold anything, also a hidden input."""
        return next((kind for kind in self.kinds if isinstance(getattr(builtins, kind, None), type)), "an exception")


def failure(name: str, finding: Finding, called_with: str, visibility: Visibility, hint: str = "") -> str:
    """A wrong answer."""
    lines = [_headline(name, finding)]
    if visibility is Visibility.PUBLIC:
        lines += row("called with", called_with)
        lines += row("you returned", finding.returned)
        lines += row("expected", finding.expected)
        lines += row("it warned", finding.warned)
    return "\n".join(lines + wrapped(hint))


def _headline(name: str, finding: Finding) -> str:
    where = f" in {finding.part}" if finding.part else ""
    match finding.kind:
        case FindingKind.TYPE:
            said = f"{name} returned the wrong kind of thing{where}."
        case FindingKind.COUNT:
            said = f"{name} returned the wrong number of results{where}."
        case FindingKind.KEYS:
            said = f"{name} returned a dict with other keys."
        case FindingKind.SHAPE:
            said = f"{name} returned the wrong shape{where}."
        case FindingKind.FINITE:
            said = f"{name} returned nan or infinity{where}: {finding.differ} of {finding.size}."
        case FindingKind.VALUES if finding.size == 1:
            said = f"{name} returned a wrong value{where}."
        case FindingKind.VALUES if finding.differ == finding.size:
            said = f"{name} returned wrong values{where}: all {finding.size} differ."
        case FindingKind.VALUES:
            said = f"{name} returned wrong values{where}: {finding.differ} of {finding.size} differ."
        case FindingKind.ARGUMENTS:
            said = f"{name} changed its {finding.part} argument. Work on a copy, or make a new array."
        case FindingKind.NO_ERROR:
            said = f"{name} must raise {finding.expected} here, and returned something."
        case FindingKind.OTHER_ERROR:
            said = f"{name} must raise {finding.expected} here, and raised another exception."
        case FindingKind.WARNED:
            said = f"{name} gave the right answer, and NumPy warned on the way. Here it has to do without."
        case FindingKind.PROPERTY:
            said = f"{name}: {finding.sentence}"
            return filled(said)
    return "\n".join([filled(said), *wrapped(finding.sentence)])


# ---- what is wrong with an answer, fit for a hidden test: no input, no expected value


def wrong_axes(got: int, want: int) -> str:
    return f"It has {axes(got)} where {axes(want)} {'are' if want > 1 else 'is'} right."


def wrong_lengths(where: Sequence[int]) -> str:
    return f"The length is wrong along {'axis' if len(where) == 1 else 'axes'} {listed(where)}."


def no_number(kind: str) -> str:
    return "It is None. Is a `return` missing?" if kind == "None" else f"It is {kind}."


def place(what: str, axis: int, index: int, length: int) -> str:
    """`the last row`, `row 3`, `the second entry along axis 1`."""
    if not what:
        return f"the {ordinal(index)} entry along axis {axis}"
    return f"the first {what}" if index == 0 else f"the last {what}" if index == length - 1 else f"{what} {index}"


def only_in(places: Sequence[str]) -> str:
    return f"Only {listed(places)} {'differs' if len(places) == 1 else 'differ'}."


def only_border() -> str:
    return "Only the border differs: the inside is right."


def all_but(place: str) -> str:
    return f"Only {place} is right."


def ordinal(number: int) -> str:
    return ("first", "second", "third", "fourth", "fifth", "sixth")[number] if number < 6 else f"{number + 1}th"


def axes(count: int) -> str:
    return "no axis (one number)" if count == 0 else "1 axis" if count == 1 else f"{count} axes"


# ---- exceptions, and functions that are not there


def exception(name: str, trouble: StudentException, visibility: Visibility, hint: str = "") -> str:
    """An exception in the student's function, with the student's own line."""
    if is_stub(trouble.kinds, trouble.text):
        return stub(name) if trouble.function in ("", name) else stub_called(name, trouble.function)
    at = f" on line {trouble.line} of {trouble.cell}" if trouble.code else ""
    lines = [filled(f"{name} raised {trouble.type}{at}.")]
    lines += row("the line", trouble.code)
    if visibility is Visibility.PUBLIC:
        lines += row("it says", trouble.text)
    return "\n".join(lines + wrapped(hint or _likely_reason(trouble)))


def companion_exception(name: str, trouble: StudentException, visibility: Visibility, hint: str = "") -> str:
    """The same where the function was called for us, and what it returned was put to use: a model that is asked."""
    if trouble.cell or is_stub(trouble.kinds, trouble.text) or trouble.text.startswith(f"{name}()"):
        return exception(name, trouble, visibility, hint)
    lines = [filled(f"What {name} returned cannot be used: {trouble.type}.")]
    if visibility is Visibility.PUBLIC:
        lines += row("it says", trouble.text)
    return "\n".join(lines + wrapped(hint))


def _likely_reason(trouble: StudentException) -> str:
    if trouble.type == "TypeError" and not trouble.code:
        return "It could not be called. Does it take the parameters that the stub has?"
    return _LIKELY_REASONS.get(trouble.type, "")


_LIKELY_REASONS = {
    "NameError": (
        "A name that is not defined where the function runs. Grading runs your solution cells and what they need "
        "from cells you added; a variable of a demo cell is not there. Is it misspelt, or should it be an argument?"
    ),
    "UnboundLocalError": "A variable is read before it gets a value on this path through the function.",
    "ModuleNotFoundError": "NumPy and the standard library are there when it is graded; in the capstone PyTorch, too.",
    "ImportError": "The module has no such name. Is it misspelt, or from another package?",
    "PermissionError": "A function is graded without files, network, threads and other processes.",
    "MemoryError": "That needs more memory than a submission may use. Is an array far larger than its inputs?",
    "RecursionError": "The function calls itself without an end.",
    "SystemExit": "A function returns its answer; it must not end the program.",
}


def is_stub(kinds: Sequence[str], text: str) -> bool:
    """Whether an exception is the stub's own. Libraries raise NotImplementedError as well, and say of what."""
    return "NotImplementedError" in kinds[:1] and not text


def stub(name: str) -> str:
    return filled(f"{name} is still the stub: replace the `raise NotImplementedError` in its cell.")


def stub_called(name: str, called: str) -> str:
    return filled(f"{name} called {called}, which is still a stub. Write that one first.")


def not_written(name: str) -> str:
    return filled(f"{name} is not written yet. Put your code in place of the `raise NotImplementedError` in its cell.")


def cell_broken(name: str, error: str) -> str:
    return filled(f"{name} is missing, because its cell is not valid Python: {error}")


def cell_raised(name: str, trouble: StudentException) -> str:
    said = filled(f"{name} is missing, because its cell raised {trouble.type} on line {trouble.line}.")
    return "\n".join([said, *row("the line", trouble.code), *row("it says", trouble.text)])


def cell_hung(name: str, seconds: float) -> str:
    said = filled(f"{name} is missing, because its cell did not end within {seconds:g} s.")
    return "\n".join([said, *wrapped("Move what takes long out of the cell that defines the function.")])


def cell_died(name: str, reason: str) -> str:
    return filled(f"{name} is missing, because running its cell was stopped: {reason}.")


def timeout(name: str, seconds: float, called_with: str, visibility: Visibility, reason: str = "") -> str:
    if reason:
        return filled(f"{name} was not answered: {reason}.")
    lines = [filled(f"{name} took longer than {seconds:g} s and was stopped.")]
    if visibility is Visibility.PUBLIC:
        lines += row("called with", called_with)
    return "\n".join(lines + wrapped("Does a loop end on every input? Does its condition ever become false?"))


def killed(name: str, reason: str) -> str:
    said = filled(f"{name} had to be stopped: {reason}.")
    return "\n".join([said, *wrapped("A function returns its answer and leaves the process alone.")])


def skipped(sentence: str, exercise: str) -> str:
    return filled(f"not run: {exercise} must first get through “{sentence}”")


def broken() -> str:
    return filled(
        "Something broke in the grader, not in your code. Your work is saved and not yet graded; "
        "your instructor sees the details."
    )


def depends_on(name: str, failing: tuple[str, ...]) -> str:
    """A sentence for a failed exercise whose own code calls others that failed, too."""
    which = "its own tests: mend that" if len(failing) == 1 else "their own tests: mend those"
    return "\n".join(wrapped(f"{name} calls your {listed(failing)}, which failed {which} first."))


def remarks(said: tuple[str, ...]) -> str:
    """What was noticed about a notebook, and costs nothing."""
    return "\n".join(["About the notebook:", *(line for one in said for line in wrapped(one))])
