"""The hints of all exercises: three for each, in steps, and never the solution."""

import ast
import io
import tokenize

import pytest
from course_suites import COURSE, STEMS

from autograder.notebooks.ipynb import parse_notebook, read_bytes
from autograder.student.handout import HINT_STEPS, read_handout

SHORTEST = 9  # characters without blanks: a shorter line, such as `break`, gives nothing away
LONGEST = 900  # characters of a hint: somebody reads it below a cell


def solution_lines(stem: str) -> dict[str, list[str]]:
    """The lines of each exercise's model solution without comments and blanks, by name."""
    lines = {}
    for cell in parse_notebook(read_bytes(COURSE.solution(stem))):
        if cell.kind == "code" and cell.nbgrader.get("solution") is True:
            part = cell.source.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0]
            lines[str(cell.grade_id)] = [code for code in map(normalized, part.splitlines()) if len(code) >= SHORTEST]
    return lines


def normalized(line: str) -> str:
    """A line of code without its comment and its blanks."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line.strip()).readline))
    except tokenize.TokenError:  # a bracket that is closed on another line
        return squeezed(line.partition("  #")[0])
    return squeezed("".join(token.string for token in tokens if token.type != tokenize.COMMENT))


def squeezed(text: str) -> str:
    return "".join(text.split()).removeprefix("return")


@pytest.mark.parametrize("stem", STEMS)
def test_each_exercise_has_three_different_hints(stem: str) -> None:
    handout = read_handout(COURSE.release(stem).parent)
    for exercise in handout.assignment.exercises:
        hints = handout.hints(exercise.name)
        assert len(hints) == len(set(hints)) == HINT_STEPS
        assert all(30 < len(hint) < LONGEST for hint in hints), exercise.name


@pytest.mark.parametrize("stem", STEMS)
def test_no_hint_holds_a_line_of_the_solution(stem: str) -> None:
    handout, solutions = read_handout(COURSE.release(stem).parent), solution_lines(stem)
    assert solutions.keys() == {exercise.name for exercise in handout.assignment.exercises}
    given_away = [
        (name, number, line)
        for name, lines in solutions.items()
        for number, hint in enumerate(handout.hints(name), 1)
        for line in lines
        if line in squeezed(hint)
    ]
    assert given_away == []


@pytest.mark.parametrize("stem", STEMS)
def test_no_shape_of_the_code_is_code(stem: str) -> None:
    """An outline has to be turned into code by the student."""
    handout = read_handout(COURSE.release(stem).parent)
    for exercise in handout.assignment.exercises:
        with pytest.raises(SyntaxError):
            ast.parse(handout.hints(exercise.name)[-1])


def test_a_line_of_the_solution_would_be_noticed() -> None:
    assert normalized("    return x @ w  # the sums") == "x@w"
    assert normalized("    + conv_parameters(96 // groups, 256, 5)") == "+conv_parameters(96//groups,256,5)"
    assert "np.where(x@w+b>0,1,0)" in solution_lines("01_perceptron")["perceptron_predict"]
