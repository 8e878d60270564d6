"""What a sandbox can import: the standard library, named packages, and nothing else."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from autograder.core.errors import UserError
from autograder.sandbox.environments import Environment

DEVICES = (Path("/dev/null"), Path("/dev/urandom"))


def environment_variables() -> dict[str, str]:
    """Return the environment of every sandbox: one thread, as it cannot make more, and the same order of sets."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": str(Path(sys.base_prefix) / "lib"),  # else the libpython of another build may be loaded
        **dict.fromkeys(threads, "1"),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def standard_library() -> Path:
    """Return the folder of the interpreter's own modules."""
    return Path(sysconfig.get_path("stdlib"))


_SYSTEM_FOLDERS = tuple(Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64"))


def interpreter_paths() -> list[Path]:
    """Return the system's libraries and this interpreter with its standard library."""
    base = Path(sys.base_prefix)
    own = [] if base == Path("/usr") else [base / "lib"]
    paths = [*_SYSTEM_FOLDERS, Path("/etc/ld.so.cache"), *own, Path(sys.executable).resolve()]
    return [path for path in paths if path.exists()]


def other_packages() -> list[Path]:
    """Return the folders beside the standard library that hold whatever happens to be installed there."""
    folders = [standard_library() / "site-packages", standard_library() / "dist-packages"]
    return [folder for folder in [*folders, Path("/usr/lib/python3/dist-packages")] if folder.is_dir()]


def package_paths(environment: Environment) -> dict[str, Path]:
    """Return the folder, or the file, of each package of an environment by its name.

    Never a whole site-packages: that would show pytest and whatever else is installed. Raise UserError if a package is
    missing; optional ones are left out then.
    """
    paths = {}
    for name in [*environment.packages, *environment.optional_packages]:
        path = _path_of(name)
        if path is not None:
            paths[name] = path
        elif name in environment.packages:
            raise UserError(f"The package {name} is not installed in {sys.prefix}.")
    return paths


def with_libraries(packages: Mapping[str, Path]) -> list[Path]:
    """Return the packages and the folders of shared libraries that wheels put beside them."""
    libraries = [path.with_name(f"{name}.libs") for name, path in packages.items()]
    return [*packages.values(), *(path for path in libraries if path.is_dir())]


def _path_of(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    return Path(folders[0] if folders else spec.origin or "")
