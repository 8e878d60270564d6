"""Describe what `autograder collect` did: what was placed, what was not, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.instructor.collect.place import Collected

_SOURCES = 2000  # characters: a remark may be on several files


def collected_text(collected: Collected, submitted: Path) -> str:
    """Return a line for each file that a person should look at, then the number of notebooks placed per assignment."""
    return "\n".join(_lines(collected, submitted))


def _lines(collected: Collected, submitted: Path) -> Iterator[str]:
    for remark in collected.left:
        yield f"not placed: {clean(remark.source, _SOURCES)}: {remark.reason}"
    for remark in collected.notes:
        yield f"note: {clean(remark.source, _SOURCES)}: {remark.reason}"
    for placed in collected.placed:
        if placed.replaced:
            yield f"replaced: {clean(placed.student)}, {placed.stem}, by {clean(placed.source)}"
    for stem, count in sorted(Counter(placed.stem for placed in collected.placed).items()):
        yield f"{stem}: {plural(count, 'notebook')} placed in {submitted}"
    if collected.unchanged:
        yield f"{plural(len(collected.unchanged), 'notebook')} there already"
    if not (collected.placed or collected.unchanged):
        yield "No notebook was placed."
