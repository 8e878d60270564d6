"""Read and write CSV tables as spreadsheets and gradebooks use them: UTF-8, with the columns' names in line 1."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.sanitize import clean

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def cell(text: object) -> str:
    """Return a student's text so that a table may hold it."""
    return disarmed(clean(text))


def disarmed(text: str) -> str:
    """Return a text with an apostrophe in front if a spreadsheet would run it as a formula."""
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would run a cell. Source: OWASP, "CSV Injection", with its full-width signs."""
    return text.lstrip().startswith(_FORMULA)


def exact(points: float) -> str:
    """Return points with all digits, for other programs: `2`, `17.4`, `0.333333`; never with an exponent."""
    return format(Decimal(repr(float(points))), "f").removesuffix(".0")


def csv_bytes(rows: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """Return the content of a file with these rows. A student's text must have been through `cell`."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def read_rows(path: Path, first_line: str) -> list[dict[str, str]]:
    """Return the rows of a table that a person maintains, by column; blanks at both ends of a cell are dropped.

    first_line: the columns as a message names them; only the first of them must be there

    Raises UserError if the file cannot be read or that column is missing.
    """
    needed = first_line.partition(",")[0]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if needed not in (rows.fieldnames or ()):
                raise UserError(f"{path} has no column named {needed}. Its first line must be: {first_line}")
            return [{name: value.strip() for name, value in row.items() if isinstance(value, str)} for row in rows]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None
    except (ValueError, csv.Error):
        raise UserError(f"{path} is not UTF-8 text with commas. Save it as CSV in UTF-8.") from None
