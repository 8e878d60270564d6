"""Measures how a class gets into nbgrader's gradebook, and how Formgrader finds it there.

python tests/benchmarks/bench_gradebook.py [--students N] [--few N] [--rounds N] [--markdown]

Every student hands in all assignments, solved. Grading is not measured. It judges no time, it prints what it found,
in turns in one run.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import sqlite3
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench_grading import COURSE, header, say
from contestants import demand_both
from tables import Table, show, spread

from autograder.core.errors import UserError
from autograder.core.model import Report, ResultSummary
from autograder.instructor.batch.run import Options, ProgressListener, grade_class
from autograder.instructor.results import record
from autograder.instructor.results.store import report_of, result_path
from autograder.nbgrader_bridge.fill import fill_gradebook
from autograder.nbgrader_bridge.marks import Entry, marked_notebook, marks_of, original_of
from autograder.notebooks.course import Course, topic_of


@dataclass(frozen=True)
class Spent:
    """On one piece of work, by this process and those it waited for."""

    wall: float  # s
    cpu: float  # s


@dataclass(frozen=True)
class Class:
    """A course of its own, with its class graded."""

    course: Course
    reports: tuple[Report, ...]  # of one student: everybody's look alike
    students: tuple[str, ...]

    @property
    def summaries(self) -> list[ResultSummary]:
        return [dataclasses.replace(one.result_summary, student=name) for one in self.reports for name in self.students]


def timed(work: Callable[[], object]) -> Spent:
    before, begun = os.times(), time.perf_counter()
    work()
    after, ended = os.times(), time.perf_counter()
    return Spent(ended - begun, sum(after[:4]) - sum(before[:4]))


# ---- the class


def solved_class(root: Path, students: int) -> Class:
    """The course below another root, solved by everybody; one of them is really graded."""
    for folder in ("assignments", "solutions", "reference_impl", "tests"):
        (root / folder).symlink_to(COURSE.root / folder)
    shutil.copy(COURSE.root / "nbgrader_config.py", root)
    course, names = Course(root), tuple(f"student{number:04}" for number in range(students))
    hand_in(course, names[0])
    grade_class(Options(course, course.submitted, course.results), ProgressListener())
    reports = tuple(filter(None, (report_of(course.results, stem, names[0]) for stem in course.stems)))
    for name in names[1:]:
        hand_in(course, name)
        for report in reports:
            record.write(
                result_path(course.results, report.assignment, name), dataclasses.replace(report, student=name)
            )
    return Class(course, reports, names)


def hand_in(course: Course, student: str) -> None:
    for stem in course.stems:
        folder = course.submitted / student / stem
        folder.mkdir(parents=True)
        shutil.copy(course.solution(stem), folder / f"{topic_of(stem)}.ipynb")


def entries(of: Class, students: Sequence[str]) -> list[Entry]:
    """What the gradebook gets of each submission."""
    marks = {}
    for report in of.reports:
        solved = of.course.submitted / report.student / report.assignment / f"{topic_of(report.assignment)}.ipynb"
        notebook = marked_notebook(original_of(of.course, report.assignment), solved, report)
        marks[report.assignment] = tuple(marks_of(notebook))
    return [Entry(name, stem, None, found) for name in students for stem, found in marks.items()]


# ---- into the gradebook


def fill_one(path: Path, of: Class, what: Sequence[Entry]) -> None:
    """Our way: one transaction."""
    from autograder.nbgrader_bridge.gradebook import write_entries

    releases = {stem: of.course.release(stem) for stem in of.course.stems}
    write_entries(f"sqlite:///{path}", "nn", releases=releases, due_dates={}, entries=what)


def fill_by_cell(path: Path, what: Sequence[Entry]) -> None:
    """As nbgrader's Autograde and SaveAutoGrades do: through its interface, with a commit for each cell."""
    from nbgrader.api import Gradebook

    for one in what:
        with Gradebook(f"sqlite:///{path}", "nn") as gradebook:
            gradebook.update_or_create_student(one.student)
            gradebook.update_or_create_submission(one.stem, one.student)
            place = (topic_of(one.stem), one.stem, one.student)
            for mark in one.marks:
                if mark.graded:
                    grade = gradebook.find_grade(mark.grade_id, *place)
                    grade.auto_score, grade.needs_manual_grade = mark.score, mark.score is None
                    gradebook.db.commit()
                if mark.to_fill:
                    gradebook.find_comment(mark.grade_id, *place).auto_comment = mark.comment
                    gradebook.db.commit()


