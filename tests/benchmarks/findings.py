"""What was measured, as tables: they compute ratios and shares, and say what a figure includes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shares
from processes import Cost
from tables import Table, spread

from autograder.core.text import plural

MS = 1000
MIB = 1 << 20


@dataclass(frozen=True)
class Round:
    """Both graders, each with the whole class and with one submission, one after the other."""

    ours: Cost
    nbgrader: Cost
    ours_one: Cost
    nbgrader_one: Cost


_RUNS: dict[str, Callable[[Round], Cost]] = {
    "ours": lambda one: one.ours,
    "ours, just one": lambda one: one.ours_one,
    "nbgrader": lambda one: one.nbgrader,
    "nbgrader, just one": lambda one: one.nbgrader_one,
}
_CLOCKS: dict[str, Callable[[Cost], float]] = {"wall": lambda cost: cost.wall, "CPU": lambda cost: cost.cpu}


def table_of_runs(stem: str, rounds: Sequence[Round]) -> Table:
    def row(name: str, costs: Sequence[Cost]) -> tuple[str, ...]:
        count = costs[0].submissions
        whole = [spread(map(clock, costs), ".2f") for clock in _CLOCKS.values()]
        each = [spread((clock(cost) / count * MS for cost in costs), ".0f") for clock in _CLOCKS.values()]
        return name, str(count), *whole, *each

    return Table(
        f"Grading {stem}: the whole command, start-up included",
        ("", "submissions", "wall s", "CPU s", "wall ms each", "CPU ms each"),
        [row(name, [cost_in(one) for one in rounds]) for name, cost_in in _RUNS.items()],
        (
            f"Median (least–most) of {plural(len(rounds), 'round')} in turns; a first run of each was not counted. "
            "All got full points from both graders.",
            "Ours: `autograder grade --force`, sandbox full with its probe, a process for each CPU, public and "
            "hidden tests. nbgrader: `nbgrader autograde --force` with its default settings, one process; its kernels "
            "run the public tests only, which is less than ours, and the notebook's own plots.",
            "CPU: user and system time of all processes. The kernel charges it to whoever waits for a process; who is "
            "left an orphan is waited for by the benchmark, so nothing is lost.",
        ),
    )


def table_of_ratios(rounds: Sequence[Round]) -> Table:
    def row(name: str, part: Callable[[Cost, Cost, Callable[[Cost], float]], float]) -> tuple[str, ...]:
        ratios = (
            [part(one.nbgrader, one.nbgrader_one, clock) / part(one.ours, one.ours_one, clock) for one in rounds]
            for clock in _CLOCKS.values()
        )
        return name, *(spread(some, ".1f") for some in ratios)

    return Table(
        "How many times ours nbgrader takes",
        ("", *_CLOCKS),
        [
            row("for a submission, start-up included", lambda many, _, clock: clock(many) / many.submissions),
            row("for a further submission, start-up taken off", _further),
            row("for just one", lambda _, alone, clock: clock(alone)),
        ],
        (
            "Start-up is taken off as (all − just one) / (n − 1). Just one starts one process of ours, so the start-up "
            "of the others stays in our figure.",
        ),
    )


def _further(many: Cost, alone: Cost, clock: Callable[[Cost], float]) -> float:
    return (clock(many) - clock(alone)) / (many.submissions - 1)


def table_of_shares(found: Mapping[str, Any]) -> Table:
    """Of what `shares.py` printed."""
    wall, cpu, count = found["wall"], found["cpu"], found["count"]
    total = sum(wall.values())

    def row(name: str, seconds: float, busy: float) -> tuple[str, ...]:
        each, ours = seconds / count * MS, busy / count * MS
        return name, f"{seconds:.2f}", f"{seconds / total:.1%}", f"{each:.1f}", f"{ours:.1f}"

    return Table(
        f"Where our time goes: one process, {count} submissions",
        ("", "wall s", "share", "wall ms each", "of it our CPU"),
        [*(row(name, wall[name], cpu[name]) for name in shares.PARTS), row("all", total, sum(cpu.values()))],
        (
            f"Sandboxes and their server, untrusted, used {found['guests'] / count * MS:.1f} ms of CPU for "
            "each submission. Our side of the wire: packing and sending a call, reading and unpacking its answer.",
            "Start-up: interpreter, imports, the sandboxes' server, the probe. Collection and preparation, with the "
            "reference, happen once in each process; the grading of a submission then called "
            f"{found['pytest_calls']} functions of pytest's.",
        ),
    )


def table_of_memory(costs: Sequence[Cost]) -> Table:
    def row(cost: Cost) -> tuple[str, ...]:
        return str(cost.submissions), f"{cost.peak / MIB:.0f}", f"{cost.peak / costs[0].peak:.2f}", f"{cost.wall:.1f}"

    whole = (
        "PSS" if all(cost.shared_out for cost in costs) else "PSS; RSS, which counts shared pages again, of sandboxes"
    )
    return Table(
        "Peak memory of all our processes together",
        ("submissions", "MiB", "× the first", "wall s"),
        [row(cost) for cost in costs],
        (f"{whole}; sampled every 50 ms.",),
    )


def table_of_latencies(found: Mapping[str, Any]) -> Table:
    """Of what `latency.py` printed."""

    def row(name: str, one: Mapping[str, float]) -> tuple[str, ...]:
        median, worst, own = (one[key] * MS for key in ("median", "worst", "own"))
        return name, f"{median:.2f}", f"{worst:.2f}", f"{own:.3f}", f"{own / median:.0%}"

    return Table(
        f"What a learner waits for: check(f), {found['calls']} calls",
        ("f", "median ms", "worst ms", "in f itself, ms", "share"),
        [row(name, one) for name, one in found["exercises"].items()],
        (
            "Warm, with the solution's functions; the kernel's own messages are not included. "
            f"open_assignment(…) takes {found['opening'] * MS:.0f} ms, once.",
        ),
    )
