"""nbgrader, as far as the kit uses it. The only module that imports it: that takes seconds."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from autograder.model import KitError

# jsonschema would build a large grammar at import, to check a kind of address that no notebook holds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def generate_release(course: Path, stem: str, settings: Path) -> Path:
    """What `nbgrader generate_assignment STEM --no-db` makes of `course/solutions/STEM`; gives its folder."""
    try:
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
        from nbgrader.preprocessors import SaveCells
        from traitlets.config.loader import PyFileConfigLoader
    except ImportError as error:
        raise KitError(f"nbgrader is missing ({error}). Install it: pip install 'nn-autograder[lab]'") from None
    config = PyFileConfigLoader(settings.name, path=str(settings.parent)).load_config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.assignment_id = stem
    config.GenerateAssignment.no_database = True
    log = logging.getLogger("autograder.build")
    folder = CourseDirectory(config=config, log=log)
    converter = GenerateAssignment(coursedir=folder, config=config, log=log)
    converter.preprocessors = [step for step in converter.preprocessors if step is not SaveCells]
    try:
        converter.start()
    except Exception as error:
        raise KitError(f"nbgrader could not convert solutions/{stem}: {error}") from None
    return Path(folder.format_path(folder.release_directory, ".", stem)).resolve()
