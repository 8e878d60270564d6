"""`results/<stem>/<student>.html`: what a student reads of a graded submission, on one page that needs nothing else.

Of a hidden test it holds its sentence and its recorded message. No name of a test's function is on it: with the
parameters in its brackets that would tell an input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.core.model import CodeCell, ExerciseResult, Outcome, Report, TestResult, Visibility
from autograder.core.sanitize import clean
from autograder.grading import messages
from autograder.rendering.html import render

LINES = 200  # of a cell; a longer one shows its head, and what lies around the marked lines
CHARACTERS = 400  # of a line

_SIGNS = {  # what a colour says is said by a sign as well
    Outcome.PASSED: ("✓", "good"),
    Outcome.STUB: ("○", "note"),
    Outcome.SKIPPED: ("–", "note"),
    Outcome.BROKEN: ("!", "note"),
}


def feedback_page(report: Report) -> str:
    """A whole HTML page: scores, messages, the student's code with the lines that raised, remarks."""
    told = tuple(_told(report, result) for result in report.exercises)
    shown = {cell.label for one in told for cell in one.cells}
    rest = tuple(_shown(cell, frozenset()) for cell in report.code if cell.label not in shown)
    return render(
        "feedback.html",
        report=report,
        student=clean(report.student),
        reason=reason_for_students(report),
        told=told,
        rest=rest,
    )


def exercise_html(report: Report, result: ExerciseResult) -> str:
    """One exercise as a piece of HTML that brings its own look, for the light page of somebody else."""
    return render("feedback_output.html", report=report, one=_told(report, result))


# ---- what the templates are given


@dataclass(frozen=True)
class _Sentence:
    """A test as a student knows it, and how many tests have that sentence."""

    text: str
    visibility: Visibility
    count: int


@dataclass(frozen=True)
class _Failure:
    """A message, and all tests of an exercise that ended with it."""

    message: str
    sign: str
    tone: str
    tests: tuple[_Sentence, ...]


@dataclass(frozen=True)
class _Line:
    number: int  # from 1
    text: str
    marked: bool
    left_out: str = ""  # which lines before this one are not shown


@dataclass(frozen=True)
class _Shown:
    """A cell of the student's, as far as it is shown."""

    label: str
    lines: tuple[_Line, ...]
    left_out: str  # which lines at the end are not shown

    @property
    def marked(self) -> bool:
        return any(line.marked for line in self.lines)


@dataclass(frozen=True)
class _Told:
    """An exercise, arranged for a reader."""

    result: ExerciseResult
    sign: str
    tone: str
    state: str
    passed_count: int
    failures: tuple[_Failure, ...]
    passed: tuple[_Sentence, ...]
    cells: tuple[_Shown, ...]


def _told(report: Report, result: ExerciseResult) -> _Told:
    passed = [test for test in result.tests if test.outcome is Outcome.PASSED]
    sign, tone = _sign(result.outcome)
    return _Told(
        result,
        sign,
        tone,
        messages.STATES[result.outcome],
        len(passed),
        tuple(_failures(result.tests)),
        _sentences(passed),
        tuple(_cells(report.code, result)),
    )


def _sign(outcome: Outcome) -> tuple[str, str]:
    """(sign, tone); a tone is a colour's name in the templates."""
    return _SIGNS.get(outcome, ("✗", "bad"))


def _failures(tests: Iterable[TestResult]) -> Iterator[_Failure]:
    """Each message once, in the order of the tests."""
    same: dict[tuple[str, Outcome], list[TestResult]] = {}
    for test in tests:
        if test.outcome is not Outcome.PASSED:
            same.setdefault((test.message or messages.STATES[test.outcome], test.outcome), []).append(test)
    for (message, outcome), its in same.items():
        yield _Failure(message, *_sign(outcome), _sentences(its))


def _sentences(tests: Iterable[TestResult]) -> tuple[_Sentence, ...]:
    counted = Counter((test.name, test.visibility) for test in tests)
    return tuple(_Sentence(name, visibility, count) for (name, visibility), count in counted.items())


def reason_for_students(report: Report) -> str | None:
    """Why it is ungraded. Where a test of ours broke, the reason names it for the instructor, and is not for others."""
    broken = any(test.outcome is Outcome.BROKEN for one in report.exercises for test in one.tests)
    return messages.broken() if broken else report.reason


# ---- code


def _cells(code: Iterable[CodeCell], result: ExerciseResult) -> Iterator[_Shown]:
    """The cells of an exercise, and those in which it raised."""
    places = {(test.place.cell, test.place.line) for test in result.tests if test.place}
    for cell in code:
        marks = frozenset(line for label, line in places if label == cell.label)
        if marks or result.name in cell.exercises:
            yield _shown(cell, marks)


def _shown(cell: CodeCell, marks: frozenset[int]) -> _Shown:
    lines = cell.text.rstrip("\n").split("\n")
    numbers = _nearest(len(lines), marks)
    before = [0, *numbers]
    return _Shown(
        cell.label,
        tuple(
            _Line(number, clean(lines[number - 1], CHARACTERS), number in marks, _between(last, number))
            for last, number in zip(before, numbers, strict=False)
        ),
        _between(before[-1], len(lines) + 1),
    )


def _nearest(count: int, marks: Iterable[int]) -> list[int]:
    """The numbers of at most `LINES` lines: those nearest to the first one and to the marked ones."""
    anchors = [1, *(mark for mark in marks if 0 < mark <= count)]
    return sorted(sorted(range(1, count + 1), key=lambda line: min(abs(line - one) for one in anchors))[:LINES])


def _between(last: int, following: int) -> str:
    first, end = last + 1, following - 1
    if first > end:
        return ""
    return f"line {first} is left out" if first == end else f"lines {first} to {end} are left out"
