"""Each kind of problem knows how the test ended, on which of the student's lines, and what to tell the student."""

from dataclasses import replace

import pytest

from autograder.core.model import Outcome, Place, Source, SourceCell, SourceStatement, Visibility
from autograder.execution.interface import (
    Absent,
    ExecutedSource,
    FailedStatement,
    NotPython,
    NotRead,
    Raised,
    SessionEnded,
)
from autograder.grading.failed_lines import remarks_on_failed_lines
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

CELL = SourceCell("your cell gate", "def gate(x):\n    return 1 / x", (SourceStatement(0, 1, ("gate",)),), ("gate",))
CONTEXT = Context(
    exercise="gate",
    exercises=frozenset({"gate", "unit"}),
    executed=ExecutedSource(Source((CELL,))),
    visibility=Visibility.PUBLIC,
    seconds=5.0,
    called="gate",
    call=ShownCall(words="x = 0", code="gate(x=0)"),
)


def raised(kind: str, text: str) -> Raised:
    """Return an exception on the second line of the cell."""
    return Raised(kinds=(kind, "Exception"), text=text, cell="your cell gate", line=2, function="gate")


def failed(because: Raised | SessionEnded) -> FailedStatement:
    """Return the statement of the cell, which failed."""
    return FailedStatement("your cell gate", 1, ("gate",), because)


