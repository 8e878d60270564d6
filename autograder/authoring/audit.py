"""Proves the suites: plants what is known to be wrong, right or hostile, and lists what is judged wrongly."""

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


class Kind(StrEnum):
    """What was planted."""

    MISTAKE = "mistake"  # must lose points, and be named as itself
    ALTERNATIVE = "alternative"  # a right answer of another kind: must get all points
    HOSTILE = "hostile"  # must earn nothing, and break nothing


@dataclass(frozen=True)
class Verdict:
    """How one planted function was judged. `problem` is None where that is right."""

    exercise: str
    kind: Kind
    name: str
    problem: str | None
    caught: bool = True  # it lost points
    named: bool | None = None  # of a mistake that is to be recognised by its answers: whether it was


def audit(suites: Suites) -> Iterator[Verdict]:
    """Every planted function of every exercise."""
    for one in suites.assignment.exercises:
        for name, (function, _) in suites.seeded.get(one.name, {}).items():
            yield _on_mistake(one.name, name, judged(suites, one.name, function), to_be_named=suites.hand_in is None)
        for name, function in suites.alternatives.get(one.name, {}).items():
            yield Verdict(one.name, Kind.ALTERNATIVE, name, _right_problem(judged(suites, one.name, function)))
        for name, function in {**HOSTILE, **_shaped(suites, one.name)}.items():
            yield Verdict(one.name, Kind.HOSTILE, name, _hostile_problem(judged(suites, one.name, function)))


def _shaped(suites: Suites, exercise: str) -> dict[str, Callable[..., Any]]:
    """Answers that have everything right but the numbers."""
    right = next(iter(suites.alternatives.get(exercise, {}).values()), None)
    if right is None:
        return {}
    return {f"all_{value:g}_in_the_right_shape": of_the_right_shape(right, value) for value in (0.0, 1.0)}


def judged(suites: Suites, name: str, function: Callable[..., Any]) -> ExerciseResult:
    """What comes of a function as an answer to an exercise."""
    with unwarned():
        return run_exercise(suites, suites.assignment.exercise(name), Source(()), seeded(suites, name, function))


def _on_mistake(exercise: str, name: str, result: ExerciseResult, *, to_be_named: bool) -> Verdict:
    names = {test.mistake or "nothing" for test in result.tests if test.outcome is not Outcome.PASSED}
    named = names == {name} if to_be_named else None
    problem = None if named is not False else f"caught, but named as {listed(sorted(names))}"
    if not names:
        problem = "missed: it gets all points"
    return Verdict(exercise, Kind.MISTAKE, name, problem, bool(names), named)


def _right_problem(result: ExerciseResult) -> str | None:
    failed = [test.id for test in result.tests if test.outcome is not Outcome.PASSED]
    return f"wrongly rejected by {listed(failed)}" if failed else None


def _hostile_problem(result: ExerciseResult) -> str | None:
    passed = [test.id for test in result.tests if test.outcome is Outcome.PASSED]
    broken = [test.id for test in result.tests if test.outcome not in _FAIR]
    if broken:
        return f"it breaks {listed(broken)}"
    return f"it earns points in {listed(passed)}" if passed else None


_FAIR = {Outcome.PASSED, Outcome.FAILED, Outcome.RAISED}
