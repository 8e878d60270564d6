"""The commands that students type: check, reset, progress, submit, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.options import FOLDER
from autograder.core.model import Outcome

if TYPE_CHECKING:
    from autograder.student.handout import Handout


def _named(notebook: str) -> tuple[Path, Handout]:
    """Return a notebook and what it is checked against; it is named by its path or by its assignment."""
    from autograder.student.handout import find_handout, handout_of

    if notebook.endswith(".ipynb"):
        return Path(notebook), handout_of(Path(notebook))
    handout = find_handout(Path(notebook).name, Path.cwd())
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
@click.argument("folder", type=FOLDER, default=Path())
def progress(folder: Path) -> None:
    """Show how many exercises of each assignment pass.

    It checks all saved notebooks of a folder, and shows your public points, too. Default: the current folder.
    """
    from autograder.cli.output.submit import progress_text
    from autograder.student.handout import handouts_in
    from autograder.student.selfcheck import check_saved

    click.echo(progress_text([check_saved(handout) for handout in handouts_in(folder)]))


@click.command()
@click.argument("notebook", metavar="NOTEBOOK|ASSIGNMENT")
@click.option(
    "--student", prompt="Your name, as your instructor knows it", help="Your name, as your instructor knows it."
)
@click.option("--out", type=FOLDER, default=Path(), help="The folder to write the file to. Default: the current one.")
@click.pass_context
def submit(context: click.Context, notebook: str, student: str, out: Path) -> None:
    """Check a saved notebook and write the file to hand in.

    The notebook runs from a clean start, and you see what counts. Exit code 1 if the file is written and something
    needs your attention: what passed in your kernel does not pass now, or the trained model is missing.
    """
    from autograder.cli.output.submit import submitted_text
    from autograder.student import submit

    path, handout = _named(notebook)
    receipt = submit.submit(path, handout, student.strip(), out)
    click.echo(submitted_text(receipt, handout))
    context.exit(0 if receipt.in_order else 1)


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
