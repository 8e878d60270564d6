"""Make `assignments/` from `solutions/` with nbgrader's own converter, on a copy, so that nothing is half written.

Run as a module, `python -m autograder.authoring.build NOTEBOOK` prints the `selfcheck.json` of a release notebook in
the course of the current folder. This is how `nbgrader generate_assignment` makes it.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import write_atomically
from autograder.core.text import listed
from autograder.grading.known_answers import with_catalogue
from autograder.grading.suites import Suites, load_suites, put_on_path
from autograder.notebooks.course import Course, find_course, read_assignment, topic_of
from autograder.notebooks.effort import Effort, efforts_in
from autograder.notebooks.ipynb import document_of, read_bytes
from autograder.student.handout import HINT_STEPS, LEFT_BY_RUNNING, SELFCHECK, selfcheck_json


def build(course: Course, stem: str) -> list[str]:
    """Build one release, and return the names of the files that changed."""
    with tempfile.TemporaryDirectory() as temporary:
        fresh = _converted(course, stem, Path(temporary))
        changed = list(_differences(course, stem, fresh))
        target = course.root / "assignments" / stem
        target.mkdir(parents=True, exist_ok=True)
        for name in changed:
            if (fresh / name).exists():
                write_atomically(target / name, (fresh / name).read_bytes())
            else:
                (target / name).unlink()
    return changed


def stale_files(course: Course, stem: str) -> list[str]:
    """Return the names of the files of a release that `build` would change now."""
    with tempfile.TemporaryDirectory() as temporary:
        return list(_differences(course, stem, _converted(course, stem, Path(temporary))))


def authored_stems(course: Course) -> tuple[str, ...]:
    """Return the assignments that have a solution, in order."""
    folders = sorted(path for path in (course.root / "solutions").glob("*_*") if path.is_dir())
    return tuple(folder.name for folder in folders)


def _converted(course: Course, stem: str, temporary: Path) -> Path:
    """Make the fresh release of one assignment in a temporary course, and return its folder."""
    from autograder.nbgrader_bridge.release import generate_release

    source = course.root / "solutions" / stem
    if not course.solution(stem).is_file():
        raise UserError(f"{source} has no notebook {topic_of(stem)}.ipynb.")
    efforts_of(course.solution(stem))  # now, as nbgrader would put what is wrong there into a log
    copy = temporary / "solutions" / stem
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns(*LEFT_BY_RUNNING, ".*"))
    release = generate_release(temporary, stem, course.root / "nbgrader_config.py")
    content = selfcheck_of(course, release / f"{topic_of(stem)}.ipynb")
    (release / SELFCHECK).write_text(content, encoding="utf-8")
    return release


def selfcheck_of(course: Course, notebook: Path) -> str:
    """Return the content of the `selfcheck.json` that belongs to a release notebook, whose folder has its stem.

    Raise UserError if the suites cannot be collected or do not match the notebook.
    """
    put_on_path(course.root)
    stem = notebook.parent.name
    suites = load_suites(read_assignment(notebook), course.public_suite(stem), course.hidden_suite(stem))
    _require_hints(suites, course.hidden_suite(stem))
    return selfcheck_json(with_catalogue(suites), efforts_of(notebook))


def efforts_of(notebook: Path) -> dict[str, Effort]:
    """Return the effort of each exercise of a notebook; raise UserError if one is missing or wrong."""
    try:
        cells = document_of(read_bytes(notebook)).get("cells", [])
    except Ungradable as error:
        raise UserError(f"{notebook}: {error}") from None
    return efforts_in(cells, str(notebook))


def _require_hints(suites: Suites, hidden: Path) -> None:
    """Raise UserError if an exercise has not exactly three different hints, or a hint belongs to no exercise."""
    names = [exercise.name for exercise in suites.assignment.exercises]
    if unknown := [name for name in suites.hints if name not in names]:
        raise UserError(f"{hidden}: HINTS names {listed(unknown)}, which the notebook has no exercise for.")
    for name in names:
        hints = suites.hints.get(name, ())
        texts = {hint.strip() for hint in hints if isinstance(hint, str)} - {""}
        if len(hints) != HINT_STEPS or len(texts) != HINT_STEPS:
            raise UserError(
                f"{hidden}: HINTS needs three different texts for {name}: the idea, the formula, the shape of the code."
            )


def _differences(course: Course, stem: str, fresh: Path) -> Iterator[str]:
    """Yield the names of the files that differ between a fresh release and the one that is there."""
    target = course.root / "assignments" / stem
    names = {path.name for folder in (fresh, target) if folder.is_dir() for path in folder.iterdir()} - LEFT_BY_RUNNING
    for name in sorted(names):
        ours, theirs = fresh / name, target / name
        if not (ours.is_file() and theirs.is_file() and ours.read_bytes() == theirs.read_bytes()):
            yield name


if __name__ == "__main__":
    try:
        with contextlib.redirect_stdout(sys.stderr):  # a suite may print
            content = selfcheck_of(find_course(Path.cwd()), Path(sys.argv[1]))
    except UserError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(content.encode())
