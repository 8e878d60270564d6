"""Many submissions: what is there, what is graded already, a few workers, atomic results.

Nothing here judges. A worker that hangs or dies costs one submission its grading, never the batch.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import sweep
from autograder.core.model import Assignment, Report, ResultSummary
from autograder.core.sanitize import clean
from autograder.instructor.batch.pool import Workers, ungraded
from autograder.instructor.results.store import complete, report_of, write, write_grades
from autograder.instructor.roster import read_roster
from autograder.instructor.submissions import Job, find_submissions, left_alone, students_in, why_not_there
from autograder.notebooks.course import Course, kit_version
from autograder.notebooks.ipynb import read_bytes
from autograder.sandbox.escape_probe import ProbeResult


@dataclass(frozen=True)
class Options:
    """What `autograder grade` was asked to do."""

    course: Course
    submitted: Path
    results: Path
    stems: tuple[str, ...] = ()  # none: all of the course
    student: str | None = None
    jobs: int | None = None
    force: bool = False
    confined: bool = True


@dataclass(frozen=True)
class Change:
    """A score that differs from the one graded before."""

    student: str
    assignment: str
    before: float
    after: float


@dataclass(frozen=True)
class Summary:
    """What a run of `grade` did."""

    assignments: tuple[Assignment, ...]
    standings: tuple[ResultSummary, ...]  # of every submission, also those that were up to date
    graded: int  # how many of them were graded now
    changes: tuple[Change, ...]
    kept: tuple[ResultSummary, ...]  # earlier results that stay, because the submission is ungradable now
    warnings: tuple[str, ...]
    sandbox: str

    @property
    def ungraded(self) -> tuple[ResultSummary, ...]:
        return tuple(one for one in self.standings if not one.graded)


class ProgressListener:
    """Told what happens while a batch runs. This one is not interested."""

    def sandbox(self, result: ProbeResult | None) -> None: ...

    def begins(self, total: int, up_to_date: int) -> None: ...

    def graded(self, report: Report) -> None: ...


# ---- the batch


def grade_class(options: Options, watcher: ProgressListener) -> Summary:
    """Grade every submission that is not graded already; write each result as soon as it is there."""
    course = options.course
    assignments = tuple(course.assignment(stem) for stem in options.stems or course.stems)
    students, rows, notes = _class(options)
    stamps = {one.stem: _stamp(course, one.stem, options.confined) for one in assignments}
    jobs = find_submissions(options.submitted, students, list(stamps))
    sweep([options.results, *(options.results / stem for stem in stamps)])
    done = {}
    for job, report in () if options.force else _up_to_date(options.results, jobs, stamps):
        complete(options.results, report)
        done[job] = report.result_summary
    todo = [job for job in jobs if job not in done]
    watcher.begins(len(todo), len(done))
    changes, kept = [], []
    for job, unstamped in run_jobs(options, todo, watcher):
        report = stamps[job.stem].on(unstamped)
        earlier = report_of(options.results, job.stem, job.student)
        if not report.graded and earlier is not None and earlier.graded:
            kept.append(earlier.result_summary)  # nothing already graded is lost
            complete(options.results, earlier)
        else:
            write(options.results, report)
        changes += _change(earlier, report)
        done[job] = report.result_summary
        watcher.graded(report)
    write_grades(options.results, rows, course.stems)
    return Summary(
        assignments,
        tuple(done[job] for job in jobs),
        sum(done[job].graded for job in todo),
        tuple(sorted(changes, key=lambda change: (change.assignment, change.student))),
        tuple(kept),
        tuple(notes),
        "full" if options.confined else "none",
    )


def _class(options: Options) -> tuple[list[str], list[str], list[str]]:
    """Whose submissions are graded, the rows of `grades.csv`, and what in the folder wants a human's eye."""
    students = rows = students_in(options.submitted)
    chosen = students if options.student is None else [options.student]
    if not set(chosen) <= set(students):
        raise UserError(f"There is no student {options.student!r} in {options.submitted}.")
    notes = list(left_alone(options.submitted, chosen, options.course.stems))
    roster = options.course.root / "roster.csv"
    if os.path.lexists(roster):
        rows = read_roster(roster)
        notes += [f"{clean(one)} is not on roster.csv: no row in grades.csv" for one in chosen if one not in rows]
    return chosen, rows, notes


@dataclass(frozen=True)
class _Stamp:
    """What a result depends on beside the submission."""

    suite_sha256: str
    kit_version: str
    sandbox: str

    def on(self, report: Report) -> Report:
        return replace(report, suite_sha256=self.suite_sha256, kit_version=self.kit_version, sandbox=self.sandbox)


def _stamp(course: Course, stem: str, confined: bool) -> _Stamp:
    try:
        return _Stamp(course.suite_sha256(stem), kit_version(), "full" if confined else "none")
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}); {stem} needs it.") from None


def _up_to_date(results: Path, jobs: Sequence[Job], stamps: dict[str, _Stamp]) -> Iterator[tuple[Job, Report]]:
    """What was graded already: same student, content, suites, kit and sandbox."""
    for job in jobs:
        report = report_of(results, job.stem, job.student)
        if report is not None and report.graded and stamps[job.stem].on(report) == report:
            try:
                digest = hashlib.sha256(read_bytes(job.notebook)).hexdigest()
            except Ungradable:
                continue
            if digest == report.submission_sha256:
                yield job, report


def _change(earlier: Report | None, now: Report) -> list[Change]:
    if earlier is None or earlier.score is None or now.score is None or earlier.score == now.score:
        return []
    return [Change(now.student, now.assignment, earlier.score, now.score)]


# ---- grading


def run_jobs(options: Options, jobs: Sequence[Job], watcher: ProgressListener) -> Iterator[tuple[Job, Report]]:
    """Each job with its report, in the order in which they are done."""
    waiting = []
    for job in jobs:
        problem = why_not_there(job, options.submitted)
        if problem is None:
            waiting.append(job)
        else:
            yield job, ungraded(options.course, job, problem)
    if waiting:
        with Workers(options.course, waiting, confined=options.confined, count=options.jobs) as workers:
            watcher.sandbox(workers.probed)
            yield from workers.run()
