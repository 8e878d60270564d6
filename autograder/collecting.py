"""What was downloaded from Moodle or Canvas, put where `grade` looks: `submitted/<student>/<stem>/<topic>.ipynb`.

    source → Entry → Handed (whose) → Candidate (which assignment) → one of each → Placed

Names, folders and zips are the students' own, and hostile: nothing is unpacked to a path that an archive names, no
link is followed, and of an entry no more is read than a notebook may have. What cannot be placed is told, with why.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from autograder.cleaning import clean
from autograder.course import Course, topic_of
from autograder.handed_in import NAME_BYTES, read_roster
from autograder.model import KitError, Ungradable, listed, plural
from autograder.notebook import FILE_BYTES, parse_notebook, read_bytes
from autograder.report.record import sweep, write_atomically

ENTRIES = 20_000  # of a zip
OWN_ENTRIES = 2_000  # of a zip that a student made
OWN_BYTES = 4 * FILE_BYTES  # of the notebooks in it
BEFORE = ".before"  # after the name of a notebook that was replaced

_PASSED_OVER = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store"}
_ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, OverflowError)
_A_LINK = "is a link, which may lead anywhere: put the file itself there"
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Remark:
    """A file of a source, and what became of it."""

    source: str
    reason: str


@dataclass(frozen=True)
class Placed:
    """A notebook that is where `grade` looks for it."""

    student: str
    stem: str
    notebook: Path
    source: str
    replaced: bool = False  # another one was there, and is kept beside it


@dataclass(frozen=True)
class Collected:
    """What a run of `collect` did."""

    placed: tuple[Placed, ...]
    unchanged: tuple[Placed, ...]  # they were there already, byte for byte
    left: tuple[Remark, ...]  # not placed
    notes: tuple[Remark, ...]  # placed, or needless, and yet worth a word


def collect(
    sources: Sequence[Path], course: Course, submitted: Path, *, assignment: str | None = None, replace: bool = False
) -> Collected:
    """Place the notebooks of downloads: zips or folders of Moodle or Canvas, or `<student>__<stem>.ipynb`.

    assignment: the stem that all of them belong to; None: found by file name and content
    replace: whether a notebook that is there and differs gives way, and is kept as `<topic>.ipynb.before`

    Raises KitError for a source, an assignment or a folder that is not there; what is wrong with a single file
    stands in the answer, and the others go on.
    """
    _demand_usable(sources, submitted)
    if assignment is not None:
        course.assignment(assignment)
    exercises = {stem: frozenset(one.name for one in course.assignment(stem).exercises) for stem in course.stems}
    with ExitStack() as opened:
        entries, left = _parted(chain.from_iterable(_entries(source, opened) for source in sources))
        handed, nobodys = _parted(chain.from_iterable(map(_handed, entries)))
        whose, notes = students([one.sender for one in handed], _roster(course.root / "roster.csv"), submitted)
        candidates, unclear = _parted(_candidate(one, whose[one.sender], exercises, assignment) for one in handed)
        chosen, others, superseded = _one_of_each(candidates)
        placed, refused = _parted([_place(one, submitted, replace) for one in chosen])
    told = [Remark(one.source, one.note) for one in chosen if one.note]
    return Collected(
        tuple(one for one, new in placed if new),
        tuple(one for one, new in placed if not new),
        (*left, *nobodys, *unclear, *others, *refused),
        (*notes, *told, *superseded),
    )


def _demand_usable(sources: Sequence[Path], submitted: Path) -> None:
    for source in sources:
        if not os.path.lexists(source):
            raise KitError(f"There is no {source}: name the zip or the folder that you downloaded.")
    if os.path.lexists(submitted) and not submitted.is_dir():
        raise KitError(f"{submitted} is not a folder: name one with --submitted.")


def _parted(things: Iterable[Thing | Remark]) -> tuple[list[Thing], list[Remark]]:
    """What goes on, and what does not."""
    going: list[Thing] = []
    left: list[Remark] = []
    for thing in things:
        if isinstance(thing, Remark):
            left.append(thing)
        else:
            going.append(thing)
    return going, left


# ---- what lies in a source


@dataclass(frozen=True)
class Entry:
    """A file of a source. `read` gives its bytes, or raises Ungradable; they are not kept: there may be many."""

    source: str  # what a message calls it
    parts: tuple[str, ...]  # its path, from the source's own name on
    read: Callable[[], bytes]


def _entries(source: Path, opened: ExitStack) -> Iterator[Entry | Remark]:
    """All files of a source. A folder or a zip that was named may be a link; what lies in it may not."""
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
        with os.scandir(folder) as found:
            inside = sorted(found, key=lambda one: one.name)
    except OSError as error:
        yield Remark(_called(parts), f"cannot be read ({error.strerror}): check its permissions")
        return
    for one in inside:
        path = (*parts, one.name)
        if one.name in _PASSED_OVER:
            continue
        if one.is_symlink():
            yield Remark(_called(path), _A_LINK)
        elif one.is_dir(follow_symlinks=False):
            yield from _in_folder(Path(one.path), path)
        else:
            yield Entry(_called(path), path, partial(read_bytes, Path(one.path)))


def _called(parts: Iterable[str]) -> str:
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
        if name.endswith(("/", "\\")) or _PASSED_OVER.intersection(path):
            continue
        parts = (*outer, *path)
        problem = _why_not_taken(info, name, path)
        read = partial(_unzip, reopened, index)
        yield Remark(_called(parts), problem) if problem else Entry(_called(parts), parts, read)


def _name_in_zip(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: some programs write UTF-8 and do not say so."""
    name = info.orig_filename  # `filename` ends where a NUL stands
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
    """An entry's bytes. Other methods than these two unpack a whole block at once, however large it becomes."""
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


