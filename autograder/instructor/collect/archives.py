"""Read a download of Moodle or Canvas, folders, zips and zips in zips, and find the sender of each notebook.

All of it may be hostile: nothing is unpacked to a path that an archive names, no link is followed, and no more of an
entry is read than a notebook may have. A student's zip is unpacked once, within a budget; one that exceeds it costs
that student's submission and nobody else's.
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

from autograder.core.errors import Ungradable
from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.instructor.collect.remarks import Remark
from autograder.instructor.collect.senders import Sender, Systems, sender_of
from autograder.instructor.collect.spool import Spool
from autograder.notebooks.ipynb import FILE_BYTES, read_bytes

ENTRIES = 20_000  # of a zip
PATH_BYTES = 1_000  # of an entry's name
DEPTH = 20  # of folders in a folder
# of a zip that a student made
OWN_ENTRIES = 2_000
OWN_BYTES = 4 * FILE_BYTES  # of the notebooks in it
OWN_RATIO = 200  # how many times its own size they may have; notebooks with pictures reach 50
OWN_BYTES_AT_ANY_RATIO = 16 << 20

_IGNORED = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store"}
_MAC_TWIN = "._"  # macOS keeps a file's attributes in a second file, whose name begins so
_ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, OverflowError)
_A_LINK = "is a link, which may lead anywhere: put the file itself there"


# ---- the files of a source


@dataclass(frozen=True)
class Entry:
    """A file of a source. `read` returns its bytes or raises Ungradable; they are not kept: there may be many files."""

    source: str  # its name in messages
    parts: tuple[str, ...]  # its path, from the source's own name on
    read: Callable[[], bytes]
    unpacked: bool = False  # whether it was read already, and `read` reads what was kept of it


def entries(source: Path, opened: ExitStack) -> Iterator[Entry | Remark]:
    """Yield all files of a source. A folder or zip that the user named may be a link; the files in it may not."""
    name = source.name or source.resolve().name
    if source.is_dir():
        yield from _in_folder(source, (name,))
    elif source.suffix.lower() == ".zip" and source.is_file():
        try:
            archive = opened.enter_context(_archive(source))
            for file in _in_zip(archive, (name,), ENTRIES):
                if file.problem:
                    yield Remark(_label(file.parts), file.problem, _about(file.parts))
                else:
                    yield Entry(_label(file.parts), file.parts, partial(_unzip, archive, file.index))
        except Ungradable as error:
            yield Remark(clean(name), str(error))
    else:
        yield Entry(clean(name), (name,), partial(read_bytes, source))


def _in_folder(folder: Path, parts: tuple[str, ...]) -> Iterator[Entry | Remark]:
    if len(parts) > DEPTH:
        yield Remark(_label(parts), f"is more than {DEPTH} folders deep: put its notebooks further up", _about(parts))
        return
    try:
        with os.scandir(folder) as children:
            sorted_children = sorted(children, key=lambda child: child.name)
    except OSError as error:
        yield Remark(_label(parts), f"cannot be read ({error.strerror}): check its permissions", _about(parts))
        return
    for child in sorted_children:
        path = (*parts, child.name)
        if _is_ignored(child.name):
            continue
        if child.is_symlink():
            yield Remark(_label(path), _A_LINK, _about(path))
        elif child.is_dir(follow_symlinks=False):
            yield from _in_folder(Path(child.path), path)
        else:
            yield Entry(_label(path), path, partial(read_bytes, Path(child.path)))


def _is_ignored(name: str) -> bool:
    return name in _IGNORED or name.startswith(_MAC_TWIN)


def _label(parts: Iterable[str]) -> str:
    return clean("/".join(parts), 300)


def _about(parts: tuple[str, ...]) -> object:
    """Return whose a file is, for the remarks on it: its sender's, or else its folder's."""
    sender_and_file = sender_of(parts)
    return parts[:-1] if sender_and_file is None else sender_and_file[0]


# ---- zips


def _archive(file: Path | io.BytesIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except _BROKEN:
        raise Ungradable("is no zip that can be read: download it again") from None


@dataclass(frozen=True)
class _FileInZip:
    """A file of a zip: its place in the list, its path from the source's name on, and why it is not taken."""

    index: int
    parts: tuple[str, ...]
    problem: str | None


