"""Describe what `autograder audit` found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from autograder.authoring.audit import Kind, Verdict
from autograder.authoring.mutation_audit import Fate, MutantVerdict
from autograder.core.text import plural

_HEADINGS = ("mistakes caught", "mistakes named", "right answers accepted", "hostile answers rejected")


def audit_table(stem: str, verdicts: Sequence[Verdict]) -> Table:
    """Return a row for each exercise: how many of the seeded answers were judged correctly."""
    table = Table(title=stem, title_justify="left", title_style="bold")
    table.add_column("exercise", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right")
    for exercise in dict.fromkeys(verdict.exercise for verdict in verdicts):
        mistakes, right, hostile = ([v for v in verdicts if (v.exercise, v.kind) == (exercise, k)] for k in Kind)
        caught = [verdict.caught for verdict in mistakes]
        named = [verdict.named for verdict in mistakes if verdict.named is not None]
        accepted = [verdict.problem is None for verdict in right]
        rejected = [verdict.problem is None for verdict in hostile]
        table.add_row(exercise, *map(_share, (caught, named, accepted, rejected)))
    return table


def _share(correct: Sequence[bool]) -> Text:
    share = f"{sum(correct)} of {len(correct)}" if correct else "–"
    return Text(share, style="" if all(correct) else "bold red")


def audit_total(verdicts: Sequence[Verdict]) -> str:
    """Return a line that counts the answers, and those that were judged wrongly."""
    wrong = sum(verdict.problem is not None for verdict in verdicts)
    return f"{plural(len(verdicts), 'seeded answer')}, {wrong or 'none'} judged wrongly."


def mutants_table(stem: str, verdicts: Sequence[MutantVerdict]) -> Table:
    """Return a row for each exercise: what became of its mutants."""
    table = Table(title=f"{stem}: mutants of the solutions", title_justify="left", title_style="bold")
    table.add_column("exercise", no_wrap=True)
    for fate in Fate:
        table.add_column(fate, justify="right")
    for exercise in dict.fromkeys(verdict.exercise for verdict in verdicts):
        fates = [verdict.fate for verdict in verdicts if verdict.exercise == exercise]
        table.add_row(exercise, *(_count(fate, fates.count(fate)) for fate in Fate))
    return table


def _count(fate: Fate, count: int) -> Text:
    return Text(str(count), style="bold red" if count and fate.wrong else "")


def mutants_total(verdicts: Sequence[MutantVerdict]) -> str:
    """Return a line with the share of equivalent mutants, and of the others the share that was caught."""
    fates = [verdict.fate for verdict in verdicts]
    equivalent, caught = fates.count(Fate.EQUIVALENT), fates.count(Fate.CAUGHT)
    others = max(1, len(fates) - equivalent)
    return (
        f"{plural(len(fates), 'mutant')}: {equivalent} ({equivalent / max(1, len(fates)):.1%}) equivalent; "
        f"of the others {caught} of {others} ({caught / others:.1%}) caught."
    )
