"""The data that the kit passes around. Everything here is frozen: a step makes a new value, it never edits one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any

from autograder.core.sanitize import clean
from autograder.core.text import line_count, lines_of

# Fields of a result that may differ when the same submission is graded again: two results are equal without them.
VARYING = frozenset({"seconds", "kit_version", "sandbox"})


class Outcome(StrEnum):
    """How a test or an exercise ended. There are no others; only PASSED gives points."""

    PASSED = "PASSED"
    FAILED = "FAILED"  # a wrong answer
    RAISED = "RAISED"  # an exception in the student's code
    STUB = "STUB"  # not written yet
    TIMEOUT = "TIMEOUT"
    KILLED = "KILLED"  # memory, a signal, an exit, or a process that broke the protocol with the grader
    SKIPPED = "SKIPPED"  # an earlier test of the exercise was stopped
    BROKEN = "BROKEN"  # a bug in the kit or the suite: the submission stays ungraded


class Visibility(StrEnum):
    """Who may read a test. Of a hidden test, a student sees only its sentence and the diagnosis."""

    PUBLIC = "public"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes; the unit of score."""

    name: str
    points: float
    parameters: tuple[str, ...]  # of the stub, in order; messages call the arguments by these names


@dataclass(frozen=True)
class Cell:
    """One cell of the instructor's release notebook, as far as grading needs it."""

    source: str
    kind: str  # "code", "markdown" or "raw"
    _: KW_ONLY
    grade_id: str | None = None
    solution: bool = False
    points: float | None = None
    cell_id: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """One notebook of the course, read from its release."""

    stem: str
    exercises: tuple[Exercise, ...]
    cells: tuple[Cell, ...]
    _: KW_ONLY
    torch: bool = False  # its functions use PyTorch; a trained model is handed in with the notebook
    companion: str = ""  # the kit's code beside the student's, which tests call if answers are not plain values
    python: tuple[int, int] | None = None  # the version that grades, if a student's computer was told

    @property
    def topic(self) -> str:
        """Return `convolution` for the stem `06_convolution`."""
        return self.stem.partition("_")[2]

    @property
    def max_score(self) -> float:
        """Return the points of all exercises together."""
        return round(sum(exercise.points for exercise in self.exercises), 6)

    def exercise(self, name: str) -> Exercise:
        """Return the exercise of this name, which must exist."""
        return next(exercise for exercise in self.exercises if exercise.name == name)


@dataclass(frozen=True)
class SourceStatement:
    """One top-level statement to run."""

    index: int  # in its cell, from 0
    line: int = 0  # where it begins, from 1
    names: tuple[str, ...] = ()  # that it binds; "*" for a star import


@dataclass(frozen=True)
class SourceCell:
    """One cell to run: its whole text, and which of its top-level statements are run.

    The text stays whole, so that line numbers in messages are the student's own.
    """

    label: str  # what a message calls it: "your cell perceptron_train", "cell 7"
    text: str
    statements: tuple[SourceStatement, ...]
    exercises: tuple[str, ...] = ()  # which of the assignment's functions it defines

    @property
    def is_given(self) -> bool:
        """Return whether it is the instructor's."""
        return self.label.startswith("given")


@dataclass(frozen=True)
class BrokenCell:
    """A student's cell that is not valid Python or too large, and the exercises that are missing for that reason."""

    label: str
    exercises: tuple[str, ...]
    error: str  # one line: what is wrong and on which line
    too_large: bool = False


@dataclass(frozen=True)
class Source:
    """The cells of a notebook that are run, in order, and the cells that cannot be run."""

    cells: tuple[SourceCell, ...]
    broken: tuple[BrokenCell, ...] = ()
    companion: str = ""  # the assignment's

    def text(self, label: str) -> str | None:
        """Return the text of a cell; None if there is no such cell."""
        return next((cell.text for cell in self.cells if cell.label == label), None)

    def has_line(self, label: str, number: int) -> bool:
        """Return whether a cell has a line of this number, counted from 1 as Python counts."""
        text = self.text(label)
        return text is not None and 0 < number <= line_count(text)

    def line(self, label: str, number: int) -> str:
        """Return a line of a cell, cleaned and without blanks around it; empty if there is no such line."""
        return clean(lines_of(self.text(label) or "")[number - 1].strip()) if self.has_line(label, number) else ""


@dataclass(frozen=True)
class CodeCell:
    """A cell that a student wrote, as feedback shows it."""

    label: str
    text: str
    exercises: tuple[str, ...] = ()  # that it stands for or defines


@dataclass(frozen=True)
class Place:
    """A line of a student's cell, counted from 1."""

    cell: str
    line: int


@dataclass(frozen=True)
class TrainedModel:
    """A trained model as it was handed in."""

    weights: Mapping[str, Any]  # arrays, by the names of a `state_dict`
    history: Mapping[str, Any]

    @property
    def numbers(self) -> int:
        """Return how many numbers it holds, in parameters and buffers.

        A number of eight bytes counts as two, so that wide numbers do not hold more. A scalar, such as a counter
        of batches, counts as one.
        """
        return sum(int(array.size) * (2 if array.ndim and array.itemsize > 4 else 1) for array in self.weights.values())


