"""A class of the worst submissions that are known: the trusted processes stay small, and nobody else pays for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from bombs import BOMBS, WITHOUT_LOSS, bomb
from places import ROOT
from trusted_memory import Peak, measured

from autograder.core.model import Report
from autograder.execution.limits import LIMITS
from autograder.instructor.results import record
from autograder.notebooks.course import Course

STEM = "01_perceptron"
SLOW = ("deeper nested try", "lists", "nested lists", "memory")  # many seconds each, in the sandbox
NAMES = [name for name in BOMBS if name not in SLOW]
MOST = 500 << 20  # bytes, at 4 processes


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Peak, dict[str, Report]]:
    """The memory of a run, and the results by the name of the bomb."""
    folder = tmp_path_factory.mktemp("hostile")
    solution = Course(ROOT).solution(STEM).read_bytes()
    for name in NAMES:
        home = folder / "submitted" / name / STEM
        home.mkdir(parents=True)
        (home / "perceptron.ipynb").write_bytes(bomb(solution, name))
    results = folder / "results"
    options: list[str | Path] = ["--submitted", folder / "submitted", "--results", results, "--jobs", "4"]
    command = [sys.executable, "-m", "autograder.cli.main", "grade", *options]
    peak = measured(command, cwd=ROOT, environment={**os.environ, "PYTHONPATH": str(ROOT)})
    read = {name: record.read(results / STEM / f"{name}.json") for name in NAMES}
    return peak, {name: report for name, report in read.items() if report is not None}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured with /proc")
class TestHostileClass:
    def test_the_trusted_processes_stay_small(self, graded: tuple[Peak, dict[str, Report]]) -> None:
        peak, _ = graded
        assert peak.parts.keys() >= {"the command", "worker", "fork server"}
        assert peak.total < MOST, (peak.parts, peak.largest)

    def test_everybody_has_a_result(self, graded: tuple[Peak, dict[str, Report]]) -> None:
        peak, reports = graded
        assert list(reports) == NAMES, peak.output
        assert "Traceback" not in peak.output
        assert [name for name, report in reports.items() if report.reason and "broke" in report.reason] == []

    def test_who_is_right_loses_nothing(self, graded: tuple[Peak, dict[str, Report]]) -> None:
        scores = {name: (report.score, report.reason) for name, report in graded[1].items() if name in WITHOUT_LOSS}
        assert scores == dict.fromkeys(WITHOUT_LOSS, (24.0, None))

    def test_nobody_takes_longer_than_allowed(self, graded: tuple[Peak, dict[str, Report]]) -> None:
        for report in graded[1].values():
            seconds = sum(test.seconds for exercise in report.exercises for test in exercise.tests)
            assert seconds < LIMITS.submission_seconds
