"""What `autograder results diff` prints: each difference on a line, and a line that counts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.core.sanitize import clean
from autograder.core.text import listed, plural
from autograder.instructor.results.diff import GRADES, Change, RecordChanges, ResultsDiff

_RECORDS = 20  # how many records, or names, are shown
_CHANGES = 10  # how many changes of a record are shown
_VALUE = 70  # characters of a value
_BEFORE = 15  # characters of a long value that are shown before the first that differs
_NO_VALUE = ('""', "null")


def diff_text(diff: ResultsDiff) -> str:
    """Return the differences of two folders, called A and B, and a summary. What is long is cut, with a count."""
    return "\n".join([*_lines(diff), _summary(diff)])


def _lines(diff: ResultsDiff) -> Iterator[str]:
    for record in diff.records[:_RECORDS]:
        yield from _record_lines(record)
    yield from _more(len(diff.records) - _RECORDS, "record", "that differ")
    for folder, names in (("A", diff.only_first), ("B", diff.only_second)):
        yield from (f"{clean(name)}: only in {folder}" for name in names[:_RECORDS])
        yield from _more(len(names) - _RECORDS, "record", f"only in {folder}")
    yield from (f"{GRADES}, {_change_line(change)}" for change in diff.grades[:_RECORDS])
    yield from _more(len(diff.grades) - _RECORDS, "difference", f"in {GRADES}")


def _record_lines(record: RecordChanges) -> Iterator[str]:
    count = plural(len(record.changes), "difference")
    yield f"{record.assignment}, {clean(record.student)}: {count}"
    yield from (f"  {_change_line(change)}" for change in record.changes[:_CHANGES])
    yield from (f"  {line}" for line in _more(len(record.changes) - _CHANGES, "difference"))


def _more(count: int, noun: str, ending: str = "") -> Iterator[str]:
    if count > 0:
        yield f"… and {count} more {plural(count, noun).partition(' ')[2]} {ending}".rstrip()


def _change_line(change: Change) -> str:
    place = clean(change.place, 200)
    if change.first is not None and change.second is not None:
        return f"{place}: {' → '.join(_excerpts(change.first, change.second))}"
    folder, value = ("B", change.second) if change.first is None else ("A", change.first)
    shown = f": {clean(value, _VALUE)}" if value not in _NO_VALUE else ""
    return f"{place}: only in {folder}{shown}"


def _excerpts(first: str, second: str) -> Sequence[str]:
    """Return both values from a little before the first character that differs."""
    short = max(len(first), len(second)) <= _VALUE
    start = 0 if short else max(0, _first_difference(first, second) - _BEFORE)
    return [f"{'…' if start else ''}{clean(value[start:], _VALUE)}" for value in (first, second)]


def _first_difference(first: str, second: str) -> int:
    """Return the index of the first character that differs."""
    characters = enumerate(zip(first, second, strict=False))
    return next((index for index, (a, b) in characters if a != b), min(len(first), len(second)))


def _summary(diff: ResultsDiff) -> str:
    if diff.equal:
        return f"Equal: {plural(diff.shared, 'record')}{f' and {GRADES}' if diff.has_grades else ''}."
    counts = [f"{len(diff.records)} of {plural(diff.shared, 'record')} in both folders"]
    counts += [
        f"{plural(len(names), 'record')} only in {folder}"
        for folder, names in (("A", diff.only_first), ("B", diff.only_second))
        if names
    ]
    counts += [f"{plural(len(diff.grades), 'place')} in {GRADES}"] if diff.grades else []
    return f"Different: {listed(counts)}."
