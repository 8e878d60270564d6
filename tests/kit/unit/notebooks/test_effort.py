"""The line above each exercise: what it says, what is refused, and that nothing that is graded depends on it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from places import ROOT

from autograder.core.errors import UserError
from autograder.notebooks.course import Course
from autograder.notebooks.effort import LINE_TAG, Effort, efforts_in, exercise_line, with_exercise_lines
from autograder.notebooks.submission import submission_of

COURSE = Course(ROOT)
STEM = "01_perceptron"


def cell(name: str, *, solution: bool = False, points: float = 2, **metadata: Any) -> dict[str, Any]:
    grading = {"grade_id": name, "solution": solution, "grade": not solution} | ({} if solution else {"points": points})
    return {"cell_type": "code", "id": name, "metadata": {"nbgrader": grading, **metadata}, "source": ""}


def exercise(name: str, points: float = 2, **effort: Any) -> list[dict[str, Any]]:
    return [cell(name, solution=True), cell(f"test_{name}", points=points, autograder=effort)]


def test_it_says_points_time_and_difficulty_in_words_and_signs() -> None:
    line = exercise_line(3, 8, "gate", 1, Effort(10, 2))
    assert line == "*Exercise 3 of 8 · `gate` · 1 point · about 10 minutes · difficulty: medium ●●○*"
    assert "2.5 points" in exercise_line(1, 2, "f", 2.5, Effort(5, 1))


def test_each_exercise_gets_its_line_right_above_and_nothing_else_changes() -> None:
    text = {"cell_type": "markdown", "id": "text", "metadata": {}, "source": "text"}
    question = {**cell("why", solution=True), "cell_type": "markdown"}
    cells = [text, *exercise("f", minutes=5, level=1), question, *exercise("g", 3, minutes=20, level=3)]
    made = with_exercise_lines(cells, "a.ipynb")
    assert [one for one in made if LINE_TAG not in one["metadata"].get("tags", ())] == cells
    assert [one["id"] for one in made] == ["text", "exercise-f", "f", "test_f", "why", "exercise-g", "g", "test_g"]
    assert with_exercise_lines(made, "a.ipynb") == made
    assert made[5]["source"] == "*Exercise 2 of 2 · `g` · 3 points · about 20 minutes · difficulty: hard ●●●*"


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({}, "minutes has to be a whole number from 1 to 600, not None"),
        ({"autograder": None}, "minutes has to be"),
        ({"autograder": [15, 2]}, "minutes has to be"),
        ({"autograder": {"level": 2}}, "minutes has to be"),
        ({"autograder": {"minutes": 0, "level": 2}}, "minutes has to be .*, not 0"),
        ({"autograder": {"minutes": "15", "level": 2}}, ".* not '15'"),
        ({"autograder": {"minutes": True, "level": 2}}, ".* not True"),
        ({"autograder": {"minutes": 7.5, "level": 2}}, ".* not 7.5"),
        ({"autograder": {"minutes": 15}}, r"level has to be 1 \(easy\), 2 \(medium\) or 3 \(hard\), not None"),
        ({"autograder": {"minutes": 15, "level": 4}}, ".* not 4"),
        ({"autograder": {"minutes": 15, "level": "hard"}}, ".* not 'hard'"),
    ],
)
def test_what_is_missing_or_wrong_is_named_with_notebook_and_cell(metadata: dict[str, Any], problem: str) -> None:
    with pytest.raises(UserError, match=f"a.ipynb, cell test_f: {problem}"):
        efforts_in([cell("f", solution=True), cell("test_f", **metadata)], "a.ipynb")


def test_an_exercise_without_a_test_cell_is_named() -> None:
    with pytest.raises(UserError, match="the exercise f has no locked cell test_f"):
        with_exercise_lines([cell("f", solution=True)], "a.ipynb")


def test_every_exercise_of_the_course_has_its_line_in_the_release() -> None:
    for stem in COURSE.stems:
        exercises = COURSE.assignment(stem).exercises
        sources = [one.source for one in COURSE.assignment(stem).cells if LINE_TAG in one.tags]
        assert len(sources) == len(exercises)
        for number, (source, one) in enumerate(zip(sources, exercises, strict=True), 1):
            assert source.startswith(f"*Exercise {number} of {len(exercises)} · `{one.name}` · ")


def test_a_notebook_without_the_lines_is_graded_alike() -> None:
    """Students may have a notebook of a zip that had no lines, or may delete and edit them."""
    new = json.loads(COURSE.solution(STEM).read_bytes())
    assignment = COURSE.assignment(STEM)
    with_lines = {**new, "cells": with_exercise_lines(new["cells"], STEM)}
    edited = json.loads(json.dumps(with_lines))
    old = json.loads(json.dumps(new))
    for one in edited["cells"]:
        if LINE_TAG in one["metadata"].get("tags", ()):
            one["source"] = "done!"
    for one in old["cells"]:
        one["metadata"].pop("autograder", None)
    submissions = [
        replace(submission_of(json.dumps(one).encode(), assignment, "ada"), sha256="")
        for one in (with_lines, edited, old)
    ]
    assert submissions[0] == submissions[1] == submissions[2]
    assert submissions[0].remarks == ()
