"""Sentences around the graders' messages in a student's own notebook: what passed, points, what counts."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.core.model import ExerciseResult, Outcome, TestResult
from autograder.core.text import amount, did_you_mean, filled, listed, plural, wrapped
from autograder.grading.failures import Failure, advice, failures_of
from autograder.grading.messages import STATES

Row = tuple[ExerciseResult, int, float]  # a result, how many hidden tests there are, and what they are worth

TABLE_HEAD = ("exercise", "", "public points", "hidden tests")
WHAT_COUNTS = (
    "Only your exercise cells count, and cells of yours that they depend on. You may change all other cells: grading "
    "takes the originals."
)


def self_check(result: ExerciseResult, hidden_tests: int, hidden_points: float) -> str:
    """Return what `check` says about one exercise: how many tests passed, the failures in words, the points.

    The most telling failure is told in full, then the hint, and of each further failure its headline.
    """
    lines = [f"{result.name}: {tests_passed(result)}"]
    first, further = failures_of(result)[:1], failures_of(result)[1:]
    for failure in first:
        lines += [*wrapped(f"not yet: {failure.title}"), "", failure.message]
    if advice(result):
        lines += ["", advice(result)]
    if further:
        told = first[0].headline
        lines += ["", "Also not yet:", *(line for failure in further for line in _in_short(failure, told))]
    return "\n".join([*lines, "", filled(public_points(result.tests, hidden_tests, hidden_points))])


def _in_short(failure: Failure, told: str) -> list[str]:
    """Return the lines about a further failure. told: what was said about the first; nobody has to read it twice"""
    headline = "for the same reason" if failure.headline == told else failure.headline
    return [*wrapped(f"– {failure.title}"), *wrapped(headline, margin=4)]


def tests_passed(result: ExerciseResult) -> str:
    """Return how many of an exercise's tests passed, as a sentence."""
    passed = sum(test.outcome is Outcome.PASSED for test in result.tests)
    return f"{passed} of {plural(len(result.tests), 'public test')} passed."


def public_points(tests: tuple[TestResult, ...], hidden_tests: int, hidden_points: float) -> str:
    """Return the line about points: `1.5 of 1.5 public points · 3 hidden tests are worth 2.5 more`."""
    points = f"{_earned(tests)} public points"
    if hidden_tests:
        verb = "is" if hidden_tests == 1 else "are"
        points += f" · {plural(hidden_tests, 'hidden test')} {verb} worth {amount(hidden_points)} more"
    failed = [test for test in tests if test.outcome is not Outcome.PASSED]
    if hidden_tests and failed and not any(test.points for test in failed):
        points += ". What failed gives no points here; hidden tests give points for it."
    return points


# ---- the whole notebook


def table(rows: Sequence[Row]) -> str:
    """Return the table of a whole notebook: a line for each exercise, and their sum."""
    lines = (TABLE_HEAD, *(table_row(*result) for result in rows), table_sum(rows))
    return "\n".join(_columns(*line) for line in lines)


def table_row(result: ExerciseResult, hidden_tests: int, hidden_points: float) -> tuple[str, str, str, str]:
    """Return the cells of an exercise's line."""
    return result.name, _state(result), _earned(result.tests), _hidden(hidden_tests, hidden_points)


def _state(result: ExerciseResult) -> str:
    """Return the state in one word; the message says how the exercise failed."""
    return STATES[result.outcome if result.outcome in (Outcome.PASSED, Outcome.STUB) else Outcome.FAILED]


def table_sum(rows: Sequence[Row]) -> tuple[str, str, str, str]:
    """Return the cells of the last line: how many exercises passed, and all points."""
    done = sum(result.outcome is Outcome.PASSED for result, _, _ in rows)
    tests = tuple(test for result, _, _ in rows for test in result.tests)
    hidden = _hidden(sum(count for _, count, _ in rows), sum(points for _, _, points in rows))
    return "together", f"{done} of {len(rows)} passed", _earned(tests), hidden


