"""The whole course, proved: solutions score full, releases nothing, and nothing secret leaves.

What the suites make of wrong, right and hostile answers is proved in `test_audit.py`.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from course_suites import COURSE, STEMS, course_suites
from places import ROOT
from secret_lines import secret_lines
from with_model import written

from autograder.authoring.build import authored_stems, stale_files
from autograder.core.model import Outcome, Report, Visibility
from autograder.execution.in_process import InProcessExecutor
from autograder.grading.pipeline import grade
from autograder.notebooks.ipynb import parse_notebook
from autograder.notebooks.submission import read_submission


def test_every_authored_assignment_is_released() -> None:
    assert COURSE.stems == authored_stems(COURSE)
    assert COURSE.stems


@pytest.mark.parametrize("stem", STEMS)
def test_a_solution_scores_full(stem: str, tmp_path: Path) -> None:
    report = grade(handed_in(stem, tmp_path), "solution", course_suites(stem), InProcessExecutor())
    assert failures(report) == []
    assert report.score == report.max_score


@pytest.mark.parametrize("stem", STEMS)
def test_a_release_scores_nothing(stem: str) -> None:
    report = grade(COURSE.release(stem), "release", course_suites(stem), InProcessExecutor())
    assert report.graded
    assert report.score == 0
    assert {one.outcome for one in report.exercises} == {Outcome.STUB}


def handed_in(stem: str, folder: Path) -> Path:
    """The solution, with the model that it trains where one is asked for."""
    hand_in = course_suites(stem).hand_in
    if hand_in is None:
        return COURSE.solution(stem)
    with InProcessExecutor().open(
        read_submission(COURSE.solution(stem), COURSE.assignment(stem), "").source
    ) as student:
        return written(hand_in(student.session.namespace), COURSE.solution(stem), folder / "solution.ipynb")


def failures(report: Report) -> list[tuple[str, str | None]]:
    return [(test.id, test.message) for one in report.exercises for test in one.tests if test.outcome != "PASSED"]


@pytest.mark.parametrize("stem", STEMS)
def test_every_exercise_has_mistakes_and_alternatives(stem: str) -> None:
    suites = course_suites(stem)
    names = [one.name for one in suites.assignment.exercises]
    mistakes = [len(suites.seeded.get(name, {})) for name in names]
    assert min(mistakes) >= 2
    assert sum(mistakes) / len(mistakes) >= 4
    assert min(len(suites.alternatives.get(name, {})) for name in names) >= 2


@pytest.mark.parametrize("stem", STEMS)
def test_points_add_up(stem: str) -> None:
    suites = course_suites(stem)
    for one in suites.assignment.exercises:
        tests = suites.tests_for(one.name)
        assert sum(suites.points(test) for test in tests) == pytest.approx(one.points, abs=1e-9)
        assert {test.visibility for test in tests} == set(Visibility), f"{one.name} wants public and hidden tests"
        assert [test.visibility for test in tests] == sorted((t.visibility for t in tests), reverse=True)


@pytest.mark.series(1)  # `make test` has run `autograder build --check`
@pytest.mark.parametrize("stem", STEMS)
def test_releases_are_current(stem: str) -> None:
    assert stale_files(COURSE, stem) == []


# ---- nothing secret leaves


@pytest.mark.parametrize("stem", COURSE.stems)
def test_a_release_holds_nothing_secret(stem: str) -> None:
    lines = secret_lines(COURSE, stem)
    assert len(lines) > 100
    folder = COURSE.release(stem).parent
    sources = [cell.source for cell in parse_notebook(COURSE.release(stem).read_bytes())]
    texts = ["\n".join(sources), *(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))]
    shared = {line for line in lines if any(line in text for text in texts)}
    # What a notebook's own text, its imports and docstrings share with the reference gives nothing away.
    assert {line for line in shared if line.startswith("return ") or " = " in line} == set()


def test_the_wheel_holds_the_kit_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        code = "\n".join(archive.read(name).decode() for name in names if name.endswith(".py"))
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"autograder", "nn_autograder"}
    for stem in COURSE.stems:
        solution_only = {line for line in secret_lines(COURSE, stem) if line.startswith("return ") and len(line) > 40}
        assert not [line for line in solution_only if line in code]
