"""The graded class, read once for every form: who is in it, and what is known of each submission."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.model import Assignment, Report
from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.instructor.results import record
from autograder.instructor.results.store import report_of, result_path
from autograder.instructor.roster import roster_rows
from autograder.instructor.submissions import students_in
from autograder.notebooks.course import Course


@dataclass(frozen=True)
class Student:
    """One of the class."""

    id: str  # the name of the folder in submitted/
    roster: Mapping[str, str]  # their row of roster.csv, by column; empty without one

    @property
    def name(self) -> str:
        """As the roster has it; empty where it does not tell."""
        return self.roster.get("name", "")


@dataclass(frozen=True)
class GradedClass:
    """What there is to export."""

    assignments: tuple[Assignment, ...]
    students: tuple[Student, ...]
    reports: Mapping[tuple[str, str], Report]  # by student and stem
    notes: tuple[str, ...] = ()

    def report(self, student: Student, assignment: Assignment) -> Report | None:
        return self.reports.get((student.id, assignment.stem))

    def score(self, student: Student, assignment: Assignment) -> float | None:
        """None where nothing was handed in, graded, or gradable; never zero for that."""
        report = self.report(student, assignment)
        return None if report is None else report.score

    def scored(self, student: Student) -> bool:
        """Whether there is any score to tell of a student."""
        return any(self.score(student, one) is not None for one in self.assignments)


def read_class(course: Course, results: Path, submitted: Path, stems: Sequence[str] = ()) -> GradedClass:
    """The class, who is on `roster.csv` or else has a folder in `submitted`, with its results.

    stems: the assignments; none: all that have a result

    Raises UserError where there is no student, no result, or no such assignment. A file of a result that cannot be
    read is a note.
    """
    chosen = [course.assignment(stem) for stem in dict.fromkeys(stems)] or [
        course.assignment(stem) for stem in course.stems if any((results / stem).glob("*.json"))
    ]
    students = tuple(_students(course, results, submitted, chosen))
    if not students:
        raise UserError(f"There is no student on {course.root / 'roster.csv'} or in {submitted}: nothing to export.")
    found = {(one.id, each.stem): report_of(results, each.stem, one.id) for each in chosen for one in students}
    reports = {key: report for key, report in found.items() if report is not None}
    if not reports:
        raise UserError(
            f"There is no result of this class in {results}. Run `autograder grade` first, or name the folder with "
            "--results."
        )
    return GradedClass(tuple(chosen), students, reports, tuple(_notes(results, chosen, students, reports)))


def _students(course: Course, results: Path, submitted: Path, assignments: Sequence[Assignment]) -> Iterator[Student]:
    """As `grade` has them for `grades.csv`; where neither roster nor submissions are there, who has a result."""
    roster = course.root / "roster.csv"
    if os.path.lexists(roster):
        rows: dict[str, dict[str, str]] = {}
        for row in roster_rows(roster):
            rows.setdefault(row["student"], row)
        yield from (Student(name, row) for name, row in rows.items())
    elif submitted.is_dir():
        yield from (Student(name, {}) for name in students_in(submitted))
    else:
        paths = (path for one in assignments for path in (results / one.stem).glob("*.json"))
        reports = (report for report in map(record.read, paths) if report is not None)
        yield from (Student(name, {}) for name in sorted({report.student for report in reports}))


def _notes(
    results: Path,
    assignments: Sequence[Assignment],
    students: Sequence[Student],
    reports: Mapping[tuple[str, str], Report],
) -> Iterator[str]:
    ungraded = sum(not report.graded for report in reports.values())
    if ungraded:
        yield f"{plural(ungraded, 'submission')} ungraded: no score is exported; `autograder grade` names them"
    for one in assignments:
        theirs = {result_path(results, one.stem, student.id): student for student in students}
        for path in sorted((results / one.stem).glob("*.json")):
            if path not in theirs:
                yield f"{clean(path.stem)}, {one.stem}: has a result and is not of this class: left out"
            elif (theirs[path].id, one.stem) not in reports:
                yield f"{clean(str(path))} cannot be read, or is another's: grade again"
        old = [r for r in reports.values() if r.assignment == one.stem and r.graded and r.max_score != one.max_score]
        if old:
            yield f"{one.stem}: {plural(len(old), 'result')} of an earlier release with other points: grade again"
