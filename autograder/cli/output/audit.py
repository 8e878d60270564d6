"""Describe what `autograder audit` found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from autograder.authoring.audit import Kind, Verdict
from autograder.authoring.mutation_audit import Fate, Judged
from autograder.core.text import plural


def audit_table(stem: str, verdicts: Sequence[Verdict]) -> Table:
    """Return a table with a row for each exercise: how many of the known answers were judged correctly."""
    table = Table(title=stem, title_justify="left", title_style="bold")
    table.add_column("exercise", no_wrap=True)
    for heading in ("mistakes caught", "named rightly", "right answers accepted", "hostile answers refused"):
        table.add_column(heading, justify="right")
    for exercise in dict.fromkeys(verdict.exercise for verdict in verdicts):
        mistakes, right, hostile = (
            [verdict for verdict in verdicts if (verdict.exercise, verdict.kind) == (exercise, kind)] for kind in Kind
        )
        named = [verdict.named for verdict in mistakes if verdict.named is not None]
        caught = [verdict.caught for verdict in mistakes]
        accepted = [verdict.problem is None for verdict in right]
        refused = [verdict.problem is None for verdict in hostile]
        table.add_row(exercise, *map(_share, (caught, named, accepted, refused)))
    return table


def _share(correct: Sequence[bool]) -> Text:
    return Text(f"{sum(correct)} of {len(correct)}" if correct else "–", style="" if all(correct) else "bold red")


def audit_total(verdicts: Sequence[Verdict]) -> str:
    """Return how many answers were judged, and how many of them wrongly."""
    wrong = sum(verdict.problem is not None for verdict in verdicts)
    return f"{plural(len(verdicts), 'answer')} planted, {wrong or 'none'} judged wrongly."


def mutants_table(stem: str, judged: Sequence[Judged]) -> Table:
    """Return a table with a row for each exercise: what became of its mutants."""
    table = Table(title=f"{stem}: mutants of the solutions", title_justify="left", title_style="bold")
    table.add_column("exercise", no_wrap=True)
    for fate in Fate:
        table.add_column(fate, justify="right")
    for exercise in dict.fromkeys(mutant.exercise for mutant in judged):
        fates = [mutant.fate for mutant in judged if mutant.exercise == exercise]
        table.add_row(exercise, *(_count(fate, fates.count(fate)) for fate in Fate))
    return table


def _count(fate: Fate, count: int) -> Text:
    return Text(str(count), style="bold red" if count and fate in (Fate.SURVIVED, Fate.MISDECLARED) else "")


def mutants_total(judged: Sequence[Judged]) -> str:
    """Return how many mutants there were, and which shares were equivalent or caught."""
    fates = [mutant.fate for mutant in judged]
    equivalent, caught = fates.count(Fate.EQUIVALENT), fates.count(Fate.CAUGHT)
    real = max(1, len(fates) - equivalent)
    return (
        f"{plural(len(fates), 'mutant')}: {equivalent} ({equivalent / max(1, len(fates)):.1%}) equivalent; "
        f"of the others {caught} of {real} ({caught / real:.1%}) caught."
    )
