"""How a room is confined on Linux: the arguments of bubblewrap and the compiled list of allowed system calls."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.core.errors import UserError

ROOM_USER = 65534  # the user of a room if the operator is root; an ordinary operator's room keeps that user
ROOM_CODE = "/code"  # the folder in a room that holds the untrusted side's files, as the package `guest`
ROOM_PACKAGES = "/site"  # the folder in a room that holds the packages

_MASK_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MAP_UNCOUNTED = 0x1 | 0x100  # MAP_SHARED, MAP_GROWSDOWN: neither counts towards the memory limit
_FCNTL_ALLOWED = (0, 1, 2, 3, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC

_CALLS = """
read write close stat fstat lstat newfstatat statx poll ppoll select pselect6 lseek mprotect munmap mremap madvise
brk rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack pread64 readv writev access faccessat faccessat2
sched_yield sched_getaffinity dup nanosleep clock_gettime clock_getres clock_nanosleep gettimeofday time times
getpid gettid getppid getuid geteuid getgid getegid recvfrom sendto exit exit_group uname sysinfo getcwd
readlink readlinkat getdents64 getrusage futex set_robust_list set_tid_address restart_syscall getrandom
membarrier rseq arch_prctl
""".split()


@functools.cache
def system_call_filter() -> bytes:
    """Return an allow-list as a seccomp program. Every other call fails with EPERM: a student reads PermissionError.

    It allows no fork, thread, signal, socket, mount, file opened for writing or shared mapping. libseccomp knows the
    numbers of the calls on each architecture; a call that this one does not have is left out.
    """
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))

    def allow(name: str, *conditions: pyseccomp.Arg) -> None:
        if pyseccomp.resolve_syscall(pyseccomp.system_arch(), name) >= 0:
            rules.add_rule(pyseccomp.ALLOW, name, *conditions)

    for name in _CALLS:
        allow(name)
    allow("open", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _MASK_WRITE, 0))
    allow("openat", pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _MASK_WRITE, 0))
    allow("mmap", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, _MAP_UNCOUNTED, 0))
    allow("prlimit64", pyseccomp.Arg(2, pyseccomp.EQ, 0))
    for command in _FCNTL_ALLOWED:
        allow("fcntl", pyseccomp.Arg(1, pyseccomp.EQ, command))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # glibc then tries clone, which fails with EPERM
    with tempfile.TemporaryFile() as program:
        rules.export_bpf(program)
        program.seek(0)
        return program.read()


def missing_parts() -> str | None:
    """Return why this machine cannot confine rooms, and how to fix that; None if it can."""
    if sys.platform != "linux":
        return (
            f"rooms are confined with Linux namespaces, which {sys.platform} does not have. "
            "Grade on Linux: a virtual machine, WSL 2 on Windows, or a server."
        )
    if shutil.which("bwrap") is None:
        return "bubblewrap is missing. Install it: `sudo apt install bubblewrap` (or your system's own way)."
    try:
        system_call_filter()
    except Exception as error:
        return f"libseccomp does not work here ({error}). Install it: `sudo apt install libseccomp2`."
    return None


def bubblewrap(
    command: Sequence[str],
    *,
    packages: Iterable[str],
    optional_packages: Iterable[str] = (),
    read_only: Iterable[tuple[Path, str]],
) -> list[str]:
    """Return the command line that runs `command` so that it sees the interpreter, the packages and nothing else.

    `optional_packages` are left out if they are not installed. `read_only` lists what else it sees, as (path outside,
    path inside). Raise UserError if bubblewrap or a package is missing.

    As root, bubblewrap makes no user namespace: it binds while it is root (root's own home is closed to all
    others) and the room becomes an ordinary user after the fork. An ordinary user gets a user namespace instead.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise UserError(missing_parts() or "bubblewrap is missing.")
    root = os.geteuid() == 0
    capabilities = ["CAP_SYS_ADMIN", *(["CAP_SETUID", "CAP_SETGID"] if root else [])]
    paths = [*_interpreter(), *_packages(packages, optional_packages), *read_only]
    return [
        program,
        *([] if root else ["--unshare-user"]),
        *["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
        *["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "room", "--clearenv"],
        *_environment(),
        *_binds(paths),
        *_hide_other_packages(),
        *["--dev-bind", "/dev/null", "/dev/null", "--dev-bind", "/dev/urandom", "/dev/urandom"],
        *["--cap-drop", "ALL"],
        *(word for capability in capabilities for word in ("--cap-add", capability)),
        *["--remount-ro", "/", "--chdir", "/", "--"],
        *command,
    ]


def _environment() -> list[str]:
    """Return arguments that set the environment variables of every room."""
    variables = {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": ROOM_CODE,
        "LD_LIBRARY_PATH": str(Path(sys.base_prefix) / "lib"),  # else the libpython of another build may be loaded
        **quiet_environment(),
    }
    return [word for name, value in variables.items() for word in ("--setenv", name, value)]


def quiet_environment() -> dict[str, str]:
    """Return variables for one thread (a room cannot make more) and for the same order of sets in every room."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {**dict.fromkeys(threads, "1"), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def _binds(paths: Iterable[tuple[Path, str]]) -> list[str]:
    """Return arguments that show these files and folders in a room: (path outside, path inside).

    They also make the folders above each, which bubblewrap would otherwise make for root alone.
    """
    arguments: list[str] = []
    folders: set[Path] = set()
    for path, target in paths:
        for parent in reversed(Path(target).parents[:-1]):
            if parent not in folders:
                arguments += ["--perms", "0755", "--dir", str(parent)]
                folders.add(parent)
        if path.is_symlink() and target in ("/lib", "/lib64"):
            arguments += ["--symlink", str(path.readlink()), target]
        else:
            arguments += ["--ro-bind", str(path), target]
    return arguments


def _interpreter() -> list[tuple[Path, str]]:
    """Return the system's libraries and this interpreter with its standard library, at the same paths as outside."""
    base = Path(sys.base_prefix)
    own = [] if base == Path("/usr") else [base / "lib"]
    system = [Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")]
    executable = Path(sys.executable).resolve()
    return [(path, str(path)) for path in [*system, *own, executable] if path.exists()]


def _hide_other_packages() -> list[str]:
    """Return arguments that hide from students whatever happens to be installed beside the interpreter."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    shared = [stdlib / "site-packages", stdlib / "dist-packages", Path("/usr/lib/python3/dist-packages")]
    arguments = []
    for folder in shared:
        if folder.is_dir():
            arguments += ["--perms", "0755", "--tmpfs", str(folder), "--remount-ro", str(folder)]
    return arguments


def _packages(names: Iterable[str], optional_names: Iterable[str]) -> list[tuple[Path, str]]:
    """Return packages by name, never a whole site-packages: that would show pytest and whatever else is installed."""
    paths = []
    for name in names:
        paths_of_package = _paths_of(name)
        if not paths_of_package:
            raise UserError(f"The package {name} is not installed in {sys.prefix}.")
        paths += paths_of_package
    paths += [path for name in optional_names for path in _paths_of(name)]
    return [(path, f"{ROOM_PACKAGES}/{path.name}") for path in paths]


def _paths_of(name: str) -> list[Path]:
    """Return the folder of a package, or the file of a module, and the libraries beside it; [] if not installed."""
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    package = folders[0] if folders else Path(spec.origin or "")
    return [path for path in (package, package.with_name(f"{name}.libs")) if path.exists()]
