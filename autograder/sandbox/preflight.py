"""If students' code cannot be confined here, the kit refuses to run it, and says how to run it all the same."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.core.errors import UserError
from autograder.execution.limits import LIMITS, Limits
from autograder.sandbox.bubblewrap import missing_parts
from autograder.sandbox.confined import ConfinedRooms
from autograder.sandbox.environments import NUMPY, Environment
from autograder.sandbox.escape_probe import ProbeResult, probe
from autograder.sandbox.fork_server import ForkServer


@contextlib.contextmanager
def proved_rooms(
    secrets: Sequence[Path], *, confined: bool, limits: Limits = LIMITS, environment: Environment = NUMPY
) -> Iterator[ConfinedRooms]:
    """Open rooms for a command that needs no batch. They must hide the files `secrets`.

    Raise UserError if the machine lacks a part, or if a room does not confine.
    """
    require_platform(confined=confined)
    with ForkServer(confined=confined, environment=environment, limits=limits) as server:
        server.start()
        if confined:
            require_full(probe(server, secrets))
        yield ConfinedRooms(server)


def require_platform(*, confined: bool) -> None:
    """Raise UserError if this machine lacks what rooms need."""
    missing = missing_parts()
    if not hasattr(os, "fork"):
        raise UserError(missing or "This platform cannot fork.")
    if confined and missing is not None:
        raise UserError(_refusal(missing))


def require_full(result: ProbeResult) -> None:
    """Raise UserError if the probe escaped from a room."""
    if result.level != "full":
        raise UserError(_refusal(f"a room here would not keep a student from: {', '.join(result.escaped)}."))


def _refusal(why: str) -> str:
    return (
        f"Refusing to run students' code without confinement: {why}\n"
        "To grade all the same, on a machine and with notebooks that you trust: add `--sandbox none`."
    )
