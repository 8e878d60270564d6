"""The zip with the model solutions: solved notebooks, nothing for graders, and not before a deadline."""

import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.authoring.solutions_zip import release_solutions, require_after_deadline, solved_notebook
from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.notebooks.course import Course
from autograder.student.handout import read_handout
from autograder.student.saved_check import check_notebook

COURSE = Course(ROOT)
STEM, LATER = "01_perceptron", "04_backprop"
DUE = "assignment,duedate\n01_perceptron,2026-03-01T23:59:00+01:00\n04_backprop,2026-04-01T12:00:00Z\n"
FIRST, BETWEEN, LAST = (datetime(2026, *date, tzinfo=UTC) for date in ((3, 1, 22, 58), (3, 1, 22, 59), (4, 1, 12)))


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    root.mkdir()
    for name in ("assignments", "solutions", "tests", "autograder", "constraints.txt", "LICENSE", "pyproject.toml"):
        (root / name).symlink_to(ROOT / name)
    (root / "duedates.csv").write_text(DUE, encoding="utf-8")
    return Course(root)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def cells_of(data: bytes) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(data)["cells"]
    return cells


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("solutions") / "solutions.zip"
    release_solutions(COURSE, path)
    return path


def test_it_holds_the_solved_notebooks_beside_what_check_needs(zipped: Path) -> None:
    names = {name for name in contents(zipped) if name.startswith(f"{LATER}/")}
    assert {name.partition("/")[2] for name in names} == {
        "backprop_solution.ipynb",
        "digits.npz",
        "selfcheck.json",
        "test_backprop.py",
    }
    assert {name.partition("/")[0] for name in contents(zipped)} == set(COURSE.stems)


def test_nothing_for_graders_is_in_it(zipped: Path) -> None:
    private = {
        path.read_bytes()
        for path in [*ROOT.glob("tests/suites/*"), *ROOT.glob("reference_impl/*.py")]
        if path.is_file()
    }
    assert private.isdisjoint(contents(zipped).values())
    for name, data in contents(zipped).items():
        text = data.decode(errors="replace")
        assert "HIDDEN TESTS" not in text, name
        if name.endswith(".ipynb"):
            assert "Rubric" not in text, name
            assert "Model answer" in text, name
            for cell in cells_of(data):
                assert "### " not in "".join(cell["source"]), cell["id"]
                assert not cell.get("outputs")
    hidden = {line for stem in COURSE.stems for line in suite_lines(stem)}
    shown = "\n".join(data.decode(errors="replace") for name, data in contents(zipped).items() if "test_" not in name)
    assert {line for line in hidden if line in shown} == set()


def suite_lines(stem: str) -> set[str]:
    """Lines that only the hidden suite has: neither the reference nor the solution, which may be alike."""
    lines = COURSE.hidden_suite(stem).read_text(encoding="utf-8").splitlines()
    given = "\n".join(path.read_text(encoding="utf-8") for path in (COURSE.solution(stem), COURSE.public_suite(stem)))
    return {
        line.strip()
        for line in lines
        if line.strip().startswith(("def test_", "@exercise(")) and line.strip() not in given
    }


