"""Writes the sample class from its table and the releases: `submitted/`, and with --expected what comes of it.

python tests/sample_class/make.py              write the notebooks
python tests/sample_class/make.py --check      exit 1 if a notebook or the expected results are not current
python tests/sample_class/make.py --expected   grade the class and write what came out, if it is as deserved
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from damage import lines, named
from messages import messages_text
from student import STUB, Notebook, Student
from students import STUDENTS

from autograder.core.model import Report
from autograder.instructor.batch.run import Options, ProgressListener, grade_class
from autograder.notebooks.course import Course

HERE = Path(__file__).parent
COURSE = Course(HERE.parents[1])
SUBMITTED = HERE / "submitted"
EXPECTED = HERE / "expected.json"
MESSAGES = HERE / "messages.txt"
_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")

# ---- notebooks


def notebook_of(student: Student, release: Notebook, solution: dict[str, str]) -> bytes:
    """The student's file: the release with the answers in its cells, then damaged, then written."""
    filled = {**release, "cells": [_answered(cell, student, solution) for cell in release["cells"]]}
    return student.write(student.damage(filled))


def _answered(cell: dict[str, Any], student: Student, solution: dict[str, str]) -> dict[str, Any]:
    name = named(cell)
    if name not in solution:
        return cell
    if name in student.cells:
        return cell | {"source": lines(student.cells[name].strip("\n"))}
    if name not in student.bodies:
        return cell | {"source": lines(solution[name])}
    body = textwrap.indent(student.bodies[name].strip("\n"), "    ")
    stub = "".join(cell["source"])
    assert stub.count(f"    {STUB}") == 1, name
    return cell | {"source": lines(stub.replace(f"    {STUB}", body))}


def solution_cells(stem: str) -> dict[str, str]:
    """The cells of the solution notebook that hold answers, without the marks around them."""
    texts = {}
    for cell in _read(COURSE.solution(stem))["cells"]:
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution"):
            kept = [line for line in "".join(cell["source"]).splitlines() if line.strip() not in _MARKS]
            texts[cell["metadata"]["nbgrader"]["grade_id"]] = "\n".join(kept)
    return texts


def _read(path: Path) -> Notebook:
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def all_files() -> dict[Path, bytes]:
    stems = {one.stem for one in STUDENTS}
    release = {stem: _read(COURSE.release(stem)) for stem in stems}
    solution = {stem: solution_cells(stem) for stem in stems}
    return {
        SUBMITTED / one.name / one.stem / COURSE.release(one.stem).name: notebook_of(
            one, release[one.stem], solution[one.stem]
        )
        for one in STUDENTS
    }


def write_notebooks() -> None:
    shutil.rmtree(SUBMITTED, ignore_errors=True)
    for path, data in all_files().items():
        path.parent.mkdir(parents=True)
        path.write_bytes(data)


def stale_files() -> list[str]:
    """What in `submitted/` is not as the table says: other content, missing, or nobody's."""
    wanted = all_files()
    found = {path for path in SUBMITTED.rglob("*") if path.is_file()}
    stale = [path for path, data in wanted.items() if path not in found or path.read_bytes() != data]
    return sorted(str(path.relative_to(HERE)) for path in [*stale, *(found - set(wanted))])


# ---- expected results


def graded() -> list[Report]:
    """The class as it is graded now."""
    with tempfile.TemporaryDirectory() as results:
        listener = _Reports()
        grade_class(Options(COURSE, SUBMITTED, Path(results)), listener)
    return sorted(listener.reports, key=lambda report: report.student)


class _Reports(ProgressListener):
    """Keeps the reports, of which a batch itself keeps only what its table tells."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def on_graded(self, report: Report) -> None:
        self.reports.append(report)


def entry(report: Report, student: Student) -> dict[str, Any]:
    exercises = {one.name: [one.score, one.outcome, list(one.mistakes)] for one in report.exercises}
    return {
        "assignment": student.stem,
        "did": student.did,
        "cheats": student.cheats,
        "status": report.status,
        "score": report.score,
        "exercises": exercises,
        "remarks": list(report.remarks),
        "reason": report.reason,
    }


def undeserved(expected: dict[str, Any]) -> Iterator[str]:
    """Where results are not what the table says each student deserves."""
    if set(expected) != {student.name for student in STUDENTS}:
        yield "the students are not those of the table"
        return
    for student in STUDENTS:
        result = expected[student.name]
        if (result["did"], result["cheats"]) != (student.did, student.cheats):
            yield f"{student.name}: described otherwise in the table"
        if student.score is None or result["score"] is None:
            if student.score is not None or result["score"] is not None:
                yield f"{student.name}: {result['score']}, deserves {student.score}"
            continue
        if abs(result["score"] - student.score) > 5e-6:  # scores of exercises are rounded
            yield f"{student.name}: {result['score']}, deserves {student.score}"
        for name, (_, outcome, mistakes) in result["exercises"].items():
            wanted = student.loses.get(name, "PASSED")
            if mistakes != ([] if wanted.isupper() else [wanted]) or (wanted.isupper() and outcome != wanted):
                yield f"{student.name}, {name}: {outcome} {mistakes}, deserves {wanted}"


def as_text(expected: dict[str, Any]) -> str:
    """One line for each exercise, so that a change reads well in a diff."""
    students = []
    for name in sorted(expected):
        fields = [
            f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in expected[name].items()
        ]
        rows = [f"   {json.dumps(key)}: {json.dumps(row)}" for key, row in expected[name]["exercises"].items()]
        place = list(expected[name]).index("exercises")
        fields[place] = '  "exercises": {\n' + ",\n".join(rows) + "\n  }" if rows else '  "exercises": {}'
        students.append(f" {json.dumps(name, ensure_ascii=False)}: {{\n" + ",\n".join(fields) + "\n }")
    return "{\n" + ",\n".join(students) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="The sample class.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 with what is not current")
    parser.add_argument("--expected", action="store_true", help="grade the class, write expected.json and messages.txt")
    options = parser.parse_args()
    if options.check:
        expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
        problems = [*stale_files(), *undeserved(expected)]
    else:
        write_notebooks()
        problems = []
        if options.expected:
            reports = graded()
            did = {student.name: student for student in STUDENTS}
            expected = {report.student: entry(report, did[report.student]) for report in reports}
            problems = list(undeserved(expected))
            if not problems:
                EXPECTED.write_text(as_text(expected), encoding="utf-8")
                MESSAGES.write_text(messages_text(reports), encoding="utf-8")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
