"""Find each student's row in a gradebook of Canvas."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.core.csv_tables import cell
from autograder.instructor.exports.canvas_gradebook import Row
from autograder.instructor.roster import RosterEntry, name_orders, normalized_name

_ON_ROSTER = ("sis_login_id", "sis_user_id", "canvas_id", "email")  # columns of the roster that may identify a row


@dataclass(frozen=True)
class Matches:
    """Which row belongs to which student."""

    rows: Mapping[str, int]  # a student -> the row's index
    problems: Mapping[str, str]  # a student -> why no row is theirs
    nobodys: tuple[Row, ...]  # rows without a student of the class


@dataclass(frozen=True)
class _Candidates:
    """The rows that fit a student, by identifier if there is any, else by name."""

    rows: Sequence[Row]
    by_identifier: bool


def match(students: Iterable[RosterEntry], rows: Sequence[Row]) -> Matches:
    """Find the row of each student: by ID, SIS User ID or SIS Login ID; if none of these fits, by name.

    A student whom several rows fit gets none of them, and so do several students who fit one row. A row that belongs
    to a student by identifier belongs to nobody else by name.
    """
    rows_by_name = _rows_by_name(rows)
    candidates = {student.student: _candidates(student, rows, rows_by_name) for student in students}
    claims = _claims(candidates.values())
    sure_claims = _claims(fitting for fitting in candidates.values() if fitting.by_identifier)
    problems, matched = {}, {}
    for student, fitting in candidates.items():
        problem = _problem(fitting.rows, sure_claims if fitting.by_identifier else claims)
        if problem is None:
            matched[student] = fitting.rows[0].index
        else:
            problems[student] = problem
    taken = set(matched.values())
    return Matches(matched, problems, tuple(row for row in rows if row.index not in taken))


def _problem(rows: Sequence[Row], claims: Mapping[int, int]) -> str | None:
    """Return why none of the rows that fit a student is theirs; None if the only one is."""
    if not rows:
        return "is in no row of the gradebook, by ID, SIS ID, login or name"
    if len(rows) > 1:
        return f"fits {len(rows)} rows of the gradebook: give roster.csv a column sis_login_id"
    if claims[rows[0].index] > 1:
        return f"fits the row of {cell(rows[0].name)}, and so does another: give both a sis_login_id"
    return None


def _claims(candidates: Iterable[_Candidates]) -> Counter[int]:
    """Count, for each row, the students for whom it is the only one that fits."""
    return Counter(fitting.rows[0].index for fitting in candidates if len(fitting.rows) == 1)


def _candidates(student: RosterEntry, rows: Sequence[Row], rows_by_name: Mapping[str, list[Row]]) -> _Candidates:
    identified = [row for row in rows if _is_identified(student, row)]
    return _Candidates(identified or _named(student, rows_by_name), by_identifier=bool(identified))


def _is_identified(student: RosterEntry, row: Row) -> bool:
    """Return whether an identifier of the roster, or the folder's name, is one of the row's.

    The folder's name may be `<name>_<ID>`, as `collect` writes it.
    """
    identifiers = {student.student, *(student.columns.get(column, "") for column in _ON_ROSTER)}
    name, _, number = student.student.rpartition("_")
    was_collected = bool(row.id) and number == row.id and normalized_name(name) in name_orders(row.name)
    return was_collected or not row.identifiers.isdisjoint(identifier.casefold() for identifier in identifiers)


def _rows_by_name(rows: Iterable[Row]) -> dict[str, list[Row]]:
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for name in name_orders(row.name):
            by_name[name].append(row)
    return by_name


def _named(student: RosterEntry, rows_by_name: Mapping[str, list[Row]]) -> list[Row]:
    """Return the rows with a student's name, whichever part of it comes first."""
    names = name_orders(student.name) | name_orders(student.student)
    return list({row.index: row for name in names for row in rows_by_name.get(name, [])}.values())
