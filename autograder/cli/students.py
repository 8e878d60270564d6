"""The commands that students type: check, reset, progress, submit, doctor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.options import FOLDER
from autograder.core.errors import UserError
from autograder.core.model import Outcome

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
    from autograder.student.selfcheck import check_notebook
    from autograder.student.views import checked_notebook

    path, handout = _named(notebook)
    report = check_notebook(path, handout)
    click.echo(checked_notebook(report, handout))
    passed = report.graded and all(exercise.outcome is Outcome.PASSED for exercise in report.exercises)
    context.exit(0 if passed else 1)


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

    It checks all saved notebooks of a folder, and shows your public points, too. Default: the current folder.
    """
    from autograder.cli.output.submit import progress_text
    from autograder.student.handout import handouts_in
    from autograder.student.selfcheck import check_saved

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
