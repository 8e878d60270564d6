"""A student's way in JupyterLab, in a real browser: a wrong answer, the hint, the right answer, the points."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course import Course, topic_of
from autograder.layout import WIDTH
from autograder.pipeline import grade, suites_of
from autograder.sandbox.confinement import missing_parts
from autograder.sandbox.rooms import ConfinedRooms
from autograder.sandbox.server import ForkServer

pytest.importorskip("playwright", reason="playwright is not installed: pip install 'nn-autograder[dev]'")
from lab import CHROMIUM, Lab, lab

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt install chromium")
COURSE = Course(Path(__file__).parents[2])


@dataclass(frozen=True)
class Way:
    """What a student writes first, what the hint says, and what they write then."""

    stem: str
    exercise: str
    wrong: str
    hint: str
    right: str
    points: str


WAYS = [
    Way(
        "01_perceptron",
        "perceptron_predict",
        "def perceptron_predict(x, w, b):\n    return (x @ w - b > 0) * 1",
        "The bias is used like a threshold",
        "def perceptron_predict(x, w, b):\n    return (x @ w + b > 0) * 1",
        "0.6 of 0.6 public points · 7 hidden tests are worth 1.4 more",
    ),
    Way(
        "06_convolution",
        "correlate2d",
        "def correlate2d(image, kernel):\n"
        "    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)\n"
        '    return np.einsum("jklm,lm->jk", windows, kernel[::-1, ::-1])',
        "The kernel is flipped.",
        "def correlate2d(image, kernel):\n"
        "    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)\n"
        '    return np.einsum("jklm,lm->jk", windows, kernel)',
        "public points · 10 hidden tests are worth",
    ),
]


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: way.stem)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@pytest.fixture(scope="module")
def notebook(way: Way, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as they are handed out, in a folder of the student's."""
    folder = tmp_path_factory.mktemp("student") / way.stem
    shutil.copytree(COURSE.release(way.stem).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / f"{topic_of(way.stem)}.ipynb"


@pytest.fixture(scope="module")
def opened(notebook: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(notebook, tmp_path_factory.mktemp("home")) as ready:
        yield ready


def hand_over(opened: Lab, way: Way, text: str) -> str:
    """Write the function, run what a student runs, and save; the id of the cell that checks it."""
    check = f"test_{way.exercise}"
    opened.write(way.exercise, text)
    opened.run("setup", "given", way.exercise, check)
    opened.save()
    return check


def test_a_wrong_answer_gets_the_hint(opened: Lab, way: Way) -> None:
    check = hand_over(opened, way, way.wrong)
    assert [said["output_type"] for said in opened.outputs(check)] == ["display_data", "error"]  # no stderr beside it
    shown = opened.shown(check)
    assert way.hint in shown
    assert "you returned" in shown
    assert "Traceback" not in shown
    assert "autograder" not in shown  # no frame of ours
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_validate_says_the_same(opened: Lab, way: Way) -> None:
    hand_over(opened, way, way.wrong)
    said = opened.validate()
    assert "failed" in said.lower()
    assert way.hint in said


def test_the_mended_answer_gets_its_points(opened: Lab, way: Way) -> None:
    check = hand_over(opened, way, way.right)
    (said,) = opened.outputs(check)
    assert said["output_type"] == "display_data"
    assert way.points in opened.shown(check)


def test_the_whole_notebook_at_a_glance(opened: Lab, way: Way) -> None:
    new = opened.add_below(hand_over(opened, way, way.right), "check()")
    shown = opened.shown(new)
    assert f"✓ {way.exercise} passed" in " ".join(shown.split())
    assert shown.count("not written yet") == len(suites_of(COURSE, way.stem).assignment.exercises) - 1


@pytest.mark.skipif(missing_parts() is not None, reason=f"grading needs confined rooms: {missing_parts()}")
def test_what_was_saved_is_graded(opened: Lab, way: Way, notebook: Path) -> None:
    hand_over(opened, way, way.right)
    with ForkServer(confined=True) as server:
        report = grade(notebook, "student", suites_of(COURSE, way.stem), ConfinedRooms(server))
    got = {one.name: one.score for one in report.exercises}
    full = {one.name: one.max_score if one.name == way.exercise else 0 for one in report.exercises}
    assert got == full  # the rest are stubs
