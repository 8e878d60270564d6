"""Many submissions: what is there, what is graded already, a few workers, atomic results.

Nothing here judges. A worker that hangs or dies costs one submission its grading, never the batch.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.cleaning import clean
from autograder.course import Course, kit_version, topic_of
from autograder.grading_worker import Job
from autograder.model import Assignment, KitError, Report, Ungradable
from autograder.notebook import read_bytes
from autograder.report import record
from autograder.sandbox.probe import ProbeResult
from autograder.workers import Workers, ungraded


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
    reports: tuple[Report, ...]  # of every submission, also those that were up to date
    graded: int  # how many were graded now
    changes: tuple[Change, ...]
    kept: tuple[Report, ...]  # earlier results that stay, because the submission is ungradable now
    warnings: tuple[str, ...]
    sandbox: str

    @property
    def ungraded(self) -> tuple[Report, ...]:
        return tuple(report for report in self.reports if not report.graded)


class Watcher:
    """Told what happens while a batch runs. This one is not interested."""

    def sandbox(self, result: ProbeResult | None) -> None: ...

    def begins(self, total: int, up_to_date: int) -> None: ...

    def graded(self, report: Report) -> None: ...


# ---- the batch


def grade_class(options: Options, watcher: Watcher) -> Summary:
    """Grade every submission that is not graded already; write each result as soon as it is there."""
    course = options.course
    assignments = tuple(course.assignment(stem) for stem in options.stems or course.stems)
    stamps = {one.stem: _stamp(course, one.stem, options.confined) for one in assignments}
    jobs, warnings = find_submissions(options, [one.stem for one in assignments])
    before = {job: record.read(result_path(options.results, job)) for job in jobs}
    done, todo = {}, []
    for job in jobs:
        earlier = before[job]
        if earlier is not None and not options.force and _up_to_date(earlier, job, stamps[job.stem]):
            done[job] = earlier
        else:
            todo.append(job)
    watcher.begins(len(todo), len(done))
    kept = []
    for job, report in run_jobs(options, todo, watcher):
        stamped = stamps[job.stem].on(report)
        earlier = before[job]
        if not stamped.graded and earlier is not None and earlier.graded:
            kept.append(earlier)  # nothing already graded is lost
        else:
            record.write(result_path(options.results, job), stamped)
        done[job] = stamped
        watcher.graded(stamped)
    write_grades(options.results, class_of(options), course.stems)
    return Summary(
        assignments,
        tuple(done[job] for job in jobs),
        len(todo),
        tuple(_changes(before, done, jobs)),
        tuple(kept),
        tuple(warnings),
        "full" if options.confined else "none",
    )


@dataclass(frozen=True)
class _Stamp:
    """What a result depends on beside the submission."""

    suite_sha256: str
    kit_version: str
    sandbox: str

    def on(self, report: Report) -> Report:
        return replace(report, suite_sha256=self.suite_sha256, kit_version=self.kit_version, sandbox=self.sandbox)


def _stamp(course: Course, stem: str, confined: bool) -> _Stamp:
    return _Stamp(course.suite_sha256(stem), kit_version(), "full" if confined else "none")


def _up_to_date(report: Report, job: Job, stamp: _Stamp) -> bool:
    """Whether the same student, content, suites, kit and sandbox were graded before."""
    if not report.graded or (report.student, report.assignment) != (job.student, job.stem):
        return False
    if stamp.on(report) != report:
        return False
    try:
        return hashlib.sha256(read_bytes(job.notebook)).hexdigest() == report.submission_sha256
    except Ungradable:
        return False


def _changes(before: dict[Job, Report | None], done: dict[Job, Report], jobs: Sequence[Job]) -> Iterator[Change]:
    for job in jobs:
        earlier, now = before[job], done[job]
        if earlier is None or earlier.score is None or now.score is None:
            continue
        if earlier.score != now.score:
            yield Change(job.student, job.stem, earlier.score, now.score)


# ---- what there is


def find_submissions(options: Options, stems: Sequence[str]) -> tuple[list[Job], list[str]]:
    """The submissions of the class, by assignment and student, and what in the folder is none."""
    folder = options.submitted
    if not folder.is_dir():
        raise KitError(
            f"There is no folder {folder}. Put notebooks into {folder}/<student>/<assignment>/, "
            "or name the folder with --submitted."
        )
    students = _folders(folder)
    if options.student is not None and options.student not in students:
        raise KitError(f"There is no student {options.student!r} in {folder}.")
    chosen = [options.student] if options.student is not None else students
    jobs = [
        Job(student, stem, folder / student / stem / f"{topic_of(stem)}.ipynb")
        for stem in stems
        for student in chosen
        if os.path.lexists(folder / student / stem)
    ]
    known = set(options.course.stems)
    warnings = [
        f"{clean(student)}/{clean(name)} is no assignment of this course and was left alone"
        for student in chosen
        for name in _folders(folder / student)
        if name not in known
    ]
    return jobs, warnings


def _folders(folder: Path) -> list[str]:
    """The names in a folder that may be students or assignments: no hidden files, no plain files."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    return [entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_file()]


