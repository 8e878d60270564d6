"""The command line. Exit codes: 0 all graded, 1 some submission ungraded, 2 wrong usage or a broken kit."""

from __future__ import annotations

import sys

import click

from autograder import __version__
from autograder.cli import authors, exports, instructors, results, students
from autograder.cli.options import course_option
from autograder.core.errors import UserError


class _Commands(click.Group):
    """Errors that an operator can mend are told in one line; nobody sees a trace of ours for them."""

    def invoke(self, context: click.Context) -> object:
        from autograder.cli.output.grade import warn

        try:
            return super().invoke(context)
        except UserError as error:
            warn(str(error))
            context.exit(2)
        except KeyboardInterrupt:
            kept = " What was graded is kept; the same command goes on from there."
            warn(f"Stopped.{kept if context.invoked_subcommand == 'grade' else ''}")
            context.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="autograder")
@course_option
def main() -> None:
    """Auto-graded exercises for neural-network workshops."""


for command in (
    *(students.check, students.reset, students.progress, students.submit, students.doctor),
    *(instructors.release, instructors.collect, instructors.grade, instructors.explain, instructors.report),
    *(exports.export, results.results, instructors.demo),
    *(authors.build, authors.audit),
):
    main.add_command(command)

if __name__ == "__main__":
    sys.exit(main())
