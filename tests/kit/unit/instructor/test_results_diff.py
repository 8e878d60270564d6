"""Two folders of results: equal but for what may vary, or what differs is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from places import ROOT

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.core.model import VARYING, CodeCell, ExerciseResult, Outcome, Report, TestResult, Visibility
from autograder.instructor.batch.run import Options, ProgressListener, grade_class
from autograder.instructor.results import record
from autograder.instructor.results.diff import Change, diff_results
from autograder.instructor.results.store import result_path
from autograder.notebooks.course import Course

STEM = "01_perceptron"
TABLE = f"student,{STEM}\r\nada,1.5\r\nben,\r\n"
Data = dict[str, Any]


def report(student: str) -> Report:
    tests = (
        TestResult(
            "test_and[0]",
            "the gate AND",
            exercise="gate",
            visibility=Visibility.PUBLIC,
            points=0.7,
            outcome=Outcome.PASSED,
            seconds=0.01,
        ),
        TestResult(
            "test_or",
            "OR, σ",
            exercise="gate",
            visibility=Visibility.HIDDEN,
            points=1.3,
            outcome=Outcome.FAILED,
            message="two\nlines",
            mistakes=("swapped",),
        ),
    )
    return Report(
        student=student,
        assignment=STEM,
        max_score=3.0,
        exercises=(ExerciseResult("gate", 2.0, tests), ExerciseResult("delta_rule", 1.0, ())),
        code=(CodeCell("cell 7", "def gate(x): ...", ("gate",)),),
        remarks=("the last one counts", "read as Latin-1"),
        kit_version="0.1+ef",
        sandbox="namespaces+landlock",
    )


def write(results: Path, *students: str) -> Path:
    for student in students:
        record.write(result_path(results, STEM, student), report(student))
    (results / "grades.csv").write_text(TABLE, encoding="utf-8")
    return results


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return write(tmp_path / "first", "ada", "ben")


@pytest.fixture
def second(first: Path) -> Path:
    return Path(shutil.copytree(first, first.with_name("second")))


def edit(results: Path, change: Callable[[Data], object], student: str = "ben") -> None:
    path = result_path(results, STEM, student)
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def command(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["results", "diff", *map(str, arguments)])


# ---- equal


def vary(data: Data) -> None:
    data |= {"kit_version": "9.9", "sandbox": "none"}
    for exercise in data["exercises"]:
        for test in exercise["tests"]:
            test["seconds"] = 12.5


def test_what_may_vary_makes_no_difference(first: Path, second: Path) -> None:
    assert {"seconds", "kit_version", "sandbox"} == VARYING
    edit(second, vary)
    edit(second, lambda data: data.update(max_score=3))  # the same number
    assert diff_results(first, second).equal
    done = command(first, second)
    assert (done.exit_code, done.output) == (0, "Equal: 2 records and grades.csv.\n")


def test_the_order_of_rows_and_columns_of_the_table_means_nothing(first: Path, second: Path) -> None:
    (second / "grades.csv").write_text(f"{STEM},student\n,ben\n1.5,ada\n", encoding="utf-8")
    assert diff_results(first, second).equal


def test_other_files_are_not_compared(first: Path, second: Path) -> None:
    (second / STEM / "ada.html").write_text("a page")
    (second / "report").mkdir()
    (second / "report" / "numbers.json").write_text("{}")
    assert diff_results(first, second).equal


# ---- different


def changes_of_ben(first: Path, second: Path) -> tuple[Change, ...]:
    (found,) = diff_results(first, second).records
    assert (found.assignment, found.student) == (STEM, "ben")
    return found.changes


def of_gate(data: Data) -> Any:
    return data["exercises"][0]


CHANGES = {
    "score": (lambda data: data.update(score=1.5), Change("score", "0.7", "1.5")),
    "reason": (lambda data: data.update(reason="empty"), Change("reason", "null", '"empty"')),
    "digest": (lambda data: data.update(suite_sha256="ab"), Change("suite_sha256", '""', '"ab"')),
    "unknown key": (lambda data: data.update(draw=3), Change("draw", None, "3")),
    "true is not 1": (lambda data: data.update(reason=True), Change("reason", "null", "true")),
    "remark gone": (lambda data: data["remarks"].pop(), Change("remarks", '"read as Latin-1"', None)),
    "new remark": (lambda data: data["remarks"].insert(0, "new"), Change("remarks", None, '"new"')),
    "order of remarks": (
        lambda data: data["remarks"].reverse(),
        Change(
            "remarks, order",
            '["the last one counts", "read as Latin-1"]',
            '["read as Latin-1", "the last one counts"]',
        ),
    ),
    "exercise": (lambda data: of_gate(data).update(score=2.0), Change("exercise gate, score", "0.7", "2.0")),
    "order of exercises": (
        lambda data: data["exercises"].reverse(),
        Change("exercises, order", '["gate", "delta_rule"]', '["delta_rule", "gate"]'),
    ),
    "outcome": (
        lambda data: of_gate(data)["tests"][1].update(outcome="TIMEOUT"),
        Change("exercise gate, test_or, outcome", '"FAILED"', '"TIMEOUT"'),
    ),
    "message": (
        lambda data: of_gate(data)["tests"][1].update(message="σ"),
        Change("exercise gate, test_or, message", '"two\\nlines"', '"σ"'),
    ),
    "mistake": (
        lambda data: of_gate(data)["tests"][1].update(mistakes=[]),
        Change("exercise gate, test_or, mistakes", '"swapped"', None),
    ),
    "code": (
        lambda data: data["code"][0].update(text="pass"),
        Change("code of cell 7, text", '"def gate(x): ..."', '"pass"'),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_difference_is_named(first: Path, second: Path, name: str) -> None:
    change, expected = CHANGES[name]
    edit(second, change)
    assert changes_of_ben(first, second) == (expected,)
    done = command(first, second)
    assert done.exit_code == 1
    assert f"{STEM}, ben: 1 difference\n  {expected.place}: " in done.output
    assert done.output.endswith("\nDifferent: 1 of 2 records in both folders.\n")


def test_an_exercise_that_is_missing(first: Path, second: Path) -> None:
    edit(first, lambda data: data["exercises"].pop(0))
    (change,) = changes_of_ben(first, second)
    assert (change.place, change.first) == ("exercise gate", None)
    assert '  exercise gate: only in B: {"calls_failed": [], ' in command(first, second).output


def test_two_tests_of_one_name_are_compared_all_the_same(first: Path, second: Path) -> None:
    for folder, message in ((first, "one"), (second, "other")):
        edit(folder, lambda data: of_gate(data)["tests"][1].update(id="test_and[0]"))
        edit(folder, lambda data, text=message: of_gate(data)["tests"][1].update(message=text))  # type: ignore[misc]
    assert [change.place for change in changes_of_ben(first, second)] == ["exercise gate, tests"] * 2


def test_records_of_one_folder_only(first: Path, second: Path) -> None:
    write(first, "carla")
    write(second, "zoe\x1b", "a name of " + 100 * "名")
    found = diff_results(first, second)
    assert found.only_first == (f"{STEM}, carla",)
    assert sorted(found.only_second) == [f"{STEM}, a name of " + 100 * "名", f"{STEM}, zoe\x1b"]
    done = command(first, second)
    assert done.exit_code == 1
    assert f"{STEM}, carla: only in A\n" in done.output
    assert f"{STEM}, zoe\N{REPLACEMENT CHARACTER}: only in B\n" in done.output
    ending = "Different: 0 of 2 records in both folders, 1 record only in A and 2 records only in B.\n"
    assert done.output.endswith(ending)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (TABLE.replace("1.5", "2"), [f"ada, {STEM}: \"1.5\" → \"2\""]),
        (TABLE.replace("ben,\r\n", ""), ["row, ben: only in A"]),
        (TABLE + "ben,3\r\n", ["row, ben (2): only in B"]),
        (f"student,{STEM},total\nada,1.5,1.5\nben,,\n", ["column, total: only in B"]),
    ],
)  # fmt: skip
def test_the_table(first: Path, second: Path, table: str, expected: list[str]) -> None:
    (second / "grades.csv").write_text(table, encoding="utf-8", newline="")
    done = command(first, second)
    assert done.exit_code == 1
    assert done.output.splitlines()[:-1] == [f"grades.csv, {line}" for line in expected]
    assert done.output.endswith("2 records in both folders and 1 place in grades.csv.\n")


def test_a_table_in_one_folder_only(first: Path, second: Path) -> None:
    (first / "grades.csv").unlink()
    assert diff_results(first, second).grades == (Change("grades.csv", None, '""'),)
    (second / "grades.csv").unlink()
    assert command(first, second).output == "Equal: 2 records.\n"


def test_large_differences_are_cut_with_a_count(first: Path, second: Path) -> None:
    for number in range(30):
        write(first, f"s{number}")
    write(second, *(f"s{number}" for number in range(30)))
    for number in range(25):
        edit(second, lambda data: data.update({f"key {k}": k for k in range(15)}), f"s{number}")
    edit(second, lambda data: data.update(reason="x" * 5000), "ada")
    output = command(first, second).output
    assert output.count("  … and 5 more differences\n") == 19
    assert "\n… and 6 more records that differ\n" in output
    assert max(map(len, output.splitlines())) < 200
    assert output.endswith("Different: 26 of 32 records in both folders.\n")


def test_long_values_are_shown_where_they_differ(first: Path, second: Path) -> None:
    edit(first, lambda data: data.update(reason="x" * 500 + " the one"))
    edit(second, lambda data: data.update(reason="x" * 500 + " the other"))
    assert '  reason: …xxxxxxxxx the one" → …xxxxxxxxx the other"\n' in command(first, second).output


# ---- what cannot be compared


def test_a_folder_that_is_missing_or_holds_no_results(first: Path, tmp_path: Path) -> None:
    done = command(first, tmp_path / "nowhere")
    assert done.exit_code == 2
    assert f"There is no folder {tmp_path / 'nowhere'}." in done.output
    (tmp_path / "empty").mkdir()
    done = command(tmp_path / "empty", first)
    assert done.exit_code == 2
    assert f"There are no results in {tmp_path / 'empty'}" in done.output
    assert command(first).exit_code == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is damaged"),
        (b'{"schema": 2', "is damaged"),
        (b"\xff", "is damaged"),
        (b"[]", "is damaged"),
        (b"{}", "is damaged"),
        (b'{"schema": 2}', "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b'{"schema": 7}', f"has schema 7; this kit reads schema {record.SCHEMA}"),
        (b'{"schema": "x"}', f"has schema 'x'; this kit reads schema {record.SCHEMA}"),
    ],
)
def test_a_record_that_cannot_be_read_is_named(first: Path, second: Path, content: bytes, reason: str) -> None:
    path = result_path(second, STEM, "ben")
    path.write_bytes(content)
    with pytest.raises(UserError) as refused:
        diff_results(first, second)
    assert str(refused.value).startswith(f"{path} {reason}")
    done = command(first, second)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_table_that_cannot_be_read_is_named(first: Path, second: Path) -> None:
    (second / "grades.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"second/grades\.csv"):
        diff_results(first, second)


def test_of_many_unreadable_records_some_are_named(first: Path, second: Path) -> None:
    for number in range(15):
        result_path(second, STEM, f"s{number:02}").write_text("{")
    with pytest.raises(UserError, match="and 5 more files") as refused:
        diff_results(first, second)
    assert len(str(refused.value).splitlines()) == 11


# ---- a class that is graded twice


def test_two_runs_of_a_class_are_equal(tmp_path: Path) -> None:
    course = Course(ROOT)
    for student in ("ada", "dilip", "tomas"):
        shutil.copytree(ROOT / "tests" / "sample_class" / "submitted" / student, tmp_path / "submitted" / student)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        options = Options(course, tmp_path / "submitted", folder, stems=(STEM,), jobs=1, sandbox="none")
        grade_class(options, ProgressListener())
    done = command(*folders)
    assert (done.exit_code, done.output) == (0, "Equal: 3 records and grades.csv.\n")
    assert len(list(folders[0].glob("*/*.json"))) == 3
