"""Read the code of a cell without running it: from its text to its top-level statements.

The code is hostile: it is parsed, but never imported or evaluated. `%magic` and `!shell` lines are recognised as
IPython's documentation describes them ("Built-in magic commands"); IPython itself takes too long to import.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container
from dataclasses import dataclass

from autograder.core.model import SourceStatement
from autograder.core.sanitize import clean
from autograder.notebooks.parser import Budget
from autograder.notebooks.statements import Statement

MAGIC_LINES = 200

_TRANSPARENT = {"%%time", "%%timeit", "%%capture", "%%prun"}
_ASSIGNED_MAGIC = re.compile(r"[^=!%]*[^=!%<>]=\s*[!%]")
_TIMED_ASSIGNMENT = re.compile(r"(?P<indent>[ \t]*)%time[ \t]+(?P<assignment>\w+(?:[ \t]*,[ \t]*\w+)*[ \t]*=[^=].*)")


class NotPython(Exception):
    """A cell's text is not valid Python. The message is one clean line."""


@dataclass(frozen=True)
class Code:
    """A cell's text, in which `pass` replaces magics so that line numbers stay, and its top-level statements."""

    text: str
    statements: tuple[Statement, ...]

    @property
    def nodes(self) -> list[ast.stmt]:
        """Return the syntax trees of its statements."""
        return [statement.node for statement in self.statements]


def read_code(text: str, budget: Budget) -> Code:
    """Return the statements of a cell as Jupyter would run it; none for a cell in another language (`%%bash`).

    Raise NotPython if it is not valid Python. The message names the kind of error and its line. Raise OverBudget if
    it is larger than what is read.
    """
    lines = text.split("\n")
    first = _line_with_text(lines, 0)
    while lines[first].startswith("%%"):
        if lines[first].split()[0] not in _TRANSPARENT:
            return Code("", ())
        lines[first] = ""
        first = _line_with_text(lines, first)  # not from the start: there may be thousands of these lines
    text, body = _parse_with_magics(_dedent(lines, lines[first]), budget)
    return Code(text, tuple(Statement(node) for node in body))


def source_statements(code: Code, chosen: Container[Statement] | None = None) -> tuple[SourceStatement, ...]:
    """Return the statements of a cell that are run: the chosen ones, or all."""
    return tuple(
        SourceStatement(index, statement.node.lineno, tuple(sorted(statement.defines)))
        for index, statement in enumerate(code.statements)
        if chosen is None or statement in chosen
    )


def _line_with_text(lines: list[str], start: int) -> int:
    """Return the number of the first line from `start` on that is not blank; 0 if there is none."""
    return next((number for number in range(start, len(lines)) if lines[number].strip()), 0)


def _dedent(lines: list[str], first: str) -> list[str]:
    """Remove the indentation of a cell that is indented as a whole, as IPython does."""
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return [line.removeprefix(indent) for line in lines]


def _parse_with_magics(lines: list[str], budget: Budget) -> tuple[str, list[ast.stmt]]:
    """Parse; at each magic line that Python cannot parse, put `pass` in its place and parse again."""
    for _ in range(MAGIC_LINES):
        text = "\n".join(lines)
        try:
            return text, budget.parse(text)
        except SyntaxError as error:
            number = (error.lineno or 0) - 1
            if not (0 <= number < len(lines) and _is_magic(lines[number])):
                raise NotPython(_described(error)) from None
            _blank(lines, number)
        except ValueError as error:
            raise NotPython(clean(f"ValueError: {error}", 200)) from None
    raise NotPython("it has too many lines that start with % or !")


def _is_magic(line: str) -> bool:
    stripped = line.strip()
    return stripped[:1] in {"%", "!", "?"} or stripped[-1:] == "?" or bool(_ASSIGNED_MAGIC.match(stripped))


def _blank(lines: list[str], number: int) -> None:
    """Replace a magic with `pass` of the same indentation, and `%time x = …` with its assignment.

    A backslash at the end of a magic continues it in the next line.
    """
    line = lines[number]
    timed = _TIMED_ASSIGNMENT.match(line)
    if timed is not None:
        lines[number] = timed["indent"] + timed["assignment"]
        return
    lines[number] = line[: len(line) - len(line.lstrip())] + "pass"
    while line.endswith("\\") and number + 1 < len(lines):
        number += 1
        line, lines[number] = lines[number], ""


def _described(error: SyntaxError) -> str:
    where = f" on line {error.lineno}" if error.lineno else ""
    return clean(f"{type(error).__name__}{where}: {error.msg}", 200)


def same_code(first: Code, second: Code) -> bool:
    """Return whether two cells have equal syntax trees. Comments, blanks and line breaks do not count."""
    pairs: list[tuple[object, object]] = [(first.nodes, second.nodes)]
    while pairs:
        left, right = pairs.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST):
            pairs.extend((getattr(left, name, None), getattr(right, name, None)) for name in left._fields)
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs.extend(zip(left, right, strict=True))
        elif left != right:
            return False
    return True
