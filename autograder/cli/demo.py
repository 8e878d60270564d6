"""`autograder demo`: grades the sample class that lies in the course, and tells what there is to see."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from autograder.cli.output.grade import ProgressBar, plain, print_summary
from autograder.core.errors import UserError
from autograder.core.model import Report, TestResult
from autograder.instructor.batch.run import Options, grade_class
from autograder.notebooks.course import Course

_WHAT_THERE_IS_TO_SEE = """
What there is to see
- A mistake from the catalogue is named in the last column; the student reads a sentence that helps. Outcomes in
  capitals are answers that no known mistake gives, exceptions, stubs, time-outs and ended processes.
- An endless loop, 20 GB, a crash or a flood costs its exercise and nothing else; what cheats tried came to nothing.
- Moved, copied, retyped, stripped and edited cells were repaired: see "remarks" in a result.
- A notebook that cannot be read is ungraded, with what to do: never zero. The others were graded all the same.
"""


def run_demo(course: Course, out: Console) -> None:
    """Grade the sample class afresh; its results go to `demo/`."""
    sample = course.root / "tests" / "sample_class"
    if not (sample / "submitted").is_dir():
        raise UserError(f"The sample class is missing: {sample / 'submitted'}.")
    results = course.root / "demo"
    options = Options(course=course, submitted=sample / "submitted", results=results, force=True)
    with _Example(out) as example:
        summary = grade_class(options, example)
    print_summary(out, summary, results.relative_to(course.root), did=_what_they_did(sample))
    plain(out, _WHAT_THERE_IS_TO_SEE)
    plain(out, example.told())


def _what_they_did(sample: Path) -> dict[str, str]:
    """Of each student of the class, in a few words."""
    expected = json.loads((sample / "expected.json").read_text(encoding="utf-8"))
    return {student: entry["did"] for student, entry in expected.items()}


class _Example(ProgressBar):
    """Keeps one message with a hint: the first of the first student, in whichever order they are graded."""

    def __init__(self, out: Console) -> None:
        super().__init__(out)
        self.hinted: dict[str, TestResult] = {}

    def on_graded(self, report: Report) -> None:
        super().on_graded(report)
        for one in report.exercises:
            for test in one.tests:
                if test.mistake and test.visibility == "public":
                    self.hinted.setdefault(report.student, test)

    def told(self) -> str:
        if not self.hinted:
            return ""
        test = self.hinted[min(self.hinted)]
        message = "\n".join(f"  {line}" for line in (test.message or "").splitlines())
        return f"What a student reads, for example:\n\n  not yet: {test.name}\n\n{message}"
