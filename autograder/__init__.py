"""Auto-graded exercises for neural-network workshops.

A suite imports `exercise` and the checks from here; a notebook imports `open_assignment`. Names are loaded on
first use, so that `import autograder` is quick in a student's kernel.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_CHECKS = ("array", "close", "equal", "holds", "number", "raises", "several", "silent", "trained_model", "unchanged")
_HOMES = {
    "exercise": "autograder.grading.suites",
    "open_assignment": "autograder.student.selfcheck",
    "load_images": "autograder.datasets",
    "Seed": "autograder.guest.wire",
    **dict.fromkeys(_CHECKS, "autograder.grading.checks"),
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
