"""Tables as CSV, which a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from autograder.cleaning import clean


def csv_bytes(rows: Iterable[Sequence[str | float | None]]) -> bytes:
    """The rows as UTF-8; numbers with six significant digits, None as an empty cell, text made harmless."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return in_a_cell(value) if isinstance(value, str) else f"{value:g}"


def in_a_cell(text: str) -> str:
    """A spreadsheet takes what begins with one of these for a formula, and runs it."""
    shown = clean(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
