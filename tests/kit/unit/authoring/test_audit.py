"""The audit sees a suite that misses a mistake, a catalogue that confuses two, and a right answer that is refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.authoring.audit import Kind, audit
from autograder.authoring.hostile_answers import of_the_right_shape
from autograder.cli.main import main
from autograder.grading.known_answers import with_catalogue
from autograder.grading.suites import Suites, load_suites
from autograder.notebooks.course import Course

pytestmark = pytest.mark.slow

COURSE = Course(ROOT)
STEM = "01_perceptron"


@pytest.fixture(scope="module")
def suites() -> Suites:
    return load_suites(COURSE.assignment(STEM), COURSE.public_suite(STEM), COURSE.hidden_suite(STEM))


def problems(suites: Suites, **seeded: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what is judged wrongly if only these answers are seeded, by name."""
    changed = replace(suites, **{"seeded": {}, "alternatives": {}, **seeded})
    return {verdict.name: verdict.problem for verdict in audit(with_catalogue(changed)) if verdict.problem}


def right(x: Any, w: Any, threshold: float) -> Any:
    return (x @ w > threshold) * 1


def at_least(x: Any, w: Any, threshold: float) -> Any:
    return (x @ w >= threshold) * 1


def test_a_mistake_that_is_none_is_missed(suites: Suites) -> None:
    assert problems(suites, seeded={"threshold_unit": {"nothing_wrong": (right, "…")}}) == {
        "nothing_wrong": "missed: it gets all points"
    }


def test_two_mistakes_that_cannot_be_told_apart(suites: Suites) -> None:
    alike = problems(suites, seeded={"threshold_unit": {"this": (at_least, "…"), "that": (at_least, "…")}})
    assert alike == {"this": "caught, but named as nothing", "that": "caught, but named as nothing"}


def test_a_right_answer_that_is_refused(suites: Suites) -> None:
    refused = problems(suites, alternatives={"threshold_unit": {"not_right": at_least}})
    assert set(refused) == {"not_right"}
    assert refused["not_right"].startswith("wrongly rejected by test_threshold_and")


def test_a_suite_that_gives_points_for_nothing(suites: Suites) -> None:
    generous = tuple(
        replace(test, function=lambda **_: None) if test.id == "test_threshold_and" else test for test in suites.tests
    )
    assert problems(replace(suites, tests=generous))["none"] == "it earns points in test_threshold_and"


def test_a_suite_that_breaks(suites: Suites) -> None:
    def broken(**_: Any) -> None:
        raise LookupError

    tests = tuple(replace(t, function=broken) if t.id == "test_threshold_and" else t for t in suites.tests)
    assert problems(replace(suites, tests=tests))["none"] == "it breaks test_threshold_and"


def test_everything_right_but_the_numbers() -> None:
    zeros = of_the_right_shape(lambda n: (np.ones((n, 2)), 3.5, [n]), 0.0)
    matrix, number, whole = zeros(4)
    assert (matrix.shape, number, whole) == ((4, 2), 0.0, [0])
    assert not matrix.any()


def test_every_kind_is_seeded(suites: Suites) -> None:
    assert {verdict.kind for verdict in audit(with_catalogue(suites))} == set(Kind)


def test_the_command_says_what_is_wrong_and_exits_with_1(monkeypatch: pytest.MonkeyPatch, suites: Suites) -> None:
    right_gate = suites.alternatives["gate"]["whole_numbers"]
    flawed = with_catalogue(replace(suites, seeded={"gate": {"no_mistake": (right_gate, "…")}}))
    monkeypatch.setattr("autograder.grading.pipeline.suites_of", lambda course, stem: flawed)
    done = CliRunner().invoke(main, ["audit", STEM, "--course", str(ROOT)])
    assert done.exit_code == 1
    assert "gate, mistake no_mistake: missed: it gets all points" in done.output
    assert "1 judged wrongly" in done.output
