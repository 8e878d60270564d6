"""A class is graded: what is graded again and what is not, what is kept, and what a run does that is disturbed."""

import csv
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from rich.console import Console

from autograder.cli.output.grade import print_summary
from autograder.core.errors import UserError
from autograder.core.model import ExerciseResult, Outcome, Report, TestResult, Visibility
from autograder.instructor.batch import run as batch
from autograder.instructor.batch.pool import Workers, _Worker
from autograder.instructor.batch.run import Options, ProgressListener, Summary, grade_class
from autograder.instructor.results import record
from autograder.instructor.submissions import Job
from autograder.notebooks.course import Course

STEM, SECOND = "01_perceptron", "02_copy"
SOLUTION = Course(ROOT).solution(STEM).read_bytes()


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of one's own, small enough to copy and to change."""
    copy = tmp_path / "course"
    for folder in ("assignments", "solutions", "reference_impl", "tests/suites"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", ".*", "0[2-9]_*"))
    return Course(copy)


def duplicated(course: Course) -> Course:
    """The same course with a second assignment, which is the first one again."""
    first = (course.release(STEM), course.solution(STEM), course.public_suite(STEM), course.hidden_suite(STEM))
    second = (course.release(SECOND), course.solution(SECOND), course.public_suite(SECOND), course.hidden_suite(SECOND))
    for old, new in zip((*first, course.reference(STEM)), (*second, course.reference(SECOND)), strict=True):
        new.parent.mkdir(exist_ok=True)
        shutil.copy(old, new)
    return course


def hand_in(course: Course, student: str, content: bytes = SOLUTION, stem: str = STEM) -> Path:
    path = course.submitted / student / stem / f"{stem.partition('_')[2]}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def graded_before(course: Course, student: str, score: float) -> Report:
    """A result of an earlier run, with suites of that time."""
    report = replace(report_of(student, STEM, score), suite_sha256="of that time")
    record.write(course.results / STEM / f"{student}.json", report)
    return report


def report_of(student: str, stem: str, score: float, sha256: str | None = None) -> Report:
    test = TestResult(
        "test_it", "it works", exercise="gate", visibility=Visibility.PUBLIC, points=score, outcome=Outcome.PASSED
    )
    return Report(student, stem, 24.0, (ExerciseResult("gate", 24.0, (test,)),), submission_sha256=sha256)


# ---- what is graded again: the grading itself is faked here


@dataclass
class FakeGrader:
    """Stands in for the workers: the content is the score, and what is no number cannot be graded."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, _: Options, jobs: Sequence[Job], __: ProgressListener) -> Iterator[tuple[Job, Report]]:
        for job in jobs:
            self.asked.append((job.student, job.stem))
            content = job.notebook.read_bytes()
            if content.isdigit():
                yield job, report_of(job.student, job.stem, float(content), hashlib.sha256(content).hexdigest())
            else:
                yield job, Report.ungraded(job.student, job.stem, 24.0, "the file is empty: hand in the notebook again")

    def grades(self, course: Course, **options: Any) -> tuple[list[str], Summary]:
        """(who is graded in one run, the run's summary)."""
        self.asked.clear()
        summary = run(course, **options)
        return [student for student, _ in self.asked], summary


@pytest.fixture
def grader(monkeypatch: pytest.MonkeyPatch) -> FakeGrader:
    made = FakeGrader()
    monkeypatch.setattr(batch, "run_jobs", made)
    return made


def run(course: Course, listener: ProgressListener | None = None, **options: Any) -> Summary:
    return grade_class(Options(course, course.submitted, course.results, **options), listener or ProgressListener())


@pytest.fixture
def pair(course: Course, grader: FakeGrader) -> Course:
    """Ada and Ben, graded."""
    hand_in(course, "ada", b"7")
    hand_in(course, "ben", b"9")
    who, summary = grader.grades(course)
    assert (who, summary.graded, summary.changes) == (["ada", "ben"], 2, ())
    return course


def scores(course: Course) -> list[list[str]]:
    with (course.results / "grades.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_what_is_unchanged_is_not_graded_again(pair: Course, grader: FakeGrader) -> None:
    who, summary = grader.grades(pair)
    assert (who, summary.graded) == ([], 0)
    assert [one.score for one in summary.results] == [7, 9]


def test_what_is_unchanged_starts_no_worker(pair: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    def none(*_: object, **__: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(batch, "Workers", none)
    assert run(pair).graded == 0


def test_a_changed_submission_is_graded_again(pair: Course, grader: FakeGrader) -> None:
    hand_in(pair, "ben", b"10")
    who, summary = grader.grades(pair)
    assert who == ["ben"]
    assert [one.score for one in summary.results] == [7, 10]
    assert scores(pair) == [["student", STEM], ["ada", "7"], ["ben", "10"]]


DECIDE = ["release", "public_suite", "hidden_suite", "reference"]


@pytest.mark.parametrize("name", DECIDE)
def test_what_decides_a_score_was_changed(pair: Course, grader: FakeGrader, name: str) -> None:
    path: Path = getattr(pair, name)(STEM)
    path.write_bytes(path.read_bytes() + b"\n")
    assert grader.grades(pair)[0] == ["ada", "ben"]
    assert grader.grades(pair)[0] == []


def test_another_course_seed(pair: Course, grader: FakeGrader) -> None:
    (pair.root / "tests" / "suites" / "seed.txt").write_text("another term")
    assert grader.grades(pair)[0] == ["ada", "ben"]


def test_another_kit(pair: Course, grader: FakeGrader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "kit_version", lambda: "9.9+changed")
    assert grader.grades(pair)[0] == ["ada", "ben"]
    results = [json.loads(path.read_text()) for path in (pair.results / STEM).glob("*.json")]
    assert {result["kit_version"] for result in results} == {"9.9+changed"}


def test_another_sandbox_grades_nothing_again(pair: Course, grader: FakeGrader) -> None:
    assert grader.grades(pair, sandbox="none")[0] == []
    assert grader.grades(pair, sandbox="landlock")[0] == []


def test_a_new_student_with_a_neighbours_content(pair: Course, grader: FakeGrader) -> None:
    hand_in(pair, "cleo", b"7")
    shutil.copy(pair.results / STEM / "ada.json", pair.results / STEM / "cleo.json")
    who, summary = grader.grades(pair)
    assert who == ["cleo"]
    assert (summary.changes, summary.kept) == ((), ())


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"schema": 99}'])
def test_a_result_that_cannot_be_read(pair: Course, grader: FakeGrader, content: bytes) -> None:
    (pair.results / STEM / "ada.json").write_bytes(content)
    assert grader.grades(pair)[0] == ["ada"]
    assert scores(pair)[1:] == [["ada", "7"], ["ben", "9"]]


def test_a_result_of_an_earlier_kit_is_graded_again_and_told_in_one_line(pair: Course, grader: FakeGrader) -> None:
    for name in ("ada", "ben"):
        path = pair.results / STEM / f"{name}.json"
        data = json.loads(path.read_text(encoding="utf-8")) | {"schema": 1}
        for exercise in data["exercises"]:
            for test in exercise["tests"]:
                test["mistake"] = None
        path.write_text(json.dumps(data), encoding="utf-8")
    who, summary = grader.grades(pair, student="ben")
    assert who == ["ben"]
    assert summary.warnings == ("1 result of an earlier version of the kit is graded again",)
    assert scores(pair)[1:] == [["ada", "7"], ["ben", "9"]]  # no score is lost meanwhile
    who, summary = grader.grades(pair)
    assert who == ["ada"]
    assert grader.grades(pair)[1].warnings == ()


def test_force_grades_everything(pair: Course, grader: FakeGrader) -> None:
    assert grader.grades(pair, force=True)[0] == ["ada", "ben"]


def test_one_student(pair: Course, grader: FakeGrader) -> None:
    who, summary = grader.grades(pair, force=True, student="ben")
    assert who == ["ben"]
    assert [one.student for one in summary.results] == ["ben"]
    assert scores(pair)[1:] == [["ada", "7"], ["ben", "9"]]  # the others' rows stay


def test_stems(course: Course, grader: FakeGrader) -> None:
    duplicated(course)
    for student, stem, content in [("ada", STEM, b"1"), ("ada", SECOND, b"2"), ("ben", SECOND, b"3")]:
        hand_in(course, student, content, stem)
    run(course, stems=(SECOND,))
    assert grader.asked == [("ada", SECOND), ("ben", SECOND)]
    assert scores(course) == [["student", STEM, SECOND], ["ada", "", "2"], ["ben", "", "3"]]
    grader.asked.clear()
    summary = run(course)
    assert grader.asked == [("ada", STEM)]
    assert [(one.student, one.assignment) for one in summary.results] == [
        *[("ada", STEM), ("ada", SECOND), ("ben", SECOND)]
    ]
    assert scores(course) == [["student", STEM, SECOND], ["ada", "1", "2"], ["ben", "", "3"]]


def said(summary: Summary) -> str:
    out = Console(file=io.StringIO(), width=120)
    print_summary(out, summary, Path("results"))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_changed_scores_are_told(pair: Course, grader: FakeGrader) -> None:
    hand_in(pair, "cleo", b"3")
    grader.grades(pair)
    for student, content in [("ada", b"8"), ("ben", b"9"), ("cleo", b"2"), ("dora", b"5")]:
        hand_in(pair, student, content)
    text = said(grader.grades(pair)[1])
    assert f"2 scores changed:\n  ada, {STEM}: 7 → 8\n  cleo, {STEM}: 3 → 2\n" in text
    assert "4 of 4 submissions graded, 3 of them now.\n" in text
    assert "changed" not in said(grader.grades(pair, force=True)[1])


def test_a_graded_result_is_kept_when_the_submission_becomes_unreadable(pair: Course, grader: FakeGrader) -> None:
    before = (pair.results / STEM / "ada.json").read_bytes()
    hand_in(pair, "ada", b"")
    who, summary = grader.grades(pair)
    assert who == ["ada"]
    assert summary.graded == 0
    assert (pair.results / STEM / "ada.json").read_bytes() == before
    assert scores(pair)[1] == ["ada", "7"]
    text = said(summary)
    assert f"ungraded: ada, {STEM}: the file is empty: hand in the notebook again\n" in text
    assert f"kept: the earlier score 7 of ada, {STEM}\n" in text
    assert "1 of 2 submissions graded, 0 of them now.\n" in text
    assert grader.grades(pair)[0] == ["ada"]  # and is tried again each time


def test_an_ungraded_result_is_replaced(course: Course, grader: FakeGrader) -> None:
    hand_in(course, "ada", b"")
    grader.grades(course)
    assert json.loads((course.results / STEM / "ada.json").read_bytes())["status"] == "ungraded"
    hand_in(course, "ada", b"4")
    summary = grader.grades(course)[1]
    assert (summary.graded, summary.changes, summary.kept) == (1, (), ())


def test_what_a_killed_run_left_is_swept_away(pair: Course, grader: FakeGrader) -> None:
    for folder in (pair.results, pair.results / STEM):
        (folder / f".writing-{2**22 + 1}-abc").write_bytes(b'{"schema": 1, "stu')
    assert grader.grades(pair)[0] == []
    assert list(pair.results.rglob(".*")) == []


def test_a_run_that_is_broken_off_has_kept_what_it_graded(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def some(_: Options, jobs: Sequence[Job], __: ProgressListener) -> Iterator[tuple[Job, Report]]:
        yield jobs[0], report_of("ada", STEM, 5, hashlib.sha256(b"5").hexdigest())
        raise KeyboardInterrupt

    hand_in(course, "ada", b"5")
    hand_in(course, "ben", b"6")
    monkeypatch.setattr(batch, "run_jobs", some)
    with pytest.raises(KeyboardInterrupt):
        run(course)
    grader = FakeGrader()
    monkeypatch.setattr(batch, "run_jobs", grader)
    assert grader.grades(course)[0] == ["ben"]


# ---- the roster


def test_the_roster_decides_the_rows(pair: Course, grader: FakeGrader) -> None:
    hand_in(pair, "guest", b"3")
    roster = "\ufeffstudent,name,email\r\nben,Ben,b@x\r\n ada ,Ada,a@x\r\nzoe,Zoë,z@x\r\nben,Ben,\r\n\r\nyan,x,\r\n"
    (pair.root / "roster.csv").write_text(roster, encoding="utf-8")
    summary = grader.grades(pair)[1]
    assert scores(pair)[1:] == [["ben", "9"], ["ada", "7"], ["zoe", ""], ["yan", ""]]
    assert summary.warnings == ("guest is not on roster.csv: no row in grades.csv",)
    assert [one.student for one in summary.results] == ["ada", "ben", "guest"]  # graded all the same


NO_TABLE = "is not UTF-8 text with commas. Save it as CSV in UTF-8."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "has no column named student. Its first line must be: student,name,email"),
        (b"id;name\nada;Ada\n", "has no column named student. Its first line must be: student,name,email"),
        ("student,name\nada,Zo\u00eb\n".encode("latin-1"), NO_TABLE),
        ("student,name\nada,Ada\n".encode("utf-16"), NO_TABLE),
        (b'student,name\n"' + b"x" * 200_000, NO_TABLE),
        (None, "cannot be read (Is a directory): check its permissions."),
    ],
    ids=["empty", "no-column", "latin-1", "utf-16", "huge", "folder"],
)
def test_a_bad_roster_is_told_before_anything_is_graded(
    course: Course, grader: FakeGrader, content: bytes | None, why: str
) -> None:
    hand_in(course, "ada", b"1")
    roster = course.root / "roster.csv"
    roster.mkdir() if content is None else roster.write_bytes(content)
    with pytest.raises(UserError) as caught:
        run(course)
    assert str(caught.value) == f"{roster} {why}"
    assert grader.asked == []


# ---- workers that fail


def jobs_of(course: Course, *students: str) -> list[Job]:
    return [Job(student, STEM, hand_in(course, student)) for student in students]


def test_no_more_workers_than_submissions(course: Course) -> None:
    jobs = jobs_of(course, "ada", "ben", "cleo")
    assert Workers(course, jobs, sandbox="none", count=2).count == 2
    assert Workers(course, jobs, sandbox="none", count=64).count == 3
    assert 1 <= Workers(course, jobs, sandbox="none").count <= 3


class Disturbed(Workers):
    """Sends a signal to each worker that is given a certain student's submission, so many times."""

    student = "ben"
    signal = signal.SIGKILL
    times = 1

    def _give(self, worker: _Worker) -> None:
        super()._give(worker)
        if worker.job is not None and worker.job.student == self.student and self.times:
            self.times -= 1
            assert worker.process.pid is not None
            os.kill(worker.process.pid, self.signal)


def outcomes(workers: Workers) -> dict[str, float | str | None]:
    """By student: the score, or why there is none."""
    with workers:
        if isinstance(workers, Disturbed) and workers.signal == signal.SIGSTOP:
            workers.seconds = {STEM: 3.0}
        return {job.student: report.reason or report.score for job, report in workers.run()}


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(course: Course) -> None:
    jobs = jobs_of(course, "ada", "ben", "cleo")
    assert outcomes(Disturbed(course, jobs, sandbox="none", count=2)) == {"ada": 24, "ben": 24, "cleo": 24}


@pytest.mark.slow
def test_a_submission_that_ends_two_workers_is_ungraded(course: Course) -> None:
    workers = Disturbed(course, jobs_of(course, "ada", "ben", "cleo"), sandbox="none", count=1)
    workers.times = 2
    why = "the grading process ended, twice; look at the notebook yourself"
    assert outcomes(workers) == {"ada": 24, "ben": why, "cleo": 24}


@pytest.mark.slow
def test_a_worker_that_hangs_is_replaced(course: Course) -> None:
    workers = Disturbed(course, jobs_of(course, "ada", "ben", "cleo"), sandbox="none", count=2)
    workers.signal = signal.SIGSTOP
    assert outcomes(workers) == {"ada": 24, "ben": 24, "cleo": 24}


# ---- suites that are broken


def typed(course: Course, *arguments: str, command: str = "grade") -> tuple[int, str]:
    """(exit code, all output) of `autograder grade`, or of another command."""
    line = [sys.executable, "-m", "autograder.cli.main", "--course", course.root, command, *arguments]
    done = subprocess.run(line, capture_output=True, encoding="utf-8", timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("which", "text"),
    [("hidden_suite", "def test_(:\n"), ("public_suite", "import nothing_of_that_name\n"), ("hidden_suite", None)],
    ids=["syntax", "import", "missing"],
)
def test_a_broken_suite_is_named_and_nothing_is_overwritten(course: Course, which: str, text: str | None) -> None:
    hand_in(course, "ada")
    graded_before(course, "ada", 20)
    before = (course.results / STEM / "ada.json").read_bytes()
    suite: Path = getattr(course, which)(STEM)
    suite.unlink() if text is None else suite.write_text(text, encoding="utf-8")
    code, output = typed(course, "--jobs", "1", "--sandbox", "none")
    assert code == 2
    assert str(suite) in output
    assert "autograder/" not in output.replace(str(ROOT), "")  # no trace of ours
    assert (course.results / STEM / "ada.json").read_bytes() == before
    assert [path.name for path in course.results.rglob("*")] == [STEM, "ada.json"]


UNFAIR = {
    "it breaks": ('raise RuntimeError("no table")', "the test itself raised RuntimeError: no table"),
    "it asks for something else": ('equal(student.gate, ("AND",), expected=0)', "gate returned"),
    "it calls wrongly": ("equal(student.gate, (), expected=0)", "gate raised TypeError: "),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", UNFAIR)
@pytest.mark.parametrize("command", ["grade", "audit"])
def test_a_test_that_refuses_our_own_answer_stops_everything(course: Course, case: str, command: str) -> None:
    hand_in(course, "ada")
    code, why = UNFAIR[case]
    with course.hidden_suite(STEM).open("a", encoding="utf-8") as suite:
        suite.write(f'\n\n@exercise("gate")\ndef test_ours(student):\n    """ours"""\n    {code}\n')
    options = ["--jobs", "2", "--sandbox", "none"] if command == "grade" else []
    status, output = typed(course, *options, command=command)
    assert status == 2
    said = " ".join(output.split())
    assert said.count("test_ours refuses our own answer: ") == 1
    assert f"{STEM}: test_ours refuses our own answer: {why}" in said
    assert "Traceback" not in output
    assert not course.results.exists()


BREAKS = """

@exercise("gate")
def test_ours(student):
    \"\"\"ours\"\"\"
    weights, bias = student.gate("AND")
    if bias == 7:
        raise RuntimeError("ours")
"""


@pytest.mark.slow
def test_a_test_of_ours_that_breaks_leaves_submissions_ungraded(course: Course) -> None:
    odd = json.loads(SOLUTION)
    for cell in odd["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "gate":
            cell["source"] = "def gate(name):\n    return [1, 1], 7"
    hand_in(course, "ada", json.dumps(odd).encode())
    hand_in(course, "ben", json.dumps(odd).encode())
    before = graded_before(course, "ada", 20)
    with course.hidden_suite(STEM).open("a", encoding="utf-8") as suite:
        suite.write(BREAKS)
    code, output = typed(course, "--jobs", "1", "--sandbox", "none")
    why = "the grader broke in test_ours; nothing is wrong with the submission"
    assert code == 1
    assert f"ungraded: ada, {STEM}: {why}\n" in output
    assert f"kept: the earlier score 20 of ada, {STEM}\n" in output
    assert "0 of 2 submissions graded, 0 of them now.\n" in output
    assert record.read(course.results / STEM / "ada.json") == before
    ben = record.read(course.results / STEM / "ben.json")
    assert ben is not None
    assert (ben.score, ben.reason) == (None, why)
    assert scores(course)[1:] == [["ada", "20"], ["ben", ""]]


@pytest.mark.slow
def test_two_assignments_in_one_run(course: Course) -> None:
    """Each submission meets its own assignment's suites."""
    duplicated(course)
    hand_in(course, "ada")
    hand_in(course, "ada", SOLUTION, SECOND)
    hand_in(course, "ben", course.release(STEM).read_bytes(), SECOND)
    code, output = typed(course, "--jobs", "1", "--sandbox", "none")
    assert (code, scores(course)[1:]) == (0, [["ada", "24", "24"], ["ben", "", "0"]])
    assert "3 of 3 submissions graded, 3 of them now.\n" in output
