"""Try to break out of a sandbox, and fail in every way.

A hostile cell runs in a real sandbox, made like every other one. Each attempt must be refused. The same attempt in an
unconfined process must succeed (the positive control): otherwise the probe itself proves nothing.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.model import Source, SourceCell, SourceStatement
from autograder.execution.interface import CallRequest, Raised, Returned, SessionEnded
from autograder.sandbox import escape_attempts
from autograder.sandbox.confined import SandboxSession
from autograder.sandbox.environments import BARE
from autograder.sandbox.escape_attempts import Attempt
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.launch import guest_user
from autograder.sandbox.levels import Layer, Level, NotConfined

_REFUSALS = ("OSError", "MemoryError", "ImportError", "RuntimeError")
_KILLED_FOR_A_CALL = "signal 31"  # SIGSYS: the kernel ends a process that makes calls of another architecture


@dataclass(frozen=True)
class ProbeResult:
    """The attempts that were refused and those that were not."""

    held: tuple[str, ...]
    escaped: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether sandboxes confine: something was tried, and everything was refused."""
        return bool(self.held) and not self.escaped


def require_confinement(result: ProbeResult) -> None:
    """Raise NotConfined if the probe escaped from a sandbox."""
    if not result.passed:
        raise NotConfined(f"a sandbox here would not keep a student from: {', '.join(result.escaped)}")


def probe(server: ForkServer, secrets: Sequence[Path], *, controls: bool = True) -> ProbeResult:
    """Try every way out of one of the server's sandboxes, and with `controls` also of an unconfined process.

    `secrets` are files that no student may see. Raise UserError if an attempt fails even without a sandbox, because
    then it proves nothing.
    """
    with escape_attempts.attempts_on(secrets, server.limits) as attempts:
        refusals = replies(server, attempts)
        tried = _require_controls(attempts, server) if controls else attempts
    held = [attempt.name for attempt in tried if (refusal := refusals[attempt]) and refusal.by_the_system]
    escaped = [attempt.name for attempt in attempts if not ((refusal := refusals[attempt]) and refusal.by_the_system)]
    return ProbeResult(tuple(held), (*escaped, *wrong_facts(server)))


def _require_controls(attempts: Sequence[Attempt], server: ForkServer) -> list[Attempt]:
    """Return the attempts that succeed without a sandbox. Raise UserError if one that should succeed does not."""
    with ForkServer(Level.NONE, environment=BARE, limits=server.limits) as unconfined:
        refusals = replies(unconfined, attempts)
    for attempt in attempts:
        refusal = refusals[attempt]
        if refusal is not None and not attempt.optional:
            raise UserError(
                f"The escape probe proves nothing here: to {attempt.name} is not possible even without a sandbox "
                f"({refusal.words}). {attempt.cure}".rstrip()
            )
    return [attempt for attempt in attempts if refusals[attempt] is None]


@dataclass(frozen=True)
class Refusal:
    """Why an attempt did not succeed."""

    words: str
    by_the_system: bool  # else the attempt could not even be made


def replies(server: ForkServer, attempts: Iterable[Attempt]) -> dict[Attempt, Refusal | None]:
    """Make the attempts in a new sandbox. Return for each why it was refused, None if it succeeded."""
    attempts = list(attempts)
    names = tuple(sorted({attempt.function for attempt in attempts}))
    text = escape_attempts.CELL
    session = SandboxSession(server, Source((SourceCell("probe", text, _statements(text), names),)))
    try:
        return {attempt: _reply(session, attempt) for attempt in attempts}
    finally:
        session.close()


def _statements(text: str) -> tuple[SourceStatement, ...]:
    return tuple(map(SourceStatement, range(len(ast.parse(text).body))))


def _reply(session: SandboxSession, attempt: Attempt) -> Refusal | None:
    arguments = () if attempt.argument is None else (attempt.argument,)
    try:
        reply = session.call(CallRequest(name=attempt.function, arguments=arguments))
    except SessionEnded as end:
        return Refusal(end.reason, by_the_system=_KILLED_FOR_A_CALL in end.reason)
    if isinstance(reply, Returned):
        return None if reply.value is True else Refusal("it had no effect", by_the_system=False)
    assert isinstance(reply, Raised)
    return Refusal(reply.text, by_the_system=any(kind in _REFUSALS for kind in reply.kinds))


def wrong_facts(server: ForkServer) -> list[str]:
    """Return what a sandbox could do, as the kernel sees its process from outside, and whether it outlives its end.

    The list is empty if all is as it should be.
    """
    session = SandboxSession(server, Source(()))
    session.open()  # it answers when it has confined itself
    process = session.process
    assert process is not None
    try:
        status = _status(process.host_pid())
        shared = _shared_namespaces(process.host_pid()) if Layer.NAMESPACES in server.layers else []
    finally:
        watched = replace(process, pidfd=os.dup(process.pidfd)) if process.pidfd is not None else process
        session.close()
    wrong = [f"see the machine's {name} namespace" for name in shared] + _wrong_status(status, server)
    if not watched.gone():
        wrong.append("outlive the sandbox")
    if watched.pidfd is not None:
        os.close(watched.pidfd)
    return wrong


def _wrong_status(status: Mapping[str, str], server: ForkServer) -> list[str]:
    user = status.get("Uid", "0").split()[0]
    facts = {
        "keep privileges": int(status.get("CapEff", "1"), 16) or int(status.get("CapPrm", "1"), 16),
        "gain privileges by a setuid program": status.get("NoNewPrivs") != "1",
        "make any system call": not _is_filtered(status),
        "be root": user == "0" and guest_user() is not None,
        "see the processes of other sandboxes": Layer.NAMESPACES in server.layers
        and status.get("NSpid", "").split()[-1:] != ["1"],
    }
    return [ability for ability, possible in facts.items() if possible]


def _shared_namespaces(pid: int) -> list[str]:
    """Return the namespaces that a process shares with the machine.

    The system-call filter alone refuses a connection, too, which does not show that there is no network.
    """
    return [
        name
        for name in ("ipc", "mnt", "net", "pid", "uts")
        if _namespace(pid, name) in (None, _namespace("self", name))
    ]


def _namespace(pid: int | str, name: str) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/{name}").readlink())
    except OSError:
        return None


def _status(pid: int | str) -> dict[str, str]:
    """Return `/proc/<pid>/status`."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def _is_filtered(status: Mapping[str, str]) -> bool:
    """Return whether a process has a list of system calls beyond that of the grader, which a container may have."""
    ours = _status("self")
    of_its_own = int(status.get("Seccomp_filters", "1")) > int(ours.get("Seccomp_filters", "0"))
    return status.get("Seccomp") == "2" and of_its_own
