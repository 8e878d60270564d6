"""What `autograder export` prints: what is left out, what to know, and where the file is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.core.text import plural
from autograder.instructor.exports.files import WHOLE, Exported


def exported_text(exported: Exported, out: Path) -> str:
    """A line for each score that could not be exported, then the notes, then what was written."""
    return "\n".join(_lines(exported, out))


def _lines(exported: Exported, out: Path) -> Iterator[str]:
    yield from (f"left out: {one}" for one in exported.left)
    yield from (f"note: {one}" for one in exported.notes)
    yield (
        f"written: {out}" if WHOLE in exported.files else f"written: {plural(len(exported.files), 'file')} below {out}"
    )
