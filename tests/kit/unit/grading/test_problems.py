"""Each kind of problem knows how the test ended, on which of the student's lines, and what to tell the student."""

from dataclasses import replace

import pytest

from autograder.core.model import Outcome, Place, Source, SourceCell, Visibility
from autograder.execution.interface import Absent, Raised, RoomEnded
from autograder.grading.messages import Finding, FindingKind
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

CELL = SourceCell("your cell gate", "def gate(x):\n    return 1 / x", (0,), ("gate",))
CONTEXT = Context(
    exercise="gate",
    exercises=frozenset({"gate", "unit"}),
    source=Source((CELL,)),
    visibility=Visibility.PUBLIC,
    seconds=5.0,
    called="gate",
    called_with="x = 0",
    hint="The hint.",
)


def raised(kind: str, text: str) -> Raised:
    """Return an exception on the second line of the cell."""
    return Raised(kinds=(kind, "Exception"), text=text, cell="your cell gate", line=2, function="gate")


DIVISION = raised("ZeroDivisionError", "division by zero")
STUB = raised("NotImplementedError", "")
UNIT_MISSING = raised("NameError", "name 'unit' is not defined")
OTHER_MISSING = replace(UNIT_MISSING, text="name 'table' is not defined")
LATE, DEAD = RoomEnded(Outcome.TIMEOUT, ""), RoomEnded(Outcome.KILLED, "it used too much memory")

PROBLEMS: dict[str, tuple[Problem, Outcome, Place | None, str]] = {
    "wrong answer": (
        WrongAnswer(Finding(FindingKind.VALUES, returned="1", expected="2", differ=1, size=1)),
        Outcome.FAILED,
        None,
        "gate returned a wrong value.",
    ),
    "exception": (
        ExceptionRaised(DIVISION, Outcome.RAISED),
        Outcome.RAISED,
        Place("your cell gate", 2),
        "gate raised ZeroDivisionError on line 2 of your cell gate.",
    ),
    "stub": (ExceptionRaised(STUB, Outcome.STUB), Outcome.STUB, Place("your cell gate", 2), "gate is still the stub"),
    "another exercise is not written": (
        ExceptionRaised(UNIT_MISSING, Outcome.RAISED),
        Outcome.RAISED,
        Place("your cell gate", 2),
        "gate called unit, which is still a stub.",
    ),
    "another name is not defined": (
        ExceptionRaised(OTHER_MISSING, Outcome.RAISED),
        Outcome.RAISED,
        Place("your cell gate", 2),
        "gate raised NameError",
    ),
    "no line": (
        ExceptionRaised(Raised(kinds=("TypeError",), text="f() takes 1 argument"), Outcome.RAISED),
        Outcome.RAISED,
        None,
        "gate raised TypeError.",
    ),
    "too long": (CallStopped(Outcome.TIMEOUT, ""), Outcome.TIMEOUT, None, "gate took longer than 5 s"),
    "out of time": (
        CallStopped(Outcome.TIMEOUT, "all used"),
        Outcome.TIMEOUT,
        None,
        "gate was not answered: all used.",
    ),
    "killed": (CallStopped(Outcome.KILLED, "it left"), Outcome.KILLED, None, "gate had to be stopped: it left."),
    "never written": (FunctionMissing(Absent(Outcome.STUB)), Outcome.STUB, None, "gate is not written yet."),
    "not Python": (
        FunctionMissing(Absent(Outcome.RAISED, "SyntaxError on line 1")),
        Outcome.RAISED,
        None,
        "gate is missing, because its cell is not valid Python: SyntaxError on line 1",
    ),
    "cell raised": (
        FunctionMissing(Absent(Outcome.RAISED, DIVISION)),
        Outcome.RAISED,
        Place("your cell gate", 2),
        "gate is missing, because its cell raised ZeroDivisionError on line 2.",
    ),
    "cell too long": (
        FunctionMissing(Absent(Outcome.TIMEOUT, LATE)),
        Outcome.TIMEOUT,
        None,
        "gate is missing, because its cell did not end within 10 s.",
    ),
    "cell killed": (
        FunctionMissing(Absent(Outcome.KILLED, DEAD)),
        Outcome.KILLED,
        None,
        "gate is missing, because running its cell was stopped: it used too much memory.",
    ),
    "not run": (NotRun("it counts"), Outcome.SKIPPED, None, "not run: gate must first get through “it counts”"),
    "broke": (TestBroke(), Outcome.BROKEN, None, "Something broke in the grader, not in your code."),
}


@pytest.mark.parametrize(("problem", "outcome", "place", "words"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_describes_itself(problem: Problem, outcome: Outcome, place: Place | None, words: str) -> None:
    assert problem.outcome is outcome
    assert problem.place == place
    assert problem.message(CONTEXT).startswith(words)


def test_an_exception_in_the_companion_is_about_what_was_returned() -> None:
    problem = ExceptionRaised(Raised(kinds=("TypeError",), text="an int has no len"), Outcome.RAISED)
    message = problem.message(replace(CONTEXT, called="logits"))
    assert message.startswith("What gate returned cannot be used: TypeError.")


@pytest.mark.parametrize("name", ["wrong answer", "exception", "too long"])
def test_a_hidden_test_shows_no_input(name: str) -> None:
    problem = PROBLEMS[name][0]
    hidden = problem.message(replace(CONTEXT, visibility=Visibility.HIDDEN))
    assert "x = 0" not in hidden
    assert "by zero" not in hidden
