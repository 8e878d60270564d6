"""The warm process that rooms are forked from: it has the preloaded modules and waits for protocol.

Started by `autograder.sandbox.fork_server`, inside bubblewrap (level full) or plainly (level none). One JSON argument:
`{"control": fd, "path": [...], "preload": [...], "confined": bool, "user": uid or null, "filter": hex,
"memory": bytes, "cpu_seconds": n}`. Orders come on the control socket, see `control`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from . import control as protocol


def main() -> None:
    options = json.loads(sys.argv[1])
    control = socket.socket(fileno=options["control"])
    sys.path.extend(options["path"])
    for module in options["preload"]:
        importlib.import_module(module)
    from . import runner  # imports NumPy, which is on the path only now

    runner.warm_up()
    own_namespace = os.pidfd_open(os.getpid()) if options["confined"] else -1
    gc.collect()
    gc.freeze()  # forked rooms share these pages as long as the collector does not touch them
    control.sendall(protocol.READY)
    rooms: set[int] = set()
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, protocol.ORDER.size, 1)
        if len(order) < protocol.ORDER.size:  # the grader has gone, and no room outlives it
            if not options["confined"]:  # a confined one ends with this process, the first of its namespace
                for pid in rooms:
                    end_room(pid, confined=False)
            return
        letter, pid = protocol.ORDER.unpack(order)
        if letter == protocol.OPEN:
            rooms.add(open_room(control, descriptors[0], own_namespace, options))
        else:
            rooms.discard(pid)
            control.sendall(protocol.ENDED.pack(end_room(pid, options["confined"])))


def open_room(control: socket.socket, door: int, own_namespace: int, options: dict[str, Any]) -> int:
    """Fork a room and give its pid; confined, it is the first process of a process namespace of its own."""
    if options["confined"]:
        from . import lockdown

        lockdown.unshare(lockdown.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        become_room(door, options)
    if options["confined"]:
        lockdown.setns(own_namespace, lockdown.CLONE_NEWPID)
    os.close(door)
    handles = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
    socket.send_fds(control, [protocol.OPENED.pack(pid)], handles)
    for handle in handles:
        os.close(handle)
    return pid


def become_room(door: int, options: dict[str, Any]) -> NoReturn:
    from . import runner

    try:
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):  # before the door: descriptor 0, 1 or 2 must never be the door
            os.dup2(null, standard)
        os.dup2(door, 3)
        os.closerange(4, 1 << 20)
        connection = socket.socket(fileno=3)  # asks the kernel for its family: not allowed later
        os.setsid()
        if options["confined"]:
            from . import lockdown

            lockdown.limit_resources(options["memory"], options["cpu_seconds"])
            if options["user"] is not None:
                lockdown.become_user(options["user"])
            lockdown.drop_privileges()
            lockdown.allow_only(bytes.fromhex(options["filter"]))
        runner.serve(connection)
    except BaseException:  # nobody is left to tell: the grader sees the door close
        os._exit(70)
    os._exit(0)


def end_room(pid: int, confined: bool) -> int:
    """Wait for a room that was killed: its status as `Popen.returncode` counts.

    A confined room takes everything in its namespace along; of another one at least its process group ends.
    """
    if not confined:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
