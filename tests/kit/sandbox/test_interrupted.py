"""A run that is interrupted or killed: nothing graded is lost, nothing of ours lives on, the next run goes on."""

import ctypes
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from autograder.notebooks.course import Course

COURSE = Course(ROOT)
STEM = "01_perceptron"
GRADE = [sys.executable, "-m", "autograder.cli.main", "--course", ROOT, "grade"]
MOMENTS = 20
DRAW = random.Random(2026)
FRACTIONS = [DRAW.random() for _ in range(MOMENTS)]  # of the time that an undisturbed run takes
AT_ONCE = 2  # runs side by side, to be done sooner
PATIENCE = 10.0  # for the system to end and reap what was killed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for left-over processes in /proc")


# ---- who is alive


@pytest.fixture(scope="module", autouse=True)
def guardian() -> Iterator[None]:
    """What is orphaned becomes a child of this process, so that none can get out of sight."""
    adopt(True)
    yield
    adopt(False)


def adopt(orphans: bool) -> None:
    pr_set_child_subreaper = 36
    assert ctypes.CDLL(None).prctl(pr_set_child_subreaper, int(orphans), 0, 0, 0) == 0


def descendants() -> set[int]:
    """The living processes below this one; the dead among its children are reaped."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        parents[int(path.parent.name)] = (int(parent), state)
    found, new = set[int](), {os.getpid()}
    while new := {pid for pid, (parent, _) in parents.items() if parent in new}:
        found |= new
    dead = {pid for pid in found if parents[pid][1] in "ZX"}
    for pid in dead:
        if parents[pid][0] == os.getpid():
            os.waitpid(pid, os.WNOHANG)
    return found - dead


def survivors(before: set[int]) -> set[int]:
    """Who is there that was not before, when the system has had its time."""
    wait_until(lambda: not descendants() - before)
    return descendants() - before


def wait_until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < end:
        time.sleep(0.01)


# ---- a class


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve submissions of every kind but slow."""
    folder = tmp_path_factory.mktemp("class") / "submitted"
    full, stub = COURSE.solution(STEM).read_bytes(), COURSE.release(STEM).read_bytes()
    mistaken = full.replace(b"> threshold", b">= threshold").replace(b"- o)", b"+ o)")
    assert mistaken != full
    contents = [full, stub, mistaken, full, b"no notebook", None, mistaken, full, stub, full, full[:-9], mistaken]
    for number, content in enumerate(contents):
        path = folder / f"s{number:02}" / STEM / "perceptron.ipynb"
        path.parent.mkdir(parents=True)
        if content is not None:
            path.write_bytes(content)
    return folder


