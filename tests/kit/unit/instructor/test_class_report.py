"""The report on a class: its page, its tables, what is withheld, and names that are hostile."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner
from reports_by_hand import (
    COURSE,
    EXPECTED,
    ROOT,
    STEM,
    course_with_roster,
    perceptron,
    put,
    sample_results,
    table,
    written,
)

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.core.model import Report
from autograder.instructor.class_report import statistics as class_statistics
from autograder.instructor.class_report.data import ClassResults, Kind, concerns
from autograder.instructor.class_report.load import load_class_results
from autograder.instructor.class_report.page import how_often, percent, ticks, write_class_report
from autograder.instructor.class_report.statistics import Withheld
from autograder.instructor.results import record

# ---- numbers in words


def test_numbers_in_words() -> None:
    assert [percent(share) for share in (0.0, 0.001, 0.305, 0.999, 1.0, Withheld("too few (n = 7)"))] == [
        *("0\xa0%", "under\xa01\xa0%", "30\xa0%", "over\xa099\xa0%", "100\xa0%"),
        "too few (n = 7)",
    ]
    assert [how_often(12, 39), how_often(3, 7)] == ["31\xa0% (12 of 39)", "3 of 7"]


@pytest.mark.parametrize(
    ("most", "expected"),
    [(0, [0, 1]), (1, [0, 1]), (6, [0, 1, 2, 3, 4, 5, 6]), (7, [0, 2, 4, 6, 8]), (34, [0, 10, 20, 30, 40])],
)
def test_ticks(most: int, expected: list[int]) -> None:
    assert ticks(most) == expected


# ---- a class in files


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_results(tmp_path_factory.mktemp("sample") / "results")


@pytest.fixture(scope="module")
def sample_class(sample: Path) -> ClassResults:
    return load_class_results(COURSE, sample, None)


@pytest.mark.slow
def test_the_command_reports_on_the_sample_class(sample: Path) -> None:
    command = ["--course", str(ROOT), "report", "--results", str(sample)]
    command += ["--submitted", str(ROOT / "tests" / "sample_class" / "submitted")]
    done = CliRunner().invoke(main, command)
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [f"{sample}/report/class_report.html: 64 submissions; its numbers are in the CSV files beside it"],
    )
    files = {path.name: path.read_text(encoding="utf-8") for path in (sample / "report").iterdir()}
    assert sorted(files) == [
        *("assignments.csv", "class_report.html", "exercises.csv", "histograms.csv", "mistakes.csv"),
        *("needs_a_human.csv", "not_submitted.csv", "scores.csv"),
    ]
    scores = {row["student"]: row["score"] for row in table(files["scores.csv"])}
    assert scores.keys() == EXPECTED.keys()
    for student, score in scores.items():
        assert score == "" or float(score) == pytest.approx(EXPECTED[student]["score"], abs=1e-4)
    ungraded = {row["student"] for row in table(files["needs_a_human.csv"]) if row["why"] == "ungraded"}
    assert ungraded == {student for student, entry in EXPECTED.items() if entry["status"] == "ungraded"}
    assert all(row["sentence"] for row in table(files["mistakes.csv"]))


@pytest.mark.slow
def test_pictures_are_well_formed_and_told_to_screen_readers(sample_class: ClassResults, tmp_path: Path) -> None:
    page = written(sample_class, tmp_path)["class_report.html"]
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 4  # of the one assignment that enough have handed in
    for picture in pictures:
        root = ET.fromstring(picture)
        assert root.get("role") == "img"
        assert root[0].tag == "title"
        assert STEM in (root[0].text or "")
    assert not re.search(r"""(?:src|href)=(?!"#)|url\(|@import|<script|<link""", page)


@pytest.mark.slow
def test_a_class_of_four_gets_no_pictures(tmp_path: Path) -> None:
    put(tmp_path, *(perceptron(f"s{n}", {"gate": n / 2}) for n in range(4)))
    files = written(load_class_results(COURSE, tmp_path, None), tmp_path / "report")
    assert "<svg" not in files["class_report.html"]
    assert "%" not in re.sub(r"<style>.*?</style>|95&nbsp;%", "", files["class_report.html"], flags=re.DOTALL)
    assert "too few (n = 4)" in files["class_report.html"]
    assert {row["mean_share"] + row["discrimination"] for row in table(files["exercises.csv"])} == {""}
    assert table(files["assignments.csv"])[0]["mean"] == ""


def test_the_page_says_how_student_code_was_confined(tmp_path: Path) -> None:
    levels = ["namespaces+landlock", "landlock", "landlock", "none", ""]
    put(tmp_path, *(perceptron(f"s{number}", sandbox=level) for number, level in enumerate(levels)))
    class_results = load_class_results(COURSE, tmp_path, None)
    page = written(class_results, tmp_path / "report")["class_report.html"]
    assert "Sandbox: landlock (2), namespaces+landlock (1), none (1)." in page
    assert [(one.student, one.kind) for one in concerns(class_results)] == [("s3", Kind.UNCONFINED)]


@pytest.mark.slow
def test_remarks_that_tell_of_a_guess(sample_class: ClassResults) -> None:
    found = {(one.student, one.what) for one in concerns(sample_class) if one.kind is Kind.GUESSED}
    remarks = {(student, remark) for student, entry in EXPECTED.items() for remark in entry["remarks"]}
    assert found <= remarks
    others = ("the original was used", "The rest of the cell was run.")
    assert {what for _, what in remarks - found if not any(words in what for words in others)} == {
        "cell xor_network is missing from the notebook; no other cell defines it",
        "your cell boundary_distance is not Python (SyntaxError on line 1: expected ':') and was left out",
        "cell 15 is not Python (SyntaxError on line 2: invalid syntax) and was left out",
    }
    assert not [what for _, what in found if "the original was used" in what]


