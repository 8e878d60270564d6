"""Read a download of Moodle or Canvas, folders, zips and zips in zips, and find the sender of each notebook.

All of it may be hostile: nothing is unpacked to a path that an archive names, no link is followed, and no more of an
entry is read than a notebook may have.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from autograder.core.errors import Ungradable
from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.instructor.collect.senders import Remark, Sender, sender_of
from autograder.notebooks.ipynb import FILE_BYTES, read_bytes

ENTRIES = 20_000  # of a zip
OWN_ENTRIES = 2_000  # of a zip that a student made
OWN_BYTES = 4 * FILE_BYTES  # of the notebooks in it

_IGNORED = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store"}
_ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, OverflowError)
_A_LINK = "is a link, which may lead anywhere: put the file itself there"
Thing = TypeVar("Thing")


def partition(things: Iterable[Thing | Remark]) -> tuple[list[Thing], list[Remark]]:
    """Split a stream into the things that are processed further and the remarks on those that are not."""
    accepted: list[Thing] = []
    remarks: list[Remark] = []
    for thing in things:
        if isinstance(thing, Remark):
            remarks.append(thing)
        else:
            accepted.append(thing)
    return accepted, remarks


# ---- the files of a source


@dataclass(frozen=True)
class Entry:
    """A file of a source. `read` returns its bytes or raises Ungradable; they are not kept: there may be many files."""

    source: str  # its name in messages
    parts: tuple[str, ...]  # its path, from the source's own name on
    read: Callable[[], bytes]


def entries(source: Path, opened: ExitStack) -> Iterator[Entry | Remark]:
    """Yield all files of a source. A folder or zip that the user named may be a link; the files in it may not."""
    name = source.name or source.resolve().name
    if source.is_dir():
        yield from _in_folder(source, (name,))
    elif source.suffix.lower() == ".zip" and source.is_file():
        try:
            archive = opened.enter_context(_archive(source))
            yield from _in_zip(archive, lambda: archive, (name,), ENTRIES)
        except Ungradable as error:
            yield Remark(clean(name), str(error))
    else:
        yield Entry(clean(name), (name,), partial(read_bytes, source))


def _in_folder(folder: Path, parts: tuple[str, ...]) -> Iterator[Entry | Remark]:
    try:
        with os.scandir(folder) as children:
            sorted_children = sorted(children, key=lambda child: child.name)
    except OSError as error:
        yield Remark(_label(parts), f"cannot be read ({error.strerror}): check its permissions")
        return
    for child in sorted_children:
        path = (*parts, child.name)
        if child.name in _IGNORED:
            continue
        if child.is_symlink():
            yield Remark(_label(path), _A_LINK)
        elif child.is_dir(follow_symlinks=False):
            yield from _in_folder(Path(child.path), path)
        else:
            yield Entry(_label(path), path, partial(read_bytes, Path(child.path)))


def _label(parts: Iterable[str]) -> str:
    return clean("/".join(parts))


def _archive(file: Path | io.BytesIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except _BROKEN:
        raise Ungradable("is no zip that can be read: download it again") from None


def _in_zip(
    archive: zipfile.ZipFile, reopened: Callable[[], zipfile.ZipFile], outer: tuple[str, ...], limit: int
) -> Iterator[Entry | Remark]:
    if len(archive.infolist()) > limit:
        raise Ungradable(f"holds more than {limit} files: unpack what is needed")
    for index, info in enumerate(archive.infolist()):
        name = _name_in_zip(info)
        path = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        if name.endswith(("/", "\\")) or _IGNORED.intersection(path):
            continue
        parts = (*outer, *path)
        problem = _why_not_taken(info, name, path)
        read = partial(_unzip, reopened, index)
        yield Remark(_label(parts), problem) if problem else Entry(_label(parts), parts, read)


def _name_in_zip(info: zipfile.ZipInfo) -> str:
    """Return the name as it was meant: some programs write UTF-8 without the flag that says so."""
    name = info.orig_filename  # `filename` ends at a NUL
    if not info.flag_bits & 0x800:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name


def _why_not_taken(info: zipfile.ZipInfo, name: str, path: tuple[str, ...]) -> str | None:
    if "\0" in name or not path:
        return "has a name that no program writes"
    if ".." in path or re.match(r"[/\\]|[A-Za-z]:[/\\]", name):
        return "has a path that leads out of the zip"
    return _A_LINK if stat.S_ISLNK(info.external_attr >> 16) else None


def _unzip(opened: Callable[[], zipfile.ZipFile], index: int) -> bytes:
    """Return an entry's bytes. Other methods than these two unpack a whole block at once, however large it becomes."""
    archive = opened()
    info = archive.infolist()[index]
    if info.flag_bits & 0x1:
        raise Ungradable("is encrypted: ask for it without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Ungradable("is packed by a method that is not read here: unpack it and zip it again")
    if info.file_size > FILE_BYTES:  # no more than this comes out, whatever is in it
        raise Ungradable(f"is larger than {FILE_BYTES >> 20} MiB: ask for it without its outputs")
    try:
        with archive.open(info) as file:
            return file.read(FILE_BYTES + 1)
    except _BROKEN:
        raise Ungradable("is damaged: download the zip again") from None


# ---- whose file it is


@dataclass(frozen=True)
class Handed:
    """A notebook and its sender; `file` is the name that the student gave to it."""

    entry: Entry
    sender: Sender
    file: str


def handed(entry: Entry) -> Iterator[Handed | Remark]:
    """Yield a notebook with its sender; if a student handed in a zip, the notebooks in it."""
    sender_and_file = sender_of(entry.parts)
    suffix = Path(entry.parts[-1]).suffix.lower()
    if sender_and_file is None:
        yield Remark(entry.source, _why_nobodys(suffix))
    elif suffix == ".ipynb":
        yield Handed(entry, *sender_and_file)
    elif suffix == ".zip":
        try:
            yield from _in_own_zip(entry, sender_and_file[0])
        except Ungradable as error:
            yield Remark(entry.source, str(error))
    else:
        yield Remark(entry.source, _why_no_notebook(suffix))


def _why_nobodys(suffix: str) -> str:
    if suffix == ".zip":
        return "is a zip whose name tells no student: name it as a source of its own"
    if suffix == ".ipynb":
        return "has a name that tells no student: name it <student>__<assignment>.ipynb"
    return _why_no_notebook(suffix)


def _why_no_notebook(suffix: str) -> str:
    return f"is no notebook (.ipynb): {'unpack it' if suffix in _ARCHIVES else 'rename it if it is one'}"


def _in_own_zip(outer: Entry, sender: Sender) -> Iterator[Handed | Remark]:
    archive = _own_archive(outer)
    size = sum(info.file_size for info in archive.infolist() if info.filename.lower().endswith(".ipynb"))
    if size > OWN_BYTES:
        raise Ungradable(f"unpacks to {size >> 20} MiB; at most {OWN_BYTES >> 20} are read: unpack what is needed")
    inside, left = partition(_in_zip(archive, partial(_own_archive, outer), outer.parts, OWN_ENTRIES))
    yield from left
    notebooks = [entry for entry in inside if entry.parts[-1].lower().endswith(".ipynb")]
    for notebook in notebooks:
        yield Handed(notebook, sender, notebook.parts[-1])
    if others := len(inside) - len(notebooks):
        beside = "beside its notebooks: left in it" if notebooks else "and no notebook"
        yield Remark(outer.source, f"holds {plural(others, 'file')} {beside}")
    elif not inside and not left:
        yield Remark(outer.source, "is empty")


def _own_archive(outer: Entry) -> zipfile.ZipFile:
    """Open a zip in a download. It is opened anew for each entry, so that its content is not kept."""
    data = outer.read()
    if data.count(b"PK\1\2") > OWN_ENTRIES:  # counted before opening it, which takes memory for each
        raise Ungradable(f"holds more than {OWN_ENTRIES} files: unpack what is needed")
    return _archive(io.BytesIO(data))
