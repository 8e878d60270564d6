"""What an export made, before and after it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.files import write_atomically

WHOLE = Path()  # the one file of a form that has one: OUT itself


@dataclass(frozen=True)
class Exported:
    """Files by their path below OUT, and what a person should know of them."""

    files: Mapping[Path, bytes]
    left: tuple[str, ...] = ()  # scores that are in none of the files, and why
    notes: tuple[str, ...] = ()
    outdated: tuple[Path, ...] = field(default=())  # files of an earlier export that hold no longer


def write(exported: Exported, out: Path) -> None:
    """Each file at once or not at all; UserError where one cannot be written."""
    for path in exported.outdated:
        try:
            (out / path).unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{out / path} no longer holds and cannot be removed ({error.strerror}).") from None
    for path, data in exported.files.items():
        write_atomically(out / path, data)
