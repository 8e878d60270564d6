"""The kit grades what lies in a student's own folder when it is read, whatever was swapped meanwhile."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from course_suites import course_suites
from places import ROOT

from autograder.core.errors import UserError
from autograder.execution.in_process import InProcessExecutor
from autograder.instructor.batch.worker import grade_or_explain
from autograder.instructor.explain import explain
from autograder.instructor.lateness import lateness_of
from autograder.instructor.submissions import Job, find_submissions, why_not_there
from autograder.nbgrader_bridge.marks import marked_notebook, original_of
from autograder.notebooks.course import Course

STEM = "01_perceptron"
CLASS = ROOT / "tests" / "sample_class" / "submitted"


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    """Return a folder with the work of a student who solved everything, and of one who did nothing."""
    for student in ("ada", "carla"):
        shutil.copytree(CLASS / student / STEM, tmp_path / student / STEM)
        (tmp_path / student / STEM / "timestamp.txt").write_text("2026-03-01 22:59:00 UTC")
    return tmp_path


def link_to(other: str) -> Callable[[Path], None]:
    """Return what swaps a path for a link to the same place in another student's folder."""

    def swap(path: Path) -> None:
        parts = list(path.parts)
        parts[parts.index("carla")] = other
        path.rename(path.with_name("moved"))
        path.symlink_to(Path(*parts))

    return swap


def pipe(path: Path) -> None:
    path.rename(path.with_name("moved"))
    os.mkfifo(path)


SWAPS = {
    "student": (link_to("ada"), (), "carla is a link"),
    "folder": (link_to("ada"), (STEM,), "01_perceptron is a link"),
    "notebook": (link_to("ada"), (STEM, "perceptron.ipynb"), "perceptron.ipynb is a link"),
    "pipe for a folder": (pipe, (STEM,), "01_perceptron is not a folder"),
    "pipe": (pipe, (STEM, "perceptron.ipynb"), "it is a pipe or a device, not a file"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("swap", "parts", "words"), SWAPS.values(), ids=SWAPS)
def test_a_swap_after_the_class_was_listed(
    submitted: Path, swap: Callable[[Path], None], parts: tuple[str, ...], words: str
) -> None:
    (job,) = find_submissions(submitted, ["carla"], [STEM])
    assert why_not_there(job) is None
    honest = grade_or_explain(job, course_suites(STEM), InProcessExecutor())  # type: ignore[arg-type]
    assert honest.submission_sha256 == hashlib.sha256(job.notebook.read_bytes()).hexdigest()
    swap(submitted.joinpath("carla", *parts))
    report = grade_or_explain(job, course_suites(STEM), InProcessExecutor())  # type: ignore[arg-type]
    assert (report.graded, report.score, report.code) == (False, None, ())
    assert (report.reason or "").startswith(words)
    assert why_not_there(job) == report.reason
    with pytest.raises(UserError, match=words):
        explain(Course(ROOT), submitted, "carla", STEM, "gate", sandbox="none")
    shown = marked_notebook(original_of(Course(ROOT), STEM), job.notebook, honest)
    assert "(x @ w > threshold)" not in str(shown)
    late = lateness_of(submitted, "carla", STEM, None)
    if parts != (STEM, "perceptron.ipynb"):
        assert (late.submitted_at, late.note) == (None, "timestamp.txt cannot be read: whether it is late is not known")


@pytest.mark.parametrize("swap", [pipe, link_to("ada")], ids=["pipe", "link"])
def test_a_timestamp_is_a_file_of_the_student(submitted: Path, swap: Callable[[Path], None]) -> None:
    assert lateness_of(submitted, "carla", STEM, None).submitted_at is not None
    swap(submitted / "carla" / STEM / "timestamp.txt")
    assert lateness_of(submitted, "carla", STEM, None).submitted_at is None
    (submitted / "carla" / STEM / "timestamp.txt").unlink()
    assert lateness_of(submitted, "carla", STEM, None).note is None


def test_a_job_knows_its_folder_also_by_a_relative_path(submitted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(submitted)
    for folder in (Path(), Path("../") / submitted.name):
        (job,) = find_submissions(folder, ["ada"], [STEM])
        assert why_not_there(job) is None
    assert why_not_there(Job("..", STEM, Path("..") / STEM / "perceptron.ipynb")) is not None
