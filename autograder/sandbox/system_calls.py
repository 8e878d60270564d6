"""The system calls that a sandbox may make, as a compiled seccomp filter."""

from __future__ import annotations

import errno
import functools
import os
from typing import Any

ALLOWED = """
read write close ppoll pselect6 lseek mprotect munmap mremap madvise
brk rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack pread64 readv writev
sched_yield sched_getaffinity dup nanosleep gettimeofday times
getpid gettid getppid getuid geteuid getgid getegid exit exit_group uname getcwd
getrusage futex set_robust_list set_tid_address restart_syscall getrandom
membarrier rseq
""".split()
ALLOWED_ON_X86 = "poll select time arch_prctl".split()  # other architectures have no such calls

# Calls that look at files. Reading a file, or following a symlink, can change its access time, and these calls show it:
# the next submission could learn from it what this one knew. So for a sandbox no file exists.
LOOKING = "fstat newfstatat statx faccessat faccessat2 readlinkat".split()
LOOKING_ON_X86 = "stat lstat access readlink".split()

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_UNCOUNTED = 0x1 | 0x100  # MAP_SHARED, MAP_GROWSDOWN: neither counts towards the memory limit
_ALL_BITS = (1 << 64) - 1
_INT = 0xFFFFFFFF  # of a C int the kernel reads 32 bits

# A call and, by number, what an argument must be: (the bits that count, their value). One row must fit.
CONDITIONS: list[tuple[str, dict[int, tuple[int, int]]]] = [
    ("mmap", {3: (_UNCOUNTED, 0)}),
    *((call, {3: (_INT, 0)}) for call in ("recvfrom", "sendto")),  # no flags: urgent bytes (MSG_OOB) on a local
    # socket are code of the kernel that nothing needs, and that sandboxes were escaped by (CVE-2025-38236)
    *((call, {0: (1 << 31, 0)}) for call in ("clock_gettime", "clock_getres", "clock_nanosleep")),  # not the clocks of
    # other processes' CPU time, whose numbers are negative
    ("prlimit64", {0: (_INT, 0), 2: (_ALL_BITS, 0)}),  # a process may read its own limits
    *(("fcntl", {1: (_INT, command)}) for command in (0, 1, 2, 3, 1030)),  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL,
    # F_DUPFD_CLOEXEC; not F_SETOWN and F_SETFL, by which the kernel would send signals for this process
]
OPENING = {"openat": 2}  # by call: the number of the argument with the flags
OPENING_ON_X86 = {"open": 1}


@functools.cache
def system_call_filter() -> bytes:
    """Return an allow-list as a seccomp program. Every other call fails with EPERM: a student reads PermissionError.

    It allows no fork, thread, signal, socket, mount, file or shared mapping. A file that is opened for reading, or
    looked at, is not there (ENOENT): code that reads a file only if there is one goes on without. A call in the manner
    of another architecture, such as a 32-bit one, ends the process. libseccomp knows the numbers of the calls on each
    architecture.
    """
    import pyseccomp

    x86 = pyseccomp.system_arch() == pyseccomp.Arch.X86_64
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in [*ALLOWED, *(ALLOWED_ON_X86 if x86 else [])]:
        rules.add_rule(pyseccomp.ALLOW, name)
    for name, wanted in CONDITIONS:
        arguments = [pyseccomp.Arg(number, pyseccomp.MASKED_EQ, *bits) for number, bits in wanted.items()]
        rules.add_rule(pyseccomp.ALLOW, name, *arguments)
    not_there = pyseccomp.ERRNO(errno.ENOENT)
    for name in [*LOOKING, *(LOOKING_ON_X86 if x86 else [])]:
        rules.add_rule(not_there, name)
    for name, flags in {**OPENING, **(OPENING_ON_X86 if x86 else {})}.items():
        rules.add_rule(not_there, name, pyseccomp.Arg(flags, pyseccomp.MASKED_EQ, _WRITING, 0))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # glibc then tries clone, which fails with EPERM
    return _compiled(rules)


def _compiled(rules: Any) -> bytes:
    """Return the program of a libseccomp filter. Memory serves as the file: a machine may have no temporary folder."""
    with os.fdopen(os.memfd_create("filter"), "w+b") as program:
        rules.export_bpf(program)
        program.seek(0)
        return program.read()
