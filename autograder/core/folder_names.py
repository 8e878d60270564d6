"""Decide which names a student's folder may have."""

from __future__ import annotations

import os
import unicodedata

NAME_BYTES = 200  # results' files are named after a student's folder, and file systems allow 255 bytes


def why_no_folder(student: str) -> str | None:
    """Return why a folder cannot have this name; None if it can."""
    if student.startswith(".") or any(
        character in "/\\" or unicodedata.category(character) == "Cc" for character in student
    ):
        return "begins with a dot, or has a slash or a control character in it"
    if len(os.fsencode(student)) > NAME_BYTES:
        return f"is longer than {NAME_BYTES} bytes"
    return None if student else "is empty"
