"""The warm process that rooms are forked from. It has the modules preloaded and waits for commands.

`autograder.sandbox.fork_server` starts it, inside bubblewrap (level full) or plainly (level none). One JSON argument:
`{"control": fd, "path": [...], "preload": [...], "confined": bool, "user": uid or null, "filter": hex,
"memory": bytes, "cpu_seconds": n}`. Commands come on the control socket, see `control`.
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

from . import control

Options = dict[str, Any]


def main() -> None:
    """Load the modules, say that the fork-server is ready, and obey the grader until it has gone."""
    options = json.loads(sys.argv[1])
    grader = socket.socket(fileno=options["control"])
    preload(options["path"], options["preload"])
    namespace = os.pidfd_open(os.getpid()) if options["confined"] else -1
    grader.sendall(control.READY)
    rooms = obey_commands(grader, namespace, options)
    if not options["confined"]:  # confined rooms end with this process, the first of its process namespace
        for pid in rooms:
            end_room(pid, confined=False)


def preload(path: list[str], modules: list[str]) -> None:
    """Import the modules and what every room uses, once for all rooms."""
    sys.path.extend(path)
    for module in modules:
        importlib.import_module(module)
    from . import runner  # imports NumPy, which is on the path only now

    runner.warm_up()
    gc.collect()
    gc.freeze()  # forked rooms share these pages as long as the collector does not touch them


def obey_commands(grader: socket.socket, namespace: int, options: Options) -> set[int]:
    """Open and end rooms until the grader closes the control socket. Return the pids of the rooms that are left."""
    rooms: set[int] = set()
    while True:
        command, descriptors, _, _ = socket.recv_fds(grader, control.COMMAND.size, 1)
        if len(command) < control.COMMAND.size:
            return rooms
        letter, pid = control.COMMAND.unpack(command)
        if letter == control.OPEN:
            rooms.add(open_room(grader, descriptors[0], namespace, options))
        else:
            rooms.discard(pid)
            grader.sendall(control.ENDED.pack(end_room(pid, confined=options["confined"])))


def open_room(grader: socket.socket, connection: int, namespace: int, options: Options) -> int:
    """Fork a room and return its pid. A confined room is the first process of a process namespace of its own.

    `connection` is the descriptor of the room's end of its connection, `namespace` a pidfd of this very process.
    """
    if options["confined"]:
        from . import lockdown

        lockdown.unshare(lockdown.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        become_room(connection, options)
    if options["confined"]:
        lockdown.setns(namespace, lockdown.CLONE_NEWPID)
    os.close(connection)
    pidfds = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
    socket.send_fds(grader, [control.OPENED.pack(pid)], pidfds)
    for pidfd in pidfds:
        os.close(pidfd)
    return pid


def become_room(connection: int, options: Options) -> NoReturn:
    """Confine this process if asked to, and answer calls on the connection until the process ends."""
    from . import runner

    try:
        grader = keep_only(connection)
        os.setsid()
        if options["confined"]:
            confine(options)
        runner.serve(grader)
    except BaseException:  # nobody is left to tell: the grader sees the connection close
        os._exit(70)
    os._exit(0)


def keep_only(connection: int) -> socket.socket:
    """Close every descriptor but the connection, which becomes number 3. Return it as a socket."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # first of all: the connection must never be number 0, 1 or 2
        os.dup2(null, standard)
    os.dup2(connection, 3)
    os.closerange(4, 1 << 20)
    return socket.socket(fileno=3)  # asks the kernel for its family: not allowed later


def confine(options: Options) -> None:
    """Take from this process all that a student's code does not need. The steps have to keep this order."""
    from . import lockdown

    lockdown.limit_resources(options["memory"], options["cpu_seconds"])
    if options["user"] is not None:
        lockdown.become_user(options["user"])
    lockdown.drop_privileges()
    lockdown.allow_only(bytes.fromhex(options["filter"]))


def end_room(pid: int, *, confined: bool) -> int:
    """Wait for a room that was killed. Return its status as `Popen.returncode` counts.

    A confined room takes everything in its namespace along. Of another room at least the process group ends.
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
