"""Let a student's code meet in this process what it meets when it is graded: no other packages, files or threads.

This is for self-checks on a student's own computer, so that they find what grading would find. It protects nobody: that
is what the instructor's sandbox does.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import functools
import os
import site
import sys
import sysconfig
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

_DENIED = "files, networks and other programs are not there when a function is graded"
_PROGRAMS = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.kill", "os.posix_spawn", "os.spawn", "os.startfile", "os.system"}
    | {"pty.spawn", "subprocess.Popen", "socket.__new__", "socket.connect", "socket.bind", "urllib.Request"}
    | {"os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "os.utime"}
)
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random", "/proc/self/", "/etc/localtime", "/usr/share/zoneinfo/")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_guarded: set[int] = set()  # the threads whose code runs as it is graded


def graded_builtins(packages: Collection[str]) -> dict[str, Any]:
    """Return the builtins of a namespace in which only these packages and the standard library can be imported."""
    importing = builtins.__import__
    importable = {*packages, *sys.stdlib_module_names, "__main__"}

    def import_graded(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> Any:
        top = name.partition(".")[0]
        if level == 0 and top not in importable:
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)
        return importing(name, globals, locals, fromlist, level)

    return {**vars(builtins), "__import__": import_graded}


@contextlib.contextmanager
def as_graded() -> Iterator[None]:
    """Deny files, threads, programs and networks to the code of this thread. The first use costs the process a hook.

    What the interpreter itself reads, such as a module of the standard library, stays readable. Code that asks whether
    IPython is loaded, and so whether a person looks at the notebook, gets the answer that it gets when it is graded.
    """
    _install()
    thread = threading.get_ident()
    if thread in _guarded:
        yield
        return
    ipython = sys.modules.pop("IPython", None)
    _guarded.add(thread)
    try:
        yield
    finally:
        _guarded.discard(thread)
        if ipython is not None:
            sys.modules["IPython"] = ipython


@functools.cache
def _install() -> None:
    """Add the hook for files, programs and networks, and one for threads, which raise no audit event."""
    _readable()
    sys.addaudithook(_audit)
    for name in ("_start_new_thread", "_start_joinable_thread"):  # what `Thread.start` calls, by Python's version
        if (start := getattr(threading, name, None)) is not None:
            setattr(threading, name, _no_threads(start))


def _no_threads(start: Callable[..., Any]) -> Callable[..., Any]:
    def start_unless_graded(*arguments: Any, **options: Any) -> Any:
        if threading.get_ident() in _guarded:
            raise RuntimeError("can't start new thread")
        return start(*arguments, **options)

    return start_unless_graded


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _guarded or threading.get_ident() not in _guarded:
        return
    if event == "open":
        path, _, flags = arguments
        if not _may_open(path, flags):
            raise PermissionError(errno.EACCES, _DENIED)
    elif event in _PROGRAMS:
        raise PermissionError(errno.EACCES, _DENIED)


def _may_open(path: Any, flags: Any) -> bool:
    """Return whether a path is part of the interpreter or of its packages, and is only read."""
    if isinstance(path, int):
        return True
    if type(flags) is int and flags & _WRITING:
        return False
    text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    if text.startswith(_DEVICES):
        return True
    file = Path(text).resolve()
    return any(file.is_relative_to(folder) for folder in _readable())


@functools.cache
def _readable() -> tuple[Path, ...]:
    """Return the folders of the standard library, of installed packages and of the kit."""
    paths = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    found = {*filter(None, paths), *site.getsitepackages(), site.getusersitepackages()}
    return (*(Path(path).resolve() for path in found), Path(__file__).resolve().parent.parent)
