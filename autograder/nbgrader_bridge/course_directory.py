"""Ask nbgrader where it keeps things: folders and database, as the course's `nbgrader_config.py` says."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError


def course_directory(root: Path, settings: Path) -> Any:
    """Return nbgrader's CourseDirectory for a course at `root`. Raises UserError if nbgrader is not installed."""
    try:
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config.loader import PyFileConfigLoader
    except ImportError as error:
        raise UserError(f"nbgrader is missing ({error}). Install it: pip install 'nn-autograder[lab]'") from None
    if not settings.is_file():
        raise UserError(f"{settings} is missing. Take it again from the kit.")
    config = PyFileConfigLoader(settings.name, path=str(settings.parent)).load_config()
    config.CourseDirectory.root = str(root)
    return CourseDirectory(config=config, log=logging.getLogger("autograder.nbgrader"))
