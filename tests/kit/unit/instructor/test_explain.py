"""`autograder explain`: what an instructor sees of a failed exercise."""

import pytest
from click.testing import CliRunner, Result
from places import ROOT

from autograder.cli.main import main

pytestmark = pytest.mark.slow

CLASS = ROOT / "tests" / "sample_class" / "submitted"
STEM = "01_perceptron"


def explain(student: str, exercise: str, stem: str = STEM, *options: str) -> Result:
    arguments = ["explain", student, stem, exercise, "--course", str(ROOT), "--submitted", str(CLASS), *options]
    return CliRunner().invoke(main, arguments)


@pytest.mark.sandbox
def test_inputs_answer_expected_and_difference_of_every_failed_test() -> None:
    done = explain("dilip", "boundary_distance")
    assert done.exit_code == 0
    assert done.output.startswith("0 of 11 tests passed.")
    hint, first = done.output.split("\n\n")[1:3]
    assert "test_distance_one_sample (public, 0.25 points): FAILED, not_divided" in first
    assert "Divide by the length of w." in " ".join(hint.split())
    assert "Divide by" not in first
    for lines in (
        "x = shape (2,), float64\n        [1. 2.]",
        "answer\n    -10",
        "expected\n    -2",
        "- expected\n    -8",
    ):
        assert lines in first
    assert "test_distance_batch (hidden" in done.output  # all of it: this is the instructor


@pytest.mark.sandbox
def test_an_exercise_that_is_right() -> None:
    assert explain("dilip", "gate").output == "11 of 11 tests passed.\n"


@pytest.mark.sandbox
def test_an_exception() -> None:
    done = explain("felix", "delta_rule")
    assert "RAISED" in done.output
    assert "raised: " in done.output


@pytest.mark.sandbox
def test_a_stub_has_no_inputs() -> None:
    done = explain("carla", "gate")
    assert done.exit_code == 0
    assert "STUB" in done.output
    assert "inputs" not in done.output


WRONG = [
    ("nobody", "gate", STEM, "'nobody' has handed in nothing for 01_perceptron"),
    ("dilip", "no_such", STEM, "has no exercise 'no_such'. It has threshold_unit, "),
    ("dilip", "gate", "77_nothing", "There is no assignment '77_nothing'"),
    ("tomas", "gate", STEM, "the file looks cut off"),
]


@pytest.mark.parametrize(("student", "exercise", "stem", "said"), WRONG)
def test_what_there_is_not(student: str, exercise: str, stem: str, said: str) -> None:
    done = explain(student, exercise, stem)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
