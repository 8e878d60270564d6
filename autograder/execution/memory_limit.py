"""A limit on the memory of a trusted process while it works on a submission. Linux only; elsewhere there is none.

The limit counts private writable memory (RLIMIT_DATA), as a sandbox's does: libraries that are only read do not count.
It is set beyond what the process has at that moment, so it does not depend on the machine's number of CPUs. More than
that raises MemoryError, which costs the submission its answer or its grading, and no other one anything.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

_M_MMAP_THRESHOLD = -3

if sys.platform == "linux":
    import resource

    @contextlib.contextmanager
    def growth_limited(size: int) -> Iterator[None]:
        """Let this process have at most `size` bytes more than it has now, until the block ends.

        A block inside another one has its own limit, which may be larger.
        """
        before, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = _private_memory() + size
        resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (before, hard))

    def give_back_freed_memory() -> None:
        """Let large blocks of memory return to the system when they are freed, in this process from now on.

        glibc keeps blocks up to 32 MiB for later, once the process has freed one of that size.
        """
        with contextlib.suppress(AttributeError):  # not glibc
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 18)

    @contextlib.contextmanager
    def inherited_by_none() -> Iterator[None]:
        """Lift the limit for a process that starts in the block: it has limits of its own."""
        before, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (before, hard))

    def _private_memory() -> int:
        """Return how many bytes of private writable memory this process has."""
        status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
        (line,) = (line for line in status.splitlines() if line.startswith("VmData:"))
        return int(line.split()[1]) << 10

else:

    def give_back_freed_memory() -> None:
        """Change nothing."""

    @contextlib.contextmanager
    def growth_limited(size: int) -> Iterator[None]:
        """Limit nothing."""
        yield

    @contextlib.contextmanager
    def inherited_by_none() -> Iterator[None]:
        """Lift nothing."""
        yield
