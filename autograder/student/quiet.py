"""Run a student's code without what it prints, draws, warns of and asks."""

from __future__ import annotations

import builtins
import contextlib
import io
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

from autograder.guest.runner import no_input
from autograder.student.jupyter import undrawn


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hide what the student's code prints and draws, and warnings: messages tell those that may help.

    Output says nothing about right or wrong, and nbgrader fails every cell that writes to stderr. A call of `input`
    raises: in a kernel it would wait for an answer.
    """
    sink, asking = io.StringIO(), builtins.input
    with warnings.catch_warnings(), redirect_stdout(sink), redirect_stderr(sink), undrawn():
        warnings.simplefilter("ignore")
        builtins.input = no_input
        try:
            yield
        finally:
            builtins.input = asking
