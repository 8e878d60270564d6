"""Talk to Jupyter for `check`: show rich output, find out who runs a cell and in which notebook, hide figures.

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

_VS_CODE = "__vsc_ipynb_file__"  # the name that VS Code gives to the notebook's path, among the student's own
_COLAB_SECONDS = 30
# Variables that the commands get which a cell starts. The first is the kit's, the others are Jupyter's.
_OF_A_CELL = ("AUTOGRADER_KERNEL", "JPY_SESSION_NAME", "JPY_PARENT_PID")


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


def in_kernel() -> bool:
    """Return whether a Jupyter kernel runs this, for a person or for a program such as nbconvert."""
    return _kernel() is not None


def is_rich() -> bool:
    """Return whether a kernel runs this for a person. nbgrader, when it validates, shows only the text of errors."""
    return _kernel() is not None and "NBGRADER_EXECUTION" not in os.environ


def runs_for_a_person() -> bool:
    """Return whether a person runs this cell, in a session of JupyterLab, Notebook, VS Code or Colab.

    Only a front end with a person before it allows `input`. nbclient does not, and nbconvert, papermill and nbgrader
    execute through nbclient. In doubt the answer is False: nbgrader's verdict depends on it.
    """
    kernel = _kernel()
    if kernel is None or "NBGRADER_EXECUTION" in os.environ:
        return False
    has_session = "JPY_SESSION_NAME" in os.environ or _VS_CODE in kernel.user_ns or is_colab()
    try:
        return has_session and kernel.kernel.get_parent()["content"]["allow_stdin"] is True
    except Exception:  # another version of ipykernel
        return False


def named_notebooks() -> list[Path]:
    """Return the notebook that this kernel was started for, as VS Code or Jupyter names it.

    Both names are those at the start of the kernel. After a rename or "Save As" they are out of date.
    """
    kernel = _kernel()
    if kernel is None:
        return []
    names = (kernel.user_ns.get(_VS_CODE), os.environ.get("JPY_SESSION_NAME"))
    paths = [Path(str(name)) for name in names if name]
    return [path for path in dict.fromkeys(paths) if path.suffix == ".ipynb" and path.is_file()]


def is_colab() -> bool:
    """Return whether this kernel is one of Google Colab, where the notebook's file is not on the kernel's disk."""
    return _kernel() is not None and "google.colab" in sys.modules


def colab_notebook() -> dict[str, Any] | None:
    """Ask Colab's page for the notebook as it is there now. Return None if it does not answer.

    Colab has no public interface for this, so any error counts as no answer.
    """
    try:
        message: Any = importlib.import_module("google.colab._message")
        notebook = message.blocking_request("get_ipynb", timeout_sec=_COLAB_SECONDS)["ipynb"]
    except Exception:
        return None
    return notebook if isinstance(notebook, dict) and notebook.get("cells") else None


def shell() -> Any:
    """Return IPython's shell, if a Jupyter kernel runs this; else None."""
    return _kernel()


def cell_number(file: str) -> int | None:
    """Return the number of the last run whose code a kernel compiled under this file name; None if it is not known."""
    number = getattr(getattr(_kernel(), "compile", None), "_filename_map", {}).get(file)
    return number if isinstance(number, int) else None


def cell_text(file: str) -> str | None:
    """Return the text of the cell whose code a kernel compiled under this file name; None if it is not known.

    `linecache` has it, too, but IPython splits it into lines where Python does not.
    """
    number = cell_number(file)
    try:
        return None if number is None else str(_kernel().history_manager.input_hist_parsed[number])
    except (AttributeError, LookupError):
        return None


def offer_commands() -> None:
    """Let `!autograder …` in a cell find the command beside this Python, and know that it runs in a cell.

    If JupyterLab was started by its full path, that folder is not on the search path.
    """
    if _kernel() is None:
        return
    os.environ[_OF_A_CELL[0]] = str(os.getpid())
    if shutil.which("autograder") is None:
        beside = str(Path(sys.executable).parent)
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), beside])


def started_by_a_cell() -> bool:
    """Return whether this process is a command that a notebook's cell started, as `!autograder …`."""
    return any(name in os.environ for name in _OF_A_CELL)


def _kernel() -> Any:
    """Return the shell of a Jupyter kernel; None in a terminal and under pytest."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None
