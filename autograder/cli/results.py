"""What an instructor or a developer types about folders of results: results diff."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import FOLDER


@click.group()
def results() -> None:
    """Look at folders of results, as `autograder grade` writes them."""


@results.command()
@click.argument("first", type=FOLDER, metavar="A")
@click.argument("second", type=FOLDER, metavar="B")
@click.pass_context
def diff(context: click.Context, first: Path, second: Path) -> None:
    """Compare two folders of results, and name what differs.

    It compares the records <assignment>/<student>.json, and grades.csv. The time that a test took, the version of the
    kit and the sandbox may differ.

    Exit code 0: equal. 1: something differs. 2: a folder is missing, or a file in it cannot be read.
    """
    from autograder.cli.output.diff import diff_text
    from autograder.instructor.results.diff import diff_results

    differences = diff_results(first, second)
    click.echo(diff_text(differences))
    context.exit(0 if differences.equal else 1)