def _in_zip(archive: zipfile.ZipFile, outer: tuple[str, ...], limit: int) -> Iterator[_FileInZip]:
    """Yield the files. Raise Ungradable if there are too many."""
    if len(archive.infolist()) > limit:
        raise Ungradable(f"holds more than {limit} files: unpack what is needed")
    for index, info in enumerate(archive.infolist()):
        name = _name_in_zip(info)
        path = tuple(part for part in name[:PATH_BYTES].replace("\\", "/").split("/") if part not in ("", "."))
        if not (name.endswith(("/", "\\")) or any(map(_is_ignored, path))):
            yield _FileInZip(index, (*outer, *path), _why_not_taken(info, name, path))


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
    if len(name.encode(errors="replace")) > PATH_BYTES:
        return f"has a name of more than {PATH_BYTES} bytes: shorten it"
    if "\0" in name or not path:
        return "has a name that no program writes"
    if ".." in path or re.match(r"[/\\]|[A-Za-z]:[/\\]", name):
        return "has a path that leads out of the zip"
    return _A_LINK if stat.S_ISLNK(info.external_attr >> 16) else None


def _unzip(archive: zipfile.ZipFile, index: int) -> bytes:
    """Return an entry's bytes. Other methods than these two unpack a whole block at once, however large it becomes."""
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


def handed(entry: Entry, systems: Systems, spool: Spool) -> Iterator[Handed | Remark]:
    """Yield a notebook with its sender; if a student handed in a zip, the notebooks in it, which `spool` keeps."""
    suffix = Path(entry.parts[-1]).suffix.lower()
    if problem := systems.why_not_trusted(entry.parts):
        yield Remark(entry.source, problem)
        return
    sender_and_file = sender_of(entry.parts, systems.of(entry.parts))
    if sender_and_file is None:
        yield Remark(entry.source, _why_nobodys(suffix), entry.parts[:-1])
    elif suffix == ".ipynb":
        yield Handed(entry, *sender_and_file)
    elif suffix == ".zip":
        try:
            yield from _in_own_zip(entry, sender_and_file[0], spool)
        except Ungradable as error:
            yield Remark(entry.source, str(error))
    else:
        yield Remark(entry.source, _why_no_notebook(suffix), sender_and_file[0])


def _why_nobodys(suffix: str) -> str:
    if suffix == ".zip":
        return "is a zip whose name tells no student: name it as a source of its own"
    if suffix == ".ipynb":
        return "has a name that tells no student: name it <student>__<assignment>.ipynb"
    return _why_no_notebook(suffix)


def _why_no_notebook(suffix: str) -> str:
    return f"is no notebook (.ipynb): {'unpack it' if suffix in _ARCHIVES else 'rename it if it is one'}"


def _in_own_zip(outer: Entry, sender: Sender, spool: Spool) -> Iterator[Handed | Remark]:
    """Yield the notebooks of a student's zip, unpacked, and a remark on its other files."""
    data = outer.read()
    with _own_archive(data) as archive:
        files = list(_in_zip(archive, outer.parts, OWN_ENTRIES))
        notebooks = [file for file in files if file.problem is None and file.parts[-1].lower().endswith(".ipynb")]
        _require_within_budget(sum(archive.infolist()[file.index].file_size for file in notebooks), len(data))
        for file in files:
            if file.problem:
                yield Remark(_label(file.parts), file.problem, outer.parts)
        for file in notebooks:
            try:
                read = spool.keep(_unzip(archive, file.index))
            except Ungradable as error:
                yield Remark(_label(file.parts), str(error), outer.parts)
            else:
                yield Handed(Entry(_label(file.parts), file.parts, read, unpacked=True), sender, file.parts[-1])
    if others := sum(file.problem is None for file in files) - len(notebooks):
        beside = "beside its notebooks: left in it" if notebooks else "and no notebook"
        yield Remark(outer.source, f"holds {plural(others, 'file')} {beside}")
    elif not files:
        yield Remark(outer.source, "is empty")


def _own_archive(data: bytes) -> zipfile.ZipFile:
    """Open a zip in a download."""
    if data.count(b"PK\1\2") > OWN_ENTRIES:  # counted before opening it, which takes memory for each
        raise Ungradable(f"holds more than {OWN_ENTRIES} files: unpack what is needed")
    return _archive(io.BytesIO(data))


def _require_within_budget(unpacked: int, packed: int) -> None:
    """Raise Ungradable if notebooks claim too many bytes. No more than an entry claims comes out of it."""
    if unpacked > OWN_BYTES:
        raise Ungradable(f"unpacks to {unpacked >> 20} MiB; at most {OWN_BYTES >> 20} are read: unpack what is needed")
    if unpacked > max(OWN_BYTES_AT_ANY_RATIO, OWN_RATIO * packed):
        raise Ungradable(f"unpacks to {unpacked // packed} times its size, as no notebooks do: unpack what is needed")
