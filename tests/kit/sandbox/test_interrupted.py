"""A run that is interrupted or killed: nothing graded is lost, nothing of ours lives on, the next run goes on."""

import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tested
from places import ROOT

from autograder.cli.output.diff import diff_text
from autograder.instructor.results.diff import diff_results
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
    """Adopt orphaned processes, so that none can get out of sight."""
    adopt(True)
    yield
    adopt(False)


def adopt(orphans: bool) -> None:
    pr_set_child_subreaper = 36
    assert ctypes.CDLL(None).prctl(pr_set_child_subreaper, int(orphans), 0, 0, 0) == 0


def descendants() -> set[int]:
    """Return the living processes below this one, and reap the dead ones among its children."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        parents[int(path.parent.name)] = (int(parent), state)
    pids, new = set[int](), {os.getpid()}
    while new := {pid for pid, (parent, _) in parents.items() if parent in new}:
        pids |= new
    dead = {pid for pid in pids if parents[pid][1] in "ZX"}
    for pid in dead:
        if parents[pid][0] == os.getpid():
            os.waitpid(pid, os.WNOHANG)
    return pids - dead


def survivors(before: set[int]) -> set[int]:
    """Return the processes that were not there before, after the system had time to end them."""
    wait_until(lambda: not descendants() - before)
    return descendants() - before


def wait_until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < end:
        time.sleep(0.01)


# ---- a class


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with twelve submissions of every kind except slow ones."""
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


def start(submitted: Path, results: Path, jobs: int, sandbox: str | None = None) -> subprocess.Popen[bytes]:
    """Start `autograder grade` as the leader of a process group."""
    return subprocess.Popen(
        [
            *GRADE,
            "--sandbox",
            sandbox or tested.sandbox,
            "--jobs",
            str(jobs),
            "--submitted",
            submitted,
            "--results",
            results,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_heed_ctrl_c,
    )


def _heed_ctrl_c() -> None:
    """Undo what a shell does to commands in the background, and they to their children: ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finish(*runs: subprocess.Popen[bytes]) -> None:
    for run in runs:
        output = b"".join(run.communicate(timeout=120)).decode()
        assert run.returncode == 1, output  # three of the class cannot be graded
        assert "9 of 12 submissions graded" in output


def other_files(results: Path) -> dict[str, bytes]:
    """All that a run has written beside the records: a page for each student, the table, and nothing else."""
    others = set(results.rglob("*")) - set(results.glob("*/*.json"))
    return {path.relative_to(results).as_posix(): path.read_bytes() for path in others if path.is_file()}


def assert_same_results(first: Path, second: Path) -> None:
    assert diff_text(diff_results(first, second)) == "Equal: 12 records and grades.csv."
    assert other_files(first) == other_files(second)


@pytest.fixture(scope="module")
def undisturbed(submitted: Path) -> tuple[Path, float]:
    """(the results of a run that nobody disturbs, how many seconds it takes with others beside it)."""
    results = [submitted.parent / f"undisturbed {number}" for number in range(AT_ONCE)]
    begun = time.monotonic()
    finish(*(start(submitted, folder, jobs) for jobs, folder in enumerate(results, 1)))
    duration = time.monotonic() - begun
    assert len(other_files(results[0])) == 13
    for folder in results:
        assert_same_results(results[0], folder)  # also with another number of workers
    return results[0], duration


# ---- kill -9


def kill_at(runs: list[subprocess.Popen[bytes]], moments: list[float]) -> None:
    """Kill the main process of each run, and only that, at its moment. A run may be done by then."""
    begun = time.monotonic()
    for run, moment in sorted(zip(runs, moments, strict=True), key=lambda pair: pair[1]):
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        run.kill()
    for run in runs:
        run.communicate(timeout=PATIENCE)  # returns only when all processes that hold its pipes are gone


@pytest.mark.series(2)
@pytest.mark.parametrize("first", range(0, MOMENTS, AT_ONCE))
def test_a_killed_run_loses_nothing(
    submitted: Path, undisturbed: tuple[Path, float], tmp_path: Path, first: int
) -> None:
    """Kill a run at a moment drawn from a seed: then the same command gives the same results as undisturbed."""
    expected, duration = undisturbed
    before = descendants()
    results = [tmp_path / f"results {number}" for number in range(AT_ONCE)]
    jobs = 2 if first == 0 else 1  # two cost more than they add
    runs = [start(submitted, folder, jobs) for folder in results]
    kill_at(runs, [duration * fraction for fraction in FRACTIONS[first : first + AT_ONCE]])
    assert survivors(before) == set()
    for folder in results:
        records = [json.loads(path.read_bytes()) for path in folder.rglob("*.json")]  # none is half there
        assert {data["schema"] for data in records} <= {2}
    finish(*(start(submitted, folder, 1) for folder in results))
    for folder in results:
        assert_same_results(expected, folder)


ENDLESS = b'while True: pass\\n",\n    "### BEGIN SOLUTION'


@pytest.mark.parametrize("sandbox", ["namespaces", "landlock", "none"])
def test_a_killed_run_takes_a_busy_room_with_it(submitted: Path, tmp_path: Path, sandbox: str) -> None:
    """Kill a run with eight functions that never end, which would keep a worker busy for 40 seconds."""
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
    """Press Ctrl-C, which a terminal sends to the whole group: exit 130, one sentence, and the results are kept."""
    before = descendants()
    results = tmp_path / "results"
    shutil.copytree(submitted, tmp_path / "submitted")
    for number in range(20, 60):  # enough to be still at it
        shutil.copytree(submitted / "s00", tmp_path / "submitted" / f"s{number}")
    run = start(tmp_path / "submitted", results, 2)
    if moment == "while they grade":
        wait_until(lambda: list((results / STEM).glob("s03.json")))
    else:
        wait_until(lambda: len(descendants() - before) >= 3)  # the run, the helper of multiprocessing, and a worker
        time.sleep(0.2)  # the worker now imports its modules, and would print a traceback
    os.killpg(run.pid, signal.SIGINT)
    output = b"".join(run.communicate(timeout=PATIENCE)).decode()
    assert run.returncode == 130, output
    assert output.endswith("Stopped. What was graded is kept; the same command goes on from there.\n")
    assert "Traceback" not in output
    assert survivors(before) == set()
    kept = [json.loads(path.read_bytes()) for path in (results / STEM).glob("*.json")]
    assert moment != "while they grade" or any(record["score"] == 24 for record in kept)
    assert len(kept) < 52
    assert not list(results.rglob(".*"))
