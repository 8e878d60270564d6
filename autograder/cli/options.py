"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from autograder.core.settings import SandboxChoice
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


class _Sandbox(click.Choice[str]):
    """A choice that knows an old name."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "full":
            self.fail("'full' is called 'namespaces' now. 'auto', the default, takes the strongest.", param, ctx)
        return super().convert(value, param, ctx)


sandbox_option = click.option(
    "--sandbox",
    type=_Sandbox(get_args(SandboxChoice)),
    help="How students' code is confined. auto, the default, takes the strongest way that works here; none runs it "
    "with your rights. The course's settings may name another default.",
)


def course_of(context: click.Context) -> Course:
    """Return the course that a command is about; raise UserError if there is none."""
    return find_course(context.obj or Path.cwd())


def stems_in(names: str | None) -> tuple[str, ...]:
    """Return the assignments of an option such as `--assignments 01_perceptron,02_activations`, each once."""
    return tuple(dict.fromkeys(filter(None, (names or "").split(","))))
