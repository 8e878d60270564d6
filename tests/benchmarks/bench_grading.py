"""Measures the grader beside stock nbgrader, and itself.

python tests/benchmarks/bench_grading.py             the full run, under 20 minutes
python tests/benchmarks/bench_grading.py --quick     fewer submissions and one round, under 2 minutes

It judges no time, it prints what it found. It ends with 1, and no figure, where a figure would mean nothing: one of
the graders did not work, or did not give full points. Linux, with what `make setup` installs.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contestants import Ours, StockNbgrader, environment, hand_in, require_both
from findings import (
    Round,
    table_of_latencies,
    table_of_memory,
    table_of_ratios,
    table_of_runs,
    table_of_shares,
)
from processes import CommandFailed, Cost
from tables import Table, show

from autograder.core.errors import UserError
from autograder.instructor.batch.pool import cpu_count
from autograder.notebooks.course import Course

HERE = Path(__file__).parent
COURSE = Course(HERE.parents[1])
FULL = {"ours": 200, "nbgrader": 10, "rounds": 3, "memory": [100, 2000], "profile": 100}
QUICK = {"ours": 50, "nbgrader": 5, "rounds": 1, "memory": [50, 200], "profile": 50}


@dataclass(frozen=True)
class Plan:
    """How much is measured, and where the classes are made that it is measured with."""

    stem: str
    ours: int
    nbgrader: int
    rounds: int
    memory: tuple[int, ...]
    profile: int
    calls: int
    folder: Path

    def class_of(self, count: int) -> Path:
        folder = self.folder / f"class_of_{count}"
        return folder if folder.is_dir() else hand_in(COURSE, self.stem, folder, count)


# ---- measuring


def measured(plan: Plan) -> list[Table]:
    rounds = play_rounds(plan)
    say("where our time goes")
    spent = in_a_fresh_python("shares.py", plan.stem, plan.class_of(plan.profile), time.monotonic())
    memory = measure_memory(plan)
    say("what a learner waits for")
    waits = in_a_fresh_python("latency.py", plan.stem, plan.calls)
    return [
        table_of_runs(plan.stem, rounds),
        table_of_ratios(rounds),
        table_of_shares(spent),
        table_of_memory(memory),
        table_of_latencies(waits),
    ]


def play_rounds(plan: Plan) -> list[Round]:
    """Ours, nbgrader, ours, …; a first run of each is not counted: it fills caches of compiled code and of fonts."""
    say("setting up nbgrader's course")
    nbgrader = StockNbgrader(COURSE, plan.stem, plan.folder / "nbgrader", plan.nbgrader)
    ours, many, one = Ours(COURSE, plan.stem), plan.class_of(plan.ours), plan.class_of(1)
    ours.grade(one)
    nbgrader.grade_one()
    rounds = []
    for number in range(plan.rounds):
        say(f"round {number + 1} of {plan.rounds}")
        rounds.append(Round(ours.grade(many), nbgrader.grade(), ours.grade(one), nbgrader.grade_one()))
    return rounds


def measure_memory(plan: Plan) -> list[Cost]:
    costs = []
    for count in plan.memory:
        say(f"memory at {count} submissions")
        costs.append(Ours(COURSE, plan.stem).grade(plan.class_of(count), sample=True))
    return costs


def in_a_fresh_python(script: str, *arguments: object) -> dict[str, Any]:
    """What a script beside this one prints, as JSON."""
    command = [sys.executable, str(HERE / script), str(COURSE.root), *map(str, arguments)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(f"{script} ended with {done.returncode}:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def header() -> list[str]:
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    versions = (f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "pytest", "nbgrader"))
    return [
        f"{_processor()}, {cpu_count()} CPUs, load before the start {load}",
        f"Linux {platform.release()}, Python {platform.python_version()}, {', '.join(versions)}",
    ]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def say(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)


# ---- the command


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the grader beside stock nbgrader, and itself.")
    parser.add_argument("--stem", default="06_convolution", help="the assignment (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="fewer submissions and one round")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--ours", type=_at_least(2), metavar="N", help="submissions for autograder (200)")
    parser.add_argument("--nbgrader", type=_at_least(2), metavar="N", help="submissions for nbgrader (10)")
    parser.add_argument("--rounds", type=_at_least(1), metavar="N", help="rounds in turns (3)")
    parser.add_argument("--memory", type=_at_least(1), nargs="+", metavar="N", help="class sizes (100 2000)")
    parser.add_argument("--profile", type=_at_least(1), metavar="N", help="submissions to tell shares by (100)")
    parser.add_argument("--calls", type=_at_least(1), default=30, metavar="N", help="calls of each check (30)")
    given = parser.parse_args()
    for name, value in (QUICK if given.quick else FULL).items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


def _at_least(least: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return int(text)

    return count


def main() -> int:
    given = vars(options())
    markdown, _ = given.pop("markdown"), given.pop("quick")
    try:
        require_both()
        COURSE.assignment(given["stem"])
        top = header()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            tables = measured(Plan(**given, folder=Path(folder)))
    except (UserError, CommandFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    show(top, tables, markdown=markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
