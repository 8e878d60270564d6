"""What `build` refuses: an exercise whose test cell does not say how long it takes, and hints that are not three."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from autograder.authoring.build import selfcheck_of, stale_files
from autograder.core.errors import UserError
from autograder.notebooks.course import Course

STEM = "01_perceptron"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for name in ("assignments", "autograder", "nbgrader_config.py", "reference_impl"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("solutions", "tests/suites"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Course(tmp_path)


@pytest.mark.parametrize("effort", [None, {"minutes": 10}, {"minutes": 10, "level": 7}])
def test_a_cell_that_does_not_say_how_long_it_takes(course: Course, effort: dict[str, Any] | None) -> None:
    notebook = json.loads(course.solution(STEM).read_bytes())
    (cell,) = (cell for cell in notebook["cells"] if cell["id"] == "test_gate")
    cell["metadata"]["autograder"] = effort
    course.solution(STEM).write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(UserError, match=r"solutions.01_perceptron.perceptron\.ipynb, cell test_gate: (minutes|level)"):
        stale_files(course, STEM)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ('HINTS.pop("gate")', "HINTS needs three different texts for gate"),
        ('HINTS["gate"] = ("one", "two")', "HINTS needs three different texts for gate"),
        ('HINTS["gate"] = ("one", "two", " ")', "HINTS needs three different texts for gate"),
        ('HINTS["gate"] = ("one", "two", "one")', "HINTS needs three different texts for gate"),
        ('HINTS["gates"] = ("one", "two", "three")', "HINTS names gates, which the notebook has no exercise for"),
    ],
)
def test_hints_that_are_not_three(course: Course, change: str, problem: str) -> None:
    with course.hidden_suite(STEM).open("a", encoding="utf-8") as suite:
        suite.write(f"\n{change}\n")
    with pytest.raises(UserError, match=rf"test_perceptron\.py: {problem}"):
        selfcheck_of(course, course.release(STEM))
