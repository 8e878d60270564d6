"""Grade many submissions: plan what is to be graded, run a few workers, merge each result as soon as it is there.

Nothing here grades. A worker that hangs or dies costs one submission its grading, never the batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import sweep
from autograder.core.folder_names import why_no_folder
from autograder.core.model import Assignment, Report, ResultSummary
from autograder.core.sanitize import clean
from autograder.core.settings import Feedback
from autograder.core.text import plural
from autograder.execution.limits import GRADER_MEMORY
from autograder.execution.memory_limit import growth_limited
from autograder.instructor.batch.pool import Workers
from autograder.instructor.batch.worker import ungraded
from autograder.instructor.results.store import complete, is_of_earlier_kit, report_of, write, write_grades
from autograder.instructor.roster import first_entries, read_roster
from autograder.instructor.submissions import (
    Job,
    find_submissions,
    left_alone,
    read_handed_in,
    students_in,
    why_not_there,
)
from autograder.notebooks.course import Course, kit_version
from autograder.sandbox.levels import Level


@dataclass(frozen=True)
class Options:
    """The request to `autograder grade`."""

    course: Course
    submitted: Path
    results: Path
    stems: tuple[str, ...] = ()  # none: all of the course
    student: str | None = None
    jobs: int | None = None
    force: bool = False
    sandbox: str | None = None  # one of `sandbox.levels.CHOICES`; None: as the course's settings say

    @property
    def feedback(self) -> Feedback:
        """What students may see of hidden tests."""
        return self.course.settings.grading.feedback


@dataclass(frozen=True)
class Change:
    """A score that differs from the one graded before."""

    student: str
    assignment: str
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The outcome of a run of `grade`."""

    assignments: tuple[Assignment, ...]
    results: tuple[ResultSummary, ...]  # of every submission, also of those that were up to date
    graded: int  # the number of them that were graded now
    changes: tuple[Change, ...]
    kept: tuple[ResultSummary, ...]  # earlier results that stay, because the submission is ungradable now
    warnings: tuple[str, ...]

    @property
    def ungraded(self) -> tuple[ResultSummary, ...]:
        return tuple(result for result in self.results if not result.graded)


class ProgressListener:
    """A listener to the progress of a batch. This one ignores all of it; others override the methods they need."""

    def on_start(self, total: int, up_to_date: int) -> None:
        """Receive, at the beginning, how many submissions are to be graded and how many are up to date."""

    def on_sandbox(self, level: Level, ways_out: int) -> None:
        """Receive, before the first submission is graded, how sandboxes are confined, and the ways out that failed."""

    def on_graded(self, report: Report) -> None:
        """Receive each report after it was written."""


def grade_class(options: Options, listener: ProgressListener) -> Summary:
    """Grade every submission that is not graded already; write each result as soon as it is there.

    Raise UserError if the class cannot be graded at all; a problem of one submission is its reason.
    """
    plan = _plan(options)
    listener.on_start(len(plan.to_grade), len(plan.up_to_date))
    merged = _Merged()
    for job, report in run_jobs(options, plan.to_grade, listener):
        stamped = plan.stamps[job.stem].on(report)
        try:
            with growth_limited(GRADER_MEMORY):
                merged.add(options, job, stamped)
        except MemoryError:
            reason = "its result takes too much memory to be written; look at the notebook yourself"
            stamped = plan.stamps[job.stem].on(ungraded(job, options.course.assignment(job.stem), reason))
            merged.add(options, job, stamped)
        listener.on_graded(stamped)
    write_grades(options.results, plan.rows, options.course.stems)
    return _summary(options, plan, merged)


# ---- plan


