"""Write the class report: one page, to be read before the next lecture. It shows the numbers of `statistics.py`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from autograder.core.files import sweep, write_atomically
from autograder.core.sanitize import clean
from autograder.core.text import amount
from autograder.instructor.class_report import statistics as class_statistics
from autograder.instructor.class_report.data import ClassResults, Concern, concerns
from autograder.instructor.class_report.statistics import (
    AssignmentStatistics,
    Correlation,
    ExerciseStatistics,
    MistakeCount,
    Withheld,
)
from autograder.instructor.class_report.tables import class_tables
from autograder.rendering.html import render

MISTAKES_SHOWN = 10  # of an assignment; the rarer ones are in the table beside the page
_LABEL = 44  # characters of a label in a picture
_NAME = 60  # characters of a student's name


def write_class_report(class_results: ClassResults, folder: Path) -> Path:
    """Write the page and its tables to a folder; return the page's path. Raise UserError if they cannot be written."""
    statistics = [
        class_statistics.assignment_statistics(
            assignment,
            class_results.summaries(assignment.stem),
            class_results.sentences.get(assignment.stem, {}),
        )
        for assignment in class_results.under_way
    ]
    sweep([folder])
    for name, table in class_tables(class_results, statistics).items():
        write_atomically(folder / name, table)
    page = folder / "class_report.html"
    write_atomically(page, class_page(class_results, statistics).encode())
    return page


def class_page(class_results: ClassResults, statistics: Sequence[AssignmentStatistics]) -> str:
    """Return the page as HTML. Its only names are those in `class_results`."""
    under_way = class_results.under_way
    return render(
        "class_report.html",
        assignments=statistics,
        unused=[assignment.stem for assignment in class_results.assignments if assignment not in under_way],
        submissions=len(class_results.results),
        students=len({result.result_summary.student for result in class_results.results}),
        sandboxes=class_results.sandboxes,
        concerns=_grouped(concerns(class_results)),
        absent=_absent(class_results),
        notes=[clean(note) for note in class_results.notes],
        thresholds=class_statistics,
        shown=MISTAKES_SHOWN,
        percent=percent,
        correlation=correlation,
        how_often=how_often,
        lost=lost,
        difficulty_bars=difficulty_bars,
        discrimination_dots=discrimination_dots,
        mistake_bars=mistake_bars,
        ticks=ticks,
        count_axis=lambda most: [(tick, str(tick)) for tick in ticks(most)],
        percents=[(quarter / 4, f"{25 * quarter}\N{NO-BREAK SPACE}%") for quarter in range(5)],
        clean=clean,
    )


def _grouped(all_concerns: Sequence[Concern]) -> list[tuple[str, str, str, list[str]]]:
    """Return (assignment, why, what, students): one row for all students with the same concern."""
    groups = groupby(all_concerns, key=lambda concern: (concern.assignment, str(concern.kind), clean(concern.what)))
    return [(*key, [clean(concern.student, _NAME) for concern in same]) for key, same in groups]


def _absent(class_results: ClassResults) -> list[tuple[str, list[str]]] | None:
    """Return (assignment, students), or None without a roster."""
    if class_results.roster is None:
        return None
    return [(stem, [clean(student, _NAME) for student in students]) for stem, students in class_results.absent.items()]


# ---- numbers as they are shown


def percent(share: float | Withheld) -> str:
    """Return `31 %`; `0 %` and `100 %` only for nobody and for all."""
    if isinstance(share, Withheld):
        return share.reason
    whole = round(100 * share)
    if whole == 0 and share > 0:
        text = "under 1 %"
    elif whole == 100 and share < 1:
        text = "over 99 %"
    else:
        text = f"{whole} %"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def how_often(count: int, of: int) -> str:
    """Return `31 % (12 of 39)`; of few students `3 of 7`."""
    share = class_statistics.share(count, of)
    return f"{count} of {of}" if isinstance(share, Withheld) else f"{percent(share)} ({count} of {of})"


def lost(exercise: ExerciseStatistics) -> str:
    """Return `31 % of its points`; of few students `9.5 of 12 points`."""
    if isinstance(exercise.lost_share, Withheld):
        return f"{amount(exercise.lost)} of {amount(exercise.losable)} points"
    return f"{percent(exercise.lost_share)} of its points"


def correlation(value: Correlation | Withheld) -> str:
    """Return `0.34 (0.05 to 0.58)`, with a minus sign instead of a hyphen."""
    if isinstance(value, Withheld):
        return value.reason
    return f"{value.r:.2f} ({value.low:.2f} to {value.high:.2f})".replace("-", "−")


# ---- the data of the pictures


def difficulty_bars(statistics: AssignmentStatistics) -> list[tuple[str, float | None, str]]:
    """Return (exercise, mean share, the same in words); the share is None if it is withheld."""
    shares = [(clean(exercise.name, _LABEL), exercise.mean_share) for exercise in statistics.exercises]
    return [(name, None if isinstance(share, Withheld) else share, percent(share)) for name, share in shares]


def discrimination_dots(statistics: AssignmentStatistics) -> list[tuple[str, Correlation | None, str]]:
    """Return (exercise, correlation, the same in words); empty if none of them is known."""
    values = [(clean(exercise.name, _LABEL), exercise.discrimination) for exercise in statistics.exercises]
    if all(isinstance(value, Withheld) for _, value in values):
        return []
    return [(name, None if isinstance(value, Withheld) else value, correlation(value)) for name, value in values]


def mistake_bars(mistakes: Sequence[MistakeCount]) -> list[tuple[str, float, str]]:
    """Return (exercise and mistake, students, the same in words)."""
    return [
        (clean(f"{mistake.exercise}: {mistake.name}", _LABEL), mistake.count, str(mistake.count))
        for mistake in mistakes
    ]


def ticks(most: int) -> list[int]:
    """Return whole numbers from 0 to `most` or just beyond, at most seven, by 1, 2 or 5 times a power of ten."""
    steps = (step * 10**power for power in range(10) for step in (1, 2, 5))
    step = next(step for step in steps if most <= 6 * step)
    return list(range(0, max(most, 1) + step, step))[: -(-max(most, 1) // step) + 1]
