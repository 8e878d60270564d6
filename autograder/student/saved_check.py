"""Check a saved notebook on the public tests, as `autograder check`, `progress`, `watch` and `submit` do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Assignment, Outcome, Report
from autograder.execution.fresh_settings import fresh_settings
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.interface import CallRaised, SessionEnded
from autograder.execution.limits import LIMITS
from autograder.execution.packages import graded_packages
from autograder.grading.checks import trained_model
from autograder.grading.comparison import CheckFailed
from autograder.grading.pipeline import grade_content, opened
from autograder.grading.suites import Suites
from autograder.notebooks.ipynb import parse_notebook, read_bytes
from autograder.notebooks.submission import submission_of
from autograder.notebooks.text_answers import Question, questions_of
from autograder.student.handout import Handout
from autograder.student.quiet import quiet


def check_notebook(notebook: Path, handout: Handout) -> Report:
    """Return the report of a saved notebook on the public tests. Its functions run in this process, as in a kernel.

    Raise UserError if the notebook cannot be graded, NotInstalled if PyTorch is needed and missing.
    """
    suites = handout.suites()
    try:
        data = read_bytes(notebook)
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None
    return check_content(data, notebook, suites)


def saved_questions(notebook: Path, assignment: Assignment) -> tuple[Question, ...]:
    """Return the questions in words of a saved notebook, answered or not; none if the file cannot be read."""
    try:
        return questions_of(parse_notebook(read_bytes(notebook)), assignment)
    except Ungradable:
        return ()


def check_content(data: bytes, notebook: Path, suites: Suites) -> Report:
    """Return the report of a notebook's content on the given tests, as `check_notebook` does. `notebook` names it."""
    try:
        with quiet(), fresh_settings():
            return grade_content(data, "", suites, _executor(suites.assignment))
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None


def _executor(assignment: Assignment) -> InProcessExecutor:
    return InProcessExecutor(LIMITS.call_seconds, graded_packages(torch=assignment.torch))


def weights_fit(data: bytes, handout: Handout) -> bool:
    """Return whether the weights packed into a notebook have the names and shapes of the model that it builds."""
    submission = submission_of(data, handout.assignment, "")
    with quiet(), opened(_executor(handout.assignment), submission) as student:
        try:
            return bool(student.misfits(dict(trained_model(student).weights)) == 0)
        except (CallRaised, CheckFailed, SessionEnded):
            return False


@dataclass(frozen=True)
class SavedCheck:
    """What came of checking an assignment's saved notebook: a report, or the reason why there is none."""

    handout: Handout
    report: Report | None = None
    reason: str = ""
    questions: tuple[Question, ...] = ()  # in words, answered or not

    @property
    def passed(self) -> tuple[str, ...]:
        """Return the exercises that pass."""
        exercises = self.report.exercises if self.report else ()
        return tuple(result.name for result in exercises if result.outcome is Outcome.PASSED)


def check_saved(handout: Handout) -> SavedCheck:
    """Check an assignment's saved notebook. A notebook that cannot be checked raises nothing here."""
    try:
        report = check_notebook(handout.notebook, handout)
        return SavedCheck(handout, report, questions=saved_questions(handout.notebook, handout.assignment))
    except (UserError, OSError) as error:
        return SavedCheck(handout, reason=str(error))
