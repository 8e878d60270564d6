"""Import what takes seconds to import only when a test uses it.

Collecting imports every test module. PyTorch, SciPy and nbgrader would cost every run seconds, also one that selects no
test of theirs; and a test module that needs PyTorch could not be collected without it.
"""

import importlib
from typing import Any


class Later:
    """A module that is imported when the first of its attributes is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest looks for marks of its own in whatever a test module holds
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


def later(name: str) -> Any:
    """Return the module of this name, not yet imported; ImportError comes with its first use where it is missing."""
    return Later(name)
