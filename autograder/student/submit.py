"""From a saved notebook to the one file to hand in: run once more from a clean start, and named after its sender.

Where a model was trained, it goes into the same file.

`check` in a kernel remembers its verdicts; where the saved file gives others, the kernel held something that the file
does not.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.folder_names import why_no_folder
from autograder.core.model import Outcome, Report, TrainedModel
from autograder.student.handout import Handout
from autograder.student.history import remembered
from autograder.student.training_files import NothingTrained, with_trained_model

LARGE = 1 << 20  # bytes: from here on outputs are left out, which nobody grades


@dataclass(frozen=True)
class Receipt:
    """What was written for handing in."""

    path: Path
    sha256: str
    at: datetime
    report: Report  # of the saved file, on the public tests
    stale: tuple[str, ...]  # exercises that passed in the kernel, and do not in the saved file
    stripped: bool
    trained: TrainedModel | None = None  # what was packed, where a model is asked for
    fits: bool = True  # its weights are those of the saved notebook's model
    untrained: str = ""  # why no model was packed, where one is asked for


def submit(notebook: Path, handout: Handout, student: str, folder: Path) -> Receipt:
    """Check the saved file, and write the one to hand in; UserError where the name can not be one."""
    from autograder.student.selfcheck import check_notebook, weights_fit

    problem = why_no_folder(student) or ("holds two underscores in a row" if "__" in student else "")
    if problem:
        raise UserError(f"The name {student!r} {problem}. Use the name that your instructor knows you by.")
    report = check_notebook(notebook, handout)
    data = notebook.read_bytes()
    stripped = len(data) > LARGE
    whole, trained, untrained = _with_model(without_outputs(data) if stripped else data, notebook, handout)
    path = folder / f"{student}__{handout.assignment.stem}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, whole)
    passed = {one.name for one in report.exercises if one.outcome is Outcome.PASSED}
    stale = tuple(name for name in remembered(handout) if name not in passed)
    digest = hashlib.sha256(whole).hexdigest()
    fits = trained is None or weights_fit(path, handout)
    return Receipt(path, digest, datetime.now().astimezone(), report, stale, stripped, trained, fits, untrained)


def _with_model(data: bytes, notebook: Path, handout: Handout) -> tuple[bytes, TrainedModel | None, str]:
    """The file's content with the model, where one is asked for; where nothing was trained, without, and why."""
    if not handout.assignment.torch:
        return data, None, ""
    try:
        return *with_trained_model(data, notebook.resolve().parent), ""
    except NothingTrained as problem:
        return data, None, str(problem)


def without_outputs(data: bytes) -> bytes:
    """The same notebook, its outputs left out."""
    notebook: dict[str, Any] = json.loads(data)
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


# ---- what the kernel said last
