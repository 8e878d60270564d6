"""Generic mutants: what is changed, what is left alone, and what becomes of them in an audit."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import ROOT

from autograder.authoring import mutation_audit
from autograder.authoring.mutants import mutants
from autograder.authoring.mutation_audit import Fate, audit_mutants, mutated_solutions
from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.execution.in_process import LiveRooms
from autograder.grading.pipeline import suites_of
from autograder.grading.suites import Suites
from autograder.notebooks.course import Course
from autograder.notebooks.submission import read_submission

STEM = "01_perceptron"


def bodies(statement: str) -> set[str]:
    """Return what the mutants make of a function's only statement."""
    text = f"def f(x, n):\n    {statement}\n"
    return {mutant.text.partition("\n")[2].strip() for mutant in mutants(text)}


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("return x + n", {"return x - n", "return x", "return n"}),
        ("return x @ n", {"return x * n"}),
        ("return -x", {"return x"}),
        ("return x > n", {"return x >= n", "return x < n"}),
        ("return x.T", {"return x"}),
        ("return x[1:]", {"return x[:]", "return x[2:]", "return x[0:]"}),
        ("return x, n", {"return (n, x)"}),
        ("return np.exp(x)", {"return np.expm1(x)", "return x"}),
        ("return np.maximum(x, n)", {"return np.minimum(x, n)"}),
        ("return np.outer(x, n)", {"return np.outer(n, x)"}),
        ("return x.copy()", {"return x"}),
        ("return float(x)", set()),
        ("return x if n else n", {"return n if n else x", "return x", "return n"}),
        ("x += n", {"pass", "x = n", "x -= n"}),
        ("raise ValueError", {"pass"}),
        ("return np.where(x, n, x)", {"return np.where(x, x, n)"}),
        ("return np.sum(x, axis=n)", {"return np.mean(x, axis=n)", "return np.sum(x)", "return x"}),
        (
            "return np.ones(n, int, order=True)",
            {"return np.zeros(n, int, order=True)", "return np.ones(int, n, order=True)"},
        ),
    ],
)
def test_what_is_changed(statement: str, changed: set[str]) -> None:
    assert bodies(statement) >= changed
    if "axis" not in statement and "order" not in statement:
        assert bodies(statement) == changed


def test_loops_and_conditions() -> None:
    text = "def f(n):\n    for i in range(n):\n        if i:\n            break\n"
    afters = {mutant.after for mutant in mutants(text)}
    ranges = {f"for i in range({bounds}):" for bounds in ("n - 1", "n + 1", "1, n")}
    assert afters == ranges | {"for i in []:", "for i in n:", "if not i:", "continue"}


def test_docstrings_annotations_and_decorators_are_left_alone() -> None:
    text = '@g(1)\ndef f(x: "1" = 2) -> 3:\n    """1 + 1"""\n    return x\n'
    changed = list(mutants(text))
    assert {mutant.after for mutant in changed} == {"@g(1)"}  # the header of a decorated function
    assert [ast.unparse(ast.parse(m.text).body[0].args.defaults[0]) for m in changed] == ["3", "1"]


def test_each_mutant_is_there_once_and_compiles() -> None:
    text = "def f(x):\n    y = 1 + 1\n    return x * 2 ** y\n"
    texts = [mutant.text for mutant in mutants(text)]
    assert len(texts) == len(set(texts)) > 8
    for mutant in texts:
        compile(mutant, "mutant", "exec")


# ---- what becomes of them


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The course with one assignment."""
    for folder in ("assignments", "solutions", "tests/suites", "reference_impl"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("0[2-9]_*", "__pycache__"))
    (tmp_path / "tests/suites" / mutation_audit.DECLARED).unlink(missing_ok=True)
    return Course(tmp_path)


def of_one_exercise(course: Course, name: str) -> Suites:
    suites = suites_of(course, STEM)
    assignment = replace(suites.assignment, exercises=(suites.assignment.exercise(name),))
    return replace(suites, assignment=assignment)


def fates(course: Course, name: str = "boundary_distance") -> Iterator[tuple[str, Fate]]:
    return (
        (verdict.mutant, verdict.fate) for verdict in audit_mutants(course, of_one_exercise(course, name), LiveRooms())
    )


def declare(course: Course, **reasons: str) -> None:
    lines = "\n".join(f"{name!r} = {reason!r}" for name, reason in reasons.items())
    path = course.hidden_suite(STEM).with_name(mutation_audit.DECLARED)
    path.write_text(f"['{STEM}'.boundary_distance]\n{lines}\n", encoding="utf-8")


@pytest.mark.slow
def test_mutants_of_a_solution_are_caught(course: Course) -> None:
    of_mutants = dict(fates(course))
    assert len(of_mutants) >= 5
    assert set(of_mutants.values()) == {Fate.CAUGHT}


@pytest.mark.slow
def test_a_suite_that_asks_nothing_lets_mutants_survive(course: Course) -> None:
    suites = replace(of_one_exercise(course, "boundary_distance"), tests=())
    assert {verdict.fate for verdict in audit_mutants(course, suites, LiveRooms())} == {Fate.SURVIVED}


@pytest.mark.slow
def test_declared_mutants(course: Course) -> None:
    solution = read_submission(course.solution(STEM), course.assignment(STEM), "").source
    caught = next(name for name, _ in mutated_solutions(solution, "boundary_distance"))
    declare(course, **{caught: "it is not", "no such → mutant": "gone"})
    of_mutants = dict(fates(course))
    assert {name for name, fate in of_mutants.items() if fate is Fate.MISDECLARED} == {caught, "no such → mutant"}


@pytest.mark.slow
def test_an_equivalent_mutant_has_to_agree_on_other_inputs_too(course: Course) -> None:
    path = course.solution(STEM)
    text = path.read_text(encoding="utf-8")
    assert "length = np.sqrt(np.sum(w**2))" in text
    path.write_text(text.replace("np.sum(w**2)", "np.sum(w**2) if True else b"), encoding="utf-8")
    survivors = [name for name, fate in fates(course) if fate is Fate.SURVIVED]
    assert len(survivors) == 1
    declare(course, **{survivors[0]: "the condition is always true"})
    assert dict(fates(course))[survivors[0]] is Fate.EQUIVALENT


@pytest.mark.slow
def test_a_damaged_declaration_is_named(course: Course) -> None:
    path = course.hidden_suite(STEM).with_name(mutation_audit.DECLARED)
    path.write_text("[", encoding="utf-8")
    with pytest.raises(UserError, match=r"equivalent_mutants\.toml cannot be read"):
        list(fates(course))


@pytest.mark.slow
def test_the_command(course: Course) -> None:
    command = ["audit", STEM, "--mutants", "--sandbox", "none", "--course", str(course.root)]
    done = CliRunner().invoke(main, command)
    assert "mutants of the solutions" in done.output
    assert "survived: " in done.output  # what is equivalent is not declared here
    assert done.exit_code == 1
