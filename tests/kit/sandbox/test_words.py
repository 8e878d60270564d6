"""What comes from a sandbox is an answer, never a word: no hidden input and no control character reaches an output."""

import ast
import json
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.core.model import (
    Assignment,
    Exercise,
    Outcome,
    Report,
    Source,
    SourceCell,
    SourceStatement,
    Submission,
    Visibility,
)
from autograder.grading.checks import close, raises, silent, unchanged
from autograder.grading.pipeline import report_on
from autograder.grading.runner import executed_source, run_suites
from autograder.grading.suites import Suites, Test
from autograder.instructor.results.feedback_page import exercise_html, feedback_page
from autograder.instructor.results.record import to_json
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.fork_server import ForkServer

SECRET = 271828
EXERCISES = ("first", "second")
CHECKS: dict[str, Any] = {
    "close": lambda function, x: close(function, (x,), expected=2.0 * x),
    "raises": lambda function, x: raises(function, (x,)),
    "silent": lambda function, x: silent(function, (x,), expected=2.0 * x),
    "unchanged": lambda function, x: unchanged(function, (x,), expected=2.0 * x),
    "dict": lambda function, x: close(function, (x,), expected={"a": 2.0 * x}),
    "parts": lambda function, x: close(function, (x,), expected=(2.0 * x, x)),
}
# A function of the student's can say anything to the grader, in any field of any message.
FORGE = """
import sys
def forge(**fields):
    frame = sys._getframe()
    while "connection" not in frame.f_locals:
        frame = frame.f_back
    connection, request = frame.f_locals["connection"], frame.f_locals["request"]
    connection.write({"serial": request["serial"], **fields})
    def drop(reply):
        del connection.write
    connection.write = drop
"""
RAISED = {"op": "'raised'", "kinds": "['ValueError', 'Exception']", "text": "''", "cell": "''", "line": 0}


def forged(**fields: str) -> str:
    """Return the body of a function that sends a message of its own: each field is an expression that may use `x`."""
    return f"forge({', '.join(f'{name}={value}' for name, value in fields.items())})"


def as_raised(**fields: str) -> str:
    return forged(**{**{name: str(value) for name, value in RAISED.items()}, "function": "''", **fields})


TOLD = "'told ' + str(x) + '\\x1b[31m\\u202e\\x9b'"
BODIES = {
    "the name of a function": """
        import types
        def stub(): raise NotImplementedError
        types.FunctionType(stub.__code__.replace(co_name=str(x)), globals())()
    """,
    "the name of an exception": "raise type(str(x), (Exception,), {})",
    "the name of a NameError": "raise NameError(f\"name '{x}' is not defined\", name=str(x))",
    "the text of an exception": "raise ValueError(x)",
    "a key": "return {}[x]",
    "the name of a file": "exec(compile('raise ValueError', f'cell:{x}', 'exec'))",
    "the number of a line": "exec(compile('\\n' * x + 'raise ValueError', 'cell:your cell first', 'exec'))",
    "a text": "return str(x)",
    "a list of texts": "return [str(x)] * 3",
    "the keys of a dict": "return {str(x): x}",
    "the name of a type": "return type(str(x), (), {})()",
    "the names of a dtype": "import numpy; return numpy.zeros(1, dtype=[(str(x), int)])",
    "a warning": "import warnings; warnings.warn(str(x), RuntimeWarning); return 2 * x",
    "printed": "print(x); import sys; print(x, file=sys.stderr); return None",
    "forged kinds": as_raised(kinds=f"[{TOLD}, 'print', 'Exception']"),
    "forged stub": as_raised(kinds="['NotImplementedError']", function=TOLD),
    "forged text": as_raised(text=TOLD),
    "forged cell": as_raised(cell=TOLD, line="1"),
    "forged line": as_raised(cell="'your cell first'", line="x"),
    "forged long line": as_raised(cell="'your cell first'", line="x << 900"),
    "forged exercise": as_raised(kinds="['NameError']", text="f\"name '{x}' is not defined\""),
    "forged answer": forged(op="'returned'", value=TOLD, after=TOLD, warned=TOLD),
    "forged arguments": forged(op="'returned'", value="x", after=f"[{TOLD}]", warned="None"),
    "forged warning": forged(op="'returned'", value="2.0 * x", after="[x]", warned=TOLD),
    "no answer": forged(op=TOLD),
}


