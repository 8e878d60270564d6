"""Which names can be the name of a student's folder."""

from __future__ import annotations

import os
import unicodedata

NAME_BYTES = 200  # of a student's folder: a result's file is named after it, and a file system allows 255


def why_no_folder(student: str) -> str | None:
    """Why a name cannot be a folder's."""
    if student.startswith(".") or any(c in "/\\" or unicodedata.category(c) == "Cc" for c in student):
        return "begins with a dot, or has a slash or a control character in it"
    if len(os.fsencode(student)) > NAME_BYTES:
        return f"is longer than {NAME_BYTES} bytes"
    return None if student else "is empty"
