"""The numbers of a class: by hand, and against SciPy."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from reports_by_hand import SMALL, exercise_result, report

from autograder.core.model import Assignment, Outcome, Report
from autograder.instructor.class_report.statistics import (
    AssignmentStatistics,
    Bin,
    Correlation,
    Distribution,
    Withheld,
    assignment_statistics,
    discrimination,
    fisher_interval,
    histogram,
)


def statistics(reports: Iterable[Report], assignment: Assignment = SMALL) -> AssignmentStatistics:
    sentences = {("b", "flipped"): "The kernel is flipped."}
    return assignment_statistics(assignment, [one.result_summary for one in reports], sentences)


# Ten students: two did nothing, one did not begin b.
TEN = [
    *(report(f"full {n}", {"a": 2, "b": 4}) for n in range(3)),
    report("flipped", {"a": 2, "b": 1}, mistakes={"b": ["flipped", "flipped", "shifted"]}),
    report("flipped, too", {"a": 1, "b": 1}, mistakes={"b": ["flipped"]}),
    report("half", {"a": 1, "b": 2}),
    report("nothing right", {"a": 0, "b": 0}),
    report("no b", {"a": 2}),
    *(report(f"untouched {n}", {}) for n in range(2)),
]


# ---- numbers


def test_scores_of_ten() -> None:
    one = statistics([*TEN, Report.ungraded("cut off", SMALL.stem, 6.0, "cut off")])
    assert (one.handed_in, one.graded, one.untouched) == (11, 10, 2)
    assert isinstance(one.scores, Distribution)
    # 0 0 0 2 2 3 3 6 6 6: the quartiles are at places 2.25, 4.5 and 6.75 of 0 to 9
    assert one.scores.mean == pytest.approx(2.8)
    assert (one.scores.lower_quartile, one.scores.median, one.scores.upper_quartile) == (0.5, 2.5, 5.25)
    assert (one.scores.least, one.scores.greatest) == (0, 6)
    assert one.mean_share == pytest.approx(2.8 / 6)
    assert sum(each.count for each in one.scores.bins) == 10
    assert (one.scores.bins[0], one.scores.bins[-1]) == (Bin(0.0, 0.5, 3), Bin(5.5, 6.0, 3))


def test_exercises_of_ten() -> None:
    a, b = statistics(TEN).exercises
    assert (a.graded, a.began, a.not_begun, a.full) == (10, 8, 2, 5)
    assert (b.graded, b.began, b.not_begun, b.full) == (10, 7, 3, 3)
    assert (a.lost, a.losable) == (0 + 0 + 1 + 1 + 2 + 0, 16)
    assert (b.lost, b.losable) == (3 + 3 + 2 + 4 + 4, 32)  # what was not begun is lost, too
    assert a.not_begun_share == pytest.approx(0.2)
    assert statistics(TEN).costliest == b
    assert a.mean_share == Withheld("too few (n = 8)")  # of those who began


def test_difficulty_is_of_those_who_began() -> None:
    reports = [report(str(n), {"a": n % 3}) for n in range(12)]
    a, b = statistics([*reports, report("stub", {"b": 4})]).exercises
    assert a.mean_share == pytest.approx(0.5)
    assert b.mean_share == Withheld("too few (n = 1)")


def test_a_point_is_a_beginning() -> None:
    """A function that still raises NotImplementedError for some inputs was begun."""
    begun = tuple(exercise_result(one, 1.0, Outcome.STUB) for one in SMALL.exercises)
    assert [one.began for one in statistics([Report("s", SMALL.stem, 6.0, begun)]).exercises] == [1, 1]


def test_mistakes_are_counted_once_for_each_student() -> None:
    found = statistics(TEN).mistakes
    assert [(one.exercise, one.name, one.count, one.began) for one in found] == [
        ("b", "flipped", 2, 7),
        ("b", "shifted", 1, 7),
    ]
    assert [one.sentence for one in found] == ["The kernel is flipped.", ""]
    assert found[0].share == Withheld("too few (n = 7)")


def test_what_nobody_solved() -> None:
    assert [one.name for one in statistics([report("s", {"a": 2, "b": 3})]).unsolved] == ["b"]
    assert statistics([report("s", {"a": 2})]).unsolved == ()  # b was begun by nobody


@pytest.mark.parametrize(
    "reports", [pytest.param([], id="none"), pytest.param([Report.ungraded("s", SMALL.stem, 6.0, "x")], id="ungraded")]
)
def test_an_assignment_of_which_nothing_is_graded(reports: list[Report]) -> None:
    one = statistics(reports)
    assert (one.graded, one.scores, one.costliest, one.mistakes) == (0, Withheld("too few (n = 0)"), None, ())


@pytest.mark.parametrize(
    ("max_score", "width", "count"),
    [(24, 2, 12), (30, 2, 15), (34, 2, 17), (18, 1, 18), (20, 2, 10), (5, 0.5, 10), (37, 5, 8), (0.3, 0.02, 15)],
)
def test_bins(max_score: float, width: float, count: int) -> None:
    scores = np.linspace(0, max_score, 1001)
    bins = histogram(scores, max_score)
    assert len(bins) == count
    assert [one.low for one in bins] == pytest.approx([width * place for place in range(count)])
    assert [one.high for one in bins] == [*(one.low for one in bins[1:]), max_score]
    for one in bins[:-1]:
        assert one.count == pytest.approx(((one.low <= scores) & (scores < one.high)).sum(), abs=1)
    assert sum(one.count for one in bins) == 1001


def test_a_score_on_an_edge_is_in_the_upper_bin() -> None:
    assert [one.count for one in histogram(np.array([0.0, 1.999999, 2.0, 2 - 1e-12, 20.0]), 20.0)][:2] == [2, 2]


# ---- discrimination


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("binary", [True, False])
def test_discrimination_is_scipys_correlation(seed: int, binary: bool) -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(seed)
    rest = rng.normal(10, 3, 40)
    shares = np.clip((rest + rng.normal(0, 4, 40)) / 20, 0, 1)
    shares = (shares > 0.5).astype(float) if binary else shares
    found = discrimination(shares, rest)
    expected = stats.pearsonr(shares, rest)
    interval = expected.confidence_interval(0.95)
    assert isinstance(found, Correlation)
    assert dataclasses.astuple(found) == pytest.approx((expected.statistic, interval.low, interval.high), abs=1e-12)
    if binary:
        assert found.r == pytest.approx(stats.pointbiserialr(shares, rest).statistic, abs=1e-12)


def test_the_rest_is_the_score_without_the_exercise() -> None:
    reports = [report(str(n), {"a": n % 2 * 2, "b": n % 5 * 0.8}) for n in range(40)]
    found = statistics(reports).exercises[0].discrimination
    assert isinstance(found, Correlation)
    assert found.r == pytest.approx(np.corrcoef([n % 2 for n in range(40)], [n % 5 for n in range(40)])[0, 1])


def test_fisher_by_hand() -> None:
    # artanh 0.5 = 0.549306, 1.959964 / √25 = 0.391993; tanh of 0.157313 and 0.941299
    assert fisher_interval(0.5, 28) == pytest.approx((0.15603, 0.73582), abs=1e-5)
    assert fisher_interval(1.0, 30) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("shares", "rest", "why"),
    [
        pytest.param(np.ones(40), np.arange(40.0), "undefined: all got the same", id="no-variance"),
        pytest.param(np.full(40, 0.1) + 1e-16, np.arange(40.0), "undefined: all got the same", id="rounding"),
        pytest.param(np.arange(40.0), np.ones(40), "undefined: all got the same in the rest", id="no-rest"),
        pytest.param(np.arange(29.0), np.arange(29.0), "too few (n = 29)", id="few"),
    ],
)
def test_discrimination_is_withheld(shares: Any, rest: Any, why: str) -> None:
    assert discrimination(shares, rest) == Withheld(why)


@pytest.mark.parametrize(
    ("n", "share", "correlation"),
    [(9, False, False), (10, True, False), (29, True, False), (30, True, True)],
)
def test_thresholds(n: int, share: bool, correlation: bool) -> None:
    one = statistics([report(str(i), {"a": i % 3, "b": i % 5 * 0.8}) for i in range(n)])
    assert isinstance(one.scores, Distribution) == isinstance(one.mean_share, float) == share
    assert isinstance(one.exercises[0].mean_share, float) == share
    assert isinstance(one.exercises[0].discrimination, Correlation) == correlation
