"""Who handed something in: as Moodle or Canvas names them, and as the class does."""

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
# lib/content_zipper.rb of Canvas. Where students are anonymous their names are left out.
_CANVAS = re.compile(r"(?P<name>.+?)(?:_late)?_(?P<number>\d+)_\d+_(?P<file>.+)", re.S | re.I)
_ANONYMOUS = re.compile(r"(?:late_)?(?P<name>anon_[a-z0-9]+)_\d+_(?P<file>.+)", re.S | re.I)
_ANYBODY = "participant"  # what Moodle calls each of them where students are anonymous
_LOOSE = re.compile(r"(?P<name>.+?)__(?P<file>.+\.ipynb)", re.S | re.I)


@dataclass(frozen=True)
class Sender:
    """Who handed something in, as the download names them."""

    system: str  # "Moodle", "Canvas", or "" for a loose notebook
    name: str
    number: str = ""  # the system's own number of them


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
        on_roster = roster.get(normalized_name(sender.name), set()) if sender.system else set()
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
    return sender.system, normalized_name(sender.name) or sender.name
