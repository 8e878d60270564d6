"""Keep what was unpacked until it is placed: on disk, because a class may hand in more than fits into memory."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from autograder.core.errors import UserError


class Spool:
    """A file for the content of many notebooks."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def keep(self, data: bytes) -> Callable[[], bytes]:
        """Keep some bytes; what is returned reads them again. Raise UserError if the disk is full."""
        try:
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(data)
        except OSError as error:
            raise UserError(
                f"There is no room to unpack the download ({error.strerror}): free some disk space."
            ) from None

        def read() -> bytes:
            self._file.seek(start)
            return self._file.read(len(data))

        return read


@contextmanager
def spool_near(folder: Path) -> Iterator[Spool]:
    """Open a spool on the disk of a folder, which may be missing: the notebooks need that space there anyway.

    Its file has no name, and ends with the context. Raise UserError if no folder can be written to.
    """
    places = (place for place in (folder, *folder.resolve().parents) if place.is_dir() and os.access(place, os.W_OK))
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile(dir=next(places, None)))
        except OSError as error:
            raise UserError(
                f"Nothing can be unpacked near {folder} ({error.strerror}): check its permissions."
            ) from None
        yield Spool(file)
