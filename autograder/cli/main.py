"""Start a command, and turn its errors into one line and an exit code.

Exit codes of all commands:

- 0: all is well.
- 1: the command ran, and something needs your attention, such as an ungraded submission or a failed test.
- 2: the command could not run; the message says how to fix it.
- 130: the command was stopped with Ctrl+C.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import click

from autograder import __version__
from autograder.cli import commands
from autograder.cli.options import course_option
from autograder.core.errors import UserError
from autograder.core.sanitize import clean
from autograder.core.terminal_text import print_safely


class _Commands(click.Group):
    """The commands of the table, each imported when it is typed."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [entry.name for members in commands.entries().values() for entry in members]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by its name, or None if there is no such command and none with a similar name."""
        command = commands.load(name)
        if command is None and (similar := get_close_matches(name, self.list_commands(context), 1)):
            context.fail(f"No such command {name!r}. Did you mean {similar[0]!r}?")
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section of the help for each group of the table, without importing a command."""
        for group, members in commands.entries().items():
            with formatter.section(group):
                formatter.write_dl([(entry.name, entry.summary) for entry in members])

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command line. If its output cannot be written, say so in one line; nobody reads a traceback then."""
        _fill_standard_streams()
        print_safely()
        try:
            return super().main(*arguments, **options)
        except OSError as error:
            _end_without_output(error)

    def invoke(self, context: click.Context) -> object:
        """Run the command that was typed; print a UserError as one line, without a traceback."""
        from autograder.cli.output.terminal import warn

        try:
            return super().invoke(context)
        except UserError as error:
            warn(str(error))
            context.exit(2)
        except KeyboardInterrupt:
            kept = " What was graded is kept; the same command goes on from there."
            warn(f"Stopped.{kept if context.invoked_subcommand == 'grade' else ''}")
            context.exit(130)
        except OSError as error:
            if error.filename is None and error.errno in _OUTPUT_REFUSED:
                _end_without_output(error)
            warn(_refused(error))
            context.exit(2)
        except UnicodeEncodeError as error:
            if sys.getfilesystemencoding() == "utf-8":  # then it is not about a file's name
                raise
            warn(_not_encodable(error))
            context.exit(2)


_OUTPUT_REFUSED = {errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EBADF, errno.EFBIG, errno.EINVAL}


def _refused(error: OSError) -> str:
    """Return what the system refused, and what to do."""
    if error.filename is not None:
        return f"{error.filename} cannot be used ({error.strerror}). Check its permissions and the space on the disk."
    reason = str(error.strerror or error)
    if "temporary directory" in reason:
        return f"{reason}. Make one of them writable, or name another folder: export TMPDIR=FOLDER"
    return f"The system refused it: {reason}."


def _not_encodable(error: UnicodeEncodeError) -> str:
    """Return why the system can have no file of a name, and what to do."""
    name, encoding = clean(error.object), sys.getfilesystemencoding()
    return f"{name} cannot be the name of a file here, as the system's encoding is {encoding}: set PYTHONUTF8=1"


def _fill_standard_streams() -> None:
    """Open what the shell has closed (`>&-`), or the next file that is opened would take what a program prints."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number
            os.set_inheritable(null, True)
    if sys.stdout is None or sys.stderr is None:
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  as long as the process
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere


def _end_without_output(error: OSError) -> NoReturn:
    """End with code 2 after an output could not be written: a full disk, or a reader who has gone (`| head`)."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(f"The output cannot be written ({error.strerror or error}).", file=sys.stderr, flush=True)
    for stream in (sys.stdout, sys.stderr):  # Python writes once more what is left in their buffers, when it ends
        with contextlib.suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
    raise SystemExit(2) from None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit code: 0 if all is well; 1 if the command ran and something needs your attention; 2 if the command "
    "could not run: the message says how to fix it.",
)
@click.version_option(__version__, prog_name="autograder")
@course_option
def main() -> None:
    """Auto-graded exercises for neural-network workshops."""


if __name__ == "__main__":
    sys.exit(main())
