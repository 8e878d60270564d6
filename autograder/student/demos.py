"""Run the body of a demo cell: `with check.demo("what the figure shows"):`.

The figure that the body draws is shown with its alternative text. If an exercise is still open, or answers in a way
that the body cannot draw, a sentence is shown instead, and the notebook goes on.
"""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import CodeType, FunctionType, TracebackType
from typing import Any

from autograder.core.sanitize import clean
from autograder.student import messages
from autograder.student.jupyter import View, in_kernel, show
from autograder.student.views import message_view

Namespace = Mapping[str, Any]
_STUB = ("NotImplementedError",)  # all names that the code of a stub uses


class Demo:
    """The body of one demo cell. An exception in it is told in a sentence and does not leave the `with` block."""

    def __init__(self, alt: str, exercises: Collection[str], code: CodeType, namespace: Namespace) -> None:
        self._alt = alt
        self._exercises = exercises
        self._code = code  # of the cell, with the names that it uses
        self._namespace = namespace

    def __enter__(self) -> None:
        close_figures()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        try:
            if error is None:
                show_figures(self._alt)
        except Exception as drawing:  # a wrong answer may only be noticed when the figure is painted
            error = drawing
        if not isinstance(error, Exception):
            return False  # there was none, or the student stopped the kernel
        close_figures()
        show(message_view(self._why_not(error)))
        return True

    def _why_not(self, error: Exception) -> str:
        needed = [name for name in names_used(self._code, self._namespace) if name in self._exercises]
        unwritten = [name for name in needed if is_open(self._namespace.get(name))]
        if unwritten:
            return messages.demo_needs(unwritten)
        if isinstance(error, NameError) and error.name is not None:
            return messages.demo_needs_cells(error.name)
        return messages.demo_failed(needed, f"{type(error).__name__}: {clean(str(error))}")


def is_open(function: object) -> bool:
    """Return whether an exercise is not written yet: it is missing, or all that it does is to say so."""
    return function is None or getattr(getattr(function, "__code__", None), "co_names", None) == _STUB


def names_used(code: CodeType, namespace: Namespace) -> Sequence[str]:
    """Return the global names that a piece of code uses, itself or through the notebook's functions, in their order."""
    names: dict[str, None] = {}
    waiting = [code]
    while waiting:
        for name in _names_in(waiting.pop(0)):
            if name not in names:
                names[name] = None
                value = namespace.get(name)
                if isinstance(value, FunctionType) and value.__globals__ is namespace:
                    waiting.append(value.__code__)
    return list(names)


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


# ---- figures


def close_figures() -> None:
    """Forget the figures that are open, so that no half of one appears below the cell."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def show_figures(alt: str) -> None:
    """Show the figures that are open, each with the alternative text, and close them."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    pyplot = sys.modules["matplotlib.pyplot"]
    if not in_kernel():
        pyplot.show()
        return
    for number in pyplot.get_fignums():
        png = io.BytesIO()
        pyplot.figure(number).savefig(png, format="png", bbox_inches="tight")
        show(View(alt, image(png.getvalue(), alt)))
    close_figures()


def image(png: bytes, alt: str) -> str:
    """Return the HTML of an image. JupyterLab, VS Code and nbconvert all keep its alternative text."""
    data = base64.b64encode(png).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}" style="max-width: 100%">'