def suites(check: str) -> Suites:
    """Suites of two exercises, which double a number: the public tests pass 1, the hidden ones the secret."""

    def test(exercise: str, visibility: Visibility) -> Test:
        number = SECRET if visibility is Visibility.HIDDEN else 1
        return Test(
            id=f"test_{exercise}_{visibility}",
            sentence="it doubles",
            exercise=exercise,
            weight=1,
            visibility=visibility,
            function=lambda student: CHECKS[check](getattr(student, exercise), number),
            parameters={},
            fixtures=frozenset({"student"}),
            seed=7,
        )

    exercises = tuple(Exercise(name, 2.0, ("x",)) for name in EXERCISES)
    tests = tuple(test(name, visibility) for visibility in Visibility for name in EXERCISES)
    return Suites(Assignment("01_double", exercises, ()), tests, dict.fromkeys(EXERCISES, 2.0))


def report(server: ForkServer, check: str, *cells: str) -> Report:
    """Grade a submission of these cells, one for each exercise, and return its report."""
    texts = {name: FORGE + text for name, text in zip(EXERCISES, cells, strict=True)}
    source = Source(
        tuple(
            SourceCell(
                f"your cell {name}", text, tuple(map(SourceStatement, range(len(ast.parse(text).body)))), (name,)
            )
            for name, text in texts.items()
        )
    )
    prepared = suites(check)
    submission = Submission(student="ada", assignment="01_double", sha256="", source=source)
    with SandboxExecutor(server).open(source) as student:
        executed = executed_source(source, student)
        return report_on(submission, prepared, executed, run_suites(prepared, executed, student))


def outputs(graded: Report) -> Iterator[str]:
    """Yield what a student and an instructor get to see of a report."""
    yield feedback_page(graded)
    yield from (exercise_html(graded, result) for result in graded.exercises)
    yield json.dumps(to_json(graded), ensure_ascii=False)
    yield from (test.message or "" for result in graded.exercises for test in result.tests)


def indented(body: str) -> str:
    return textwrap.indent(textwrap.dedent(body).strip(), "    ")


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_hidden_input_is_told(server: ForkServer, body: str, check: str) -> None:
    cells = [f"def {name}(x):\n{indented(body)}\n" for name in EXERCISES]
    graded = report(server, check, *cells)
    assert graded.graded
    for shown in outputs(graded):
        assert str(SECRET) not in shown
        assert not [c for c in shown if not c.isprintable() and c != "\n"]
    # What the public tests are told stays useful: it says something.
    assert all(test.message or test.outcome is Outcome.PASSED for result in graded.exercises for test in result.tests)


KEPT = "KEPT = []\ndef first(x):\n    KEPT.append(x)\n    return 2.0 * x\n"


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hidden_input_is_not_told_by_another_exercise(server: ForkServer, body: str) -> None:
    """All public tests run before a hidden input is there to be told."""
    tell = f"def second(x):\n    x = max(KEPT)\n{indented(body)}\n"
    graded = report(server, "close", KEPT, tell)
    assert graded.exercises[0].outcome is Outcome.PASSED
    for shown in outputs(graded):
        assert str(SECRET) not in shown


def test_the_stub_of_an_exercise_is_named_and_a_line_is_quoted(server: ForkServer) -> None:
    graded = report(
        server, "close", "def first(x):\n    raise NotImplementedError\n", "def second(x):\n    return first(x)\n"
    )
    first, second = graded.exercises
    assert first.outcome is Outcome.STUB
    assert second.tests[0].message == "second called first, which is still a stub. Write that one first."
    own = report(
        server,
        "close",
        "def own(x):\n    raise NotImplementedError\n\n\ndef first(x):\n    return own(x)\n",
        "def second(x): return x\n",
    )
    message = own.exercises[0].tests[0].message or ""
    assert "first raised NotImplementedError on line 13 of your cell first." in message
    assert "raise NotImplementedError" in message


FIND = "    frame = sys._getframe()\n    while 'connection' not in frame.f_locals: frame = frame.f_back\n"
LEFT_BEHIND = {
    "an answer too many": "    forge(op='returned', value=0.0, after=None, warned=None)\n"
    "    del frame.f_locals['connection'].write\n    return 0.0\n",
    "a process that ends": "    import os\n    frame.f_locals['connection'].read = lambda: os._exit(3)\n"
    "    return 0.0\n",
}


@pytest.mark.parametrize("body", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_an_exercise_leaves_behind_is_not_met_by_the_next(server: ForkServer, body: str) -> None:
    graded = report(server, "close", f"def first(x):\n{FIND}{body}", "def second(x):\n    return 2.0 * x\n")
    assert graded.exercises[0].score == 0
    assert graded.exercises[1].outcome is Outcome.PASSED
