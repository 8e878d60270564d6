"""Give a student's code the settings of the interpreter that grading starts with, whatever this process has set."""

from __future__ import annotations

import contextlib
import decimal
import os
import random
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from autograder.guest.runner import RECURSION_LIMIT

_NUMPY_ERRORS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # as NumPy is imported


@contextlib.contextmanager
def fresh_settings() -> Iterator[None]:
    """Set what a process starts with: recursion limit, floating-point errors, seeds, decimals, PyTorch's types.

    A kernel may have other settings from a demo cell, from a cell that is gone, or from an installed package. So may
    modules: they are as `remember_modules` found them. The variables of the environment are hidden. Afterwards
    everything is as before.
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
        settings.enter_context(_unpatched())
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


# ---- modules that a cell may have patched: `np.dot = my_dot`

_PATCHED = ("builtins", "math", "random", "numpy", "numpy.linalg", "numpy.random", "torch", "torch.nn", "torch.optim")
_MISSING = object()
_remembered: dict[str, dict[str, Any]] = {}  # by module: its names


def remember_modules() -> None:
    """Remember the names of the modules that students patch. Call it before a student's code runs."""
    for name in _PATCHED:
        if name in sys.modules and name not in _remembered:
            _remembered[name] = dict(vars(sys.modules[name]))


@contextlib.contextmanager
def _unpatched() -> Iterator[None]:
    now = {name: dict(vars(sys.modules[name])) for name in _remembered}
    _set_names(_remembered)
    try:
        yield
    finally:
        _set_names(now)


def _set_names(modules: Mapping[str, Mapping[str, Any]]) -> None:
    """Give modules these names, and take others away. Modules in them that were imported since stay."""
    for module, names in modules.items():
        current = vars(sys.modules[module])
        for name in current.keys() - names.keys():
            if not isinstance(current[name], ModuleType):
                del current[name]
        for name, value in names.items():
            if current.get(name, _MISSING) is not value:
                current[name] = value
