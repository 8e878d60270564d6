"""Write files so that an interrupted run leaves none of them half written."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from autograder.core.errors import UserError

_WRITING = ".writing-"
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def write_atomically(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write all of a file or nothing, even if the power fails: temporary file, fsync, rename.

    secret: whether only its owner may read it. Otherwise the umask decides, as for any new file.

    Raise UserError if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{_WRITING}{os.getpid()}-{secrets.token_hex(8)}"
        descriptor = os.open(temporary, _NEW_FILE, 0o600 if secret else 0o666)  # the system takes the umask's bits away
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}).") from None


def permitted(mode: int) -> int:
    """Return a file's mode without what the umask takes away."""
    umask = os.umask(0o077)  # it can only be read by setting it
    os.umask(umask)
    return mode & ~umask


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
