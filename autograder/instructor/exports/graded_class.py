"""The class as every form exports it: its students, and the report on each of their submissions.

The class is everybody on `roster.csv`; without a roster, every student with a folder in `submitted/`; without that
folder, every student with a result. Other students' results are left out with a note, because another gradebook would
not know them. A result with other points than the release is exported with a note, because it is the student's score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.model import Assignment, Report
from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.instructor.results.class_files import ResultFile, read_class, stems_with_results
from autograder.instructor.results.store import result_path
from autograder.instructor.results.student_view import for_students
from autograder.instructor.roster import FILE, RosterEntry, first_entries
from autograder.instructor.submissions import students_in
from autograder.notebooks.course import Course


@dataclass(frozen=True, kw_only=True)
class GradedClass:
    """What there is to export."""

    assignments: tuple[Assignment, ...]
    students: tuple[RosterEntry, ...]  # without a roster their names alone
    reports: Mapping[tuple[str, str], Report]  # by student and stem
    notes: tuple[str, ...] = ()

    def report(self, student: RosterEntry, assignment: Assignment) -> Report | None:
        return self.reports.get((student.student, assignment.stem))

    def score(self, student: RosterEntry, assignment: Assignment) -> float | None:
        """Return the score; None, and never zero, if nothing was handed in, or if it is not graded."""
        report = self.report(student, assignment)
        return None if report is None else report.score

    def has_score(self, student: RosterEntry) -> bool:
        """Return whether a student has a score in any of the assignments."""
        return any(self.score(student, assignment) is not None for assignment in self.assignments)


def load_graded_class(course: Course, results: Path, submitted: Path, stems: Sequence[str] = ()) -> GradedClass:
    """Return the class with its results.

    stems: the assignments; none: all that have a result

    Raise UserError if there is no student, no result, or no such assignment. A result file that cannot be read is a
    note.
    """
    files = read_class(course, results, stems or stems_with_results(course, results))
    result_files = list(files.result_files())
    students = tuple(_students(files.roster, submitted, result_files))
    if not students:
        raise UserError(f"There is no student on {course.root / FILE} or in {submitted}: nothing to export.")
    names = {entry.student for entry in students}
    feedback = course.settings.grading.feedback  # an export may reach students: Gradescope and Moodle show messages
    reports = {
        (file.report.student, file.report.assignment): for_students(file.report, feedback)
        for file in result_files
        if file.report is not None and file.report.student in names
    }
    if not reports:
        raise UserError(
            f"There is no result of this class in {results}. Run `autograder grade` first, or name the folder with "
            "--results."
        )
    notes = _notes(results, files.assignments, names, result_files)
    return GradedClass(assignments=files.assignments, students=students, reports=reports, notes=tuple(notes))


def _students(
    roster: tuple[RosterEntry, ...] | None, submitted: Path, result_files: Sequence[ResultFile]
) -> Iterator[RosterEntry]:
    """Yield who is in the class: as `grade` has them in `grades.csv`; without roster and submissions, by results."""
    if roster is not None:
        yield from first_entries(roster).values()
    elif submitted.is_dir():
        yield from (RosterEntry(student=student) for student in students_in(submitted))
    else:
        graded = {file.report.student for file in result_files if file.report is not None}
        yield from (RosterEntry(student=student) for student in sorted(graded))


def _notes(
    results: Path, assignments: Sequence[Assignment], students: set[str], result_files: Sequence[ResultFile]
) -> Iterator[str]:
    """Yield what a person should know of the results, by assignment."""
    exported = [file for file in result_files if file.report is not None and file.report.student in students]
    ungraded = sum(file.report is not None and not file.report.graded for file in exported)
    if ungraded:
        yield f"{plural(ungraded, 'submission')} ungraded: no score is exported; `autograder grade` names them"
    for assignment in assignments:
        paths = {result_path(results, assignment.stem, student) for student in students}
        for file in result_files:
            if file.assignment.stem != assignment.stem:
                continue
            if file.path not in paths:
                yield f"{clean(file.path.stem)}, {assignment.stem}: has a result and is not of this class: left out"
            elif file.report is None:
                yield f"{clean(str(file.path))} cannot be read, or is another's: grade again"
        old = sum(_has_other_points(file) for file in exported if file.assignment.stem == assignment.stem)
        if old:
            yield f"{assignment.stem}: {plural(old, 'result')} of an earlier release with other points: grade again"


def _has_other_points(file: ResultFile) -> bool:
    return file.report is not None and file.report.graded and file.report.max_score != file.assignment.max_score
