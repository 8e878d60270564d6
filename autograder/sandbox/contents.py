"""What a sandbox can read: the interpreter, its standard library, named packages, and nothing else."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Mapping
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


def interpreter_files() -> list[Path]:
    """Return what of `interpreter_paths` an interpreter reads: not the other programs that lie in the same folders.

    These are shared libraries, alone or in the folder of the machine's architecture, and the standard library.
    """
    paths = [path for path in interpreter_paths() if path not in _SYSTEM_FOLDERS]
    if standard_library() not in paths:
        paths.append(standard_library())
    for folder in {folder.resolve() for folder in _SYSTEM_FOLDERS if folder.is_dir()}:
        paths += [path for path in folder.glob("*.so*") if path.is_file()]
        of_architecture = folder / str(sysconfig.get_config_var("MULTIARCH"))
        paths += [of_architecture] if of_architecture.is_dir() else []
    return paths


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


def without(folder: Path, hidden: Iterable[Path]) -> list[Path]:
    """Return paths that cover a folder except the hidden folders in it, for rules that can only allow.

    A rule follows a symlink, so none may be in the result: `/lib` is `/usr/lib` on most systems, with all that is
    hidden there. Links in the folder are left out; what they point to can be read by way of them if it can be read.
    """
    folder, hidden = folder.resolve(), [path.resolve() for path in hidden]
    if folder in hidden:
        return []
    if not any(path.is_relative_to(folder) for path in hidden):
        return [folder]
    return [path for child in sorted(folder.iterdir()) if not child.is_symlink() for path in without(child, hidden)]
