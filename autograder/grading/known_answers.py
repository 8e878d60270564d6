"""Run suites on known answers: right ones, to prepare calls once for a class, and wrong ones, to know mistakes."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from autograder.core.model import NoModel, Outcome
from autograder.execution.in_process import LiveRoom
from autograder.execution.interface import ExpectedCall, Student
from autograder.grading.diagnosis import Mistake
from autograder.grading.runner import run_test
from autograder.grading.suites import Suites, Test


def precomputed(suites: Suites) -> Suites:
    """Return the same suites, with the expected calls of each test whose calls do not depend on the answers.

    Such a test makes the same calls for every student and judges the replies by the same expected values. So its
    inputs and the reference's answers are computed only once, with a right answer. The tests of a trained model
    all depend on what it answers, so their calls are not prepared.
    """
    if suites.hand_in is not None:
        return suites
    right = _right_answers(suites)
    student = Student(LiveRoom(right, companion=suites.assignment.companion))
    calls = {test.id: _expected_calls(test, student) for test in suites.tests if test.exercise in right}
    return replace(suites, expected_calls={test: steps for test, steps in calls.items() if steps is not None})


def _expected_calls(test: Test, student: Student) -> tuple[ExpectedCall, ...] | None:
    """Return the calls of a test; None if they depend on the answers or differ from run to run.

    A test that passes a function to the student's may look at how it was called, so its calls are not prepared.
    """
    first = run_test(test, student)
    steps = tuple(student.expected_calls)
    if first.outcome is not Outcome.PASSED or student.answer_used or not steps:
        return None
    if any(step.request.functions for step in steps):
        return None
    return steps if run_test(test, student, steps).outcome is Outcome.PASSED else None


def with_catalogue(suites: Suites) -> Suites:
    """Return the same suites with a catalogue of mistakes. An exercise's is recorded when it is first needed."""
    return replace(suites, mistakes_of=functools.cache(functools.partial(recorded_mistakes, suites)))


def recorded_mistakes(suites: Suites, name: str) -> tuple[Mistake, ...]:
    """Return the mistakes of one exercise, with the answers that each of them gives in the tests that it fails.

    There are none if a trained model is handed in: no two models have equal numbers, so a mistake cannot be
    recognised by them.
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
    """Return a student with this function as the answer to one exercise, and known right answers to the others."""
    functions = _right_answers(suites) | {name: function}
    student = Student(LiveRoom(functions, companion=suites.assignment.companion))
    if suites.hand_in is not None:
        try:
            student.trained = suites.hand_in(functions)
        except Exception as error:  # whatever a wrong or hostile function leads to
            student.trained = NoModel(f"The training ended with {type(error).__name__}.")
    return student


def _right_answers(suites: Suites) -> dict[str, Callable[..., Any]]:
    return {name: next(iter(answers.values())) for name, answers in suites.alternatives.items() if answers}


@contextlib.contextmanager
def unwarned() -> Iterator[None]:
    """Ignore warnings, which wrong implementations are expected to cause."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
