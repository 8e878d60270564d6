"""Read saved notebooks on a student's computer, and find those of an assignment, under any name."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path

from autograder.core.errors import Ungradable
from autograder.core.model import Assignment
from autograder.notebooks.ipynb import NotebookCell, parse_notebook, read_bytes
from autograder.notebooks.student_cells import normal, students_cells
from autograder.notebooks.text_answers import text_answers

_FOLDERS = 1_000  # that are searched for a notebook that was moved
_NOTEBOOKS = 300  # that are read
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})


@dataclass(frozen=True, eq=False)
class SavedNotebook:
    """A notebook's content, as it was read."""

    path: Path  # of a notebook from Colab's page: where its file would be
    data: bytes
    cells: tuple[NotebookCell, ...]
    saved: datetime | None  # None: it came from Colab's page, and is as it is there

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Return the texts of its cells, normalized."""
        return tuple(normal(cell.source) for cell in self.cells)

    @property
    def saved_at(self) -> int:
        """Return when it was saved, in nanoseconds since 1970; 0 if it has no file."""
        return int(self.saved.timestamp() * 1e9) if self.saved else 0

    def is_of(self, assignment: Assignment) -> bool:
        """Return whether it is a notebook of this assignment."""
        names = {exercise.name for exercise in assignment.exercises}
        return any(cell.grade_id in names for cell in self.cells) or bool(self.answered(assignment))

    def answered(self, assignment: Assignment) -> frozenset[str]:
        """Return the exercises, and the questions in words, that are not as they were released."""
        written = (name for cell in students_cells(self.cells, assignment) for name in cell.exercises)
        return frozenset([*written, *text_answers(self.cells, assignment)])


def read_saved(path: Path) -> SavedNotebook:
    """Return a saved notebook. Raise Ungradable or OSError if it cannot be read."""
    saved = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    data = read_bytes(path)
    return SavedNotebook(path, data, parse_notebook(data), saved)


def readable(paths: Iterable[Path]) -> list[SavedNotebook]:
    """Return the notebooks that can be read, of at most 300 files."""
    notebooks = []
    for path in islice(paths, _NOTEBOOKS):
        try:
            notebooks.append(read_saved(path))
        except (Ungradable, OSError):
            continue
    return notebooks


def is_among(notebook: SavedNotebook, others: Sequence[SavedNotebook]) -> bool:
    """Return whether a notebook's file is that of another one."""
    return any(notebook.path.resolve() == other.path.resolve() for other in others)


# ---- the search


def notebooks_in(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the notebooks in these folders, each once. Files that were made to be handed in are left out."""
    seen = set()
    for folder in folders:
        for path in _listed(folder, "*.ipynb"):
            if "__" not in path.name and (real := path.resolve()) not in seen:
                seen.add(real)
                yield path


def folders_below(roots: Iterable[Path]) -> Iterator[Path]:
    """Yield folders and those below them, the nearest first, without hidden ones; at most 1,000."""
    waiting = deque(dict.fromkeys(root.resolve() for root in roots))
    seen = set(waiting)
    for _ in range(_FOLDERS):
        if not waiting:
            return
        folder = waiting.popleft()
        yield folder
        for path in _listed(folder, "*/"):
            if path not in seen and not path.name.startswith(".") and path.name not in _SKIPPED:
                seen.add(path)
                waiting.append(path)


def _listed(folder: Path, pattern: str) -> list[Path]:
    try:
        wants_folders = pattern.endswith("/")
        entries = sorted(folder.glob(pattern))
        return [path for path in entries if (path.is_dir() and not path.is_symlink()) or not wants_folders]
    except OSError:
        return []


def server_folder() -> Path | None:
    """Return the folder in which JupyterLab was started; None if it is not known."""
    parent = os.environ.get("JPY_PARENT_PID", "")
    if not parent.isdecimal() or sys.platform == "win32":  # there the variable holds a handle, not a process
        return None
    try:
        import psutil

        return Path(psutil.Process(int(parent)).cwd())
    except Exception:  # psutil raises kinds of its own, and may be missing
        return None
