"""Remember which exercises passed when they were last checked in a kernel, as long as that kernel lives."""

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

NO_MEMORY = (OSError, RuntimeError, UserError)  # RuntimeError: the system does not know the user's home

_SECONDS = 5  # by which the start of a process may seem to move, as the system's clock is set


def remember(handout: Handout, results: Iterable[ExerciseResult]) -> None:
    """Keep which of these exercises pass in the kernel; what is known of the others stays.

    If the file cannot be written, only a later warning is lost, so no error is raised.
    """
    process, names = _memory(handout)
    passed = dict.fromkeys(names if process == os.getpid() else [])
    for result in results:
        passed.pop(result.name, None)
        if result.outcome is Outcome.PASSED:
            passed[result.name] = None
    memory = {"process": os.getpid(), "started": _start_of(os.getpid()), "passed": list(passed)}
    with contextlib.suppress(*NO_MEMORY):
        write_atomically(memory_path(handout), json.dumps(memory).encode())


def remembered(handout: Handout) -> tuple[str, ...]:
    """Return the exercises that passed when they were last checked in a kernel, in the assignment's order.

    What another kernel held, yesterday or before a restart, is nothing that the student can still save.
    """
    _, names = _memory(handout)
    return tuple(exercise.name for exercise in handout.assignment.exercises if exercise.name in names)


def _memory(handout: Handout) -> tuple[int, list[str]]:
    """Return the process of the kernel that was remembered, and what passed in it; no names if it has ended."""
    try:
        memory = json.loads(memory_path(handout).read_bytes())
        process, started, names = int(memory["process"]), float(memory["started"]), list(memory["passed"])
    except (*NO_MEMORY, ValueError, RecursionError, TypeError, KeyError):
        return 0, []
    now = _start_of(process)
    lives = now is not None and abs(now - started) < _SECONDS
    return process, [name for name in names if isinstance(name, str)] if lives else []


def _start_of(process: int) -> float | None:
    """Return when a process was started, in seconds since 1970; None if it has ended or that is not known."""
    try:
        import psutil

        return float(psutil.Process(process).create_time())
    except Exception:  # psutil raises kinds of its own, and may be missing
        return None


def memory_path(handout: Handout) -> Path:
    """Return the file in the user's cache that keeps the names; it does not clutter the student's own folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = hashlib.sha256(str(handout.folder.resolve()).encode()).hexdigest()[:16]
    return cache / "nn-autograder" / f"{folder}.json"
