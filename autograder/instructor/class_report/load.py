"""Load what the class report shows of a class: results, roster, submissions, catalogues. Nothing is run or graded.

Every result of this course counts, also one of a student who is not on the roster: it says something about the
exercises. But it must be of the course's exercises and points, or its statistics would mix different things; another
one is left out, with a note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import UserError
from autograder.core.model import Assignment, Report
from autograder.core.sanitize import clean
from autograder.core.text import plural
from autograder.grading.suites import load_suites, put_on_path
from autograder.instructor.class_report.data import ClassResults, Result, Sentences
from autograder.instructor.results.class_files import ResultFile, read_class
from autograder.instructor.roster import RosterEntry, first_entries
from autograder.instructor.submissions import find_submissions, students_in
from autograder.notebooks.course import Course

# How a remark says that something was guessed. A cell that was replaced by the original is not a guess.
_GUESSED = ("changed one was graded", "found by its name", "found by the names", "read as", "the last one counts")

_OTHER = "it was graded with other exercises or points; grade again"


def load_class_results(course: Course, results: Path, submitted: Path | None) -> ClassResults:
    """Return a class as its files tell it. Raise UserError if there is no result at all.

    submitted: the folder that tells which submissions are not graded yet; None: the course's own, if it is there
    """
    files = read_class(course, results, course.stems)
    counted, left_out = _partition(files.result_files())
    notes = [*_foreign_folders(results, course.stems), *(file.note for file in left_out)]
    if not counted:
        listed_notes = "".join(f"\nnote: {note}" for note in notes)
        raise UserError(
            f"There is no result in {results}. Grade first, with `autograder grade`, or name its folder with "
            f"--results.{listed_notes}"
        )
    roster = None if files.roster is None else tuple(first_entries(files.roster))
    sentences, missing = _sentences(course, sorted({result.result_summary.assignment for result in counted}))
    return ClassResults(
        assignments=files.assignments,
        results=counted,
        sentences=sentences,
        roster=roster,
        handed_in=tuple(_handed_in(course, submitted)),
        aliases={file.path.stem: file.path.stem for file in left_out} | _aliases(files.roster or ()),
        notes=(*notes, *missing, *_outdated(course, counted), *_not_on(roster, counted)),
    )


# ---- results


@dataclass(frozen=True)
class _LeftOut:
    """A file among the results that does not count, and a note on it."""

    path: Path
    note: str


def _partition(files: Iterable[ResultFile]) -> tuple[tuple[Result, ...], list[_LeftOut]]:
    """Split the files into the results that count and those that are left out. No report is kept."""
    counted: list[Result] = []
    left_out: list[_LeftOut] = []
    for file in files:
        problem = file.problem if file.report is None else _problem(file.report, file.assignment)
        if file.report is None or problem:
            note = f"{file.assignment.stem}/{clean(file.path.name)} was left out: {problem}"
            left_out.append(_LeftOut(file.path, note))
        else:
            counted.append(_result(file.report))
    return tuple(counted), left_out


def _problem(report: Report, assignment: Assignment) -> str:
    """Return why a report of a student cannot be compared with the others; empty if it can."""
    expected = [(exercise.name, exercise.points) for exercise in assignment.exercises]
    if report.exercises and [(exercise.name, exercise.max_score) for exercise in report.exercises] != expected:
        return _OTHER
    if report.max_score != assignment.max_score or (report.graded and not report.exercises):
        return _OTHER
    return ""


def _result(report: Report) -> Result:
    guesses = tuple(remark for remark in report.remarks if any(words in remark for words in _GUESSED))
    return Result(report.result_summary, guesses, report.suite_sha256, report.sandbox)


def _foreign_folders(results: Path, stems: Collection[str]) -> Iterator[str]:
    for folder in sorted(results.glob("*_*")):
        if folder.is_dir() and folder.name not in stems and any(folder.glob("*.json")):
            yield f"{clean(folder.name)} was left out: this course has no such assignment"


def _outdated(course: Course, results: Sequence[Result]) -> Iterator[str]:
    """Yield a note on each assignment whose suites changed after the grading."""
    for stem in course.stems:
        try:
            current = course.suite_sha256(stem)
        except OSError:  # the note on its sentences tells of a suite that is missing
            continue
        old = sum(result.result_summary.assignment == stem and result.suite_sha256 != current for result in results)
        if old:
            yield f"{stem}: {plural(old, 'result')} from before the suites changed: grade again"


# ---- the roster, submissions, sentences


def _aliases(roster: Iterable[RosterEntry]) -> dict[str, str]:
    """Return what the roster calls each student besides the folder's name: names and e-mail addresses."""
    return {alias: entry.student for entry in roster for alias in (entry.name, entry.email) if alias}


def _not_on(roster: Collection[str] | None, results: Sequence[Result]) -> Iterator[str]:
    for student in sorted({result.result_summary.student for result in results} - set(roster or ())):
        if roster is not None:
            yield f"{clean(student)} is not on roster.csv; the results count all the same"


def _handed_in(course: Course, submitted: Path | None) -> Iterator[tuple[str, str]]:
    folder = submitted or course.submitted
    if submitted or folder.is_dir():
        for job in find_submissions(folder, students_in(folder), course.stems):
            yield job.stem, job.student


def _sentences(course: Course, stems: Sequence[str]) -> tuple[dict[str, Sentences], list[str]]:
    """Return the catalogues' sentences by assignment, and a note on each catalogue that cannot be read."""
    put_on_path(course.root)
    sentences: dict[str, Sentences] = {}
    notes = []
    for stem in stems:
        try:
            suites = load_suites(course.assignment(stem), course.public_suite(stem), course.hidden_suite(stem))
        except UserError as error:
            notes.append(f"{stem}: no sentences for its mistakes: {str(error).splitlines()[0]}")
        else:
            catalogues = suites.seeded.items()
            sentences[stem] = {
                (exercise, mistake): sentence
                for exercise, catalogue in catalogues
                for mistake, (_, sentence) in catalogue.items()
            }
    return sentences, notes