def why_not_there(job: Job, submitted: Path) -> str | None:
    """Why a submission's notebook may not be opened at all: a link on the way to it, or it is not there."""
    for path in (submitted / job.student, job.notebook.parent, job.notebook):
        try:
            kind = os.lstat(path).st_mode
        except FileNotFoundError:
            break
        except OSError as error:
            return f"{clean(path.name)} cannot be looked at ({error.strerror}): check its permissions"
        if stat.S_ISLNK(kind):
            return f"{clean(path.name)} is a link, which may lead anywhere: put the notebook itself there"
        if path != job.notebook and not stat.S_ISDIR(kind):
            return f"{clean(path.name)} is not a folder: put the notebook at {clean(job.stem)}/{job.notebook.name}"
    else:
        return None
    try:
        others = sorted(path.name for path in job.notebook.parent.glob("*.ipynb"))
    except OSError:
        others = []
    found = f"found {clean(others[0], 80)}: rename it" if others else "the folder holds no notebook"
    return f"{job.notebook.name} is missing; {found}"


def class_of(options: Options) -> list[str]:
    """Who belongs to the class: those on `roster.csv` if there is one, else those who handed something in."""
    roster = options.course.root / "roster.csv"
    if not roster.is_file():
        return _folders(options.submitted)
    with roster.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if "student" not in (rows.fieldnames or ()):
            raise KitError(f"{roster} has no column named student.")
        return [row["student"] for row in rows if row["student"]]


def result_path(results: Path, job: Job) -> Path:
    return results / job.stem / f"{job.student}.json"


def write_grades(results: Path, students: Sequence[str], stems: Sequence[str]) -> None:
    """`grades.csv`: a row for each student, a column for each assignment; empty where there is no score."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["student", *stems])
    for student in students:
        reports = [record.read(results / stem / f"{student}.json") for stem in stems]
        scores = [report.score if report is not None else None for report in reports]
        rows.writerow([student, *("" if score is None else f"{score:g}" for score in scores)])
    record.write_atomically(results / "grades.csv", text.getvalue().encode("utf-8", "surrogateescape"))


# ---- grading


def run_jobs(options: Options, jobs: Sequence[Job], watcher: Watcher) -> Iterator[tuple[Job, Report]]:
    """Each job with its report, in the order in which they are done."""
    waiting = []
    for job in jobs:
        problem = why_not_there(job, options.submitted)
        if problem is None and len(os.fsencode(job.student)) > 200:
            problem = "the folder's name is longer than 200 bytes: shorten it"
        if problem is None:
            waiting.append(job)
        else:
            yield job, ungraded(options.course, job, problem)
    if waiting:
        with Workers(options.course, waiting, confined=options.confined, count=options.jobs) as workers:
            watcher.sandbox(workers.probed)
            yield from workers.run()
