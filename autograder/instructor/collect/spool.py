"""Keep what was unpacked until it is placed: on disk, because a class may hand in more than fits into memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Spool:
    """A file for the content of many notebooks."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def keep(self, data: bytes) -> Callable[[], bytes]:
        """Keep some bytes; what is returned reads them again."""
        start = self._file.seek(0, os.SEEK_END)
        self._file.write(data)

        def read() -> bytes:
            self._file.seek(start)
            return self._file.read(len(data))

        return read


@contextmanager
def spool_near(folder: Path) -> Iterator[Spool]:
    """Open a spool on the disk of a folder, which may be missing: the notebooks need that space there anyway.

    Its file has no name, and ends with the context.
    """
    places = (place for place in (folder, *folder.resolve().parents) if place.is_dir() and os.access(place, os.W_OK))
    with tempfile.TemporaryFile(dir=next(places, None)) as file:
        yield Spool(file)
