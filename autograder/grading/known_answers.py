"""Run suites on known answers: right ones, to prepare calls once for a class, and wrong ones, to know mistakes."""

from __future__ import annotations

import contextlib
import functools
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograder.core.errors import UserError
from autograder.core.model import NoModel, Outcome
from autograder.execution.in_process import InProcessSession
from autograder.execution.interface import ExpectedCall, Student
from autograder.grading.diagnosis import Mistake
from autograder.grading.messages import headline
from autograder.grading.problems import ExceptionRaised, Problem, TestBroke, WrongAnswer
from autograder.grading.runner import Run, run_test
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
    student = Student(InProcessSession(right, companion=suites.assignment.companion))
    calls: dict[str, Sequence[ExpectedCall]] = {}
    refused: dict[str, str] = {}
    for test in suites.tests:
        if test.exercise in right:
            run = _run_quietly(test, student)
            if run.problem is not None:
                refused[test.id] = _in_short(run.problem, test.exercise)
            elif (expected := _expected_calls(test, student)) is not None:
                calls[test.id] = expected
    return replace(suites, expected_calls=calls, refused=refused)


def require_fair(suites: Suites) -> None:
    """Raise UserError if a test refuses our own right answer: with it, no student could get all points."""
    for test, problem in suites.refused.items():
        more = f" So do {len(suites.refused) - 1} others." if len(suites.refused) > 1 else ""
        raise UserError(
            f"{suites.assignment.stem}: {test} refuses our own answer: {problem.rstrip('.')}.{more} "
            "Fix the test, or the answer that stands first in ALTERNATIVES. Until then nothing is graded."
        )


def _in_short(problem: Problem, exercise: str) -> str:
    match problem:
        case TestBroke(error=error):
            return f"the test itself raised {error}"
        case ExceptionRaised(reply=reply):
            return f"{exercise} raised {reply.type}: {reply.text}"
        case WrongAnswer(finding=finding, expected=expected):
            returned = f" It returned {finding.returned}" if finding.returned else ""
            wanted = f", expected {finding.expected or expected!r}" if returned else ""
            return f"{headline(exercise, finding)}{returned}{wanted}"
    return f"it ended with {problem.outcome}"


def _run_quietly(test: Test, student: Student) -> Run:
    """Run a test that may break, without the log's words about it."""
    log = logging.getLogger(run_test.__module__)
    log.disabled = True
    try:
        return run_test(test, student)
    finally:
        log.disabled = False


def _expected_calls(test: Test, student: Student) -> tuple[ExpectedCall, ...] | None:
    """Return the calls that a test has just made; None if they depend on the answers or differ from run to run.

    A test that passes a function to the student's may look at how it was called, so its calls are not prepared.
    """
    expected = tuple(student.expected_calls)
    if student.answer_used or not expected:
        return None
    if any(call.request.functions for call in expected):
        return None
    return expected if run_test(test, student, expected).outcome is Outcome.PASSED else None


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
            mistakes.append(
                Mistake(label, sentence, {run.test.id: run.fingerprints for run in runs if run.fingerprints})
            )
    return tuple(mistakes)


def seeded(suites: Suites, name: str, function: Callable[..., Any]) -> Student:
    """Return a student with this function as the answer to one exercise, and known right answers to the others."""
    functions = _right_answers(suites) | {name: function}
    student = Student(InProcessSession(functions, companion=suites.assignment.companion))
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
