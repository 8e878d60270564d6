"""How a fork server is started: its command line, and what it is told about the confinement of its sandboxes."""

from __future__ import annotations

import json
import math
import os
import stat
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    read_only: Sequence[tuple[Path, str]],
    limits: Limits,
    *,
    control: int,
) -> list[str]:
    """Return the command line of a fork server. `control` is the descriptor of its end of the control socket.

    Raise UserError if a part of the environment, or of the machine, is missing.
    """
    packages = contents.package_paths(environment) if layers else {}
    shown = _shown_in_namespaces(packages, read_only) if Layer.NAMESPACES in layers else []
    user = guest_user() if Layer.PRIVILEGES in layers else None
    options = {
        "control": control,
        "preload": environment.preload,
        "confined": bool(layers),
        "namespaces": Layer.NAMESPACES in layers,
        "limits": _resource_limits(limits) if Layer.LIMITS in layers else None,
        "drop_privileges": Layer.PRIVILEGES in layers,
        "user": user,
        "landlock": _ruleset(packages, read_only, shown) if Layer.LANDLOCK in layers else None,
        "filter": system_call_filter().hex() if Layer.SYSTEM_CALLS in layers else None,
        **_imports(layers, packages, user),
    }
    interpreter = str(Path(sys.executable).resolve())
    command = [interpreter, "-s", "-S", "-P", "-m", "guest.fork_server", json.dumps(options)]
    return bubblewrap.command_line(command, shown=shown) if Layer.NAMESPACES in layers else command


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


def _imports(layers: Collection[Layer], packages: Mapping[str, Path], user: int | None) -> dict[str, Any]:
    """Return how sandboxes find what they import: by a search path, or package by package."""
    if not layers:
        return {"path": [entry for entry in sys.path if entry], "packages": {}, "hold": []}
    if Layer.NAMESPACES in layers:
        return {"path": [bubblewrap.GUEST_PACKAGES], "packages": {}, "hold": []}
    places = {name: str(path) for name, path in packages.items()}
    folders = [contents.standard_library(), GUEST_FILES, *(path for path in packages.values() if path.is_dir())]
    closed = [] if user is None else [str(folder) for folder in folders if not _open_to_all(folder)]
    return {"path": [], "packages": places, "hold": closed}


def _open_to_all(folder: Path) -> bool:
    """Return whether every user can get to a folder. Raise NotConfined if the folder itself is its owner's alone."""
    if not folder.stat().st_mode & stat.S_IXOTH:
        raise NotConfined(f"the sandboxes' user cannot read {folder}; type: chmod -R go+rX {folder}")
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)


def _shown_in_namespaces(packages: Mapping[str, Path], read_only: Sequence[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Return what a sandbox with its own file system sees, as (path outside, path inside)."""
    return [
        *((path, str(path)) for path in contents.interpreter_paths()),
        *((path, f"{bubblewrap.GUEST_PACKAGES}/{path.name}") for path in contents.with_libraries(packages)),
        (GUEST_FILES, f"{bubblewrap.GUEST_CODE}/{GUEST_FILES.name}"),
        *read_only,
    ]


def _ruleset(
    packages: Mapping[str, Path], read_only: Sequence[tuple[Path, str]], shown: Sequence[tuple[Path, str]]
) -> dict[str, Any]:
    """Return the list of files for Landlock: inside of namespaces what is shown there, else the machine's own files."""
    hidden = contents.other_packages()
    interpreter = [part for path in contents.interpreter_files() for part in contents.without(path, hidden)]
    if shown:
        everything = contents.interpreter_paths()
        others = [inside for path, inside in shown if path not in everything]
        return landlock.ruleset([*interpreter, *others, *([bubblewrap.GUEST_PACKAGES] if packages else [])])
    packages_and_libraries = contents.with_libraries(packages)
    own = [GUEST_FILES, *(path for path, _ in read_only)]
    return landlock.ruleset([*interpreter, *packages_and_libraries, *own], listed=[contents.standard_library()])
