"""Read a class with its results: the roster, and the result files of each assignment.

`autograder report` and `autograder export` both read here. They differ in who belongs to the class and in which results
count; each states its rule where it picks them: `class_report/load.py` and `exports/graded_class.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.core.model import Assignment, Report
from autograder.instructor.results import record
from autograder.instructor.results.store import result_path
from autograder.instructor.roster import RosterEntry, read_roster
from autograder.notebooks.course import Course

DAMAGED = "it is damaged; grade again"
OF_ANOTHER = "it holds the result of another student or assignment"


@dataclass(frozen=True, kw_only=True)
class ResultFile:
    """A file among the results of an assignment, and the report in it."""

    path: Path
    assignment: Assignment
    report: Report | None = None
    problem: str = ""  # why there is no report


@dataclass(frozen=True, kw_only=True)
class ClassFiles:
    """A class as its files tell it."""

    results: Path
    assignments: tuple[Assignment, ...]
    roster: tuple[RosterEntry, ...] | None  # None if the course has none

    def result_files(self) -> Iterator[ResultFile]:
        """Read each result file, by assignment and name. A report is large: keep of it what is needed."""
        for assignment in self.assignments:
            for path in sorted((self.results / assignment.stem).glob("*.json")):
                yield _result_file(path, assignment)


def read_class(course: Course, results: Path, stems: Iterable[str]) -> ClassFiles:
    """Return the class and what is known of these assignments.

    Raise UserError if the course has no such assignment, or a roster that cannot be read.
    """
    assignments = tuple(course.assignment(stem) for stem in dict.fromkeys(stems))
    return ClassFiles(results=results, assignments=assignments, roster=read_roster(course.root))


def stems_with_results(course: Course, results: Path) -> list[str]:
    """Return the course's assignments that have a result file, readable or not."""
    return [stem for stem in course.stems if any((results / stem).glob("*.json"))]


def _result_file(path: Path, assignment: Assignment) -> ResultFile:
    report = record.read(path)
    try:
        if report is None or not _is_well_typed(report):
            return ResultFile(path=path, assignment=assignment, problem=DAMAGED)
        # A file that was copied or renamed is not the result of the student that it is named after.
        if result_path(path.parents[1], report.assignment, report.student) != path:
            return ResultFile(path=path, assignment=assignment, problem=OF_ANOTHER)
    except (TypeError, ValueError):  # a comparison of JSON's types, or a name that no file can have
        return ResultFile(path=path, assignment=assignment, problem=DAMAGED)
    return ResultFile(path=path, assignment=assignment, report=report)


def _is_well_typed(report: Report) -> bool:
    """Return whether everything that is counted or shown has its type: JSON holds anything."""
    tests = [test for exercise in report.exercises for test in exercise.tests]
    texts = [report.student, report.assignment, report.suite_sha256, *report.remarks, report.reason or ""]
    texts += [name for test in tests for name in test.mistakes]
    return all(isinstance(text, str) for text in texts) and all(0 <= test.points <= report.max_score for test in tests)
