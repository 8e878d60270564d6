"""Why this machine cannot confine sandboxes at one level, and how to change that.

Nothing is decided here: the escape probe does that. These are the reasons that a person can act on, asked of the
system before a fork server starts, because its own last words rarely say what is behind them.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import bubblewrap, landlock
from autograder.sandbox.levels import Layer, Level
from autograder.sandbox.system_calls import system_call_filter

_APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
_DEBIAN = "/proc/sys/kernel/unprivileged_userns_clone"
_MOST = "/proc/sys/user/max_user_namespaces"


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of a level, and what to do about it."""

    reason: str
    cures: tuple[str, ...]


def obstacle_to(level: Level) -> Obstacle | None:
    """Return why this machine cannot confine at a level; None if nothing is known that prevents it."""
    if not level.layers:
        return None
    if sys.platform != "linux":
        return Obstacle(
            f"sandboxes are confined by the Linux kernel, and this is {sys.platform}",
            ("Grade on Linux: on a server, in a virtual machine, or in WSL 2 on Windows.",),
        )
    try:
        system_call_filter()
    except Exception as error:
        return Obstacle(
            f"libseccomp does not work ({error})",
            ("Install it: `sudo apt install libseccomp2`, or your system's package.",),
        )
    obstacles = (
        _to_namespaces() if Layer.NAMESPACES in level.layers else None,
        _to_landlock() if Layer.LANDLOCK in level.layers else None,
    )
    return next((obstacle for obstacle in obstacles if obstacle is not None), None)


def _to_namespaces() -> Obstacle | None:
    if bubblewrap.program() is None:
        return Obstacle(
            "bubblewrap, which makes namespaces, is not installed",
            ("Install it: `sudo apt install bubblewrap`, or your system's package.",),
        )
    try:
        trial = subprocess.run(
            bubblewrap.trial(), capture_output=True, encoding="utf-8", errors="replace", timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Obstacle(f"bubblewrap does not run ({error})", ())
    if trial.returncode == 0:
        return None
    words = (trial.stderr.strip().splitlines() or [f"status {trial.returncode}"])[-1]
    reason, cures = _refuser()
    return Obstacle(f"{reason} ({words})", cures)


def _refuser() -> tuple[str, tuple[str, ...]]:
    """Return what refuses namespaces on this system, and how to change that."""
    root = os.geteuid() == 0
    if not root and _setting(_APPARMOR) == "1":
        return "AppArmor keeps ordinary users from making namespaces, as on Ubuntu 23.10 and later", (
            f"Allow them until the next start: `sudo sysctl -w {_as_setting(_APPARMOR)}=0`.",
            "Or give /usr/bin/bwrap an AppArmor profile with the rule `userns,`.",
        )
    if not root and _setting(_DEBIAN) == "0":
        return "the kernel keeps ordinary users from making namespaces", (
            f"Allow them until the next start: `sudo sysctl -w {_as_setting(_DEBIAN)}=1`.",
        )
    if not root and _setting(_MOST) == "0":
        return f"this system allows no user namespaces ({_as_setting(_MOST)} is 0)", (
            f"Allow them until the next start: `sudo sysctl -w {_as_setting(_MOST)}=10000`.",
        )
    if _is_filtered():
        return "a container's profile, or another filter of system calls, refuses namespaces", (
            "In Docker or Kubernetes no namespaces are needed if Landlock is there: see below.",
        )
    return "this system refuses namespaces", ()


def _to_landlock() -> Obstacle | None:
    try:
        landlock.version()
    except OSError as error:
        return _why_no_landlock(error.errno)
    return None


def _why_no_landlock(number: int | None) -> Obstacle:
    release = os.uname().release
    if number == errno.EOPNOTSUPP:
        return Obstacle(
            "Landlock is switched off on this system",
            ("Add `landlock` to the kernel's parameter `lsm=` (see /sys/kernel/security/lsm), and restart.",),
        )
    if _is_filtered():
        return Obstacle(
            f"Landlock is refused by a container's profile or another filter, or the kernel ({release}) has none",
            ("Use Docker 20.10.14 or later, whose own profile permits Landlock, on a host with Linux 5.13 or later.",),
        )
    return Obstacle(
        f"this kernel ({release}) has no Landlock", ("Use Linux 5.13 or later, built with CONFIG_SECURITY_LANDLOCK.",)
    )


def _setting(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _as_setting(path: str) -> str:
    return path.removeprefix("/proc/sys/").replace("/", ".")


def _is_filtered() -> bool:
    """Return whether a filter of system calls is in force for this process, as in most containers."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return "Seccomp:\t2" in lines
