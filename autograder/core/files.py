"""Write files so that an interrupted run leaves none of them half written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from autograder.core.errors import UserError

_WRITING = ".writing-"


def write_atomically(path: Path, data: bytes) -> None:
    """Write all of a file or nothing, even if the power fails: temporary file, fsync, rename.

    Raises UserError if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{_WRITING}{os.getpid()}-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}).") from None


def sweep(folders: Iterable[Path]) -> None:
    """Remove temporary files of killed runs. A file that another run is writing now is kept."""
    for folder in folders:
        for path in folder.glob(f"{_WRITING}*"):
            owner = path.name.removeprefix(_WRITING).partition("-")[0]
            if not (owner.isdecimal() and _is_running(int(owner))):
                with contextlib.suppress(OSError):
                    path.unlink()


def _is_running(pid: int) -> bool:
    if os.name == "nt":  # there, os.kill with signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
