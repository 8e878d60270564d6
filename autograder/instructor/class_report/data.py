"""What is known of a class: its results, its roster, what was handed in, and the sentences of the catalogues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.core.model import Assignment, ResultSummary

Sentences = Mapping[tuple[str, str], str]  # of a catalogue, by exercise and mistake


@dataclass(frozen=True, slots=True)
class Result:
    """What the report on a class keeps of the report on a submission."""

    result_summary: ResultSummary
    guesses: tuple[str, ...] = ()  # the remarks that tell of one
    suite_sha256: str = ""


@dataclass(frozen=True)
class ClassResults:
    """A class. Students are named in `results`, `roster`, `handed_in`, `aliases` and `notes`, and nowhere else."""

    assignments: tuple[Assignment, ...]  # of the course, in teaching order
    results: tuple[Result, ...]
    sentences: Mapping[str, Sentences]  # by assignment
    roster: tuple[str, ...] | None = None  # None where the course has none
    handed_in: tuple[tuple[str, str], ...] = ()  # assignment and student of what lies in `submitted/`
    aliases: Mapping[str, str] = field(default_factory=dict)  # what else a student is called, and who that is
    notes: tuple[str, ...] = ()

    @property
    def students(self) -> tuple[str, ...]:
        """Everybody who is named anywhere."""
        graded = {one.result_summary.student for one in self.results}
        return tuple(sorted(graded.union(self.roster or (), (who for _, who in self.handed_in), self.aliases.values())))

    @property
    def under_way(self) -> tuple[Assignment, ...]:
        """The assignments that somebody handed in."""
        stems = {one.result_summary.assignment for one in self.results} | {stem for stem, _ in self.handed_in}
        return tuple(one for one in self.assignments if one.stem in stems)

    def standings(self, stem: str) -> tuple[ResultSummary, ...]:
        return tuple(one.result_summary for one in self.results if one.result_summary.assignment == stem)

    @property
    def absent(self) -> Mapping[str, tuple[str, ...]]:
        """Of each assignment that is under way, who is on the roster and has handed in nothing."""
        present = {(one.result_summary.assignment, one.result_summary.student) for one in self.results} | set(
            self.handed_in
        )
        return {
            one.stem: tuple(who for who in self.roster or () if (one.stem, who) not in present)
            for one in self.under_way
        }


class Kind(StrEnum):
    """Why a submission needs a human."""

    UNGRADED = "ungraded"
    WAITING = "not graded yet"
    GUESSED = "graded after a guess"


@dataclass(frozen=True)
class Concern:
    """A submission that needs a human."""

    assignment: str
    kind: Kind
    what: str
    student: str


def concerns(known: ClassResults) -> tuple[Concern, ...]:
    """Every submission that needs a human, by assignment, kind and reason."""
    kinds = list(Kind)
    return tuple(sorted(_concerns(known), key=lambda one: (one.assignment, kinds.index(one.kind), one.what)))


def _concerns(known: ClassResults) -> Iterator[Concern]:
    graded = set()
    for one in known.results:
        result_summary = one.result_summary
        graded.add((result_summary.assignment, result_summary.student))
        if result_summary.reason is not None:
            yield Concern(result_summary.assignment, Kind.UNGRADED, result_summary.reason, result_summary.student)
        for guess in one.guesses:
            yield Concern(result_summary.assignment, Kind.GUESSED, guess, result_summary.student)
    for stem, student in known.handed_in:
        if (stem, student) not in graded:
            yield Concern(stem, Kind.WAITING, "handed in, and there is no result: run `autograder grade`", student)
