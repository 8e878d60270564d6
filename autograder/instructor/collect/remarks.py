"""Remarks on files of a download: each is made once for each reason and student, however many files it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from autograder.core.text import listed

LISTED = 5  # files that a remark names
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Remark:
    """A file of a source, and what became of it."""

    source: str
    reason: str
    about: Hashable = None  # the student or the folder: remarks on the same one with the same reason become one


def partition(things: Iterable[Thing | Remark]) -> tuple[list[Thing], list[Remark]]:
    """Split a stream into the things that are processed further and the remarks on those that are not."""
    accepted: list[Thing] = []
    remarks: list[Remark] = []
    for thing in things:
        if isinstance(thing, Remark):
            remarks.append(thing)
        else:
            accepted.append(thing)
    return accepted, remarks


def bundled(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Return the remarks, those with the same reason about the same student as one that names some of the files."""
    bundles: dict[tuple[str, Hashable], list[str]] = defaultdict(list)
    for remark in remarks:
        about = remark.source if remark.about is None else remark.about
        bundles[remark.reason, about].append(remark.source)
    return tuple(Remark(some_of(sources), reason, about) for (reason, about), sources in bundles.items())


def some_of(names: Sequence[str]) -> str:
    """Return `a, b and c`, or `a, b, c, d, e and 37 more`."""
    if len(names) <= LISTED:
        return listed(names)
    return f"{', '.join(names[:LISTED])} and {len(names) - LISTED} more"
