"""Runs suites against one student, and puts into words what came of it."""

from __future__ import annotations

import functools
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.core.errors import UserError
from autograder.core.model import Assignment, Exercise, ExerciseResult, Outcome, Place, Source, TestResult
from autograder.execution.interface import Absent, Call, CallRaised, ExpectedCall, Raised, RoomEnded, Student
from autograder.execution.limits import LIMITS
from autograder.grading import messages
from autograder.grading.checks import CheckFailed
from autograder.grading.diagnosis import Mistake, fingerprint, recognised
from autograder.grading.suites import Suites, Test
from autograder.grading.value_format import show_call

_log = logging.getLogger(__name__)
_JUDGED = frozenset({Outcome.FAILED, Outcome.RAISED})


def run_suites(suites: Suites, source: Source, student: Student) -> tuple[ExerciseResult, ...]:
    """Every exercise of the assignment, in its order."""
    return tuple(run_exercise(suites, one, source, student) for one in suites.assignment.exercises)


def run_exercise(suites: Suites, one: Exercise, source: Source, student: Student) -> ExerciseResult:
    """An exercise's tests, and what they add up to."""
    tests = tuple(result for result, _ in run_exercise_tests(suites, one, source, student))
    return ExerciseResult(one.name, one.points, tests)


def run_exercise_tests(
    suites: Suites, one: Exercise, source: Source, student: Student
) -> tuple[tuple[TestResult, Run], ...]:
    """An exercise's tests; the first TIMEOUT or KILLED ends it. The mistake is named when all have run."""
    runs = tuple(_runs(suites, one.name, student))
    failed = {run.test.id: run.prints for run in runs if run.outcome in _JUDGED}
    passed = [run.test.id for run in runs if run.outcome is Outcome.PASSED]
    mistake = recognised(suites.mistakes_of(one.name), failed, passed) if failed else None
    return tuple((_result(suites, one, source, run, mistake), run) for run in runs)


def _runs(suites: Suites, name: str, student: Student) -> Iterator[Run]:
    try:
        absent = student.room.absent(name)
    except RoomEnded as end:
        absent = Absent(end.outcome, end)
    ended: Test | None = None
    ahead = True  # after a failure one call at a time: it may be an endless one that a test would not have come to
    for test in suites.tests_for(name):
        if absent is not None:
            yield Run(test, absent.outcome, absent)
        elif ended is not None:
            yield Run(test, Outcome.SKIPPED, ended)
        else:
            run = run_test(test, student, suites.expected_calls.get(test.id), ahead=ahead)
            ended = test if run.outcome in (Outcome.TIMEOUT, Outcome.KILLED) else None
            ahead = ahead and run.outcome is Outcome.PASSED
            yield run


@dataclass(frozen=True)
class Run:
    """What happened in one test, before it is put into words."""

    test: Test
    outcome: Outcome
    problem: Any = None  # CheckFailed, CallRaised, RoomEnded, Absent, or the Test to blame
    call: Call | None = None
    prints: tuple[Any, ...] = ()
    seconds: float = 0.0


def run_test(test: Test, student: Student, steps: Sequence[ExpectedCall] | None = None, *, ahead: bool = False) -> Run:
    """Run one test, or make the calls it is known to make (see `precomputed`) and judge them as it would."""
    student.begin_test(test.seconds)
    begun = time.perf_counter()
    if steps is None:
        outcome, problem = _outcome_of(test, functools.partial(_call_test, test, student))
    else:
        outcome, problem = _outcome_of(test, functools.partial(student.repeat_calls, steps, ahead=ahead))
    seconds = round(time.perf_counter() - begun, 4)
    calls = student.calls
    prints = tuple(map(fingerprint, calls)) if outcome in _JUDGED else ()
    return Run(test, outcome, problem, calls[-1] if calls else None, prints, seconds)


def _call_test(test: Test, student: Student) -> None:
    fixtures: dict[str, Any] = dict(test.parameters)
    if "student" in test.fixtures:
        fixtures["student"] = student
    if "rng" in test.fixtures:
        fixtures["rng"] = np.random.default_rng(test.seed)
    test.function(**fixtures)


def _outcome_of(test: Test, run: Callable[[], None]) -> tuple[Outcome, Any]:
    """Whatever the student's code did has its outcome; anything else is BROKEN, our fault.

    A UserError is raised on: what is missing here, nobody can be graded without.
    """
    try:
        run()
    except CheckFailed as wrong:
        return Outcome.FAILED, wrong
    except CallRaised as error:
        reply = error.call.reply
        assert isinstance(reply, Raised)
        own = messages.is_stub(reply.kinds, reply.text) and reply.function in ("", test.exercise)
        return Outcome.STUB if own else Outcome.RAISED, error
    except RoomEnded as end:
        return end.outcome, end
    except UserError:
        raise
    except Exception:
        _log.exception("The test %s broke; what it was given is not to blame.", test.id)
        return Outcome.BROKEN, None
    return Outcome.PASSED, None