# ---- whose it is


@dataclass(frozen=True)
class Sender:
    """Who handed something in, as the download names them."""

    system: str  # "Moodle", "Canvas", or "" for a loose notebook
    name: str
    number: str = ""  # the system's own number of them


@dataclass(frozen=True)
class Handed:
    """A notebook and who handed it in; `file` is the name that the student gave to it."""

    entry: Entry
    sender: Sender
    file: str


# mod/assign/classes/downloader.php of Moodle. Older versions end a folder's name with an underscore; the default group
# has no number.
_MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.S)
# lib/content_zipper.rb of Canvas. Where students are anonymous their names are left out.
_CANVAS = re.compile(r"(?P<name>.+?)(?:_late)?_(?P<number>\d+)_\d+_(?P<file>.+)", re.S | re.I)
_ANONYMOUS = re.compile(r"(?:late_)?(?P<name>anon_[a-z0-9]+)_\d+_(?P<file>.+)", re.S | re.I)
_ANYBODY = "participant"  # what Moodle calls each of them where students are anonymous
_LOOSE = re.compile(r"(?P<name>.+?)__(?P<file>.+\.ipynb)", re.S | re.I)


def sender_of(parts: Sequence[str]) -> tuple[Sender, str] | None:
    """Who a path of a download belongs to, and the student's own name of the file; None where it does not tell."""
    *folders, name = parts
    for folder in folders:
        if (found := _MOODLE.fullmatch(folder)) and not found["file"]:
            return _sender("Moodle", found), name
    for system, pattern in (("Moodle", _MOODLE), ("Canvas", _ANONYMOUS), ("Canvas", _CANVAS), ("", _LOOSE)):
        if (found := pattern.fullmatch(name)) and found["file"]:
            return _sender(system, found), found["file"]
    return None


def _sender(system: str, found: re.Match[str]) -> Sender:
    number = found.groupdict().get("number") or ""
    return Sender(system, unicodedata.normalize("NFC", found["name"]).strip(), number)


def _handed(entry: Entry) -> Iterator[Handed | Remark]:
    """A notebook with its sender; of a zip that a student handed in, the notebooks in it."""
    found = sender_of(entry.parts)
    suffix = Path(entry.parts[-1]).suffix.lower()
    if found is None:
        yield Remark(entry.source, _why_nobodys(suffix))
    elif suffix == ".ipynb":
        yield Handed(entry, *found)
    elif suffix == ".zip":
        try:
            yield from _in_own_zip(entry, found[0])
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
    inside, left = _parted(_in_zip(archive, partial(_own_archive, outer), outer.parts, OWN_ENTRIES))
    yield from left
    notebooks = [one for one in inside if one.parts[-1].lower().endswith(".ipynb")]
    for one in notebooks:
        yield Handed(one, sender, one.parts[-1])
    if others := len(inside) - len(notebooks):
        beside = "beside its notebooks: left in it" if notebooks else "and no notebook"
        yield Remark(outer.source, f"holds {plural(others, 'file')} {beside}")
    elif not inside and not left:
        yield Remark(outer.source, "is empty")


