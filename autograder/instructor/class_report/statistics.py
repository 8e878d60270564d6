"""Compute what a class's scores say about it, its exercises and its mistakes, from the summaries of the results.

Who counts. Every graded submission counts in an assignment's scores, also one that is *untouched*: nothing but stubs.
An exercise counts for students who *began* it: they wrote something instead of the stub, or got a point. Students who
had no time for it say nothing about how hard it is; their number is given separately.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from autograder.core.model import Assignment, Exercise, LostPoints, Outcome, ResultSummary

Floats = NDArray[np.float64]

# Of ten, one student is ten points of a percentage, and the standard error of a share is up to 16 of them.
# With fewer, a percentage, a quartile or a histogram says more about single students than about the class.
FEWEST_FOR_SHARES = 10
# Around no correlation at all, the 95 % interval of a correlation of 30 pairs is −0.36 to 0.36.
# With fewer, an exercise that discriminates well cannot be told from one that does not.
FEWEST_FOR_DISCRIMINATION = 30

_MOST_BINS = 18
_ALIKE = 1e-9  # points that differ by less are the same points, added up in another order


@dataclass(frozen=True)
class Withheld:
    """The reason why a statistic is not given."""

    reason: str


@dataclass(frozen=True)
class Bin:
    """The number of scores in [low, high); the last bin of a histogram includes its upper end."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The scores of an assignment, in points; quartiles by linear interpolation (definition 7 of Hyndman and Fan,
    "Sample Quantiles in Statistical Packages", The American Statistician 50, 1996)."""

    mean: float
    least: float
    lower_quartile: float
    median: float
    upper_quartile: float
    greatest: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Correlation:
    """Pearson's r, and the ends of its 95 % confidence interval."""

    r: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class MistakeCount:
    """The number of students who made a named mistake, each counted once, and of those who began its exercise."""

    exercise: str
    name: str
    sentence: str  # the catalogue's; empty if it is no longer there
    count: int
    began: int

    @property
    def share(self) -> float | Withheld:
        return share(self.count, self.began)


@dataclass(frozen=True, kw_only=True)
class ExerciseStatistics:
    """The numbers of an exercise: `full`, `mean_share` and `discrimination` are of students who began it."""

    name: str
    points: float
    graded: int
    began: int
    full: int  # got all of its points
    touched: int  # submissions that are not untouched
    lost: float  # points of those submissions, begun or not
    mean_share: float | Withheld  # its difficulty: the mean of points got / points
    discrimination: Correlation | Withheld

    @property
    def losable(self) -> float:
        return self.points * self.touched

    @property
    def lost_share(self) -> float | Withheld:
        return _too_few(self.touched, FEWEST_FOR_SHARES) or self.lost / self.losable

    @property
    def not_begun(self) -> int:
        return self.graded - self.began

    @property
    def not_begun_share(self) -> float | Withheld:
        return share(self.not_begun, self.graded)


@dataclass(frozen=True, kw_only=True)
class AssignmentStatistics:
    """The numbers of an assignment. `scores` are of all graded submissions, including untouched ones."""

    stem: str
    max_score: float
    handed_in: int
    graded: int
    untouched: int
    scores: Distribution | Withheld
    exercises: tuple[ExerciseStatistics, ...]
    mistakes: tuple[MistakeCount, ...]  # the most frequent first

    @property
    def mean_share(self) -> float | Withheld:
        return self.scores if isinstance(self.scores, Withheld) else self.scores.mean / self.max_score

    @property
    def costliest(self) -> ExerciseStatistics | None:
        """The exercise that most points were lost on."""
        with_losses = (exercise for exercise in self.exercises if exercise.lost > _ALIKE)
        return max(with_losses, key=lambda exercise: exercise.lost, default=None)

    @property
    def unsolved(self) -> tuple[ExerciseStatistics, ...]:
        """The exercises that somebody began and nobody solved fully."""
        return tuple(exercise for exercise in self.exercises if exercise.began and not exercise.full)


def assignment_statistics(
    assignment: Assignment, summaries: Sequence[ResultSummary], sentences: Mapping[tuple[str, str], str]
) -> AssignmentStatistics:
    """Return the statistics of an assignment.

    sentences: the catalogue's, by exercise and mistake
    """
    graded = [summary for summary in summaries if summary.graded]
    points, began = _points(assignment, graded)
    untouched = np.array([summary.untouched for summary in graded], dtype=bool)
    return AssignmentStatistics(
        stem=assignment.stem,
        max_score=assignment.max_score,
        handed_in=len(summaries),
        graded=len(graded),
        untouched=int(untouched.sum()),
        scores=distribution(points.sum(axis=1), assignment.max_score),
        exercises=tuple(
            _exercise(exercise, column, points=points, began=began[:, column], touched=~untouched)
            for column, exercise in enumerate(assignment.exercises)
        ),
        mistakes=_mistakes(assignment, graded, began.sum(axis=0), sentences),
    )


