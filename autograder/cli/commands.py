"""List every command: who types it, where its code is, and its summary.

`autograder --help` is printed from this table alone. A command's module is imported when the command is typed, so that
a student's command loads nothing of the instructor's, and the wheel for students can leave those modules out.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click

from autograder import __version__
from autograder.core.edition import is_student_edition
from autograder.core.errors import UserError

STUDENTS = "Students"
INSTRUCTORS = "Instructors"
AUTHORS = "Authors"


class Entry(NamedTuple):
    """One command of the table."""

    name: str
    target: str  # "module:attribute"
    summary: str  # the first sentence of the command's own help

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(f"autograder.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command


TABLE: dict[str, tuple[Entry, ...]] = {
    STUDENTS: (
        Entry("check", "students:check", "Check a saved notebook with the public tests."),
        Entry("watch", "students:watch", "Check notebooks whenever they are saved."),
        Entry("hint", "students:hint", "Show the next hint for an exercise."),
        Entry("reset", "students:reset", "Put the stub of an exercise back into a notebook."),
        Entry("progress", "students:progress", "Show how many exercises of each assignment pass."),
        Entry("submit", "students:submit", "Check a saved notebook and write the file to hand in."),
        Entry("doctor", "students:doctor", "Check that this computer is ready for the workshop."),
    ),
    INSTRUCTORS: (
        Entry("release", "instructors:release", "Make the zip for students."),
        Entry("collect", "instructors:collect", "Put downloaded notebooks into submitted/."),
        Entry("grade", "instructors:grade", "Grade the submissions of the class."),
        Entry("explain", "instructors:explain", "Show in detail why a student's exercise failed."),
        Entry("report", "instructors:report", "Write a report on the class."),
        Entry("export", "exports:export", "Write the scores for Canvas, Moodle, Gradescope or CSV."),
        Entry("results", "results:results", "Look at folders of results, as `autograder grade` writes them."),
        Entry("demo", "instructors:demo", "Grade a sample class and explain what you see."),
    ),
    AUTHORS: (
        Entry("build", "authors:build", "Make the release notebooks from the solutions."),
        Entry("audit", "authors:audit", "Test the test suites with wrong and right answers."),
    ),
}


def entries() -> dict[str, tuple[Entry, ...]]:
    """Return the part of the table that this kit holds."""
    return {STUDENTS: TABLE[STUDENTS]} if is_student_edition(__version__) else TABLE


def load(name: str) -> click.Command | None:
    """Return a command by its name, or None if there is no such command.

    Raise UserError if the command is not part of this edition.
    """
    for group, members in TABLE.items():
        for entry in members:
            if entry.name == name:
                if group not in entries():
                    raise UserError(
                        f"`autograder {name}` is for {group.lower()}; it is in the package nn-autograder, "
                        f"and this is its student edition ({__version__})."
                    )
                return entry.load()
    return None
