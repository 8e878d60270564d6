"""`messages.txt`: what the students of the class read, where they lost points."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from autograder.core.model import ExerciseResult, Report, TestResult, Visibility
from autograder.grading.failures import advice

_FIRST = "Messages of the sample class, written with Python {0}.{1}. What Python itself says may differ elsewhere."


def messages_text(reports: Iterable[Report]) -> str:
    """Of each exercise that lost points the first failed public test, each message of its hidden tests, and advice."""
    blocks = [block for report in reports for one in report.exercises for block in _blocks(report, one)]
    return "\n\n".join([_FIRST.format(*sys.version_info), *blocks]) + "\n"


def _blocks(report: Report, one: ExerciseResult) -> Iterator[str]:
    failed = one.failures
    public = [test for test in failed if test.visibility is Visibility.PUBLIC]
    hidden = {test.message: test for test in reversed(failed) if test.visibility is Visibility.HIDDEN}
    for test in [*public[:1], *(test for test in failed if test in hidden.values())]:
        yield f"{_heading(report.student, test)}\n{test.message}"
    if advice(one):
        yield f"== {report.student} · {one.name} · advice\n{advice(one)}"


def _heading(student: str, test: TestResult) -> str:
    named = f" · {', '.join(test.mistakes)}" if test.mistakes else ""
    return f"== {student} · {test.exercise} · {test.id} · {test.visibility} · {test.outcome}{named}"


def comparable(text: str, golden: str) -> list[str]:
    """The lines after the first; without what Python says, where another one wrote the golden file."""
    _, *lines = text.splitlines()
    if golden.splitlines()[0] == _FIRST.format(*sys.version_info):
        return lines
    return [line for line in lines if not line.startswith(("  it says", " " * 16)) and "not valid Python" not in line]
