"""The probe: a sandbox refuses everything, an unconfined process nothing, and each weakening is noticed."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tested
from weakenings import edited, without

from autograder.core.errors import UserError
from autograder.execution.limits import Limits
from autograder.sandbox import contents, escape_attempts, escape_probe, launch
from autograder.sandbox.environments import BARE
from autograder.sandbox.escape_probe import ProbeResult
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.levels import Level

LIMITS = Limits(memory=300 << 20)


@pytest.fixture
def secret() -> Iterator[Path]:
    """Return a file that only the sandbox keeps secret: everybody may read it, and go to its folder."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder) / "secret.py"
        file.write_text("expected = [1, 0]")
        yield file


def probed(
    secret: Path, level: Level | None = None, *, controls: bool = False, limits: Limits = LIMITS, **options: object
) -> ProbeResult:
    with ForkServer(level or tested.level(), limits=limits, **options) as running:  # type: ignore[arg-type]
        return escape_probe.probe(running, [secret], controls=controls)


@pytest.mark.parametrize("level", [level for level in Level if level.layers])
def test_each_level_refuses_everything_that_is_possible_without(secret: Path, level: Level) -> None:
    result = probed(secret, level, controls=True)
    assert result.escaped == ()
    assert result.passed
    expected = {"read secret.py", "start a process", "connect to a port", "write a file", "signal the grader"}
    assert expected <= set(result.held)


def test_all_attempts_work_unconfined(secret: Path) -> None:
    with (
        ForkServer(Level.NONE, environment=BARE, limits=LIMITS) as unconfined,
        escape_attempts.attempts_on([secret], unconfined.limits) as attempts,
    ):
        refusals = escape_probe.replies(unconfined, attempts)
    assert [attempt.name for attempt in attempts if refusals[attempt] is not None and not attempt.optional] == []


def test_a_secret_that_nobody_can_read_makes_the_probe_worthless(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"to read not-there\.py is not possible even without a sandbox"):
        probed(tmp_path / "not-there.py", controls=True)


@pytest.mark.parametrize("spoilt", ["def fork", "def read(", "import ctypes, fcntl, importlib.util, mmap"])
def test_an_attempt_that_cannot_run_counts_as_an_escape(
    secret: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    replacement = spoilt.replace("def ", "def other_") if "def" in spoilt else "import mmap"
    assert spoilt in escape_attempts.CELL
    monkeypatch.setattr(escape_attempts, "CELL", escape_attempts.CELL.replace(spoilt, replacement))
    result = probed(secret)
    assert not result.passed
    assert result.escaped


def test_nothing_tried_is_nothing_held() -> None:
    assert not ProbeResult((), ()).passed
    assert ProbeResult(("x",), ()).passed
    assert not ProbeResult(("x",), ("y",)).passed


# ---- each single weakening

ALLOW_ALL = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)  # BPF: return SECCOMP_RET_ALLOW
ALL = tuple(level for level in Level if level.layers)
Weaken = Callable[[pytest.MonkeyPatch, Path], None]


def allowing_every_call(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(launch, "system_call_filter", lambda: ALLOW_ALL)


def with_the_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    allowing_every_call(monkeypatch, folder)
    real = contents.interpreter_paths
    monkeypatch.setattr(contents, "interpreter_paths", lambda: [*real(), folder])


def with_files_alone(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    allowing_every_call(monkeypatch, folder)
    edited("lockdown.py", "    _landlock(_RESTRICT_SELF, ruleset, flags)", "    pass")(monkeypatch, folder)


def with_other_packages(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    real = contents.package_paths

    def more(environment: object) -> dict[str, Path]:
        return {**real(environment), "pytest": Path(pytest.__file__).parent}  # type: ignore[arg-type]

    monkeypatch.setattr(contents, "package_paths", more)


IN_NAMESPACES = (Level.NAMESPACES,)  # where nothing else stands behind them
WEAKENINGS: list[tuple[str, Weaken, str, tuple[Level, ...]]] = [
    ("all calls allowed", allowing_every_call, "share memory", ALL),
    ("files to look at", allowing_every_call, "see that a file exists", (Level.LANDLOCK,)),
    ("no filter", edited("lockdown.py", "    filters = ", "    return\n    filters = "), "make any system call", ALL),
    ("network", without("--unshare-net"), "see the machine's net namespace", IN_NAMESPACES),
    ("messages", without("--unshare-ipc"), "see the machine's ipc namespace", IN_NAMESPACES),
    (
        "no process namespace of its own",
        edited("fork_server.py", "lockdown.unshare(lockdown.CLONE_NEWPID)", "pass"),
        "see the processes of other sandboxes",
        IN_NAMESPACES,
    ),
    (
        "memory",
        edited("lockdown.py", "        resource.setrlimit(resource_type", "        pass  # ("),
        "use more memory than the limit",
        ALL,
    ),
    ("another folder", with_the_folder, "read secret.py", IN_NAMESPACES),
    ("pytest", with_other_packages, "read pytest", ALL),
    ("no Landlock", with_files_alone, "read secret.py", (Level.LANDLOCK,)),
    *(
        [("root", edited("lockdown.py", "    os.setgroups([])\n", "    return\n"), "be root", ALL)]
        if os.geteuid() == 0
        else [
            (
                "privileges",
                edited("lockdown.py", '_require_success(_libc.capset(header, none), "capset")', "pass"),
                "keep privileges",
                IN_NAMESPACES,
            )
        ]
    ),
]


@pytest.mark.parametrize(
    ("weaken", "noticed", "level"),
    [pytest.param(*row[1:3], level, id=f"{level}, {row[0]}") for row in WEAKENINGS for level in row[3]],
)
def test_each_weakening_is_noticed(
    secret: Path, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, noticed: str, level: Level
) -> None:
    weaken(monkeypatch, secret.parent)
    result = probed(secret, level)
    assert not result.passed
    assert noticed in result.escaped


def test_a_mark_is_noticed_if_this_machine_keeps_access_times(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two submissions could tell each other something by marks. See that the attempt does leave one."""
    link = secret.with_name("link")
    link.symlink_to(secret)
    os.utime(link, (0, 0), follow_symlinks=False)
    assert link.exists()
    keeps_times = link.lstat().st_atime_ns > 0
    allowing_every_call(monkeypatch, secret.parent)
    assert ("leave a mark on a file" in probed(secret, Level.LANDLOCK).escaped) == keeps_times


# ---- a probe that cannot be made names what is missing


def test_no_loopback_interface(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escape_attempts.socket, "create_server", lambda _: NotListening())
    with pytest.raises(UserError, match=r"to connect to a port is not possible even without .* `ip link set lo up`"):
        probed(secret, controls=True)


class NotListening:
    """A listener that nobody reaches, as behind an interface that is down."""

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 1)

    def __enter__(self) -> NotListening:
        return self

    def __exit__(self, *_: object) -> None:
        pass
