"""An exception as dumb freight: its type, its text, and the innermost line that is the student's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MAX_TEXT = 500


def type_name(kind: type) -> str:
    """The name of a type, also where its metaclass says otherwise or nothing."""
    name: str = type.__dict__["__name__"].__get__(kind)
    return name


def describe(error: BaseException, own: Callable[[str], str | None]) -> dict[str, Any]:
    """`own` gives, for a frame's file name, the label of the student's cell, or None for anybody else's code."""
    cell, line, function = "", 0, ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        label = own(code.co_filename)
        if label is not None:
            cell, line, function = label, trace.tb_lineno, code.co_name
        trace = trace.tb_next
    try:
        text = str(error)[:MAX_TEXT]
    except BaseException:  # a student's own __str__
        text = ""
    kinds = [type_name(kind) for kind in type.mro(type(error))]  # ValueError is also what a subclass of it is
    return {"kinds": kinds, "text": text, "cell": cell, "line": line, "function": function}
