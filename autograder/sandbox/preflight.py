"""Choose how students' code is confined. If it cannot be, the kit refuses to run it, and says how to change that."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from autograder.core.errors import UserError
from autograder.execution.limits import LIMITS, Limits
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.environments import NUMPY, Environment
from autograder.sandbox.escape_probe import probe, require_confinement
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.levels import CHOICES, Level, NotConfined
from autograder.sandbox.obstacles import Obstacle, obstacle_to

Started = TypeVar("Started")


@contextlib.contextmanager
def proved_sandbox(
    secrets: Sequence[Path], *, sandbox: str, limits: Limits = LIMITS, environment: Environment = NUMPY
) -> Iterator[SandboxExecutor]:
    """Open sandboxes for a command that needs no batch. They must hide the files `secrets`.

    `sandbox` is one of `levels.CHOICES`. Raise UserError if this machine cannot confine as it asks.
    """

    def start(level: Level) -> ForkServer:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(ForkServer(level, environment=environment, limits=limits))
            server.start()
            if server.layers:
                require_confinement(probe(server, secrets))
            stack.pop_all()
            return server

    with strongest(sandbox, start) as server:
        yield SandboxExecutor(server)


def strongest(sandbox: str, start: Callable[[Level], Started]) -> Started:
    """Return what `start` returns at the strongest level that this machine can have.

    `sandbox` is one of `levels.CHOICES`. `start` raises NotConfined if sandboxes do not confine at a level. If no level
    is left, raise UserError with each level's reason and its cures.
    """
    if not hasattr(os, "fork"):
        raise UserError("This platform cannot fork processes, so it cannot run sandboxes. Grade on Linux.")
    _require_temporary_folder()
    obstacles: dict[Level, Obstacle] = {}
    for level in CHOICES[sandbox]:
        obstacle = obstacle_to(level)
        if obstacle is None:
            try:
                return start(level)
            except NotConfined as problem:
                obstacle = Obstacle(str(problem), ())
        obstacles[level] = obstacle
    raise UserError(refusal(obstacles))


def _require_temporary_folder() -> None:
    try:
        tempfile.gettempdir()  # pytest needs one, and so does the escape probe
    except OSError as error:
        raise UserError(
            f"There is no temporary folder that you may write to ({error.strerror}). "
            "Set the environment variable TMPDIR to a folder that you may write to."
        ) from None


def refusal(obstacles: dict[Level, Obstacle]) -> str:
    """Return why no level is possible here: each reason once, with its cures, on one screen."""
    lines = ["Refusing to run students' code without confinement."]
    for obstacle in dict.fromkeys(obstacles.values()):
        names = [level for level, found in obstacles.items() if found == obstacle and "+" not in level]
        if names:
            lines.append(f"{' and '.join(names)}: {obstacle.reason}.")
            lines += [f"  {cure}" for cure in obstacle.cures]
    lines.append("To grade all the same, on a machine and with notebooks that you trust: add `--sandbox none`.")
    return "\n".join(lines)
