"""What a sandbox can import: modules that its fork server has read into memory.

A sandbox may make no system call that names a file. So the standard library and the named packages, and nothing that is
installed beside them, are copied into memory before sandboxes are forked, and they are imported from there.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.machinery
import importlib.util
import mmap
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import NamedTuple

_LEFT_OUT = {"__pycache__", "site-packages", "dist-packages", "test", "tests"}  # folders
# Extension modules, by how their names start, that need a terminal, a screen or a network, or serve tests of Python:
# their libraries would make each fork slower.
_OF_NO_USE = ("_curses", "_test", "_tkinter", "_xxtest", "nis.", "readline", "xx")
_START = "__init__.py"
_SUFFIXES = (".py", *importlib.machinery.EXTENSION_SUFFIXES)


class Module(NamedTuple):
    """A module on the disk."""

    file: str  # the path; "" for a namespace package, which has no file
    folder: str | None  # of a package; None for other modules

    @property
    def is_extension(self) -> bool:
        """Whether it is a shared library."""
        return bool(self.file) and not self.file.endswith(".py")


def modules_in(folder: str, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """Yield the modules in a folder, and those in the packages in it, by their full names.

    Of several modules with one name, the last is the one that Python would import.
    """
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=_precedence)
    except OSError:  # closed to the grader: nothing in it can be imported
        return
    for entry in entries:
        name = entry.name.partition(".")[0]
        if entry.is_dir():
            if entry.name.isidentifier() and entry.name not in _LEFT_OUT:
                yield from package(prefix + name, entry.path)
        elif entry.name.endswith(_SUFFIXES) and entry.name != _START:
            module = Module(entry.path, None)
            if not (module.is_extension and entry.name.startswith(_OF_NO_USE)):
                yield prefix + name, module


def _precedence(entry: os.DirEntry[str]) -> int:
    """Return whether a folder's entry is a namespace package (0), source (1), an extension (2) or a package (3)."""
    if entry.is_dir():
        return 3 if _is_regular(entry.path) else 0
    return 1 if entry.name.endswith(".py") else 2


def _is_regular(folder: str) -> bool:
    return os.path.exists(f"{folder}/{_START}")  # noqa: PTH110 there are thousands of folders, and pathlib is slower


def package(name: str, place: str) -> Iterator[tuple[str, Module]]:
    """Yield the package, or the module, at this place, and all modules in it."""
    if place.endswith(".py"):
        yield name, Module(place, None)
        return
    is_regular = _is_regular(place)
    yield name, Module(f"{place}/{_START}" if is_regular else "", place)
    for inner, module in modules_in(place, f"{name}."):
        if is_regular or not module.is_extension:  # else it is a folder of shared libraries of another kind
            yield inner, module


def importable(folders: Iterable[str], packages: Mapping[str, str]) -> dict[str, Module]:
    """Return what can be imported, by its full name: modules in these folders, and packages by name and place."""
    modules: dict[str, Module] = {}
    for folder in folders:
        modules = {**dict(modules_in(folder)), **modules}
    for name, place in packages.items():
        modules.update(package(name, place))
    return modules


class Copy(NamedTuple):
    """Where in memory the copy of a file is."""

    start: int
    end: int
    changed: float  # the time when the file was changed, in seconds


class Files:
    """Copies of files, in memory that is only read.

    The mapping is private: if student code made it writable, it would change its own pages only.
    """

    def __init__(self) -> None:
        self.copies: dict[str, Copy] = {}

    def copy(self, paths: Iterable[str]) -> None:
        """Copy these files, once and for all. One that is missing is left out."""
        with os.fdopen(os.memfd_create("modules"), "w+b") as memory:
            end = memory.write(b"\n")  # an empty file cannot be mapped
            for path in paths:
                try:
                    with open(path, "rb") as file:  # noqa: PTH123 there are thousands of files, and pathlib is slower
                        changed, data = os.fstat(file.fileno()).st_mtime, file.read()
                except OSError:
                    continue
                start, end = end, end + memory.write(data)
                self.copies[path] = Copy(start, end, changed)
            memory.flush()
            self.memory = mmap.mmap(memory.fileno(), end, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)


class MemoryLoader(importlib.machinery.SourceFileLoader):
    """Loads a module from the copies of its files, or from the files themselves as long as there are no copies.

    The files are the source and the bytecode, which is used if it is current.
    """

    def __init__(self, name: str, path: str, files: Files) -> None:
        super().__init__(name, path)
        self.files = files

    def get_data(self, path: str) -> bytes:
        copy = self.files.copies.get(path)
        return super().get_data(path) if copy is None else self.files.memory[copy.start : copy.end]

    def path_stats(self, path: str) -> dict[str, float]:
        copy = self.files.copies.get(path)
        if copy is None:
            return dict(super().path_stats(path))
        return {"mtime": copy.changed, "size": copy.end - copy.start}


class MemoryFinder:
    """Finds the modules of a list, and nothing else. After `keep` it needs no files for that."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self.files = Files()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where a module is, as the import system wants it. Return None if it cannot be imported."""
        module = self.modules.get(name)
        if module is None:
            return None
        locations = None if module.folder is None else [module.folder]
        if not module.file:
            spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = locations
            return spec
        if module.is_extension:
            return importlib.util.spec_from_file_location(name, module.file)
        loader = MemoryLoader(name, module.file, self.files)
        return importlib.util.spec_from_file_location(
            name, module.file, loader=loader, submodule_search_locations=locations
        )

    def keep(self) -> None:
        """Copy the source of all modules and the bytecode of those that are not imported yet; load all libraries."""
        sources = [(name, module.file) for name, module in self.modules.items() if module.file.endswith(".py")]
        late = (importlib.util.cache_from_source(file) for name, file in sources if name not in sys.modules)
        self.files.copy([*(file for _, file in sources), *late])
        for module in self.modules.values():
            if module.is_extension:
                with contextlib.suppress(OSError):  # a library that it needs is not installed
                    ctypes.CDLL(module.file)


def import_only(packages: Mapping[str, str]) -> MemoryFinder:
    """Let this process import the standard library and these packages, and nothing else."""
    own = os.environ.get("PYTHONPATH")  # the folder of this very package, with all that lies beside it
    finder = MemoryFinder(importable([entry for entry in sys.path if entry != own], packages))
    sys.meta_path[:] = [importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter, finder]
    return finder