DIVISION = raised("ZeroDivisionError", "division by zero")
STUB = raised("NotImplementedError", "")
UNIT_MISSING = raised("NameError", "name 'unit' is not defined")
OTHER_MISSING = replace(UNIT_MISSING, text="name 'table' is not defined")
LATE, DEAD = SessionEnded(Outcome.TIMEOUT, ""), SessionEnded(Outcome.KILLED, "it used too much memory")

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
        FunctionMissing(Absent(Outcome.RAISED, NotPython("SyntaxError on line 1"))),
        Outcome.RAISED,
        None,
        "gate is missing, because its cell is not valid Python: SyntaxError on line 1",
    ),
    "not read": (
        FunctionMissing(Absent(Outcome.RAISED, NotRead("cell 7", "it is nested too deeply"))),
        Outcome.RAISED,
        None,
        "gate is missing, because cell 7 was not read: it is nested too deeply.",
    ),
    "cell raised": (
        FunctionMissing(Absent(Outcome.RAISED, failed(DIVISION))),
        Outcome.RAISED,
        Place("your cell gate", 2),
        "gate is missing, because line 2 of your cell gate raised ZeroDivisionError.",
    ),
    "cell too long": (
        FunctionMissing(Absent(Outcome.TIMEOUT, failed(LATE))),
        Outcome.TIMEOUT,
        None,
        "gate is missing, because line 1 of your cell gate took longer than 2 s",
    ),
    "cell killed": (
        FunctionMissing(Absent(Outcome.KILLED, failed(DEAD))),
        Outcome.KILLED,
        None,
        "gate is missing, because line 1 of your cell gate was stopped: it used too much",
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
    assert "x=0" in problem.message(CONTEXT)
    assert "x=0" not in hidden
    assert "by zero" not in hidden


TOLD = ExceptionRaised(DIVISION, Outcome.RAISED)
IN_GENERAL: dict[str, tuple[Problem, str]] = {
    "nan": (
        WrongAnswer(Finding(FindingKind.FINITE, part="result 2", differ=15, size=40)),
        "gate returned nan or infinity.",
    ),
    "values": (
        WrongAnswer(Finding(FindingKind.VALUES, part="w", differ=1, size=1, sentence="Only row 3 differs.")),
        "gate returned wrong values.",
    ),
    "shape": (
        WrongAnswer(Finding(FindingKind.SHAPE, sentence="It has 3 axes where 2 are right.")),
        "gate returned the wrong shape.",
    ),
    "argument": (
        WrongAnswer(Finding(FindingKind.ARGUMENTS, part="first")),
        "gate changed its first argument. Work on a copy, or make a new array.",
    ),
    "fixed words": (
        WrongAnswer(Finding(FindingKind.PROPERTY, sentence="it is flat.")),
        "gate: it is flat.",
    ),
    "measured": (
        WrongAnswer(Finding(FindingKind.PROPERTY, sentence="93.1% are right.")),
        "gate: the answer is not what this test asks for.",
    ),
    "the same type": (TOLD, "A call of gate raised ZeroDivisionError."),
    "another type": (
        ExceptionRaised(raised("KeyError", "x"), Outcome.RAISED),
        "A call of gate raised an exception.",
    ),
    "stub": (ExceptionRaised(STUB, Outcome.STUB), PROBLEMS["stub"][3]),
    "another stub": (
        ExceptionRaised(replace(STUB, function="unit"), Outcome.RAISED),
        "gate called a function that is still a stub. Write that one first.",
    ),
    "another exercise is not written": (
        PROBLEMS["another exercise is not written"][0],
        "gate called a function that is still a stub. Write that one first.",
    ),
}


@pytest.mark.parametrize(("problem", "message"), IN_GENERAL.values(), ids=IN_GENERAL)
def test_if_another_test_tells_the_details_it_tells_its_kind_alone(problem: Problem, message: str) -> None:
    context = replace(CONTEXT, visibility=Visibility.HIDDEN, told_instead=TOLD)
    assert problem.message(context).startswith(message)


@pytest.mark.parametrize("called", ["gate", "logits"])
def test_no_type_is_told_again_after_a_wrong_answer(called: str) -> None:
    told = WrongAnswer(Finding(FindingKind.SHAPE))
    context = replace(CONTEXT, visibility=Visibility.HIDDEN, called=called, told_instead=told)
    assert TOLD.message(context) == "A call of gate raised an exception."


# ---- lines outside of functions

TWO_CELLS = Source(
    (
        SourceCell("cell 2", "import a\nimport b\nimport c\n", ()),
        SourceCell("your cell gate", "T = a.table()\ndef gate(x):\n    return T[x]", (), ("gate",)),
    )
)
NO_A = Raised(("ModuleNotFoundError", "ImportError"), "No module named 'a'", "cell 2", 1)
NO_NAME_A = Raised(("NameError",), "name 'a' is not defined", "your cell gate", 1)
FAILED_LINES = (
    FailedStatement("cell 2", 1, ("a",), NO_A),
    FailedStatement("your cell gate", 1, ("T",), NO_NAME_A),
)
MISSING_T = ExceptionRaised(Raised(("NameError",), "name 'T' is not defined", "your cell gate", 3), Outcome.RAISED)


@pytest.mark.parametrize("visibility", Visibility)
def test_a_name_that_is_missing_because_a_line_failed(visibility: Visibility) -> None:
    """The line that failed first is told, not the NameErrors that follow from it."""
    executed = ExecutedSource(TWO_CELLS, FAILED_LINES)
    message = MISSING_T.message(replace(CONTEXT, executed=executed, visibility=visibility))
    name = "T" if visibility is Visibility.PUBLIC else "a name that is not defined"
    words = " ".join(message.split())
    assert words.startswith(f"gate needs {name}, but line 1 of cell 2 raised ModuleNotFoundError.")
    assert "the line import a it says No module named 'a' a is not installed where this is graded." in words


def test_a_star_import_that_failed_may_have_bound_any_name() -> None:
    star = FailedStatement("cell 2", 2, ("*",), LATE)
    message = MISSING_T.message(replace(CONTEXT, executed=ExecutedSource(TWO_CELLS, (star,))))
    assert message.startswith("gate needs T, but line 2 of cell 2 took longer than 2 s and was stopped.")


def test_remarks_on_lines_that_failed() -> None:
    lines = [replace(FAILED_LINES[0], line=number, because=LATE) for number in (1, 2, 3)]
    whole = FailedStatement("your cell gate", 0, ("gate",), SessionEnded(Outcome.KILLED, "it is too long"))
    assert remarks_on_failed_lines(ExecutedSource(TWO_CELLS, (*lines, whole))) == [
        "line 1 of cell 2 took longer than 2 s and was stopped; lines 2 and 3 failed as well. "
        "The rest of the cell was run.",
        "your cell gate was stopped: it is too long. It was left out.",
    ]
    assert remarks_on_failed_lines(ExecutedSource(TWO_CELLS, (FAILED_LINES[0],))) == [
        "line 1 of cell 2 raised ModuleNotFoundError (No module named 'a'). The rest of the cell was run."
    ]
