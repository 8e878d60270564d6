"""Remember which exercises passed when they were last checked in a kernel."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from autograder.core.files import write_atomically
from autograder.core.model import ExerciseResult, Outcome
from autograder.student.handout import Handout


def remember(handout: Handout, results: Iterable[ExerciseResult]) -> None:
    """Keep which exercises pass in the kernel. Where that can not be written, nothing is lost but a warning later."""
    path = _memory(handout)
    passed = dict.fromkeys(remembered(handout))
    for one in results:
        passed.pop(one.name, None)
        if one.outcome is Outcome.PASSED:
            passed[one.name] = None
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(list(passed)).encode())


def remembered(handout: Handout) -> tuple[str, ...]:
    """The exercises that passed when they were last checked in a kernel."""
    try:
        names = json.loads(_memory(handout).read_bytes())
    except (OSError, ValueError):
        return ()
    known = [one.name for one in handout.assignment.exercises]
    return tuple(name for name in known if name in names) if isinstance(names, list) else ()


def _memory(handout: Handout) -> Path:
    """Beside no notebook, so that nothing is left lying in a student's folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = hashlib.sha256(str(handout.folder.resolve()).encode()).hexdigest()[:16]
    return cache / "nn-autograder" / f"{folder}.json"
