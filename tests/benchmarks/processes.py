"""What a command costs: wall time, CPU time and memory of all its processes together. Linux only.

Processor time is what the kernel charges to waited-for children. A grading process is killed when it has nothing
left to do, and its sandboxes' server is then nobody's child: so this process adopts orphans and waits for them, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

SAMPLE_SECONDS = 0.05
_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 20.0  # how long what a command left behind may take to end
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Of one command, from its start to its end."""

    wall: float  # s, until the command itself ended
    cpu: float  # s, user and system, of the command and all it started
    peak: int = 0  # bytes of all processes together, where that was sampled
    shared_out: bool = True  # whether `peak` counts shared pages once
    submissions: int = 1


class CommandFailed(Exception):
    """A command that should have worked did not; the text has its last words."""


def cost_of(command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str], sample: bool = False) -> Cost:
    """Run a command to its end. CommandFailed where it does not end with 0; its output is not shown otherwise."""
    _adopt_orphans()
    before = _cpu_of_the_waited_for()
    sampler = _Sampler() if sample else None
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        if sampler is not None:
            stack.enter_context(sampler)
        done = subprocess.run(
            command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        wall = time.monotonic() - begun
    _wait_for_orphans()
    if done.returncode != 0:
        said = "\n".join(done.stdout.decode(errors="replace").splitlines()[-15:])
        raise CommandFailed(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    cost = Cost(wall, _cpu_of_the_waited_for() - before)
    return replace(cost, peak=sampler.peak, shared_out=sampler.shared_out) if sampler else cost


def _adopt_orphans() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _wait_for_orphans() -> None:
    patience = time.monotonic() + _PATIENCE
    with contextlib.suppress(ChildProcessError):  # none is left
        while time.monotonic() < patience:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)
        raise CommandFailed(f"a process outlived its command by {_PATIENCE:g} s: its CPU time is unknown")


def _cpu_of_the_waited_for() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# ---- what lives now


def family() -> list[int]:
    """The process ids of everything that descends from this process, without itself."""
    children: dict[int, list[int]] = {}
    for pid, fields in _processes():
        children.setdefault(int(fields[1]), []).append(pid)
    found = list(children.get(os.getpid(), ()))
    for pid in found:  # grows while it is walked
        found += children.get(pid, ())
    return found


def cpu_of_family() -> float:
    """Processor time so far of the descendants that live, and of those that they waited for."""
    members = set(family())
    return sum(sum(map(int, fields[11:15])) for pid, fields in _processes() if pid in members) / _TICKS


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Of each process its number and the fields of /proc/<pid>/stat from the third on."""
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                yield (
                    int(entry.name),
                    Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split(),
                )


class _Sampler(threading.Thread):
    """Looks at the memory of the whole family, again and again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.shared_out = True
        self._enough = threading.Event()

    def run(self) -> None:
        while not self._enough.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(self._memory_of, family())))

    def _memory_of(self, pid: int) -> int:
        """A process's share of the pages it maps (PSS); all of them (RSS) where it may not be looked into."""
        try:
            return _pss_of(pid)
        except PermissionError:
            self.shared_out = False
            return _rss_of(pid)
        except OSError:  # it has just ended
            return 0

    def __enter__(self) -> _Sampler:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self.join()


def _pss_of(pid: int) -> int:
    found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0  # a process without memory is about to end


def _rss_of(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize()
    return 0