def test_a_solved_notebook_passes_its_own_check(zipped: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    report = check_notebook(folder / STEM / "perceptron_solution.ipynb", read_handout(folder / STEM))
    assert {str(result.outcome) for result in report.exercises} == {"PASSED"}
    assert report.remarks == ()


def test_made_twice_it_is_the_same_and_may_replace_itself(tmp_path: Path) -> None:
    made = release_solutions(COURSE, tmp_path / "a.zip", [STEM])
    again = release_solutions(COURSE, tmp_path / "a.zip", [STEM])
    assert made == again
    assert made.folder.startswith("model-solutions-")
    assert made.stems == (STEM,)


def test_hidden_tests_and_mark_schemes_of_nbgrader_are_left_out(tmp_path: Path) -> None:
    def cell(kind: str, source: str) -> dict[str, Any]:
        return {"cell_type": kind, "id": "a", "metadata": {}, "source": source, "outputs": ["b"]}

    sources = [
        ("code", "check(f)\n### BEGIN HIDDEN TESTS\nassert f(1) == 2\n### END HIDDEN TESTS\n"),
        ("code", "### BEGIN HIDDEN TESTS\nassert f(1) == 2"),
        ("markdown", "Why?\n\n### BEGIN SOLUTION\nSo.\n\n**Rubric.** 1 point.\n\n1 more.\n### END SOLUTION"),
        ("markdown", "Why?\n### BEGIN MARK SCHEME\n1 point.\n### END MARK SCHEME\nSay it."),
        ("code", "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"),
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [cell(*source) for source in sources]}), encoding="utf-8")
    shown = cells_of(solved_notebook(path))
    assert ["".join(one["source"]) for one in shown] == [
        "check(f)",
        "",
        "Why?\n\nSo.",
        "Why?\nSay it.",
        "def f(x):\n    return x",
    ]
    assert [one["outputs"] for one in shown if one["cell_type"] == "code"] == [[], [], []]


# ---- what is in the way


def test_no_other_file_is_replaced(tmp_path: Path) -> None:
    students = tmp_path / "students.zip"
    with zipfile.ZipFile(students, "w") as archive:
        archive.writestr("neural-network-workshops-2026-01-01-abcdef/START.md", "")
    (tmp_path / "notes.zip").write_text("mine")
    (tmp_path / "folder.zip").mkdir()
    for name, what in (
        ("students.zip", "the zip that students get"),
        ("notes.zip", "another"),
        ("folder.zip", "another"),
    ):
        with pytest.raises(UserError, match=f"{name} is {what}.*Name another file"):
            release_solutions(COURSE, tmp_path / name, [STEM])
    assert (tmp_path / "notes.zip").read_text() == "mine"


@pytest.mark.parametrize(
    ("now", "stems", "early"),
    [
        (FIRST, (), r"01_perceptron \(2026-03-01 22:59 UTC\) and 04_backprop \(2026-04-01 12:00 UTC\), so"),
        (FIRST, (STEM,), r"01_perceptron \(2026-03-01 22:59 UTC\), so"),
        (BETWEEN, (), r"04_backprop \(2026-04-01 12:00 UTC\), so"),
        (BETWEEN, (STEM,), None),
        (LAST, (STEM, LATER), None),
    ],
)
def test_before_a_deadline_nothing_is_written(
    course: Course, now: datetime, stems: tuple[str, ...], early: str | None
) -> None:
    if early is None:
        assert require_after_deadline(course, stems, now) == ()
        return
    with pytest.raises(UserError, match=f"The deadline is in the future for {early}"):
        require_after_deadline(course, stems, now)


def test_an_unknown_deadline_is_told(course: Course) -> None:
    assert require_after_deadline(course, [STEM, "07_pooling"], LAST) == ("07_pooling",)


def test_the_command(course: Course, tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        chosen = ("--solutions", "--assignments", STEM, "--course", str(course.root))
        done = CliRunner().invoke(main, ["release", str(tmp_path / "solved.zip"), *chosen, *arguments])
        return done.exit_code, done.output

    shutil.copy(course.root / "duedates.csv", tmp_path)
    (course.root / "duedates.csv").write_text(f"assignment,duedate\n{STEM},9999-01-01T00:00:00Z\n", encoding="utf-8")
    code, output = run()
    assert code == 2
    assert "add --before-deadline" in output
    assert not (tmp_path / "solved.zip").exists()
    code, output = run("--before-deadline")
    assert code == 0
    assert f"solved.zip: model solutions of {STEM}; 3 files" in output
    (course.root / "duedates.csv").unlink()
    assert "duedates.csv names no deadline of 01_perceptron" in run()[1]
    assert run("--wheels")[0] == 2
    done = CliRunner().invoke(main, ["release", str(tmp_path / "b.zip"), "--before-deadline", "--course", str(ROOT)])
    assert (done.exit_code, (tmp_path / "b.zip").exists()) == (2, False)
