"""Describe the top-level lines of a student's cells that could not be run: which one, what it did, what is missing.

They run before any test, so what they say holds no input, and hidden tests may quote it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.core.model import Outcome, Source
from autograder.core.text import filled, listed, row, wrapped
from autograder.execution.interface import ExecutedSource, FailedStatement, Raised, SessionEnded
from autograder.execution.limits import LIMITS
from autograder.grading import messages


@dataclass(frozen=True, kw_only=True)
class FailedLine:
    """A top-level line of a student's cell that could not be run. No test had run, so its text holds no input."""

    cell: str
    line: int  # 0: it is not known which
    code: str  # that line, as the student wrote it; empty if there is no such line
    what: str  # "raised ModuleNotFoundError", "took longer than 2 s"
    text: str = ""  # of its exception

    @property
    def place(self) -> str:
        """Return where it is: `line 3 of cell 7`."""
        return f"line {self.line} of {self.cell}" if self.line else self.cell


def definition_failed(name: str, failed: FailedLine, reason: str = "") -> str:
    """Say that the function's definition failed when its cell was run."""
    sentence = filled(f"{name} is missing, because {failed.place} {failed.what}.")
    return "\n".join([sentence, *row("the line", failed.code), *row("it says", failed.text), *wrapped(reason)])


def name_missing(name: str, missing: str, failed: FailedLine, reason: str = "") -> str:
    """Say that a function needs a name, and that the line that defines it failed. missing: "" if it is not told"""
    needs = missing or "a name that is not defined"
    sentence = filled(f"{name} needs {needs}, but {failed.place} {failed.what}.")
    return "\n".join([sentence, *row("the line", failed.code), *row("it says", failed.text), *wrapped(reason)])


def line_left_out(failed: FailedLine, further: Sequence[int] = ()) -> str:
    """Say in a remark that a line of a cell could not be run. further: other lines of the cell that failed after it"""
    said = f" ({failed.text})" if failed.text else ""
    also = f"; {'line' if len(further) == 1 else 'lines'} {listed(map(str, further))} failed as well" if further else ""
    rest = "The rest of the cell was run." if failed.line else "It was left out."
    return f"{failed.place} {failed.what}{said}{also}. {rest}"


def failed_line(source: Source, statement: FailedStatement) -> FailedLine:
    """Return a statement that failed, in words."""
    match statement.because:
        case Raised() as reply:
            here = reply if reply.cell == statement.cell else None  # it may have failed in a function of another cell
            line = here.line if here and here.line else statement.line
            kind = next((kind for kind in reply.kinds if messages.is_builtin_exception(kind)), "an exception")
            what, text = f"raised {kind}", reply.text
        case SessionEnded(outcome=Outcome.TIMEOUT, reason=""):
            line, what, text = statement.line, f"took longer than {LIMITS.statement_seconds:g} s and was stopped", ""
        case SessionEnded(reason=reason):
            line, what, text = statement.line, f"was stopped: {reason}", ""
    return FailedLine(cell=statement.cell, line=line, code=source.line(statement.cell, line), what=what, text=text)


def remarks_on_failed_lines(executed: ExecutedSource) -> list[str]:
    """Return a remark for each cell with lines that could not be run."""
    by_cell: dict[str, list[FailedLine]] = {}
    for statement in executed.failed:
        by_cell.setdefault(statement.cell, []).append(failed_line(executed.source, statement))
    remarks = []
    for lines in by_cell.values():
        further = sorted({line.line for line in lines[1:]} - {lines[0].line, 0})
        remarks.append(line_left_out(lines[0], further[:10]))
    return remarks
