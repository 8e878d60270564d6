"""Ask nbgrader where it keeps things: folders and database, as the course's `nbgrader_config.py` says."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError


def require_nbgrader() -> None:
    """Raise UserError if nbgrader is not installed; nothing of it is imported."""
    if importlib.util.find_spec("nbgrader") is None:
        raise UserError("nbgrader is not installed here. Type `make setup` in the course's folder, which installs it.")


def course_directory(root: Path, settings: Path) -> Any:
    """Return nbgrader's CourseDirectory for a course at `root`. Raise UserError if nbgrader is not installed."""
    require_nbgrader()
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    if not settings.is_file():
        raise UserError(f"{settings} is missing. Take it again from the kit.")
    config = PyFileConfigLoader(settings.name, path=str(settings.parent)).load_config()
    config.CourseDirectory.root = str(root)
    return CourseDirectory(config=config, log=logging.getLogger("autograder.nbgrader"))
