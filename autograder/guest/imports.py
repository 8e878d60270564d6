"""Where a sandbox finds what it imports, if it sees the machine's own files: its namespace has no mounts of its own."""

from __future__ import annotations

import fcntl
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType


class PackageFinder:
    """Finds certain packages, each in its own place, and nothing that is installed beside them."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = places  # by the package's name: its folder, or its file

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where a package is, as the import system wants it. Return None if it is not one of these packages."""
        place = self.places.get(name)
        if place is None:
            return None
        if place.endswith(".py"):
            return importlib.util.spec_from_file_location(name, place)
        start = f"{place}/__init__.py"
        if Path(start).exists():
            return importlib.util.spec_from_file_location(name, start, submodule_search_locations=[place])
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)  # a namespace package
        spec.submodule_search_locations = [place]
        return spec


def hold(folders: Sequence[str]) -> dict[str, int]:
    """Open folders whose path will be closed to this process. Return the descriptor of each.

    The interpreter may lie in a folder that only its owner can enter, such as root's home. A process that has become
    another user still gets into a folder that it opened before, as `/proc/self/fd/N`. Modules that are loaded already
    look for their submodules there from now on.
    """
    held = {folder: out_of_the_way(os.open(folder, os.O_PATH | os.O_DIRECTORY)) for folder in folders}
    sys.path[:] = [held_path(entry, held) for entry in sys.path]
    for module in list(sys.modules.values()):
        locations = getattr(module, "__path__", None)
        if isinstance(locations, list):
            locations[:] = [held_path(entry, held) for entry in locations]
    sys.path_importer_cache.clear()
    return held


def held_path(path: str, held: Mapping[str, int]) -> str:
    """Return a path by way of the held folder that it lies in, or the path itself if it lies in none."""
    for folder, descriptor in held.items():
        if path == folder or path.startswith(f"{folder}/"):
            return f"/proc/self/fd/{descriptor}{path[len(folder) :]}"
    return path


def out_of_the_way(descriptor: int) -> int:
    """Return the descriptor under a number that is not one of the few that a sandbox uses."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 16)
    os.close(descriptor)
    return moved
