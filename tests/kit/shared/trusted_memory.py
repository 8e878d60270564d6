"""Measure the memory of a grading run's trusted processes: all of them but the sandboxes. Linux only."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SAMPLE_SECONDS = 0.02


@dataclass
class Peak:
    """The largest sum of all trusted processes, what it is made of by kind of process, and the largest process."""

    total: int = 0  # bytes of PSS
    parts: Mapping[str, int] = field(default_factory=dict)
    largest: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    status: int = 0
    output: str = ""


def measured(command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str] | None = None) -> Peak:
    """Run a command to its end, and return what its trusted processes took."""
    peak, begun = Peak(), time.monotonic()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output,
        subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        while process.poll() is None:
            _sample(process.pid, peak)
            time.sleep(_SAMPLE_SECONDS)
        output.seek(0)
        peak.output = output.read()
    peak.seconds, peak.status = time.monotonic() - begun, process.returncode
    return peak


def _sample(root: int, peak: Peak) -> None:
    parts: Counter[str] = Counter()
    for pid, kind in _kinds(root).items():
        size = _pss_of(pid)
        parts[kind] += size
        peak.largest[kind] = max(peak.largest[kind], size)
    if parts.total() > peak.total:
        peak.total, peak.parts = parts.total(), dict(parts)


def _kinds(root: int) -> dict[int, str]:
    """Return what each trusted process is. A process that a fork server forked is a sandbox, and not in it."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                stat = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            children[int(stat.rpartition(") ")[2].split()[1])].append(int(entry.name))
    kinds, todo = {}, [(root, "the command")]
    while todo:
        pid, kind = todo.pop()
        kinds[pid] = kind
        if kind != "fork server":
            todo += [(child, _kind_of(child)) for child in children[pid]]
    return kinds


def _kind_of(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "other"
    program = command.partition(b"\0")[0]
    if b"guest.fork_server" in command and not program.endswith(b"bwrap"):
        return "fork server"
    return "worker" if b"spawn_main" in command else "other"


def _pss_of(pid: int) -> int:
    """Return a process's share of the pages that it maps."""
    try:
        found = re.search(
            r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"), re.MULTILINE
        )
    except OSError:  # it has just ended
        return 0
    return int(found[1]) << 10 if found else 0
