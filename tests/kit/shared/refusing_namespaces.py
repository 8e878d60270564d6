"""Run a program as in a container: under a filter that refuses what Docker's default profile refuses.

`python refusing_namespaces.py filter|limit COMMAND …`. With `limit` it runs in a user namespace of its own in which no
further user namespace can be made; the machine's own setting stays as it is.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

REFUSED = """
unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
bpf perf_event_open keyctl add_key request_key userfaultfd io_uring_setup open_by_handle_at quotactl swapon swapoff
reboot acct kexec_load init_module finit_module delete_module lookup_dcookie nfsservctl vm86 iopl ioperm
""".split()
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
NEW_USER = 0x10000000


def refuse_namespaces() -> None:
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in REFUSED:
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
    for bit in (1 << number for number in range(32) if NEW_NAMESPACES >> number & 1):
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, bit, bit))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags lie in memory, which a filter cannot read
    rules.load()


def allow_no_user_namespace() -> None:
    """Go to a user namespace with the same user, and let nobody in it make another one."""
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_USER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="utf-8")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="utf-8")
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="utf-8")


if __name__ == "__main__":
    {"filter": refuse_namespaces, "limit": allow_no_user_namespace}[sys.argv[1]]()
    os.execvp(sys.argv[2], sys.argv[2:])
