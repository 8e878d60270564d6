"""What a freshly forked sandbox does to itself before a line of the student's code runs. Linux only; ctypes, no shell.

The order matters: descriptors, then limits, then the user, then privileges, then all files, then the list of allowed
system calls. After the last step nothing here can be undone from inside.

It uses ctypes, because a guest imports no other package, and Python has functions for these calls only from 3.12 on.
"""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Any, TypedDict

CLONE_NEWPID = 0x20000000
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_SIGKILL = 9
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 40
_LIBRARIES = 256 << 20  # bytes of address space for what is loaded and started later, such as another module

# Landlock, see landlock(7). The system calls have these numbers on every architecture.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_ssize_t
_libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long)
_MAP_FAILED = -1


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _require_success(result: int, call: str) -> None:
    """Raise OSError with the reason if a call of the C library did not return 0."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Give this process, or the next one that it forks, namespaces of its own."""
    _require_success(_libc.unshare(flags), "unshare")


def setns(descriptor: int, flags: int) -> None:
    """Go back to the namespaces of the process behind this pidfd."""
    _require_success(_libc.setns(descriptor, flags), "setns")


def _prctl(option: int, *arguments: Any) -> None:
    padded = [*arguments, 0, 0, 0, 0][:4]
    words = [word if isinstance(word, ctypes._SimpleCData) else ctypes.c_ulong(word) for word in padded]
    _require_success(_libc.prctl(option, *words), f"prctl({option})")


def address_space_in_use() -> int:
    """Return how many bytes of address space this process has. The kernel tells it by what it still allows.

    It stands in /proc, too, which sandboxes do not see.
    """
    page = resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 40
    try:
        while high - low > page:
            middle = (low + high) // 2
            resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
            if _can_map(page):
                high = middle
            else:
                low = middle
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return high


def _can_map(size: int) -> bool:
    private_anonymous = 0x22
    address = _libc.mmap(None, size, 0, private_anonymous, -1, 0)
    if address == _MAP_FAILED:
        return False
    _libc.munmap(ctypes.c_void_p(address), size)
    return True


def limit_resources(memory: int, cpu_seconds: int, address_space: int) -> None:
    """Set the limits of this process: memory in bytes, CPU time in seconds, no more processes, no files.

    Memory counts private writable pages; the system-call filter refuses shared and stack-like mappings. Pages that are
    filled and then made read-only do not count, and the tables that map pages do not either: hence the limit of address
    space, beyond the bytes of it that the process has at its start.
    """
    for resource_type, limit in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_AS, address_space + memory + _LIBRARIES),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),  # no more than there are: neither processes nor threads
        (resource.RLIMIT_STACK, 8 << 20),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _, hard_limit = resource.getrlimit(resource_type)  # the operator's may be lower, and cannot be raised
        limit = limit if hard_limit == resource.RLIM_INFINITY else min(limit, hard_limit)
        resource.setrlimit(resource_type, (limit, limit))


def become_user(uid: int) -> None:
    """Become this user instead of root: groups first, while that is still allowed."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def end_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends. Raise OSError if that has happened already.

    In a process namespace of its own, a process has no parent that it could name: its number is 0.
    """
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() not in (0, parent):
        raise ProcessLookupError


def drop_privileges() -> None:
    """Give up every capability for good, and be no other process's to look into."""
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # EINVAL above the kernel's last one, EPERM without SETPCAP
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _require_success(_libc.capset(header, none), "capset")
    _prctl(_PR_SET_DUMPABLE, 0)


def gain_no_privileges() -> None:
    """Let no program that this process might start get privileges. The kernel wants this before the next two steps."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


class Landlock(TypedDict):
    """What Landlock takes away. It leaves nothing: a sandbox opens no file."""

    restricted: list[int]  # kinds of access, as masks: to files, then to the network, then scopes; fewer on old kernels
    flags: int  # of landlock_restrict_self


def landlock_ruleset(landlock: Landlock) -> int:
    """Return the descriptor of a Landlock ruleset."""
    restricted = landlock["restricted"]
    attributes = (ctypes.c_uint64 * len(restricted))(*restricted)
    return _landlock(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)), 0)


def lock(ruleset: int, flags: int) -> None:
    """Restrict this process for good to what a ruleset allows."""
    _landlock(_RESTRICT_SELF, ruleset, flags)


def _landlock(number: int, *arguments: Any) -> int:
    result = _libc.syscall(ctypes.c_long(number), *arguments)
    _require_success(min(result, 0), f"Landlock ({number})")
    return int(result)


def allow_only(program: bytes) -> None:
    """Install a compiled seccomp filter of 8 bytes per instruction: an allow-list of system calls."""
    filters = _FilterProgram(len(program) // 8, program)
    _require_success(
        _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filters), 0, 0),
        "prctl(PR_SET_SECCOMP)",
    )