def _own_archive(outer: Entry) -> zipfile.ZipFile:
    """A zip in a download, opened anew for each entry: what is in it is not kept."""
    data = outer.read()
    if data.count(b"PK\1\2") > OWN_ENTRIES:  # counted first: to open it takes memory for each
        raise Ungradable(f"holds more than {OWN_ENTRIES} files: unpack what is needed")
    return _archive(io.BytesIO(data))


# ---- which student


def students(
    senders: Iterable[Sender], roster: Mapping[str, set[str]], submitted: Path
) -> tuple[dict[Sender, str], list[Remark]]:
    """The student's folder for each sender, and what is to be said of it.

    A name is looked up on the roster. Without an entry there it is the folder's name, with the system's number where
    several have it, where it was so before, and where students are anonymous.
    """
    numbers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sender in senders:
        numbers[_namesakes(sender)].add(sender.number)
    found, notes = {}, []
    for sender in dict.fromkeys(senders):
        on_roster = roster.get(squeezed(sender.name), set()) if sender.system else set()
        numbered = f"{sender.name}_{sender.number}" if sender.number else sender.name
        found[sender] = sender.name
        if sender.name.casefold() == _ANYBODY:
            found[sender] = numbered
        elif len(numbers[_namesakes(sender)]) > 1:
            found[sender] = numbered
            notes.append(Remark(clean(numbered), f"several have this name: placed as {clean(numbered)}"))
        elif len(on_roster) == 1:
            found[sender] = min(on_roster)
        elif on_roster:
            several = listed(sorted(map(clean, on_roster)))
            notes.append(Remark(clean(sender.name), f"fits {several} on roster.csv: placed as {clean(sender.name)}"))
        elif os.path.lexists(submitted / numbered):
            found[sender] = numbered
    return found, notes


def _namesakes(sender: Sender) -> tuple[str, str]:
    return sender.system, squeezed(sender.name) or sender.name


def squeezed(name: str) -> str:
    """A name as Canvas writes it, letters and digits alone, so that case, commas and blanks do not count."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c).startswith("M"))


def _roster(path: Path) -> dict[str, set[str]]:
    """Who goes by a name: `Ada Lovelace`, `Lovelace, Ada` or Canvas' `lovelaceada`; nobody without a roster."""
    if not os.path.lexists(path):
        return {}
    read_roster(path)  # it tells what is wrong with the file
    who: dict[str, set[str]] = defaultdict(set)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            student, words = (row["student"] or "").strip(), re.split(r"[\s,]+", (row.get("name") or "").strip())
            turned = (" ".join(words[at:] + words[:at]) for at in range(len(words)))
            for key in {squeezed(student), *map(squeezed, turned)} - {""}:
                if student:
                    who[key].add(student)
    return who


def _why_no_folder(student: str) -> str | None:
    """Why a name cannot be a folder's."""
    if student.startswith(".") or any(c in "/\\" or unicodedata.category(c) == "Cc" for c in student):
        return "begins with a dot, or has a slash or a control character in it"
    if len(os.fsencode(student)) > NAME_BYTES:
        return f"is longer than {NAME_BYTES} bytes"
    return None if student else "is empty"


# ---- which assignment


@dataclass(frozen=True)
class Candidate:
    """A notebook that may be placed."""

    handed: Handed
    student: str
    stem: str
    sha256: str
    note: str = ""

    @property
    def source(self) -> str:
        return self.handed.entry.source


def _candidate(
    handed: Handed, student: str, exercises: Mapping[str, frozenset[str]], assignment: str | None
) -> Candidate | Remark:
    source = handed.entry.source
    if problem := _why_no_folder(student):
        return Remark(source, f"the student's name {problem}: rename it")
    try:
        data = handed.entry.read()
    except Ungradable as error:
        return Remark(source, str(error))
    named, held = stems_named(handed.file, exercises), stems_held(data, exercises)
    stem, note = _stem(named, held, assignment)
    if stem is None:
        return Remark(source, note)
    return Candidate(handed, student, stem, hashlib.sha256(data).hexdigest(), note)


def _stem(named: Sequence[str], held: Sequence[str], assignment: str | None) -> tuple[str | None, str]:
    """The assignment and a note; or None and why there is none. What a notebook holds says more than its name."""
    if assignment is not None:
        odd = bool(held) and assignment not in held
        return assignment, f"looks like {listed(held)}: placed as {assignment}, as --assignment says" if odd else ""
    fitting = [stem for stem in named if stem in held] or held or named
    if len(fitting) == 1:
        odd = bool(named) and fitting[0] not in named
        return fitting[0], f"is named like {listed(named)}, and holds {fitting[0]}: placed as that" if odd else ""
    if fitting:
        return None, f"may be {listed(fitting)}: name one with --assignment"
    return None, "tells no assignment, neither by its name nor by its cells: name it with --assignment"