HOSTILE = (
    *("<script>alert(1)<", "<∕title><svg onload=x>", "ad'a\"&amp;", "=cmd|calc"),
    *("a\u202eb", "x\ny", "\udcff"),
)


@pytest.mark.slow
def test_hostile_names_mistakes_and_reasons(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    put(tmp_path, *(perceptron(name, reason=f"<b>{name}</b>") for name in HOSTILE))
    put(tmp_path, *(perceptron(f"s{n}", {"gate": 0}, mistakes={"gate": [evil]}) for n in range(12)))
    put(tmp_path, perceptron("guess", remarks=(f"{evil} was found by its name",)))
    (tmp_path / STEM / f"{evil.replace('/', '')}.json").write_text("{")
    files = written(load_class_results(COURSE, tmp_path, None), tmp_path / "report")
    page = files["class_report.html"]
    for markup in ("<script", "<img", "<b>ad", "</title><svg", "\u202e"):
        assert markup not in page
    assert "&lt;script&gt;alert(1)&lt;" in page
    assert "This mistake is no longer in the catalogue." in page
    for picture in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ET.fromstring(picture)
    names = {row["student"] for row in table(files["scores.csv"])}
    assert {"'=cmd|calc", "x⏎y", "�"} <= names


# ---- files that are none


WRITTEN = json.dumps(record.to_json(perceptron("ada")))
DAMAGED, OTHER = "it is damaged; grade again", "it was graded with other exercises or points; grade again"
ELSEWHERE = "it holds the result of another student or assignment"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("{", DAMAGED, id="no-json"),
        pytest.param(WRITTEN.replace('"ada"', "7"), DAMAGED, id="a-number-for-a-name"),
        pytest.param(WRITTEN.replace('"points": 2.0', '"points": "2"'), DAMAGED, id="text-for-points"),
        pytest.param(WRITTEN.replace('"points": 2.0', '"points": NaN'), DAMAGED, id="nan"),
        pytest.param(WRITTEN.replace('"mistakes": []', '"mistakes": [1]'), DAMAGED, id="odd-mistake"),
        pytest.param(WRITTEN.replace('"ada"', r'"a\u0000"'), ELSEWHERE, id="nul"),
        pytest.param(WRITTEN.replace('"ada"', '"ben"'), ELSEWHERE, id="copied"),
        pytest.param(WRITTEN.replace(STEM, "06_convolution"), ELSEWHERE, id="moved"),
        pytest.param(WRITTEN.replace('"gate"', '"door"'), OTHER, id="other-exercise"),
        pytest.param(WRITTEN.replace('"max_score": 24.0', '"max_score": 25.0'), OTHER, id="other-points"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_result_is_named_and_left_out(tmp_path: Path, content: str, said: str) -> None:
    put(tmp_path, perceptron("zoe"))
    (tmp_path / STEM / "ada.json").write_text(content)
    class_results = load_class_results(COURSE, tmp_path, None)
    assert [one.result_summary.student for one in class_results.results] == ["zoe"]
    assert class_results.notes == (f"{STEM}/ada.json was left out: {said}",)
    write_class_report(class_results, tmp_path / "report")


@pytest.mark.slow
def test_other_notes(tmp_path: Path) -> None:
    put(tmp_path, dataclasses.replace(perceptron("ada"), suite_sha256="of last year"), Report("s", "09_gone", 1.0))
    assert load_class_results(COURSE, tmp_path, None).notes == (
        "09_gone was left out: this course has no such assignment",
        "01_perceptron: 1 result from before the suites changed: grade again",
    )


def test_without_results_the_operator_is_told(tmp_path: Path) -> None:
    (tmp_path / STEM).mkdir()
    (tmp_path / STEM / "ada.json").write_text("{")
    for folder in (tmp_path, tmp_path / "not there"):
        with pytest.raises(UserError, match=r"There is no result in .* Grade first, with `autograder grade`"):
            load_class_results(COURSE, folder, None)
    done = CliRunner().invoke(main, ["--course", str(ROOT), "report", "--results", str(tmp_path)])
    assert done.exit_code == 2


# ---- the roster, and what is not graded yet


@pytest.mark.slow
def test_who_has_not_handed_in(tmp_path: Path) -> None:
    course = course_with_roster(tmp_path / "course")
    put(course.results, perceptron("ada"), perceptron("guest"))
    (course.submitted / "ben" / STEM).mkdir(parents=True)
    class_results = load_class_results(course, course.results, None)
    assert class_results.absent == {STEM: ("zoe",)}  # the other assignments nobody has handed in
    assert [(one.student, one.kind) for one in concerns(class_results)] == [("ben", Kind.WAITING)]
    assert class_results.notes == ("guest is not on roster.csv; the results count all the same",)
    files = written(class_results, course.results / "report")
    assert table(files["not_submitted.csv"]) == [{"assignment": STEM, "student": "zoe"}]
    assert "Nothing handed in yet: 02_activations" in files["class_report.html"]


@pytest.mark.slow
def test_thresholds_are_stated_on_the_page(tmp_path: Path) -> None:
    put(tmp_path, perceptron("ada"))
    page = written(load_class_results(COURSE, tmp_path, None), tmp_path / "report")["class_report.html"]
    assert f"fewer than {class_statistics.FEWEST_FOR_SHARES} students" in page
    assert f"discrimination of fewer than {class_statistics.FEWEST_FOR_DISCRIMINATION}" in " ".join(page.split())
