"""What the kernel's Landlock takes away from a sandbox: every access to files, and connections and signals.

A process locks itself; it takes no privileges, no namespaces and no other program. What can be locked grows with the
version of Landlock's interface (its ABI). What an older kernel cannot lock is closed by the list of system calls alone.
See landlock(7) and https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes

_CREATE_RULESET = 444  # a system call that has this number on every architecture
_ASK_VERSION = 1
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # rights on files, by the version that brought the last of them
_TCP = 0b11  # bind, connect; since version 4
_SCOPES = 0b11  # abstract sockets, signals; since version 6
_UNLOGGED = 1  # a flag since version 7: else each refusal is logged, and student code could fill the system's log


def version() -> int:
    """Return the version of Landlock's interface that this kernel offers. Raise OSError if it offers none."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    if number < 1:
        raise OSError(ctypes.get_errno(), "Landlock")
    return int(number)


def ruleset() -> dict[str, object]:
    """Return the arguments of `guest.lockdown.Landlock`: all that this kernel can take away."""
    offered = version()
    rights = max(count for since, count in _RIGHTS.items() if since <= offered)
    restricted = [(1 << rights) - 1, *([_TCP] if offered >= 4 else []), *([_SCOPES] if offered >= 6 else [])]
    return {"restricted": restricted, "flags": _UNLOGGED if offered >= 7 else 0}
