"""Open and write files in folders that other people can change: no link is followed, no pipe or device is waited for.

A check of a path proves nothing about the file that is read a moment later. So each folder below the trusted root is
opened from the one above it, and what is read is the file that was looked at. A hard link is a file like any other:
Linux lets people make one to a file of somebody else only if they may write to it (`fs.protected_hardlinks`), and
backups are full of them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from pathlib import Path

from autograder.core.files import write_atomically

# Flags that a platform lacks are left out.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | _NO_LINK | sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | _NO_LINK | getattr(os, "O_DIRECTORY", 0)
_OPENS_FROM_FOLDERS = os.open in os.supports_dir_fd  # not on Windows, where only students' commands run


class Obstacle(Enum):
    """Why a file cannot be opened."""

    MISSING = auto()
    LINK = auto()
    FOLDER = auto()  # where the file should be
    NO_FOLDER = auto()  # where a folder should be
    SPECIAL = auto()  # a pipe, a device or a socket
    REFUSED = auto()  # by the system
    CLOSED = auto()  # the folder that it is in may not be searched


class NotOpened(Exception):
    """A file was not opened. `part` is the number of the part of its path that is to blame, `reason` the system's."""

    def __init__(self, part: int, obstacle: Obstacle, reason: str = "") -> None:
        super().__init__(reason)
        self.part = part
        self.obstacle = obstacle
        self.reason = reason


@contextlib.contextmanager
def opened_below(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """Open the regular file `root/parts[0]/…`, and give its descriptor. Links are followed in `root` only.

    Raise NotOpened, whose part is -1 if `root` cannot be opened.
    """
    _require_names(parts)
    with contextlib.ExitStack() as descriptors:
        if _OPENS_FROM_FOLDERS:
            file = _open(parts[-1], _FILE, _folder(descriptors, root, parts[:-1]), len(parts) - 1)
        else:
            path = root.joinpath(*parts)
            if path.is_symlink():
                raise NotOpened(len(parts) - 1, Obstacle.LINK)
            file = _open(path, _FILE, None, len(parts) - 1)
        descriptors.callback(os.close, file)
        mode = os.fstat(file).st_mode
        if not stat.S_ISREG(mode):
            raise NotOpened(len(parts) - 1, _obstacle(mode, _FILE))
        yield file


def write_below(root: Path, parts: Sequence[str], data: bytes) -> None:
    """Write all of the file `root/parts[0]/…` or nothing, and make the folders that are missing.

    A link in the place of the file is replaced; one in the place of a folder is an obstacle. Raise NotOpened, or
    OSError if the system refuses to write.
    """
    _require_names(parts)
    if not _OPENS_FROM_FOLDERS:
        write_atomically(root.joinpath(*parts), data)
        return
    root.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as descriptors:
        folder = _folder(descriptors, root, parts[:-1], make=True)
        temporary = f".writing-{os.getpid()}-{secrets.token_hex(8)}"  # `files.sweep` knows such names
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise


def _require_names(parts: Sequence[str]) -> None:
    for part, name in enumerate(parts):
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise NotOpened(part, Obstacle.MISSING, os.strerror(errno.ENOENT))


def _folder(descriptors: contextlib.ExitStack, root: Path, parts: Sequence[str], *, make: bool = False) -> int:
    """Open the folder `root/parts[0]/…` through those that are above it; `make` creates what is missing."""
    folder = _open(root, _FOLDER & ~_NO_LINK, None, -1)
    descriptors.callback(os.close, folder)
    for part, name in enumerate(parts):
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
        folder = _open(name, _FOLDER, folder, part)
        descriptors.callback(os.close, folder)
    return folder


def _open(path: str | Path, flags: int, folder: int | None, part: int) -> int:
    """Open a file or folder in an open folder. If that fails, look at what is there, to say what it is."""
    try:
        return os.open(path, flags, dir_fd=folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    try:
        mode = os.stat(path, dir_fd=folder, follow_symlinks=not flags & _NO_LINK).st_mode
    except FileNotFoundError:
        raise NotOpened(part, Obstacle.MISSING, reason) from None
    except OSError:
        raise NotOpened(part, Obstacle.CLOSED, reason) from None
    raise NotOpened(part, _obstacle(mode, flags), reason)


def _obstacle(mode: int, flags: int) -> Obstacle:
    """Return what is in the way, by the mode of a file that could not be opened with these flags."""
    if stat.S_ISLNK(mode):
        return Obstacle.LINK
    if flags == _FILE:
        if stat.S_ISREG(mode):
            return Obstacle.REFUSED
        return Obstacle.FOLDER if stat.S_ISDIR(mode) else Obstacle.SPECIAL
    return Obstacle.REFUSED if stat.S_ISDIR(mode) else Obstacle.NO_FOLDER


def size_of(descriptor: int) -> int:
    """Return the size in bytes of an open file."""
    return os.fstat(descriptor).st_size


def read_at_most(descriptor: int, limit: int) -> bytes:
    """Return the content of an open file, of a longer one the first `limit` bytes."""
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(limit)
