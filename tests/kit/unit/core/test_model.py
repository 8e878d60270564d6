"""Scores are sums of points; a report without a score says why."""

import numpy as np
import pytest

from autograder.core.model import ExerciseResult, NoModel, Outcome, Report, TestResult, TrainedModel, Visibility


def result(outcome: Outcome, points: float = 1 / 3) -> TestResult:
    return TestResult("t", "t", exercise="f", visibility=Visibility.PUBLIC, points=points, outcome=outcome)


def test_thirds_add_up_to_a_whole() -> None:
    exercise = ExerciseResult("f", 1.0, (result(Outcome.PASSED),) * 3)
    assert (exercise.score, exercise.outcome, exercise.first_failure) == (1.0, Outcome.PASSED, None)
    assert Report("ada", "01_x", 1.0, (exercise,)).score == 1.0


def test_only_passed_gives_points() -> None:
    tests = tuple(map(result, Outcome))
    assert sum(test.earned for test in tests) == tests[0].earned == 1 / 3
    assert ExerciseResult("f", 3.0, tests).first_failure is tests[1]


def test_a_report_without_a_score_says_why() -> None:
    report = Report.ungraded("ada", "01_x", 2.0, "the file is empty")
    assert (report.score, report.graded, report.status, report.max_score) == (None, False, "ungraded", 2.0)
    assert report.result_summary.reason == report.reason == "the file is empty"


@pytest.mark.parametrize(
    ("outcomes", "untouched"),
    [((Outcome.STUB, Outcome.STUB), True), ((Outcome.STUB, Outcome.FAILED), False), ((Outcome.PASSED,), False)],
)
def test_a_notebook_of_stubs_is_untouched(outcomes: tuple[Outcome, ...], untouched: bool) -> None:
    exercises = tuple(ExerciseResult("f", 1.0, (result(outcome),)) for outcome in outcomes)
    summary = Report("ada", "01_x", 2.0, exercises).result_summary
    assert summary.untouched is untouched
    assert [lost.outcome for lost in summary.losses] == [outcome for outcome in outcomes if outcome != "PASSED"]


def test_wide_numbers_of_a_model_count_twice() -> None:
    model = TrainedModel({"w": np.zeros((2, 3), np.float32), "b": np.zeros(3), "batches": np.array(7)}, {})
    assert model.numbers == 6 + 2 * 3 + 1


def test_a_missing_model_says_so() -> None:
    assert NoModel().reason == "No trained model was handed in."
