"""Print to the terminal: text as it is, and messages for the user on stderr."""

from __future__ import annotations

import errno
import os
import sys

from rich.console import Console, RenderableType
from rich.text import Text

from autograder.core.sanitize import clean

_UNLIMITED = 10_000  # columns
_LONGEST = 100_000  # characters of a message; it may name a file that somebody else made


def console() -> Console:
    """Return where to print; it is wide enough for a table when it is not a terminal."""
    out = _Console(highlight=False, soft_wrap=False)
    return out if out.is_terminal else _Console(highlight=False, width=120)


class _Console(Console):
    """A console that leaves it to `cli.main` what happens if nobody reads its output any more."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def print_plain(out: Console, text: str, style: str = "") -> None:
    """Print text as it is: names and reasons may look like markup, and no line is broken."""
    out.print(Text(text, style=style), soft_wrap=True)


def as_text(renderable: RenderableType) -> str:
    """Return what rich prints, as plain lines without trailing spaces; they may be wider than the terminal."""
    out = Console(width=_UNLIMITED, color_system=None, highlight=False)
    with out.capture() as capture:
        out.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def warn(message: str) -> None:
    """Print a message for the user on stderr, without a traceback."""
    print_plain(Console(file=sys.stderr, highlight=False), clean(message, _LONGEST, newlines=True), "bold red")
