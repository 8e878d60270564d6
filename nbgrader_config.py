"""nbgrader's settings of this course. nbgrader finds them when it runs in this folder."""

import sys
from pathlib import Path

from autograder.core.files import permitted
from autograder.nbgrader_bridge.formgrader import escape_pages
from autograder.student.handout import LEFT_BY_RUNNING, SELFCHECK

c = get_config()  # type: ignore[name-defined]  # noqa: F821  nbgrader puts it there

c.CourseDirectory.course_id = "nn"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
# The public suite and the data beside the notebook go into the release with it.
c.CourseDirectory.ignore = [*sorted(LEFT_BY_RUNNING), "*.pyc", "feedback"]
c.GenerateAssignment.preprocessors.append("autograder.nbgrader_bridge.converters.AddExerciseLines")
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
# `nbgrader generate_assignment` makes what `autograder build` makes: selfcheck.json is computed from the release.
c.GenerateAssignment.exporter_class = "autograder.nbgrader_bridge.converters.ReleaseExporter"
c.ReleaseExporter.computed = {SELFCHECK: [sys.executable, "-m", "autograder.authoring.build"]}

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
# Formgrader's pages of submissions, too, are made by this exporter. Its other pages have templates of their own.
c.HTMLExporter.preprocessors = ["autograder.nbgrader_bridge.converters.EscapeNames"]
escape_pages()

# nbgrader sets who may read its files, whatever the umask says. Its numbers are written like octal ones.
c.Autograde.permissions = int(f"{permitted(0o444):o}")
c.GenerateAssignment.permissions = c.GenerateFeedback.permissions = int(f"{permitted(0o644):o}")
