"""Compare two folders of results by what must be equal, whoever graded the class, where, and how fast.

Two results are equal if all of them is equal but the fields of `core.model.VARYING`. The files are compared as JSON,
not as reports, so that a field which this kit does not know counts as well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.core.csv_tables import read_rows
from autograder.core.errors import UserError
from autograder.core.model import VARYING
from autograder.core.text import plural
from autograder.instructor.results import record

GRADES = "grades.csv"
_RECORDS = "*_*/*.json"  # below a folder of results: an assignment's folder, a student's file
_NAMED = {"exercises": ("exercise ", "name"), "tests": ("", "id"), "code": ("code of ", "label")}
_PROBLEMS = 10  # how many unreadable files are named
_ABSENT = object()
_Key = tuple[str, str]  # the names of a record's folder and of its file
_Records = dict[_Key, dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """A value that differs between the two folders.

    first, second: the value as JSON; None if that folder does not have it
    """

    place: str
    first: str | None
    second: str | None


@dataclass(frozen=True, kw_only=True)
class RecordChanges:
    """One student's result for one assignment, and where its two files differ."""

    assignment: str
    student: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class ResultsDiff:
    """How two folders of results differ."""

    shared: int  # records that are in both folders
    records: tuple[RecordChanges, ...]  # those of them that differ
    only_first: tuple[str, ...]  # "<assignment>, <student>" of the records that only the first folder has
    only_second: tuple[str, ...]
    grades: tuple[Change, ...]  # rows, columns and cells of grades.csv
    has_grades: bool  # whether there is a grades.csv in both

    @property
    def equal(self) -> bool:
        """Whether nothing that must be equal differs."""
        return not (self.records or self.only_first or self.only_second or self.grades)


def diff_results(first: Path, second: Path) -> ResultsDiff:
    """Compare two folders as `autograder grade` writes them.

    Raises UserError if a folder is missing or has no results, and if a file in it cannot be read: it is named.
    """
    records_a, records_b = _read_records(first), _read_records(second)
    shared = [key for key in records_a if key in records_b]
    changes = {key: tuple(_changes((), records_a[key], records_b[key])) for key in shared}
    return ResultsDiff(
        shared=len(shared),
        records=tuple(
            RecordChanges(assignment=key[0], student=_student(key, records_a), changes=changes[key])
            for key in shared
            if changes[key]
        ),
        only_first=tuple(f"{key[0]}, {_student(key, records_a)}" for key in records_a if key not in records_b),
        only_second=tuple(f"{key[0]}, {_student(key, records_b)}" for key in records_b if key not in records_a),
        grades=tuple(_grades_changes(first / GRADES, second / GRADES)),
        has_grades=(first / GRADES).is_file() and (second / GRADES).is_file(),
    )


def _student(key: _Key, records: _Records) -> str:
    """Return the student's name as the record has it: a long name is not the name of the file."""
    return str(records[key].get("student", key[1]))


# ---- reading


def _read_records(results: Path) -> _Records:
    """Return each record without what may vary."""
    if not results.is_dir():
        raise UserError(f"There is no folder {results}. Name two folders of results, as autograder grade writes them.")
    records: _Records = {}
    problems = []
    for path in sorted(results.glob(_RECORDS)):
        try:
            records[path.parent.name, path.stem] = _read_record(path)
        except UserError as error:
            problems.append(str(error))
    if len(problems) > _PROBLEMS:
        problems[_PROBLEMS:] = [f"… and {plural(len(problems) - _PROBLEMS, 'more file')}"]
    if problems:
        raise UserError("\n".join(problems))
    if not records and not (results / GRADES).is_file():
        raise UserError(f"There are no results in {results}: neither <assignment>/<student>.json nor {GRADES}.")
    return records


