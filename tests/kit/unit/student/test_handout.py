"""`selfcheck.json`: how it is laid out, and which folder has one."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.notebooks.course import Course
from autograder.student.handout import SELFCHECK, find_handout, folders_in, handout_of, has_handout, read_handout

COURSE = Course(ROOT)
STEM = "01_perceptron"


@pytest.mark.parametrize("stem", COURSE.stems)
def test_each_mistake_and_each_cell_has_a_line(stem: str) -> None:
    text = (COURSE.release(stem).parent / SELFCHECK).read_text(encoding="utf-8")
    content = json.loads(text)
    lines = text.splitlines()
    mistakes = [mistake for entry in content["exercises"].values() for mistake in entry["mistakes"]]
    for item in [*mistakes, *content["cells"]]:
        compact = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
        assert any(line.strip().rstrip(",") == compact for line in lines)
    around = 7 + 13 * len(content["exercises"])  # the brackets, and a line for each other value
    assert len(lines) <= around + len(mistakes) + len(content["cells"])


def test_an_author_s_folder_uses_the_release_s_file_and_its_own_suite() -> None:
    notebook = COURSE.solution(STEM)
    assert not (notebook.parent / SELFCHECK).exists()
    handout = handout_of(notebook)
    assert handout.suite == COURSE.public_suite(STEM)
    assert handout.notebook == notebook
    assert handout.entries == read_handout(COURSE.release(STEM).parent).entries
    assert find_handout(STEM, notebook.parent) == handout
    assert [folder.name for folder in folders_in(ROOT / "solutions")] == list(COURSE.stems)


def test_an_author_s_folder_without_a_release_has_no_handout(tmp_path: Path) -> None:
    folder = tmp_path / "solutions" / STEM
    shutil.copytree(COURSE.solution(STEM).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert not has_handout(folder)
    with pytest.raises(UserError, match=r"assignments.01_perceptron.selfcheck\.json"):
        read_handout(folder)


# ---- names


NAMES = ["01_perceptron", "perceptron", "Perceptron", "1", "01", "assignments/01_perceptron", "./01_perceptron/"]


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two assignments, which is the current one."""
    for stem in (STEM, "06_convolution"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(COURSE.release(stem).parent, tmp_path / "assignments" / stem, ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [".", "assignments", "assignments/01_perceptron", "assignments/06_convolution"])
def test_an_assignment_has_several_names(
    unpacked: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: str
) -> None:
    monkeypatch.chdir(unpacked / place)
    assert find_handout(name, Path()).folder == (unpacked / "assignments" / STEM).resolve()


@pytest.mark.parametrize("name", ["perceptrn", "01_perceptrn", "10_perceptron", "preceptron"])
def test_a_misspelt_name_is_answered_with_the_right_one(unpacked: Path, name: str) -> None:
    with pytest.raises(UserError, match=rf"no assignment {name} here\. Did you mean (01_)?perceptron\? Known: 01_perc"):
        find_handout(name, unpacked)


def test_an_unknown_name_is_answered_with_the_known_ones(unpacked: Path) -> None:
    with pytest.raises(UserError, match=r"no assignment transformers here\. Known: 01_perceptron and 06_convolution"):
        find_handout("transformers", unpacked)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["perceptron", STEM, f"assignments/{STEM}", f"assignments/{STEM}/perceptron.ipynb"])
@pytest.mark.parametrize("command", ["check", "progress", "reset", "submit"])
@pytest.mark.usefixtures("unpacked")
def test_every_command_takes_every_name(command: str, name: str) -> None:
    rest = {"reset": ["gate"], "submit": ["--student", "mia"]}.get(command, [])
    done = CliRunner().invoke(main, [command, name, *rest])
    assert done.exit_code == {"check": 1, "submit": 2}.get(command, 0), done.output
    assert {"check": "together", "progress": STEM, "reset": "gate", "submit": "no answers"}[command] in done.output


@pytest.mark.parametrize("command", ["check", "progress", "reset", "submit"])
@pytest.mark.usefixtures("unpacked")
def test_every_command_proposes_a_name(command: str) -> None:
    rest = {"reset": ["gate"], "submit": ["--student", "mia"]}.get(command, [])
    done = CliRunner().invoke(main, [command, "perceptrn", *rest])
    assert done.exit_code == 2
    assert "Did you mean 01_perceptron?" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (1, "is from an older zip than the kit that is installed here. Take the newer zip"),
        (3, "is from a newer zip than the kit that is installed here. Install the kit of that zip"),
        ("2", "is missing or damaged"),
        (None, "is missing or damaged"),
    ],
)
def test_a_file_of_another_zip_is_told_as_that(tmp_path: Path, schema: object, told: str) -> None:
    content = json.loads((COURSE.release(STEM).parent / SELFCHECK).read_text(encoding="utf-8"))
    (tmp_path / SELFCHECK).write_text(json.dumps(content | {"schema": schema}), encoding="utf-8")
    with pytest.raises(UserError, match=told):
        read_handout(tmp_path)


@pytest.mark.parametrize("damage", [{"hints": ["one", "two"]}, {"hints": None}, {"minutes": 0}, {"minutes": "ten"}])
def test_a_damaged_entry_is_told(tmp_path: Path, damage: dict[str, object]) -> None:
    content = json.loads((COURSE.release(STEM).parent / SELFCHECK).read_text(encoding="utf-8"))
    content["exercises"]["gate"] |= damage
    (tmp_path / SELFCHECK).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError, match="is missing or damaged"):
        read_handout(tmp_path)
