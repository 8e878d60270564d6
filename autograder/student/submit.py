"""Make the one file to hand in from a saved notebook: checked once more from a clean start, named after the student.

If a model was trained, it goes into the same file. `check` in a kernel remembers which exercises passed. If one of
them does not pass in the saved file, the kernel held something that the file does not.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import write_atomically
from autograder.core.folder_names import proposed_folder, why_no_folder
from autograder.core.model import Outcome, Report, TrainedModel
from autograder.core.sanitize import clean
from autograder.notebooks.ipynb import document_bytes, document_of, read_bytes, without_outputs
from autograder.student.handout import Handout
from autograder.student.history import remembered
from autograder.student.selfcheck import check_content, weights_fit
from autograder.student.training_files import NothingTrained, with_trained_model

LARGE = 1 << 20  # bytes; outputs of larger notebooks are left out, as nobody grades them


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was written for handing in."""

    path: Path
    sha256: str
    at: datetime
    report: Report  # of the saved file, on the public tests
    stale: tuple[str, ...]  # exercises that passed in the kernel and do not pass in the saved file
    stripped: bool  # whether the outputs were left out
    trained: TrainedModel | None = None  # the model that was packed
    fits: bool = True  # whether its weights are those of the saved notebook's model
    untrained: str = ""  # why no model was packed, if the assignment asks for one

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
    """Check the saved notebook, and write the file to hand in into `folder`, which is created if it is missing.

    The notebook is read once, and what is checked is what is written. Raise UserError if the student's name cannot be
    part of a file name, if the notebook cannot be read or written, if the trained model is damaged, or if one of them
    changes meanwhile.
    """
    _require_file_name(student)
    suites = handout.suites()
    content = _content(notebook, handout)
    report = check_content(content.data, notebook, suites)
    fits = content.trained is None or weights_fit(content.data, handout)
    _require_unchanged(content, notebook, handout)
    path = folder / f"{student}__{handout.assignment.stem}.ipynb"
    write_atomically(path, content.data)
    return Receipt(
        path=path,
        sha256=hashlib.sha256(content.data).hexdigest(),
        at=datetime.now().astimezone(),
        report=report,
        stale=_stale(report, handout),
        stripped=content.stripped,
        trained=content.trained,
        fits=fits,
        untrained=content.untrained,
    )


def _require_file_name(student: str) -> None:
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


def _content(notebook: Path, handout: Handout) -> _Content:
    """Read the notebook, and the trained model beside it if the assignment asks for one."""
    try:
        data = read_bytes(notebook)
        if stripped := len(data) > LARGE:
            data = document_bytes(without_outputs(document_of(data)))
        if not handout.assignment.torch:
            return _Content(data, stripped)
        try:
            whole, trained = with_trained_model(data, notebook.resolve().parent)
        except NothingTrained as problem:
            return _Content(data, stripped, untrained=str(problem))
        return _Content(whole, stripped, trained)
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None


def _require_unchanged(content: _Content, notebook: Path, handout: Handout) -> None:
    """Raise UserError if the notebook or the model on the disk is not what was checked. Its own code may change it."""
    try:
        changed = _content(notebook, handout).data != content.data
    except UserError:
        changed = True
    if changed:
        what = "the notebook or the trained model" if handout.assignment.torch else "the notebook"
        raise UserError(
            f"{notebook}: {what} was changed on the disk while it was checked, so nothing was written. If you saved it "
            "just now, submit again. If its own code writes to the file, take that code out, save, and submit again."
        )
