"""Read `roster.csv`: who is in the class, and by which names."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

from autograder.core.csv_tables import read_rows


def read_roster(path: Path) -> list[str]:
    """The class, each student once: the column `student` of a CSV file; UserError where it has none."""
    return list(dict.fromkeys(row["student"] for row in roster_rows(path)))


def roster_rows(path: Path) -> list[dict[str, str]]:
    """The roster's rows that name a student, by column; UserError where it has no such column."""
    return [row for row in read_rows(path, "student,name,email") if row.get("student")]


def normalized_name(name: str) -> str:
    """A name as Canvas writes it, letters and digits alone, so that case, commas and blanks do not count."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c).startswith("M"))


def names_on(path: Path) -> dict[str, set[str]]:
    """Who goes by a name: `Ada Lovelace`, `Lovelace, Ada` or Canvas' `lovelaceada`; nobody without a roster."""
    if not os.path.lexists(path):
        return {}
    who: dict[str, set[str]] = defaultdict(set)
    for row in roster_rows(path):
        for key in {normalized_name(row["student"]), *name_orders(row.get("name", ""))} - {""}:
            who[key].add(row["student"])
    return who


def name_orders(name: str) -> set[str]:
    """The squeezed forms of a name whose parts may stand in another order: `lovelaceada`, `adalovelace`."""
    words = re.split(r"[\s,]+", name)
    return {normalized_name(" ".join(words[at:] + words[:at])) for at in range(len(words))} - {""}
