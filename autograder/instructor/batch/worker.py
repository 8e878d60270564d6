"""One trusted process that grades submissions, one after another, with a fork-server of its own."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.installed import TORCH_PACKAGES, pip
from autograder.core.model import Report
from autograder.core.sanitize import clean
from autograder.execution.limits import LIMITS
from autograder.grading.pipeline import grade, suites_of
from autograder.grading.suites import Suites
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course
from autograder.sandbox.confined import ConfinedRooms
from autograder.sandbox.environments import NUMPY, TORCH, Equipment, equipment_for
from autograder.sandbox.escape_probe import ProbeResult, probe
from autograder.sandbox.fork_server import ForkServer, ServerDied


@dataclass(frozen=True)
class Setup:
    """What a worker is told once."""

    course: Course
    stems: tuple[str, ...]
    confined: bool
    secrets: tuple[Path, ...]  # files that the probe must not be able to read
    controls: bool  # whether this worker's probe runs its positive controls


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
        except UserError as error:
            connection.send(error)


def _answer_jobs(connection: Connection, setup: Setup) -> None:
    suites = {stem: suites_of(setup.course, stem) for stem in setup.stems}
    extra = max((one.extra_seconds for one in suites.values()), default=0.0)
    limits = replace(LIMITS, submission_seconds=LIMITS.submission_seconds + extra)
    needed = dict.fromkeys([NUMPY, *(equipment_for(torch=one.assignment.torch) for one in suites.values())])
    missing = {one: problem for one in needed if (problem := _why_not_there(one)) is not None}
    with ExitStack() as running:
        servers = {
            one: running.enter_context(ForkServer(confined=setup.confined, equipment=one, limits=limits))
            for one in needed
            if one not in missing
        }
        for server in servers.values():
            server.start()
        connection.send(Ready(_probed(list(servers.values()), setup), limits.submission_seconds))
        while (job := connection.recv()) is not None:
            equipment = equipment_for(torch=suites[job.stem].assignment.torch)
            if equipment in servers:
                report = grade_or_explain(job, suites[job.stem], ConfinedRooms(servers[equipment]))
            else:
                report = ungraded(job, suites[job.stem], missing[equipment])
            connection.send(report)


def _why_not_there(equipment: Equipment) -> str | None:
    """What is not installed of it, and how to mend that; None where all is there."""
    missing = [name for name in TORCH_PACKAGES if importlib.util.find_spec(name) is None]
    if equipment is not TORCH or not missing:
        return None
    install = f"{pip()} install -c constraints.txt {' '.join(missing)}"
    return f"the grading machine has no {' and no '.join(missing)}: type {install} in the course's folder"


def _probed(servers: Sequence[ForkServer], setup: Setup) -> ProbeResult:
    """What all of them hold; what some of them do not. The positive controls are tried once."""
    if not setup.confined:
        return ProbeResult((), ())
    results = [
        probe(server, setup.secrets, controls=setup.controls and number == 0) for number, server in enumerate(servers)
    ]
    held = tuple(name for name in results[0].held if all(name in one.held for one in results))
    return ProbeResult(held, tuple(dict.fromkeys(name for one in results for name in one.escaped)))


def grade_or_explain(job: Job, suites: Suites, rooms: ConfinedRooms) -> Report:
    """The report, whatever happens: what cannot be graded is ungraded with a reason, never zero."""
    try:
        return grade(job.notebook, job.student, suites, rooms)
    except (Ungradable, UserError) as problem:
        return ungraded(job, suites, str(problem))
    except ServerDied as problem:
        return ungraded(job, suites, f"the room could not be used ({problem}); run the command again")
    except Exception:
        details = clean(traceback.format_exc(), 20_000, newlines=True)
        print(f"{job.stem}, {clean(job.student)}: the grader broke.\n{details}", file=sys.stderr)
        return ungraded(job, suites, "the grader broke while grading this; the details are on the terminal")


def ungraded(job: Job, suites: Suites, reason: str) -> Report:
    return Report.ungraded(job.student, job.stem, suites.assignment.max_score, reason)


def _die_with_parent() -> None:
    """No worker outlives a batch that was killed."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
