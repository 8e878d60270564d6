"""What the sandboxes of a fork server can import beside the standard library."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.execution import packages
from autograder.execution.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Environment:
    """`packages` can be imported in a sandbox. `preload` is imported once, before sandboxes are forked."""

    packages: tuple[str, ...] = ()
    optional_packages: tuple[str, ...] = ()  # importable only if they are installed
    preload: tuple[str, ...] = ()
    memory: int | None = None  # bytes that a sandbox may use; None: the usual limit

    def adjusted(self, limits: Limits) -> Limits:
        """Return the limits of a sandbox with this environment."""
        return limits if self.memory is None else replace(limits, memory=self.memory)


BARE = Environment()
NUMPY = Environment(packages=packages.NUMPY, preload=("numpy",))
TORCH = Environment(
    packages=packages.TORCH,
    optional_packages=("nvidia", "triton"),  # libraries that PyTorch for a GPU loads, also if there is no GPU
    preload=("numpy", "torch", "guest.torch_warm_up"),
    memory=4 << 30,
)


def environment_for(*, torch: bool) -> Environment:
    """Return the environment of an assignment, with or without PyTorch."""
    return TORCH if torch else NUMPY
