"""The benchmark runs, loses no process, and prints nothing where a figure would mean nothing. No time is judged."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

BENCHMARKS = ROOT / "tests" / "benchmarks"
STEM = "01_perceptron"
SMALLEST = "--ours 2 --nbgrader 2 --rounds 1 --memory 1 2 --profile 1 --calls 1".split()
FIGURE = re.compile(r"-?\d+(\.\d+)?%?")
BURN = "import time; begun = time.process_time()\nwhile time.process_time() < begun + 0.3: pass"


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the benchmark adopts orphans and waits for whatever is its child."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=BENCHMARKS, capture_output=True, encoding="utf-8", timeout=300, check=False)


@pytest.fixture(scope="module")
def printed() -> str:
    command = [sys.executable, BENCHMARKS / "bench_grading.py", "--stem", STEM, "--markdown", *SMALLEST]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(printed: str, title: str) -> list[list[str]]:
    """The cells of one table, without its heads."""
    section = printed.partition(f"### {title}")[2].partition("###")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


@pytest.mark.series(0)
@pytest.mark.parametrize(
    ("title", "rows"),
    [
        ("Grading 01_perceptron", 4),
        ("How many times ours nbgrader takes", 3),
        ("Where our time goes", 10),
        ("Peak memory", 2),
        ("What a learner waits for", 8),
    ],
)
def test_every_table_is_filled(printed: str, title: str, rows: int) -> None:
    found = rows_of(printed, title)
    assert len(found) == rows
    for _, *figures in found:
        assert figures
        assert all(FIGURE.fullmatch(figure) for figure in figures), figures


@pytest.mark.series(0)
def test_the_reference_is_measured_beside_others() -> None:
    command = [sys.executable, BENCHMARKS / "bench_reference.py", "--rounds", "1", "--markdown"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    for title, rows in (("Convolution", 6), ("Pooling", 10), ("Networks", 4)):
        found = rows_of(done.stdout, title)
        assert len(found) == rows
        assert all(FIGURE.match(one[1]) and FIGURE.match(one[2]) for one in found)


@pytest.mark.series(0)
def test_it_says_what_is_included(printed: str) -> None:
    for word in ("CPUs", "numpy", "nbgrader", "start-up included", "sandbox full", "public tests only"):
        assert word in printed


@pytest.mark.series(0)
def test_pytest_only_collects(printed: str) -> None:
    assert "then called 0 functions of pytest's" in printed


def test_an_orphan_of_a_killed_process_is_counted() -> None:
    killed = f"""
        import os, signal, subprocess, sys
        burning = subprocess.Popen([sys.executable, "-c", {BURN!r}])
        os.kill(os.getpid(), signal.SIGKILL)
    """
    parent = f"import subprocess, sys, textwrap; subprocess.run([sys.executable, '-c', textwrap.dedent({killed!r})])"
    done = run(
        "import os, sys, json, processes, pathlib\n"
        "cost = processes.cost_of([sys.executable, '-c', sys.argv[1]], cwd=pathlib.Path('/'), environment=os.environ)\n"
        "print(json.dumps([cost.cpu, processes.family()]))",
        parent,
    )
    assert done.returncode == 0, done.stderr
    cpu, left = json.loads(done.stdout)
    assert cpu >= 0.3  # what the orphan used by its own clock
    assert left == []


def test_less_than_full_points_is_no_measurement(tmp_path: Path) -> None:
    folder = tmp_path / "submitted" / "ada" / STEM
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "assignments" / STEM / "perceptron.ipynb", folder)
    done = run(
        "import sys; from pathlib import Path; from contestants import Course, Ours\n"
        "root, stem, folder = sys.argv[1:]\n"
        "Ours(Course(Path(root)), stem).grade(Path(folder, 'submitted'))",
        ROOT,
        STEM,
        tmp_path,
    )
    assert "CommandFailed: autograder did not give full points to ada" in done.stderr


def test_an_unknown_assignment_is_told_in_one_line() -> None:
    command = [sys.executable, BENCHMARKS / "bench_grading.py", "--stem", "77_nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("There is no assignment '77_nothing'")
    assert done.stderr.count("\n") == 1
