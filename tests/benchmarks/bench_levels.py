"""Measures what each level of confinement costs a submission, beside none.

python tests/benchmarks/bench_levels.py [--count 200] [--rounds 5] [--markdown]

Every round opens, asks once and closes as many sandboxes at each level, all with the same solution. Figures are CPU
time of the grader's process and of the sandboxes. A warm fork server is started before the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import time
from pathlib import Path

from processes import cpu_of_family
from tables import Table, show, spread

from autograder.core.errors import UserError
from autograder.execution.interface import CallRequest
from autograder.notebooks.course import Course
from autograder.notebooks.submission import read_submission
from autograder.sandbox.confined import SandboxSession
from autograder.sandbox.escape_probe import probe, require_confinement
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.levels import Level
from autograder.sandbox.obstacles import obstacle_to

COURSE = Course(Path(__file__).parents[2])
STEM = "01_perceptron"


def milliseconds(server: ForkServer, count: int) -> float:
    """Return the CPU time of one submission: open a sandbox, run the notebook, make one call, close it."""
    source = read_submission(COURSE.solution(STEM), COURSE.assignment(STEM), "ada").source
    request = CallRequest(name="threshold_unit", arguments=([1.0, 1.0], [1.0, 1.0], 1.5))
    before = time.process_time() + cpu_of_family()
    for _ in range(count):
        session = SandboxSession(server, source)
        session.call(request)
        session.close()
    return 1000 * (time.process_time() + cpu_of_family() - before) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    levels = [level for level in Level if obstacle_to(level) is None]
    with contextlib.ExitStack() as stack:
        servers = {level: stack.enter_context(ForkServer(level)) for level in levels}
        for level, server in servers.items():
            server.start()
            if level.layers:
                require_confinement(probe(server, [COURSE.solution(STEM)]))
        rounds = [
            {level: milliseconds(server, options.count) for level, server in servers.items()}
            for _ in range(options.rounds)
        ]
    rows = [
        (
            str(level),
            spread((found[level] for found in rounds), ".2f"),
            spread((found[level] - found[Level.NONE] for found in rounds), "+.2f"),
            spread((found[level] / found[Level.NONE] for found in rounds), ".2f"),
        )
        for level in levels
    ]
    columns = ("level", "CPU ms per submission", "beside none", "ratio to none")
    title = f"One sandbox per submission, {options.count} submissions, median of {options.rounds} rounds (least–most)"
    show(
        [f"Python {platform.python_version()}, {platform.release()}"],
        [Table(title, columns, rows)],
        markdown=options.markdown,
    )


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from None
