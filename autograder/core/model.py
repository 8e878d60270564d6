"""The nouns of the kit. Everything here is frozen: a step of the line makes a new one, it never edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Fields of a result that may differ when the same submission is graded again: two results are equal without them.
VARYING = frozenset({"seconds", "kit_version", "sandbox"})


class Outcome(StrEnum):
    """How a test, or an exercise, ended. The list is closed; points come from PASSED alone."""

    PASSED = "PASSED"
    FAILED = "FAILED"  # a wrong answer
    RAISED = "RAISED"  # an exception in the student's code
    STUB = "STUB"  # not written yet
    TIMEOUT = "TIMEOUT"
    KILLED = "KILLED"  # memory, a signal, an exit, or a room that broke the rules of the wire
    SKIPPED = "SKIPPED"  # something else must pass or end first
    BROKEN = "BROKEN"  # our fault: the submission stays ungraded


class Visibility(StrEnum):
    """Public tests ship to students; of a hidden test a student sees its sentence and the diagnosis."""

    PUBLIC = "public"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Exercise:
    """One function a student writes; the unit of score."""

    name: str
    points: float
    parameters: tuple[str, ...]  # of the stub, in order: names the arguments in messages


@dataclass(frozen=True)
class Cell:
    """One cell of the instructor's release notebook, as far as grading needs it."""

    source: str
    kind: str  # "code", "markdown" or "raw"
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
    torch: bool = False  # its functions use PyTorch; a trained model is handed in with the notebook
    companion: str = ""  # code of ours that tests call in the room, where a student's answers are no plain values

    @property
    def topic(self) -> str:
        """`convolution` of the stem `06_convolution`."""
        return self.stem.partition("_")[2]

    @property
    def max_score(self) -> float:
        return round(sum(exercise.points for exercise in self.exercises), 6)

    def exercise(self, name: str) -> Exercise:
        return next(exercise for exercise in self.exercises if exercise.name == name)


@dataclass(frozen=True)
class SourceCell:
    """One cell to run in a room: its whole text, and which of its top-level statements count.

    The text stays whole so that line numbers in messages are the student's own.
    """

    label: str  # what a message calls it: "your cell perceptron_train", "cell 7"
    text: str
    statements: tuple[int, ...]
    exercises: tuple[str, ...] = ()  # which of the assignment's functions it defines


@dataclass(frozen=True)
class BrokenCell:
    """A cell of the student's that is no Python, and the exercises that therefore are missing."""

    label: str
    exercises: tuple[str, ...]
    error: str  # one line: what is wrong and on which line


@dataclass(frozen=True)
class Source:
    """What of a notebook is run, in order, and the cells that cannot be."""

    cells: tuple[SourceCell, ...]
    broken: tuple[BrokenCell, ...] = ()
    companion: str = ""  # of the assignment

    def line(self, label: str, number: int) -> str:
        """The text of one line of a cell, as the student wrote it; empty where there is no such line."""
        lines = next((cell.text.splitlines() for cell in self.cells if cell.label == label), [])
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


@dataclass(frozen=True)
class CodeCell:
    """A cell that a student wrote, as it is shown to them again."""

    label: str
    text: str
    exercises: tuple[str, ...] = ()  # that it carries or defines


@dataclass(frozen=True)
class Place:
    """A line of a student's cell, counted from 1."""

    cell: str
    line: int


@dataclass(frozen=True)
class Trained:
    """A trained model as it was handed in."""

    weights: Mapping[str, Any]  # arrays, by the names of a `state_dict`
    history: Mapping[str, Any]

    @property
    def numbers(self) -> int:
        """How many numbers it holds: parameters and buffers alike. One of eight bytes counts as two, but for a counter.

        So numbers of eight bytes hold no more than those of four.
        """
        return sum(int(one.size) * (2 if one.ndim and one.itemsize > 4 else 1) for one in self.weights.values())


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one assignment, reduced to what is graded."""

    student: str
    assignment: str
    sha256: str
    source: Source
    calls: tuple[tuple[str, tuple[str, ...]], ...] = ()  # exercise -> other exercises its code reaches
    remarks: tuple[str, ...] = ()
    code: tuple[CodeCell, ...] = ()
    trained: Trained | str = ""  # where the assignment asks for a model; why there is none, in words


@dataclass(frozen=True)
class TestResult:
    """One test's verdict."""

    __test__ = False  # pytest must not take it for a test class

    id: str
    name: str
    exercise: str
    visibility: Visibility
    points: float
    outcome: Outcome
    message: str | None = None
    mistake: str | None = None
    seconds: float = 0.0
    place: Place | None = None  # where the student's code raised

    @property
    def earned(self) -> float:
        return self.points if self.outcome is Outcome.PASSED else 0.0


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise's verdict: what its tests add up to."""

    name: str
    max_score: float
    tests: tuple[TestResult, ...]

    @property
    def score(self) -> float:
        """Only here is anything rounded."""
        return min(self.max_score, round(sum(test.earned for test in self.tests), 6))

    @property
    def first_failure(self) -> TestResult | None:
        """The first test that is not PASSED, public tests first, in file order."""
        return next((test for test in self.tests if test.outcome is not Outcome.PASSED), None)

    @property
    def outcome(self) -> Outcome:
        failure = self.first_failure
        return failure.outcome if failure else Outcome.PASSED

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The named mistakes, each once."""
        return tuple(sorted({test.mistake for test in self.tests if test.mistake}))


@dataclass(frozen=True)
class Report:
    """Everything that is known about one graded, or ungradable, submission."""

    student: str
    assignment: str
    max_score: float
    exercises: tuple[ExerciseResult, ...] = ()
    reason: str | None = None  # why it is ungraded; None when it is graded
    remarks: tuple[str, ...] = ()
    code: tuple[CodeCell, ...] = ()  # what the student wrote and the grading took, in the notebook's order
    submission_sha256: str | None = None
    suite_sha256: str = ""
    kit_version: str = ""
    sandbox: str = ""

    @property
    def graded(self) -> bool:
        return self.reason is None

    @property
    def status(self) -> str:
        return "graded" if self.graded else "ungraded"

    @property
    def score(self) -> float | None:
        if not self.graded:
            return None
        return min(self.max_score, round(sum(exercise.score for exercise in self.exercises), 6))

    @property
    def result_summary(self) -> ResultSummary:
        """The few things that a table of the class tells of it."""
        failed = tuple(one for one in self.exercises if one.outcome is not Outcome.PASSED)
        return ResultSummary(
            self.student,
            self.assignment,
            self.score,
            self.max_score,
            self.reason,
            tuple(LostPoints(one.name, one.score, one.max_score, one.outcome, one.mistakes) for one in failed),
            untouched=len(failed) == len(self.exercises) and {one.outcome for one in failed} == {Outcome.STUB},
        )


@dataclass(frozen=True, slots=True)
class LostPoints:
    """An exercise that did not get all points, and why."""

    exercise: str
    score: float
    max_score: float
    outcome: Outcome
    mistakes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """What a batch keeps of a report in memory; all of it is in the report's file."""

    student: str
    assignment: str
    score: float | None
    max_score: float
    reason: str | None
    lost_points: tuple[LostPoints, ...]
    untouched: bool  # nothing but stubs

    @property
    def graded(self) -> bool:
        return self.reason is None
