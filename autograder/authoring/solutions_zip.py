"""Make the zip with the model solutions, for students, after the deadline.

It holds the solved notebooks, each beside the files of its release, so that `check` works in them. A solved notebook
has another name than the student's own, so it replaces nothing if it is copied beside it. Hidden tests, the reference
and the rubrics are not in it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.authoring.student_zip import Released, digest, release_files, released_at, write_zip
from autograder.core.errors import Ungradable, UserError
from autograder.core.text import listed
from autograder.instructor.lateness import due_dates
from autograder.notebooks.course import Course, topic_of
from autograder.notebooks.effort import with_exercise_lines
from autograder.notebooks.ipynb import document_bytes, document_of, read_bytes, without_outputs

FOLDER = "model-solutions"
_SOLUTION_MARK = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[^\n]*(?:\n|\Z)", re.MULTILINE)
_FOR_GRADERS = re.compile(
    r"^[ \t]*### BEGIN (HIDDEN TESTS|MARK SCHEME)\b.*?(?:^[ \t]*### END \1[^\n]*(?:\n|\Z)|\Z)", re.MULTILINE | re.DOTALL
)
_RUBRIC = re.compile(r"^\*{1,2}Rubric\b.*?(?=^### END SOLUTION|\Z)", re.MULTILINE | re.DOTALL)


def release_solutions(course: Course, out: Path, stems: Sequence[str] = ()) -> Released:
    """Write the zip with the model solutions of these assignments, or of all of them.

    Raise UserError if an assignment is unknown or not built, if a solution cannot be read, or if `out` is another file,
    such as the students' zip.
    """
    _require_no_other_file(out)
    for stem in stems:
        course.assignment(stem)  # raises UserError if it is unknown
    chosen = tuple(stem for stem in course.stems if stem in stems or not stems)
    beside = {f"{stem}/{path.name}": path for stem in chosen for path in _beside(course, stem)}
    entries = {name: path.read_bytes() for name, path in beside.items()}
    entries |= {f"{stem}/{topic_of(stem)}_solution.ipynb": solved_notebook(course.solution(stem)) for stem in chosen}
    date = released_at(course.root, [*beside.values(), *map(course.solution, chosen)])
    folder = f"{FOLDER}-{date:%Y-%m-%d}-{digest(entries)}"
    write_zip(out, folder, date, entries)
    return Released(out, folder, chosen, len(entries), 0)


def _beside(course: Course, stem: str) -> Iterator[Path]:
    return (path for path in release_files(course, stem) if path.suffix != ".ipynb")


def _require_no_other_file(out: Path) -> None:
    """Raise UserError if there is a file that is not a zip with model solutions."""
    if not out.exists():
        return
    try:
        with zipfile.ZipFile(out) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        names = []
    if not names or not all(name.startswith(f"{FOLDER}-") for name in names):
        what = "the zip that students get" if any(name.endswith("/START.md") for name in names) else "another file"
        raise UserError(f"{out} is {what}, and is not replaced by the model solutions. Name another file.")


# ---- one notebook


def solved_notebook(solution: Path) -> bytes:
    """Return the notebook that students may read: answers without the marks around them, no outputs, no rubrics.

    Raise UserError if the solution cannot be read.
    """
    try:
        document = without_outputs(document_of(read_bytes(solution)))
        cells = [_shown(cell) for cell in with_exercise_lines(document.get("cells", []), str(solution))]
        return document_bytes({**document, "cells": cells})
    except Ungradable as error:
        raise UserError(f"{solution}: {error}") from None


def _shown(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    text = "".join(cell["source"])
    for left_out in (_FOR_GRADERS, _RUBRIC if cell["cell_type"] == "markdown" else None, _SOLUTION_MARK):
        text = left_out.sub("", text) if left_out else text
    return cell if text == "".join(cell["source"]) else {**cell, "source": text.rstrip("\n").splitlines(keepends=True)}


# ---- the deadline


def require_after_deadline(course: Course, stems: Iterable[str], now: datetime | None = None) -> tuple[str, ...]:
    """Return the assignments whose deadline is not known. Raise UserError if a deadline is still to come.

    now: when that is, with its offset from UTC; the present if nothing is given
    """
    due, now = due_dates(course), now or datetime.now(UTC)
    chosen = tuple(stems) or course.stems
    if early := [f"{stem} ({due[stem]:%Y-%m-%d %H:%M} UTC)" for stem in chosen if stem in due and now < due[stem]]:
        raise UserError(
            f"The deadline is in the future for {listed(early)}, so nothing was written. Release the solutions "
            "afterwards, choose other assignments with --assignments, or add --before-deadline."
        )
    return tuple(stem for stem in chosen if stem not in due)
