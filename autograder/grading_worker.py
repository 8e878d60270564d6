"""One trusted process that grades submissions, one after another, with a fork-server of its own."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.cleaning import clean
from autograder.course import Course
from autograder.model import KitError, Report, Ungradable
from autograder.pipeline import grade, suites_of
from autograder.sandbox.limits import LIMITS
from autograder.sandbox.probe import ProbeResult, probe
from autograder.sandbox.rooms import ConfinedRooms
from autograder.sandbox.server import ForkServer, ServerDied
from autograder.suite import Suites


@dataclass(frozen=True)
class Setup:
    """What a worker is told once."""

    course: Course
    stems: tuple[str, ...]
    confined: bool
    secrets: tuple[Path, ...]  # files that the probe must not be able to read
    controls: bool  # whether this worker's probe runs its positive controls


@dataclass(frozen=True)
class Job:
    """One submission to grade."""

    student: str
    stem: str
    notebook: Path


@dataclass(frozen=True)
class Ready:
    """What a worker says first."""

    probed: ProbeResult
    submission_seconds: float  # what the suites grant a submission


def work(connection: Connection, setup: Setup) -> None:
    """Say what the probe found, then answer each job with its report. Ends when the other side goes away."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the batch decides
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            _answer_jobs(connection, setup)
        except KitError as error:
            connection.send(error)


def _answer_jobs(connection: Connection, setup: Setup) -> None:
    suites = {stem: suites_of(setup.course, stem) for stem in setup.stems}
    extra = max((one.extra_seconds for one in suites.values()), default=0.0)
    limits = replace(LIMITS, submission_seconds=LIMITS.submission_seconds + extra)
    with ForkServer(confined=setup.confined, limits=limits) as server:
        server.start()
        probed = probe(server, setup.secrets, controls=setup.controls) if setup.confined else ProbeResult((), ())
        connection.send(Ready(probed, limits.submission_seconds))
        rooms = ConfinedRooms(server)
        while (job := connection.recv()) is not None:
            connection.send(grade_or_explain(job, suites[job.stem], rooms))


def grade_or_explain(job: Job, suites: Suites, rooms: ConfinedRooms) -> Report:
    """The report, whatever happens: what cannot be graded is ungraded with a reason, never zero."""
    ungraded = functools.partial(Report, job.student, job.stem, suites.assignment.max_score)
    try:
        return grade(job.notebook, job.student, suites, rooms)
    except Ungradable as problem:
        return ungraded(reason=str(problem))
    except ServerDied as problem:
        return ungraded(reason=f"the room could not be used ({problem}); run the command again")
    except Exception:
        details = clean(traceback.format_exc(), 20_000, newlines=True)
        print(f"{job.stem}, {clean(job.student)}: the grader broke.\n{details}", file=sys.stderr)
        return ungraded(reason="the grader broke while grading this; the details are on the terminal")


def secrets_of(course: Course, stems: Sequence[str], submissions: Sequence[Path]) -> tuple[Path, ...]:
    """What no student may see: reference, hidden suite, solution, and another student's submission."""
    files = [path for stem in stems[:1] for path in _private_files(course, stem)]
    return tuple(path for path in [*files, *submissions[:1]] if path.is_file())


def _private_files(course: Course, stem: str) -> list[Path]:
    return [course.reference(stem), course.hidden_suite(stem), course.solution(stem)]


def _die_with_parent() -> None:
    """No worker outlives a batch that was killed."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
