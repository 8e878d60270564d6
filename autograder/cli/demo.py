"""Run `autograder demo`: grade the course's sample class, and explain the output."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from autograder.cli.output.grade import ProgressBar, print_summary
from autograder.cli.output.terminal import print_plain
from autograder.core.errors import UserError
from autograder.core.model import Report, TestResult
from autograder.grading import messages
from autograder.instructor.batch.run import Options, grade_class
from autograder.notebooks.course import Course

_EXPLANATION = """
What there is to see
- A mistake from the catalogue is named in the last column; the student reads a sentence that helps. Outcomes in
  capitals are answers that no known mistake gives, exceptions, stubs, time-outs and ended processes.
- An endless loop, 20 GB, a crash or a flood costs its exercise and nothing else; cheating attempts were blocked.
- Moved, copied, retyped, stripped and edited cells were repaired: see "remarks" in a result.
- A notebook that cannot be read is ungraded, with what to do: never zero. The others were graded all the same.
"""


def run_demo(course: Course, out: Console) -> None:
    """Grade the whole sample class, and write its results to `demo/`; raise UserError if the class is missing."""
    sample = course.root / "tests" / "sample_class"
    if not (sample / "submitted").is_dir():
        raise UserError(f"The sample class is missing: {sample / 'submitted'}.")
    results = course.root / "demo"
    options = Options(course=course, submitted=sample / "submitted", results=results, force=True)
    with _ProgressWithExample(out) as progress_bar:
        summary = grade_class(options, progress_bar)
    print_summary(out, summary, results.relative_to(course.root), did=_descriptions(sample))
    print_plain(out, _EXPLANATION)
    print_plain(out, progress_bar.example())


def _descriptions(sample: Path) -> dict[str, str]:
    """Return what each student of the class did, in a few words."""
    expected = json.loads((sample / "expected.json").read_text(encoding="utf-8"))
    return {student: entry["did"] for student, entry in expected.items()}


class _ProgressWithExample(ProgressBar):
    """A progress bar that keeps each student's first message with a hint."""

    def __init__(self, out: Console) -> None:
        super().__init__(out)
        self.hinted: dict[str, tuple[TestResult, str]] = {}  # by student

    def on_graded(self, report: Report) -> None:
        """Count a submission, and keep its first message with a hint."""
        super().on_graded(report)
        for exercise in report.exercises:
            for test in exercise.tests:
                if test.mistakes and exercise.hint and test.visibility == "public":
                    self.hinted.setdefault(report.student, (test, exercise.hint.sentence))

    def example(self) -> str:
        """Return the hint of the first student by name, so that the order of grading does not matter."""
        if not self.hinted:
            return ""
        test, hint = self.hinted[min(self.hinted)]
        message = "\n".join(
            f"  {line}" for line in [*(test.message or "").splitlines(), *messages.hint(hint).splitlines()]
        )
        return f"What a student reads, for example:\n\n  not yet: {test.name}\n\n{message}"
