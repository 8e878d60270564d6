"""`feedback = "verdicts"`: whatever reaches a student says of a hidden test that it passed or failed, and no more."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from places import ROOT

from autograder.core.model import CodeCell, ExerciseResult, Hint, Outcome, Place, Report, TestResult, Visibility
from autograder.instructor.batch import run
from autograder.instructor.batch.run import Options, ProgressListener, grade_class
from autograder.instructor.exports import canvas, gradescope, moodle, spreadsheet
from autograder.instructor.exports.graded_class import load_graded_class
from autograder.instructor.results.store import page_path, report_of
from autograder.instructor.results.student_view import for_students
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course

STEM = "01_perceptron"
VERDICTS = '[grading]\nfeedback = "verdicts"\n'
DETAILS = ("HIDDEN", "at_least", "raised", "took too long", "had to be stopped", "not run", "marks where")
NOT_PASSED = [outcome for outcome in Outcome if outcome not in (Outcome.PASSED, Outcome.BROKEN)]


def a_test(visibility: Visibility, outcome: Outcome, mistake: str) -> TestResult:
    failed = outcome is not Outcome.PASSED
    return TestResult(
        f"test_{visibility}_{outcome}",
        f"a {visibility} test",
        exercise="gate",
        visibility=visibility,
        points=1.0,
        outcome=outcome,
        message=f"message of a {visibility.upper()} test" if failed else None,
        mistakes=(mistake,) if failed else (),
        place=Place("your cell gate", 2) if outcome is Outcome.RAISED and failed else None,
    )


PUBLIC = a_test(Visibility.PUBLIC, Outcome.FAILED, "swapped")
FAILURES = tuple(a_test(Visibility.HIDDEN, outcome, "at_least") for outcome in NOT_PASSED)
PASSED = a_test(Visibility.HIDDEN, Outcome.PASSED, "")
SWAPPED = Hint(("swapped",), "the public hint")
CODE = (CodeCell("your cell gate", "def gate(name):\n    return 1 / 0", ("gate",)),)
RESULTS = (
    ExerciseResult(
        "gate", 12.0, (PUBLIC, *FAILURES, PASSED), hint=Hint(("HIDDEN hint",), "HIDDEN hint"), public_hint=SWAPPED
    ),
    ExerciseResult(  # no public test failed
        "xor_network", 12.0, tuple(replace(test, exercise="xor_network") for test in (PASSED, *FAILURES))
    ),
)
REPORT = Report("ada", STEM, 24.0, RESULTS, code=CODE)


def test_full_feedback_is_the_whole_report() -> None:
    assert for_students(REPORT, "full") is REPORT


@pytest.mark.parametrize("test", FAILURES, ids=lambda test: test.outcome)
def test_a_hidden_test_only_fails(test: TestResult) -> None:
    report = replace(REPORT, exercises=(ExerciseResult("gate", 12.0, (test,)),))
    (result,) = for_students(report, "verdicts").exercises
    (shown,) = result.tests
    assert (shown.outcome, shown.mistakes, shown.place) == (Outcome.FAILED, (), None)
    assert shown.message == "This hidden test failed. No details are shown."
    assert (shown.name, shown.points, shown.visibility) == (test.name, test.points, test.visibility)


def test_scores_passed_tests_and_public_tests_stay() -> None:
    shown = for_students(REPORT, "verdicts")
    assert shown.score == REPORT.score
    assert shown.exercises[0].tests[0] == PUBLIC
    assert shown.exercises[0].tests[-1] == PASSED
    assert shown.exercises[0].mistakes == ("swapped",)
    assert replace(shown, exercises=REPORT.exercises) == REPORT


def test_a_broken_test_is_still_our_fault() -> None:
    broken = replace(a_test(Visibility.HIDDEN, Outcome.BROKEN, ""), message="Something broke in the grader")
    report = replace(REPORT, exercises=(ExerciseResult("gate", 12.0, (broken,)),), reason="the grader broke in test_x")
    assert for_students(report, "verdicts") == report


# ---- a class


@dataclass
class Class:
    """A course with one submission; nobody runs it."""

    course: Course
    asked: list[str] = field(default_factory=list)

    def judge(self, _: Options, jobs: Sequence[Job], __: ProgressListener) -> Iterator[tuple[Job, Report]]:
        for job in jobs:
            self.asked.append(job.student)
            yield job, replace(REPORT, submission_sha256=hashlib.sha256(job.notebook.read_bytes()).hexdigest())

    def grade(self, settings: str) -> list[str]:
        """Grade with these settings. Return who was graded."""
        (self.course.root / "course.toml").write_text(settings)
        self.asked.clear()
        course = Course(self.course.root)  # settings are read once
        grade_class(Options(course, course.submitted, course.results, (STEM,)), ProgressListener())
        return list(self.asked)

    @property
    def page(self) -> str:
        return page_path(self.course.results, STEM, "ada").read_text(encoding="utf-8")


@pytest.fixture
def a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    for folder in ("assignments", "solutions", "tests", "reference_impl"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    handed_in = tmp_path / "submitted" / "ada" / STEM
    handed_in.mkdir(parents=True)
    (handed_in / "perceptron.ipynb").write_bytes(b"1")
    made = Class(Course(tmp_path))
    monkeypatch.setattr(run, "run_jobs", made.judge)
    return made


def details_in(text: str) -> set[str]:
    return {detail for detail in DETAILS if detail in text}


def test_a_change_of_the_setting_makes_new_pages_and_runs_nobody(a_class: Class) -> None:
    assert a_class.grade("") == ["ada"]
    assert details_in(a_class.page) >= {"HIDDEN", "marks where"}
    full = a_class.page
    assert a_class.grade(VERDICTS) == []
    assert details_in(a_class.page) == set()
    assert "message of a PUBLIC test" in a_class.page
    assert "Of a hidden test you read what it asks for and whether it passed." in a_class.page
    assert a_class.grade('[grading]\nfeedback = "full"\n') == []
    assert a_class.page == full


def test_the_record_keeps_everything_for_the_instructor(a_class: Class) -> None:
    a_class.grade(VERDICTS)
    report = report_of(a_class.course.results, STEM, "ada")
    assert report is not None
    assert report.exercises == REPORT.exercises


@pytest.mark.parametrize("result", ["kept", "new"])
def test_every_page_that_is_written_obeys(a_class: Class, monkeypatch: pytest.MonkeyPatch, result: str) -> None:
    if result == "kept":  # an ungraded submission leaves the earlier result, with the page of the setting of now
        a_class.grade("")
        ungraded = Report.ungraded("ada", STEM, 24.0, "it is damaged")
        monkeypatch.setattr(run, "run_jobs", lambda _, jobs, __: [(job, ungraded) for job in jobs])
        (a_class.course.submitted / "ada" / STEM / "perceptron.ipynb").write_bytes(b"2")
    a_class.grade(VERDICTS)
    assert details_in(a_class.page) == set()
    assert "gate" in a_class.page


def test_no_export_has_details(a_class: Class) -> None:
    def exported(settings: str) -> str:
        a_class.grade(settings)
        course = Course(a_class.course.root)
        graded = load_graded_class(course, course.results, course.submitted)
        exports = (
            gradescope.export(graded),
            moodle.export(graded, "username", feedback=True),
            canvas.export(graded, None),
            spreadsheet.export(graded, course.submitted, {}),
        )
        return "\n".join(content.decode("utf-8") for export in exports for content in export.files.values())

    assert details_in(exported("")) >= {"HIDDEN", "at_least"}
    text = exported(VERDICTS)
    assert details_in(text) == set()
    assert "message of a PUBLIC test" in text
    assert "swapped" in text
    assert "This hidden test failed" in text


def test_moodle_does_not_name_the_test_that_broke() -> None:
    broken = a_test(Visibility.HIDDEN, Outcome.BROKEN, "")
    reason = "the grader broke in test_it[1-2]; nothing is wrong with the submission"
    report = replace(REPORT, exercises=(ExerciseResult("gate", 12.0, (broken,)),), reason=reason)
    assert "test_it" not in moodle.short_feedback(report)
    assert moodle.short_feedback(report).startswith("not graded yet: Something broke in the grader")
