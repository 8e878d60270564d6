"""The commands that take scores elsewhere: export csv, canvas, moodle, gradescope."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from autograder.cli.options import FOLDER, course_of, course_option, stems_in, submitted_option

if TYPE_CHECKING:
    from autograder.instructor.exports.files import Exported
    from autograder.instructor.exports.graded_class import GradedClass

Command = TypeVar("Command", bound=Callable[..., object])


@click.group()
def export() -> None:
    """Write the scores for Canvas, Moodle, Gradescope or CSV.

    An ungraded submission has no score in any of them. Exit code 1 if a score could not be exported; the output names
    it.
    """


def _class_options(command: Command) -> Command:
    """Add the options that every form has."""
    decorated: Any = command
    for option in (
        click.option("--assignments", metavar="STEM,STEM", help="Only these. Default: all that have results."),
        click.option("--results", type=FOLDER, help="The folder with the results. Default: results/ in the course."),
        click.option("--out", type=FOLDER, help="The path to write to. Default: in export/ below the results."),
        submitted_option,
        course_option,
        click.pass_context,
    ):
        decorated = option(decorated)
    return cast(Command, decorated)


@export.command("csv")
@_class_options
def csv(
    context: click.Context, assignments: str | None, results: Path | None, submitted: Path | None, out: Path | None
) -> None:
    """Write one row per student and assignment as CSV.

    The row says when the notebook was submitted and whether that was late. The time is that of nbgrader's
    timestamp.txt beside the notebook. The due dates are in duedates.csv in the course's folder, with the columns
    assignment,duedate and rows such as 06_convolution,2026-03-01T23:59:00+01:00.
    """
    from autograder.instructor.exports import spreadsheet
    from autograder.instructor.lateness import due_dates

    course = course_of(context)
    graded = _read(context, assignments, results, submitted)
    exported = spreadsheet.export(graded, submitted or course.submitted, due_dates(course))
    _finish(context, exported, out or _default(context, results, "scores.csv"))


@export.command()
@click.option("--roster", type=FOLDER, metavar="CSV", help="The gradebook as exported from Canvas, to fill in.")
@_class_options
def canvas(
    context: click.Context,
    roster: Path | None,
    assignments: str | None,
    results: Path | None,
    submitted: Path | None,
    out: Path | None,
) -> None:
    """Write a gradebook for Canvas: Grades > Import.

    Students are found by ID, SIS ID, login or name.
    """
    from autograder.instructor.exports import canvas
    from autograder.instructor.exports.canvas_gradebook import read_gradebook

    gradebook = None if roster is None else read_gradebook(roster)
    exported = canvas.export(_read(context, assignments, results, submitted), gradebook)
    _finish(context, exported, out or _default(context, results, "canvas.csv"))


@export.command()
@click.option(
    "--identifier",
    type=click.Choice(["username", "idnumber", "email"]),
    default="username",
    help="A column of roster.csv. Default: username, or the folder's name if the roster has no such column.",
)
@click.option("--feedback", is_flag=True, help="Add a column with feedback for each assignment.")
@_class_options
def moodle(
    context: click.Context,
    identifier: str,
    feedback: bool,
    assignments: str | None,
    results: Path | None,
    submitted: Path | None,
    out: Path | None,
) -> None:
    """Write a CSV file for Moodle: Grades > Import > CSV file."""
    from autograder.instructor.exports import moodle

    exported = moodle.export(_read(context, assignments, results, submitted), identifier, feedback=feedback)
    _finish(context, exported, out or _default(context, results, "moodle.csv"))


@export.command()
@_class_options
def gradescope(
    context: click.Context, assignments: str | None, results: Path | None, submitted: Path | None, out: Path | None
) -> None:
    """Write a results.json per submission for Gradescope.

    It is OUT/<assignment>/<student>/results.json; each exercise is a test in it.
    """
    from autograder.instructor.exports import gradescope

    exported = gradescope.export(_read(context, assignments, results, submitted))
    _finish(context, exported, out or _default(context, results, "gradescope"))


def _read(context: click.Context, assignments: str | None, results: Path | None, submitted: Path | None) -> GradedClass:
    from autograder.instructor.exports.graded_class import load_graded_class

    course = course_of(context)
    return load_graded_class(course, results or course.results, submitted or course.submitted, stems_in(assignments))


def _default(context: click.Context, results: Path | None, name: str) -> Path:
    return (results or course_of(context).results) / "export" / name


def _finish(context: click.Context, exported: Exported, out: Path) -> None:
    from autograder.cli.output.export import exported_text
    from autograder.instructor.exports.files import write

    write(exported, out)
    click.echo(exported_text(exported, out))
    context.exit(1 if exported.left else 0)
