"""What is known of a class: its results, its roster, what was handed in, and the sentences of the catalogues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.core.model import Assignment, Standing

Sentences = Mapping[tuple[str, str], str]  # of a catalogue, by exercise and mistake


@dataclass(frozen=True, slots=True)
class Result:
    """What the report on a class keeps of the report on a submission."""

    standing: Standing
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
        graded = {one.standing.student for one in self.results}
        return tuple(sorted(graded.union(self.roster or (), (who for _, who in self.handed_in), self.aliases.values())))

    @property
    def under_way(self) -> tuple[Assignment, ...]:
        """The assignments that somebody handed in."""
        stems = {one.standing.assignment for one in self.results} | {stem for stem, _ in self.handed_in}
        return tuple(one for one in self.assignments if one.stem in stems)

    def standings(self, stem: str) -> tuple[Standing, ...]:
        return tuple(one.standing for one in self.results if one.standing.assignment == stem)

    @property
    def absent(self) -> Mapping[str, tuple[str, ...]]:
        """Of each assignment that is under way, who is on the roster and has handed in nothing."""
        present = {(one.standing.assignment, one.standing.student) for one in self.results} | set(self.handed_in)
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
        standing = one.standing
        graded.add((standing.assignment, standing.student))
        if standing.reason is not None:
            yield Concern(standing.assignment, Kind.UNGRADED, standing.reason, standing.student)
        for guess in one.guesses:
            yield Concern(standing.assignment, Kind.GUESSED, guess, standing.student)
    for stem, student in known.handed_in:
        if (stem, student) not in graded:
            yield Concern(stem, Kind.WAITING, "handed in, and there is no result: run `autograder grade`", student)
