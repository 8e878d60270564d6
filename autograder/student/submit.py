"""Make the one file to hand in from a notebook: checked once more from a clean start, named after the student.

If a model was trained, it goes into the same file. `check` in a kernel remembers which exercises passed. If one of
them does not pass in the saved file, the kernel holds something that the file does not. Which notebook is the open
one is settled in `hand_in`.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import write_atomically
from autograder.core.folder_names import proposed_folder, why_no_folder
from autograder.core.model import Outcome, Report, TrainedModel
from autograder.core.sanitize import clean
from autograder.core.terminal_text import fitting
from autograder.notebooks.ipynb import document_bytes, document_of, parse_notebook, read_bytes, without_outputs
from autograder.notebooks.text_answers import Question, questions_of
from autograder.student.hand_in import notebook_to_hand_in, notes_on
from autograder.student.hand_in_messages import hand_in_name, newer_copies, nothing_answered, placeholder, receipt_text
from autograder.student.handout import Handout, find_handout
from autograder.student.history import remembered
from autograder.student.kernel_runs import ExerciseRun
from autograder.student.saved_check import check_content, weights_fit
from autograder.student.saved_notebooks import SavedNotebook, is_among, notebooks_in, read_saved, readable
from autograder.student.training_files import NothingTrained, with_trained_model

LARGE = 1 << 20  # bytes; outputs of larger notebooks are left out, as nobody grades them
_PLACEHOLDER = frozenset("name names your my the student students full first last here yourname studentname".split())


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was written for handing in."""

    path: Path
    notebook: SavedNotebook  # as it was read
    sha256: str
    at: datetime
    report: Report  # of the saved file, on the public tests
    questions: tuple[Question, ...] = ()  # in words, answered or not in the saved file
    stale: tuple[str, ...]  # exercises that pass in the kernel and do not pass in the saved file
    stripped: bool  # whether the outputs were left out
    trained: TrainedModel | None = None  # the model that was packed
    fits: bool = True  # whether its weights are those of the saved notebook's model
    untrained: str = ""  # why no model was packed, if the assignment asks for one
    notes: tuple[str, ...] = ()  # on cells that the kernel ran in another version

    @property
    def in_order(self) -> bool:
        """Whether the student has nothing to look at before handing in."""
        return self.report.graded and self.fits and not self.stale and not self.untrained


@dataclass(frozen=True)
class _Content:
    """The content of the file to hand in, and the model in it. See `Receipt` for the last two."""

    data: bytes
    stripped: bool
    trained: TrainedModel | None = None
    untrained: str = ""


def submit(notebook: Path, handout: Handout, student: str, folder: Path) -> Receipt:
    """Check a saved notebook, and write the file to hand in, as `pack` does. Raise UserError if it cannot be read."""
    require_file_name(student)
    try:
        saved = read_saved(notebook)
    except (Ungradable, OSError) as error:
        raise UserError(f"{notebook}: {error}") from None
    return pack(saved, handout, student, folder)


def require_last_saved(notebook: Path, handout: Handout) -> None:
    """Raise UserError if the notebook that an assignment's name stands for is missing or is not the last one saved.

    A copy, or a notebook that was renamed, may be the one in which the student works.
    """
    assignment = handout.assignment
    beside = [other for other in readable(notebooks_in([notebook.parent])) if other.answered(assignment)]
    others = [other for other in beside if other.path.name != notebook.name]
    if others and (not notebook.is_file() or max(beside, key=lambda book: book.saved_at) in others):
        raise UserError(newer_copies(notebook, others, assignment))


def submit_open(student: str, named: str, runs: Mapping[str, ExerciseRun], handout: Handout) -> None:
    """Check the notebook that is open in this kernel, write the file to hand in beside it, and print the receipt.

    named: the path of the notebook to take instead; empty for the open one
    runs: what the kernel ran of the exercises
    """
    require_file_name(student)
    notebook = notebook_to_hand_in(runs, handout, student, named)
    if not handout.suite.is_file():  # the folder was renamed or moved
        handout = find_handout(handout.assignment.stem, notebook.path.parent)
    receipt = pack(notebook, handout, student, notebook.path.parent)
    receipt = replace(receipt, notes=tuple(notes_on(runs, None if notebook.saved is None else notebook)))
    print(fitting(receipt_text(receipt, handout), sys.stdout))


