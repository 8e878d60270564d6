"""How the text that a learner sees is laid out: at most 85 columns, labels in a column of their own."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

WIDTH = 85  # nbgrader's Validate cuts lines at 87
_LABEL = 15


def row(label: str, text: str) -> list[str]:
    """`  you returned  [1, 0]`, its further lines aligned under the first."""
    if not text:
        return []
    return textwrap.wrap(
        text[:500],
        WIDTH,
        initial_indent=f"  {label:<{_LABEL - 2}} ",
        subsequent_indent=" " * (_LABEL + 1),
        max_lines=4,
        placeholder=" …",
    )


def filled(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH))


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def amount(points: float) -> str:
    """Points as they are shown: `2`, `1.5`, `0.67`."""
    return f"{round(points, 2):g}"


def listed(names: Iterable[Any]) -> str:
    """`a, b and c`."""
    words = [str(name) for name in names]
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]
