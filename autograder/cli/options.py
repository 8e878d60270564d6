"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.notebooks.course import Course, find_course

FOLDER = click.Path(path_type=Path)


def _remember(context: click.Context, _: click.Parameter, folder: Path | None) -> None:
    context.obj = folder or context.obj


course_option = click.option(
    "--course",
    type=FOLDER,
    expose_value=False,
    callback=_remember,
    help="The course's folder. Default: found from the current folder upwards.",
)
submitted_option = click.option(
    "--submitted", type=FOLDER, help="Where the submissions are. Default: submitted/ in the course."
)
sandbox_option = click.option(
    "--sandbox", type=click.Choice(["full", "none"]), default="full", help="none: run students' code with your rights."
)


def course_of(context: click.Context) -> Course:
    """The course that a command is about."""
    return find_course(context.obj or Path.cwd())
