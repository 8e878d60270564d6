"""The warm process that sandboxes are forked from. It has the modules preloaded and waits for commands.

`autograder.sandbox.fork_server` starts it, inside bubblewrap if sandboxes get namespaces. Its one argument are the
`Options`, as JSON. Commands come on the control socket, see `control`.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypedDict

from . import control, imports

if TYPE_CHECKING:
    from . import lockdown


class Options(TypedDict):
    """What the grader says about every sandbox of a fork server. A part of the confinement that is None is left out."""

    control: int  # the descriptor of the control socket
    path: list[str]  # to add to `sys.path`, if sandboxes are not confined
    packages: dict[str, str]  # by name: where the packages are that confined sandboxes can import
    preload: list[str]  # modules
    confined: bool  # whether a sandbox gives anything up
    namespaces: bool  # whether each sandbox gets a process namespace of its own
    limits: dict[str, int] | None  # see `lockdown.limit_resources`
    drop_privileges: bool
    user: int | None  # whom a sandbox runs as, if it drops its privileges; None: this process's user
    landlock: lockdown.Landlock | None
    filter: str | None  # the seccomp program, in hexadecimal digits


def main() -> None:
    """Load the modules, say that the fork server is ready, and obey the grader until it has gone."""
    options: Options = json.loads(sys.argv.pop())
    sys.orig_argv.clear()  # sandboxes need not know what they are told here
    grader = socket.socket(fileno=options["control"])
    preload(options)
    server = Server(grader, options)
    grader.sendall(control.READY)
    server.obey_commands()


def preload(options: Options) -> None:
    """Import the modules and what every sandbox uses, once for all sandboxes."""
    finder = imports.import_only(packages_for(options)) if options["confined"] else None
    sys.path.extend(options["path"])
    for module in options["preload"]:
        importlib.import_module(module)
    from . import runner  # imports NumPy, which is found only now

    runner.warm_up()
    if finder is not None:
        finder.keep()
    gc.collect()
    gc.freeze()  # forked sandboxes share these pages as long as the collector does not touch them


def packages_for(options: Options) -> dict[str, str]:
    """Return the packages that confined sandboxes can import, this one among them: where each is, by name."""
    return {**options["packages"], "guest": str(Path(__file__).parent)}


class Server:
    """Opens and ends sandboxes at the grader's command."""

    def __init__(self, grader: socket.socket, options: Options) -> None:
        self.grader = grader
        self.options = options
        self.pid = os.getpid()
        self.guests: set[int] = set()
        self.namespace = os.pidfd_open(self.pid) if options["namespaces"] else -1
        self.ruleset = -1
        self.address_space = 0  # bytes of it that a sandbox has at its start
        if options["limits"] is not None:
            from . import lockdown

            self.address_space = lockdown.address_space_in_use()
        if options["landlock"] is not None:
            from . import lockdown

            self.ruleset = out_of_the_way(lockdown.landlock_ruleset(options["landlock"]))

    def obey_commands(self) -> None:
        """Open and end sandboxes until the grader closes the control socket. Then end those that are left."""
        while True:
            command, descriptors, _, _ = socket.recv_fds(self.grader, control.COMMAND.size, 1)
            if len(command) < control.COMMAND.size:
                break
            letter, pid = control.COMMAND.unpack(command)
            if letter == control.OPEN:
                self.open_guest(descriptors[0])
            else:
                self.guests.discard(pid)
                self.grader.sendall(control.ENDED.pack(self.end_guest(pid)))
        if not self.options["namespaces"]:  # else they end with this process, the first of its process namespace
            for pid in self.guests:
                self.end_guest(pid)

    def open_guest(self, connection: int) -> None:
        """Fork a sandbox with this end of its connection, and tell the grader its pid.

        With namespaces, it is the first process of a process namespace of its own.
        """
        if self.options["namespaces"]:
            from . import lockdown

            lockdown.unshare(lockdown.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            self.become_guest(connection)
        if self.options["namespaces"]:
            lockdown.setns(self.namespace, lockdown.CLONE_NEWPID)
        os.close(connection)
        self.guests.add(pid)
        pidfds = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
        socket.send_fds(self.grader, [control.OPENED.pack(pid)], pidfds)
        for pidfd in pidfds:
            os.close(pidfd)

    def become_guest(self, connection: int) -> NoReturn:
        """Confine this process as far as the options ask, and answer calls until the process ends."""
        from . import runner

        try:
            grader = keep_only(connection, self.ruleset)
            os.setsid()
            if self.options["confined"]:
                self.confine()
            runner.serve(grader)
        except BaseException:  # nobody is left to tell: the grader sees the connection close
            os._exit(70)
        os._exit(0)

    def confine(self) -> None:
        """Take from this process all that a student's code does not need. The steps have to keep this order."""
        from . import lockdown

        options = self.options
        if options["limits"] is not None:
            lockdown.limit_resources(**options["limits"], address_space=self.address_space)
        if options["drop_privileges"]:
            if options["user"] is not None:
                lockdown.become_user(options["user"])
            lockdown.drop_privileges()
        lockdown.end_with(self.pid)
        lockdown.gain_no_privileges()
        if options["landlock"] is not None:
            lockdown.lock(self.ruleset, options["landlock"]["flags"])
            os.close(self.ruleset)
        if options["filter"] is not None:
            lockdown.allow_only(bytes.fromhex(options["filter"]))

    def end_guest(self, pid: int) -> int:
        """Wait for a sandbox that was killed. Return its status as `Popen.returncode` counts.

        A namespace takes everything in it along. Otherwise at least the sandbox's process group ends.
        """
        if not self.options["namespaces"]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        try:
            _, status = os.waitpid(pid, 0)
        except ChildProcessError:
            return 0
        return os.waitstatus_to_exitcode(status)


def out_of_the_way(descriptor: int) -> int:
    """Return the descriptor under a number that is not one of the few that a sandbox uses."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 16)
    os.close(descriptor)
    return moved


def keep_only(connection: int, ruleset: int) -> socket.socket:
    """Close every descriptor but the connection, which becomes number 3, and the ruleset, unless that is -1.

    Return the connection's socket.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # first of all: the connection must never be number 0, 1 or 2
        os.dup2(null, standard)
    os.dup2(connection, 3)
    if ruleset >= 0:
        os.closerange(4, ruleset)
    os.closerange(max(4, ruleset + 1), 1 << 20)
    return socket.socket(fileno=3)  # asks the kernel for its family: not allowed later


if __name__ == "__main__":
    main()
