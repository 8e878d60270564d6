"""Give a student's code the settings of the interpreter that grading starts with, whatever this process has set."""

from __future__ import annotations

import contextlib
import decimal
import os
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.guest.runner import RECURSION_LIMIT

_NUMPY_ERRORS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # as NumPy is imported


@contextlib.contextmanager
def fresh_settings() -> Iterator[None]:
    """Set what a process starts with: recursion limit, floating-point errors, seeds, decimals, PyTorch's types.

    A kernel may have other settings from a demo cell, from a cell that is gone, or from an installed package. The
    variables of the environment are hidden. Afterwards everything is as before.
    """
    limit, states, environment = sys.getrecursionlimit(), (random.getstate(), np.random.get_state()), dict(os.environ)
    with contextlib.ExitStack() as settings:
        settings.callback(sys.setrecursionlimit, limit)
        settings.callback(random.setstate, states[0])
        settings.callback(np.random.set_state, states[1])
        settings.callback(_set_environment, environment)
        settings.enter_context(np.errstate(**_NUMPY_ERRORS))
        settings.enter_context(decimal.localcontext(decimal.DefaultContext))
        settings.enter_context(_fresh_torch())
        os.environ.clear()
        sys.setrecursionlimit(_depth() + RECURSION_LIMIT)
        random.seed(0)
        np.random.seed(0)
        yield


def _set_environment(variables: dict[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _depth() -> int:
    """Return how many calls deep this process is already: grading starts with next to none."""
    depth, frame = 0, sys._getframe()
    while (outer := frame.f_back) is not None:
        depth, frame = depth + 1, outer
    return depth


@contextlib.contextmanager
def _fresh_torch() -> Iterator[None]:
    torch: Any = sys.modules.get("torch")
    if torch is None:
        yield
        return
    kind = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float32)
        with torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(kind)
