"""nbgrader's settings of this course. nbgrader finds them when it runs in this folder."""

from pathlib import Path

import autograder.nbgrader_bridge  # noqa: F401  so that nbgrader finds what it calls
from autograder.student.handout import LEFT_BY_RUNNING

c = get_config()  # type: ignore[name-defined]  # noqa: F821  nbgrader puts it there

c.CourseDirectory.course_id = "nn"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
# Public suites and selfcheck.json lie beside the notebook and go into the release with it.
c.CourseDirectory.ignore = [*sorted(LEFT_BY_RUNNING), "*.pyc", "feedback"]
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# `nbgrader autograde` asks our engine; it executes no notebook.
c.Autograde.exporter_class = "autograder.nbgrader_bridge.converters.SubmissionExporter"
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_bridge.converters.SaveMarks",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GenerateFeedback.preprocessors = [
    "autograder.nbgrader_bridge.converters.LeaveOutRubrics",
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
# Formgrader's pages, too, are made by this exporter.
c.HTMLExporter.preprocessors = ["autograder.nbgrader_bridge.converters.EscapeNames"]