def _columns(name: str, state: str, public: str, hidden: str) -> str:
    return f"{name:<24} {state:<16} {public:<16} {hidden}".rstrip()


def _hidden(tests: int, points: float) -> str:
    return f"{tests}, worth {amount(points)}" if tests else "none"


def _earned(tests: tuple[TestResult, ...]) -> str:
    return f"{amount(sum(test.earned for test in tests))} of {amount(sum(test.points for test in tests))}"


# ---- notes


def not_yet(result: ExerciseResult) -> str:
    """Return the one line for a failing exercise whose details are shown above it."""
    return f"{result.name}: {_state(result)}."


def hints_are_there(name: str) -> str:
    """Return how to get a hint for an exercise that does not pass."""
    return f"Stuck? check.hint({name}) gives one hint at a time."


def only_in_kernel(name: str) -> str:
    """Say that an exercise passes in the kernel alone."""
    return f"{name} passes in your kernel, but not when it is graded."


def ask_why(name: str) -> str:
    """Say how to see why an exercise does not pass when it is graded."""
    return f"Run check({name}) to see why."


def graded_from_text(name: str) -> str:
    """Return the lines above the tests of an exercise that passes in the kernel alone."""
    about = "Grading starts from the text of your notebook, without anything else that the kernel remembers."
    return filled(f"{only_in_kernel(name)} {about}")


def when_graded(remark: str) -> str:
    """Say what happens to a line when the notebook is graded."""
    return filled(f"When it is graded: {remark}")


def not_saved(names: Sequence[str]) -> str:
    """Return the reminder to save, for exercises whose cell differs from the saved file."""
    return filled(f"Not in the saved file yet: {listed(names)}. Save the notebook (Ctrl+S) before you hand it in.")


def changed_since_run(name: str, why: str) -> str:
    """Return the warning that a cell is not what was checked. `why` is the error of its last text, or empty."""
    reason = f" ({why})" if why else ""
    return filled(
        f"The cell of {name} changed since it was run{reason}; the check used the version before. Run the cell, then "
        "check it again."
    )


def top_cells_not_run(names: Sequence[str]) -> str:
    """Return what a student reads if the notebook's top cells were not run."""
    verb = "are" if len(names) > 1 else "is"
    return filled(
        f"{listed(names)} {verb} not defined in this kernel: run the notebook's two top cells first, and again after "
        "each restart of the kernel."
    )


def not_defined(name: str) -> str:
    """Return what a student reads who checks an exercise by its name before its cell was run."""
    return filled(f"{name} is not defined in this kernel: run its cell first.")


def interrupted(name: str) -> str:
    """Return what a student reads after stopping the kernel while an exercise was checked."""
    return filled(
        f"You stopped {name} while it was checked. The kernel is still there: fix the cell, and run it again."
    )


def no_inputs(name: str) -> str:
    """Say that there is no failed call of a function."""
    return filled(f"There are no inputs to show: no public test fails in a call of {name}.")


def check_knows(names: tuple[str, ...], asked: str = "") -> str:
    """Return which exercises `check` accepts, and the one whose name is like the name that was asked for."""
    return filled(f"{did_you_mean(asked, names)}check() knows {listed(names)}: call it with one of them.")


# ---- demo cells


def demo_needs(names: Sequence[str]) -> str:
    """Return what a demo cell shows as long as exercises that it uses are not written."""
    checks = "its check passes" if len(names) == 1 else "their checks pass"
    return filled(f"This cell needs your {listed(names)}: run it again once {checks}.")


def demo_needs_cells(name: str) -> str:
    """Return what a demo cell shows if a cell before it did not run, or could not."""
    return filled(f"This cell needs `{name}`, which a cell above defines: run the cells above it first.")


def demo_failed(names: Sequence[str], error: str) -> str:
    """Return what a demo cell shows if all exercises are written and it cannot use their answers."""
    if not names:
        return filled(f"This cell could not finish: {error}.")
    verb = "its check passes" if len(names) == 1 else "their checks pass"
    return filled(f"This cell could not finish: {error}. It uses your {listed(names)}: run it again once {verb}.")
