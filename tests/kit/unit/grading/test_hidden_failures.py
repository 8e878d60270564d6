"""A function that fails in another way for each hidden input learns from its messages only once how it failed.

A student may hand in code that chooses its failure by the input: a line, an exception, a number of wrong entries. Of
all hidden failures of an exercise one carries such a detail.
"""

import functools
import json
import re
from pathlib import Path

import pytest
from places import ROOT

from autograder.core.model import ExerciseResult, Outcome, TestResult, Visibility
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.interface import Student
from autograder.grading.pipeline import grade, opened
from autograder.grading.runner import run_exercise_tests
from autograder.grading.suites import Suites, load_suites, put_on_path
from autograder.notebooks.course import Course
from autograder.notebooks.submission import read_submission

COURSE = Course(ROOT)
STEM, EXERCISE = "06_convolution", "correlate2d"

CHOOSES = """
import numpy as np

def _choice(image, count):
    "A number that depends on the input alone."
    return int(np.sum(np.asarray(image, dtype=float)) * 1000) % count

def _right(image, kernel):
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)
"""
EXERCISES = ("convolve1d", "convolve2d", "pad2d", "conv2d", "sobel_edges")
KINDS = ("ValueError", "KeyError", "IndexError", "TypeError", "OSError", "NameError", "LookupError", "EOFError")
FUNCTION = f"""
KINDS = ({", ".join(KINDS)})
NAMES = {EXERCISES}

def correlate2d(image, kernel):
"""
LINES = FUNCTION + "".join(f"    if _choice(image, 40) == {n}:\n        raise ValueError\n" for n in range(40))
TYPES = f"{FUNCTION}    raise KINDS[_choice(image, 8)]\n"
OWN_TYPES = f"{FUNCTION}    raise type('E%d' % _choice(image, 40), (KINDS[_choice(image, 8)],), {{}})\n"
TEXTS = f"{FUNCTION}    raise ValueError('number %d' % _choice(image, 40))\n"
STUBS = "".join(f"def f{n}():\n    raise NotImplementedError\n" for n in range(10)) + (
    f"{FUNCTION}    globals()['f%d' % _choice(image, 10)]()\n"
)
MISSING = f"{FUNCTION}    raise NameError('name %r is not defined' % NAMES[_choice(image, 5)])\n"
ANSWER = f"{FUNCTION}    answer = _right(image, kernel)\n"
NANS = f"{ANSWER}    answer.flat[:1 + _choice(image, answer.size)] = np.nan\n    return answer\n"
VALUES = NANS.replace("= np.nan", "+= 1")
ROWS = f"{ANSWER}    answer[_choice(image, len(answer))] += 1\n    return answer\n"
AXES = f"{ANSWER}    return answer.reshape((1,) * _choice(image, 9) + answer.shape + (1,))\n"
LENGTHS = f"{FUNCTION}    return np.zeros(_choice(image, 99) + 50)\n"
WAYS = {
    "lines": LINES,
    "types": TYPES,
    "types of their own": OWN_TYPES,
    "texts": TEXTS,
    "names of stubs": STUBS,
    "names of exercises": MISSING,
    "numbers of nan": NANS,
    "numbers of wrong values": VALUES,
    "wrong rows": ROWS,
    "axes": AXES,
    "lengths": LENGTHS,
}


@functools.cache
def suites() -> Suites:
    put_on_path(ROOT)
    return load_suites(COURSE.assignment(STEM), COURSE.public_suite(STEM), COURSE.hidden_suite(STEM))


def notebook_with(folder: Path, cell: str) -> Path:
    notebook = json.loads(COURSE.solution(STEM).read_text(encoding="utf-8"))
    for raw in notebook["cells"]:
        if raw["metadata"].get("nbgrader", {}).get("grade_id") == EXERCISE:
            raw["source"] = cell
    path = folder / "convolution.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def result_of(folder: Path, cell: str) -> ExerciseResult:
    report = grade(notebook_with(folder, cell), "mia", suites(), InProcessExecutor())
    return next(result for result in report.exercises if result.name == EXERCISE)


def failed(result: ExerciseResult, visibility: Visibility) -> list[TestResult]:
    tests = [test for test in result.tests if test.outcome is not Outcome.PASSED]
    return [test for test in tests if test.visibility is visibility]


