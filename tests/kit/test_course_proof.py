"""The whole course, proved: solutions score full, releases nothing, mistakes are named, right answers accepted."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.build import authored_stems, stale_files
from autograder.course import Course
from autograder.judging import run_exercise
from autograder.model import ExerciseResult, Outcome, Report, Source, Visibility
from autograder.notebook import parse_notebook
from autograder.pipeline import grade, suites_of
from autograder.room import wire
from autograder.rooms import LiveRoom, LiveRooms, Student
from autograder.suite import Suites

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
SUITES = {stem: suites_of(COURSE, stem) for stem in COURSE.stems}


def planted(kind: str) -> list[Any]:
    """(stem, exercise, name) of every mistake or alternative of the course."""
    return [
        pytest.param(stem, exercise, name, id=f"{exercise}-{name}")
        for stem, suites in SUITES.items()
        for exercise, entries in getattr(suites, kind).items()
        for name in entries
    ]


def judged(suites: Suites, exercise: str, function: object) -> ExerciseResult:
    student = Student(LiveRoom({exercise: function}))
    return run_exercise(suites, suites.assignment.exercise(exercise), Source(()), student)


def test_every_authored_assignment_is_released() -> None:
    assert COURSE.stems == authored_stems(COURSE)
    assert COURSE.stems


@pytest.mark.parametrize("stem", COURSE.stems)
def test_a_solution_scores_full(stem: str) -> None:
    report = grade(COURSE.solution(stem), "solution", SUITES[stem], LiveRooms())
    assert failures(report) == []
    assert report.score == report.max_score


@pytest.mark.parametrize("stem", COURSE.stems)
def test_a_release_scores_nothing(stem: str) -> None:
    report = grade(COURSE.release(stem), "release", SUITES[stem], LiveRooms())
    assert report.graded
    assert report.score == 0
    assert {one.outcome for one in report.exercises} == {Outcome.STUB}


def failures(report: Report) -> list[tuple[str, str | None]]:
    return [(test.id, test.message) for one in report.exercises for test in one.tests if test.outcome != "PASSED"]


@pytest.mark.parametrize(("stem", "exercise", "name"), planted("planted"))
def test_a_mistake_loses_points_and_is_named(stem: str, exercise: str, name: str) -> None:
    suites = SUITES[stem]
    function, sentence = suites.planted[exercise][name]
    result = judged(suites, exercise, function)
    failed = [test for test in result.tests if test.outcome is not Outcome.PASSED]
    assert failed
    assert result.score < result.max_score
    assert {test.mistake for test in failed} == {name}
    assert sentence.split()[-1] in (failed[0].message or "")


@pytest.mark.parametrize(("stem", "exercise", "name"), planted("alternatives"))
def test_an_alternative_scores_full(stem: str, exercise: str, name: str) -> None:
    result = judged(SUITES[stem], exercise, SUITES[stem].alternatives[exercise][name])
    assert [(test.id, test.message) for test in result.tests if test.outcome is not Outcome.PASSED] == []
    assert result.score == result.max_score


@pytest.mark.parametrize("stem", COURSE.stems)
def test_every_exercise_has_mistakes_and_alternatives(stem: str) -> None:
    suites = SUITES[stem]
    names = [one.name for one in suites.assignment.exercises]
    mistakes = [len(suites.planted.get(name, {})) for name in names]
    assert min(mistakes) >= 2
    assert sum(mistakes) / len(mistakes) >= 4
    assert min(len(suites.alternatives.get(name, {})) for name in names) >= 2


@dataclass
class Lying:
    """Equal to everything, and an array of whatever is wanted."""

    def __eq__(self, other: object) -> bool:
        return True

    def __array__(self, *_: object, **__: object) -> Any:
        raise RuntimeError("no")

    def __float__(self) -> float:
        return 1.0


def endless() -> list[Any]:
    inside: list[Any] = []
    inside.append(inside)
    return inside


HOSTILE: dict[str, Any] = {
    "none": None,
    "text": "x",
    "list": [],
    "dict": {},
    "tuple": (),
    "nan": float("nan"),
    "inf": np.inf,
    "huge": 10**400,
    "huge_array": np.full((50, 50), 1e308),
    "complex": 1j,
    "complex_array": np.ones(3) * 1j,
    "ragged": [[1, 2], [3]],
    "ragged_arrays": [np.ones(2), np.ones((2, 2))],
    "long_tuple": tuple(range(1000)),
    "pair": (1, 2),
    "triple": (np.ones(2), 0.0, [1]),
    "strings": np.array(["a", "b"]),
    "objects": np.array([None, 1], dtype=object),
    "function": print,
    "generator": (i for i in range(3)),
    "lying": Lying(),
    "endless": endless(),
    "deep": wire.Opaque("a list too deep"),
    "masked": np.ma.masked_all(3),
    "bytes": b"\xff",
    "surrogate": "\ud800",
    "many_axes": np.ones((1,) * 40),
    "empty": np.empty((0, 3)),
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("stem", COURSE.stems)
def test_no_answer_breaks_a_suite(stem: str, hostile: str) -> None:
    suites = SUITES[stem]
    for one in suites.assignment.exercises:
        result = judged(suites, one.name, lambda *arguments, **options: HOSTILE[hostile])
        assert {test.outcome for test in result.tests} <= {Outcome.PASSED, Outcome.FAILED, Outcome.RAISED}, one.name
        assert result.score == 0, one.name


def nothing_but_valueerror(*arguments: Any, **options: Any) -> Any:
    raise ValueError("always")


def like_the_first(value: Any) -> Callable[..., Any]:
    """A constant for each sample."""
    return lambda x=(), *_, **__: np.full(len(x), value) if isinstance(x, np.ndarray) else value


EMPTY_ANSWERS: dict[str, Callable[..., Any]] = {
    "zero": lambda *a, **k: 0,
    "one": lambda *a, **k: 1,
    "zeros": like_the_first(0.0),
    "ones": like_the_first(1.0),
    "first": lambda *a, **k: a[0] if a else None,
    "first_two": lambda *a, **k: a[:2],
    "all": lambda *a, **k: a,
    "always_valueerror": nothing_but_valueerror,
    "as_it_was": lambda P=0, T=0, w=0, b=0, max_epochs=100: (w, b, [0]),
    "zero_gate": lambda *a, **k: (np.zeros(2), 0.0),
    "zero_network": lambda *a, **k: [(np.zeros((2, 2)), np.zeros(2)), (np.zeros((1, 2)), np.zeros(1))],
}


@pytest.mark.parametrize("empty", EMPTY_ANSWERS)
@pytest.mark.parametrize("stem", COURSE.stems)
def test_an_empty_answer_earns_nothing(stem: str, empty: str) -> None:
    """No test passes for a function that ignores its task, not even a test that asks to leave arguments alone."""
    suites = SUITES[stem]
    scores = {one.name: judged(suites, one.name, EMPTY_ANSWERS[empty]).score for one in suites.assignment.exercises}
    assert set(scores.values()) == {0}, scores


@pytest.mark.parametrize("stem", COURSE.stems)
def test_a_wrong_signature_breaks_no_suite(stem: str) -> None:
    suites = SUITES[stem]
    for one in suites.assignment.exercises:
        result = judged(suites, one.name, lambda: 0)
        assert {test.outcome for test in result.tests} <= {Outcome.FAILED, Outcome.RAISED}, one.name


@pytest.mark.parametrize("stem", COURSE.stems)
def test_points_add_up(stem: str) -> None:
    suites = SUITES[stem]
    for one in suites.assignment.exercises:
        tests = suites.of(one.name)
        assert sum(suites.points(test) for test in tests) == pytest.approx(one.points, abs=1e-9)
        assert {test.visibility for test in tests} == set(Visibility), f"{one.name} wants public and hidden tests"
        assert [test.visibility for test in tests] == sorted((t.visibility for t in tests), reverse=True)


@pytest.mark.parametrize("stem", COURSE.stems)
def test_releases_are_current(stem: str) -> None:
    assert stale_files(COURSE, stem) == []


# ---- nothing secret leaves


def secret_lines(stem: str) -> set[str]:
    """Lines of code that stand in solutions, hidden suites or the reference, and in no stub or public suite."""
    solution = {
        line.strip()
        for cell in parse_notebook(COURSE.solution(stem).read_bytes())
        if "### BEGIN SOLUTION" in cell.source
        for line in cell.source.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0].splitlines()
    }
    hidden = {line.strip() for line in COURSE.hidden_suite(stem).read_text(encoding="utf-8").splitlines()}
    reference = {line.strip() for line in COURSE.reference(stem).read_text(encoding="utf-8").splitlines()}
    public = COURSE.public_suite(stem).read_text(encoding="utf-8")
    return {line for line in solution | hidden | reference if len(line) > 24 and line not in public}


@pytest.mark.parametrize("stem", COURSE.stems)
def test_a_release_holds_nothing_secret(stem: str) -> None:
    lines = secret_lines(stem)
    assert len(lines) > 100
    folder = COURSE.release(stem).parent
    sources = [cell.source for cell in parse_notebook(COURSE.release(stem).read_bytes())]
    texts = ["\n".join(sources), *(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))]
    shared = {line for line in lines if any(line in text for text in texts)}
    # What a notebook's own text, its imports and docstrings share with the reference gives nothing away.
    assert {line for line in shared if line.startswith("return ") or " = " in line} == set()


def test_the_wheel_holds_the_kit_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        code = "\n".join(archive.read(name).decode() for name in names if name.endswith(".py"))
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"autograder", "nn_autograder"}
    for stem in COURSE.stems:
        solution_only = {line for line in secret_lines(stem) if line.startswith("return ") and len(line) > 40}
        assert not [line for line in solution_only if line in code]
