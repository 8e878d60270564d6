"""The suites of the course that the tests stand in, collected once by each process that asks for them."""

import functools

import pytest
from places import ROOT

from autograder.grading.pipeline import suites_of
from autograder.grading.suites import Suites
from autograder.notebooks.course import Course

COURSE = Course(ROOT)
STEMS = [  # to parametrize a test that runs the answers of each assignment
    pytest.param(stem, marks=pytest.mark.torch if COURSE.assignment(stem).torch else ()) for stem in COURSE.stems
]


@functools.cache
def course_suites(stem: str) -> Suites:
    """Return the suites of an assignment. They take a second or two: ask inside a test, not when it is collected."""
    return suites_of(COURSE, stem)
