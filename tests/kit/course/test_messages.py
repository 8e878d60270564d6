"""No sentence without somebody who reads it: every branch that words something runs on a notebook of the class.

What the class reads in its reports stands in `tests/sample_class/messages.txt`; what is said around the messages in a
learner's own notebook stands here.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tested
from branches import never_run, pieces_of, traced
from places import ROOT

from autograder.core import text
from autograder.core.errors import Ungradable
from autograder.core.model import Outcome
from autograder.execution.limits import Limits
from autograder.grading import error_location, messages
from autograder.grading.explanations import EXPLANATIONS
from autograder.grading.failures import advice
from autograder.grading.pipeline import grade, suites_of
from autograder.grading.suites import Suites
from autograder.instructor.submissions import find_submissions, students_in
from autograder.notebooks.course import Course
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.fork_server import ForkServer
from autograder.student import messages as self_check_messages
from autograder.student.handout import find_handout
from autograder.student.messages import (
    ask_why,
    changed_since_run,
    check_knows,
    demo_failed,
    demo_needs,
    demo_needs_cells,
    graded_from_text,
    no_inputs,
    not_defined,
    not_saved,
    only_in_kernel,
    top_cells_not_run,
    when_graded,
)
from autograder.student.saved_check import check_notebook
from autograder.student.selfcheck import Check, Interrupted, NotYet, open_assignment
from autograder.student.views import checked_notebook

COURSE = Course(ROOT)
CLASS = ROOT / "tests" / "sample_class" / "submitted"
ELSEWHERE = {
    "broken",  # a test of ours breaks in no submission of the class
    "cell_not_read",  # the class writes no cell of 12,000 words: tests/kit/unit/grading/test_problems.py
    "cell_died",  # only if the time was up before: tests/kit/sandbox/test_confined.py
    "returned_exception",  # no student returns one: tests/kit/unit/grading/test_checks.py
    "_warned",  # in a kernel alone: below
    "companion_exception",  # the class hands in no capstone: tests/kit/course/test_capstone_messages.py
    "only_verdict",  # only if a course asks for it: tests/kit/unit/instructor/test_student_view.py
    "remarks",  # what surrounds the messages in a whole notebook: below
    "amount",
    "did_you_mean",  # of names that a person types: tests/kit/unit/student/
}
UNSAID = {
    "''",  # no sentence
    "f'{number + 1}th'",  # a seventh sample that alone is wrong
}


# ---- what is said of a graded submission


def test_every_sentence_is_said_to_somebody() -> None:
    suites = {stem: suites_of(COURSE, stem) for stem in COURSE.stems}
    limits = replace(Limits(), call_seconds=0.3, open_seconds=1.0)  # a few students are endless
    with ForkServer(tested.level(), limits=limits) as server, traced(messages, text, error_location) as seen:
        grade_out_of_time(server, suites["01_perceptron"])
        for job in find_submissions(CLASS, students_in(CLASS), COURSE.stems):
            try:
                report = grade(job.notebook, job.student, suites[job.stem], SandboxExecutor(server))
            except Ungradable:
                continue
            for result in report.exercises:
                advice(result)
    missed = [
        str(one)
        for module in (messages, text, error_location)
        for one in never_run(pieces_of(module), seen)
        if one.function not in ELSEWHERE and one.text not in UNSAID
    ]
    assert not missed, "\n".join(missed)


def grade_out_of_time(server: ForkServer, suites: Suites) -> None:
    """What is said when the whole submission's time is over, and no call took too long: here it ends in a test."""

    def too_late(student: Any) -> None:
        student.session.submission_ends = 0.0
        student.threshold_unit(1)

    report = grade(handed_in("ada"), "ada", with_first_test(suites, too_late), SandboxExecutor(server))
    first = report.exercises[0].tests[0]
    assert first.outcome is Outcome.TIMEOUT
    assert first.message == "threshold_unit was not answered: the notebook had used up its 120 s."


