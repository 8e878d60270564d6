"""Find the sender of a downloaded file, as Moodle or Canvas names them, and the student's folder for each sender."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.sanitize import clean
from autograder.core.text import listed
from autograder.instructor.roster import normalized_name


@dataclass(frozen=True)
class Remark:
    """A file of a source, and what became of it."""

    source: str
    reason: str


# mod/assign/classes/downloader.php of Moodle. Older versions end a folder's name with an underscore; the default group
# has no number.
_MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.S)
# lib/content_zipper.rb of Canvas. If students are anonymous, their names are left out.
_CANVAS = re.compile(r"(?P<name>.+?)(?:_late)?_(?P<number>\d+)_\d+_(?P<file>.+)", re.S | re.I)
_ANONYMOUS = re.compile(r"(?:late_)?(?P<name>anon_[a-z0-9]+)_\d+_(?P<file>.+)", re.S | re.I)
_ANYBODY = "participant"  # Moodle's name for each student if students are anonymous
_LOOSE = re.compile(r"(?P<name>.+?)__(?P<file>.+\.ipynb)", re.S | re.I)


@dataclass(frozen=True)
class Sender:
    """A person or group that handed something in, as the download names them."""

    system: str  # "Moodle", "Canvas", or "" for a loose notebook
    name: str
    number: str = ""  # the system's own number of them

    @property
    def numbered_name(self) -> str:
        """The name with the system's number, if there is one: it is nobody else's."""
        return f"{self.name}_{self.number}" if self.number else self.name


def sender_of(parts: Sequence[str]) -> tuple[Sender, str] | None:
    """Return the sender that a path of a download names, and the student's own name of the file; None without one."""
    *folders, name = parts
    for folder in folders:
        if (match := _MOODLE.fullmatch(folder)) and not match["file"]:
            return _sender("Moodle", match), name
    for system, pattern in (("Moodle", _MOODLE), ("Canvas", _ANONYMOUS), ("Canvas", _CANVAS), ("", _LOOSE)):
        if (match := pattern.fullmatch(name)) and match["file"]:
            return _sender(system, match), match["file"]
    return None


def _sender(system: str, match: re.Match[str]) -> Sender:
    number = match.groupdict().get("number") or ""
    return Sender(system, unicodedata.normalize("NFC", match["name"]).strip(), number)


# ---- which student


@dataclass(frozen=True)
class _Folder:
    """The name of a sender's folder, and a note if somebody should know how it was chosen."""

    name: str
    note: str = ""


def folders_of(
    senders: Iterable[Sender], names: Mapping[str, set[str]], submitted: Path
) -> tuple[dict[Sender, str], list[Remark]]:
    """Return the student's folder for each sender, and a remark on each choice that somebody should know.

    names: the roster's students by normalized name
    """
    different = list(dict.fromkeys(senders))
    numbers: dict[tuple[str, str], set[str]] = defaultdict(set)  # by system and name: several numbers, several people
    for sender in different:
        numbers[_namesakes(sender)].add(sender.number)
    folders = {
        sender: _folder(sender, several=len(numbers[_namesakes(sender)]) > 1, names=names, submitted=submitted)
        for sender in different
    }
    notes = [Remark(clean(folder.name), folder.note) for folder in folders.values() if folder.note]
    return {sender: folder.name for sender, folder in folders.items()}, notes


def _folder(sender: Sender, *, several: bool, names: Mapping[str, set[str]], submitted: Path) -> _Folder:
    """Return a sender's folder: the roster's student of that name, else the name itself.

    The system's number is added if several senders have the name, if students are anonymous, and if the folder with
    the number is there already.
    """
    on_roster = names.get(normalized_name(sender.name), set()) if sender.system else set()
    if sender.name.casefold() == _ANYBODY:
        return _Folder(sender.numbered_name)
    if several:
        return _Folder(sender.numbered_name, f"several have this name: placed as {clean(sender.numbered_name)}")
    if len(on_roster) == 1:
        return _Folder(min(on_roster))
    if on_roster:
        fitting = listed(sorted(map(clean, on_roster)))
        return _Folder(sender.name, f"fits {fitting} on roster.csv: placed as {clean(sender.name)}")
    if os.path.lexists(submitted / sender.numbered_name):
        return _Folder(sender.numbered_name)
    return _Folder(sender.name)


def _namesakes(sender: Sender) -> tuple[str, str]:
    return sender.system, normalized_name(sender.name) or sender.name
