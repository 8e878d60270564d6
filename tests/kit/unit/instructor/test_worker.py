"""One grading process: what it grants a submission depends on its assignment alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.core.model import Assignment, Report
from autograder.execution.limits import LIMITS
from autograder.instructor.batch import worker
from autograder.instructor.batch.worker import Ready, Setup
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course

SECONDS = {"01_short": 120.0, "09_long": 920.0}


class OtherEnd:
    """The batch, as a worker sees it: it gives these jobs, and keeps what comes back."""

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs: list[Job | None] = [*jobs, None]
        self.received: list[Any] = []

    def recv(self) -> Job | None:
        return self.jobs.pop(0)

    def send(self, message: Any) -> None:
        self.received.append(message)


def granted(monkeypatch: pytest.MonkeyPatch, stems: tuple[str, ...]) -> dict[str, Any]:
    """Return the limits that each assignment's submission gets if these assignments are graded together."""
    limits = {}

    def grade(job: Job, suites: Any, executor: Any) -> Report:
        limits[job.stem] = executor.limits
        return Report(job.student, job.stem, 1.0)

    def suites_of(_: Course, stem: str) -> Any:
        return SimpleNamespace(assignment=Assignment(stem, (), ()), submission_seconds=SECONDS[stem])

    monkeypatch.setattr(worker, "suites_of", suites_of)
    monkeypatch.setattr(worker, "grade_or_explain", grade)
    monkeypatch.setattr(worker.ForkServer, "start", lambda _: None)
    connection: Any = OtherEnd([Job("ada", stem, Path("x.ipynb")) for stem in stems])
    course = Course(Path("/nowhere"))
    setup = Setup(course=course, stems=stems, confined=False, secrets=(), controls=False)
    worker._answer_jobs(connection, setup)
    ready = connection.received[0]
    assert isinstance(ready, Ready)
    assert ready.seconds == {stem: SECONDS[stem] for stem in stems}
    return limits


def test_a_time_limit_belongs_to_the_assignment(monkeypatch: pytest.MonkeyPatch) -> None:
    together = granted(monkeypatch, ("01_short", "09_long"))
    assert together == granted(monkeypatch, ("01_short",)) | granted(monkeypatch, ("09_long",))
    assert together["01_short"].submission_seconds == LIMITS.submission_seconds == 120.0
    assert together["09_long"].submission_seconds == 920.0