def handed_in(student: str) -> Path:
    (notebook,) = (CLASS / student).glob("*/*.ipynb")
    return notebook


def with_first_test(suites: Suites, function: Any) -> Suites:
    """The same suites, the first test replaced."""
    first = replace(suites.tests[0], function=function, fixtures=frozenset(function.__annotations__) & {"student"})
    steps = {test: steps for test, steps in suites.expected_calls.items() if test != first.id}
    return replace(suites, tests=(first, *suites.tests[1:]), expected_calls=steps)


def test_every_likely_reason_is_given_to_somebody() -> None:
    """Explanations by what an exception says are tested in tests/kit/unit/grading/test_explanations.py."""
    said = " ".join((CLASS.parent / "messages.txt").read_text(encoding="utf-8").split())
    elsewhere = ("KeyError", "ZeroDivisionError", "FileNotFoundError")
    by_type = [entry for entry in EXPLANATIONS if not entry.pattern and entry.kind not in elsewhere]
    assert [entry.kind for entry in by_type if entry.sentence not in said] == []
    assert [entry.kind for entry in by_type if f" raised {entry.kind} on line " not in said] == []


def test_a_test_of_ours_that_breaks_is_said_to_be_ours() -> None:
    def broken(**_: Any) -> None:
        raise LookupError

    suites = with_first_test(suites_of(COURSE, "01_perceptron"), broken)
    name = suites.tests[0].id
    with ForkServer(tested.level()) as server:
        report = grade(handed_in("ada"), "ada", suites, SandboxExecutor(server))
    (test,) = [test for one in report.exercises for test in one.tests if test.outcome is Outcome.BROKEN]
    assert test.message == (
        "Something broke in the grader, not in your code. Your work is saved and not yet\n"
        "graded; your instructor sees the details."
    )
    assert report.score is None
    assert report.reason == f"the grader broke in {name}; nothing is wrong with the submission"


# ---- what is said around the messages in a learner's own notebook

ALL_RIGHT = """\
xor_network: 1 of 1 public test passed.

3 of 3 public points · 1 hidden test is worth 1 more

next: exercise 8, delta_rule, about 15 minutes"""

NOT_YET = """\
boundary_distance: 0 of 4 public tests passed.
  not yet: one sample gives one number, negative on the side of the zeros

boundary_distance returned a wrong value.
  called with   boundary_distance(x=np.array([1.0, 2.0]), w=np.array([3.0, -4.0]),
                b=-5.0)
  you returned  -0.4
  expected      -2

  hint          It is divided by ‖w‖², the sum of squares. The length is its root.

Also not yet:
  – the slides' OR gate: the corners, and a point on its line
    boundary_distance returned wrong values: 4 of 5 differ.
  – w and b times 0.5 describe the same line
    boundary_distance returned wrong values: all 3 differ.
  – w and b times 10.0 describe the same line
    boundary_distance returned wrong values: all 3 differ.

0 of 1 public points · 7 hidden tests are worth 2 more

Stuck? check.hint(boundary_distance) gives one hint at a time."""

WARNED = """\
feature_map: 0 of 5 public tests passed.
  not yet: two neurons, worked out by hand

feature_map returned nan or infinity: 1 of 2.
  called with   feature_map(image=np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]),
                kernel=np.array([[1.0, 2.0], [0.0, -1.0]]), bias=-4.0)
  you returned  [[0.5, nan]]
  it warned     RuntimeWarning: overflow encountered in exp
  A warning costs points only if a test asks for none. It may come from the same
  mistake.

Also not yet:
  – where the picture is black the bias decides alone: σ(1) and σ(-2)
    feature_map returned wrong values: all 6 differ.
  – a white dot: the kernel turned by half, through σ
    feature_map returned nan or infinity: 1 of 9.
  – an image or a signal of whole numbers, type int64: the results are not whole
    feature_map returned wrong values: 1 of 2 differ.
  – the arguments stay as they were
    feature_map returned wrong values: 1 of 2 differ.

0 of 0.92 public points · 6 hidden tests are worth 1.08 more

Stuck? check.hint(feature_map) gives one hint at a time."""

