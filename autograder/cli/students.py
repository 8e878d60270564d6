"""What a student types: check, reset, progress, submit, doctor."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import FOLDER
from autograder.core.model import Outcome


@click.command()
@click.argument("notebook", type=FOLDER)
@click.pass_context
def check(context: click.Context, notebook: Path) -> None:
    """Check a saved notebook on the public tests, as check() does in JupyterLab.

    Its code runs with your rights: this is for your own notebook.
    """
    from autograder.student.handout import handout_of
    from autograder.student.selfcheck import check_notebook
    from autograder.student.views import checked_notebook

    handout = handout_of(notebook)
    report = check_notebook(notebook, handout)
    click.echo(checked_notebook(report, handout))
    context.exit(0 if report.graded and all(one.outcome is Outcome.PASSED for one in report.exercises) else 1)


@click.command()
@click.argument("notebook", type=FOLDER)
@click.argument("exercise")
def reset(notebook: Path, exercise: str) -> None:
    """Put the stub of an exercise back into a notebook. The old text is kept in a cell below, commented out."""
    from autograder.student import reset

    click.echo(reset.reset_message(reset.reset(notebook, exercise, reset.stubs_of(notebook))))


@click.command()
@click.argument("folder", type=FOLDER, default=Path())
def progress(folder: Path) -> None:
    """How far you are: the exercises that pass, and the public points, of each assignment of a folder."""
    from autograder.cli.output.submit import progress_text
    from autograder.student.handout import handouts_in
    from autograder.student.selfcheck import check_saved

    click.echo(progress_text([check_saved(handout) for handout in handouts_in(folder)]))


@click.command()
@click.argument("notebook", metavar="NOTEBOOK|ASSIGNMENT")
@click.option(
    "--student", prompt="Your name, as your instructor knows it", help="Your name, as your instructor knows it."
)
@click.option("--out", type=FOLDER, default=Path(), help="Where the file goes. Default: here.")
@click.pass_context
def submit(context: click.Context, notebook: str, student: str, out: Path) -> None:
    """Run the saved notebook from a clean start, show what counts, and write the one file to hand in."""
    from autograder.cli.output.submit import submitted_text
    from autograder.student import handout, submit

    path = Path(notebook)
    found = handout.handout_of(path) if path.suffix == ".ipynb" else handout.find_handout(notebook, Path.cwd())
    receipt = submit.submit(path if path.suffix == ".ipynb" else found.notebook, found, student.strip(), out)
    click.echo(submitted_text(receipt, found))
    context.exit(0 if receipt.in_order else 1)


@click.command()
@click.argument("folder", type=FOLDER, default=Path())
@click.option("--json", "as_json", is_flag=True, help="For a program to read.")
@click.pass_context
def doctor(context: click.Context, folder: Path, as_json: bool) -> None:
    """Is this computer ready for the workshop? Run it in the folder that was unpacked."""
    from autograder.student import doctor

    checks = list(doctor.health_checks(folder.resolve()))
    click.echo(doctor.as_json(checks) if as_json else doctor.as_text(checks))
    context.exit(0 if all(check.ready for check in checks) else 1)
