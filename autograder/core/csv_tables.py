"""Tables as spreadsheets and gradebooks know them: CSV in UTF-8, whose first line names the columns."""

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
    """A text of a student's as a table may hold it."""
    return disarmed(clean(text))


def disarmed(text: str) -> str:
    """A text that a spreadsheet would take for a formula, and run, behind the sign that keeps it from that."""
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a cell. Source: OWASP, "CSV Injection", with its wide signs for East Asia."""
    return text.lstrip().startswith(_FORMULA)


def exact(points: float) -> str:
    """Points to their last digit, as other programs read them: `2`, `17.4`, `0.333333`; never an exponent."""
    return format(Decimal(repr(float(points))), "f").removesuffix(".0")


def csv_bytes(rows: Iterable[Sequence[str]], delimiter: str = ",") -> bytes:
    """The file that holds these rows. What may be a student's has been through `cell`."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def read_rows(path: Path, first_line: str) -> list[dict[str, str]]:
    """The rows of a table that a person keeps, by column, without blanks at both ends.

    first_line: the columns as a message names them; the first of them is demanded

    Raises UserError where the file cannot be read or the column is missing.
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
