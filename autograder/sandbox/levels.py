"""How strongly a sandbox is confined: the levels that a person can choose, and the layers that each consists of."""

from __future__ import annotations

from enum import StrEnum

from autograder.core.errors import UserError


class NotConfined(UserError):
    """Sandboxes cannot be confined at one level on this machine. The message says why."""


class Layer(StrEnum):
    """One part of the confinement. Each works without the others, so that tests can take one away at a time."""

    NAMESPACES = "namespaces"  # a view of the machine in which other files, processes and networks do not exist
    LANDLOCK = "Landlock"  # the kernel refuses it every file, and connections and signals
    SYSTEM_CALLS = "system calls"  # a list of the calls to the kernel that the process may make
    PRIVILEGES = "privileges"  # no capabilities and, if the grader is root, a user of its own
    LIMITS = "limits"  # memory, CPU time, descriptors


_BESIDE_THE_WALL = frozenset({Layer.SYSTEM_CALLS, Layer.PRIVILEGES, Layer.LIMITS})


class Level(StrEnum):
    """A level of confinement, as results record it."""

    NAMESPACES_AND_LANDLOCK = "namespaces+landlock"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"

    @property
    def layers(self) -> frozenset[Layer]:
        """The layers of which this level consists."""
        walls = {
            Level.NAMESPACES_AND_LANDLOCK: {Layer.NAMESPACES, Layer.LANDLOCK},
            Level.NAMESPACES: {Layer.NAMESPACES},
            Level.LANDLOCK: {Layer.LANDLOCK},
        }
        return _BESIDE_THE_WALL | walls[self] if self in walls else frozenset()


CHOICES: dict[str, tuple[Level, ...]] = {  # by what `--sandbox` may ask for: `core.settings.SandboxChoice`
    "auto": (Level.NAMESPACES_AND_LANDLOCK, Level.NAMESPACES, Level.LANDLOCK),
    "namespaces": (Level.NAMESPACES,),
    "landlock": (Level.LANDLOCK,),
    "none": (Level.NONE,),
}
