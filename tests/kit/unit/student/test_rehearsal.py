"""A right answer passes when a self-check runs it from the notebook's text, and nothing that is false is told."""

from dataclasses import replace

import pytest
from course_suites import COURSE, course_suites

from autograder.core.model import Visibility
from autograder.notebooks.ipynb import NotebookCell, parse_notebook
from autograder.student.rehearsal import Rehearsal, rehearse

TORCH = {stem for stem in COURSE.stems if COURSE.assignment(stem).torch}
EXERCISES = [
    pytest.param(stem, exercise.name, marks=[pytest.mark.torch] if stem in TORCH else [])
    for stem in COURSE.stems
    for exercise in COURSE.assignment(stem).exercises
]
ANSWER = "def threshold_unit(x, w, threshold):\n    TABLE[0]\n    return (np.dot(x, w) > threshold) * 1"


def rehearsal_of(stem: str, name: str, cells: list[NotebookCell]) -> Rehearsal:
    suites = course_suites(stem)
    public = tuple(test for test in suites.tests if test.visibility is Visibility.PUBLIC)
    return rehearse(cells, replace(suites, tests=public), suites.assignment.exercise(name))


def solved(stem: str) -> list[NotebookCell]:
    return list(parse_notebook(COURSE.solution(stem).read_bytes()))


@pytest.mark.slow
@pytest.mark.parametrize(("stem", "name"), EXERCISES)
def test_a_solution_passes(stem: str, name: str) -> None:
    rehearsal = rehearsal_of(stem, name, solved(stem))
    assert rehearsal.passed, rehearsal.result and rehearsal.result.first_failure
    assert rehearsal.remarks == ()


OWN = {
    "a plot": (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot(TABLE)\nfor k in TABLE: ax.axvline(k)"
    ),
    "a table": "import pandas as pd\npd.DataFrame({'k': TABLE})",
    "a progress bar": "from tqdm import tqdm\nfor k in tqdm(TABLE): print(k)",
}


@pytest.mark.parametrize("case", OWN)
def test_a_cell_that_only_shows_a_needed_name_is_no_warning(case: str) -> None:
    cells = [NotebookCell(text, "code") for text in ("TABLE = [0, 1]", OWN[case], ANSWER)]
    rehearsal = rehearsal_of("01_perceptron", "threshold_unit", cells)
    assert rehearsal.passed
    assert rehearsal.remarks == ()


def test_it_is_told_if_the_exercise_does_not_pass_without_it() -> None:
    cells = [
        NotebookCell(text, "code")
        for text in ("TABLE = {}", "import pandas as pd\nTABLE.update(pd.Series({0: 1}))", ANSWER)
    ]
    rehearsal = rehearsal_of("01_perceptron", "threshold_unit", cells)
    assert not rehearsal.passed
    assert "No module named 'pandas'" in rehearsal.remarks[0]
