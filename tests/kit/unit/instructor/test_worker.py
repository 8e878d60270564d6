"""One grading process: what it grants a submission depends on its assignment alone."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from places import ROOT

from autograder.core.model import Assignment, Report
from autograder.execution.limits import LARGE_NOTEBOOK, LIMITS, grader_memory
from autograder.execution.memory_limit import growth_limited, inherited_by_none
from autograder.instructor.batch import worker
from autograder.instructor.batch.worker import Ready, Setup
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course
from autograder.notebooks.ipynb import FILE_BYTES
from autograder.sandbox.levels import Level

if sys.platform != "win32":
    import fcntl
    import resource

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

    def grade(job: Job, suites: Any, executor: Any, turns: Path | None) -> Report:
        assert turns == Path("/turns")
        limits[job.stem] = executor.limits
        return Report(job.student, job.stem, 1.0)

    def suites_of(_: Course, stem: str) -> Any:
        return SimpleNamespace(assignment=Assignment(stem, (), ()), submission_seconds=SECONDS[stem], refused={})

    monkeypatch.setattr(worker, "suites_of", suites_of)
    monkeypatch.setattr(worker, "grade_or_explain", grade)
    monkeypatch.setattr(worker.ForkServer, "start", lambda _: None)
    connection: Any = OtherEnd([Job("ada", stem, Path("x.ipynb")) for stem in stems])
    course = Course(Path("/nowhere"))
    setup = Setup(course=course, stems=stems, level=Level.NONE, secrets=(), controls=False, turns=Path("/turns"))
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


# ---- memory

FRESH = """
from pathlib import Path
import numpy as np
import pytest
from autograder.core.errors import Ungradable
from autograder.core.model import Assignment
from autograder.execution.memory_limit import give_back_freed_memory, growth_limited
from autograder.instructor.batch import worker
from autograder.notebooks.submission import read_submission
give_back_freed_memory()
"""


def in_a_fresh_process(code: str) -> None:
    """Run some code in a new process: one that has freed much memory may take it again, whatever the limit."""
    code = FRESH + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="there is a limit on Linux alone")
class TestMemory:
    def test_a_block_may_take_no_more_than_it_is_granted(self) -> None:
        in_a_fresh_process("""
            with growth_limited(32 << 20):
                np.ones(8 << 20, np.uint8)
                with pytest.raises(MemoryError):
                    np.ones(64 << 20, np.uint8)
                with growth_limited(128 << 20):
                    np.ones(64 << 20, np.uint8)
            np.ones(64 << 20, np.uint8)
        """)

    def test_a_process_that_starts_has_limits_of_its_own(self) -> None:
        code = "import resource; print(resource.getrlimit(resource.RLIMIT_DATA)[0])"
        usual = resource.getrlimit(resource.RLIMIT_DATA)[1]
        with growth_limited(64 << 20), inherited_by_none():
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert int(done.stdout) == usual

    @pytest.mark.parametrize("torch", [False, True])
    def test_a_submission_that_meets_the_limit_is_ungraded(self, monkeypatch: pytest.MonkeyPatch, torch: bool) -> None:
        granted = grader_memory(torch=torch)

        def greedy(*_: Any) -> bytes:
            np.empty(granted * 2, np.uint8)
            raise AssertionError("there is no limit")

        monkeypatch.setattr(worker, "read_handed_in", greedy)
        suites: Any = SimpleNamespace(assignment=Assignment("01_a", (), (), torch=torch))
        nobody: Any = None
        report = worker.grade_or_explain(Job("ada", "01_a", Path("x.ipynb")), suites, nobody)
        assert report.reason is not None
        assert f"took more than {granted >> 20} MiB" in report.reason

    def test_large_notebooks_are_read_in_turn(self, tmp_path: Path) -> None:
        notebook, turns = tmp_path / "x.ipynb", tmp_path / "turns"
        turns.touch()
        notebook.write_bytes(bytes(LARGE_NOTEBOOK + 1))
        with worker._reading(notebook, turns), turns.open("rb") as other:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            np.ones(64 << 20, np.uint8)
        notebook.write_bytes(b"")
        with worker._reading(notebook, turns), turns.open("rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.skipif(sys.platform != "linux", reason="there is a limit on Linux alone")
def test_a_notebook_that_is_costly_to_read_is_ungraded_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    wide = ["a" * (1 << 20) + "\U0001f600"] * 22  # one character makes each four times as wide in memory
    content = {"cells": [], "metadata": {"x": wide}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    assert path.stat().st_size < FILE_BYTES
    in_a_fresh_process(f"""
        path = Path({str(path)!r})
        with pytest.raises(Ungradable, match="too much memory: clear the outputs"), worker._reading(path, None):
            read_submission(path, Assignment("01_a", (), ()), "ada")
    """)
