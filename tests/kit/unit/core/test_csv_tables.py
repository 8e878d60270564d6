"""Tables that a person keeps: how they are read, whichever program saved them."""

from pathlib import Path

import pytest

from autograder.core.csv_tables import csv_bytes, delimiter_of, read_rows
from autograder.core.errors import UserError

FIRST_LINE = "student,name"
ADA = {"student": "ada", "name": "Lovelace, Ada"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_separates_the_columns(table: Path, encoding: str, delimiter: str, ending: str) -> None:
    table.write_text(
        f'student{delimiter}name{ending}ada{delimiter}"Lovelace, Ada"{ending}', encoding=encoding, newline=""
    )
    assert read_rows(table, FIRST_LINE) == [ADA]


@pytest.mark.parametrize("first_line", ["student,name", " Student , NAME ", "STUDENT,na me", '"student","name"'])
def test_columns_are_found_whatever_their_case_and_blanks(table: Path, first_line: str) -> None:
    table.write_text(f'{first_line}\n ada ,"Lovelace, Ada"\n', encoding="utf-8")
    assert read_rows(table, FIRST_LINE) == [ADA]


def test_unknown_columns_are_kept_and_short_rows_lack_theirs(table: Path) -> None:
    table.write_text("ID Number;student;name\n7;ada;Ada;more\n8;ben\n\n", encoding="utf-8")
    assert read_rows(table, FIRST_LINE) == [
        {"idnumber": "7", "student": "ada", "name": "Ada"},
        {"idnumber": "8", "student": "ben"},
    ]


def test_a_cell_may_hold_lines_and_quotes(table: Path) -> None:
    table.write_bytes(csv_bytes([["student", "name"], ["ada", 'two\nlines, "quoted"']], ";"))
    assert read_rows(table, FIRST_LINE) == [{"student": "ada", "name": 'two\nlines, "quoted"'}]


@pytest.mark.parametrize(("text", "expected"), [("", ","), ("student", ","), ("a;b,c;d\n,,,,", ";"), ("a\tb", "\t")])
def test_the_first_line_tells_the_delimiter(text: str, expected: str) -> None:
    assert delimiter_of(text) == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no column named student. Its first line must be: student,name"),
        (b"students,name\nada,Ada\n", "has no column named student. Its first line must be: student,name"),
        (b"student,name\nada,\xff\n", "is not UTF-8 text with commas. Save it as CSV in UTF-8."),
    ],
)
def test_a_table_that_cannot_be_used(table: Path, content: bytes, problem: str) -> None:
    table.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_rows(table, FIRST_LINE)
    assert str(caught.value) == f"{table} {problem}"


def test_a_table_that_is_not_there(table: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be read \(No such file or directory\)"):
        read_rows(table, FIRST_LINE)
