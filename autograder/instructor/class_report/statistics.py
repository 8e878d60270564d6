"""What a class's scores say about it, its exercises and its mistakes: numbers alone, from standings alone.

Who counts. Every graded submission counts in an assignment's scores, also one that is *untouched*: nothing but stubs.
An exercise counts for those who *began* it: who wrote something in place of the stub, or got a point. Who had no time
for it says nothing about how hard it is; how many they were is a number of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.core.model import Assignment, Exercise, LostPoints, Outcome, ResultSummary

Floats = NDArray[np.float64]

# Of ten, one student is ten points of a percentage, and the standard error of a share is up to 16 of them.
# With fewer a percentage, a quartile or a histogram says more about single students than about the class.
FEWEST_FOR_SHARES = 10
# Around no correlation at all, the 95 % interval of a correlation of 30 pairs is −0.36 to 0.36.
# With fewer, an exercise that discriminates well cannot be told from one that does not.
FEWEST_FOR_DISCRIMINATION = 30

_MOST_BINS = 18
_ALIKE = 1e-9  # points that differ by less are the same points, added up in another order
_NORMAL_95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution


@dataclass(frozen=True)
class Withheld:
    """In place of a statistic that is not given: why."""

    reason: str


@dataclass(frozen=True)
class Bin:
    """How many scores lie in [low, high); the last bin of a histogram has its upper end as well."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class MistakeCount:
    """How many students made a named mistake, each counted once, of how many that began its exercise."""

    exercise: str
    name: str
    sentence: str  # the catalogue's; empty where it is there no more
    count: int
    began: int

    @property
    def share(self) -> float | Withheld:
        return share(self.count, self.began)


@dataclass(frozen=True)
class ExerciseStatistics:
    """One exercise: `full`, `mean_share` and `discrimination` are of those who began it."""

    name: str
    points: float
    graded: int
    began: int
    full: int  # got all of its points
    touched: int  # submissions that are not untouched
    lost: float  # points, by those, begun or not
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


@dataclass(frozen=True)
class AssignmentStatistics:
    """One assignment. `scores` are of all graded submissions, the untouched ones among them."""

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
        return max((one for one in self.exercises if one.lost > _ALIKE), key=lambda one: one.lost, default=None)

    @property
    def unsolved(self) -> tuple[ExerciseStatistics, ...]:
        """What somebody began and nobody solved fully."""
        return tuple(one for one in self.exercises if one.began and not one.full)


def assignment_statistics(
    assignment: Assignment, standings: Sequence[ResultSummary], sentences: Mapping[tuple[str, str], str]
) -> AssignmentStatistics:
    """The statistics of an assignment's submissions; `sentences` are the catalogue's, by exercise and mistake."""
    graded = [one for one in standings if one.graded]
    points, began = _points(assignment, graded)
    untouched = np.array([one.untouched for one in graded], dtype=bool)
    return AssignmentStatistics(
        stem=assignment.stem,
        max_score=assignment.max_score,
        handed_in=len(standings),
        graded=len(graded),
        untouched=int(untouched.sum()),
        scores=distribution(points.sum(axis=1), assignment.max_score),
        exercises=tuple(
            _exercise(exercise, column, points, began[:, column], ~untouched)
            for column, exercise in enumerate(assignment.exercises)
        ),
        mistakes=_mistakes(assignment, graded, began.sum(axis=0), sentences),
    )


def _points(assignment: Assignment, graded: Sequence[ResultSummary]) -> tuple[Floats, NDArray[np.bool_]]:
    """Points, and who began: both (students, exercises)."""
    losses = [{loss.exercise: loss for loss in one.losses} for one in graded]
    shape = len(graded), len(assignment.exercises)
    points = [[_got(lost.get(one.name), one) for one in assignment.exercises] for lost in losses]
    began = [[_began(lost.get(one.name)) for one in assignment.exercises] for lost in losses]
    return np.array(points, dtype=float).reshape(shape), np.array(began, dtype=bool).reshape(shape)


def _got(loss: LostPoints | None, exercise: Exercise) -> float:
    return exercise.points if loss is None else loss.score


def _began(loss: LostPoints | None) -> bool:
    return loss is None or loss.outcome is not Outcome.STUB or loss.score > 0


def share(count: int, of: int) -> float | Withheld:
    """count / of, where `of` is enough for a percentage."""
    return _too_few(of, FEWEST_FOR_SHARES) or count / of


