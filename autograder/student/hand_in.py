"""Which notebook is open, and does its file hold what the kernel ran? `check` notes it, and `check.submit` needs it.

The names that Jupyter and VS Code give are out of date after a rename or "Save As". So the open notebook is the one
that holds the cells that the kernel ran. If that does not settle it, nothing is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Assignment
from autograder.notebooks.ipynb import document_bytes, parse_notebook
from autograder.student import hand_in_messages, messages
from autograder.student.handout import Handout
from autograder.student.jupyter import colab_notebook, is_colab, named_notebooks
from autograder.student.kernel_runs import ExerciseRun, definition_of
from autograder.student.saved_notebooks import (
    SavedNotebook,
    folders_below,
    is_among,
    notebooks_in,
    read_saved,
    readable,
    server_folder,
)

Runs = Mapping[str, ExerciseRun]  # what the kernel ran, by exercise


def _holds(notebook: SavedNotebook, runs: Runs) -> bool:
    """Return whether a notebook holds each exercise as the kernel ran it last."""
    return not missing(notebook, runs)


def missing(notebook: SavedNotebook, runs: Runs) -> list[str]:
    """Return the exercises that a notebook does not hold as the kernel ran them last."""
    return [name for name, run in runs.items() if not set(run.texts).intersection(notebook.texts)]


# ---- notes of `check`


def open_notebook(runs: Runs) -> SavedNotebook | None:
    """Return the notebook that was named if it holds what was run, else one beside it that does, else the named one.

    Return None if no name is known, or none that is still right.
    """
    named = readable(named_notebooks()[:1])
    if not named or _holds(named[0], runs):
        return next(iter(named), None)
    beside = readable(notebooks_in([named[0].path.parent]))
    return next((notebook for notebook in beside if _holds(notebook, runs)), named[0])


def notes_on(runs: Runs, notebook: SavedNotebook | None) -> list[str]:
    """Return the notes on cells that are not what was checked: changed since they were run, or not saved yet.

    notebook: the open one; None if its file is not known. Then only what the kernel knows is noted.
    """
    changes = {name: _why_changed(run, notebook) for name, run in runs.items()}
    notes = [messages.changed_since_run(name, why) for name, why in changes.items() if why is not None]
    unsaved = [name for name in (missing(notebook, runs) if notebook else []) if changes[name] is None]
    return [*notes, *([messages.not_saved(unsaved)] if unsaved else [])]


def _why_changed(run: ExerciseRun, notebook: SavedNotebook | None) -> str | None:
    """Return why a cell's last text is not what was checked, maybe empty; None if the cell did not change."""
    last = run.attempt or run.checked
    if notebook is None or last.begun is None or notebook.saved_at <= last.begun:
        return None if run.attempt is None else run.attempt.error or definition_of(run.attempt.text, [run.name]).error
    # The file is newer than the run, so it has the cell as it is now.
    if run.checked.text in notebook.texts:
        return None
    errors = (definition_of(c.source, [run.name]).error for c in notebook.cells if c.grade_id == run.name)
    return next(filter(None, errors), run.attempt.error if run.attempt else "")


# ---- the notebook to hand in


def notebook_to_hand_in(runs: Runs, handout: Handout, student: str, named: str = "") -> SavedNotebook:
    """Return the open notebook. `named` is the one that the student named, if any.

    Raise UserError if it cannot be told which one is open, or if it is not saved.
    """
    if named:
        return _named(named, handout)
    return _in_colab(handout, student) if is_colab() else _that_holds(runs, handout, student)


def _named(name: str, handout: Handout) -> SavedNotebook:
    paths = [Path(name).expanduser().absolute(), handout.folder / name]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise UserError(f"There is no notebook {paths[0]}. Give its path, with .ipynb at the end.")
    try:
        return read_saved(path)
    except (Ungradable, OSError) as error:
        raise UserError(f"{path}: {error}") from None


def _in_colab(handout: Handout, student: str) -> SavedNotebook:
    document = colab_notebook()
    if document is None:
        raise UserError(hand_in_messages.colab_is_silent(student, handout.assignment))
    path = Path.cwd() / handout.notebook.name
    try:
        data = document_bytes(document)
        return SavedNotebook(path, data, parse_notebook(data), None)
    except Ungradable as error:
        raise UserError(f"The notebook in Colab: {error}") from None


def _that_holds(runs: Runs, handout: Handout, student: str) -> SavedNotebook:
    """Return the notebook that holds all exercises as the kernel ran them."""
    assignment = handout.assignment
    named = readable(named_notebooks())
    near = [Path.cwd(), handout.folder, *(notebook.path.parent for notebook in named)]
    found = _notebooks_of(assignment, named, near)
    holding = [notebook for notebook in found if _holds(notebook, runs)]
    if not holding and runs:
        roots = [*near, handout.folder.parent, *filter(None, [server_folder()])]
        moved = _notebooks_of(assignment, found, folders_below(roots))
        holding = [notebook for notebook in moved if _holds(notebook, runs)]
    if not holding:
        first = next(iter(found), None)
        unsaved = missing(first, runs) if first else []
        raise UserError(hand_in_messages.not_saved(unsaved, found, student, assignment))
    chosen = _chosen(holding, named, assignment, certain=bool(runs))
    if chosen is None:
        raise UserError(hand_in_messages.which(holding, student, assignment))
    return chosen


def _notebooks_of(
    assignment: Assignment, first: Sequence[SavedNotebook], folders: Iterable[Path]
) -> list[SavedNotebook]:
    """Return the notebooks of an assignment: those known already, then those in the folders."""
    others = [notebook for notebook in readable(notebooks_in(folders)) if not is_among(notebook, first)]
    return [notebook for notebook in (*first, *others) if notebook.is_of(assignment)]


def _chosen(
    holding: Sequence[SavedNotebook], named: Sequence[SavedNotebook], assignment: Assignment, *, certain: bool
) -> SavedNotebook | None:
    """Return the notebook to take of those that hold what was run; None if that is in doubt.

    certain: whether exercises were run. If not, every notebook holds what was run, and only the named one is taken.
    """
    answered = [notebook for notebook in holding if notebook.answered(assignment)] or list(holding)
    last_saved = max(answered, key=lambda notebook: notebook.saved_at)
    preferred = next((notebook for notebook in answered if is_among(notebook, named)), None)
    if len({notebook.texts for notebook in answered}) == 1 and (preferred or certain):
        return preferred or last_saved
    return preferred if preferred is last_saved else None
