"""Read and write tables for spreadsheets and gradebooks: CSV in UTF-8, whose first line names the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.sanitize import clean

DELIMITERS = (",", ";", "\t")  # that are read; spreadsheets of some languages write semicolons
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def cell(text: object) -> str:
    """Return a student's text as a table may hold it."""
    return disarmed(clean(text))


def disarmed(text: str) -> str:
    """Return a text; one that a spreadsheet would run as a formula gets an apostrophe in front, which prevents that."""
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would run a cell.

    Source: OWASP, "CSV Injection", with its full-width characters for East Asia.
    """
    return text.lstrip().startswith(_FORMULA)


def exact(points: float) -> str:
    """Return points to their last digit, as other programs read them: `2`, `17.4`, `0.333333`; never an exponent."""
    return format(Decimal(repr(float(points))), "f").removesuffix(".0")


def csv_bytes(rows: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """Return the bytes of a file with these rows. Texts that may be a student's have been through `cell`."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def read_rows(path: Path, first_line: str, required: Sequence[str] = ()) -> list[dict[str, str]]:
    """Return the rows of a table that a person keeps: each maps a column's name to a cell without blanks at its ends.

    The names are in lower case and without blanks, so that `Due Date` is `duedate`. Columns that nobody asks for stay.
    A row that is too short lacks its last columns.

    first_line: the columns as a message names them
    required: those of them that must be there; by default the first

    Raise UserError if the file cannot be read or a required column is missing.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # a spreadsheet's mark at the beginning is no part of the name
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
        table.fieldnames = [column_name(written) for written in table.fieldnames or ()]
        for name in required or first_line.split(",")[:1]:
            if name not in table.fieldnames:
                raise UserError(f"{path} has no column named {name}. Its first line must be: {first_line}")
        return [{name: value.strip() for name, value in row.items() if isinstance(value, str)} for row in table]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None
    except (ValueError, csv.Error):
        raise UserError(f"{path} is not UTF-8 text with commas. Save it as CSV in UTF-8.") from None


def delimiter_of(text: str) -> str:
    """Return what separates the columns of a table: the most frequent of comma, semicolon and tab in its first line."""
    first_line = text.partition("\n")[0]
    return max(DELIMITERS, key=first_line.count)  # the comma if none is there


def column_name(written: str) -> str:
    """Return a column's name as it is looked up: in lower case, without blanks."""
    return "".join(written.split()).casefold()
