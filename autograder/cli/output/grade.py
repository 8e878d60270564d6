"""Print what `autograder grade` shows: a progress bar on a terminal, plain lines elsewhere, a table per assignment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.cli.output.terminal import print_plain
from autograder.core.folder_names import why_rename
from autograder.core.model import Assignment, LostPoints, Outcome, Report, ResultSummary
from autograder.core.sanitize import clean
from autograder.core.text import amount, plural
from autograder.instructor.batch.run import Change, ProgressListener, Summary
from autograder.nbgrader_bridge.fill import GradebookUpdate
from autograder.sandbox.levels import Level

_STYLES = {Outcome.PASSED: "green", Outcome.STUB: "dim", Outcome.BROKEN: "bold red"}
_SUBMISSIONS_PER_LINE = 20  # how often a log that is not a terminal says how many are graded


class ProgressBar(ProgressListener):
    """Shows how many submissions of a batch are graded."""

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

    def on_sandbox(self, level: Level, ways_out: int) -> None:
        """Print how students' code is confined, and start the bar."""
        if level is Level.NONE:
            self.out.print("sandbox: none. Students' code runs with your rights.", style="bold red")
        else:
            self.out.print(f"sandbox: {level} ({ways_out} ways out tried, all refused)")
        if self.out.is_terminal:
            self.bar.start()
            self.task = self.bar.add_task("grading", total=self.total, completed=self.count)

    def on_start(self, total: int, up_to_date: int) -> None:
        """Take the number of submissions to grade."""
        self.total = total
        if up_to_date:
            self.out.print(f"{plural(up_to_date, 'submission')} up to date, {total} to grade")

    def on_graded(self, report: Report) -> None:
        """Count a submission that was graded."""
        self.count += 1
        if self.bar.live.is_started:
            self.bar.advance(self.task)
        elif not self.out.is_terminal and (self.count % _SUBMISSIONS_PER_LINE == 0 or self.count == self.total):
            self.out.print(f"graded {self.count} of {self.total}")


def print_summary(out: Console, summary: Summary, results: Path, *, did: Mapping[str, str] | None = None) -> None:
    """Print a table per assignment, then everything that a person should look at, then where the results are."""
    for assignment in summary.assignments:
        of_assignment = [result for result in summary.results if result.assignment == assignment.stem]
        if of_assignment:
            out.print(class_table(assignment, of_assignment, did))
    for result in summary.ungraded:
        print_plain(out, f"ungraded: {clean(result.student)}, {result.assignment}: {result.reason}", "bold red")
    for result in summary.kept:
        earlier = f"kept: the earlier score {result.score:g} of {clean(result.student)}, {result.assignment}"
        print_plain(out, earlier)
    for warning in summary.warnings:
        print_plain(out, f"note: {warning}")
    _print_changes(out, summary.changes)
    done = sum(result.graded for result in summary.results)
    print_plain(out, f"{done} of {plural(len(summary.results), 'submission')} graded, {summary.graded} of them now.")
    details = f"{results}/<assignment>/<student>.json"
    print_plain(out, f"Scores: {results}/grades.csv, details: {details}, for students: .html")


def print_gradebook_update(out: Console, update: GradebookUpdate) -> None:
    """Print what was written to nbgrader's gradebook, and what was left out."""
    print_plain(out, f"Gradebook: {update.gradebook} has {plural(update.submissions, 'submission')} of this run.")
    if update.to_read:
        print_plain(out, f"{update.to_read} of them with something for a person to grade: open Formgrader.")
    for student in update.left_out:
        problem = why_rename(student)
        print_plain(out, f"note: {clean(student)} is not in the gradebook: the folder's name {problem}")


def _print_changes(out: Console, changes: Sequence[Change]) -> None:
    if changes:
        print_plain(out, f"{plural(len(changes), 'score')} changed:")
    for change in changes:
        print_plain(out, f"  {clean(change.student)}, {change.assignment}: {change.before:g} → {change.after:g}")


def class_table(
    assignment: Assignment, summaries: Iterable[ResultSummary], did: Mapping[str, str] | None = None
) -> Table:
    """Return a table with a row for each student; `did` adds, for the demo, what each of them submitted."""
    table = Table(title=assignment.stem, title_justify="left", title_style="bold")
    table.add_column("student", overflow="fold", max_width=30)
    if did:
        table.add_column("what the student did", overflow="fold", max_width=40)
    table.add_column(f"of {assignment.max_score:g}", justify="right", no_wrap=True)
    table.add_column("what it lost points for", overflow="fold")
    for summary in summaries:
        about = [Text(did.get(summary.student, ""))] if did else []
        table.add_row(Text(clean(summary.student, 60)), *about, _score(summary), _lost_points(summary))
    return table


def _score(summary: ResultSummary) -> Text:
    if summary.score is None:
        return Text("–", style="bold red")
    return Text(amount(summary.score), style="green" if summary.score == summary.max_score else "")


def _lost_points(summary: ResultSummary) -> Text:
    if not summary.graded:
        return Text(f"ungraded: {summary.reason}", style="bold red")
    if summary.untouched:
        return Text("nothing written yet", style="dim")
    losses = (Text(_loss_text(loss), style=_STYLES.get(loss.outcome, "")) for loss in summary.lost_points)
    return Text(", ").join(losses)


def _loss_text(loss: LostPoints) -> str:
    why = ", ".join(loss.mistakes) if loss.mistakes else loss.outcome.value
    return f"{loss.exercise} {amount(loss.score)}/{amount(loss.max_score)} ({why})"
