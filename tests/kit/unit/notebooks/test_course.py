"""A course: which assignments it teaches, and what its settings say."""

from pathlib import Path

import pytest

from autograder.core.errors import UserError
from autograder.notebooks.course import Course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for stem in ("01_perceptron", "02_activations", "06_convolution", ".hidden_one"):
        (tmp_path / "assignments" / stem).mkdir(parents=True)
    return Course(tmp_path)


def settings(course: Course, text: str) -> Course:
    (course.root / "course.toml").write_text(text, encoding="utf-8")
    return Course(course.root)


def test_every_folder_is_taught(course: Course) -> None:
    assert course.stems == ("01_perceptron", "02_activations", "06_convolution")


def test_the_settings_choose_and_order_what_is_taught(course: Course) -> None:
    chosen = settings(course, '[course]\nassignments = ["06_convolution", "01_perceptron"]')
    assert chosen.stems == ("06_convolution", "01_perceptron")


def test_an_assignment_that_is_not_there(course: Course) -> None:
    with pytest.raises(UserError, match=r"course\.toml: \[course\] assignments names 07_pooling.*Released: 01_perc"):
        _ = settings(course, '[course]\nassignments = ["01_perceptron", "07_pooling"]').stems


def test_a_wrong_file_is_told_before_anything_is_done(course: Course) -> None:
    with pytest.raises(UserError, match="Did you mean assignments"):
        _ = settings(course, '[course]\nassignment = ["01_perceptron"]').stems