@dataclass(frozen=True)
class _Stamp:
    """What a result depends on besides the submission."""

    suite_sha256: str
    kit_version: str

    def on(self, report: Report) -> Report:
        return replace(report, suite_sha256=self.suite_sha256, kit_version=self.kit_version)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What a run has to do."""

    assignments: tuple[Assignment, ...]
    stamps: Mapping[str, _Stamp]  # by stem
    jobs: Sequence[Job]
    up_to_date: Mapping[Job, ResultSummary]
    rows: Sequence[str]  # the students of grades.csv
    warnings: Sequence[str]

    @property
    def to_grade(self) -> list[Job]:
        return [job for job in self.jobs if job not in self.up_to_date]


def _plan(options: Options) -> _Plan:
    """Find the submissions and which of them are up to date; prepare the folder of the results."""
    course, results = options.course, options.results
    assignments = tuple(course.assignment(stem) for stem in options.stems or course.stems)
    everybody = students_in(options.submitted)
    chosen = everybody if options.student is None else [options.student]
    if not set(chosen) <= set(everybody):
        raise UserError(f"There is no student {options.student!r} in {options.submitted}.")
    roster = read_roster(course.root)
    rows = everybody if roster is None else list(first_entries(roster))
    warnings = list(left_alone(options.submitted, chosen, course.stems))
    if roster is not None:
        missing = (student for student in chosen if student not in rows)
        warnings += [f"{clean(student)} is not on roster.csv: no row in grades.csv" for student in missing]
    stamps = {assignment.stem: _stamp(options, assignment.stem) for assignment in assignments}
    jobs = find_submissions(options.submitted, chosen, list(stamps))
    if old := sum(is_of_earlier_kit(results, job.stem, job.student) for job in jobs):
        verb = "is" if old == 1 else "are"
        warnings.append(f"{plural(old, 'result')} of an earlier version of the kit {verb} graded again")
    sweep([results, *(results / stem for stem in stamps)])
    return _Plan(
        assignments=assignments,
        stamps=stamps,
        jobs=jobs,
        up_to_date={} if options.force else _up_to_date(options, jobs, stamps),
        rows=rows,
        warnings=warnings,
    )


def _stamp(options: Options, stem: str) -> _Stamp:
    try:
        return _Stamp(options.course.suite_sha256(stem), kit_version())
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}); {stem} needs it.") from None


def _up_to_date(options: Options, jobs: Sequence[Job], stamps: Mapping[str, _Stamp]) -> dict[Job, ResultSummary]:
    """Return the results that are still valid; bring their pages up to date."""
    summaries = {}
    for job in jobs:
        report = report_of(options.results, job.stem, job.student)
        if report is not None and _is_valid(report, job, stamps[job.stem]):
            complete(options.results, report, options.feedback)
            summaries[job] = report.result_summary
    return summaries


def _is_valid(report: Report, job: Job, stamp: _Stamp) -> bool:
    """Return whether a result is of the same content, suites and kit as now, and the folder may have its name.

    A result stays, however strong its sandbox was.
    """
    if not report.graded or stamp.on(report) != report or why_no_folder(job.student):
        return False
    try:
        return hashlib.sha256(read_handed_in(job)).hexdigest() == report.submission_sha256
    except Ungradable:
        return False


# ---- run


def run_jobs(options: Options, jobs: Sequence[Job], listener: ProgressListener) -> Iterator[tuple[Job, Report]]:
    """Yield each job with its report, in the order in which they are done."""
    waiting = []
    for job in jobs:
        problem = why_not_there(job)
        if problem is None:
            waiting.append(job)
        else:
            yield job, ungraded(job, options.course.assignment(job.stem), problem)
    if waiting:
        sandbox = options.sandbox or options.course.settings.grading.sandbox
        with Workers(options.course, waiting, sandbox=sandbox, count=options.jobs) as workers:
            listener.on_sandbox(workers.level, workers.ways_out)
            for job, report in workers.run():
                yield job, replace(report, sandbox=workers.level)


# ---- merge


@dataclass
class _Merged:
    """What became of the submissions that were graded now, besides the files."""

    summaries: dict[Job, ResultSummary] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    kept: list[ResultSummary] = field(default_factory=list)

    def add(self, options: Options, job: Job, report: Report) -> None:
        """Write a report, unless it is ungraded and there is a graded one: no score that is known is lost."""
        earlier = report_of(options.results, job.stem, job.student)
        if not report.graded and earlier is not None and earlier.graded:
            self.kept.append(earlier.result_summary)
            complete(options.results, earlier, options.feedback)
        else:
            write(options.results, report, options.feedback)
        self.changes += _change(earlier, report)
        self.summaries[job] = report.result_summary


def _change(earlier: Report | None, now: Report) -> list[Change]:
    if earlier is None or earlier.score is None or now.score is None or earlier.score == now.score:
        return []
    return [Change(now.student, now.assignment, earlier.score, now.score)]


def _summary(options: Options, plan: _Plan, merged: _Merged) -> Summary:
    results = {**plan.up_to_date, **merged.summaries}
    return Summary(
        assignments=plan.assignments,
        results=tuple(results[job] for job in plan.jobs),
        graded=sum(summary.graded for summary in merged.summaries.values()),
        changes=tuple(sorted(merged.changes, key=lambda change: (change.assignment, change.student))),
        kept=tuple(merged.kept),
        warnings=tuple(plan.warnings),
    )
