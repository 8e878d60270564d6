"""Make nbgrader's converters use the kit instead of executing notebooks; `nbgrader_config.py` names these classes.

`nbgrader autograde` has two passes. The first would restore cells: here it reads the submission as the kit does, and
writes a rebuilt and marked notebook. The second would execute it: here it brings the marks into the gradebook. No
kernel is ever started.
"""

from __future__ import annotations

import html
import io
import json
import subprocess
from pathlib import Path
from typing import Any, get_args

from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import from_dict
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Enum, Unicode

from autograder.core.errors import UserError
from autograder.core.folder_names import why_rename
from autograder.core.model import Report
from autograder.core.sanitize import clean
from autograder.core.settings import SandboxChoice
from autograder.instructor.batch.run import Options, ProgressListener, grade_class
from autograder.instructor.results.store import report_of
from autograder.nbgrader_bridge.marks import RUBRIC, marked_notebook, marks_of, needs_a_human, original_of
from autograder.notebooks.course import Course
from autograder.notebooks.effort import with_exercise_lines


class ReleaseExporter(NotebookExporter):
    """Makes a release notebook, and puts files beside it that are computed from it."""

    computed = Dict(
        help="by file name, a command that runs in the course, gets the release notebook's path and prints the file"
    ).tag(config=True)

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        text, resources = super().from_filename(filename, resources, **options)
        converter: Any = self.parent
        names, directory = resources["nbgrader"], converter.coursedir
        stem = names["assignment"]
        release = Path(directory.format_path(directory.release_directory, names["student"], stem))
        notebook = release / f"{names['notebook']}.ipynb"
        notebook.write_text(str(text), encoding="utf-8")  # nbgrader writes the same text once more, but only afterwards
        for name, command in self.computed.items():
            # In a new process: Formgrader's server lives on, and would not see that a suite was edited.
            done = subprocess.run([*command, str(notebook)], cwd=directory.root, capture_output=True, check=False)
            if done.returncode != 0:
                reason = done.stderr.decode(errors="replace").strip()
                raise UserError(f"{stem}: {name} could not be computed:\n{reason}")
            (release / name).write_bytes(done.stdout)
        return text, resources


class SubmissionExporter(NotebookExporter):
    """Reads any submission and makes a valid, marked notebook of it."""

    sandbox = Enum(
        ["", *get_args(SandboxChoice)],
        default_value="",
        help="as grade's --sandbox; empty: as the course's settings say",
    ).tag(config=True)
    results = Unicode("results", help="where results are, below the course's root").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        # For one run only: under Formgrader this process lives on while students submit again.
        self._graded: set[Options] = set()
        if isinstance(self.parent, Autograde):
            _leave_out_refused(self.parent)

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        if not (isinstance(self.parent, Autograde) and self.parent._sanitizing):
            return super().from_filename(filename, resources, **options)
        names = resources["nbgrader"]
        report = self._report(names["student"], names["assignment"])
        notebook = marked_notebook(original_of(self._course, names["assignment"]), Path(filename), report)
        return self.from_file(io.StringIO(json.dumps(notebook)), resources, **options)

    @property
    def _course(self) -> Course:
        return Course(Path(self._directory.root))

    @property
    def _directory(self) -> Any:
        converter: Any = self.parent
        return converter.coursedir

    def _report(self, student: str, stem: str) -> Report:
        """Return a submission's result, after grading the class, or the one student that nbgrader was asked for."""
        directory = self._directory
        everybody = directory.student_id == "*"
        options = Options(
            course=self._course,
            submitted=Path(directory.root) / directory.submitted_directory,
            results=Path(directory.root) / self.results,
            stems=(stem,),
            student=None if everybody else student,
            sandbox=self.sandbox or None,
        )
        if options not in self._graded:  # all of an assignment at its first notebook
            grade_class(options, ProgressListener())
            self._graded.add(options)
        report = report_of(options.results, stem, student)
        assert report is not None, "grading leaves a result for every submission"
        return report


def _leave_out_refused(converter: Autograde) -> None:
    """Take the folders whose names no folder may have out of a run: nbgrader would stop at a line break in one.

    Raise NbGraderException if nothing else was asked for.
    """
    for folder in list(converter.assignments):
        student = Path(folder).parent.name
        if problem := why_rename(student):
            converter.log.error("%s is left out: the folder's name %s", clean(student), problem)
            del converter.assignments[folder]
    if not converter.assignments:
        raise NbGraderException("There is no submission whose folder has a name that can be graded.")


class AddExerciseLines(NbGraderPreprocessor):  # type: ignore[misc]
    """Puts a line above each exercise of a release: its points, how long it takes, how hard it is."""

    def preprocess(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        name = f"{resources['nbgrader']['notebook']}.ipynb"
        notebook.cells = [
            from_dict(cell)  # type: ignore[no-untyped-call]
            for cell in with_exercise_lines(notebook.cells, name)
        ]
        return notebook, resources


class SaveMarks(NbGraderPreprocessor):  # type: ignore[misc]
    """Writes the marks of a notebook into the gradebook, and keeps what a human entered."""

    def preprocess(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        names = resources["nbgrader"]
        place = (names["notebook"], names["assignment"], names["student"])
        with Gradebook(names["db_url"]) as gradebook:
            for mark in marks_of(notebook):
                if mark.graded:
                    grade = gradebook.find_grade(mark.grade_id, *place)
                    grade.needs_manual_grade = needs_a_human(
                        mark.score,
                        before=grade.auto_score,
                        manual=grade.manual_score,
                        needed=grade.needs_manual_grade,
                    )
                    grade.auto_score = mark.score
                if mark.to_fill:
                    gradebook.find_comment(mark.grade_id, *place).auto_comment = mark.comment
            gradebook.db.commit()
        return notebook, resources


class LeaveOutRubrics(NbGraderPreprocessor):  # type: ignore[misc]
    """Removes from the students' feedback the cells that only a grader may see."""

    def preprocess(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        notebook.cells = [cell for cell in notebook.cells if RUBRIC not in cell.metadata.get("tags", ())]
        return notebook, resources


class EscapeNames(Preprocessor):
    """Escapes a student's name, so that Formgrader's page of a submission shows it as text."""

    def preprocess(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        for key in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(key), str):
                resources[key] = html.escape(resources[key])
        return notebook, resources
