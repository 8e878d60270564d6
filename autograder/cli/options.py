"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.notebooks.course import Course, find_course

FOLDER = click.Path(path_type=Path)


def _remember_course(context: click.Context, _: click.Parameter, folder: Path | None) -> None:
    context.obj = folder or context.obj


course_option = click.option(
    "--course",
    type=FOLDER,
    expose_value=False,
    callback=_remember_course,
    help="The course's folder. Default: the nearest course from the current folder upwards.",
)
submitted_option = click.option(
    "--submitted", type=FOLDER, help="The folder of submissions. Default: submitted/ in the course."
)
sandbox_option = click.option(
    "--sandbox", type=click.Choice(["full", "none"]), default="full", help="none: run students' code with your rights."
)


def course_of(context: click.Context) -> Course:
    """Return the course that a command is about; raise UserError if there is none."""
    return find_course(context.obj or Path.cwd())


def stems_in(names: str | None) -> tuple[str, ...]:
    """Return the assignments of an option such as `--assignments 01_perceptron,02_activations`, each once."""
    return tuple(dict.fromkeys(filter(None, (names or "").split(","))))
