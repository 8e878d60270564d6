"""Run one trusted process that grades submissions, one after another, with fork servers of its own."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.installed import TORCH_PACKAGES, pip
from autograder.core.model import Assignment, Report
from autograder.core.sanitize import clean
from autograder.execution.limits import LARGE_NOTEBOOK, LARGE_NOTEBOOK_MEMORY, LIMITS, READING_MEMORY, grader_memory
from autograder.execution.memory_limit import give_back_freed_memory, growth_limited
from autograder.grading.known_answers import require_fair
from autograder.grading.pipeline import grade_submission, suites_of
from autograder.grading.suites import Suites
from autograder.instructor.submissions import Job, read_handed_in
from autograder.notebooks.course import Course
from autograder.notebooks.submission import submission_of
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.environments import NUMPY, TORCH, Environment, environment_for
from autograder.sandbox.escape_probe import ProbeResult, probe
from autograder.sandbox.fork_server import ForkServer, ServerDied
from autograder.sandbox.levels import Level


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a worker receives once, at its start."""

    course: Course
    stems: tuple[str, ...]
    level: Level
    secrets: tuple[Path, ...]  # files that the probe must not be able to read
    controls: bool  # whether this worker's probe runs its positive controls
    turns: Path | None = None  # the file by which workers take turns at reading a large notebook


@dataclass(frozen=True)
class Ready:
    """The first message of a worker."""

    probed: ProbeResult
    seconds: Mapping[str, float]  # that a submission may take, by stem: never by what else is graded


def work(connection: Connection, setup: Setup) -> None:
    """Send the result of the probe, then answer each job with its report. Ends when the other side goes away."""
    _die_with_parent()
    give_back_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the batch decides what Ctrl-C does
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            _answer_jobs(connection, setup)
        except UserError as error:
            connection.send(error)


def _answer_jobs(connection: Connection, setup: Setup) -> None:
    suites = {stem: suites_of(setup.course, stem) for stem in setup.stems}
    for prepared in suites.values():
        require_fair(prepared)
    seconds = {stem: suite.submission_seconds for stem, suite in suites.items()}
    limits = replace(LIMITS, submission_seconds=max(seconds.values()))  # of CPU time, which the servers enforce
    needed = dict.fromkeys([NUMPY, *map(_environment, suites.values())])
    missing = {environment: problem for environment in needed if (problem := _why_not_there(environment)) is not None}
    with ExitStack() as running:
        servers = {
            environment: running.enter_context(ForkServer(setup.level, environment=environment, limits=limits))
            for environment in needed
            if environment not in missing
        }
        for server in servers.values():
            server.start()
        connection.send(Ready(_probed(list(servers.values()), setup), seconds))
        while (job := connection.recv()) is not None:
            environment = _environment(suites[job.stem])
            if environment in servers:
                executor = SandboxExecutor(servers[environment], seconds=seconds[job.stem])
                report = grade_or_explain(job, suites[job.stem], executor, setup.turns)
            else:
                report = ungraded(job, suites[job.stem].assignment, missing[environment])
            connection.send(report)


def _environment(suites: Suites) -> Environment:
    return environment_for(torch=suites.assignment.torch)


def _why_not_there(environment: Environment) -> str | None:
    """Return what is not installed of it, and how to fix that; None if everything is there."""
    missing = [name for name in TORCH_PACKAGES if importlib.util.find_spec(name) is None]
    if environment is not TORCH or not missing:
        return None
    install = f"{pip()} install -c constraints.txt {' '.join(missing)}"
    return f"the grading machine has no {' and no '.join(missing)}: type {install} in the course's folder"


def _probed(servers: Sequence[ForkServer], setup: Setup) -> ProbeResult:
    """Return the attempts that all servers stopped, and those that some did not. Positive controls are tried once."""
    if not setup.level.layers:
        return ProbeResult((), ())
    results = [
        probe(server, setup.secrets, controls=setup.controls and number == 0) for number, server in enumerate(servers)
    ]
    held = tuple(name for name in results[0].held if all(name in result.held for result in results))
    return ProbeResult(held, tuple(dict.fromkeys(name for result in results for name in result.escaped)))


def grade_or_explain(job: Job, suites: Suites, executor: SandboxExecutor, turns: Path | None = None) -> Report:
    """Return the report, whatever happens: a submission that cannot be graded is ungraded with a reason, never zero."""
    memory = grader_memory(torch=suites.assignment.torch)
    try:
        with growth_limited(memory):
            with _reading(job.notebook, turns):
                submission = submission_of(read_handed_in(job), suites.assignment, job.student)
            return grade_submission(submission, suites, executor)
    except MemoryError:
        reason = f"grading it took more than {memory >> 20} MiB in the grader; look at the notebook yourself"
        return ungraded(job, suites.assignment, reason)
    except (Ungradable, UserError) as problem:
        return ungraded(job, suites.assignment, str(problem))
    except ServerDied as problem:
        return ungraded(job, suites.assignment, f"the sandbox could not be used ({problem}); run the command again")
    except Exception:
        details = clean(traceback.format_exc(), 20_000, newlines=True)
        print(f"{job.stem}, {clean(job.student)}: the grader broke.\n{details}", file=sys.stderr)
        return ungraded(job, suites.assignment, "the grader broke while grading this; the details are on the terminal")


@contextlib.contextmanager
def _reading(notebook: Path, turns: Path | None) -> Iterator[None]:
    """Limit the memory of reading a notebook. Wait until no other worker reads a large one if this one is large."""
    try:
        is_large = os.lstat(notebook).st_size > LARGE_NOTEBOOK
    except OSError:
        is_large = False  # reading it says what is wrong
    with contextlib.ExitStack() as stack:
        if is_large and turns is not None:
            import fcntl  # not on Windows

            fcntl.flock(stack.enter_context(turns.open("rb")), fcntl.LOCK_EX)  # ends with this process, too
        stack.enter_context(growth_limited(LARGE_NOTEBOOK_MEMORY if is_large else READING_MEMORY))
        yield


def ungraded(job: Job, assignment: Assignment, reason: str) -> Report:
    return Report.ungraded(job.student, job.stem, assignment.max_score, reason)


def _die_with_parent() -> None:
    """End this process when the batch ends, also if the batch was killed."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
