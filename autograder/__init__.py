"""Auto-graded exercises for neural-network workshops.

A suite imports `exercise` and the checks from here; a notebook imports `open_assignment`. A type checker sees the
imports below. At run time a name is imported when it is first used, so that `import autograder` is quick in a student's
kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "Seed",
    "array",
    "close",
    "equal",
    "exercise",
    "holds",
    "load_images",
    "number",
    "open_assignment",
    "raises",
    "several",
    "silent",
    "trained_model",
    "unchanged",
]

if TYPE_CHECKING:
    from autograder.datasets import load_images
    from autograder.grading.checks import (
        array,
        close,
        equal,
        holds,
        number,
        raises,
        several,
        silent,
        trained_model,
        unchanged,
    )
    from autograder.grading.suites import exercise
    from autograder.guest.wire import Seed
    from autograder.student.selfcheck import open_assignment
else:  # a type checker must not see __getattr__: any name would then be allowed, and be Any
    _MODULES = {
        "Seed": "autograder.guest.wire",
        "exercise": "autograder.grading.suites",
        "load_images": "autograder.datasets",
        "open_assignment": "autograder.student.selfcheck",
    }
    _CHECKS = "autograder.grading.checks"

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        from importlib import import_module

        if name not in __all__:
            raise AttributeError(f"module 'autograder' has no attribute {name!r}")
        return getattr(import_module(_MODULES.get(name, _CHECKS)), name)
