"""What `autograder audit` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from autograder.authoring.audit import Kind, Verdict
from autograder.authoring.mutation_audit import Fate, Judged
from autograder.core.text import plural


def audit_table(stem: str, verdicts: Sequence[Verdict]) -> Table:
    """A row for each exercise: how many of what was planted were judged rightly."""
    table = Table(title=stem, title_justify="left", title_style="bold")
    table.add_column("exercise", no_wrap=True)
    for heading in ("mistakes caught", "named rightly", "right answers accepted", "hostile answers refused"):
        table.add_column(heading, justify="right")
    for exercise in dict.fromkeys(verdict.exercise for verdict in verdicts):
        mistakes, right, hostile = ([v for v in verdicts if (v.exercise, v.kind) == (exercise, k)] for k in Kind)
        named = [verdict.named for verdict in mistakes if verdict.named is not None]
        caught = [verdict.caught for verdict in mistakes]
        shares = (caught, named, *([verdict.problem is None for verdict in some] for some in (right, hostile)))
        table.add_row(exercise, *map(_share, shares))
    return table


def _share(well: Sequence[bool]) -> Text:
    return Text(f"{sum(well)} of {len(well)}" if well else "–", style="" if all(well) else "bold red")


def audit_total(verdicts: Sequence[Verdict]) -> str:
    wrong = sum(verdict.problem is not None for verdict in verdicts)
    return f"{plural(len(verdicts), 'answer')} planted, {wrong or 'none'} judged wrongly."


def mutants_table(stem: str, judged: Sequence[Judged]) -> Table:
    """A row for each exercise: what became of its mutants."""
    table = Table(title=f"{stem}: mutants of the solutions", title_justify="left", title_style="bold")
    table.add_column("exercise", no_wrap=True)
    for fate in Fate:
        table.add_column(fate, justify="right")
    for exercise in dict.fromkeys(one.exercise for one in judged):
        fates = [one.fate for one in judged if one.exercise == exercise]
        table.add_row(exercise, *(_count(fate, fates.count(fate)) for fate in Fate))
    return table


def _count(fate: Fate, count: int) -> Text:
    return Text(str(count), style="bold red" if count and fate in (Fate.SURVIVED, Fate.MISDECLARED) else "")


def mutants_total(judged: Sequence[Judged]) -> str:
    fates = [one.fate for one in judged]
    equivalent, caught = fates.count(Fate.EQUIVALENT), fates.count(Fate.CAUGHT)
    real = max(1, len(fates) - equivalent)
    return (
        f"{plural(len(fates), 'mutant')}: {equivalent} ({equivalent / max(1, len(fates)):.1%}) equivalent; "
        f"of the others {caught} of {real} ({caught / real:.1%}) caught."
    )
