"""Write `results/<stem>/<student>.html`, the feedback on a graded submission: one page that needs no other file.

Of a hidden test it shows the sentence and the message. It does not show the name of a test's function, whose
parameters in brackets would reveal an input. The reports are those that `student_view.for_students` returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import escape

from autograder.core.model import CodeCell, ExerciseResult, Outcome, Report, TestResult, Visibility
from autograder.core.sanitize import clean
from autograder.core.settings import Feedback
from autograder.grading import messages
from autograder.grading.failures import blame
from autograder.rendering.array_pictures import Drawn, drawn
from autograder.rendering.html import render

LINES = 200  # of a cell; a longer one shows its beginning, and the lines around the marked ones
CHARACTERS = 400  # of a line
HEAD_BYTES = 500  # of a page: they say which feedback it gives
CODE_BYTES = 1_500_000  # of code with its markup, in all exercises of one submission together
_LINE_BYTES = 450  # that a line's markup takes in a notebook's output; less on a page, which has classes

_SIGNS = {  # for readers who do not see the colours
    Outcome.PASSED: ("✓", "good"),
    Outcome.STUB: ("○", "note"),
    Outcome.SKIPPED: ("–", "note"),
    Outcome.BROKEN: ("!", "note"),
}


def feedback_page(report: Report, feedback: Feedback = "full") -> str:
    """Return a whole HTML page: scores, messages, the student's code with the lines that raised, remarks."""
    exercises = tuple(_exercise_view(report, result) for result in report.exercises)
    named = {cell.label for result in report.exercises for cell, _ in _cells(report.code, result)}
    rest = [(cell, frozenset[int]()) for cell in report.code if cell.label not in named]
    return render(
        "feedback.html",
        report=report,
        student=clean(report.student),
        reason=reason_for_students(report),
        told=exercises,
        rest=_views(rest, _share(report)),
        feedback=feedback,
    )


def gives_feedback(head: bytes, feedback: Feedback) -> bool:
    """Return whether a page, given by its first HEAD_BYTES bytes, says that it gives this feedback."""
    return f'<meta name="feedback" content="{feedback}">'.encode() in head


def exercise_html(report: Report, result: ExerciseResult) -> str:
    """Return one exercise as a piece of HTML with its own style, for a page of another program in light colours."""
    return render("feedback_output.html", report=report, one=_exercise_view(report, result))


# ---- the values of the templates


@dataclass(frozen=True)
class _Sentence:
    """A test as a student knows it, and the number of tests with that sentence."""

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
    pictures: tuple[Drawn, ...]


@dataclass(frozen=True)
class _Line:
    number: int  # from 1
    text: str
    marked: bool
    left_out: str = ""  # says which lines before this one are not shown


@dataclass(frozen=True)
class _CellView:
    """The part of a student's cell that is shown."""

    label: str
    lines: tuple[_Line, ...]
    left_out: str  # says which lines at the end are not shown

    @property
    def marked(self) -> bool:
        return any(line.marked for line in self.lines)


