"""What `autograder collect` prints: what was placed, what was not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.instructor.collect.place import Collected


def collected_text(done: Collected, submitted: Path) -> str:
    """A line for each file that wants a human's eye, then how many notebooks of each assignment were placed."""
    return "\n".join(_lines(done, submitted))


def _lines(done: Collected, submitted: Path) -> Iterator[str]:
    for remark in done.left:
        yield f"not placed: {clean(remark.source)}: {remark.reason}"
    for remark in done.notes:
        yield f"note: {clean(remark.source)}: {remark.reason}"
    for one in done.placed:
        if one.replaced:
            yield f"replaced: {clean(one.student)}, {one.stem}, by {clean(one.source)}"
    for stem, count in sorted(Counter(one.stem for one in done.placed).items()):
        yield f"{stem}: {plural(count, 'notebook')} placed in {submitted}"
    if done.unchanged:
        yield f"{plural(len(done.unchanged), 'notebook')} there already"
    if not (done.placed or done.unchanged):
        yield "No notebook was placed."
