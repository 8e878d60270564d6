"""What the suites make of generic mutants of the solutions: each must lose points, or be declared equivalent.

A mutant that is right for every input the contract allows can not be caught. Those are declared, each with its
reason, in `tests/suites/equivalent_mutants.toml`; what is declared must agree with the reference on many inputs.
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
    MISDECLARED = "misdeclared"  # declared equivalent, and caught all the same, or no longer there


@dataclass(frozen=True)
class Judged:
    """One mutant of one exercise's cell, and what became of it."""

    exercise: str
    mutant: str
    fate: Fate


def audit_mutants(course: Course, suites: Suites, rooms: Rooms) -> Iterator[Judged]:
    """Every mutant of every solution of an assignment, each in a room of its own."""
    solution = read_submission(course.solution(suites.assignment.stem), suites.assignment, "solution").source
    declared = read_declared(course, suites.assignment.stem)
    for one in suites.assignment.exercises:
        reasons = declared.get(one.name, {})
        names = set()
        for name, source in mutated(solution, one.name):
            names.add(name)
            yield Judged(one.name, name, _fate(suites, one.name, source, rooms, declared=name in reasons))
        yield from (Judged(one.name, name, Fate.MISDECLARED) for name in reasons if name not in names)


def mutated(solution: Source, exercise: str) -> Iterator[tuple[str, Source]]:
    """The solution with each mutant of an exercise's cell, and the mutant's name; a second of that name is numbered."""
    (cell,) = (cell for cell in solution.cells if exercise in cell.exercises)
    seen: Counter[str] = Counter()
    for mutant in mutants(cell.text):
        seen[mutant.name] += 1
        name = mutant.name if seen[mutant.name] == 1 else f"{mutant.name} ({seen[mutant.name]})"
        yield name, _with_mutant(solution, cell, mutant)


def _with_mutant(solution: Source, cell: SourceCell, mutant: Mutant) -> Source:
    other = replace(cell, text=mutant.text)
    return Source(tuple(other if one is cell else one for one in solution.cells))


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
    """Whether a function passes the hidden tests on as many fresh inputs as AGREEING_INPUTS.

    Tests that draw nothing have no other inputs than their own, which count once.
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
    """The reasons why mutants are equivalent, by exercise and mutant; UserError where the file can not be read."""
    path: Path = course.hidden_suite(stem).with_name(DECLARED)
    if not path.is_file():
        return {}
    try:
        declared: dict[str, dict[str, dict[str, str]]] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can not be read: {error}") from None
    return declared.get(stem, {})
