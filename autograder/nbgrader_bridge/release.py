"""Make the release of an assignment with nbgrader's own converter."""

from __future__ import annotations

import logging
from pathlib import Path

from autograder.core.errors import UserError
from autograder.nbgrader_bridge.course_directory import course_directory


def generate_release(course: Path, stem: str, settings: Path) -> Path:
    """Convert `course/solutions/STEM` as `nbgrader generate_assignment STEM --no-db` does, and return the new folder.

    The files that `ReleaseExporter` computes are left out: `course` may be a copy that has no hidden suites.
    Raises UserError if nbgrader is not installed or cannot convert the notebook.
    """
    folder = course_directory(course, settings)
    from nbconvert.exporters import NotebookExporter
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    folder.assignment_id = stem
    folder.config.GenerateAssignment.no_database = True
    converter = GenerateAssignment(
        coursedir=folder, config=folder.config, log=logging.getLogger("autograder.authoring.build")
    )
    converter.exporter_class = NotebookExporter
    converter.preprocessors = [step for step in converter.preprocessors if step is not SaveCells]
    try:
        converter.start()
    except Exception as error:
        raise UserError(f"nbgrader could not convert solutions/{stem}: {error}") from None
    return Path(folder.format_path(folder.release_directory, ".", stem)).resolve()
