"""The report on a class: one page, to be read before the next lecture. It shows what `class_statistics` counted."""

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
_NAME = 60


def write_class_report(known: ClassResults, folder: Path) -> Path:
    """The page and its tables, written to a folder; the path of the page. UserError if it cannot be."""
    statistics = [
        class_statistics.assignment_statistics(one, known.standings(one.stem), known.sentences.get(one.stem, {}))
        for one in known.under_way
    ]
    sweep([folder])
    for name, table in class_tables(known, statistics).items():
        write_atomically(folder / name, table)
    page = folder / "class_report.html"
    write_atomically(page, class_page(known, statistics).encode())
    return page


def class_page(known: ClassResults, statistics: Sequence[AssignmentStatistics]) -> str:
    """The page as HTML. All names in it are those that `known` has."""
    return render(
        "class_report.html",
        assignments=statistics,
        unused=[one.stem for one in known.assignments if one not in known.under_way],
        submissions=len(known.results),
        students=len({one.result_summary.student for one in known.results}),
        concerns=_grouped(concerns(known)),
        absent=_absent(known),
        notes=[clean(note) for note in known.notes],
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


def _grouped(found: Sequence[Concern]) -> list[tuple[str, str, str, list[str]]]:
    """(assignment, why, what, students): one row for all whom the same befell."""
    groups = groupby(found, key=lambda one: (one.assignment, str(one.kind), clean(one.what)))
    return [(*key, [clean(one.student, _NAME) for one in same]) for key, same in groups]


def _absent(known: ClassResults) -> list[tuple[str, list[str]]] | None:
    """(assignment, students), or None without a roster."""
    if known.roster is None:
        return None
    return [(stem, [clean(one, _NAME) for one in absent]) for stem, absent in known.absent.items()]


# ---- numbers as they are shown


def percent(share: float | Withheld) -> str:
    """`31 %`; 0 and 100 are said of nobody and of all alone."""
    if isinstance(share, Withheld):
        return share.reason
    whole = round(100 * share)
    if whole in (0, 100) and 0 < share < 1:
        return (
            "under\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}%"
            if whole == 0
            else "over\N{NO-BREAK SPACE}99\N{NO-BREAK SPACE}%"
        )
    return f"{whole}\N{NO-BREAK SPACE}%"


def how_often(count: int, of: int) -> str:
    """`31 % (12 of 39)`, and of few `3 of 7`."""
    share = class_statistics.share(count, of)
    return f"{count} of {of}" if isinstance(share, Withheld) else f"{percent(share)} ({count} of {of})"


def lost(one: ExerciseStatistics) -> str:
    """`31 % of its points`, and of few students `9.5 of 12 points`."""
    if isinstance(one.lost_share, Withheld):
        return f"{amount(one.lost)} of {amount(one.losable)} points"
    return f"{percent(one.lost_share)} of its points"


def correlation(found: Correlation | Withheld) -> str:
    """`0.34 (0.05 to 0.58)`, with a minus that is one."""
    if isinstance(found, Withheld):
        return found.reason
    return f"{found.r:.2f} ({found.low:.2f} to {found.high:.2f})".replace("-", "−")


# ---- what the pictures show


def difficulty_bars(one: AssignmentStatistics) -> list[tuple[str, float | None, str]]:
    """(exercise, mean share, the same in words); None where it is withheld."""
    return [
        (
            clean(each.name, _LABEL),
            None if isinstance(each.mean_share, Withheld) else each.mean_share,
            percent(each.mean_share),
        )
        for each in one.exercises
    ]


def discrimination_dots(one: AssignmentStatistics) -> list[tuple[str, Correlation | None, str]]:
    """(exercise, correlation, the same in words); empty where none of them is known."""
    rows = [(each.name, each.discrimination) for each in one.exercises]
    if all(isinstance(found, Withheld) for _, found in rows):
        return []
    return [
        (clean(name, _LABEL), found if isinstance(found, Correlation) else None, correlation(found))
        for name, found in rows
    ]


def mistake_bars(found: Sequence[MistakeCount]) -> list[tuple[str, float, str]]:
    """(exercise and mistake, students, the same in words)."""
    return [(clean(f"{one.exercise}: {one.name}", _LABEL), one.count, str(one.count)) for one in found]


def ticks(most: int) -> list[int]:
    """Whole numbers from 0 to `most` or just beyond, at most seven, by 1, 2 or 5 times a power of ten."""
    step = next(one * 10**power for power in range(10) for one in (1, 2, 5) if most <= 6 * one * 10**power)
    return list(range(0, max(most, 1) + step, step))[: -(-max(most, 1) // step) + 1]