@dataclass(frozen=True)
class NoModel:
    """Why there is no trained model that can be graded, in words for the student."""

    reason: str = "No trained model was handed in."


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One student's notebook for one assignment, reduced to what is graded."""

    student: str
    assignment: str
    sha256: str
    source: Source
    calls: tuple[tuple[str, tuple[str, ...]], ...] = ()  # exercise, and the other exercises that its code uses
    remarks: tuple[str, ...] = ()
    code: tuple[CodeCell, ...] = ()
    trained: TrainedModel | NoModel = NoModel()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A small grey picture of an array of an answer, or a map of the places where it is wrong."""

    label: str  # what it shows, in words
    rows: int  # at most 32, as columns
    columns: int
    low: float | None  # the number that is drawn darkest; None, as `high`: a map of places, which has no scale
    high: float | None
    pixels: bytes  # row by row, from 0 (low, or right) to PIXEL_HIGH (high, or wrong); NOT_FINITE: nan or infinity


PIXEL_HIGH = 254
NOT_FINITE = 255


@dataclass(frozen=True)
class Hint:
    """A recognised mistake, or several that were made together."""

    mistakes: tuple[str, ...]  # their names in the catalogue
    sentence: str  # for the student


@dataclass(frozen=True)
class TestResult:
    """The verdict of one test."""

    __test__ = False  # pytest must not take it for a test class

    id: str
    name: str
    _: KW_ONLY
    exercise: str
    visibility: Visibility
    points: float
    outcome: Outcome
    message: str | None = None
    mistakes: tuple[str, ...] = ()  # that were recognised in its answers; empty: none
    seconds: float = 0.0
    place: Place | None = None  # where the student's code raised
    rank: int = 0  # of a failure: how much its message explains, the most telling 0
    pictures: tuple[Picture, ...] = ()  # at most 3

    @property
    def earned(self) -> float:
        """Return the points that it gives."""
        return self.points if self.outcome is Outcome.PASSED else 0.0


@dataclass(frozen=True)
class ExerciseResult:
    """The verdict of one exercise: the sum of its tests."""

    name: str
    max_score: float
    tests: tuple[TestResult, ...]
    _: KW_ONLY
    hint: Hint | None = None  # by the answers in all tests
    public_hint: Hint | None = None  # by the answers in public tests alone, as the student's own check gives it
    calls_failed: tuple[str, ...] = ()  # exercises that its code calls and that failed, too

    @property
    def score(self) -> float:
        """Return the points of all tests, rounded to six digits after the point."""
        return min(self.max_score, round(sum(test.earned for test in self.tests), 6))

    @property
    def first_failure(self) -> TestResult | None:
        """Return the first test that is not PASSED: public tests first, in file order."""
        return next((test for test in self.tests if test.outcome is not Outcome.PASSED), None)

    @property
    def failures(self) -> tuple[TestResult, ...]:
        """Return the tests that are not PASSED, the most telling first: public ones, by rank, in file order."""
        failed = [test for test in self.tests if test.outcome is not Outcome.PASSED]
        return tuple(sorted(failed, key=lambda test: (test.visibility is Visibility.HIDDEN, test.rank)))

    @property
    def outcome(self) -> Outcome:
        """Return how its first failure ended; PASSED if there is none."""
        failure = self.first_failure
        return failure.outcome if failure else Outcome.PASSED

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Return the mistakes that were recognised, each once."""
        return tuple(sorted({name for test in self.tests for name in test.mistakes}))


@dataclass(frozen=True)
class Report:
    """Everything that is known about one submission, graded or not."""

    student: str
    assignment: str
    max_score: float
    exercises: tuple[ExerciseResult, ...] = ()
    _: KW_ONLY
    reason: str | None = None  # why it is ungraded; None when it is graded
    remarks: tuple[str, ...] = ()
    code: tuple[CodeCell, ...] = ()  # the graded cells that the student wrote, in the notebook's order
    submission_sha256: str | None = None
    suite_sha256: str = ""
    kit_version: str = ""
    sandbox: str = ""  # the level at which the student's code was confined: `sandbox.levels.Level`; "": none of it ran

    @classmethod
    def ungraded(cls, student: str, assignment: str, max_score: float, reason: str) -> Report:
        """Return the report on a submission that cannot be graded; the reason says why and what to do."""
        return cls(student, assignment, max_score, reason=reason)

    @property
    def graded(self) -> bool:
        """Return whether it has a score."""
        return self.reason is None

    @property
    def status(self) -> str:
        """Return the word that a result's file has for it."""
        return "graded" if self.graded else "ungraded"

    @property
    def score(self) -> float | None:
        """Return the points of all exercises; None if it is ungraded."""
        if not self.graded:
            return None
        return min(self.max_score, round(sum(exercise.score for exercise in self.exercises), 6))

    @property
    def result_summary(self) -> ResultSummary:
        """Return the part of it that a table of the class shows."""
        failed = tuple(result for result in self.exercises if result.outcome is not Outcome.PASSED)
        return ResultSummary(
            student=self.student,
            assignment=self.assignment,
            score=self.score,
            max_score=self.max_score,
            reason=self.reason,
            lost_points=tuple(map(_lost_points, failed)),
            untouched=len(failed) == len(self.exercises) and {result.outcome for result in failed} == {Outcome.STUB},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPoints:
    """An exercise that did not get all points, and why."""

    exercise: str
    score: float
    max_score: float
    outcome: Outcome
    mistakes: tuple[str, ...]


def _lost_points(result: ExerciseResult) -> LostPoints:
    return LostPoints(
        exercise=result.name,
        score=result.score,
        max_score=result.max_score,
        outcome=result.outcome,
        mistakes=result.mistakes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSummary:
    """The part of a report that a batch keeps in memory; the report's file holds all of it."""

    student: str
    assignment: str
    score: float | None
    max_score: float
    reason: str | None
    lost_points: tuple[LostPoints, ...]
    untouched: bool  # nothing but stubs

    @property
    def graded(self) -> bool:
        """Return whether it has a score."""
        return self.reason is None
