"""What the class report knows of a class: results, roster, submissions, and the sentences of the catalogues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.core.model import Assignment, ResultSummary

Sentences = Mapping[tuple[str, str], str]  # of a catalogue, by exercise and mistake


@dataclass(frozen=True, slots=True)
class Result:
    """The part of a submission's report that the class report keeps."""

    result_summary: ResultSummary
    guesses: tuple[str, ...] = ()  # the remarks that report a guess
    suite_sha256: str = ""
    sandbox: str = ""  # how the student's code was confined, see `core.model.Report`


@dataclass(frozen=True, kw_only=True)
class ClassResults:
    """A class. Students are named in `results`, `roster`, `handed_in`, `aliases` and `notes`, and nowhere else."""

    assignments: tuple[Assignment, ...]  # of the course, in teaching order
    results: tuple[Result, ...]
    sentences: Mapping[str, Sentences]  # by assignment
    roster: tuple[str, ...] | None = None  # None if the course has none
    handed_in: tuple[tuple[str, str], ...] = ()  # assignment and student of each submission
    aliases: Mapping[str, str] = field(default_factory=dict)  # what else a student is called, and who that is
    notes: tuple[str, ...] = ()

    @property
    def students(self) -> tuple[str, ...]:
        """Everybody whose name is in any of the fields."""
        students = {result.result_summary.student for result in self.results}
        students.update(self.roster or (), (student for _, student in self.handed_in), self.aliases.values())
        return tuple(sorted(students))

    @property
    def sandboxes(self) -> Mapping[str, int]:
        """How student code was confined, and how many submissions in that way."""
        return Counter(result.sandbox for result in self.results if result.sandbox)

    @property
    def under_way(self) -> tuple[Assignment, ...]:
        """The assignments that somebody handed in."""
        stems = {result.result_summary.assignment for result in self.results} | {stem for stem, _ in self.handed_in}
        return tuple(assignment for assignment in self.assignments if assignment.stem in stems)

    def summaries(self, stem: str) -> tuple[ResultSummary, ...]:
        """Return the summary of each result of an assignment."""
        summaries = (result.result_summary for result in self.results)
        return tuple(summary for summary in summaries if summary.assignment == stem)

    @property
    def absent(self) -> Mapping[str, tuple[str, ...]]:
        """The students of the roster who handed in nothing, by assignment that is under way."""
        summaries = (result.result_summary for result in self.results)
        present = {(summary.assignment, summary.student) for summary in summaries}.union(self.handed_in)
        stems = [assignment.stem for assignment in self.under_way]
        return {
            stem: tuple(student for student in self.roster or () if (stem, student) not in present) for stem in stems
        }


_UNCONFINED = "student code ran with your rights, and could read the answers: `autograder grade --force` confines it"


class Kind(StrEnum):
    """Why a submission needs a human."""

    UNGRADED = "ungraded"
    WAITING = "not graded yet"
    GUESSED = "graded after a guess"
    UNCONFINED = "graded without a sandbox"


@dataclass(frozen=True)
class Concern:
    """A submission that needs a human."""

    assignment: str
    kind: Kind
    what: str
    student: str


def concerns(class_results: ClassResults) -> tuple[Concern, ...]:
    """Return every submission that needs a human, by assignment, kind and reason."""
    kinds = list(Kind)
    return tuple(
        sorted(
            _concerns(class_results),
            key=lambda concern: (concern.assignment, kinds.index(concern.kind), concern.what),
        )
    )


def _concerns(class_results: ClassResults) -> Iterator[Concern]:
    with_result = set()
    for result in class_results.results:
        summary = result.result_summary
        with_result.add((summary.assignment, summary.student))
        if summary.reason is not None:
            yield Concern(summary.assignment, Kind.UNGRADED, summary.reason, summary.student)
        for guess in result.guesses:
            yield Concern(summary.assignment, Kind.GUESSED, guess, summary.student)
        if result.sandbox == "none":
            yield Concern(summary.assignment, Kind.UNCONFINED, _UNCONFINED, summary.student)
    for stem, student in class_results.handed_in:
        if (stem, student) not in with_result:
            yield Concern(stem, Kind.WAITING, "handed in, and there is no result: run `autograder grade`", student)
