"""The command line of bubblewrap, which runs a fork server in namespaces of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.sandbox import contents
from autograder.sandbox.levels import NotConfined

GUEST_CODE = "/code"  # the folder in a sandbox that holds the untrusted side's files, as the package `guest`
GUEST_PACKAGES = "/site"  # the folder in a sandbox that holds the packages

_SEPARATE = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")


def program() -> str | None:
    """Return the path of bubblewrap, or None if it is not installed."""
    return shutil.which("bwrap")


def trial() -> list[str]:
    """Return a command line that does nothing, in namespaces like those of a sandbox."""
    return [str(program()), *_user_namespace(), *_SEPARATE, "--ro-bind", "/", "/", "--", "/bin/true"]


def command_line(command: Sequence[str], *, shown: Iterable[tuple[Path, str]]) -> list[str]:
    """Return the command line that runs `command` so that it sees certain files and folders and nothing else.

    `shown` lists them as (path outside, path inside). Raise NotConfined if bubblewrap is missing.

    As root, bubblewrap makes no user namespace: it binds while it is root (root's own home is closed to all
    others) and the sandbox becomes an ordinary user after the fork. An ordinary user gets a user namespace instead.
    """
    bwrap = program()
    if bwrap is None:
        raise NotConfined("bubblewrap is not installed")
    capabilities = ["CAP_SYS_ADMIN", *(["CAP_SETUID", "CAP_SETGID"] if os.geteuid() == 0 else [])]
    variables = {**contents.environment_variables(), "PYTHONPATH": GUEST_CODE}
    return [
        bwrap,
        *_user_namespace(),
        *_SEPARATE,
        *["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"],
        *(word for name, value in variables.items() for word in ("--setenv", name, value)),
        *_binds(shown),
        *_hide_other_packages(),
        *(word for device in contents.DEVICES for word in ("--dev-bind", str(device), str(device))),
        *["--cap-drop", "ALL"],
        *(word for capability in capabilities for word in ("--cap-add", capability)),
        *["--remount-ro", "/", "--chdir", "/", "--"],
        *command,
    ]


def _user_namespace() -> list[str]:
    return [] if os.geteuid() == 0 else ["--unshare-user"]


def _binds(paths: Iterable[tuple[Path, str]]) -> list[str]:
    """Return arguments that show these files and folders in a sandbox: (path outside, path inside).

    They also make the folders above each, which bubblewrap would otherwise make for root alone.
    """
    arguments: list[str] = []
    folders: set[Path] = set()
    for path, target in paths:
        for parent in reversed(Path(target).parents[:-1]):
            if parent not in folders:
                arguments += ["--perms", "0755", "--dir", str(parent)]
                folders.add(parent)
        if path.is_symlink() and target in ("/lib", "/lib64"):
            arguments += ["--symlink", str(path.readlink()), target]
        else:
            arguments += ["--ro-bind", str(path), target]
    return arguments


def _hide_other_packages() -> list[str]:
    """Return arguments that hide from students whatever happens to be installed beside the interpreter."""
    arguments = []
    for folder in contents.other_packages():
        arguments += ["--perms", "0755", "--tmpfs", str(folder), "--remount-ro", str(folder)]
    return arguments