def _read_record(path: Path) -> dict[str, Any]:
    """Return a record's JSON without what may vary. Raises UserError if it is not a record that this kit reads."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        schema = data["schema"]
        if schema != record.SCHEMA:
            raise UserError(f"{path} has schema {schema!r}; this kit reads schema {record.SCHEMA}. Grade again.")
        record.from_json(data)
        comparable: dict[str, Any] = _without_varying(data)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{path} is damaged: it is not a result. Grade again.") from None
    return comparable


def _without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_varying(inner) for name, inner in value.items() if name not in VARYING}
    return [_without_varying(inner) for inner in value] if isinstance(value, list) else value


# ---- comparing JSON


def _changes(place: tuple[str, ...], first: Any, second: Any) -> Iterator[Change]:
    """Yield what differs between two values that stand at the same place."""
    if isinstance(first, dict) and isinstance(second, dict):
        for name in dict.fromkeys([*first, *second]):
            value_a, value_b = first.get(name, _ABSENT), second.get(name, _ABSENT)
            if isinstance(value_a, list) and isinstance(value_b, list):
                yield from _list_changes(place, name, value_a, value_b)
            else:
                yield from _changes((*place, name), value_a, value_b)
    elif not _same(first, second):
        yield _change(place, first, second)


def _list_changes(place: tuple[str, ...], name: str, first: Sequence[Any], second: Sequence[Any]) -> Iterator[Change]:
    """Yield what differs between two lists: entry by entry if the entries have names, else what only one list has."""
    prefix, key = _NAMED.get(name, ("", ""))
    named_a, named_b = _by_name(first, key), _by_name(second, key)
    if named_a is None or named_b is None:
        yield from _unnamed_changes((*place, name), first, second)
        return
    for entry in dict.fromkeys([*named_a, *named_b]):
        yield from _changes((*place, f"{prefix}{entry}"), named_a.get(entry, _ABSENT), named_b.get(entry, _ABSENT))
    order_a, order_b = [e for e in named_a if e in named_b], [e for e in named_b if e in named_a]
    yield from _order_change((*place, name), order_a, order_b)


def _unnamed_changes(place: tuple[str, ...], first: Sequence[Any], second: Sequence[Any]) -> Iterator[Change]:
    counts_a, counts_b = Counter(map(_text, first)), Counter(map(_text, second))
    yield from (Change(", ".join(place), text, None) for text in (counts_a - counts_b).elements())
    yield from (Change(", ".join(place), None, text) for text in (counts_b - counts_a).elements())
    if counts_a == counts_b:
        yield from _order_change(place, first, second)


def _order_change(place: tuple[str, ...], first: Sequence[Any], second: Sequence[Any]) -> Iterator[Change]:
    if _text(first) != _text(second):
        yield _change((*place, "order"), first, second)


def _by_name(entries: Sequence[Any], key: str) -> dict[str, Any] | None:
    """Return the entries of a list by their names; None if an entry has no name, or two have the same."""
    named = {entry[key]: entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get(key), str)}
    return named if len(named) == len(entries) else None


def _same(first: Any, second: Any) -> bool:
    """Return whether two values are equal: 2 and 2.0 are, 1 and true are not, and NaN is equal to itself."""
    if first is _ABSENT or second is _ABSENT:
        return first is second
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (first, second))
    return (numbers and first == second) or _text(first) == _text(second)


def _change(place: Sequence[str], first: Any, second: Any) -> Change:
    return Change(", ".join(place), *(None if value is _ABSENT else _text(value) for value in (first, second)))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


# ---- comparing grades.csv


def _grades_changes(first: Path, second: Path) -> Iterator[Change]:
    """Yield rows and columns that only one table has, and cells that differ. Their order means nothing."""
    if first.is_file() != second.is_file():
        yield _change((GRADES,), *("" if path.is_file() else _ABSENT for path in (first, second)))
        return
    if not first.is_file():
        return
    rows_a, rows_b = _read_grades(first), _read_grades(second)
    columns_a, columns_b = _columns(rows_a), _columns(rows_b)
    yield from _unshared("column", columns_a, columns_b)
    yield from _unshared("row", rows_a, rows_b)
    for student in (student for student in rows_a if student in rows_b):
        for column in (column for column in columns_a if column in columns_b):
            cell_a, cell_b = rows_a[student].get(column, ""), rows_b[student].get(column, "")
            if cell_a != cell_b:
                yield _change((student, column), cell_a, cell_b)


def _read_grades(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows by student; a second row of the same name is numbered."""
    seen: Counter[str] = Counter()
    rows = {}
    for row in read_rows(path, "student,<assignment>"):
        student = row.get("student", "")
        seen[student] += 1
        rows[student if seen[student] == 1 else f"{student} ({seen[student]})"] = row
    return rows


def _columns(rows: Mapping[str, Mapping[str, str]]) -> dict[str, None]:
    return dict.fromkeys(column for row in rows.values() for column in row)


def _unshared(kind: str, first: Mapping[str, object], second: Mapping[str, object]) -> Iterator[Change]:
    yield from (_change((kind, name), "", _ABSENT) for name in first if name not in second)
    yield from (_change((kind, name), _ABSENT, "") for name in second if name not in first)