def _too_few(n: int, fewest: int) -> Withheld | None:
    return Withheld(f"too few (n = {n})") if n < fewest else None


# ---- scores


def distribution(scores: Floats, max_score: float) -> Distribution | Withheld:
    """Mean, quartiles and histogram of scores, (n,) in points."""
    if withheld := _too_few(len(scores), FEWEST_FOR_SHARES):
        return withheld
    least, lower, median, upper, greatest = map(float, np.percentile(scores, [0, 25, 50, 75, 100]))
    return Distribution(float(scores.mean()), least, lower, median, upper, greatest, histogram(scores, max_score))


def histogram(scores: Floats, max_score: float) -> tuple[Bin, ...]:
    """Counts of scores, (n,) in points, in bins of equal width from 0 points on.

    The width is the least of 1, 2 or 5 times a power of ten that needs no more than 18 bins. Where it does not divide
    `max_score`, the last bin is the narrower one.
    """
    width = next(
        step * 10.0**power
        for power in range(-2, 9)
        for step in (1, 2, 5)
        if max_score / (step * 10.0**power) <= _MOST_BINS + _ALIKE
    )
    count = max(1, math.ceil(max_score / width - _ALIKE))
    places = np.minimum(np.floor(scores / width + _ALIKE).astype(int), count - 1)
    counts = np.bincount(places, minlength=count)
    edges = [*(round(width * place, 6) for place in range(count)), max_score]
    return tuple(Bin(edges[place], edges[place + 1], int(counts[place])) for place in range(count))


# ---- exercises


def _exercise(
    exercise: Exercise, column: int, points: Floats, began: NDArray[np.bool_], touched: NDArray[np.bool_]
) -> ExerciseStatistics:
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
    """The item-rest correlation: Pearson's r of an exercise's share of points with the score without this exercise.

    r = Σ (xᵢ − x̄)(yᵢ − ȳ) / √(Σ (xᵢ − x̄)² · Σ (yᵢ − ȳ)²), both (n,). Where an exercise is solved or not it is the
    point-biserial correlation. The exercise is left out of the score, as it would correlate with itself (Lord and
    Novick, "Statistical Theories of Mental Test Scores", 1968, chapter 15). Ebel and Frisbie ("Essentials of
    Educational Measurement", 1991) read an index of discrimination so: from 0.4 on very good, from 0.3 on good, from
    0.2 on marginal, below poor. Withheld for few students, and where all have the same share or the same rest.
    """
    if withheld := _too_few(len(shares), FEWEST_FOR_DISCRIMINATION):
        return withheld
    if np.ptp(shares) < _ALIKE:
        return Withheld("undefined: all got the same")
    if np.ptp(rest) < _ALIKE:
        return Withheld("undefined: all got the same in the rest")
    x, y = shares - shares.mean(), rest - rest.mean()
    r = float(np.clip(x @ y / math.sqrt((x @ x) * (y @ y)), -1, 1))
    return Correlation(r, *fisher_interval(r, len(shares)))


def fisher_interval(r: float, n: int) -> tuple[float, float]:
    """The 95 % confidence interval of a correlation of n pairs, tanh(artanh r ± 1.96 / √(n − 3)).

    R. A. Fisher, "On the 'Probable Error' of a Coefficient of Correlation", Metron 1, 1921. It is exact for neither
    small n nor shares that are 0 or 1 alone: it shows how wide the doubt is, not its last digit.
    """
    if abs(r) > 1 - _ALIKE:
        return r, r
    half = _NORMAL_95 / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


# ---- mistakes


def _mistakes(
    assignment: Assignment,
    graded: Sequence[ResultSummary],
    began: NDArray[np.int_],
    sentences: Mapping[tuple[str, str], str],
) -> tuple[MistakeCount, ...]:
    """Every named mistake that somebody made: the most frequent first, then as the exercises stand."""
    places = {one.name: place for place, one in enumerate(assignment.exercises)}
    counts = Counter((loss.exercise, name) for one in graded for loss in one.losses for name in loss.mistakes)
    ordered = sorted(counts, key=lambda key: (-counts[key], places[key[0]], key[1]))
    return tuple(MistakeCount(*key, sentences.get(key, ""), counts[key], int(began[places[key[0]]])) for key in ordered)
