"""`selfcheck.json`: how it is laid out, and which folder has one."""

import json
import shutil
from pathlib import Path

import pytest
from places import ROOT

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
    around = 7 + 10 * len(content["exercises"])  # the brackets, and a line for each other value
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
