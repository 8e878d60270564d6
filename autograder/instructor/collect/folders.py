"""Choose the student's folder for each sender of a download.

A name can be edited, and namesakes exist. The number that the LMS gives to everybody cannot be chosen: it decides if
roster.csv or an earlier run knows it, and a folder that belongs to one number is never given to another.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.folder_names import folder_of_display_name
from autograder.core.sanitize import clean
from autograder.core.text import listed
from autograder.instructor.collect.remarks import Remark
from autograder.instructor.collect.sender_memory import SenderMemory
from autograder.instructor.collect.senders import CANVAS, MOODLE, Sender
from autograder.instructor.roster import RosterEntry, normalized_name, students_by_name

_ANYBODY = "participant"  # Moodle's name for each student if students are anonymous


@dataclass(frozen=True)
class _Folder:
    """The name of a sender's folder, and a note if somebody should know how it was chosen."""

    name: str
    note: str = ""


class Known:
    """Knowledge of the class from the roster and from earlier runs."""

    def __init__(self, roster: Sequence[RosterEntry], submitted: Path) -> None:
        """Read what earlier runs remembered. Raise UserError if it cannot be read."""
        self.submitted = submitted
        self.memory = SenderMemory(submitted)
        self.by_name = students_by_name(roster)
        self._students = {entry.student for entry in roster}
        self._by_number: dict[tuple[str, str], set[str]] = defaultdict(set)  # students by system and number
        self._numbers: dict[tuple[str, str], set[str]] = defaultdict(set)  # numbers by system and student
        for entry in roster:
            for system, number in ((CANVAS, entry.canvas_id), (MOODLE, entry.moodle_id)):
                if number:
                    self._by_number[system, number].add(entry.student)
                    self._numbers[system, entry.student].add(number)

    def student_with_number(self, sender: Sender) -> str | None:
        """Return the student whose number a sender has, by roster.csv or by an earlier run."""
        on_roster = self._by_number.get((sender.system, sender.number), set())
        if len(on_roster) == 1:
            return min(on_roster)
        remembered = self.memory.student(sender.system, sender.number)
        if remembered is None or on_roster or not self._is_still_there(remembered, sender):
            return None
        return remembered

    def _is_still_there(self, student: str, sender: Sender) -> bool:
        """Return whether a folder of an earlier run counts: the roster may have been added since, and it renamed."""
        if student in self._students:
            return True
        on_roster = self.by_name.get(normalized_name(sender.name), set())
        return len(on_roster) != 1 and os.path.lexists(self.submitted / student)

    def other_numbers(self, sender: Sender, student: str) -> set[str]:
        """Return the numbers, other than the sender's, that a student's folder belongs to in every assignment.

        Moodle gives everybody a new number for each assignment, so that an earlier one says nothing about the next.
        """
        remembered = self.memory.numbers(sender.system, student) if sender.system == CANVAS else set()
        return (self._numbers.get((sender.system, student), set()) | remembered) - {sender.number}

    def is_new(self, sender: Sender, student: str) -> bool:
        """Return whether a student's folder belongs to other numbers of a system, and not to the sender's."""
        numbers = self._numbers.get((sender.system, student), set()) | self.memory.numbers(sender.system, student)
        return bool(sender.number and numbers) and sender.number not in numbers


def folders_of(senders: Iterable[Sender], known: Known) -> tuple[dict[Sender, str], list[Remark]]:
    """Return the student's folder for each sender, and a remark on each choice that somebody should know."""
    different = list(dict.fromkeys(senders))
    by_number = {
        sender: student for sender in different if sender.number and (student := known.student_with_number(sender))
    }
    namesakes: dict[tuple[str, str], set[str]] = defaultdict(set)  # by system and name: several numbers, several people
    for sender in different:
        namesakes[_namesakes(sender)].add(sender.number)
    folders = {sender: _Folder(student) for sender, student in by_number.items()}
    for sender in different:
        if sender not in folders:
            folders[sender] = _by_name(sender, several=len(namesakes[_namesakes(sender)]) > 1, known=known)
    folders |= _kept_apart(folders, by_number, known)
    notes = [Remark(clean(folder.name), folder.note) for folder in folders.values() if folder.note]
    return {sender: folder.name for sender, folder in folders.items()}, notes


def _by_name(sender: Sender, *, several: bool, known: Known) -> _Folder:
    """Return a sender's folder: the roster's student of that name, else the name itself.

    The system's number is added if several senders have the name, if students are anonymous, and if the folder with
    the number is there already.
    """
    numbered, name = numbered_folder(sender), folder_of_display_name(sender.name)
    on_roster = known.by_name.get(normalized_name(sender.name), set()) if sender.system else set()
    if sender.name.casefold() == _ANYBODY:
        return _Folder(numbered)
    if several:
        return _Folder(numbered, f"several have this name: placed as {clean(numbered)}")
    if len(on_roster) == 1:
        return _Folder(min(on_roster))
    if on_roster:
        fitting = listed(sorted(map(clean, on_roster)))
        return _Folder(name, f"fits {fitting} on roster.csv: placed as {clean(name)}")
    if os.path.lexists(known.submitted / numbered):
        return _Folder(numbered)
    return _Folder(name, "" if name == sender.name else f"is {clean(sender.name)}, which no folder can be named")


def numbered_folder(sender: Sender) -> str:
    """Return the folder of a sender whose name alone may be another's."""
    return folder_of_display_name(sender.numbered_name)


def _kept_apart(
    folders: Mapping[Sender, _Folder], by_number: Mapping[Sender, str], known: Known
) -> dict[Sender, _Folder]:
    """Return the folders of senders who, by their names, would get one that another number has, or also claims."""
    claims: dict[tuple[str, str], set[str]] = defaultdict(set)  # the numbers by system and folder
    for sender, folder in folders.items():
        if sender.number:
            claims[sender.system, folder.name].add(sender.number)
    apart = {}
    for sender, folder in folders.items():
        if sender in by_number or not sender.number:
            continue
        others = known.other_numbers(sender, folder.name) | claims[sender.system, folder.name] - {sender.number}
        if others and folder.name != numbered_folder(sender):
            apart[sender] = _Folder(numbered_folder(sender), why_apart(sender, folder.name))
    return apart


def why_apart(sender: Sender, student: str) -> str:
    """Return the note on a sender who is kept apart from the student of that name."""
    return (
        f"has another number in {sender.system} than {clean(student, 80)}: placed apart, as "
        f"{clean(numbered_folder(sender), 80)}. If it is the same person, rename the folder"
    )


def _namesakes(sender: Sender) -> tuple[str, str]:
    return sender.system, normalized_name(sender.name) or sender.name
