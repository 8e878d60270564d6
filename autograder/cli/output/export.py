"""Describe what `autograder export` wrote: what is left out, notes, and the file's path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.core.text import plural
from autograder.instructor.exports.files import WHOLE, Exported


def exported_text(exported: Exported, out: Path) -> str:
    """Return a line for each score that could not be exported, then the notes, then what was written."""
    return "\n".join(_lines(exported, out))


def _lines(exported: Exported, out: Path) -> Iterator[str]:
    yield from (f"left out: {reason}" for reason in exported.left)
    yield from (f"note: {note}" for note in exported.notes)
    one_file = WHOLE in exported.files
    yield f"written: {out}" if one_file else f"written: {plural(len(exported.files), 'file')} below {out}"
