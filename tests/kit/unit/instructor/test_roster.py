"""The roster: one reader, and what the commands take from it."""

from pathlib import Path

import pytest

from autograder.core.errors import UserError
from autograder.instructor.roster import RosterEntry, first_entries, read_roster, students_by_name


def roster(root: Path, text: str) -> tuple[RosterEntry, ...]:
    (root / "roster.csv").write_text(text, encoding="utf-8-sig")
    entries = read_roster(root)
    assert entries is not None
    return entries


def test_a_course_may_have_no_roster(tmp_path: Path) -> None:
    assert read_roster(tmp_path) is None


def test_every_column_has_its_field(tmp_path: Path) -> None:
    columns = "student,name,email,canvas_id,moodle_id,sis_id,group,sis_login_id"
    (entry,) = roster(tmp_path, f"{columns}\nada,Ada Lovelace,a@x,1,2,3,A,ada1\n")
    assert (entry.student, entry.name, entry.email) == ("ada", "Ada Lovelace", "a@x")
    assert (entry.canvas_id, entry.moodle_id, entry.sis_id, entry.group) == ("1", "2", "3", "A")
    assert entry.columns["sis_login_id"] == "ada1"


def test_only_the_student_is_needed(tmp_path: Path) -> None:
    assert roster(tmp_path, "Student\nada\n\n") == (RosterEntry(student="ada", columns={"student": "ada"}),)


def test_a_spreadsheet_may_have_saved_it(tmp_path: Path) -> None:
    (entry,) = roster(tmp_path, "Student;Name\nada;Lovelace, Ada\n;nobody\n")
    assert (entry.student, entry.name) == ("ada", "Lovelace, Ada")


def test_the_views_of_a_student_with_two_rows(tmp_path: Path) -> None:
    entries = roster(tmp_path, "student,name\nben,Ben\nada,Ada Lovelace\nada,Ada King\n")
    assert {student: entry.name for student, entry in first_entries(entries).items()} == {
        "ben": "Ben",
        "ada": "Ada Lovelace",
    }
    named = students_by_name(entries)
    assert named["lovelaceada"] == named["adaking"] == named["ada"] == {"ada"}


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"roster\.csv cannot be read"):
        read_roster(tmp_path)


@pytest.mark.parametrize("student", ["o'brien", '"><img src=x onerror=alert(1)>', "a`b", "../out", "a\u202eb", ".x"])
def test_a_student_that_no_folder_can_be_named_after(tmp_path: Path, student: str) -> None:
    """The message names the row, and a name that will do."""
    written = student.replace('"', '""')
    with pytest.raises(
        UserError, match=r"roster\.csv, row 3: the student .*: rename it to .+, here and in submitted/\.$"
    ):
        roster(tmp_path, f'student,name\nada,Ada\n"{written}",x\n')


def test_several_of_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"row 2: the student a'b has .* So it is with 2 rows more\.$"):
        roster(tmp_path, "student\na'b\nb'c\nada\nc'd\n")


def test_a_name_and_an_address_are_cleaned(tmp_path: Path) -> None:
    (entry,) = roster(tmp_path, "student,name,email\nsb,Sinéad <b>O'Brien\u202e,<o'brien@example.org>\n")
    assert (entry.name, entry.email) == ("Sinéad bO'Brien", "o'brien@example.org")
