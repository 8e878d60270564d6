"""What a student sees before the grade: the public tests fail for every known mistake, and tell which it is."""

from collections import Counter
from dataclasses import replace

import pytest
from course_suites import COURSE, STEMS, course_suites

from autograder.authoring.audit import result_of
from autograder.core.model import Visibility
from autograder.grading.known_answers import with_catalogue

WITHOUT_MODEL = [
    stem for stem in COURSE.stems if not COURSE.assignment(stem).torch
]  # a model's answers name no mistake


@pytest.mark.slow
@pytest.mark.parametrize("stem", WITHOUT_MODEL)
def test_every_mistake_fails_a_public_test_and_is_named_by_public_tests_alone(stem: str) -> None:
    suites = course_suites(stem)
    public = tuple(test for test in suites.tests if test.visibility is Visibility.PUBLIC)
    suites = with_catalogue(replace(suites, tests=public, expected_calls={}))
    told = {
        (exercise, mistake): result.hint.mistakes if (result := result_of(suites, exercise, wrong)).hint else None
        for exercise, mistakes in suites.seeded.items()
        for mistake, (wrong, _) in mistakes.items()
    }
    assert {mistake: names for mistake, names in told.items() if names != (mistake[1],)} == {}


@pytest.mark.parametrize("stem", STEMS)
def test_no_two_tests_of_an_exercise_have_one_title(stem: str) -> None:
    titles = Counter((test.exercise, test.sentence) for test in course_suites(stem).tests)
    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize("stem", STEMS)
def test_an_exercise_gives_points_for_public_and_for_hidden_tests(stem: str) -> None:
    suites = course_suites(stem)
    given = {(test.exercise, test.visibility) for test in suites.tests if test.weight > 0}
    assert given == {
        (exercise.name, visibility) for exercise in suites.assignment.exercises for visibility in Visibility
    }
