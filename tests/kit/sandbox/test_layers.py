"""Which layer of the confinement stops which way out: each layer alone, compared with the table in SECURITY.md."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

from autograder.execution.limits import Limits
from autograder.sandbox import escape_attempts, escape_probe, landlock, system_calls
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.levels import Layer, Level

LIMITS = Limits(memory=300 << 20)
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
OF_ROOT = {Layer.PRIVILEGES}  # what a user of its own adds can only be seen if the grader is root
ROW = re.compile(r"^\| (?P<name>[^|]+) \|(?P<layers>(?: [✓ ] \|){5})$", re.M)


def table() -> dict[str, set[Layer]]:
    """Return the table of SECURITY.md: by attempt, the layers that stop it."""
    rows = {}
    for row in ROW.finditer(SECURITY):
        marks = row["layers"].split("|")[:-1]
        rows[row["name"].strip()] = {layer for layer, mark in zip(Layer, marks, strict=True) if "✓" in mark}
    return rows


@pytest.fixture(scope="module")
def stopped() -> Iterator[dict[str, set[Layer]]]:
    """Return by attempt which layers stop it when they are alone, for the attempts that this machine can make."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        secret = Path(folder) / "secret.py"
        secret.write_text("expected = [1, 0]")
        possible = {name for name, refused in refusals(secret, frozenset()).items() if not refused}
        found: dict[str, set[Layer]] = {name: set() for name in possible}
        for layer in Layer:
            for name, refused in refusals(secret, frozenset({layer})).items():
                if name in possible and refused:
                    found[name].add(layer)
        bound = refusals(secret, frozenset({Layer.LIMITS, Layer.PRIVILEGES}))  # root has no limit of processes
        for name in possible:
            if bound[name] and not found[name] & {Layer.PRIVILEGES}:
                found[name].add(Layer.LIMITS)
        for name in ("read pytest", "read a module's file"):
            found[name].discard(Layer.PRIVILEGES)  # they may be installed in a home that is closed to others
        yield found


def refusals(secret: Path, layers: frozenset[Layer]) -> dict[str, bool]:
    server = ForkServer(Level.NONE, limits=LIMITS)
    server.layers = layers
    with server, escape_attempts.attempts_on([secret], LIMITS) as attempts:
        replies = escape_probe.replies(server, attempts)
    names = {attempt.name: attempt for attempt in attempts}
    return {general(name): replies[attempt] is not None for name, attempt in names.items()}


def general(name: str) -> str:
    """Return an attempt's name without what differs from machine to machine."""
    return re.sub(r"(look into|list) /.*", r"\1 the operator's home", name).replace(
        "read secret.py", "read the answers"
    )


def test_the_table_says_which_layer_stops_which_way_out(stopped: dict[str, set[Layer]]) -> None:
    ignored = set() if os.geteuid() == 0 else OF_ROOT
    written = {name: layers - ignored for name, layers in table().items() if name in stopped}
    assert written == {name: layers - ignored for name, layers in stopped.items()}


def test_two_layers_stop_each_way_out_or_it_is_listed() -> None:
    """Without namespaces and a user of its own, one layer alone stops some ways out: the page lists them."""
    rows = table()
    assert len(rows) >= 20
    listed = re.search(r"Without namespaces, one layer alone stops[^:]*: ([^.]*)\.", SECURITY)
    assert listed is not None
    names = {" ".join(name.split()) for name in listed[1].split(";")}
    weak = {name for name, layers in rows.items() if len(layers - {Layer.NAMESPACES, Layer.PRIVILEGES}) < 2}
    assert names == weak


# ---- older kernels


@pytest.mark.parametrize("version", [1, 2, 4, 6])
def test_an_older_landlock_confines_as_well(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    """Pretend that the kernel offers less: what Landlock cannot close then, the list of system calls closes alone."""
    assert landlock.version() >= version, "this kernel cannot play that version"
    monkeypatch.setattr(landlock, "version", lambda: version)
    ruleset = landlock.ruleset()
    assert len(ruleset["restricted"]) == 1 + (version >= 4) + (version >= 6)  # type: ignore[arg-type]
    with ForkServer(Level.LANDLOCK, limits=LIMITS) as server:
        result = escape_probe.probe(server, [ROOT / "README.md"])
    assert result.escaped == ()
    assert {"signal the grader", "connect to a socket", "connect to a port", "truncate a file"} <= set(result.held)
    assert "let a descriptor signal the grader" in result.held


# ---- the list of system calls


@pytest.mark.parametrize("architecture", ["X86_64", "AARCH64"])
def test_each_call_of_the_list_exists_there(architecture: str) -> None:
    """Look up every name for both architectures. The sandbox itself was never run on aarch64."""
    import pyseccomp

    def number(name: str) -> int:
        return int(pyseccomp.resolve_syscall(getattr(pyseccomp.Arch, architecture), name))

    conditions = [name for name, _ in system_calls.CONDITIONS]
    names = [*system_calls.ALLOWED, *conditions, *system_calls.LOOKING, *system_calls.OPENING, "clone3"]
    of_x86 = [*system_calls.ALLOWED_ON_X86, *system_calls.LOOKING_ON_X86, *system_calls.OPENING_ON_X86]
    assert [name for name in names if number(name) < 0] == []
    assert [name for name in of_x86 if number(name) >= 0] == (of_x86 if architecture == "X86_64" else [])