KNOWS = """\
check() knows threshold_unit, perceptron_predict, gate, boundary_distance,
perceptron_update, perceptron_train, xor_network and delta_rule: call it with one of
them."""

WHOLE_NOTEBOOK = """\
exercise                                  public points    hidden tests
threshold_unit           passed           0.8 of 0.8       6, worth 1.2
perceptron_predict       passed           0.6 of 0.6       7, worth 1.4
gate                     passed           1.62 of 1.62     6, worth 0.38
boundary_distance        passed           1 of 1           7, worth 2
perceptron_update        passed           1.06 of 1.06     8, worth 1.94
perceptron_train         passed           2.5 of 2.5       7, worth 2.5
xor_network              not written yet  0 of 3           1, worth 1
delta_rule               passed           1.2 of 1.2       5, worth 1.8
together                 7 of 8 passed    8.78 of 11.78    47, worth 12.22

About the notebook:
  cell xor_network is missing from the notebook; no other cell defines it
  cell test_threshold_unit was changed (points); the original was used
  cell test_gate was changed (text); the original was used"""


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.chdir(ROOT)
    return open_assignment("01_perceptron")


def kernel_of(student: str) -> dict[str, Any]:
    """The names that a student's kernel holds when what is handed out and the answers have been run."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in code_cells(student):
        marks = cell["metadata"]
        if "given" in marks.get("tags", ()) or marks.get("nbgrader", {}).get("solution"):
            exec("".join(cell["source"]), names)
    return names


def code_cells(student: str) -> list[dict[str, Any]]:
    notebook = json.loads(handed_in(student).read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def refused(check: Check, function: Any) -> str:
    with pytest.raises(NotYet) as caught:
        check(function)
    return str(caught.value)


def test_what_is_not_saved_yet() -> None:
    assert not_saved(["gate", "delta_rule"]) == (
        "Not in the saved file yet: gate and delta_rule. Save the notebook (Ctrl+S) before you\nhand it in."
    )


def test_what_the_kernel_did_not_run() -> None:
    assert changed_since_run("gate", "SyntaxError, line 17") == (
        "The cell of gate changed since it was run (SyntaxError, line 17); the check used the\n"
        "version before. Run the cell, then check it again."
    )
    assert changed_since_run("gate", "").startswith("The cell of gate changed since it was run; the check used")
    assert top_cells_not_run(["np"]) == (
        "np is not defined in this kernel: run the notebook's two top cells first, and again\n"
        "after each restart of the kernel."
    )
    assert top_cells_not_run(["np", "plt"]).startswith("np and plt are not defined in this kernel")
    assert not_defined("gate") == "gate is not defined in this kernel: run its cell first."
    assert check_knows(("gate",), "gates") == "Did you mean gate? check() knows gate: call it with one of them."


def test_what_was_stopped(check: Check) -> None:
    def gate(name: str) -> None:
        raise KeyboardInterrupt  # as the button of JupyterLab does

    with pytest.raises(Interrupted) as caught:
        check(gate)
    said = "You stopped gate while it was checked. The kernel is still there: fix the cell, and\nrun it again."
    assert str(caught.value) == said
    assert caught.value._render_traceback_() == said.splitlines()


def whole_notebook(student: str, stem: str, **hidden: float) -> str:
    """What `autograder check` prints of a student's notebook; `hidden` changes what is told of the hidden tests."""
    handout = find_handout(stem, ROOT)
    handout = replace(handout, entries={name: {**entry, **hidden} for name, entry in handout.entries.items()})
    return checked_notebook(check_notebook(handed_in(student), handout), handout)