def table_of_filling(of: Class, few: int, folder: Path) -> Table:
    everybody = of.summaries
    course = of.course
    say(f"{len(everybody)} submissions: marked notebooks and gradebook")
    whole = timed(lambda: fill_gradebook(course, course.submitted, course.results, everybody))
    say("the same again")
    again = timed(lambda: fill_gradebook(course, course.submitted, course.results, everybody))
    what = entries(of, of.students)
    for name in ("ours.db", "theirs.db"):
        fill_one(folder / name, of, [])  # the assignments' cells, as `nbgrader generate_assignment` leaves them
    say("the gradebook alone")
    ours = timed(lambda: fill_one(folder / "ours.db", of, what))
    say(f"nbgrader's interface: {few} submissions")
    some = entries(of, of.students)[:few]
    theirs = timed(lambda: fill_by_cell(folder / "theirs.db", some))
    rows = [
        row("grade --gradebook: notebooks and gradebook", whole, len(everybody)),
        row("the same again: nothing is new", again, len(everybody)),
        row("the submissions in the gradebook: one transaction", ours, len(what)),
        row("by nbgrader's interface: a commit for each cell", theirs, len(some)),
        (
            "nbgrader's interface ÷ our gradebook",
            "",
            "",
            f"{theirs.wall / len(some) / (ours.wall / len(what)):.0f}",
            f"{theirs.cpu / len(some) / (ours.cpu / len(what)):.0f}",
        ),
    ]
    columns = ("into the gradebook", "submissions", "wall s", "wall ms each", "CPU ms each")
    notes = (
        "The first row includes telling the gradebook of the assignments' cells; the last three begin after that.",
        "nbgrader's interface writes into an empty gradebook, where it is quickest, and makes no notebooks.",
    )
    return Table(f"{len(of.students)} students, {len(of.reports)} assignments", columns, rows, notes)


def row(name: str, spent: Spent, count: int) -> tuple[str, ...]:
    each = [f"{1000 * value / count:.2f}" for value in (spent.wall, spent.cpu)]
    return (name, str(count), f"{spent.wall:.1f}", *each)


# ---- out of it


def table_of_reading(of: Class, rounds: int) -> Table:
    """What Formgrader asks for before it shows an assignment's submissions."""
    stem = of.course.stems[0]
    with_indexes = of.course.root / "gradebook.db"
    without = Path(shutil.copy(with_indexes, with_indexes.with_name("without.db")))
    drop_indexes(without)
    pages = {
        "gradebook.submission_dicts": lambda gradebook: gradebook.submission_dicts(stem),
        "gradebook.notebook_submission_dicts": lambda gradebook: gradebook.notebook_submission_dicts(
            topic_of(stem), stem
        ),
    }
    rows = []
    for name, page in pages.items():
        say(name)
        quick, slow = [], []
        for _ in range(rounds):
            quick.append(asked(with_indexes, page))
            slow.append(asked(without, page))
        ratios = [theirs / ours for ours, theirs in zip(quick, slow, strict=True)]
        rows.append((name, spread(quick, ".2f"), spread(slow, ".2f"), spread(ratios, ".1f")))
    columns = (f"the submissions of {stem}", "with our indexes, CPU s", "without, CPU s", "ratio")
    return Table("What Formgrader's list waits for", columns, rows)


def asked(path: Path, page: Callable[[Any], Sequence[Any]]) -> float:
    with opened(path) as gradebook:
        return timed(lambda: page(gradebook)).cpu


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}", "nn") as gradebook:
        yield gradebook


def drop_indexes(path: Path) -> None:
    """As nbgrader makes a gradebook."""
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'kit_%'").fetchall():
        connection.execute(f"DROP INDEX {name}")
    connection.execute("DROP TABLE IF EXISTS sqlite_stat1")
    connection.commit()
    connection.close()


# ---- the command


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures how a class gets into nbgrader's gradebook.")
    parser.add_argument("--students", type=int, default=50, metavar="N", help="in the class (%(default)s)")
    parser.add_argument(
        "--few", type=int, default=16, metavar="N", help="submissions by nbgrader's interface (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of Formgrader's questions (%(default)s)")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    return parser.parse_args()


def main() -> int:
    given = options()
    warnings.simplefilter("ignore")  # SQLAlchemy's, of nbgrader's interface
    try:
        demand_both()
        top = header()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            say("a class that solved everything")
            of = solved_class(Path(folder), given.students)
            tables = [table_of_filling(of, given.few, Path(folder)), table_of_reading(of, given.rounds)]
    except UserError as problem:
        print(problem, file=sys.stderr)
        return 1
    show(top, tables, markdown=given.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
