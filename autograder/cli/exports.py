"""What an instructor types to take scores elsewhere: export csv, canvas, moodle, gradescope."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from autograder.cli.options import FOLDER, course_of, course_option, submitted_option

if TYPE_CHECKING:
    from autograder.instructor.exports.files import Exported
    from autograder.instructor.exports.graded_class import GradedClass

Command = TypeVar("Command", bound=Callable[..., object])


@click.group()
def export() -> None:
    """Write the scores in a form that another gradebook imports.

    An ungraded submission has no score in any of them. Exit code 1 where a score could not be exported: it is named.
    """


def _of_the_class(command: Command) -> Command:
    """The options that every form has."""
    decorated: Any = command
    for option in (
        click.option("--assignments", metavar="STEM,STEM", help="Only these. Default: all that have results."),
        click.option("--results", type=FOLDER, help="Where the results are. Default: results/ in the course."),
        click.option("--out", type=FOLDER, help="Where to write. Default: in export/ below the results."),
        submitted_option,
        course_option,
        click.pass_context,
    ):
        decorated = option(decorated)
    return cast(Command, decorated)


@export.command("csv")
@_of_the_class
def csv(
    context: click.Context, assignments: str | None, results: Path | None, submitted: Path | None, out: Path | None
) -> None:
    """One row for each student and assignment, with the time of handing in and whether it was late.

    The time is that of nbgrader's timestamp.txt beside the notebook; what is due when stands in the course's
    duedates.csv: assignment,duedate, as in 06_convolution,2026-03-01T23:59:00+01:00.
    """
    from autograder.instructor.exports import spreadsheet
    from autograder.instructor.lateness import due_dates

    course = course_of(context)
    graded = _read(context, assignments, results, submitted)
    made = spreadsheet.export(graded, submitted or course.submitted, due_dates(course))
    _finish(context, made, out or _default(context, results, "scores.csv"))


@export.command()
@click.option("--roster", type=FOLDER, metavar="CSV", help="The gradebook as Canvas exports it, to be filled in.")
@_of_the_class
def canvas(
    context: click.Context,
    roster: Path | None,
    assignments: str | None,
    results: Path | None,
    submitted: Path | None,
    out: Path | None,
) -> None:
    """For Canvas: Grades > Import. Students are found by ID, SIS ID, login or name."""
    from autograder.instructor.exports import canvas
    from autograder.instructor.exports.canvas_gradebook import read_gradebook

    gradebook = None if roster is None else read_gradebook(roster)
    made = canvas.export(_read(context, assignments, results, submitted), gradebook)
    _finish(context, made, out or _default(context, results, "canvas.csv"))


@export.command()
@click.option(
    "--identifier",
    type=click.Choice(["username", "idnumber", "email"]),
    default="username",
    help="A column of roster.csv. Default: username, the folder's name where the roster has no such column.",
)
@click.option("--feedback", is_flag=True, help="With a column of feedback for each assignment.")
@_of_the_class
def moodle(
    context: click.Context,
    identifier: str,
    feedback: bool,
    assignments: str | None,
    results: Path | None,
    submitted: Path | None,
    out: Path | None,
) -> None:
    """For Moodle: Grades > Import > CSV file."""
    from autograder.instructor.exports import moodle

    made = moodle.export(_read(context, assignments, results, submitted), identifier, feedback=feedback)
    _finish(context, made, out or _default(context, results, "moodle.csv"))


@export.command()
@_of_the_class
def gradescope(
    context: click.Context, assignments: str | None, results: Path | None, submitted: Path | None, out: Path | None
) -> None:
    """For Gradescope: OUT/<assignment>/<student>/results.json, each exercise a test."""
    from autograder.instructor.exports import gradescope

    made = gradescope.export(_read(context, assignments, results, submitted))
    _finish(context, made, out or _default(context, results, "gradescope"))


def _read(context: click.Context, assignments: str | None, results: Path | None, submitted: Path | None) -> GradedClass:
    from autograder.instructor.exports.graded_class import load_graded_class

    course = course_of(context)
    stems = tuple(filter(None, (assignments or "").split(",")))
    return load_graded_class(course, results or course.results, submitted or course.submitted, stems)


def _default(context: click.Context, results: Path | None, name: str) -> Path:
    return (results or course_of(context).results) / "export" / name


def _finish(context: click.Context, made: Exported, out: Path) -> None:
    from autograder.cli.output.export import exported_text
    from autograder.instructor.exports.files import write

    write(made, out)
    click.echo(exported_text(made, out))
    context.exit(1 if made.left else 0)