# ---- words


def _result(suites: Suites, one: Exercise, source: Source, run: Run, mistake: Mistake | None) -> TestResult:
    failed = run.outcome in _JUDGED and mistake is not None
    return TestResult(
        id=run.test.id,
        name=run.test.sentence,
        exercise=one.name,
        visibility=run.test.visibility,
        points=suites.points(run.test),
        outcome=run.outcome,
        message=explained(suites.assignment, one, source, run, mistake.sentence if failed and mistake else ""),
        mistake=mistake.name if failed and mistake else None,
        seconds=run.seconds,
        place=_place(run),
    )


def _place(run: Run) -> Place | None:
    match run.problem:
        case CallRaised(call=Call(reply=Raised(cell=cell, line=line))) | Absent(because=Raised(cell=cell, line=line)):
            return Place(cell, line) if line else None
    return None


def explained(assignment: Assignment, one: Exercise, source: Source, run: Run, hint: str = "") -> str | None:
    """What a test's outcome means, in the words meant for its visibility."""
    if run.outcome is Outcome.PASSED:
        return None
    companion = run.call is not None and run.call.name not in {each.name for each in assignment.exercises}
    called_with = show_call(run.call, () if companion else one.parameters) if run.call is not None else ""
    seen = run.test.visibility
    match run.problem:
        case CheckFailed(finding=finding):
            return messages.failure(one.name, finding, called_with, seen, hint)
        case CallRaised(call=call) if isinstance(call.reply, Raised):
            if called := _called_but_not_written(assignment, call.reply):
                return messages.stub_called(one.name, called)
            worded = messages.companion_exception if companion else messages.exception
            return worded(one.name, _student_exception(call.reply, source), seen, hint)
        case RoomEnded(outcome=Outcome.TIMEOUT, reason=reason):
            limit = run.test.seconds or LIMITS.call_seconds
            return messages.timeout(one.name, limit, called_with, seen, reason)
        case RoomEnded(reason=reason):
            return messages.killed(one.name, reason)
        case Absent():
            return _absence(one.name, run.problem, source)
        case Test(sentence=sentence):
            return messages.skipped(sentence, one.name)
        case _:
            return messages.broken()


def _called_but_not_written(assignment: Assignment, reply: Raised) -> str | None:
    """In a room there is no stub to call, only a name that is not defined."""
    found = re.fullmatch(r"name '(\w+)' is not defined\b.*", reply.text) if reply.type == "NameError" else None
    return found[1] if found and found[1] in {one.name for one in assignment.exercises} else None


def _absence(name: str, absent: Absent, source: Source) -> str:
    match absent.because:
        case str():
            return messages.cell_broken(name, absent.because)
        case Raised():
            return messages.cell_raised(name, _student_exception(absent.because, source))
        case RoomEnded(outcome=Outcome.TIMEOUT, reason=""):
            return messages.cell_hung(name, LIMITS.open_seconds)
        case RoomEnded(reason=reason):
            return messages.cell_died(name, reason)
        case _:
            return messages.not_written(name)


def _student_exception(reply: Raised, source: Source) -> messages.StudentException:
    code = source.line(reply.cell, reply.line)
    return messages.StudentException(reply.kinds, reply.text, reply.cell, reply.line, code, reply.function)


def blame_what_failed_first(
    results: tuple[ExerciseResult, ...], calls: dict[str, tuple[str, ...]]
) -> tuple[ExerciseResult, ...]:
    """Tell a student whose function fails when it calls another one of theirs that fails, too."""
    failed = {one.name for one in results if one.outcome not in (Outcome.PASSED, Outcome.STUB)}
    return tuple(_with_blame(one, tuple(name for name in calls.get(one.name, ()) if name in failed)) for one in results)


def _with_blame(one: ExerciseResult, culprits: tuple[str, ...]) -> ExerciseResult:
    first = one.first_failure
    if not culprits or first is None or first.outcome not in _JUDGED:
        return one
    sentence = messages.depends_on(one.name, culprits)
    tests = tuple(replace(test, message=f"{test.message}\n{sentence}") if test is first else test for test in one.tests)
    return replace(one, tests=tests)
