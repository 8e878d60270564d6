"""Run an assignment's tests against one student, and make results of what happened."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from autograder.core.errors import UserError
from autograder.core.model import Exercise, ExerciseResult, Hint, Outcome, Picture, Source, TestResult, Visibility
from autograder.execution.interface import (
    Absent,
    Call,
    CallRaised,
    ExecutedSource,
    ExpectedCall,
    Raised,
    SessionEnded,
    Student,
)
from autograder.execution.limits import LIMITS
from autograder.grading import messages
from autograder.grading.answer_pictures import answer_pictures, places_picture
from autograder.grading.comparison import CheckFailed
from autograder.grading.diagnosis import Fingerprint, fingerprint, recognised
from autograder.grading.messages import Finding, FindingKind, ShownCall
from autograder.grading.problems import (
    CallStopped,
    Context,
    ExceptionRaised,
    FunctionMissing,
    NotRun,
    Problem,
    TestBroke,
    WrongAnswer,
)
from autograder.grading.suites import Suites, Test
from autograder.grading.value_format import call_as_code, show_call
from autograder.notebooks.student_cells import release_of

_log = logging.getLogger(__name__)
MESSAGE_CHARACTERS = 4_000  # of one test; a usual one has a few hundred
_ANSWERED_WRONGLY = frozenset({Outcome.FAILED, Outcome.RAISED})


@dataclass(frozen=True)
class Run:
    """What happened in one test."""

    test: Test
    problem: Problem | None = None
    _: KW_ONLY
    call: Call | None = None  # the last one
    fingerprints: tuple[Fingerprint, ...] = ()  # of all calls, if one of them was answered wrongly
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """Return how the test ended."""
        return self.problem.outcome if self.problem is not None else Outcome.PASSED


# ---- exercises


def run_suites(suites: Suites, executed: ExecutedSource, student: Student) -> tuple[ExerciseResult, ...]:
    """Run the tests of every exercise, in the assignment's order: first all public ones, then the hidden ones.

    Messages about public tests quote what the student's code says. It has seen no hidden input by then. The hidden
    tests get a new process, so that what a later exercise does to it harms no earlier one.
    """
    exercises = suites.assignment.exercises
    running = [_runs(suites, exercise.name, student) for exercise in exercises]
    counts = [suites.public_count(exercise.name) for exercise in exercises]
    public = [_settled(islice(runs, count), student) for runs, count in zip(running, counts, strict=True)]
    student.session.restart()
    hidden = [_settled(runs, student) for runs in running]
    complete = [(*first, *rest) for first, rest in zip(public, hidden, strict=True)]
    return tuple(
        _exercise_result(suites, exercise, executed, runs) for exercise, runs in zip(exercises, complete, strict=True)
    )


def executed_source(source: Source, student: Student) -> ExecutedSource:
    """Return a source that was just run, before any test, with what failed in it: so this holds no hidden input."""
    return ExecutedSource(source, tuple(student.session.failed_statements()))


def _settled(runs: Iterator[Run], student: Student) -> tuple[Run, ...]:
    """Return all runs of some tests. What a failed one has left behind is not met by the next exercise."""
    done = tuple(runs)
    if any(run.problem is not None for run in done):
        student.session.settle()
    return done


def run_exercise(suites: Suites, exercise: Exercise, source: Source, student: Student) -> ExerciseResult:
    """Run the tests of an exercise, and return its result."""
    return run_exercise_tests(suites, exercise, source, student)[0]


def run_exercise_tests(
    suites: Suites, exercise: Exercise, source: Source, student: Student, *, all_in_detail: bool = False
) -> tuple[ExerciseResult, tuple[Run, ...]]:
    """Run the tests of an exercise, until one ends with TIMEOUT or KILLED. Return its result, and what happened.

    all_in_detail: word every hidden failure in detail, as only an instructor may read it, and not just one of them
    """
    executed = executed_source(source, student)
    runs = tuple(_runs(suites, exercise.name, student))
    return _exercise_result(suites, exercise, executed, runs, all_in_detail=all_in_detail), runs


def _exercise_result(
    suites: Suites, exercise: Exercise, executed: ExecutedSource, runs: Sequence[Run], *, all_in_detail: bool = False
) -> ExerciseResult:
    """Return the result of an exercise. The mistake is known only when all its tests have run."""
    hint = _hint(suites, exercise.name, runs)
    told = {} if all_in_detail else _told_instead(runs)
    tests = [_result(suites, exercise, executed, run, hint, told.get(run.test.id)) for run in runs]
    return ExerciseResult(
        exercise.name,
        exercise.points,
        tuple(_with_pictures(tests, runs, told)),
        hint=hint,
        public_hint=_hint(suites, exercise.name, [run for run in runs if run.test.visibility is Visibility.PUBLIC]),
    )


def _hint(suites: Suites, name: str, runs: Sequence[Run]) -> Hint | None:
    """Return the hint that the answers in these tests give."""
    failed = {run.test.id: run.fingerprints for run in runs if run.outcome in _ANSWERED_WRONGLY}
    passed = [run.test.id for run in runs if run.outcome is Outcome.PASSED]
    mistake = recognised(suites.mistakes_of(name), failed, passed) if failed else None
    return Hint((mistake.name,), mistake.sentence) if mistake is not None else None


def _runs(suites: Suites, name: str, student: Student) -> Iterator[Run]:
    tests = suites.tests_for(name)
    if (absent := _absent(name, student)) is not None:
        yield from (Run(test, FunctionMissing(absent)) for test in tests)
        return
    stopped: Test | None = None
    ahead = True  # after a failure, one call at a time: a call that the failed test would not have made may be endless
    for test in tests:
        if stopped is not None:
            yield Run(test, NotRun(stopped.sentence))
            continue
        run = run_test(test, student, suites.expected_calls.get(test.id), ahead=ahead)
        stopped = test if isinstance(run.problem, CallStopped) else None
        ahead = ahead and run.problem is None
        yield run


def _absent(name: str, student: Student) -> Absent | None:
    try:
        return student.session.absent(name)
    except SessionEnded as end:
        return Absent(end.outcome, end)


# ---- tests


def run_test(
    test: Test, student: Student, expected: Sequence[ExpectedCall] | None = None, *, ahead: bool = False
) -> Run:
    """Run one test, or only make the calls that it is known to make (see `precomputed`) and judge the replies."""
    student.begin_test(test.seconds)
    begun = time.perf_counter()
    if expected is None:
        problem = _problem_in(test, functools.partial(_call_test, test, student))
    else:
        problem = _problem_in(test, functools.partial(student.repeat_calls, expected, ahead=ahead))
    seconds = round(time.perf_counter() - begun, 4)
    calls = student.calls
    wrong = problem is not None and problem.outcome in _ANSWERED_WRONGLY
    fingerprints = tuple(map(fingerprint, calls)) if wrong else ()
    return Run(test, problem, call=calls[-1] if calls else None, fingerprints=fingerprints, seconds=seconds)


def _call_test(test: Test, student: Student) -> None:
    fixtures: dict[str, Any] = dict(test.parameters)
    if "student" in test.fixtures:
        fixtures["student"] = student
    if "rng" in test.fixtures:
        fixtures["rng"] = np.random.default_rng(test.seed)
    test.function(**fixtures)


def _problem_in(test: Test, run: Callable[[], None]) -> Problem | None:
    """Run a test, and return why it did not pass; None if it did.

    An exception that the student's code cannot cause means that the test broke. A UserError is not caught: without
    the thing that is missing, nobody can be graded.
    """
    try:
        run()
    except CheckFailed as failure:
        return WrongAnswer(failure.finding, failure.expected, failure.differing)
    except CallRaised as error:
        reply = error.call.reply
        assert isinstance(reply, Raised)
        is_stub = messages.is_stub(reply.kinds, reply.text) and reply.function in ("", test.exercise)
        return ExceptionRaised(reply, Outcome.STUB if is_stub else Outcome.RAISED)
    except SessionEnded as end:
        return CallStopped(end.outcome, end.reason)
    except UserError:
        raise
    except MemoryError:  # all that a test needs by itself is small
        return WrongAnswer(Finding(FindingKind.TYPE, sentence=messages.too_large()))
    except Exception as error:
        _log.exception("The test %s broke; what it was given is not to blame.", test.id)
        return TestBroke(f"{type(error).__name__}: {error}")
    return None


# ---- results


def _told_instead(runs: Sequence[Run]) -> dict[str, WrongAnswer | ExceptionRaised]:
    """Return by test id, for each hidden failure that is told in general words, the one that is told in detail.

    That is the first with a line of the student's, or else the first. The lines and numbers of all of them would tell,
    input by input, which way the student's code went.
    """
    failed = {
        run.test.id: run.problem
        for run in runs
        if run.test.visibility is Visibility.HIDDEN and isinstance(run.problem, WrongAnswer | ExceptionRaised)
    }
    if not failed:
        return {}
    detailed = next((test for test, problem in failed.items() if problem.place), next(iter(failed)))
    return {test: failed[detailed] for test in failed if test != detailed}


def _result(
    suites: Suites,
    exercise: Exercise,
    executed: ExecutedSource,
    run: Run,
    hint: Hint | None,
    told_instead: WrongAnswer | ExceptionRaised | None,
) -> TestResult:
    message = None
    if run.problem is not None:
        message = run.problem.message(replace(_context(suites, exercise, executed, run), told_instead=told_instead))
        message = message if len(message) <= MESSAGE_CHARACTERS else f"{message[:MESSAGE_CHARACTERS]} …"
    return TestResult(
        id=run.test.id,
        name=run.test.sentence,
        exercise=exercise.name,
        visibility=run.test.visibility,
        points=suites.points(run.test),
        outcome=run.outcome,
        message=message,
        mistakes=hint.mistakes if hint and run.outcome in _ANSWERED_WRONGLY else (),
        seconds=run.seconds,
        place=run.problem.place if run.problem and told_instead is None else None,
        rank=run.problem.rank(in_general=told_instead is not None) if run.problem else 0,
    )


def _with_pictures(tests: Sequence[TestResult], runs: Sequence[Run], told: Collection[str]) -> Iterator[TestResult]:
    """Yield the results. The most telling public failure that can be pictured, and the hidden one in detail, are."""
    pictures: dict[str, tuple[Visibility, tuple[Picture, ...]]] = {}
    for test, run in sorted(zip(tests, runs, strict=True), key=lambda pair: pair[0].rank):
        differing = run.problem.differing if isinstance(run.problem, WrongAnswer) else None
        if differing is None or test.visibility in {visibility for visibility, _ in pictures.values()}:
            continue
        is_public = test.visibility is Visibility.PUBLIC
        drawn = answer_pictures(differing) if is_public else () if test.id in told else places_picture(differing)
        pictures |= {test.id: (test.visibility, drawn)} if drawn else {}
    for test in tests:
        yield replace(test, pictures=pictures[test.id][1]) if test.id in pictures else test


def _context(suites: Suites, exercise: Exercise, executed: ExecutedSource, run: Run) -> Context:
    context = Context(
        exercise=exercise.name,
        exercises=frozenset(other.name for other in suites.assignment.exercises),
        demo_names=release_of(suites.assignment).demo_names,
        executed=executed,
        visibility=run.test.visibility,
        seconds=run.test.seconds or LIMITS.call_seconds,
        called=run.call.name if run.call else None,
    )
    if run.call is None or run.test.visibility is Visibility.HIDDEN:
        return context
    number = [test.id for test in suites.tests_for(exercise.name)].index(run.test.id) + 1
    inputs = f"check.inputs({exercise.name}, {number})"
    return replace(context, call=_shown(run.call, parameters_of(suites, run.call), inputs))


def parameters_of(suites: Suites, call: Call) -> tuple[str, ...] | None:
    """Return the names of a called function's parameters; None if it is the kit's own code."""
    exercises = suites.assignment.exercises
    return next((exercise.parameters for exercise in exercises if exercise.name == call.name), None)


def _shown(call: Call, parameters: tuple[str, ...] | None, inputs: str) -> ShownCall:
    """Return the call as a public test shows it: to be pasted, if it is short enough and the student's own.

    inputs: the code that gives a student its inputs
    """
    is_by_name = parameters is not None and len(call.arguments) <= len(parameters)
    return ShownCall(
        words=show_call(call, parameters or ()),
        code=call_as_code(call, parameters) if parameters is not None else "",
        to_try=f"{call.name}(**{inputs})" if is_by_name else inputs,
        warned="" if isinstance(call.reply, SessionEnded) else call.reply.noticed,
    )


def blame_what_failed_first(
    results: tuple[ExerciseResult, ...], calls: dict[str, tuple[str, ...]]
) -> tuple[ExerciseResult, ...]:
    """Name, in the result of a failed exercise, the other exercises that it calls and that failed, too.

    calls: for each exercise, the other exercises that its code uses
    """
    failed = {result.name for result in results if result.first_failure and not _is_stub(result.first_failure)}
    return tuple(
        _with_blame(result, tuple(name for name in calls.get(result.name, ()) if name in failed)) for result in results
    )


def _is_stub(failure: TestResult) -> bool:
    """Return whether a first failure says that a function was not written, which hidden tests alone cannot say."""
    return failure.outcome is Outcome.STUB and failure.visibility is Visibility.PUBLIC


def _with_blame(result: ExerciseResult, culprits: tuple[str, ...]) -> ExerciseResult:
    first = result.first_failure
    if not culprits or first is None or first.outcome not in _ANSWERED_WRONGLY:
        return result
    return replace(result, calls_failed=culprits)
