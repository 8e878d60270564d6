"""Write the numbers of the class report as CSV tables, by file name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

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


def class_tables(class_results: ClassResults, statistics: Sequence[AssignmentStatistics]) -> Mapping[str, bytes]:
    """Return each table as the bytes of its file. A number that is withheld is an empty cell."""
    absent = class_results.absent.items()
    rows: dict[str, Iterator[Row]] = {
        "assignments.csv": map(_assignment, statistics),
        "histograms.csv": chain.from_iterable(map(_bins, statistics)),
        "scores.csv": _scores(class_results),
        "exercises.csv": chain.from_iterable(map(_exercises, statistics)),
        "mistakes.csv": chain.from_iterable(map(_mistakes, statistics)),
        "needs_a_human.csv": _concerns(class_results),
        "not_submitted.csv": ((stem, student) for stem, students in absent for student in students),
    }
    return {
        name: csv_bytes([heading.split(","), *(list(map(_cell, row)) for row in rows[name])])
        for name, heading in _HEADINGS.items()
    }


def _cell(value: str | float | None) -> str:
    """Return a value as text, a number to six digits: the numbers of a class are less precise."""
    if value is None:
        return ""
    return cell(value) if isinstance(value, str) else f"{value:g}"


def _given(value: float | Withheld) -> float | None:
    return None if isinstance(value, Withheld) else value


def _assignment(statistics: AssignmentStatistics) -> Row:
    submissions = (statistics.handed_in, statistics.graded, statistics.untouched)
    counts = (statistics.stem, statistics.max_score, *submissions)
    scores = statistics.scores
    if isinstance(scores, Withheld):
        return (*counts, *[None] * 6)
    quartiles = (scores.lower_quartile, scores.median, scores.upper_quartile)
    return (*counts, scores.mean, scores.least, *quartiles, scores.greatest)


def _bins(statistics: AssignmentStatistics) -> Iterator[Row]:
    if isinstance(statistics.scores, Distribution):
        for bin in statistics.scores.bins:
            yield statistics.stem, bin.low, bin.high, bin.count


def _scores(class_results: ClassResults) -> Iterator[Row]:
    for result in class_results.results:
        summary = result.result_summary
        score = (summary.score, summary.max_score)
        if summary.graded:
            yield summary.assignment, summary.student, "graded", *score, "yes" if summary.untouched else "no"
        else:
            yield summary.assignment, summary.student, "ungraded", *score, None


def _concerns(class_results: ClassResults) -> Iterator[Row]:
    for concern in concerns(class_results):
        yield concern.assignment, concern.student, concern.kind, concern.what


def _exercises(statistics: AssignmentStatistics) -> Iterator[Row]:
    for exercise in statistics.exercises:
        begun = (exercise.graded, exercise.began, exercise.not_begun, _given(exercise.not_begun_share))
        solved = (exercise.full, _given(exercise.mean_share))
        lost = (exercise.lost, exercise.losable)
        discrimination = _ends(exercise.discrimination)
        yield statistics.stem, exercise.name, exercise.points, *begun, *solved, *discrimination, *lost


def _ends(correlation: Correlation | Withheld) -> Row:
    if isinstance(correlation, Withheld):
        return None, None, None
    return correlation.r, correlation.low, correlation.high


def _mistakes(statistics: AssignmentStatistics) -> Iterator[Row]:
    for mistake in statistics.mistakes:
        counts = (mistake.count, mistake.began, _given(mistake.share))
        yield statistics.stem, mistake.exercise, mistake.name, *counts, mistake.sentence
