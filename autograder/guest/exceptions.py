"""An exception as plain values: its types, its text, and the innermost line that is the student's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MAX_TEXT = 500  # characters
MAX_NAME = 100
MAX_KINDS = 20


def type_name(of: type) -> str:
    """Return the name of a type, even if its metaclass gives another one or raises."""
    name: str = type.__dict__["__name__"].__get__(of)
    return name


def describe(error: BaseException, cell_of: Callable[[str], str | None]) -> dict[str, Any]:
    """Return the exception as a message.

    `cell_of` gives the label of the student's cell for the file name of a frame, or None for anybody else's code.
    """
    cell, line, function = "", 0, ""
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        label = cell_of(code.co_filename)
        if label is not None:
            cell, line, function = label, traceback.tb_lineno, code.co_name[:MAX_NAME]
        traceback = traceback.tb_next
    bases = type.mro(type(error))[:MAX_KINDS]  # a subclass of ValueError is a ValueError, too
    kinds = [type_name(base)[:MAX_NAME] for base in bases]
    return {"kinds": kinds, "text": _text_of(error), "cell": cell, "line": line, "function": function}


def _text_of(error: BaseException) -> str:
    """Return what an exception says, without the path of a package on the machine that ran it."""
    try:
        text = str(error)
        path = error.path if isinstance(error, ImportError) else None
        return (text.replace(f" ({path})", "") if path else text)[:MAX_TEXT]
    except BaseException:  # a student's own __str__
        return ""
