"""A student's way in JupyterLab, in a real browser, with the files as the zip has them: a wrong answer, the hint, the
right answer, the points, the file to hand in. SCREENSHOTS=DIR keeps pictures of what was seen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tested
from answers import COURSE, answers, unpacked_release
from lab import Jupyter, Lab, jupyter, keep

from autograder.core.text import WIDTH
from autograder.grading.pipeline import grade, suites_of
from autograder.notebooks.course import topic_of
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.fork_server import ForkServer


@dataclass(frozen=True)
class Way:
    """One exercise of an assignment, a slip in its solution, and how the hint for that begins."""

    stem: str
    exercise: str
    right: str  # what is written right in the solution
    wrong: str  # what the student writes there first
    hint: str

    @property
    def answer(self) -> str:
        found = answers(self.stem)[self.exercise]
        assert self.right in found
        return found

    @property
    def check(self) -> str:
        """The cell that checks it."""
        return f"test_{self.exercise}"


WAYS = [
    Way("01_perceptron", "perceptron_predict", "w + b > 0", "w - b > 0", "The bias is used like a threshold"),
    Way("02_activations", "sigmoid", "np.where(z >= 0, 1, e) / (1 + e)", "1 / (1 + np.exp(z))", "The curve falls"),
    Way("03_chain_rule", "product_of_sum", "(z, z, q)", "(x * z, y * z, z * q)", "Each derivative is multiplied"),
    Way("04_backprop", "output_error", "sigmoid_prime(z)", "sigmoid_prime(a)", "σ' is taken at a."),
    Way("05_regularization", "l2_cost", "(2 * n)", "n", "The penalty is twice as large"),
    Way(
        "06_convolution",
        "correlate2d",
        'jk", windows, kernel',
        'jk", windows, np.flip(kernel)',
        "The kernel is flipped.",
    ),
    Way("07_pooling", "max_pool2d", "np.max([", "np.mean([", "This is the mean of each window."),
    Way("08_lenet", "conv_parameters", "return weights + biases", "return weights", "The biases are missing"),
]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the assignments, as the zip has them."""
    return unpacked_release(tmp_path_factory.mktemp("student"))


@pytest.fixture(scope="module")
def server(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with jupyter(unpacked, tmp_path_factory.mktemp("home")) as ready:
        yield ready


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: way.stem)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@pytest.fixture(scope="module")
def notebook(way: Way, unpacked: Path) -> Path:
    return unpacked / way.stem / f"{topic_of(way.stem)}.ipynb"


@pytest.fixture(scope="module")
def opened(server: Jupyter, way: Way, notebook: Path) -> Iterator[Lab]:
    with server.opened(f"{way.stem}/{notebook.name}") as page:
        page.close_sidebar()
        page.run("setup", "given")
        yield page


def hand_over(opened: Lab, way: Way, text: str) -> None:
    """Write the function, run it, save, and run the cell that checks it, so that nothing is told to be unsaved."""
    opened.write(way.exercise, text)
    opened.run(way.exercise)
    opened.save()
    opened.run(way.check)
    opened.save()


def test_a_wrong_answer_gets_the_hint(opened: Lab, way: Way) -> None:
    hand_over(opened, way, way.answer.replace(way.right, way.wrong))
    assert [said["output_type"] for said in opened.outputs(way.check)] == [
        "display_data"
    ]  # no stderr, and the notebook goes on
    shown = opened.shown(way.check)
    assert way.hint in shown
    assert "you returned" in shown
    assert "Traceback" not in shown
    assert "autograder" not in shown  # no frame of ours
    assert shown.count("Hint:") == 1
    assert max(len(line) for line in shown.splitlines() if not line.startswith("Hint:")) <= WIDTH
    keep(opened, way.check, f"{way.stem}_hint", dark=True)
    said = opened.validate()
    assert "failed" in said.lower()
    assert way.hint in said


def test_the_mended_answer_gets_its_points(opened: Lab, way: Way) -> None:
    hand_over(opened, way, way.answer)
    (said,) = opened.outputs(way.check)
    assert said["output_type"] == "display_data"
    assert re.search(
        r"(?<![\d.])([\d.]+) of \1 public points · \d+ hidden tests? (is|are) worth", opened.shown(way.check)
    )
    keep(opened, way.check, f"{way.stem}_points")


def test_the_whole_notebook_at_a_glance_and_handed_in(opened: Lab, way: Way, notebook: Path) -> None:
    glance = opened.add_below(way.check, "check()")
    shown = " ".join(opened.shown(glance).split())
    assert f"✓ {way.exercise} passed" in shown
    assert "not written yet" in shown
    together = re.search(r"together 1 of \d+ passed ([\d.]+ of [\d.]+)", shown)
    assert together is not None
    keep(opened, glance, f"{way.stem}_table")
    submitted = opened.add_below(glance, 'check.submit("mia")')
    said = " ".join(opened.shown(submitted).split())
    assert together[0] in said
    assert f"Hand in this file: {notebook.parent / f'mia__{way.stem}.ipynb'}" in said
    assert (notebook.parent / f"mia__{way.stem}.ipynb").is_file()


def test_what_was_handed_in_is_graded(opened: Lab, way: Way, notebook: Path) -> None:
    handed_in = notebook.with_name(f"mia__{way.stem}.ipynb")
    with ForkServer(tested.level()) as executor:
        report = grade(handed_in, "mia", suites_of(COURSE, way.stem), SandboxExecutor(executor))
    got = {one.name: one.score for one in report.exercises}
    full = {one.name: one.max_score if one.name == way.exercise else 0 for one in report.exercises}
    assert got == full  # the rest are stubs


def test_a_function_that_does_not_end_is_stopped_and_can_be_interrupted(server: Jupyter) -> None:
    with server.opened("01_perceptron/perceptron.ipynb") as page:
        page.close_sidebar()
        page.run("setup", "given")
        page.write("threshold_unit", "def threshold_unit(x, w, threshold):\n    while True:\n        pass")
        page.run("threshold_unit", "test_threshold_unit")
        assert "threshold_unit took longer than 5 s and was stopped." in page.shown("test_threshold_unit")
        keep(page, "test_threshold_unit", "endless_stopped")
        page.begin("test_threshold_unit")
        page.interrupt()
        page.wait()
        keep(page, "test_threshold_unit", "endless_interrupted")
        (said,) = page.outputs("test_threshold_unit")
        assert said["ename"] == "Interrupted"
        assert page.shown("test_threshold_unit").startswith("You stopped threshold_unit while it was checked.")
        assert "42" in page.shown(page.add_below("test_threshold_unit", "6 * 7"))  # the kernel lives on
