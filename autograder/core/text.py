"""Text for people: first words made of numbers and lists, then lines of at most 85 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypedDict

WIDTH = 85  # nbgrader's Validate cuts lines at 87
_LINE_END = re.compile("\r\n|\r|\n")
_LABEL = 15  # columns that a row's label takes

# ---- words


def plural(count: int, noun: str) -> str:
    """Return `1 test` or `3 tests`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def amount(points: float) -> str:
    """Return points as people see them: `2`, `1.5`, `0.67`."""
    return f"{round(points, 2):g}"


def listed(names: Iterable[object]) -> str:
    """Return `a, b and c`."""
    words = [str(name) for name in names]
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean gate? ` for a misspelt name; empty if no known name is like it."""
    near = get_close_matches(word, list(known), n=1)
    return f"Did you mean {near[0]}? " if near and near[0] != word else ""


# ---- lines


def lines_of(text: str) -> list[str]:
    """Return the lines of some code as Python counts them: the form feeds and separators of `splitlines` end none."""
    return _LINE_END.split(text)


def line_count(text: str) -> int:
    """Return how many lines some code has. It is quick, because a hostile process may name thousands of lines."""
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


# ---- layout


def row(label: str, text: str) -> list[str]:
    """Return `  you returned  [1, 0]` as lines, further ones aligned under the text; none for an empty text."""
    if not text:
        return []
    return textwrap.wrap(text[:500], WIDTH, **_indents(label), max_lines=4, placeholder=" …")


def whole_row(label: str, text: str) -> list[str]:
    """Return a row as `row` does, but cut nothing off, and break lines at blanks only: code can still be pasted."""
    return textwrap.wrap(text, WIDTH, **_indents(label), break_long_words=False, break_on_hyphens=False)


class _Indents(TypedDict):
    initial_indent: str
    subsequent_indent: str


def _indents(label: str) -> _Indents:
    return {"initial_indent": f"  {label:<{_LABEL - 2}} ", "subsequent_indent": " " * (_LABEL + 1)}


def filled(text: str) -> str:
    """Return a paragraph."""
    return "\n".join(textwrap.wrap(text, WIDTH))


def wrapped(text: str, margin: int = 2) -> list[str]:
    """Return the lines of an indented paragraph; none for an empty text."""
    return textwrap.wrap(text.strip(), WIDTH, initial_indent=" " * margin, subsequent_indent=" " * margin)
