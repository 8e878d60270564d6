"""Find the sender of a downloaded file, as Moodle or Canvas names them.

A student chooses the last part of a file's name, and their name in the LMS. So a file may look as if another LMS had
named it. Which LMS a folder of a download comes from is decided once, by all the names in it, and a file that fits
only the other one is not trusted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOODLE, CANVAS = "Moodle", "Canvas"

# mod/assign/classes/downloader.php of Moodle. Older versions end a folder's name with an underscore; the default group
# has no number. The last mark in a folder's name is Moodle's, and the first in a file's: its own name follows there.
_MOODLE_FOLDER = re.compile(r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_[a-z]+_?", re.S)
_MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_[a-z]+_(?P<file>.+)", re.S)
# lib/content_zipper.rb of Canvas. If students are anonymous, their names are left out.
_CANVAS = re.compile(r"(?P<name>.+?)(?:_late)?_(?P<number>\d+)_\d+_(?P<file>.+)", re.S | re.I)
_ANONYMOUS = re.compile(r"(?:late_)?(?P<name>anon_[a-z0-9]+)_\d+_(?P<file>.+)", re.S | re.I)
_LOOSE = re.compile(r"(?P<name>.+?)__(?P<file>.+\.ipynb)", re.S | re.I)
_OF_FILES = ((MOODLE, _MOODLE), (CANVAS, _ANONYMOUS), (CANVAS, _CANVAS), ("", _LOOSE))
_AMBIGUOUS = "may be named by Moodle or by Canvas: name it <student>__<assignment>.ipynb"


@dataclass(frozen=True)
class Sender:
    """A person or group that handed something in, as the download names them."""

    system: str  # MOODLE, CANVAS, or "" for a loose notebook
    name: str
    number: str = ""  # the system's own number of them

    @property
    def numbered_name(self) -> str:
        """The name with the system's number, if there is one: it is nobody else's."""
        return f"{self.name}_{self.number}" if self.number else self.name


def sender_of(parts: Sequence[str], system: str | None = None) -> tuple[Sender, str] | None:
    """Return the sender that a path of a download names, and the student's own name of the file; None without one.

    system: the LMS that the download comes from; None if that is not known
    """
    *folders, name = parts
    for folder in folders:
        if match := _MOODLE_FOLDER.fullmatch(folder):
            return _sender(MOODLE, match), name
    for of, pattern in _OF_FILES:
        if (system is None or of in (system, "")) and (match := pattern.fullmatch(name)):
            return _sender(of, match), match["file"]
    return None


def _sender(system: str, match: re.Match[str]) -> Sender:
    number = match.groupdict().get("number") or ""
    return Sender(system, unicodedata.normalize("NFC", match["name"]).strip(), number)


# ---- which LMS


class Systems:
    """Which LMS each folder of a download comes from."""

    def __init__(self, paths: Iterable[Sequence[str]]) -> None:
        """Decide it by the names in each folder that only one LMS writes. Most of them count; if as many, nothing."""
        votes: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for folder, _, systems in {_place(parts) for parts in paths}:
            if len(systems) == 1:
                votes[folder].update(systems)
        self._of_folder = {folder: _most(count) for folder, count in votes.items()}

    def of(self, parts: Sequence[str]) -> str | None:
        """Return the LMS that a path was named by; None if no LMS named it, or if that is not known."""
        folder, _, systems = _place(parts)
        return min(systems) if len(systems) == 1 else self._of_folder.get(folder)

    def why_not_trusted(self, parts: Sequence[str]) -> str | None:
        """Return why a path that an LMS seems to have named may be a student's invention; None if not."""
        folder, _, systems = _place(parts)
        system = self._of_folder.get(folder)
        if len(systems) == 1 and system not in (*systems, None):
            return f"is named as {min(systems)} names files, in a download of {system}: collect it by itself"
        return _AMBIGUOUS if len(systems) > 1 and system is None else None


def _place(parts: Sequence[str]) -> tuple[tuple[str, ...], str, frozenset[str]]:
    """Return the part of a path that an LMS may have named, the folder of it, and the systems that write such names."""
    *folders, name = parts
    for index, folder in enumerate(folders):
        if _MOODLE_FOLDER.fullmatch(folder):
            return tuple(folders[:index]), folder, frozenset({MOODLE})
    systems = {system for system, pattern in _OF_FILES if system and pattern.fullmatch(name)}
    return tuple(folders), name, frozenset(systems)


def _most(votes: Counter[str]) -> str | None:
    (first, most), *others = votes.most_common()
    return None if others and others[0][1] == most else first