def with_details(tests: list[TestResult]) -> list[str]:
    """Return the messages that hold a number or a name of the student's."""
    messages = [(test.message or "").replace(EXERCISE, "") for test in tests]
    names = "|".join([r"\d", r"\bf\d\b", *EXERCISES])
    return [message for message in messages if re.search(names, message)]


@pytest.mark.parametrize("way", WAYS)
def test_one_hidden_failure_has_details(tmp_path: Path, way: str) -> None:
    result = result_of(tmp_path, CHOOSES + WAYS[way])
    hidden = failed(result, Visibility.HIDDEN)
    assert len(hidden) > 5
    assert len(with_details(hidden)) <= 1
    assert len([test for test in hidden if test.place]) <= 1
    assert len({test.message for test in hidden}) <= 4  # the detailed one, and a few that say which kind it is
    assert all(test.message and EXERCISE in test.message for test in hidden)


def test_the_line_is_told_once_and_the_public_lines_are_told(tmp_path: Path) -> None:
    result = result_of(tmp_path, CHOOSES + LINES)
    hidden = [test.message or "" for test in failed(result, Visibility.HIDDEN)]
    assert sum("on line" in message for message in hidden) == 1
    assert set(hidden) - {f"A call of {EXERCISE} raised ValueError."} == {hidden[0]}
    public = failed(result, Visibility.PUBLIC)
    assert public
    assert all("on line" in (test.message or "") and test.place for test in public)


def test_a_type_is_told_again_only_if_it_is_known(tmp_path: Path) -> None:
    result = result_of(tmp_path, CHOOSES + TYPES)
    first, *others = [test.message or "" for test in failed(result, Visibility.HIDDEN)]
    (known,) = re.findall(r"raised (\w+) on line", first)
    assert set(others) <= {f"A call of {EXERCISE} raised {kind}." for kind in (known, "an exception")}
    assert f"A call of {EXERCISE} raised an exception." in others


def test_the_first_failure_with_a_line_is_told_in_detail(tmp_path: Path) -> None:
    raises_later = (  # the public tests of all exercises call it first, some thirty times
        "CALLS = []\ndef correlate2d(image, kernel):\n    CALLS.append(1)\n"
        "    if len(CALLS) > 32:\n        raise ValueError\n    return 0\n"
    )
    hidden = failed(result_of(tmp_path, raises_later), Visibility.HIDDEN)
    told = [test for test in hidden if test.place]
    assert [test.outcome for test in told] == [Outcome.RAISED]
    assert hidden[0].outcome is Outcome.FAILED
    assert with_details(hidden) == [(told[0].message or "").replace(EXERCISE, "")]
    assert hidden.index(told[0]) == [test.outcome for test in hidden].index(Outcome.RAISED)


def test_an_instructor_reads_all_details(tmp_path: Path) -> None:
    submission = read_submission(notebook_with(tmp_path, CHOOSES + LINES), suites().assignment, "mia")
    exercise = suites().assignment.exercise(EXERCISE)

    def lines(student: Student, *, all_in_detail: bool) -> int:
        result, _ = run_exercise_tests(suites(), exercise, submission.source, student, all_in_detail=all_in_detail)
        hidden = [test for test in result.tests if test.visibility is Visibility.HIDDEN]
        return sum("on line" in (test.message or "") and test.place is not None for test in hidden)

    with opened(InProcessExecutor(), submission) as student:
        assert lines(student, all_in_detail=True) == len(suites().tests_for(EXERCISE)) - len(
            [test for test in suites().tests_for(EXERCISE) if test.visibility is Visibility.PUBLIC]
        )
    with opened(InProcessExecutor(), submission) as student:
        assert lines(student, all_in_detail=False) == 1


def test_what_no_input_decides_is_told_everywhere(tmp_path: Path) -> None:
    """A cell that is not Python, or not written, fails before any input is there."""
    hidden = failed(result_of(tmp_path, "def correlate2d(image kernel): return 0"), Visibility.HIDDEN)
    assert {test.message for test in hidden} == {hidden[0].message}
    stub = f"{FUNCTION}    raise NotImplementedError\n"
    hidden = failed(result_of(tmp_path, stub), Visibility.HIDDEN)
    assert {test.outcome for test in hidden} == {Outcome.STUB}
    assert {test.message for test in hidden} == {hidden[0].message}
