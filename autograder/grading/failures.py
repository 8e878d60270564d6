"""Arrange what failed in an exercise for a reader: the most telling failure first, and advice that stands once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from autograder.core.model import ExerciseResult, Picture, TestResult
from autograder.grading import messages


@dataclass(frozen=True)
class Failure:
    """Failed tests with one title that went wrong in one way. The first of them speaks."""

    tests: tuple[TestResult, ...]

    @property
    def test(self) -> TestResult:
        """Return the most telling one."""
        return self.tests[0]

    @property
    def title(self) -> str:
        """Return what must hold, and how many tests say so."""
        return titled(self.test.name, len(self.tests))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures of the first test that has some."""
        return next((test.pictures for test in self.tests if test.pictures), ())

    @property
    def message(self) -> str:
        """Return what is wrong, in all words."""
        return self.test.message or messages.STATES[self.test.outcome]

    @property
    def headline(self) -> str:
        """Return the sentence with which the message begins."""
        return _headline(self.message)


def failures_of(result: ExerciseResult) -> list[Failure]:
    """Return the failures of an exercise, the most telling first."""
    grouped: dict[tuple[str, str], list[TestResult]] = {}
    for test in result.failures:
        grouped.setdefault((test.name, _headline(test.message or "")), []).append(test)
    return [Failure(tuple(tests)) for tests in grouped.values()]


def _headline(message: str) -> str:
    first, *more = message.splitlines() or [""]
    return " ".join([first, *takewhile(lambda line: not line.startswith(" "), more)])


def titles(tests: Iterable[TestResult]) -> list[str]:
    """Return the titles of some tests, each once."""
    return [titled(name, count) for name, count in Counter(test.name for test in tests).items()]


def titled(name: str, count: int) -> str:
    """Return a title with the number of tests that have it, if there are several."""
    return f"{name} ({count} tests)" if count > 1 else name


def blame(result: ExerciseResult) -> str:
    """Return which function to fix first, because the exercise's code calls it; empty if there is none."""
    return messages.depends_on(result.name, result.calls_failed) if result.calls_failed else ""


def advice(result: ExerciseResult) -> str:
    """Return as text what helps with an exercise as a whole: the hint, and the function to fix first."""
    hint = messages.hint(result.hint.sentence) if result.hint else ""
    return "\n".join(filter(None, [hint, blame(result)]))