def pack(notebook: SavedNotebook, handout: Handout, student: str, folder: Path) -> Receipt:
    """Check a notebook, and write the file to hand in into `folder`, which is created if it is missing.

    It writes the bytes that it checked. Raise UserError if the student's name cannot be part of a file name, if the
    notebook equals the release, if the trained model is damaged, if one of them changes meanwhile, or if the file
    cannot be written.
    """
    require_file_name(student)
    suites = handout.suites()
    _require_answers(notebook, handout)
    content = _content(notebook.data, notebook, handout)
    report = check_content(content.data, notebook.path, suites)
    fits = content.trained is None or weights_fit(content.data, handout)
    _require_unchanged(content, notebook, handout)
    path = folder / hand_in_name(student, handout.assignment.stem)
    write_atomically(path, content.data)
    return Receipt(
        path=path,
        notebook=notebook,
        sha256=hashlib.sha256(content.data).hexdigest(),
        at=datetime.now().astimezone(),
        report=report,
        questions=questions_of(parse_notebook(content.data), handout.assignment),
        stale=_stale(report, handout),
        stripped=content.stripped,
        trained=content.trained,
        fits=fits,
        untrained=content.untrained,
    )


def require_file_name(student: str) -> None:
    """Raise UserError if a student's name cannot be part of a file name, or is the one of the instructions."""
    words = re.sub(r"[^\w]+|_", " ", student).casefold().split()
    if words and set(words) <= _PLACEHOLDER:
        raise UserError(placeholder(clean(student, 80)))
    problem = why_no_folder(student) or ("holds two underscores in a row" if "__" in student else "")
    if problem:
        proposal = re.sub("__+", "_", proposed_folder(student))
        written = f", written as {proposal}" if proposal else ""
        raise UserError(
            f"The name {clean(student, 80)} {problem}. Use the name that your instructor knows you by{written}."
        )


def _stale(report: Report, handout: Handout) -> tuple[str, ...]:
    passed = {result.name for result in report.exercises if result.outcome is Outcome.PASSED}
    return tuple(name for name in remembered(handout) if name not in passed)


def _require_answers(notebook: SavedNotebook, handout: Handout) -> None:
    """Raise UserError if a notebook equals the release: there is nothing to hand in."""
    assignment = handout.assignment
    if not notebook.answered(assignment):
        beside = readable(notebooks_in([notebook.path.parent]))
        others = [other for other in beside if other.answered(assignment) and not is_among(other, [notebook])]
        raise UserError(nothing_answered(notebook, others, assignment))


def _content(data: bytes, notebook: SavedNotebook, handout: Handout) -> _Content:
    """Return the content to hand in, with the trained model beside the notebook if the assignment asks for one."""
    try:
        if stripped := len(data) > LARGE:
            data = document_bytes(without_outputs(document_of(data)))
        if not handout.assignment.torch:
            return _Content(data, stripped)
        try:
            whole, trained = with_trained_model(data, notebook.path.resolve().parent)
        except NothingTrained as problem:
            return _Content(data, stripped, untrained=str(problem))
        return _Content(whole, stripped, trained)
    except Ungradable as error:
        raise UserError(f"{notebook.path}: {error}") from None


def _require_unchanged(content: _Content, notebook: SavedNotebook, handout: Handout) -> None:
    """Raise UserError if the notebook or the model on the disk is not what was checked. Its own code may change it."""
    try:
        data = notebook.data if notebook.saved is None else read_bytes(notebook.path)
        changed = _content(data, notebook, handout).data != content.data
    except (UserError, Ungradable):
        changed = True
    if changed:
        what = "the notebook or the trained model" if handout.assignment.torch else "the notebook"
        raise UserError(
            f"{notebook.path}: {what} was changed on the disk while it was checked, so nothing was written. If you "
            "saved it just now, submit again. If its own code writes to the file, take that code out, save, and submit "
            "again."
        )
