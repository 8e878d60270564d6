"""The table of commands: every command once, its help whole at 80 columns, and the student edition's part of it."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from autograder.cli import commands
from autograder.cli.main import main

ENTRIES = [entry for members in commands.TABLE.values() for entry in members]
OTHERS = [
    (group, entry) for group, members in commands.TABLE.items() for entry in members if group != commands.STUDENTS
]
COLUMNS = 80


def help_of(*path: str) -> str:
    width = COLUMNS - 2  # as click takes it on a terminal of 80 columns; CliRunner would force 80
    done = CliRunner().invoke(main, [*path, "--help"], prog_name="autograder", terminal_width=width)
    assert done.exit_code == 0, done.output
    return done.output


def paths(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and every group, by the words that are typed."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from paths(command, (*path, name))
        else:
            yield (*path, name)


def test_every_command_is_listed_once() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_summary_is_the_first_sentence_of_the_help(entry: commands.Entry) -> None:
    command = entry.load()
    assert command.name == entry.name
    assert command.help is not None
    assert command.help.split("\n\n")[0] == entry.summary


def test_commands_stand_with_those_who_type_them() -> None:
    sections = help_of().split("\n\n")
    for group, members in commands.TABLE.items():
        (section,) = (section for section in sections if section.startswith(f"{group}:\n"))
        assert [line.split()[0] for line in section.splitlines()[1:]] == [entry.name for entry in members]
        assert all(line.endswith(entry.summary) for line, entry in zip(section.splitlines()[1:], members, strict=True))


@pytest.mark.parametrize("path", [*paths(main)], ids=" ".join)
def test_no_help_is_cut_off(path: tuple[str, ...]) -> None:
    usage, *lines = help_of(*path).splitlines()
    assert usage.startswith("Usage: autograder")
    assert [line for line in lines if len(line) > COLUMNS] == []
    assert [line for line in lines if line.endswith(("...", "…")) and "[ASSIGNMENT]" not in line] == []


def test_a_misspelled_command() -> None:
    done = CliRunner().invoke(main, ["grad"])
    assert done.exit_code == 2
    assert "No such command 'grad'. Did you mean 'grade'?" in done.output
    done = CliRunner().invoke(main, ["xyz"])
    assert done.exit_code == 2
    assert "No such command 'xyz'." in done.output


# ---- the student edition


@pytest.fixture
def _student_edition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "__version__", "1.2.3+student")


@pytest.mark.usefixtures("_student_edition")
def test_the_student_edition_lists_the_students_commands() -> None:
    text = help_of()
    assert "Students:" in text
    assert "Instructors:" not in text
    assert "Authors:" not in text


@pytest.mark.usefixtures("_student_edition")
@pytest.mark.parametrize(("group", "entry"), OTHERS, ids=lambda value: getattr(value, "name", ""))
def test_the_student_edition_says_where_other_commands_are(group: str, entry: commands.Entry) -> None:
    done = CliRunner().invoke(main, [entry.name, "--help"])
    assert done.exit_code == 2
    assert done.output == (
        f"`autograder {entry.name}` is for {group.lower()}; it is in the package nn-autograder, "
        "and this is its student edition (1.2.3+student).\n"
    )
