"""How a fork server is started: its command line, and what it is told about the confinement of its sandboxes."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from autograder.execution.limits import Limits
from autograder.sandbox import bubblewrap, contents, landlock
from autograder.sandbox.environments import Environment
from autograder.sandbox.levels import Layer, NotConfined
from autograder.sandbox.system_calls import system_call_filter

GUEST_FILES = Path(__file__).parent.parent / "guest"
_FREE_USERS = range(65_000, 65_534)  # Debian's policy keeps these numbers free; containers map them


def command_line(
    layers: Collection[Layer],
    environment: Environment,
    limits: Limits,
    *,
    control: int,
) -> list[str]:
    """Return the command line of a fork server. `control` is the descriptor of its end of the control socket.

    Raise UserError if a part of the environment, or of the machine, is missing.
    """
    packages = contents.package_paths(environment) if layers else {}
    options = {
        "control": control,
        "preload": environment.preload,
        "confined": bool(layers),
        "namespaces": Layer.NAMESPACES in layers,
        "limits": _resource_limits(limits) if Layer.LIMITS in layers else None,
        "drop_privileges": Layer.PRIVILEGES in layers,
        "user": guest_user() if Layer.PRIVILEGES in layers else None,
        "landlock": landlock.ruleset() if Layer.LANDLOCK in layers else None,
        "filter": system_call_filter().hex() if Layer.SYSTEM_CALLS in layers else None,
        "path": [] if layers else [entry for entry in sys.path if entry],
        "packages": _places(packages, in_namespaces=Layer.NAMESPACES in layers),
    }
    interpreter = str(Path(sys.executable).resolve())
    command = [interpreter, "-s", "-S", "-P", "-m", "guest.fork_server", json.dumps(options)]
    if Layer.NAMESPACES not in layers:
        return command
    return bubblewrap.command_line(command, shown=_shown_in_namespaces(packages))


def guest_user() -> int | None:
    """Return the number of the user that sandboxes run as, which no other program uses: None to keep the operator's.

    Only root can become another user. Raise NotConfined if root may not: then it would have to run students' code.
    """
    if os.geteuid() != 0 or _maps_one_user():
        return None
    if not _capabilities() >> 7 & 1 or not _capabilities() >> 6 & 1:
        raise NotConfined("root may not become another user here (CAP_SETUID and CAP_SETGID are missing)")
    import pwd  # not there on Windows

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    free = [number for number in _FREE_USERS if number not in taken]
    return free[os.getpid() % len(free)]


def _maps_one_user() -> bool:
    """Return whether this is a user namespace with one user: its root is an ordinary user outside."""
    lines = Path("/proc/self/uid_map").read_text(encoding="utf-8").splitlines()
    return sum(int(line.split()[2]) for line in lines) == 1


def _capabilities() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))


def _resource_limits(limits: Limits) -> dict[str, int]:
    return {"memory": limits.memory, "cpu_seconds": math.ceil(limits.submission_seconds)}


def _places(packages: Mapping[str, Path], *, in_namespaces: bool) -> dict[str, str]:
    """Return by a package's name where the fork server finds it."""
    return {name: _place_inside(path) if in_namespaces else str(path) for name, path in packages.items()}


def _place_inside(path: Path) -> str:
    """Return where a fork server with its own file system finds a package, or the libraries beside it."""
    return f"{bubblewrap.GUEST_PACKAGES}/{path.name}"


def _shown_in_namespaces(packages: Mapping[str, Path]) -> list[tuple[Path, str]]:
    """Return what a fork server with its own file system sees, as (path outside, path inside)."""
    return [
        *((path, str(path)) for path in contents.interpreter_paths()),
        *((path, _place_inside(path)) for path in contents.with_libraries(packages)),
        (GUEST_FILES, f"{bubblewrap.GUEST_CODE}/{GUEST_FILES.name}"),
    ]
