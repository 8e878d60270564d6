"""No sentence without a golden text: every line that makes a message runs while the sample class is graded."""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from autograder import regions, wording
from autograder.course import Course
from autograder.handed_in import find_submissions, students_in
from autograder.model import Outcome, Ungradable
from autograder.pipeline import grade, suites_of
from autograder.sandbox.limits import Limits
from autograder.sandbox.rooms import ConfinedRooms
from autograder.sandbox.server import ForkServer
from autograder.suite import Suites

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
CLASS = ROOT / "tests" / "sample_class" / "submitted"
# What is not said of a graded submission: the texts around the messages, in a learner's own notebook (test_selfcheck,
# test_cli), and what is said of tests of ours that break (below).
ELSEWHERE = {
    *(
        "self_check",
        "self_check_table",
        "_columns",
        "_hidden",
        "_points",
        "_earned",
        "_amount",
        "check_knows",
        "remarks",
    ),
    "broken",
}


@contextmanager
def traced(*modules: Any) -> Iterator[set[tuple[str, int]]]:
    """The lines of these modules that run, as (file, line)."""
    files = {module.__file__ for module in modules}
    seen: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield seen
    finally:
        sys.settrace(before)


def lines_of(module: Any) -> dict[tuple[str, int], str]:
    """Every line inside a function on which a statement stands, with the function's name."""
    path = str(module.__file__)
    found = {}
    for function in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            documented = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if isinstance(node, ast.stmt) and node is not function and not documented:
                found[path, node.lineno] = function.name
    return found


def test_every_sentence_has_been_said() -> None:
    suites = {stem: suites_of(COURSE, stem) for stem in COURSE.stems}
    limits = replace(Limits(), call_seconds=0.3, open_seconds=1.0)  # a few students are endless
    with ForkServer(confined=True, limits=limits) as server, traced(wording, regions) as seen:
        check_a_notebook_out_of_time(server, suites["01_perceptron"])
        for job in find_submissions(CLASS, students_in(CLASS), COURSE.stems):
            try:
                grade(job.notebook, job.student, suites[job.stem], ConfinedRooms(server))
            except Ungradable:
                continue
    unsaid = {
        f"{name}, line {line}"
        for module in (wording, regions)
        for (path, line), name in lines_of(module).items()
        if (path, line) not in seen and name not in ELSEWHERE
    }
    assert not unsaid, ", ".join(sorted(unsaid))


def check_a_notebook_out_of_time(server: ForkServer, suites: Suites) -> None:
    """What is said when the whole submission's time is over, and no call took too long: here it ends in a test."""

    def too_late(student: Any) -> None:
        student.room.submission_ends = 0.0
        student.threshold_unit(1)

    notebook = CLASS / "ada" / "01_perceptron" / "perceptron.ipynb"
    report = grade(notebook, "ada", with_first_test(suites, too_late), ConfinedRooms(server))
    first = report.exercises[0].tests[0]
    assert first.outcome is Outcome.TIMEOUT
    assert first.message == "threshold_unit was not answered: the notebook had used up its 120 s."


def with_first_test(suites: Suites, function: Any) -> Suites:
    """The same suites, the first test replaced."""
    first = replace(suites.tests[0], function=function, fixtures=frozenset(function.__annotations__) & {"student"})
    steps = {test: steps for test, steps in suites.steps.items() if test != first.id}
    return replace(suites, tests=(first, *suites.tests[1:]), steps=steps)


def test_a_test_of_ours_that_breaks_is_said_to_be_ours() -> None:
    def broken(**_: Any) -> None:
        raise LookupError

    suites = with_first_test(suites_of(COURSE, "01_perceptron"), broken)
    name = suites.tests[0].id
    with ForkServer(confined=True) as server:
        report = grade(CLASS / "ada" / "01_perceptron" / "perceptron.ipynb", "ada", suites, ConfinedRooms(server))
    (test,) = [test for one in report.exercises for test in one.tests if test.outcome is Outcome.BROKEN]
    assert test.message == (
        "Something broke in the grader, not in your code. Your work is saved and not yet\n"
        "graded; your instructor sees the details."
    )
    assert report.score is None
    assert report.reason == f"the grader broke in {name}; nothing is wrong with the submission"
