"""Answers of our own in a student's place: what is done once for a whole class, and what proves the suites."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from autograder.core.model import Outcome
from autograder.execution.in_process import LiveRoom
from autograder.execution.interface import ExpectedCall, Student
from autograder.grading.diagnosis import Mistake
from autograder.grading.runner import run_test
from autograder.grading.suites import Suites, Test


def precomputed(suites: Suites) -> Suites:
    """The same suites, with the steps of every test that looks at no answer itself.

    Such a test makes the same calls for every student and judges them by the same expected values, so neither its
    inputs nor the reference's answers need be computed again. The steps are those it makes with a right answer.
    Where a trained model is handed in there are none: its tests look at what it answers.
    """
    if suites.hand_in is not None:
        return suites
    right = _right_answers(suites)
    student = Student(LiveRoom(right, companion=suites.assignment.companion))
    steps = {test.id: _expected_calls(test, student) for test in suites.tests if test.exercise in right}
    return replace(suites, expected_calls={name: made for name, made in steps.items() if made is not None})


def _expected_calls(test: Test, student: Student) -> tuple[ExpectedCall, ...] | None:
    """A test's steps; None where it must be run for each student, or does not repeat itself.

    A test that hands a function of its own over may look at what that was asked, so it is run for each student.
    """
    first = run_test(test, student)
    steps = tuple(student.expected_calls)
    if first.outcome is not Outcome.PASSED or student.answer_used or not steps:
        return None
    if any(step.request.functions for step in steps):
        return None
    return steps if run_test(test, student, steps).outcome is Outcome.PASSED else None


def with_catalogue(suites: Suites) -> Suites:
    """The same suites, knowing their planted mistakes by the answers, which are recorded at an exercise's first use."""
    return replace(suites, mistakes_of=functools.cache(functools.partial(recorded_mistakes, suites)))


def recorded_mistakes(suites: Suites, name: str) -> tuple[Mistake, ...]:
    """The catalogue of one exercise, with the answers that each mistake gives in the tests it fails.

    Of trained networks there is none: no two have the same numbers, so their tests say themselves what they miss.
    """
    if suites.hand_in is not None:
        return ()
    mistakes = []
    with unwarned():
        for label, (function, sentence) in suites.seeded.get(name, {}).items():
            student = seeded(suites, name, function)
            runs = [run_test(test, student) for test in suites.tests_for(name)]
            mistakes.append(Mistake(label, sentence, {run.test.id: run.prints for run in runs if run.prints}))
    return tuple(mistakes)


def seeded(suites: Suites, name: str, function: Callable[..., Any]) -> Student:
    """A function of ours as the answer to one exercise; the others are answered rightly, as far as that is known."""
    functions = _right_answers(suites) | {name: function}
    student = Student(LiveRoom(functions, companion=suites.assignment.companion))
    if suites.hand_in is not None:
        try:
            student.trained = suites.hand_in(functions)
        except Exception as error:  # whatever a wrong or hostile function leads to
            student.trained = f"The training ended with {type(error).__name__}."
    return student


def _right_answers(suites: Suites) -> dict[str, Callable[..., Any]]:
    return {name: next(iter(answers.values())) for name, answers in suites.alternatives.items() if answers}


@contextlib.contextmanager
def unwarned() -> Iterator[None]:
    """For wrong functions that we run ourselves: what NumPy has to say of them is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
