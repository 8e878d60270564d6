"""Where our time goes: one worker's work in this very process, with the functions it calls timed from outside.

Run by bench_grading.py in a fresh interpreter: shares.py ROOT STEM SUBMITTED BEGUN prints JSON.
"""

from __future__ import annotations

import contextlib
import cProfile
import functools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _pytest
from processes import cpu_of_family

from autograder.grading import pipeline, suites
from autograder.guest import wire
from autograder.instructor.batch.worker import grade_or_explain
from autograder.instructor.results import record
from autograder.instructor.results.store import result_path
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course, topic_of
from autograder.sandbox.confined import Channel, SandboxExecutor, SandboxSession
from autograder.sandbox.escape_probe import probe
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.preflight import strongest

START, COLLECTION, PREPARATION = "start-up", "pytest collection", "preparing the tests"
READING, OPENING = "reading the notebook", "opening and closing sandboxes"
CALLING, WIRE = "waiting for the sandbox's answers", "our side of the wire"
JUDGING, WRITING = "reference, comparing, words", "writing results"
PARTS = (START, COLLECTION, PREPARATION, READING, OPENING, CALLING, WIRE, JUDGING, WRITING)


@dataclass
class Ledger:
    """Time by part: a moment counts for the innermost part it falls into. What no part claims is start-up's.

    Opening a sandbox is one part with all it needs, also what it waits for.
    """

    since: float  # time.monotonic() when the first part began
    wall: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    _busy_since: float = 0.0  # time.process_time()
    _parts: list[str] = field(default_factory=lambda: [START])

    def settle(self) -> None:
        """Book the time since the last change of parts."""
        now, busy = time.monotonic(), time.process_time()
        self.wall[self._parts[-1]] += now - self.since
        self.cpu[self._parts[-1]] += busy - self._busy_since
        self.since, self._busy_since = now, busy

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        self.settle()
        self._parts.append(OPENING if self._parts[-1] == OPENING else name)
        try:
            yield
        finally:
            self.settle()
            self._parts.pop()

    def book(self, owner: object, name: str, part: str) -> None:
        """From now on the time inside `owner.name` counts for a part."""
        function: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            with self.part(part):
                return function(*arguments, **options)

        setattr(owner, name, timed)

    def closed(self) -> dict[str, dict[str, float]]:
        """What was booked. Of sending, waiting, reading and unpacking, only waiting leaves us without work."""
        self.settle()
        wall, cpu = dict(self.wall), dict(self.cpu)
        busy, cpu[CALLING] = cpu[CALLING], 0.0
        wall[CALLING] -= busy
        wall[WIRE] += busy
        cpu[WIRE] += busy
        return {"wall": wall, "cpu": cpu}


def shares(course: Course, stem: str, submitted: Path, begun: float) -> dict[str, Any]:
    """Grade what is there, as one worker does it and the batch writes it; seconds by part."""
    ledger = Ledger(begun)
    ledger.book(suites, "collect", COLLECTION)
    ledger.book(pipeline, "precomputed", PREPARATION)
    loaded = pipeline.suites_of(course, stem)
    jobs = [Job(path.name, stem, path / stem / f"{topic_of(stem)}.ipynb") for path in sorted(submitted.iterdir())]
    with ForkServer(strongest("auto", lambda level: level)) as server, tempfile.TemporaryDirectory() as results:
        server.start()
        assert probe(server, course.secrets([stem], [jobs[0].notebook]), controls=True).passed
        _book_each_step(ledger)
        in_guests = cpu_of_family()
        for job in jobs:
            report = grade_or_explain(job, loaded, SandboxExecutor(server))
            assert report.score == report.max_score, report
            record.write(result_path(Path(results), stem, job.student), report)
        in_guests = cpu_of_family() - in_guests
        spent = ledger.closed()
        pytest_calls = _calls_of_pytest(lambda: grade_or_explain(jobs[0], loaded, SandboxExecutor(server)))
    return {"count": len(jobs), "guests": in_guests, "pytest_calls": pytest_calls, **spent}


def _calls_of_pytest(grading: Callable[[], object]) -> int:
    """How many functions of pytest's are called while one submission is graded."""
    profile = cProfile.Profile()
    profile.runcall(grading)
    own = str(Path(_pytest.__file__).parent)
    return sum(entry.callcount for entry in profile.getstats() if own in getattr(entry.code, "co_filename", ""))


def _book_each_step(ledger: Ledger) -> None:
    """After start-up, whose probe opens sandboxes, too."""
    ledger.book(pipeline, "read_submission", READING)
    ledger.book(SandboxSession, "open", OPENING)
    ledger.book(SandboxSession, "close", OPENING)
    ledger.book(Channel, "send", CALLING)
    ledger.book(Channel, "receive", CALLING)
    ledger.book(wire, "pack", WIRE)
    ledger.book(pipeline, "run_suites", JUDGING)
    ledger.book(pipeline, "report_on", JUDGING)
    ledger.book(record, "write", WRITING)


if __name__ == "__main__":
    root, stem, submitted, begun = sys.argv[1:]
    print(json.dumps(shares(Course(Path(root)), stem, Path(submitted), float(begun))))