@dataclass(frozen=True)
class _Code:
    """The cells of a part of the page, and how many more there are."""

    cells: tuple[_CellView, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class _ExerciseView:
    """An exercise, arranged for a reader."""

    result: ExerciseResult
    sign: str
    tone: str
    state: str
    passed_count: int
    failures: tuple[_Failure, ...]
    blame: str
    passed: tuple[_Sentence, ...]
    code: _Code


def _exercise_view(report: Report, result: ExerciseResult) -> _ExerciseView:
    passed = [test for test in result.tests if test.outcome is Outcome.PASSED]
    sign, tone = _sign(result.outcome)
    return _ExerciseView(
        result=result,
        sign=sign,
        tone=tone,
        state=messages.STATES[result.outcome],
        passed_count=len(passed),
        failures=tuple(_failures(result)),
        blame=blame(result),
        passed=_sentences(passed),
        code=_views(list(_cells(report.code, result)), _share(report)),
    )


def _sign(outcome: Outcome) -> tuple[str, str]:
    """Return (sign, tone); a tone is a colour's name in the templates."""
    return _SIGNS.get(outcome, ("✗", "bad"))


def _failures(result: ExerciseResult) -> Iterator[_Failure]:
    """Yield each message once, the most telling first."""
    by_message: dict[tuple[str, Outcome], list[TestResult]] = {}
    for test in result.failures:
        message = test.message or messages.STATES[test.outcome]
        by_message.setdefault((message, test.outcome), []).append(test)
    for (message, outcome), failed in by_message.items():
        sign, tone = _sign(outcome)
        pictures = next((test.pictures for test in failed if test.pictures), ())
        yield _Failure(message, sign, tone, _sentences(failed), tuple(map(drawn, pictures)))


def _sentences(tests: Iterable[TestResult]) -> tuple[_Sentence, ...]:
    counts = Counter((test.name, test.visibility) for test in tests)
    return tuple(_Sentence(name, visibility, count) for (name, visibility), count in counts.items())


def reason_for_students(report: Report) -> str | None:
    """Return why a submission is ungraded, without the name of a broken test, which is for the instructor only."""
    broken = any(test.outcome is Outcome.BROKEN for exercise in report.exercises for test in exercise.tests)
    return messages.broken() if broken else report.reason


# ---- code


_Marks = frozenset[int]  # the lines in which an exercise raised


def _cells(code: Iterable[CodeCell], result: ExerciseResult) -> Iterator[tuple[CodeCell, _Marks]]:
    """Yield the cells of an exercise, and those in which it raised."""
    places = {(test.place.cell, test.place.line) for test in result.tests if test.place}
    for cell in code:
        marks = frozenset(line for label, line in places if label == cell.label)
        if marks or result.name in cell.exercises:
            yield cell, marks


def _share(report: Report) -> int:
    """Return the bytes that each exercise, and the rest of the page, may take for code."""
    return CODE_BYTES // (len(report.exercises) + 1)


def _views(cells: Sequence[tuple[CodeCell, _Marks]], space: int) -> _Code:
    """Return as many cells as there is space for, in order. Those in which the exercise raised come before others."""
    views: dict[int, _CellView] = {}
    for number, (cell, marks) in sorted(enumerate(cells), key=lambda numbered: not numbered[1][1]):
        view, size = _cell_view(cell, marks, space)
        if not view.lines:
            break
        views[number] = view
        space -= size
    return _Code(tuple(views[number] for number in sorted(views)), len(cells) - len(views))


def _cell_view(cell: CodeCell, marks: _Marks, space: int) -> tuple[_CellView, int]:
    """Return a cell with the lines that there is space for, and the bytes that they take."""
    lines = cell.text.rstrip("\n").split("\n")
    numbers, size = [], 0
    for number in _nearest(len(lines), marks):
        size += _LINE_BYTES + len(escape(clean(lines[number - 1], CHARACTERS)).encode("utf-8", "replace"))
        if size > space:
            break
        numbers.append(number)
    numbers.sort()
    before = [0, *numbers]
    view = _CellView(
        cell.label,
        tuple(
            _Line(number, clean(lines[number - 1], CHARACTERS), number in marks, _between(last, number))
            for last, number in zip(before, numbers, strict=False)
        ),
        _between(before[-1], len(lines) + 1),
    )
    return view, size


def _nearest(count: int, marks: Iterable[int]) -> list[int]:
    """Return the numbers of at most `LINES` lines, the nearest to the first one and to the marked ones first."""
    anchors = [1, *(mark for mark in marks if 0 < mark <= count)]
    nearest_first = sorted(range(1, count + 1), key=lambda line: min(abs(line - anchor) for anchor in anchors))
    return nearest_first[:LINES]


def _between(last: int, following: int) -> str:
    first, end = last + 1, following - 1
    if first > end:
        return ""
    return f"line {first} is left out" if first == end else f"lines {first} to {end} are left out"
