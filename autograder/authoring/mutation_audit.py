"""Grade generic mutants of the solutions: each must lose points, or be declared equivalent.

A mutant that is right for every input that the contract allows cannot be caught. Such mutants are declared, each with
its reason, in `tests/suites/equivalent_mutants.toml`. A declared mutant must agree with the reference on many inputs.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from autograder.authoring.mutants import Mutant, mutants
from autograder.core.errors import UserError
from autograder.core.model import Outcome, Source, SourceCell
from autograder.execution.in_process import LiveRooms
from autograder.execution.interface import RoomEnded, Rooms, Student
from autograder.execution.limits import Limits
from autograder.grading.known_answers import unwarned
from autograder.grading.runner import run_test
from autograder.grading.suites import Suites, Test
from autograder.notebooks.course import Course
from autograder.notebooks.submission import read_submission

DECLARED = "equivalent_mutants.toml"
AGREEING_INPUTS = 1000
LIMITS = Limits(call_seconds=1.0, submission_seconds=20.0)  # a mutant may well be an endless loop


class Fate(StrEnum):
    """What became of a mutant."""

    CAUGHT = "caught"
    EQUIVALENT = "equivalent"  # declared so, and in agreement with the reference
    SURVIVED = "survived"
    MISDECLARED = "misdeclared"  # declared equivalent, but it is caught, or no longer there

    @property
    def wrong(self) -> bool:
        """Whether the suites or the declarations must be fixed."""
        return self in (Fate.SURVIVED, Fate.MISDECLARED)


@dataclass(frozen=True)
class MutantVerdict:
    """One mutant of one exercise's cell, and what became of it."""

    exercise: str
    mutant: str
    fate: Fate


def audit_mutants(course: Course, suites: Suites, rooms: Rooms) -> Iterator[MutantVerdict]:
    """Yield a verdict on every mutant of every solution of an assignment, each run in a process of its own."""
    solution = read_submission(course.solution(suites.assignment.stem), suites.assignment, "solution").source
    declared = read_declared(course, suites.assignment.stem)
    for exercise in (exercise.name for exercise in suites.assignment.exercises):
        reasons = declared.get(exercise, {})
        names = set()
        for name, source in mutated_solutions(solution, exercise):
            names.add(name)
            yield MutantVerdict(exercise, name, _fate(suites, exercise, source, rooms, declared=name in reasons))
        yield from (MutantVerdict(exercise, name, Fate.MISDECLARED) for name in reasons if name not in names)


def mutated_solutions(solution: Source, exercise: str) -> Iterator[tuple[str, Source]]:
    """Yield the name of each mutant of an exercise's cell, and the solution with it.

    A second mutant of the same name is numbered.
    """
    (cell,) = (cell for cell in solution.cells if exercise in cell.exercises)
    seen: Counter[str] = Counter()
    for mutant in mutants(cell.text):
        seen[mutant.name] += 1
        name = mutant.name if seen[mutant.name] == 1 else f"{mutant.name} ({seen[mutant.name]})"
        yield name, _with_mutant(solution, cell, mutant)


def _with_mutant(solution: Source, original: SourceCell, mutant: Mutant) -> Source:
    mutated = replace(original, text=mutant.text)
    return Source(tuple(mutated if cell is original else cell for cell in solution.cells))


def _fate(suites: Suites, exercise: str, source: Source, rooms: Rooms, *, declared: bool) -> Fate:
    with rooms.open(source) as student, unwarned():
        caught = not _passes_all(suites, exercise, student)
    if not declared:
        return Fate.CAUGHT if caught else Fate.SURVIVED
    return Fate.MISDECLARED if caught or not agrees(suites, exercise, source) else Fate.EQUIVALENT


def _passes_all(suites: Suites, exercise: str, student: Student) -> bool:
    try:
        if student.room.absent(exercise) is not None:
            return False
    except RoomEnded:
        return False
    runs = (
        run_test(test, student, suites.expected_calls.get(test.id), ahead=True) for test in suites.tests_for(exercise)
    )
    return all(run.outcome is Outcome.PASSED for run in runs)


def agrees(suites: Suites, exercise: str, source: Source) -> bool:
    """Return whether a function passes the tests on at least AGREEING_INPUTS fresh inputs.

    Tests that draw nothing have only their own inputs, on which the function was run already.
    """
    drawing = [test for test in suites.tests_for(exercise) if "rng" in test.fixtures]
    calls = 0
    with LiveRooms().open(source) as student, unwarned():
        for seed in range(AGREEING_INPUTS if drawing else 0):
            for test in drawing:
                if run_test(_reseeded(test, seed), student).outcome is not Outcome.PASSED:
                    return False
                calls += len(student.calls)
            if calls >= AGREEING_INPUTS:
                break
    return True


def _reseeded(test: Test, seed: int) -> Test:
    return replace(test, seed=test.seed + 1 + seed)


def read_declared(course: Course, stem: str) -> Mapping[str, Mapping[str, str]]:
    """Return the reasons why mutants are equivalent, by exercise and mutant.

    Raises UserError if the file cannot be read.
    """
    path: Path = course.hidden_suite(stem).with_name(DECLARED)
    if not path.is_file():
        return {}
    try:
        declared: dict[str, dict[str, dict[str, str]]] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    return declared.get(stem, {})
