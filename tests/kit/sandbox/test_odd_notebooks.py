"""Notebooks that are odd in their structure: every command says what is wrong, and none shows a traceback."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from odd_notebooks import odd_files
from places import ROOT

from autograder.cli.main import main
from autograder.core.files import write_atomically
from autograder.instructor.results import record
from autograder.nbgrader_bridge.marks import marked_notebook, marks_of, original_of
from autograder.notebooks.course import Course
from autograder.student import doctor

STEM = "01_perceptron"
FILES = dict(odd_files())
# What a person can do is in the words; nothing of Python's is.
TRACES = ("Traceback", 'File "', "Error(", "KeyError", "TypeError", "AttributeError", "RecursionError", "UnicodeEncode")
UNSURE = {"the grader broke", "look at the notebook yourself"}


def run(arguments: Sequence[str]) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exception)
    assert done.exit_code in (0, 1, 2)
    assert not [word for word in TRACES if word in done.output], done.output
    return done.exit_code, done.output


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the notebook in a student's folder."""
    folder = tmp_path / "assignments" / STEM
    shutil.copytree(ROOT / "assignments" / STEM, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    monkeypatch.chdir(tmp_path)
    return folder / "perceptron.ipynb"


@pytest.mark.series(12)
@pytest.mark.parametrize("name", FILES)
def test_a_student_reads_what_is_wrong(unpacked: Path, name: str) -> None:
    unpacked.write_bytes(FILES[name])
    for command in ("check", "submit", "reset"):
        more = {"check": [], "submit": ["--student", "mia"], "reset": ["gate"]}[command]
        code, output = run([command, STEM, *more])
        if code == 2:
            assert "perceptron.ipynb" in output
            assert command != "submit" or not list(Path.cwd().glob("*.ipynb"))
        assert unpacked.read_bytes() == FILES[name]
    handed_in = Path(f"mia__{STEM}.ipynb")
    if handed_in.is_file():  # the file that was written can be read again
        json.loads(handed_in.read_bytes().decode("utf-8-sig"))
        assert run(["check", str(handed_in.rename(unpacked))])[0] in (0, 1)
    run(["progress"])


@pytest.mark.slow
def test_the_doctor_and_the_instructor(tmp_path: Path, unpacked: Path) -> None:
    """All of them are graded in one run, between two that are in order; explain, report, export and collect go on."""
    root = tmp_path / "course"
    root.mkdir()
    for folder in ("assignments", "solutions", "reference_impl", "tests"):
        (root / folder).symlink_to(ROOT / folder)
    (root / "downloads").mkdir()
    good = ROOT / "tests/sample_class/submitted/ada" / STEM / "perceptron.ipynb"
    for name, data in [("aaa", good.read_bytes()), *FILES.items(), ("zzz", good.read_bytes())]:
        write_atomically(root / "submitted" / name.replace("'", "") / STEM / "perceptron.ipynb", data)
        write_atomically(root / "downloads" / f"{name.replace(chr(39), '')}__{STEM}.ipynb", data)
    course = ["--course", str(root)]
    code, output = run(["grade", STEM, *course])
    assert code == 1
    assert not [words for words in UNSURE if words in output]
    reports = {path.stem: record.read(path) for path in (root / "results" / STEM).glob("*.json")}
    assert len(reports) == len(FILES) + 2
    assert [reports[name].score for name in ("aaa", "zzz")] == [24.0, 24.0]  # type: ignore[union-attr]
    original = original_of(Course(root), STEM)
    for name, report in reports.items():
        assert report is not None
        marked = marked_notebook(original, root / "submitted" / name / STEM / "perceptron.ipynb", report)
        json.dumps(marked, ensure_ascii=False).encode()
        assert list(marks_of(marked))
    for command in (["report"], ["export", "csv"], ["grade", STEM], ["explain", "a null cell", STEM, "gate"]):
        run([*command, *course])
    run(["collect", str(root / "downloads"), "--submitted", str(root / "collected"), *course])
    for data in FILES.values():
        unpacked.write_bytes(data)
        found = doctor._notebook(unpacked.parent)
        assert not [word for word in TRACES if word in found.detail + found.repair]
