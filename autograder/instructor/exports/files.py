"""The files of an export, and writing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.files import write_atomically

WHOLE = Path()  # the path of a form's only file: OUT itself


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Files by their path below OUT, and what a person should know of them."""

    files: Mapping[Path, bytes]
    left: tuple[str, ...] = ()  # scores that are in none of the files, and why
    notes: tuple[str, ...] = ()
    outdated: tuple[Path, ...] = ()  # files of an earlier export whose scores are no longer there


def write(exported: Exported, out: Path) -> None:
    """Write each file completely or not at all, and remove outdated ones. Raises UserError if one cannot be written."""
    for path in exported.outdated:
        try:
            (out / path).unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{out / path} no longer holds and cannot be removed ({error.strerror}).") from None
    for path, data in exported.files.items():
        write_atomically(out / path, data)
