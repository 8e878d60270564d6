"""Say how far a student is in an assignment: which exercise is next, and which questions in words are still empty."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from autograder.core.text import amount, filled, listed, plural
from autograder.notebooks.text_answers import Question
from autograder.student.handout import Handout


def next_line(handout: Handout, passed: Collection[str], after: str = "") -> str:
    """Return `next: exercise 4, gate, about 10 minutes`, or that all exercises pass.

    passed: the exercises that pass
    after: the exercise that was just checked. The next one is the first open one below it, else the first of all.
    """
    name = next_exercise(handout, passed, after)
    if name is None:
        return f"All {plural(len(handout.assignment.exercises), 'exercise')} pass."
    number = [exercise.name for exercise in handout.assignment.exercises].index(name) + 1
    return f"next: exercise {number}, {name}, about {plural(handout.minutes(name), 'minute')}"


def next_exercise(handout: Handout, passed: Collection[str], after: str = "") -> str | None:
    """Return the exercise to go on with, as in `next_line`; None if all pass."""
    names = [exercise.name for exercise in handout.assignment.exercises]
    start = names.index(after) + 1 if after in names else 0
    return next((name for name in names[start:] + names[:start] if name not in passed), None)


def questions_text(questions: Sequence[Question]) -> str:
    """Return which questions in words are answered; empty if there are none."""
    return "\n".join(map(filled, _questions_lines(questions)))


def _questions_lines(questions: Sequence[Question]) -> Iterator[str]:
    answered = [question.name for question in questions if question.answered]
    empty = [f"{question.name} ({amount(question.points)} points)" for question in questions if not question.answered]
    if answered:
        yield f"Questions in words, answered: {listed(answered)}. A person reads the answers."
    if empty:
        yield f"Questions in words, still empty: {listed(empty)}."


def questions_count(questions: Sequence[Question]) -> str:
    """Return `1 of 2`: how many questions are answered."""
    return f"{sum(question.answered for question in questions)} of {len(questions)}"
