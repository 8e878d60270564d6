"""How a room is confined on Linux: bubblewrap's arguments and the compiled list of allowed system calls."""

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

ROOM_USER = 65534  # what a room becomes when the operator is root; an ordinary operator's stays that user
ROOM_CODE = "/code"  # where the untrusted side's files are bound, as the package `room`
ROOM_PACKAGES = "/site"

_MASK_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MAP_UNCOUNTED = 0x1 | 0x100  # MAP_SHARED, MAP_GROWSDOWN: neither counts towards the limit of memory
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
    """An allow-list as a seccomp program; everything else answers EPERM, so that a student reads PermissionError.

    No fork, thread, signal, socket, mount, file opened for writing or shared mapping. libseccomp knows the
    numbers of each processor; a call that a processor does not have is left out.
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
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # glibc then tries clone, and is told EPERM
    with tempfile.TemporaryFile() as program:
        rules.export_bpf(program)
        program.seek(0)
        return program.read()


def missing_parts() -> str | None:
    """What keeps this machine from confining rooms, and what to do about it; None where nothing does."""
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
    where_there: Iterable[str] = (),
    read_only: Iterable[tuple[Path, str]],
) -> list[str]:
    """The command line that runs `command` where it sees the interpreter, the named packages and nothing else.

    As root, bubblewrap makes no user namespace: it binds while it is root (root's own home is closed to all
    others) and the room becomes an ordinary user after the fork. An ordinary user gets a user namespace instead.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise UserError(missing_parts() or "bubblewrap is missing.")
    root = os.geteuid() == 0
    capabilities = ["CAP_SYS_ADMIN", *(["CAP_SETUID", "CAP_SETGID"] if root else [])]
    layout = _Layout()
    for path, target in [*_interpreter(), *_packages(packages, where_there), *read_only]:
        layout.bind(path, target)
    return [
        program,
        *([] if root else ["--unshare-user"]),
        *["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
        *["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "room", "--clearenv"],
        *_environment(),
        *layout.arguments,
        *_hide_other_packages(),
        *["--dev-bind", "/dev/null", "/dev/null", "--dev-bind", "/dev/urandom", "/dev/urandom"],
        *["--cap-drop", "ALL"],
        *(word for capability in capabilities for word in ("--cap-add", capability)),
        *["--remount-ro", "/", "--chdir", "/", "--"],
        *command,
    ]


def _environment() -> list[str]:
    variables = {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": ROOM_CODE,
        "LD_LIBRARY_PATH": str(Path(sys.base_prefix) / "lib"),  # else another build's libpython may be found
        **quiet_environment(),
    }
    return [word for name, value in variables.items() for word in ("--setenv", name, value)]


def quiet_environment() -> dict[str, str]:
    """One thread each (a room cannot make more) and the same order of sets in every room."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {**dict.fromkeys(threads, "1"), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


class _Layout:
    """Binds, and the directories above them, which bubblewrap would otherwise make for root alone."""

    def __init__(self) -> None:
        self.arguments: list[str] = []
        self.made: set[Path] = set()

    def bind(self, path: Path, target: str) -> None:
        for parent in reversed(Path(target).parents[:-1]):
            if parent not in self.made:
                self.arguments += ["--perms", "0755", "--dir", str(parent)]
                self.made.add(parent)
        if path.is_symlink() and target in ("/lib", "/lib64"):
            self.arguments += ["--symlink", str(path.readlink()), target]
        else:
            self.arguments += ["--ro-bind", str(path), target]


def _interpreter() -> list[tuple[Path, str]]:
    """System libraries, and this interpreter with its standard library at the same place as outside."""
    base = Path(sys.base_prefix)
    own = [] if base == Path("/usr") else [base / "lib"]
    system = [Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")]
    executable = Path(sys.executable).resolve()
    return [(path, str(path)) for path in [*system, *own, executable] if path.exists()]


def _hide_other_packages() -> list[str]:
    """Nothing that happens to be installed beside the interpreter is a student's business."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    shared = [stdlib / "site-packages", stdlib / "dist-packages", Path("/usr/lib/python3/dist-packages")]
    words = []
    for folder in shared:
        if folder.is_dir():
            words += ["--perms", "0755", "--tmpfs", str(folder), "--remount-ro", str(folder)]
    return words


def _packages(names: Iterable[str], where_there: Iterable[str]) -> list[tuple[Path, str]]:
    """Packages by name, never a whole site-packages: that would show pytest, and whatever else is installed."""
    found = []
    for name in names:
        places = _places_of(name)
        if not places:
            raise UserError(f"The package {name} is not installed in {sys.prefix}.")
        found += places
    found += [place for name in where_there for place in _places_of(name)]
    return [(place, f"{ROOM_PACKAGES}/{place.name}") for place in found]


def _places_of(name: str) -> list[Path]:
    """The folder of a package, or the file of a module, and the libraries beside it; none where it is not installed."""
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    place = folders[0] if folders else Path(spec.origin or "")
    return [one for one in (place, place.with_name(f"{name}.libs")) if one.exists()]
