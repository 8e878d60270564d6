"""Remember which exercises passed when they were last checked in a kernel."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.model import ExerciseResult, Outcome
from autograder.student.handout import Handout

_NO_MEMORY = (OSError, RuntimeError, UserError)  # RuntimeError: the system does not know the user's home


def remember(handout: Handout, results: Iterable[ExerciseResult]) -> None:
    """Keep which of these exercises pass in the kernel; what is known of the others stays.

    If the file cannot be written, only a later warning is lost, so no error is raised.
    """
    passed = dict.fromkeys(remembered(handout))
    for result in results:
        passed.pop(result.name, None)
        if result.outcome is Outcome.PASSED:
            passed[result.name] = None
    with contextlib.suppress(*_NO_MEMORY):
        write_atomically(memory_path(handout), json.dumps(list(passed)).encode())


def remembered(handout: Handout) -> tuple[str, ...]:
    """Return the exercises that passed when they were last checked in a kernel, in the assignment's order."""
    try:
        names = json.loads(memory_path(handout).read_bytes())
    except (*_NO_MEMORY, ValueError, RecursionError):
        return ()
    known = [exercise.name for exercise in handout.assignment.exercises]
    return tuple(name for name in known if name in names) if isinstance(names, list) else ()


def memory_path(handout: Handout) -> Path:
    """Return the file in the user's cache that keeps the names; it does not clutter the student's own folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = hashlib.sha256(str(handout.folder.resolve()).encode()).hexdigest()[:16]
    return cache / "nn-autograder" / f"{folder}.json"
