"""The numbers of the report on a class, as CSV tables by file name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autograder.core.csv_tables import cell, csv_bytes
from autograder.instructor.class_report.data import ClassResults, concerns
from autograder.instructor.class_report.statistics import AssignmentStatistics, Correlation, Distribution, Withheld

Row = Sequence[str | float | None]

_HEADINGS = {
    "assignments.csv": "assignment,points,handed_in,graded,untouched,mean,least,lower_quartile,median,"
    "upper_quartile,greatest",
    "histograms.csv": "assignment,from_points,to_points,students",
    "scores.csv": "assignment,student,status,score,max_score,untouched",
    "exercises.csv": "assignment,exercise,points,graded,began,not_begun,not_begun_share,all_points,mean_share,"
    "discrimination,discrimination_low,discrimination_high,points_lost,points_to_lose",
    "mistakes.csv": "assignment,exercise,mistake,students,began,share,sentence",
    "needs_a_human.csv": "assignment,student,why,what",
    "not_submitted.csv": "assignment,student",
}


def class_tables(known: ClassResults, statistics: Sequence[AssignmentStatistics]) -> Mapping[str, bytes]:
    """Each table as the bytes of its file. A number that is withheld is an empty cell."""
    rows: dict[str, Iterator[Row]] = {
        "assignments.csv": map(_assignment, statistics),
        "histograms.csv": (row for one in statistics for row in _bins(one)),
        "scores.csv": _scores(known),
        "exercises.csv": (row for one in statistics for row in _exercises(one)),
        "mistakes.csv": (row for one in statistics for row in _mistakes(one)),
        "needs_a_human.csv": ((one.assignment, one.student, one.kind, one.what) for one in concerns(known)),
        "not_submitted.csv": ((stem, student) for stem, absent in known.absent.items() for student in absent),
    }
    return {
        name: csv_bytes([heading.split(","), *(list(map(_cell, row)) for row in rows[name])])
        for name, heading in _HEADINGS.items()
    }


def _cell(value: str | float | None) -> str:
    """Six digits are more than a class's numbers are good for."""
    if value is None:
        return ""
    return cell(value) if isinstance(value, str) else f"{value:g}"


def _given(value: float | Withheld) -> float | None:
    return None if isinstance(value, Withheld) else value


def _assignment(one: AssignmentStatistics) -> Row:
    counts = (one.stem, one.max_score, one.handed_in, one.graded, one.untouched)
    if not isinstance(one.scores, Distribution):
        return (*counts, *[None] * 6)
    scores = one.scores
    quartiles = (scores.lower_quartile, scores.median, scores.upper_quartile)
    return (*counts, scores.mean, scores.least, *quartiles, scores.greatest)


def _bins(one: AssignmentStatistics) -> Iterator[Row]:
    if isinstance(one.scores, Distribution):
        for bin in one.scores.bins:
            yield one.stem, bin.low, bin.high, bin.count


def _scores(known: ClassResults) -> Iterator[Row]:
    for result in known.results:
        one = result.result_summary
        untouched = "yes" if one.untouched else "no"
        status = "graded" if one.graded else "ungraded"
        yield one.assignment, one.student, status, one.score, one.max_score, untouched if one.graded else None


def _exercises(one: AssignmentStatistics) -> Iterator[Row]:
    for each in one.exercises:
        found = each.discrimination
        discrimination = (found.r, found.low, found.high) if isinstance(found, Correlation) else (None, None, None)
        begun = (each.graded, each.began, each.not_begun, _given(each.not_begun_share))
        solved = (each.full, _given(each.mean_share))
        yield one.stem, each.name, each.points, *begun, *solved, *discrimination, each.lost, each.losable


def _mistakes(one: AssignmentStatistics) -> Iterator[Row]:
    for each in one.mistakes:
        yield one.stem, each.exercise, each.name, each.count, each.began, _given(each.share), each.sentence