def _points(assignment: Assignment, graded: Sequence[ResultSummary]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the points, and who began: both (students, exercises)."""
    by_exercise = [{lost.exercise: lost for lost in summary.lost_points} for summary in graded]
    exercises = assignment.exercises
    points = [[_score(lost.get(exercise.name), exercise) for exercise in exercises] for lost in by_exercise]
    began = [[_has_begun(lost.get(exercise.name)) for exercise in exercises] for lost in by_exercise]
    shape = len(graded), len(exercises)
    return np.array(points, dtype=float).reshape(shape), np.array(began, dtype=bool).reshape(shape)


def _score(lost: LostPoints | None, exercise: Exercise) -> float:
    return exercise.points if lost is None else lost.score


def _has_begun(lost: LostPoints | None) -> bool:
    return lost is None or lost.outcome is not Outcome.STUB or lost.score > 0


def share(count: int, of: int) -> float | Withheld:
    """Return count / of; withheld if `of` is not enough for a percentage."""
    return _too_few(of, FEWEST_FOR_SHARES) or count / of


def _too_few(n: int, fewest: int) -> Withheld | None:
    return Withheld(f"too few (n = {n})") if n < fewest else None


# ---- scores


def distribution(scores: Floats, max_score: float) -> Distribution | Withheld:
    """Return mean, quartiles and histogram of scores, (n,) in points."""
    if withheld := _too_few(len(scores), FEWEST_FOR_SHARES):
        return withheld
    least, lower, median, upper, greatest = map(float, np.percentile(scores, [0, 25, 50, 75, 100]))
    return Distribution(
        mean=float(scores.mean()),
        least=least,
        lower_quartile=lower,
        median=median,
        upper_quartile=upper,
        greatest=greatest,
        bins=histogram(scores, max_score),
    )


def histogram(scores: Floats, max_score: float) -> tuple[Bin, ...]:
    """Return the counts of scores, (n,) in points, in bins of equal width from 0 points on.

    The width is the least of 1, 2 or 5 times a power of ten that needs no more than 18 bins. If it does not divide
    `max_score`, the last bin is narrower.
    """
    widths = (step * 10.0**power for power in range(-2, 9) for step in (1, 2, 5))
    width = next(width for width in widths if max_score / width <= _MOST_BINS + _ALIKE)
    count = max(1, math.ceil(max_score / width - _ALIKE))
    places = np.minimum(np.floor(scores / width + _ALIKE).astype(int), count - 1)
    counts = np.bincount(places, minlength=count)
    edges = [*(round(width * place, 6) for place in range(count)), max_score]
    return tuple(Bin(edges[place], edges[place + 1], int(counts[place])) for place in range(count))


# ---- exercises


def _exercise(
    exercise: Exercise, column: int, *, points: Floats, began: NDArray[np.bool_], touched: NDArray[np.bool_]
) -> ExerciseStatistics:
    """Return an exercise's statistics.

    points: (students, exercises); the exercise is in `column`
    began, touched: (students,)
    """
    shares = points[began, column] / exercise.points
    rest = np.delete(points[began], column, axis=1).sum(axis=1)
    return ExerciseStatistics(
        name=exercise.name,
        points=exercise.points,
        graded=len(points),
        began=len(shares),
        full=int((shares > 1 - _ALIKE).sum()),
        touched=int(touched.sum()),
        lost=float((exercise.points - points[touched, column]).sum()),
        mean_share=_too_few(len(shares), FEWEST_FOR_SHARES) or float(shares.mean()),
        discrimination=discrimination(shares, rest),
    )


def discrimination(shares: Floats, rest: Floats) -> Correlation | Withheld:
    """Return the item-rest correlation: Pearson's r of an exercise's share of points with the score of the others.

    r = Σ (xᵢ − x̄)(yᵢ − ȳ) / √(Σ (xᵢ − x̄)² · Σ (yᵢ − ȳ)²), both (n,). If every share is 0 or 1, it is the point-biserial
    correlation. The exercise is left out of the score, as it would correlate with itself (Lord and Novick,
    "Statistical Theories of Mental Test Scores", 1968, chapter 15). Ebel and Frisbie ("Essentials of Educational
    Measurement", 1991) grade an index of discrimination: from 0.4 on very good, from 0.3 on good, from 0.2 on marginal,
    below that poor. It is withheld for few students, and if all have the same share or the same rest.
    """
    if withheld := _too_few(len(shares), FEWEST_FOR_DISCRIMINATION):
        return withheld
    if np.ptp(shares) < _ALIKE:
        return Withheld("undefined: all got the same")
    if np.ptp(rest) < _ALIKE:
        return Withheld("undefined: all got the same in the rest")
    r = float(np.corrcoef(shares, rest)[0, 1])
    return Correlation(r, *fisher_interval(r, len(shares)))


def fisher_interval(r: float, n: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a correlation of n pairs, tanh(artanh r ± 1.96 / √(n − 3)).

    R. A. Fisher, "On the 'Probable Error' of a Coefficient of Correlation", Metron 1, 1921. It is not exact for small
    n, nor for shares that are only 0 or 1: it shows the size of the uncertainty, not its last digit.
    """
    if abs(r) > 1 - _ALIKE:
        return r, r
    half = NormalDist().inv_cdf(0.975) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


# ---- mistakes


def _mistakes(
    assignment: Assignment,
    graded: Sequence[ResultSummary],
    began: NDArray[np.int_],
    sentences: Mapping[tuple[str, str], str],
) -> tuple[MistakeCount, ...]:
    """Return every named mistake that somebody made: the most frequent first, then in the order of the exercises."""
    places = {exercise.name: place for place, exercise in enumerate(assignment.exercises)}
    lost_points = (lost for summary in graded for lost in summary.lost_points)
    counts = Counter((lost.exercise, mistake) for lost in lost_points for mistake in lost.mistakes)
    ordered = sorted(counts, key=lambda key: (-counts[key], places[key[0]], key[1]))
    return tuple(
        MistakeCount(
            exercise=exercise,
            name=mistake,
            sentence=sentences.get((exercise, mistake), ""),
            count=counts[exercise, mistake],
            began=int(began[places[exercise]]),
        )
        for exercise, mistake in ordered
    )