def test_a_right_answer(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check(kernel_of("dilip")["xor_network"])
    assert capsys.readouterr().out == ALL_RIGHT + "\n"


def test_a_wrong_answer(check: Check) -> None:
    assert refused(check, kernel_of("felix")["boundary_distance"]) == NOT_YET


def test_a_failure_that_costs_only_hidden_points(check: Check) -> None:
    said = " ".join(refused(check, kernel_of("felix")["gate"]).split())
    assert said.startswith("gate: 4 of 5 public tests passed. not yet: a name in small letters raises ValueError, too")
    assert (
        "1.62 of 1.62 public points · 6 hidden tests are worth 0.38 more. "
        "What failed gives no points here; hidden tests give points for it." in said
    )


def test_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert refused(open_assignment("06_convolution"), kernel_of("emre")["feature_map"]) == WARNED


def test_inputs_of_nothing() -> None:
    assert no_inputs("gate") == "There are no inputs to show: no public test fails in a call of gate."


def test_what_passes_in_the_kernel_alone() -> None:
    assert only_in_kernel("gate") == "gate passes in your kernel, but not when it is graded."
    assert ask_why("gate") == "Run check(gate) to see why."
    assert graded_from_text("gate") == (
        "gate passes in your kernel, but not when it is graded. Grading starts from the text\n"
        "of your notebook, without anything else that the kernel remembers."
    )
    assert when_graded("line 3 of cell 7 failed.") == "When it is graded: line 3 of cell 7 failed."


def test_what_a_demo_cell_says_without_its_figure() -> None:
    assert demo_needs(["gate"]) == "This cell needs your gate: run it again once its check passes."
    assert demo_needs(["gate", "unit"]).endswith("your gate and unit: run it again once their checks pass.")
    assert demo_needs_cells("w").startswith("This cell needs `w`, which a cell above defines: run the cells")
    assert demo_failed([], "LookupError") == "This cell could not finish: LookupError."
    assert "once its check passes." in " ".join(demo_failed(["gate"], "LookupError").split())
    assert "once their checks pass." in " ".join(demo_failed(["gate", "unit"], "LookupError").split())


def test_further_failures_for_the_same_reason(check: Check) -> None:
    def gate(name: str) -> None:
        raise LookupError

    assert refused(check, gate).count("for the same reason") == 4


def test_something_that_is_no_exercise(check: Check) -> None:
    assert refused(check, print) == KNOWS


def test_a_whole_notebook_and_what_was_repaired() -> None:
    assert whole_notebook("amir", "01_perceptron") == WHOLE_NOTEBOOK


def test_an_exercise_without_hidden_tests() -> None:
    lines = whole_notebook("felix", "01_perceptron", hidden_tests=0, hidden_weight=0).splitlines()
    assert lines[4] == "boundary_distance        not yet right    0 of 3           none"
    assert lines[3] == "gate                     not yet right    2 of 2           none"  # a test without points fails
    assert lines[9] == "together                 4 of 8 passed    14 of 24         none"
    assert lines[11] == "gate: 4 of 5 public tests passed."
    assert "0 of 3 public points" in lines


def test_every_sentence_around_a_message_stands_above(
    check: Check, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with traced(self_check_messages) as seen:
        test_what_is_not_saved_yet()
        test_what_the_kernel_did_not_run()
        test_a_right_answer(check, capsys)
        test_a_wrong_answer(check)
        test_a_failure_that_costs_only_hidden_points(check)
        test_a_warning(monkeypatch)
        test_inputs_of_nothing()
        test_what_passes_in_the_kernel_alone()
        test_what_a_demo_cell_says_without_its_figure()
        test_further_failures_for_the_same_reason(check)
        test_something_that_is_no_exercise(check)
        test_what_was_stopped(check)
        test_a_whole_notebook_and_what_was_repaired()
        test_an_exercise_without_hidden_tests()
    missed = [str(one) for one in never_run(pieces_of(self_check_messages), seen) if one.text not in UNSAID]
    assert not missed, "\n".join(missed)
