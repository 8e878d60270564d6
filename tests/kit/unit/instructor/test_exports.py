"""Scores for other gradebooks: each form is read back by its importer's rules, and no score comes from nowhere."""

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.core.folder_names import why_no_folder
from autograder.core.model import ExerciseResult, Outcome, Report, TestResult, Visibility
from autograder.instructor.exports import canvas, gradescope, moodle, spreadsheet
from autograder.instructor.exports.canvas_gradebook import read_gradebook
from autograder.instructor.exports.files import WHOLE, Exported, write
from autograder.instructor.exports.graded_class import GradedClass, load_graded_class
from autograder.instructor.lateness import due_dates
from autograder.instructor.results import record
from autograder.instructor.results.store import result_path
from autograder.notebooks.course import Course

FIRST, SECOND = "01_perceptron", "06_convolution"
WORTH = {FIRST: 24.0, SECOND: 30.0, "09_perceptron": 24.0}
HOSTILE = ("=cmd()", "-rf", "@sum", "+1+1", "Öz, Jürgen", 'a"b', "名前", "two\nlines")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two assignments, to which results are put as `grade` would."""
    for stem in (FIRST, SECOND):
        shutil.copytree(ROOT / "assignments" / stem, tmp_path / "assignments" / stem)
    for folder in ("solutions", "tests/suites"):
        (tmp_path / folder).mkdir(parents=True)
    return Course(tmp_path)


def hand_in(course: Course, student: str, stem: str = FIRST, timestamp: str | bytes | None = None) -> Path:
    folder = course.submitted / student / stem
    folder.mkdir(parents=True)
    if timestamp is not None:
        data = timestamp if isinstance(timestamp, bytes) else timestamp.encode()
        (folder / "timestamp.txt").write_bytes(data)
    return folder


def graded(course: Course, student: str, score: float, stem: str = FIRST) -> Report:
    """A result of one exercise that is right and one that is wrong."""
    hand_in(course, student, stem)
    right = TestResult(
        "test_a", "it counts", exercise="gate", visibility=Visibility.PUBLIC, points=score, outcome=Outcome.PASSED
    )
    said = "gate returned <wrong> values."
    wrong = [
        TestResult(
            f"test_{n}",
            n,
            exercise="xor",
            visibility=Visibility.HIDDEN,
            points=1.0,
            outcome=Outcome.FAILED,
            message=said,
            mistakes=("swapped",),
        )
        for n in ("b", "c")
    ]
    exercises = (ExerciseResult("gate", WORTH[stem] - 2, (right,)), ExerciseResult("xor", 2.0, tuple(wrong)))
    report = Report(student, stem, WORTH[stem], exercises, remarks=("<b>a cell</b> was there twice",))
    record.write(result_path(course.results, stem, student), report)
    return report


def ungraded(course: Course, student: str, stem: str = FIRST) -> None:
    hand_in(course, student, stem)
    reason = "=the file <x> is empty"
    record.write(result_path(course.results, stem, student), Report.ungraded(student, stem, WORTH[stem], reason))


def roster(course: Course, text: str) -> None:
    (course.root / "roster.csv").write_text(text, encoding="utf-8")


def read(course: Course, *stems: str) -> GradedClass:
    return load_graded_class(course, course.results, course.submitted, stems)


def table(exported: Exported, delimiter: str = ",") -> list[list[str]]:
    text = exported.files[WHOLE].decode("utf-8")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def column(rows: Sequence[Sequence[str]], name: str) -> list[str]:
    at = rows[0].index(name)
    return [row[at] for row in rows[1:]]


# ---- the class


@pytest.mark.parametrize("folder", [True, False])
def test_an_empty_class_is_refused(course: Course, folder: bool) -> None:
    if folder:
        course.submitted.mkdir()
    with pytest.raises(UserError, match=r"There is no student on .*roster\.csv or in .*submitted"):
        read(course)


def test_a_class_without_results_is_refused(course: Course) -> None:
    hand_in(course, "ada")
    with pytest.raises(
        UserError, match=r"There is no result of this class in .*results\. Run `autograder grade` first"
    ):
        read(course)


@pytest.mark.parametrize("stem", ["02_nothing", "export"])
def test_an_unknown_assignment_is_refused(course: Course, stem: str) -> None:
    graded(course, "ada", 1)
    (course.results / "export").mkdir()
    with pytest.raises(UserError, match=f"There is no assignment '{stem}'"):
        read(course, stem)


def test_assignments_without_a_result_are_left_out_unless_named(course: Course) -> None:
    graded(course, "ada", 1)
    write(spreadsheet.export(read(course), course.submitted, {}), course.results / "export" / "scores.csv")
    assert [one.stem for one in read(course).assignments] == [FIRST]
    assert [one.stem for one in read(course, SECOND, FIRST).assignments] == [SECOND, FIRST]


def test_the_roster_says_who_is_of_the_class(course: Course) -> None:
    roster(course, "student,name\nben,Ben B\nada,Ada A\nben,twice\n\n,nobody\n")
    graded(course, "ada", 1)
    graded(course, "guest", 1)
    made = read(course)
    assert [(one.student, one.name) for one in made.students] == [("ben", "Ben B"), ("ada", "Ada A")]
    assert made.notes == (f"guest, {FIRST}: has a result and is not of this class: left out",)


def test_results_alone_tell_the_class(course: Course) -> None:
    for student in ("ben", "ada", "x" * 220):
        graded(course, student, 1)
    shutil.rmtree(course.submitted)
    assert [one.student for one in read(course).students] == ["ada", "ben", "x" * 220]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", None], ids=["empty", "foreign", "no-text", "another's"])
def test_a_result_that_cannot_be_read_is_a_note(course: Course, content: bytes | None) -> None:
    graded(course, "ada", 1)
    graded(course, "ben", 2)
    other = result_path(course.results, FIRST, "ben")
    other.write_bytes(content if content is not None else result_path(course.results, FIRST, "ada").read_bytes())
    made = read(course)
    assert [student for student, _ in made.reports] == ["ada"]
    assert made.notes == (f"{other} cannot be read, or is another's: grade again",)


def test_results_of_other_points_are_told(course: Course) -> None:
    report = graded(course, "ada", 1)
    record.write(result_path(course.results, FIRST, "ada"), Report("ada", FIRST, 20.0, report.exercises))
    assert read(course).notes == (f"{FIRST}: 1 result of an earlier release with other points: grade again",)


# ---- csv


def test_the_long_table(course: Course) -> None:
    roster(course, "student,name\nada,Ada Lovelace\nben,\ncleo,\n")
    graded(course, "ada", 17.333333)
    ungraded(course, "ben")
    (course.submitted / "ada" / FIRST / "timestamp.txt").write_text("2026-03-02 00:29:00.5 +0100")
    (course.submitted / "ben" / FIRST / "timestamp.txt").write_text("yesterday")
    (course.root / "duedates.csv").write_text(f"assignment,duedate\n{FIRST},2026-03-01T22:59:00Z\n{SECOND},\n")
    made = spreadsheet.export(read(course, FIRST, SECOND), course.submitted, due_dates(course))
    header, *rows = table(made)
    assert header == [*spreadsheet.COLUMNS, *spreadsheet.FOR_SPREADSHEETS]
    assert rows[0][:7] == ["ada", "Ada Lovelace", FIRST, "17.333333", "24", "graded", ""]
    assert rows[0][7:] == (
        ["2026-03-01T23:29:00.500000+00:00", "yes", "72.22", "2026-03-01 23:29:00", "2026-03-01 22:59:00", "0.5"]
    )
    assert rows[2] == (
        ["ben", "", FIRST, "", "24", "ungraded", "'=the file <x> is empty", "", "", "", "", "2026-03-01 22:59:00", ""]
    )
    assert rows[1] == ["ada", "Ada Lovelace", SECOND, "", "30", *[""] * 8]
    assert [row[0] for row in rows] == ["ada", "ada", "ben", "ben", "cleo", "cleo"]
    assert made.notes == (
        "1 submission ungraded: no score is exported; `autograder grade` names them",
        f"ben, {FIRST}: timestamp.txt holds no time such as 2026-03-01 22:59:00 UTC: whether it is late is not known",
    )


@pytest.mark.parametrize("score", [0.1 + 0.2, 1 / 3, 17.4, 0.000001, 0.0, 22.0])
def test_scores_are_exact_everywhere(course: Course, score: float) -> None:
    true = graded(course, "ada", score).score
    made = read(course)
    for exported, name in (
        (spreadsheet.export(made, course.submitted, {}), "score"),
        (moodle.export(made, "username"), FIRST),
        (canvas.export(made, None), FIRST),
    ):
        written = column(table(exported), name)[-1]
        assert float(written) == true
        assert re.fullmatch(r"\d+(\.\d+)?", written)
    assert json.loads(gradescope.export(made).files[Path(FIRST, "ada", "results.json")])["score"] == true


def test_no_cell_is_a_formula(course: Course) -> None:
    """Names come back as they are, or behind the sign that makes a text of them."""
    for student in HOSTILE:
        graded(course, student, 1)
    made = read(course)
    names = column(table(spreadsheet.export(made, course.submitted, {})), "student")
    assert sorted(names) == sorted(["'=cmd()", "'-rf", "'@sum", "'+1+1", "Öz, Jürgen", 'a"b', "名前", "two⏎lines"])
    for exported in (moodle.export(made, "username"), canvas.export(made, None)):
        rows = table(exported)
        assert {len(row) for row in rows} == {len(rows[0])}
        cells = [cell for row in rows for cell in row if cell != moodle.NO_GRADE]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert len(exported.left) == 5  # a changed identifier would be somebody else's, or nobody's


# ---- Moodle


def moodle_imports(data: bytes, old: Mapping[str, float | None] | None) -> dict[str, float | None]:
    """The grades of the first assignment after an import, into an existing grade item or into a new one.

    After `gradeimport_csv_load_data`: to an existing item an empty cell and `-` are no grade; in a new one `-` is
    none, and an empty cell becomes 0 in the database. A row without an identifier goes to the user before.
    """
    grades: dict[str, float | None] = dict(old or {})
    user = ""
    for row in csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")):
        user = row["username"].strip() or user
        assert user in ("ada", "ben", "cleo", "dan"), "a user that is not found stops the import"
        value = row[FIRST].strip()
        if value == "-" or (value == "" and old is not None):
            grades[user] = None
        else:
            grades[user] = float(value or 0)
    return grades


@pytest.fixture
def four(course: Course) -> Course:
    """Ada has a score in both, Ben is ungraded, Cleo did nothing, Dan has a score in the second alone."""
    roster(
        course,
        "student,name,username,idnumber,email\nada,Ada,ada,7,ada@x.org\nben,Ben,ben,8,ben@x.org\n"
        "cleo,Cleo,cleo,9,cleo@x.org\ndan,Dan,dan,,dan@x.org\n",
    )
    graded(course, "ada", 17.4)
    graded(course, "ada", 20, SECOND)
    ungraded(course, "ben")
    ungraded(course, "dan")
    graded(course, "dan", 0, SECOND)
    return course


def test_moodle_gives_no_zero_and_keeps_what_it_has(four: Course) -> None:
    data = moodle.export(read(four), "username").files[WHOLE]
    assert moodle_imports(data, None) == {"ada": 17.4, "dan": None}
    before = dict.fromkeys(("ada", "ben", "cleo"), 3.0)
    assert moodle_imports(data, before) == {"ada": 17.4, "ben": 3.0, "cleo": 3.0, "dan": None}


def test_moodles_columns(four: Course) -> None:
    made = moodle.export(read(four), "email", feedback=True)
    assert table(made) == [
        ["email", FIRST, f"{FIRST} (feedback)", SECOND, f"{SECOND} (feedback)"],
        ["ada@x.org", "17.4", "xor 0 of 2 (swapped)", "20", "xor 0 of 2 (swapped)"],
        ["dan@x.org", "-", "not graded yet: =the file &lt;x&gt; is empty", "0", "xor 0 of 2 (swapped)"],
    ]
    assert made.left == ()
    assert made.notes[1:] == (
        "2 of 4 students have no score, and no row: Moodle keeps what it has",
        f"Moodle's grade items need the maximum grade 24 for {FIRST} and 30 for {SECOND}; "
        "a new item has 100, and more is cut off",
    )


def test_whom_moodle_cannot_name_is_left_out(four: Course) -> None:
    made = moodle.export(read(four), "idnumber")
    assert column(table(made), "idnumber") == ["7"]
    assert made.left == ("dan has no idnumber on roster.csv",)


def test_a_shared_identifier_is_nobodys(course: Course) -> None:
    roster(course, "student,email\nada,both@x.org\nben,both@x.org\ncleo,c@x.org\n")
    for student in ("ada", "ben", "cleo"):
        graded(course, student, 1)
    made = moodle.export(read(course), "email")
    assert column(table(made), "email") == ["c@x.org"]
    assert made.left == tuple(f"{one} shares the email both@x.org with another" for one in ("ada", "ben"))


def test_an_identifier_that_nobody_has_is_refused(course: Course) -> None:
    graded(course, "ada", 1)
    assert column(table(moodle.export(read(course), "username")), "username") == ["ada"]
    with pytest.raises(UserError, match=r"roster\.csv has no email of anybody"):
        moodle.export(read(course), "email")


# ---- Canvas

DOWNLOADED = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Notes,01 Perceptron (91),Quiz (92),Current Score,Final Score\r\n"
    ",,,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,,24.00,10.00,(read only),(read only)\r\n"
    '"Lovelace, Ada",501,U1,ada@uni,Group 1,shy,,9.00,90,45\r\n'
    '"Ben, Big",502,U2,ben,"1, 2",,5.00,,,\r\n'
    '"Smith, Jo",503,U3,jo1,1,,,,,\r\n'
    '"Smith, Jo",504,U4,jo2,1,,,,,\r\n'
    '"=HYPERLINK(""x"")",505,U5,evil,1,,,,,\r\n'
    '"Excused, Eve",506,U6,eve,1,,EX,,,\r\n'
    '"Student, Test",599,,0cd1,1,,,,,\r\n'
)


@pytest.fixture
def gradebook(tmp_path: Path) -> Path:
    path = tmp_path / "gradebook.csv"
    path.write_text(DOWNLOADED, encoding="utf-8", newline="")
    return path


def canvas_imports(data: bytes, old: Mapping[str, str], delimiter: str = ",") -> dict[str, str]:
    """The scores in the column after Section, by ID, after an import.

    After `GradebookImporter`: the header is checked, the row of points and those without a student are passed over,
    students are found by ID, and a cell that differs from what Canvas has is what counts, also where it is empty.
    """
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=delimiter)
    assert "Student" in header[0]
    assert header[1:5] == ["ID", "SIS User ID", "SIS Login ID", "Section"]
    found = dict(old)
    for row in rows:
        if "Points Possible" in row[0] or all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", one) for one in row):
            continue
        found[row[1]] = row[5].strip()
    return found


def test_a_downloaded_gradebook_is_filled_in(course: Course, gradebook: Path) -> None:
    roster(course, "student,name,email\nada,,ada@uni\nben,,\nnew,Jo Smith,\nevil,,\neve,,\n")
    for student in ("ada", "evil", "eve", "new"):
        graded(course, student, 17.4)
    ungraded(course, "ben")
    made = canvas.export(read(course), read_gradebook(gradebook))
    rows = table(made)
    assert rows[:3] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01 Perceptron (91)"],
        ["", "", "", "", "", "Manual Posting"],
        ["    Points Possible", "", "", "", "", "24.00"],
    ]
    before = {"501": "", "502": "5.00", "503": "", "504": "", "505": "", "506": "EX", "599": ""}
    assert canvas_imports(made.files[WHOLE], before) == before | {"501": "17.4", "505": "17.4"}
    assert rows[4][:5] == ["Ben, Big", "502", "U2", "ben", "1, 2"]
    assert rows[7][0] == '\'=HYPERLINK("x")'
    assert made.left == ("new fits 2 rows of the gradebook: give roster.csv a column sis_login_id",)
    assert made.notes[1:] == (
        f"eve is excused from {FIRST} in Canvas: 17.4 is not written",
        "Smith, Jo is in the gradebook and not of this class: left as it is",
        "Smith, Jo is in the gradebook and not of this class: left as it is",
    )


@pytest.mark.parametrize(
    ("student", "on_roster", "row"),
    [
        pytest.param("ada@uni", {}, 3, id="login"),
        pytest.param("ADA@UNI", {}, 3, id="case"),
        pytest.param("x", {"sis_login_id": "ada@uni"}, 3, id="login-on-roster"),
        pytest.param("x", {"email": "ada@uni"}, 3, id="email-is-login"),
        pytest.param("U2", {}, 4, id="sis-user"),
        pytest.param("502", {}, 4, id="id"),
        pytest.param("lovelaceada", {}, 3, id="as-canvas-names-files"),
        pytest.param("Ada Lovelace", {}, 3, id="name"),
        pytest.param("x", {"name": "Lovelace, Ada"}, 3, id="name-on-roster"),
        pytest.param("smithjo_504", {}, 6, id="as-collect-tells-namesakes-apart"),
        pytest.param("Jo Smith", {}, None, id="two-of-that-name"),
        pytest.param("Jo Smith", {"sis_user_id": "U4"}, 6, id="name-and-identifier"),
        pytest.param("U1", {"sis_login_id": "ben"}, None, id="identifiers-of-two"),
        pytest.param("nobody", {"name": "Nobody"}, None, id="nobody"),
        pytest.param("Test Student", {}, None, id="test-student"),
        pytest.param("Points Possible", {}, None, id="points"),
    ],
)
def test_who_is_who(course: Course, gradebook: Path, student: str, on_roster: dict[str, str], row: int | None) -> None:
    roster(
        course, ",".join(["student", *on_roster]) + "\n" + ",".join(f'"{v}"' for v in (student, *on_roster.values()))
    )
    graded(course, student, 17.4)
    made = canvas.export(read(course), read_gradebook(gradebook))
    assert [index for index, cells in enumerate(table(made)) if cells[5] == "17.4"] == ([] if row is None else [row])
    assert bool(made.left) == (row is None)


@pytest.mark.parametrize(
    ("rows", "matched"),
    [
        pytest.param("x,Ada Lovelace,\ny,Ada Lovelace,\n", [], id="both-by-name"),
        pytest.param("x,,ada@uni\ny,,ada@uni\n", [], id="both-by-identifier"),
        pytest.param("x,Ada Lovelace,\ny,,ada@uni\n", ["y"], id="identifier-before-name"),
    ],
)
def test_one_row_is_nobody_elses(course: Course, gradebook: Path, rows: str, matched: list[str]) -> None:
    roster(course, f"student,name,sis_login_id\n{rows}")
    graded(course, "x", 1)
    graded(course, "y", 2)
    made = canvas.export(read(course), read_gradebook(gradebook))
    assert table(made)[3][5] == ("2" if matched else "")
    assert [one.split()[0] for one in made.left] == [one for one in "xy" if one not in matched]
    assert "fits the row of Lovelace, Ada, and so does another" in made.left[0]


def test_a_column_that_canvas_lacks_is_new_and_its_points_stand_above(course: Course, gradebook: Path) -> None:
    graded(course, "ben", 20, SECOND)
    graded(course, "ben", 20)
    gradebook.write_text(DOWNLOADED.replace("24.00", "100"), encoding="utf-8")
    made = canvas.export(read(course), read_gradebook(gradebook))
    header, posting, points, *_ = table(made)
    assert header[5:] == ["01 Perceptron (91)", SECOND]
    assert (posting[5:], points[5:]) == (["Manual Posting", ""], ["100", "30"])
    assert made.notes[:2] == (
        f"{FIRST} has 100 points in Canvas and 24 here: change that in Canvas",
        f"{SECOND} is not in the gradebook: Canvas will ask whether to make it, of 30 points",
    )


def test_two_columns_for_one_assignment_are_left_alone(course: Course, gradebook: Path) -> None:
    graded(course, "ben", 20)
    gradebook.write_text(DOWNLOADED.replace("Quiz (92)", "01_perceptron (92)"), encoding="utf-8")
    made = canvas.export(read(course), read_gradebook(gradebook))
    assert table(made)[0][5:] == []
    assert made.left == (
        f"{FIRST}: it cannot be told which column is its own (01 Perceptron (91), 01_perceptron (92)): "
        "rename one in Canvas",
    )


def test_two_assignments_for_one_column_are_left_alone(course: Course, gradebook: Path) -> None:
    shutil.copytree(course.root / "assignments" / FIRST, course.root / "assignments" / "09_perceptron")
    for stem in (FIRST, "09_perceptron"):
        graded(course, "ben", 20, stem)
    gradebook.write_text(DOWNLOADED.replace("01 Perceptron", "Perceptron"), encoding="utf-8")
    made = canvas.export(read(course), read_gradebook(gradebook))
    assert table(made)[0][5:] == []
    assert [one.split(":")[0] for one in made.left] == [FIRST, "09_perceptron"]


def test_a_gradebook_without_points_gets_them_with_a_new_column(course: Course, gradebook: Path) -> None:
    graded(course, "b", 20, SECOND)
    gradebook.write_text("Student,ID,SIS Login ID,Section\nB,502,b,1\n", encoding="utf-8")
    made = canvas.export(read(course), read_gradebook(gradebook))
    assert table(made)[1:] == [["    Points Possible", "", "", "", "30"], ["B", "502", "b", "1", "20"]]


def test_semicolons_and_first_and_last_names(course: Course, gradebook: Path) -> None:
    graded(course, "Ada Lovelace", 17.4)
    text = "LastName;FirstName;ID;SIS Login ID;Section;Perceptron (1)\nLovelace;Ada;501;a;1;3,5\nB;Ben;502;b;1;-1,5\n"
    gradebook.write_text(text, encoding="utf-8")
    made = canvas.export(read(course), read_gradebook(gradebook))
    assert table(made, ";") == [
        ["LastName", "FirstName", "ID", "SIS Login ID", "Section", "Perceptron (1)"],
        ["Lovelace", "Ada", "501", "a", "1", "17.4"],
        ["B", "Ben", "502", "b", "1", "-1,5"],
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"student,name\nada,Ada\n", b"Student,ID,Login,Perceptron\n", b'Student,ID,"x\n', b"\n\n"],
)
def test_a_file_that_is_no_gradebook_is_refused(gradebook: Path, content: bytes) -> None:
    gradebook.write_bytes(content)
    with pytest.raises(UserError, match=r"gradebook\.csv is no gradebook of Canvas"):
        read_gradebook(gradebook)


def test_a_gradebook_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.csv cannot be read \(No such file or directory\)"):
        read_gradebook(tmp_path / "none.csv")


def test_a_gradebook_of_ones_own(four: Course) -> None:
    made = canvas.export(read(four), None)
    assert table(made) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", FIRST, SECOND],
        ["    Points Possible", "", "", "", "", "24", "30"],
        ["Ada", "", "", "ada", "", "17.4", "20"],
        ["Dan", "", "", "dan", "", "", "0"],
    ]


# ---- Gradescope

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
SPECIFIED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score"],
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": FORMAT,
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


def test_gradescopes_object(course: Course) -> None:
    report = graded(course, "ada", 17.4)
    made = gradescope.export(read(course))
    data = json.loads(made.files[Path(FIRST, "ada", "results.json")])
    jsonschema.validate(data, SPECIFIED)
    assert data["score"] == report.score == sum(test["score"] for test in data["tests"])
    assert (data["stdout_visibility"], data["output_format"]) == ("hidden", "text")
    assert "<b>a cell</b> was there twice" in data["output"]
    gate, xor = data["tests"]
    assert (gate["name"], gate["status"], gate["output"]) == ("gate", "passed", "1 of 1 test passed.")
    assert (xor["score"], xor["max_score"], xor["status"], xor["output_format"]) == (0, 2, "failed", "text")
    assert xor["output"] == "0 of 2 tests passed.\n\nnot passed: b\nnot passed: c\ngate returned <wrong> values."


def test_gradescope_has_no_file_without_a_score(four: Course) -> None:
    out = four.results / "export" / "gradescope"
    graded(four, "ben", 3, SECOND)
    write(gradescope.export(read(four)), out)
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.json")) == sorted(
        str(Path(stem, student, "results.json"))
        for stem, student in ((FIRST, "ada"), (SECOND, "ada"), (SECOND, "ben"), (SECOND, "dan"))
    )
    result_path(four.results, SECOND, "ben").unlink()
    write(gradescope.export(read(four)), out)
    assert not (out / SECOND / "ben" / "results.json").exists()
    assert (out / SECOND / "dan" / "results.json").exists()


@pytest.mark.parametrize("student", [*(name for name in HOSTILE if why_no_folder(name) is None), "{{ 7*7 }}"])
def test_gradescope_takes_every_folder(course: Course, student: str) -> None:
    graded(course, student, 1)
    out = course.results / "export" / "gradescope"
    write(gradescope.export(read(course)), out)
    jsonschema.validate(json.loads((out / FIRST / student / "results.json").read_bytes()), SPECIFIED)


@pytest.mark.parametrize("student", [os.fsdecode(b"\xff"), '"><img onerror=x>', "o'brien", "a\nb"])
def test_gradescope_names_a_folder_that_cannot_be(course: Course, student: str) -> None:
    """A result of an earlier version may be named so."""
    graded(course, student, 1)
    made = gradescope.export(read(course))
    assert (made.files, len(made.left)) == ({}, 1)


@pytest.mark.parametrize("student", ["../out", "a/b", ".hidden", "o'brien", "<b>", "a`b"])
def test_no_name_of_a_roster_leads_out(course: Course, student: str) -> None:
    """A name that is a path, or HTML, stops the export: the message names its row."""
    roster(course, f"student\nada\n{student}\n")
    graded(course, "ada", 1)
    with pytest.raises(UserError, match=r"roster\.csv, row 3: the student .*: rename it to "):
        read(course)


# ---- what an instructor types


def typed(course: Course, *arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["--course", str(course.root), "export", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["csv"], "scores.csv"),
        (["canvas"], "canvas.csv"),
        (["moodle", "--identifier", "email", "--feedback"], "moodle.csv"),
        (["gradescope"], f"gradescope/{FIRST}/ada/results.json"),
    ],
)
def test_the_command_writes_below_the_results(four: Course, words: list[str], where: str) -> None:
    code, said = typed(four, *words)
    assert code == 0
    assert (four.results / "export" / where).is_file()
    assert f"{four.results}/export/{Path(where).parts[0]}\n" in said


def test_the_command_writes_where_it_is_told(four: Course, tmp_path: Path) -> None:
    moved = four.results.rename(tmp_path / "elsewhere")
    out = tmp_path / "a" / "b.csv"
    code, said = typed(four, "csv", "--results", moved, "--out", out, "--assignments", f"{SECOND},{FIRST}")
    assert (code, said.splitlines()[-1]) == (0, f"written: {out}")
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["assignment"] for row in csv.DictReader(file)][:2] == [SECOND, FIRST]
    assert not four.results.exists()


def test_what_is_left_out_is_told_and_counts(four: Course) -> None:
    assert typed(four, "moodle", "--identifier", "idnumber")[0] == 1
    assert "left out: dan has no idnumber on roster.csv\n" in typed(four, "moodle", "--identifier", "idnumber")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["csv", "--assignments", "02_nothing"], "There is no assignment '02_nothing'"),
        (["csv", "--out", "."], "cannot be written"),
        (["canvas", "--roster", "none.csv"], "none.csv cannot be read"),
        (["moodle", "--identifier", "shoe size"], "is not one of"),
        (["csv", "--results", "nowhere"], "There is no result of this class in nowhere"),
    ],
)
def test_wrong_usage_is_one_sentence(four: Course, words: list[str], said: str) -> None:
    code, output = typed(four, *words)
    assert code == 2
    assert said in re.sub(r"\s+", " ", output)
