"""The commands that students type: check, watch, hint, reset, progress, submit, doctor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.options import FOLDER
from autograder.core.errors import UserError
from autograder.core.model import Outcome
from autograder.core.text import listed

if TYPE_CHECKING:
    from autograder.student.handout import Handout


def _named(notebook: str) -> tuple[Path, Handout]:
    """Return a notebook and what it is checked against; it is named by its path or by its assignment."""
    from autograder.student.handout import find_handout, handout_of

    if notebook.endswith(".ipynb"):
        return Path(notebook), handout_of(Path(notebook))
    handout = find_handout(notebook, Path.cwd())
    return handout.notebook, handout


@click.command()
@click.argument("notebook", metavar="NOTEBOOK|ASSIGNMENT")
@click.pass_context
def check(context: click.Context, notebook: str) -> None:
    """Check a saved notebook with the public tests.

    The result is that of check() in JupyterLab. The notebook's code runs with your rights: check only your own
    notebook. Exit code 1 if an exercise does not pass.
    """
    from autograder.cli.output.submit import way_text
    from autograder.student.saved_check import check_notebook
    from autograder.student.views import checked_notebook

    path, handout = _named(notebook)
    report = check_notebook(path, handout)
    click.echo(checked_notebook(report, handout))
    click.echo("\n" + way_text(path, report, handout))
    passed = report.graded and all(exercise.outcome is Outcome.PASSED for exercise in report.exercises)
    context.exit(0 if passed else 1)


@click.command()
@click.argument("place", metavar="[NOTEBOOK|ASSIGNMENT|FOLDER]", default=".")
def watch(place: str) -> None:
    """Check notebooks whenever they are saved.

    Keep it running in a terminal while you work: it tells what changed at each save. Default: all assignments of the
    current folder. The notebook's code runs with your rights, in a process of its own. Ctrl+C ends it.
    """
    from autograder.student import watch

    notebooks = _watched(place)
    watched = watch.Watch(notebooks)
    if len(notebooks) == 1:
        (path,) = notebooks
        click.echo(watched.look(path))
    names = listed(notebooks) if len(notebooks) == 1 else f"{len(notebooks)} notebooks"
    click.echo(f"\nWatching {names}: each save is checked. Ctrl+C ends it.")
    try:
        watch.watch(watched, lambda text: click.echo(f"\n{text}"))
    except KeyboardInterrupt:
        click.echo("\nStopped watching.")


def _watched(place: str) -> dict[Path, Handout]:
    """Return the notebooks to watch: one that is named by its path or its assignment, or all of a folder."""
    from autograder.student.handout import handouts_in

    if Path(place).is_dir():
        return {handout.notebook: handout for handout in handouts_in(Path(place))}
    path, handout = _named(place)
    return {path: handout}


@click.command()
@click.argument("notebook", metavar="NOTEBOOK|ASSIGNMENT")
@click.argument("exercise")
@click.option("--step", type=click.IntRange(1, 3), help="Show this step. Default: the one after the last.")
def hint(notebook: str, exercise: str, step: int | None) -> None:
    """Show the next hint for an exercise.

    There are three: the idea, the formula, the shape of the code. It is what check.hint(f) shows in a notebook.
    """
    from autograder.student.hints import Hints

    _, handout = _named(notebook)
    click.echo(Hints(handout).next(exercise, step))


@click.command()
@click.argument("notebook", metavar="NOTEBOOK|ASSIGNMENT")
@click.argument("exercise")
def reset(notebook: str, exercise: str) -> None:
    """Put the stub of an exercise back into a notebook.

    Your text is kept in a cell below, commented out.
    """
    from autograder.student import reset

    path, _ = _named(notebook)
    click.echo(reset.reset_message(reset.reset(path, exercise, reset.stubs_of(path))))


@click.command()
@click.argument("folder", metavar="[FOLDER|ASSIGNMENT]", type=FOLDER, default=Path())
def progress(folder: Path) -> None:
    """Show how many exercises of each assignment pass.

    It checks all saved notebooks of a folder. It also shows your public points, the questions in words that you have
    answered, and which exercise is next. Default: the current folder.
    """
    from autograder.cli.output.submit import progress_text
    from autograder.student.handout import handouts_in
    from autograder.student.saved_check import check_saved

    handouts = handouts_in(folder) if folder.is_dir() else [_named(str(folder))[1]]
    click.echo(progress_text([check_saved(handout) for handout in handouts]))


@click.command()
@click.argument("notebook", metavar="NOTEBOOK|ASSIGNMENT")
@click.option("--student", help="Your name, as your instructor knows it. In a terminal you are asked for it.")
@click.option("--out", type=FOLDER, default=Path(), help="The folder to write the file to. Default: the current one.")
@click.pass_context
def submit(context: click.Context, notebook: str, student: str | None, out: Path) -> None:
    """Check a saved notebook and write the file to hand in.

    The notebook runs from a clean start, and you see what counts. Exit code 1 if the file is written and something
    needs your attention: what passed in your kernel does not pass now, or the trained model is missing.
    """
    from autograder.student import submit
    from autograder.student.hand_in_messages import receipt_text

    path, handout = _named(notebook)
    if student is None:
        student = _asked_name(handout.assignment.stem)
    if not notebook.endswith(".ipynb"):
        submit.require_last_saved(path, handout)
    receipt = submit.submit(path, handout, student.strip(), out)
    click.echo(receipt_text(receipt, handout))
    context.exit(0 if receipt.in_order else 1)


def _asked_name(stem: str) -> str:
    """Ask for the student's name. Raise UserError if nobody can answer, as in a cell of a notebook."""
    from autograder.student.hand_in_messages import name_needed

    if not _is_a_person_s():
        raise UserError(name_needed(stem))
    return str(click.prompt("Your name, as your instructor knows it"))


def _is_a_person_s() -> bool:
    """Return whether a person types at this terminal. A notebook's cell gives its commands one that nobody types at."""
    from autograder.student.jupyter import started_by_a_cell

    return sys.stdin.isatty() and not started_by_a_cell()


@click.command()
@click.argument("folder", type=FOLDER, default=Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
@click.pass_context
def doctor(context: click.Context, folder: Path, as_json: bool) -> None:
    """Check that this computer is ready for the workshop.

    Run it in the folder that you unpacked, or name that folder. Exit code 1 if there is something to fix.
    """
    from autograder.student import doctor

    checks = list(doctor.health_checks(folder.resolve()))
    click.echo(doctor.as_json(checks) if as_json else doctor.as_text(checks))
    context.exit(0 if all(check.ready for check in checks) else 1)
