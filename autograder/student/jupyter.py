"""What `check` asks of Jupyter: to show rich output, to name the open notebook, to drop pictures.

Without Jupyter the same functions print plain text, or know nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.core.terminal_text import fitting


@dataclass(frozen=True)
class View:
    """The same words twice: as text, and as a fragment of HTML."""

    text: str
    html: str


class Screen:
    """One place below a cell; each view that is shown there replaces the one before.

    If views cannot be replaced, only the last one is printed, when the `with` block ends without an error.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._last: View | None = None

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if error is None and self._last is not None and self._handle is None:
            print(fitting(self._last.text, sys.stdout))

    def show(self, view: View) -> None:
        self._last = view
        if not is_rich():
            return
        display: Any = importlib.import_module("IPython.display").display
        bundle = {"text/html": view.html, "text/plain": view.text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def show(view: View) -> None:
    """Show one view below the cell, or print it."""
    with Screen() as screen:
        screen.show(view)


@contextlib.contextmanager
def undrawn() -> Iterator[None]:
    """Drop the pictures that a student's code shows meanwhile."""
    if _kernel() is None:
        yield
        return
    captured: Any = importlib.import_module("IPython.utils.capture").capture_output
    with captured(stdout=False, stderr=False, display=True):
        yield


def is_rich() -> bool:
    """Return whether a kernel runs this for a person. nbgrader, when it validates, shows only the text of errors."""
    return _kernel() is not None and "NBGRADER_EXECUTION" not in os.environ


def open_notebook() -> Path | None:
    """Return the file of the notebook that this kernel runs, if Jupyter or VS Code names it."""
    kernel = _kernel()
    if kernel is None:
        return None
    name = kernel.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    path = Path(str(name))
    return path if path.suffix == ".ipynb" and path.is_file() else None


def cell_text(file: str) -> str | None:
    """Return the text of the cell whose code a kernel compiled under this file name; None if it is not known.

    `linecache` has it, too, but IPython splits it into lines where Python does not.
    """
    kernel = _kernel()
    number = getattr(getattr(kernel, "compile", None), "_filename_map", {}).get(file)
    try:
        return None if number is None else str(kernel.history_manager.input_hist_parsed[number])
    except (AttributeError, LookupError):
        return None


def offer_commands() -> None:
    """Let `!autograder …` in a cell find the command beside this Python.

    If JupyterLab was started by its full path, that folder is not on the search path.
    """
    if _kernel() is not None and shutil.which("autograder") is None:
        beside = str(Path(sys.executable).parent)
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), beside])


def _kernel() -> Any:
    """Return the shell of a Jupyter kernel; None in a terminal and under pytest."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None