def stems_named(file: str, stems: Iterable[str]) -> list[str]:
    """The assignments whose stem stands in a file's name; else those whose topic does."""
    name = re.sub(r"[\s-]+", "_", file.casefold())
    known = list(stems)
    full = [stem for stem in known if stem.casefold() in name]
    topics = [stem for stem in known if re.search(rf"(?<![^\W\d_]){re.escape(topic_of(stem))}(?![^\W\d_])", name)]
    return full or topics


def stems_held(data: bytes, exercises: Mapping[str, frozenset[str]]) -> list[str]:
    """The assignments with most solution cells in a notebook; without any, those that it opens."""
    try:
        cells = parse_notebook(data)
    except Ungradable:
        return []
    ids = {cell.grade_id for cell in cells}
    found = {stem: len(ids & names) for stem, names in exercises.items()}
    most = max(found.values(), default=0)
    if most:
        return [stem for stem, count in found.items() if count == most]
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    opened = set(re.findall(r"\bopen_assignment\(\s*[\"']([^\"']+)[\"']", code))
    return [stem for stem in exercises if stem in opened]


# ---- one of each


def _one_of_each(candidates: Iterable[Candidate]) -> tuple[list[Candidate], list[Remark], list[Remark]]:
    """One notebook for each student and assignment; those that exclude each other; those that one stands for."""
    groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.student, candidate.stem].append(candidate)
    chosen, left, notes = [], [], []
    for (student, stem), group in groups.items():
        latest = _latest(group)
        if latest is None:
            several = listed(sorted(one.source for one in group))
            why = f"is one of several for {clean(student, 80)}, {stem}: {several}. Keep one of them"
            left += [Remark(one.source, why) for one in group]
            continue
        chosen.append(latest)
        for one in group:
            same = one.sha256 == latest.sha256
            if one is not latest:
                notes.append(Remark(one.source, f"{'is the same as' if same else 'is older than'} {latest.source}"))
    return chosen, left, notes


def _latest(group: Sequence[Candidate]) -> Candidate | None:
    """The one that counts: of equal ones the first, of Canvas' uploads the last; None where nobody can tell."""
    uploads = [_upload(one) for one in group]
    if len({base for base, _ in uploads}) == 1 and all(one.handed.sender.system == "Canvas" for one in group):
        last = max(number for _, number in uploads)
        group = [one for one, (_, number) in zip(group, uploads, strict=True) if number == last]
    return group[0] if len({one.sha256 for one in group}) == 1 else None


def _upload(candidate: Candidate) -> tuple[tuple[Sender, str], int]:
    """Canvas adds -1, -2 to the name of a file that is handed in again."""
    found = re.fullmatch(r"(.*?)(?:-(\d+))?\.ipynb", candidate.handed.file, re.S | re.I)
    base, number = found.groups() if found else (candidate.handed.file, None)
    return (candidate.handed.sender, base), int(number or 0)


# ---- placing


def _place(candidate: Candidate, submitted: Path, replace: bool) -> tuple[Placed, bool] | Remark:
    """Where the notebook is now, and whether it is new there; or why it is not there."""
    target = submitted / candidate.student / candidate.stem / f"{topic_of(candidate.stem)}.ipynb"
    placed = partial(Placed, candidate.student, candidate.stem, target, candidate.source)
    try:
        data, there = candidate.handed.entry.read(), _what_is_at(target)
        if there == data:
            return placed(), False
        if there is not None and not replace:
            return Remark(candidate.source, f"differs from {clean(str(target))}: --replace takes the new one")
        sweep([target.parent])
        if there is not None:
            write_atomically(target.with_name(target.name + BEFORE), there)
        write_atomically(target, data)
    except (Ungradable, KitError, OSError) as error:
        return Remark(candidate.source, clean(str(error)))
    return placed(replaced=there is not None), True


def _what_is_at(target: Path) -> bytes | None:
    """The notebook that is there already; KitError where something else is, or a link on the way to it."""
    for folder in (target.parent.parent, target.parent):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise KitError(f"{folder} is a link or a file where a folder must be: put the folder there")
    try:
        return read_bytes(target) if os.path.lexists(target) else None
    except Ungradable as error:
        raise KitError(f"{target} is in the way: {error}") from None
