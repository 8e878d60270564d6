"""What `grade` and `check` print: a progress bar on a terminal, plain lines elsewhere, a table per assignment."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.core.model import Assignment, LostPoints, Outcome, Report, ResultSummary
from autograder.core.sanitize import clean
from autograder.core.text import amount, plural
from autograder.instructor.batch.run import Change, ProgressListener, Summary
from autograder.nbgrader_bridge.fill import GradebookUpdate
from autograder.sandbox.escape_probe import ProbeResult

_STYLES = {Outcome.PASSED: "green", Outcome.STUB: "dim", Outcome.BROKEN: "bold red"}
_LINE_EVERY = 20  # how often a plain log says how far it is


def console() -> Console:
    """Where to print; wide enough for a table when it is not a terminal."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names are not lost, nor is a run, to a terminal without UTF-8
    made = Console(highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made = Console(highlight=False, width=120)
    return made


class ProgressBar(ProgressListener):
    """Shows how far a batch is."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.total = 0
        self.count = 0
        self.bar = Progress(
            TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=out
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar.live.is_started:
            self.bar.stop()

    def sandbox(self, result: ProbeResult | None) -> None:
        if result is None:
            self.out.print("sandbox: none. Students' code runs with your rights.", style="bold red")
        else:
            self.out.print(f"sandbox: full ({len(result.held)} ways out tried, all refused)")
        if self.out.is_terminal:
            self.bar.start()
            self.task = self.bar.add_task("grading", total=self.total, completed=self.count)

    def begins(self, total: int, up_to_date: int) -> None:
        self.total = total
        if up_to_date:
            self.out.print(f"{plural(up_to_date, 'submission')} up to date, {total} to grade")

    def graded(self, report: Report) -> None:
        self.count += 1
        if self.bar.live.is_started:
            self.bar.advance(self.task)
        elif not self.out.is_terminal and (self.count % _LINE_EVERY == 0 or self.count == self.total):
            self.out.print(f"graded {self.count} of {self.total}")


def print_summary(out: Console, summary: Summary, results: Path, *, did: Mapping[str, str] | None = None) -> None:
    """One table per assignment, then everything that wants a human's eye, then where the results are."""
    for assignment in summary.assignments:
        standings = [one for one in summary.standings if one.assignment == assignment.stem]
        if standings:
            out.print(class_table(assignment, standings, did))
    for one in summary.ungraded:
        plain(out, f"ungraded: {clean(one.student)}, {one.assignment}: {one.reason}", "bold red")
    for one in summary.kept:
        plain(out, f"kept: the earlier score {one.score:g} of {clean(one.student)}, {one.assignment}")
    for warning in summary.warnings:
        plain(out, f"note: {warning}")
    _print_changes(out, summary.changes)
    done = sum(one.graded for one in summary.standings)
    plain(out, f"{done} of {plural(len(summary.standings), 'submission')} graded, {summary.graded} of them now.")
    plain(out, f"Scores: {results}/grades.csv, details: {results}/<assignment>/<student>.json, for students: .html")


def plain(out: Console, text: str, style: str = "") -> None:
    """Text as it is: no markup is looked for in names and reasons, and no line is broken."""
    out.print(Text(text, style=style), soft_wrap=True)


def print_gradebook_update(out: Console, update: GradebookUpdate) -> None:
    plain(out, f"Gradebook: {update.gradebook} has {plural(update.submissions, 'submission')} of this run.")
    if update.to_read:
        plain(out, f"{update.to_read} of them with something for a person to grade: open Formgrader.")
    for student in update.left_out:
        plain(out, f"note: {clean(student)} is not in the gradebook: rename the folder, its name is not UTF-8 text")


def _print_changes(out: Console, changes: Sequence[Change]) -> None:
    if changes:
        plain(out, f"{plural(len(changes), 'score')} changed:")
    for change in changes:
        plain(out, f"  {clean(change.student)}, {change.assignment}: {change.before:g} → {change.after:g}")


def class_table(
    assignment: Assignment, standings: Iterable[ResultSummary], did: Mapping[str, str] | None = None
) -> Table:
    """A row for each student; `did` adds, for a demonstration, what each of them handed in."""
    table = Table(title=assignment.stem, title_justify="left", title_style="bold")
    table.add_column("student", overflow="fold", max_width=30)
    if did:
        table.add_column("who", overflow="fold", max_width=40)
    table.add_column(f"of {assignment.max_score:g}", justify="right", no_wrap=True)
    table.add_column("what it lost points for", overflow="fold")
    for one in standings:
        about = [Text(did.get(one.student, ""))] if did else []
        table.add_row(Text(clean(one.student, 60)), *about, _score(one), _losses(one))
    return table


def _score(one: ResultSummary) -> Text:
    if one.score is None:
        return Text("–", style="bold red")
    return Text(amount(one.score), style="green" if one.score == one.max_score else "")


def _losses(one: ResultSummary) -> Text:
    if not one.graded:
        return Text(f"ungraded: {one.reason}", style="bold red")
    if one.untouched:
        return Text("nothing written yet", style="dim")
    return Text(", ").join(Text(_said(loss), style=_STYLES.get(loss.outcome, "")) for loss in one.losses)


def _said(loss: LostPoints) -> str:
    why = ", ".join(loss.mistakes) if loss.mistakes else loss.outcome.value
    return f"{loss.exercise} {amount(loss.score)}/{amount(loss.max_score)} ({why})"


def warn(message: str) -> None:
    """A message for the operator, on stderr, without a trace."""
    Console(file=sys.stderr, highlight=False, soft_wrap=True).print(Text(message, style="bold red"))
