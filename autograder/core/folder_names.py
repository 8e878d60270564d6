"""Decide which names may enter: the gate for every name that comes from outside.

A student's name is a folder, a key of every table, a part of pages and of nbgrader's gradebook, whose pages print it
as HTML. So a name that is a key must be harmless everywhere, and is refused if it is not. A name that is only shown
is cleaned.
"""

from __future__ import annotations

import os
import re
import unicodedata

from autograder.core.sanitize import is_shown

NAME_BYTES = 200  # results' files are named after a student's folder, and file systems allow 255 bytes
_TOO_LONG = f"is longer than {NAME_BYTES} bytes"
MARKUP = "<>\"'`"  # these can end an attribute or begin an element in a page that does not escape a name
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"  # as typographers write O’Brien; it means nothing in HTML and shells
# Letters and marks that fonts show as nothing: fillers, variation selectors, an empty Braille cell. Without this rule
# two names could differ in them alone.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_IN_FOLDERS = str.maketrans(
    {"'": _APOSTROPHE, "`": _APOSTROPHE, "<": None, ">": None, '"': None, "/": "-", "\\": "-", "\t": " "}
)


def why_no_folder(student: str) -> str | None:
    """Return why a student's folder, or any other key, cannot have this name; None if it can."""
    if student.startswith("."):
        return "begins with a dot"
    if any(character in "/\\" for character in student):
        return "has a slash in it"
    if markup := next((character for character in student if character in MARKUP), None):
        return f"has the character {markup} in it"
    if problem := _why_not_shown(student):
        return problem
    if len(os.fsencode(student)) > NAME_BYTES:
        return _TOO_LONG
    return None if student else "is empty"


def _why_not_shown(name: str) -> str | None:
    hidden = {unicodedata.category(character) for character in name if not is_shown(character)}
    if "Cs" in hidden:
        return "is not UTF-8 text"
    if hidden & {"Cc", "Zl", "Zp"}:
        return "has a control character in it"
    return "has an invisible character in it" if hidden or _UNSEEN.search(name) else None


def why_rename(student: str) -> str | None:
    """Return why a folder cannot have this name, and which name would do; None if it can."""
    problem = why_no_folder(student)
    if problem is None:
        return None
    if problem == _TOO_LONG:
        return f"{problem}: shorten it"
    proposal = proposed_folder(student)
    return f"{problem}: rename it" + (f" to {proposal}" if proposal else "")


def proposed_folder(name: str) -> str:
    """Return the nearest name that a folder may have; empty if nothing of it may stay."""
    shown = _UNSEEN.sub("", "".join(filter(is_shown, name.translate(_IN_FOLDERS))))
    return _cut(unicodedata.normalize("NFC", shown).strip().lstrip(". "))


def folder_of_display_name(name: str) -> str:
    """Return the folder for a name that an LMS displays: O'Brien's is O’Brien, and nobody loses a submission by it.

    No honest name has a control character or a slash in it. These stay, and `why_no_folder` refuses the name.
    """
    kept = (c for c in name.translate(_DISPLAYED) if unicodedata.category(c) not in ("Cf", "Co", "Cn"))
    return unicodedata.normalize("NFC", _UNSEEN.sub("", "".join(kept))).strip()


_DISPLAYED = {code: to for code, to in _IN_FOLDERS.items() if chr(code) in MARKUP}


def _cut(name: str) -> str:
    """Return the beginning of a name, as long as a folder's name may be."""
    return name.encode()[:NAME_BYTES].decode(errors="ignore").strip()


def display_text(text: str) -> str:
    """Return a name or an address that is only shown, without what could be HTML or cannot be seen.

    An apostrophe stays: it belongs to names and addresses, and other systems find people by them.
    """
    return "".join(c for c in text if is_shown(c) and c not in MARKUP.replace("'", ""))
