"""Run a few grading processes. Whatever one of them does, the batch goes on."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.model import Report
from autograder.execution.limits import LIMITS
from autograder.instructor.batch.worker import Ready, Setup, ungraded, work
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course
from autograder.sandbox.escape_probe import require_confinement
from autograder.sandbox.levels import Level
from autograder.sandbox.preflight import strongest

_SLACK = 60.0  # what a worker may need beyond a submission's own limit before it is given up


def cpu_count() -> int:
    """Return the number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class _Worker:
    """A process, the pipe to it, and the job that it is working on."""

    process: BaseProcess
    connection: Connection
    job: Job | None = None
    ends: float = float("inf")

    def stop(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


class Workers:
    """Worker processes: started together, given one submission at a time, replaced when they hang or die."""

    def __init__(self, course: Course, jobs: Sequence[Job], *, sandbox: str, count: int | None = None) -> None:
        self.course = course
        self.waiting = list(reversed(jobs))
        self.tried: set[Job] = set()
        self.workers: list[_Worker] = []
        self.ways_out = 0  # that the probe tried, and that were refused
        self.context = multiprocessing.get_context("spawn")
        self.seconds: Mapping[str, float] = {}  # for one submission, by stem; set by the suites
        stems = sorted({job.stem for job in jobs})
        secrets = course.secrets(stems, [job.notebook for job in jobs])
        self.sandbox = sandbox
        # Memory instead of a file on a disk: nothing is left, even if this process is killed.
        self.turns = os.memfd_create("turns") if hasattr(os, "memfd_create") else None
        self.setup = Setup(
            course=course,
            stems=tuple(stems),
            level=Level.NONE,
            secrets=secrets,
            controls=True,
            turns=None if self.turns is None else Path(f"/proc/{os.getpid()}/fd/{self.turns}"),
        )
        self.count = min(count or cpu_count(), len(jobs))

    def __enter__(self) -> Workers:
        strongest(self.sandbox, self._start_all)
        return self

    def _start_all(self, level: Level) -> None:
        """Start the workers at a level of confinement. Raise NotConfined if their sandboxes do not confine."""
        self.setup = replace(self.setup, level=level)
        try:
            for number in range(self.count):
                self.workers.append(self._start(controls=number == 0))
            greetings = [self._greeting(worker) for worker in self.workers]
        except BaseException:
            self._stop_all()
            raise
        self.ways_out = len(greetings[0].probed.held)
        self.seconds = {stem: seconds + _SLACK for stem, seconds in greetings[0].seconds.items()}

    @property
    def level(self) -> Level:
        """How the workers' sandboxes are confined."""
        return self.setup.level

    def __exit__(self, *_: object) -> None:
        self._stop_all()
        if self.turns is not None:
            os.close(self.turns)
            self.turns = None

    def _stop_all(self) -> None:
        for worker in self.workers:
            worker.stop()
        self.workers.clear()

    def run(self) -> Iterator[tuple[Job, Report]]:
        """Yield each job with its report, in the order in which they are done."""
        for worker in self.workers:
            self._give(worker)
        while busy := [worker for worker in self.workers if worker.job is not None]:
            patience = max(0.0, min(worker.ends for worker in busy) - time.monotonic())
            ready = wait([worker.connection for worker in busy], patience)
            for worker in busy:
                if worker.connection in ready:
                    yield from self._receive(worker)
                elif time.monotonic() >= worker.ends and worker.job is not None:
                    seconds = self.seconds[worker.job.stem]
                    yield from self._replace(worker, f"grading it took longer than {seconds:g} s")

    def _start(self, *, controls: bool) -> _Worker:
        ours, theirs = self.context.Pipe()
        setup = replace(self.setup, controls=controls)
        process = self.context.Process(target=work, args=(theirs, setup), daemon=True)
        with _interrupts_held():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _greeting(self, worker: _Worker) -> Ready:
        """Return the first message of a new worker. Raise UserError if it cannot work or its sandbox is incomplete."""
        try:
            result = worker.connection.recv() if worker.connection.poll(LIMITS.start_seconds) else None
        except (EOFError, OSError):
            result = None
        if isinstance(result, UserError):
            raise result
        if not isinstance(result, Ready):
            raise UserError("A grading process did not start; its own words are above.")
        if self.level.layers:
            require_confinement(result.probed)
        return result

    def _give(self, worker: _Worker) -> None:
        worker.job, worker.ends = None, float("inf")
        if self.waiting:
            worker.job = self.waiting.pop()
            worker.ends = time.monotonic() + self.seconds[worker.job.stem]
            with contextlib.suppress(OSError):  # a dead worker is found when its answer is read
                worker.connection.send(worker.job)

    def _receive(self, worker: _Worker) -> Iterator[tuple[Job, Report]]:
        try:
            report = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._replace(worker, "the grading process ended")
            return
        assert worker.job is not None
        yield worker.job, report
        self._give(worker)

    def _replace(self, worker: _Worker, problem: str) -> Iterator[tuple[Job, Report]]:
        """Replace a worker that hangs or died. Its submission is tried once more, and then ungraded."""
        job = worker.job
        assert job is not None
        worker.stop()
        fresh = self._start(controls=False)
        worker.process, worker.connection = fresh.process, fresh.connection
        self._greeting(worker)
        if job in self.tried:
            reason = f"{problem}, twice; look at the notebook yourself"
            yield job, ungraded(job, self.course.assignment(job.stem), reason)
        else:
            self.tried.add(job)
            self.waiting.append(job)
        self._give(worker)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hide Ctrl-C, which a terminal sends to all processes, from one that starts here. This one sees it afterwards."""
    resource_tracker.ensure_running()  # a process of multiprocessing; starting it inside would end the hold
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
