"""`export gradescope`: write a `results.json` for each graded submission.

Source: Gradescope's "Autograder Specifications", output format. A file must hold a score, at its top or with each
test. Therefore an ungraded submission has no file: Gradescope then says that the autograder failed, and gives no zero.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.core.csv_tables import cell
from autograder.core.folder_names import why_no_folder
from autograder.core.model import ExerciseResult, Outcome, Report
from autograder.core.text import plural
from autograder.grading.failures import advice
from autograder.grading.messages import remarks
from autograder.instructor.exports.files import Exported
from autograder.instructor.exports.graded_class import GradedClass


def export(graded: GradedClass) -> Exported:
    """Return `<stem>/<student>/results.json` for each score; without a score an earlier export's file is outdated."""
    files, left, outdated = {}, [], []
    for student in graded.students:
        name = student.student
        if problem := why_no_folder(name):
            if graded.has_score(student):
                left.append(f"the name {cell(name)} {problem}: no folder can be made for it")
            continue
        for assignment in graded.assignments:
            report = graded.report(student, assignment)
            path = Path(assignment.stem, name, "results.json")
            if report is None or not report.graded:
                outdated.append(path)
            else:
                files[path] = json.dumps(to_gradescope(report), indent=1).encode()
    return Exported(files=files, left=tuple(left), notes=graded.notes, outdated=tuple(outdated))


def to_gradescope(report: Report) -> dict[str, Any]:
    """Return the documented object, each exercise as a test. All texts are plain; the default of the first is HTML."""
    return {
        "score": report.score,
        "output": remarks(report.remarks) if report.remarks else "",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_exercise(result) for result in report.exercises],
    }


def _exercise(result: ExerciseResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "name_format": "text",
        "score": result.score,
        "max_score": result.max_score,
        "status": "passed" if result.outcome is Outcome.PASSED else "failed",
        "output": _output(result),
        "output_format": "text",
        "visibility": "visible",
    }


def _output(result: ExerciseResult) -> str:
    """Return how many tests passed, the hint, and the messages of the other tests, each message once."""
    passed = sum(test.outcome is Outcome.PASSED for test in result.tests)
    names: dict[str, list[str]] = {}
    for test in result.failures:
        names.setdefault(test.message or "", []).append(f"not passed: {test.name}")
    paragraphs = ("\n".join(filter(None, [*tests, message])) for message, tests in names.items())
    hint = [advice(result)] if advice(result) else []
    return "\n\n".join([f"{passed} of {plural(len(result.tests), 'test')} passed.", *hint, *paragraphs])
