"""What the rooms of a fork-server have beside the standard library."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.execution.limits import Limits


@dataclass(frozen=True)
class Equipment:
    """`packages` are bound into a confined room; `preload` is imported once, before rooms are forked."""

    packages: tuple[str, ...]
    preload: tuple[str, ...]
    where_there: tuple[str, ...] = ()  # packages that are bound where they are installed
    memory: int | None = None  # bytes that a room may use, where it is not the usual limit

    def within(self, limits: Limits) -> Limits:
        return limits if self.memory is None else replace(limits, memory=self.memory)


BARE = Equipment((), ())
NUMPY = Equipment(("numpy",), ("numpy",))
TORCH = Equipment(
    ("numpy", "torch", "torchgen", "typing_extensions", "sympy", "mpmath"),
    ("numpy", "torch", "guest.torch_warm_up"),
    where_there=("nvidia", "triton"),  # libraries that PyTorch for a GPU loads, also where there is none
    memory=4 << 30,
)


def equipment_for(*, torch: bool) -> Equipment:
    return TORCH if torch else NUMPY