def start(submitted: Path, results: Path, jobs: int, sandbox: str = "full") -> subprocess.Popen[bytes]:
    """`autograder grade`, as the leader of a process group."""
    return subprocess.Popen(
        [*GRADE, "--sandbox", sandbox, "--jobs", str(jobs), "--submitted", submitted, "--results", results],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(*runs: subprocess.Popen[bytes]) -> None:
    for run in runs:
        output = b"".join(run.communicate(timeout=120)).decode()
        assert run.returncode == 1, output  # three of the class cannot be graded
        assert "9 of 12 submissions graded" in output


def files(results: Path) -> dict[str, bytes]:
    """All that a run has written, less how long it took."""
    found = (path for path in results.rglob("*") if path.is_file())
    return {
        path.relative_to(results).as_posix(): re.sub(rb'"seconds": [-+.e0-9]+', b'"seconds": 0', path.read_bytes())
        for path in found
    }


@pytest.fixture(scope="module")
def undisturbed(submitted: Path) -> tuple[dict[str, bytes], float]:
    """(what a run writes that nobody disturbs, how long it takes with others beside it)."""
    results = [submitted.parent / f"undisturbed {number}" for number in range(AT_ONCE)]
    begun = time.monotonic()
    finish(*(start(submitted, one, jobs) for jobs, one in enumerate(results, 1)))
    duration = time.monotonic() - begun
    assert len(files(results[0])) == 25  # a record and a page for each, and the table
    assert all(files(one) == files(results[0]) for one in results)  # also with another number of workers
    return files(results[0]), duration


# ---- kill -9


def kill_at(runs: list[subprocess.Popen[bytes]], moments: list[float]) -> None:
    """Kill each run's main process, and it alone, at its moment; one that is done by then is done."""
    begun = time.monotonic()
    for run, moment in sorted(zip(runs, moments, strict=True), key=lambda pair: pair[1]):
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        run.kill()
    for run in runs:
        run.communicate(timeout=PATIENCE)  # comes to an end only when all who hold its pipes are gone


@pytest.mark.series(2)
@pytest.mark.parametrize("first", range(0, MOMENTS, AT_ONCE))
def test_a_killed_run_loses_nothing(
    submitted: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, first: int
) -> None:
    """Killed at a moment drawn from a seed; then the same command gives what it gives undisturbed."""
    expected, duration = undisturbed
    before = descendants()
    results = [tmp_path / f"results {number}" for number in range(AT_ONCE)]
    jobs = 2 if first == 0 else 1  # two cost more than they add
    runs = [start(submitted, one, jobs) for one in results]
    kill_at(runs, [duration * fraction for fraction in FRACTIONS[first : first + AT_ONCE]])
    assert survivors(before) == set()
    for one in results:
        assert all(json.loads(path.read_bytes())["schema"] == 1 for path in one.rglob("*.json"))  # none is half there
    finish(*(start(submitted, one, 1) for one in results))
    for one in results:
        assert files(one) == expected


ENDLESS = b'while True: pass\\n",\n    "### BEGIN SOLUTION'


@pytest.mark.parametrize("sandbox", ["full", "none"])
def test_a_killed_run_takes_a_busy_room_with_it(submitted: Path, tmp_path: Path, sandbox: str) -> None:
    """Eight functions that never end would keep a worker busy for 40 seconds."""
    before = descendants()
    shutil.copytree(submitted / "s00", tmp_path / "submitted" / "ada")
    busy = shutil.copytree(submitted / "s00", tmp_path / "submitted" / "ben") / STEM / "perceptron.ipynb"
    busy.write_bytes(busy.read_bytes().replace(b"### BEGIN SOLUTION", ENDLESS))
    run = start(tmp_path / "submitted", tmp_path / "results", 1, sandbox)
    wait_until(lambda: list((tmp_path / "results").rglob("ada.json")))
    time.sleep(0.2)
    assert len(descendants() - before) > 3
    kill_at([run], [0.0])
    assert survivors(before) == set()
    assert [path.name for path in (tmp_path / "results").rglob("*.json")] == ["ada.json"]


# ---- Ctrl-C


@pytest.mark.parametrize("moment", ["while the workers start", "while they grade"])
def test_ctrl_c(submitted: Path, tmp_path: Path, moment: str) -> None:
    """A terminal sends it to the whole group: exit 130, one sentence, and what was graded is kept."""
    before = descendants()
    results = tmp_path / "results"
    shutil.copytree(submitted, tmp_path / "submitted")
    for number in range(20, 60):  # enough to be still at it
        shutil.copytree(submitted / "s00", tmp_path / "submitted" / f"s{number}")
    run = start(tmp_path / "submitted", results, 2)
    if moment == "while they grade":
        wait_until(lambda: list((results / STEM).glob("s03.json")))
    else:
        wait_until(lambda: len(descendants() - before) >= 3)  # the run, what multiprocessing needs, and a worker
        time.sleep(0.2)  # which is now reading its modules, and would complain
    os.killpg(run.pid, signal.SIGINT)
    output = b"".join(run.communicate(timeout=PATIENCE)).decode()
    assert run.returncode == 130, output
    assert output.endswith("Stopped. What was graded is kept; the same command goes on from there.\n")
    assert "Traceback" not in output
    assert survivors(before) == set()
    kept = [json.loads(path.read_bytes()) for path in (results / STEM).glob("*.json")]
    assert moment != "while they grade" or any(one["score"] == 24 for one in kept)
    assert len(kept) < 52
    assert not list(results.rglob(".*"))
