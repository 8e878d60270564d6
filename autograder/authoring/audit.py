"""Prove the suites: seed answers that are known to be wrong, right or hostile, and find what is judged wrongly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from autograder.authoring.hostile_answers import HOSTILE, of_the_right_shape
from autograder.core.model import ExerciseResult, Outcome, Source
from autograder.core.text import listed
from autograder.grading.known_answers import seeded, unwarned
from autograder.grading.runner import run_exercise
from autograder.grading.suites import Suites

_FAIR = {Outcome.PASSED, Outcome.FAILED, Outcome.RAISED}  # how a test may end, whatever the answer


class Kind(StrEnum):
    """What kind of answer was seeded."""

    MISTAKE = "mistake"  # must lose points, and be named as itself
    ALTERNATIVE = "alternative"  # another right answer: must get all points
    HOSTILE = "hostile"  # must earn nothing, and break nothing


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How one seeded answer was judged. `problem` is None if that is right."""

    exercise: str
    kind: Kind
    name: str
    problem: str | None
    caught: bool = True  # it lost points
    named: bool | None = None  # whether a mistake was named as itself; None if its answers need not tell it


def audit(suites: Suites) -> Iterator[Verdict]:
    """Yield a verdict on every seeded answer of every exercise."""
    for exercise in suites.assignment.exercises:
        yield from _on_mistakes(suites, exercise.name)
        yield from _on_alternatives(suites, exercise.name)
        yield from _on_hostile_answers(suites, exercise.name)


def result_of(suites: Suites, exercise: str, function: Callable[..., Any]) -> ExerciseResult:
    """Run an exercise's tests on a function as the answer."""
    with unwarned():
        return run_exercise(
            suites, suites.assignment.exercise(exercise), Source(()), seeded(suites, exercise, function)
        )


def _on_mistakes(suites: Suites, exercise: str) -> Iterator[Verdict]:
    """Yield a verdict on each mistake: it must lose points and, unless a model is handed in, be named as itself."""
    for name, (function, _) in suites.seeded.get(exercise, {}).items():
        result = result_of(suites, exercise, function)
        mistakes = {
            ", ".join(test.mistakes) or "nothing" for test in result.tests if test.outcome is not Outcome.PASSED
        }
        named = mistakes == {name} if suites.hand_in is None else None
        problem = f"caught, but named as {listed(sorted(mistakes))}" if named is False else None
        if not mistakes:
            problem = "missed: it gets all points"
        yield Verdict(
            exercise=exercise, kind=Kind.MISTAKE, name=name, problem=problem, caught=bool(mistakes), named=named
        )


def _on_alternatives(suites: Suites, exercise: str) -> Iterator[Verdict]:
    for name, function in suites.alternatives.get(exercise, {}).items():
        result = result_of(suites, exercise, function)
        failed = [test.id for test in result.tests if test.outcome is not Outcome.PASSED]
        problem = f"wrongly rejected by {listed(failed)}" if failed else None
        yield Verdict(exercise=exercise, kind=Kind.ALTERNATIVE, name=name, problem=problem)


def _on_hostile_answers(suites: Suites, exercise: str) -> Iterator[Verdict]:
    for name, function in {**HOSTILE, **_of_the_right_shape(suites, exercise)}.items():
        problem = _hostile_problem(result_of(suites, exercise, function))
        yield Verdict(exercise=exercise, kind=Kind.HOSTILE, name=name, problem=problem)


def _of_the_right_shape(suites: Suites, exercise: str) -> dict[str, Callable[..., Any]]:
    """Return answers in which all is right but the numbers."""
    right = next(iter(suites.alternatives.get(exercise, {}).values()), None)
    if right is None:
        return {}
    return {f"all_{value:g}_in_the_right_shape": of_the_right_shape(right, value) for value in (0.0, 1.0)}


def _hostile_problem(result: ExerciseResult) -> str | None:
    passed = [test.id for test in result.tests if test.outcome is Outcome.PASSED]
    broken = [test.id for test in result.tests if test.outcome not in _FAIR]
    if broken:
        return f"it breaks {listed(broken)}"
    return f"it earns points in {listed(passed)}" if passed else None
