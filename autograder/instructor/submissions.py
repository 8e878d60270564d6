"""Find the submissions in `submitted/`: whose they are, and why some of them cannot be opened.

Names and files are the students' own. Nothing that was handed in is ignored silently.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.folder_names import why_rename
from autograder.core.opening import NotOpened, Obstacle, opened_below
from autograder.core.sanitize import clean
from autograder.notebooks.course import topic_of
from autograder.notebooks.ipynb import content_of, why_no_file


@dataclass(frozen=True)
class Job:
    """One submission to grade."""

    student: str
    stem: str
    notebook: Path  # submitted/<student>/<stem>/<topic>.ipynb


def students_in(folder: Path) -> list[str]:
    """Return the students who have a folder, or a link instead of one. Raise UserError if `folder` is not a folder."""
    if not folder.is_dir():
        raise UserError(
            f"There is no folder {folder}. Put notebooks into {folder}/<student>/<assignment>/, "
            "or name the folder with --submitted."
        )
    try:
        entries = _entries(folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror}): check its permissions.") from None
    return [entry.name for entry in entries if _may_be_a_student(entry)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _may_be_a_student(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and (entry.is_symlink() or entry.is_dir())


def find_submissions(folder: Path, students: Sequence[str], stems: Sequence[str]) -> list[Job]:
    """Return the submissions of these students, by assignment and student."""
    return [
        Job(student, stem, submission_path(folder, student, stem))
        for stem in stems
        for student in students
        if _handed_in(folder / student, stem)
    ]


def submission_path(folder: Path, student: str, stem: str) -> Path:
    """Return where a submission's notebook should be, in nbgrader's layout."""
    return folder / student / stem / f"{topic_of(stem)}.ipynb"


def _handed_in(home: Path, stem: str) -> bool:
    """Return whether a student handed something in. If the folder cannot be read, they may have."""
    try:
        os.lstat(home / stem)
    except FileNotFoundError:
        return home.is_symlink()
    except OSError:
        return True
    return True


def left_alone(folder: Path, students: Sequence[str], stems: Collection[str]) -> Iterator[str]:
    """Yield a note on each file or folder that is not a submission: it may be one in the wrong place."""
    for entry in _entries(folder):
        hidden = entry.name.startswith(".")
        if not _may_be_a_student(entry) and (entry.is_dir() or not hidden):
            reason = ": its name begins with a dot" if hidden else ""
            yield f"{clean(entry.name)} is no student's folder and was left alone{reason}"
    for student in students:
        for name in _names_in(folder / student):
            if name not in stems:
                yield f"{clean(student)}/{clean(name)} is no assignment of this course and was left alone"


def _names_in(folder: Path) -> list[str]:
    if folder.is_symlink():
        return []
    try:
        return [entry.name for entry in _entries(folder) if not entry.name.startswith(".")]
    except OSError:  # the reasons of its ungraded submissions say why
        return []


def read_handed_in(job: Job) -> bytes:
    """Return what is handed in now. No link in the path is followed, whenever it was put there.

    Raise Ungradable if there is no such file, or none that can be read.
    """
    with _opened(job) as descriptor:
        return content_of(descriptor)


def why_not_there(job: Job) -> str | None:
    """Return why a submission's notebook cannot be opened, such as a link on its path; None if it can."""
    try:
        with _opened(job):
            return None
    except Ungradable as problem:
        return str(problem)


@contextlib.contextmanager
def _opened(job: Job) -> Iterator[int]:
    if reason := why_rename(job.student):
        raise Ungradable(f"the folder's name {reason}")
    try:
        with opened_below(job.notebook.parents[2], job.notebook.parts[-3:]) as descriptor:
            yield descriptor
    except NotOpened as problem:
        raise Ungradable(_why_not_opened(job, problem)) from None


def _why_not_opened(job: Job, problem: NotOpened) -> str:
    name, is_notebook = clean(job.notebook.parts[-3:][problem.part]), problem.part == 2
    what = "notebook" if is_notebook else "folder"
    match problem.obstacle:
        case Obstacle.MISSING:
            return f"{job.notebook.name} is missing; {_what_is_there(job.notebook.parent)}"
        case Obstacle.LINK:
            return f"{name} is a link, which may lead anywhere: put the {what} itself there"
        case Obstacle.NO_FOLDER:
            return f"{name} is not a folder: put the notebook at {clean(job.stem)}/{job.notebook.name}"
        case Obstacle.CLOSED | Obstacle.REFUSED if problem.obstacle is Obstacle.CLOSED or not is_notebook:
            return f"{name} cannot be looked at ({problem.reason}): check its folder's permissions"
    return why_no_file(problem)


def _what_is_there(folder: Path) -> str:
    others = sorted(name for name in _names_in(folder) if name.endswith(".ipynb"))
    return f"found {clean(others[0], 80)}: rename it" if others else "the folder holds no notebook: put it there"
