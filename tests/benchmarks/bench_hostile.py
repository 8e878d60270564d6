"""Measures what a class of hostile submissions costs the grader: each is one of the worst that are known.

python tests/benchmarks/bench_hostile.py             200 submissions in 4 processes, some minutes
python tests/benchmarks/bench_hostile.py --quick     48 submissions

It prints the memory (PSS) of all trusted processes together, and the longest submission. It ends with 1 if that memory
exceeds 500 MiB, if a submission took longer than its limit, or if a right one did not get full marks. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "kit" / "shared")]

from bombs import BOMBS, WITHOUT_LOSS, bomb  # noqa: E402
from tables import Table, show  # noqa: E402
from trusted_memory import Peak, measured  # noqa: E402

from autograder.execution.limits import LIMITS  # noqa: E402
from autograder.notebooks.course import Course  # noqa: E402

STEM = "01_perceptron"
MOST = 500 << 20  # bytes
COMMAND = [sys.executable, "-m", "autograder.cli.main", "grade"]


def hand_in(folder: Path, count: int) -> None:
    """Make a class in which each student handed in the next bomb."""
    solution = Course(ROOT).solution(STEM).read_bytes()
    contents = {name: bomb(solution, name) for name in BOMBS}
    for number in range(count):
        name = list(BOMBS)[number % len(BOMBS)]
        home = folder / f"{number:03} {name}" / STEM
        home.mkdir(parents=True)
        (home / "perceptron.ipynb").write_bytes(contents[name])


def problems(peak: Peak, results: Path, longest: float) -> list[str]:
    """Return what is worse than it should be."""
    found = []
    if peak.total > MOST:
        found.append(f"{peak.total >> 20} MiB are more than {MOST >> 20}")
    if longest > LIMITS.submission_seconds:
        found.append(f"a submission took {longest:.1f} s")
    for path in sorted((results / STEM).glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        if path.stem[4:] in WITHOUT_LOSS and report["score"] != report["max_score"]:
            found.append(f"{path.stem} has {report['score']} of {report['max_score']} points ({report['reason']})")
    return found


def longest_of(results: Path) -> float:
    """Return the seconds of the tests of the slowest submission."""
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in (results / STEM).glob("*.json")]
    seconds = [[test["seconds"] for one in report["exercises"] for test in one["tests"]] for report in reports]
    return max(map(sum, seconds), default=0.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    count = 48 if parser.parse_args().quick else 200
    with tempfile.TemporaryDirectory() as folder:
        submitted, results = Path(folder, "submitted"), Path(folder, "results")
        hand_in(submitted, count)
        options = ["--submitted", submitted, "--results", results, "--jobs", "4"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        peak = measured([*COMMAND, *options], cwd=ROOT, environment=environment)
        longest = longest_of(results)
        rows = [(kind, f"{size / 2**20:.0f}", f"{peak.largest[kind] / 2**20:.0f}") for kind, size in peak.parts.items()]
        rows.append(("all trusted processes", f"{peak.total / 2**20:.0f}", ""))
        title = f"memory at {count} hostile submissions, MiB of PSS"
        notes = (f"{peak.seconds:.0f} s in all; the longest submission took {longest:.1f} s",)
        table = Table(title, ("process", "together, at the peak", "largest one"), rows, notes)
        show(peak.output.splitlines()[:1], [table], markdown=False)
        found = problems(peak, results, longest)
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
