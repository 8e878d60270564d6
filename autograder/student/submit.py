"""Make the one file to hand in from a saved notebook: checked once more from a clean start, named after the student.

If a model was trained, it goes into the same file. `check` in a kernel remembers which exercises passed. If one of
them does not pass in the saved file, the kernel held something that the file does not.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.folder_names import proposed_folder, why_no_folder
from autograder.core.model import Outcome, Report, TrainedModel
from autograder.core.sanitize import clean
from autograder.student.handout import Handout
from autograder.student.history import remembered
from autograder.student.selfcheck import check_notebook, weights_fit
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
    """The content of the file to hand in, and the model in it. See `Receipt` for `untrained`."""

    data: bytes
    trained: TrainedModel | None = None
    untrained: str = ""


def submit(notebook: Path, handout: Handout, student: str, folder: Path) -> Receipt:
    """Check the saved notebook, and write the file to hand in into `folder`, which is created if it is missing.

    Raise UserError if the student's name cannot be part of a file name, if the notebook cannot be read, or if the
    trained model is damaged.
    """
    _require_file_name(student)
    report = check_notebook(notebook, handout)
    saved = notebook.read_bytes()
    stripped = len(saved) > LARGE
    content = _with_model(without_outputs(saved) if stripped else saved, notebook, handout)
    path = folder / f"{student}__{handout.assignment.stem}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content.data)
    return Receipt(
        path=path,
        sha256=hashlib.sha256(content.data).hexdigest(),
        at=datetime.now().astimezone(),
        report=report,
        stale=_stale(report, handout),
        stripped=stripped,
        trained=content.trained,
        fits=content.trained is None or weights_fit(path, handout),
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


def _with_model(data: bytes, notebook: Path, handout: Handout) -> _Content:
    """Return a notebook's content with the trained model, if the assignment asks for one and it was trained."""
    if not handout.assignment.torch:
        return _Content(data)
    try:
        return _Content(*with_trained_model(data, notebook.resolve().parent))
    except NothingTrained as problem:
        return _Content(data, untrained=str(problem))


def without_outputs(data: bytes) -> bytes:
    """Return the same notebook without the outputs of its cells."""
    notebook: dict[str, Any] = json.loads(data)
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
