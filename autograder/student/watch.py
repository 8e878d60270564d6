"""`autograder watch`: check notebooks whenever they are saved, and tell what changed.

Each check runs in a process of its own: a notebook whose code never ends, or ends the process, does not end the watch.
Run as a module, `python -m autograder.student.watch NOTEBOOK RESULT` is that process: it writes what it found to the
file RESULT, because the notebook's code may print anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.model import Outcome
from autograder.core.text import filled, plural
from autograder.grading.messages import STATES
from autograder.student import messages
from autograder.student.handout import Handout, handout_of
from autograder.student.next_step import next_exercise, next_line
from autograder.student.saved_check import check_notebook

POLL_SECONDS = 0.5
CHECK_SECONDS = 180.0  # for a whole notebook, in which each call has its own limit

Signature = tuple[int, int, int] | None


@dataclass(frozen=True)
class Checked:
    """What a check of a saved notebook found. All mappings are by exercise."""

    states: Mapping[str, str] = field(default_factory=dict)  # names of `Outcome`
    texts: Mapping[str, str] = field(default_factory=dict)  # what `check` says of the exercises that were begun
    problem: str = ""  # why the notebook could not be checked

    @property
    def passed(self) -> tuple[str, ...]:
        """Return the exercises that pass."""
        return tuple(name for name, state in self.states.items() if state == Outcome.PASSED)


class Watch:
    """Some notebooks, how each was when it was last looked at, and what the last check of each found."""

    def __init__(self, notebooks: Mapping[Path, Handout], check: Callable[[Path], Checked] | None = None) -> None:
        self._handouts = dict(notebooks)
        self._check = check or checked_apart
        self._seen = {path: signature(path) for path in self._handouts}
        self._pending: dict[Path, Signature] = {}
        self._checked: dict[Path, Checked] = {}

    def saved(self) -> list[Path]:
        """Return the notebooks that were saved since they were last returned, and look finished.

        A program may write a file in parts. So a change counts when it looks the same at the next call.
        """
        finished = []
        for path, seen in self._seen.items():
            now = signature(path)
            if now is None or now == seen:
                self._pending.pop(path, None)
            elif self._pending.get(path) == now:
                finished.append(path)
            else:
                self._pending[path] = now
        return finished

    def look(self, path: Path) -> str:
        """Check a notebook, and return what changed since the last time, in words."""
        self._seen[path] = self._pending.pop(path, None) or signature(path)
        checked = self._check(path)
        before = self._checked.get(path)
        if checked.problem:
            return f"{path.name}: {checked.problem}"
        self._checked[path] = checked
        return "\n\n".join(_told(self._handouts[path], before, checked))


def watch(watched: Watch, show: Callable[[str], object], wait: Callable[[], object] | None = None) -> None:
    """Check each notebook after it is saved, until KeyboardInterrupt comes.

    wait: what to do between two looks; it sleeps if nothing is given
    """
    while True:
        for path in watched.saved():
            show(watched.look(path))
        (wait or _sleep)()


def _sleep() -> None:
    time.sleep(POLL_SECONDS)


def signature(path: Path) -> Signature:
    """Return what changes when a file is saved; None if there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


# ---- what changed, in words


def _told(handout: Handout, before: Checked | None, now: Checked) -> Iterator[str]:
    """Yield the state of the notebook, and what is wrong with exercises that changed and do not pass."""
    changes = list(_changes(before, now))
    total = f"{len(now.passed)} of {plural(len(now.states), 'exercise')} pass"
    if before is not None and not changes:
        changes = ["Nothing changed."]
    following = f" · {next_line(handout, now.passed)}" if next_exercise(handout, now.passed) else ""
    yield "\n".join([*changes, f"{handout.assignment.stem}: {total}{following}"])
    for name, text in now.texts.items():
        if before is None or before.texts.get(name) != text:
            yield text


def _changes(before: Checked | None, now: Checked) -> Iterator[str]:
    if before is None:
        return
    for name, state in now.states.items():
        was = before.states.get(name)
        if state == was:
            continue
        if state == Outcome.PASSED:
            yield f"{name} passes now."
        elif was == Outcome.PASSED:
            yield f"{name} does not pass any more: {STATES[Outcome(state)]}."
        else:
            yield f"{name}: {STATES[Outcome(state)]}."


# ---- a check in another process


def checked_apart(notebook: Path, seconds: float = CHECK_SECONDS) -> Checked:
    """Check a notebook in a process of its own, which has so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "checked.json"
        command = [sys.executable, "-P", "-m", "autograder.student.watch", str(notebook), str(result)]
        nothing = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            done = subprocess.run(command, timeout=seconds, check=False, **nothing)  # type: ignore[call-overload]
        except subprocess.TimeoutExpired:
            return Checked(problem=f"the check took longer than {seconds:g} s and was stopped. Does a loop never end?")
        return _read(result) or Checked(problem=_why_none(done.returncode))


def _read(result: Path) -> Checked | None:
    try:
        content: Any = json.loads(result.read_bytes())
        return Checked(dict(content["states"]), dict(content["texts"]), str(content["problem"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _why_none(code: int) -> str:
    how = f"with signal {-code}" if code < 0 else f"with exit code {code}"
    return f"its code ended the process that checked it ({how}). Does it call exit, or need too much memory?"


def check_here(notebook: Path) -> Checked:
    """Check a notebook in this process."""
    try:
        handout = handout_of(notebook)
        report = check_notebook(notebook, handout)
    except UserError as error:
        return Checked(problem=str(error))
    begun = [result for result in report.exercises if result.outcome not in (Outcome.PASSED, Outcome.STUB)]
    return Checked(
        {result.name: str(result.outcome) for result in report.exercises},
        {result.name: messages.self_check(result, *handout.hidden(result.name)) for result in begun},
        filled(report.reason) if report.reason else "",
    )


def main(arguments: Sequence[str]) -> None:
    """Check the notebook that is named first, and write what was found to the file that is named second."""
    notebook, result = map(Path, arguments)
    checked = check_here(notebook)
    write_atomically(result, json.dumps(asdict(checked)).encode())
    os._exit(0)  # a thread of the notebook's code may never end


if __name__ == "__main__":
    main(sys.argv[1:])
