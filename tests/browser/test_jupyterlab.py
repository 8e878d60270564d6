"""A student's way in JupyterLab, in a real browser: a wrong answer, the hint, the right answer, the points."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course import Course, topic_of
from autograder.pipeline import grade, suites_of
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


def test_a_wrong_answer_gets_the_hint(opened: Lab, way: Way) -> None:
    opened.write(way.exercise, way.wrong)
    opened.run("setup", "given", way.exercise, f"test_{way.exercise}")
    (error,) = opened.outputs(f"test_{way.exercise}")
    assert error["output_type"] == "error"
    shown = opened.shown(f"test_{way.exercise}")
    assert way.hint in shown
    assert "you returned" in shown
    assert "Traceback" not in shown
    assert "autograder" not in shown  # no frame of ours
    assert max(map(len, shown.splitlines())) <= 85


def test_validate_says_the_same(opened: Lab, way: Way) -> None:
    opened.save()
    said = opened.validate()
    assert way.hint in said


def test_the_mended_answer_gets_its_points(opened: Lab, way: Way) -> None:
    opened.write(way.exercise, way.right)
    opened.run(way.exercise, f"test_{way.exercise}")
    (said,) = opened.outputs(f"test_{way.exercise}")
    assert (said["output_type"], said["name"]) == ("stream", "stdout")
    assert way.points in opened.shown(f"test_{way.exercise}")


def test_the_whole_notebook_at_a_glance(opened: Lab, way: Way) -> None:
    new = opened.add_below(f"test_{way.exercise}", "check()")
    (row,) = [line for line in opened.shown(new).splitlines() if line.startswith(f"{way.exercise} ")]
    assert row.split()[1] == "passed"
    assert "not written yet" in opened.shown(new)


def test_what_was_saved_is_graded(opened: Lab, way: Way, notebook: Path) -> None:
    opened.save()
    with ForkServer(confined=True) as server:
        report = grade(notebook, "student", suites_of(COURSE, way.stem), ConfinedRooms(server))
    (result,) = [one for one in report.exercises if one.name == way.exercise]
    assert result.score == result.max_score
    assert report.score == result.max_score  # the rest are stubs
