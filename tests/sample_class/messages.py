"""`messages.txt`: what the students of the class read, where they lost points."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from autograder.core.model import ExerciseResult, Outcome, Report, TestResult, Visibility

_FIRST = "Messages of the sample class, written with Python {0}.{1}. What Python itself says may differ elsewhere."


def messages_text(reports: Iterable[Report]) -> str:
    """Of each exercise that lost points the first failed public test, and each message of its hidden tests."""
    blocks = [block for report in reports for one in report.exercises for block in _blocks(report, one)]
    return "\n\n".join([_FIRST.format(*sys.version_info), *blocks]) + "\n"


def _blocks(report: Report, one: ExerciseResult) -> Iterator[str]:
    failed = [test for test in one.tests if test.outcome is not Outcome.PASSED]
    public = [test for test in failed if test.visibility is Visibility.PUBLIC]
    hidden = {test.message: test for test in reversed(failed) if test.visibility is Visibility.HIDDEN}
    for test in [*public[:1], *(test for test in failed if test in hidden.values())]:
        yield f"{_heading(report.student, test)}\n{test.message}"


def _heading(student: str, test: TestResult) -> str:
    named = f" · {test.mistake}" if test.mistake else ""
    return f"== {student} · {test.exercise} · {test.id} · {test.visibility} · {test.outcome}{named}"


def comparable(text: str, golden: str) -> list[str]:
    """The lines after the first; without what Python says, where another one wrote the golden file."""
    _, *lines = text.splitlines()
    if golden.splitlines()[0] == _FIRST.format(*sys.version_info):
        return lines
    return [line for line in lines if not line.startswith(("  it says", " " * 16)) and "not valid Python" not in line]
