"""The two graders: `autograder grade` as it is typed, and stock nbgrader in a course folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from processes import CommandFailed, Cost, cost_of

from autograder.core.errors import UserError
from autograder.core.text import listed
from autograder.instructor.results import record
from autograder.instructor.results.store import result_path
from autograder.notebooks.course import Course, topic_of

_BIN = Path(sys.executable).parent
_MIGHT_CHANGE_WHAT_RUNS = ("PYTHON", "JUPYTER", "IPYTHON", "MPL", "NBGRADER", "AUTOGRADER")


def environment(**more: str) -> dict[str, str]:
    """This process's, without settings that change what runs; this Python's commands come first."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(_MIGHT_CHANGE_WHAT_RUNS)}
    return plain | {"PATH": f"{_BIN}{os.pathsep}{plain.get('PATH', os.defpath)}"} | more


def require_both() -> None:
    """UserError where the graders cannot be compared."""
    if sys.platform != "linux":
        raise UserError("The benchmark needs Linux: that is where submissions are graded.")
    if missing := [name for name in ("autograder", "nbgrader") if not (_BIN / name).is_file()]:
        raise UserError(f"{listed(missing)} not found in {_BIN}: run `make setup`, then use its .venv/bin/python.")


# ---- what is handed in


def hand_in(course: Course, stem: str, folder: Path, count: int) -> Path:
    """`count` solved notebooks, no two alike, as <folder>/<student>/<stem>/<topic>.ipynb; gives the folder."""
    solved = course.solution(stem).read_text(encoding="utf-8")
    for number in range(count):
        student = f"student{number:04}"
        path = folder / student / stem / f"{topic_of(stem)}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(_signed(solved, student), encoding="utf-8")
    return folder


def _signed(notebook: str, student: str) -> str:
    """With the student's name in each solution cell, so that nothing known of one copy helps with another."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = ["".join(cell["source"]), f"\n# {student}"]
    return json.dumps(content, ensure_ascii=False, indent=1)


# ---- the graders


@dataclass(frozen=True)
class Ours:
    """`autograder grade --force`, sandbox full, one process for each CPU."""

    course: Course
    stem: str

    def grade(self, submitted: Path, *, sample: bool = False) -> Cost:
        """Grade all that is there, for the first time; CommandFailed unless everybody gets full points."""
        with tempfile.TemporaryDirectory(prefix="bench-results-") as folder:
            results = Path(folder)
            folders: list[str | Path] = ["--course", self.course.root, "--submitted", submitted, "--results", results]
            command = [_BIN / "autograder", "grade", self.stem, "--force", *folders]
            cost = cost_of(command, cwd=results, environment=environment(), sample=sample)
            for student in _names(submitted):
                report = record.read(result_path(results, self.stem, student))
                if report is None or report.score != report.max_score or report.sandbox == "none":
                    raise CommandFailed(f"autograder did not give full points to {student}")
        return replace(cost, submissions=len(_names(submitted)))


class StockNbgrader:
    """nbgrader with its default settings. Its notebooks call `check`, which runs the public tests only."""

    def __init__(self, course: Course, stem: str, root: Path, count: int) -> None:
        self.course, self.stem, self.root = course, stem, root
        own = {"JUPYTER_CONFIG_DIR": "settings", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
        self.environment = environment(**{name: str(root / folder) for name, folder in own.items()})
        source = root / "source" / stem
        source.mkdir(parents=True)
        for path in (
            course.solution(stem),
            course.public_suite(stem),
            course.release(stem).with_name("selfcheck.json"),
        ):
            shutil.copy(path, source)
        self._run("generate_assignment", stem)
        hand_in(course, stem, root / "submitted", count)

    def grade(self) -> Cost:
        """Autograde all; CommandFailed unless everybody gets full points, from tests that did run."""
        return self._grade(_names(self.root / "submitted"))

    def grade_one(self) -> Cost:
        student = _names(self.root / "submitted")[0]
        return self._grade([student], "--student", student)

    def _grade(self, students: Sequence[str], *options: str) -> Cost:
        cost = self._run("autograde", self.stem, "--force", *options)
        for student in students:
            if (problem := self._problem_of(student)) is not None:
                raise CommandFailed(f"nbgrader did not give full points to {student}: {problem}")
        return replace(cost, submissions=len(students))

    def _run(self, *arguments: str) -> Cost:
        return cost_of([_BIN / "nbgrader", *arguments], cwd=self.root, environment=self.environment)

    def _problem_of(self, student: str) -> str | None:
        graded = self.root / "autograded" / student / self.stem / f"{topic_of(self.stem)}.ipynb"
        for cell in _test_cells(json.loads(graded.read_text(encoding="utf-8"))):
            printed = [one for one in cell["outputs"] if one["output_type"] == "stream" and one["name"] == "stdout"]
            if not printed or len(printed) != len(cell["outputs"]):  # no output at all is full marks to nbgrader
                return f"{cell['metadata']['nbgrader']['grade_id']} did not pass"
        got, of = self._code_score(student)
        return None if got == of else f"{got} of {of}"

    def _code_score(self, student: str) -> tuple[float, float]:
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission(self.stem, student)
            return submission.code_score, submission.max_code_score


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _test_cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if about.get("grade") and not about.get("solution"):
            yield cell
