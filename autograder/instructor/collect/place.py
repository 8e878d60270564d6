"""Put downloads of Moodle or Canvas into the folders that `grade` reads: `submitted/<student>/<stem>/<topic>.ipynb`.

    source → Entry → Handed (whose) → Candidate (which assignment) → one of each → Placed

A file that cannot be placed is reported, with the reason. Each reason is told once for each student.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import sweep
from autograder.core.folder_names import why_no_folder
from autograder.core.opening import NotOpened, Obstacle, opened_below, write_below
from autograder.core.sanitize import clean
from autograder.core.text import listed
from autograder.instructor.collect.archives import Handed, entries, handed
from autograder.instructor.collect.folders import Known, folders_of, numbered_folder, why_apart
from autograder.instructor.collect.remarks import Remark, bundled, partition, some_of
from autograder.instructor.collect.senders import CANVAS, MOODLE, Sender, Systems
from autograder.instructor.collect.spool import Spool, spool_near
from autograder.instructor.roster import read_roster
from autograder.instructor.submissions import submission_path
from autograder.notebooks.course import Course, topic_of
from autograder.notebooks.ipynb import content_of, parse_notebook, why_no_file

BEFORE = ".before"  # added to the name of a notebook that was replaced


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A notebook in the folder that `grade` reads."""

    student: str
    stem: str
    notebook: Path
    source: str
    replaced: bool = False  # another notebook was there, and is kept beside it


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The outcome of a run of `collect`."""

    placed: tuple[Placed, ...]
    unchanged: tuple[Placed, ...]  # they were there already, byte for byte
    left: tuple[Remark, ...]  # not placed
    notes: tuple[Remark, ...]  # on notebooks that were placed, or that another one replaces


def collect(
    sources: Sequence[Path], course: Course, submitted: Path, *, assignment: str | None = None, replace: bool = False
) -> Collected:
    """Place the notebooks of downloads: zips or folders of Moodle or Canvas, or `<student>__<stem>.ipynb`.

    assignment: the stem that all of them belong to; None: found by file name and content
    replace: whether a notebook that is there and differs is replaced, and kept as `<topic>.ipynb.before`

    Raise UserError for a source, an assignment or a folder that is not there. A problem with a single file is in the
    answer, and the others are placed.
    """
    _require_usable(sources, submitted)
    if assignment is not None:
        course.assignment(assignment)
    known = Known(read_roster(course.root) or (), submitted)
    with ExitStack() as opened, spool_near(submitted.parent) as spool:
        handed_in, nobodys = partition(chain.from_iterable(_handed_in(source, opened, spool) for source in sources))
        candidates, unclear, notes = _candidates(handed_in, course, known, assignment, spool)
        chosen, ambiguous, superseded = _one_of_each(candidates)
        placed, refused = partition([_place(candidate, submitted, replace) for candidate in chosen])
    known.memory.remember((candidate.handed.sender, candidate.student) for candidate, _, _ in placed)
    on_chosen = [Remark(candidate.source, note) for candidate in chosen for note in candidate.notes]
    return Collected(
        placed=tuple(notebook for _, notebook, new in placed if new),
        unchanged=tuple(notebook for _, notebook, new in placed if not new),
        left=bundled([*nobodys, *unclear, *ambiguous, *refused]),
        notes=bundled([*notes, *on_chosen, *superseded]),
    )


def _handed_in(source: Path, opened: ExitStack, spool: Spool) -> Iterator[Handed | Remark]:
    """Yield the notebooks of a source with their senders. Which LMS it comes from is decided by all of its names."""
    files, unreadable = partition(entries(source, opened))
    yield from unreadable
    systems = Systems(file.parts for file in files)
    for file in files:
        yield from handed(file, systems, spool)


def _require_usable(sources: Sequence[Path], submitted: Path) -> None:
    for source in sources:
        if not os.path.lexists(source):
            raise UserError(f"There is no {source}: name the zip or the folder that you downloaded.")
    if os.path.lexists(submitted) and not submitted.is_dir():
        raise UserError(f"{submitted} is not a folder: name one with --submitted.")


# ---- which assignment


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A notebook that may be placed."""

    handed: Handed
    student: str
    stem: str
    sha256: str
    read: Callable[[], bytes]
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return self.handed.entry.source


def _candidates(
    handed_in: Sequence[Handed], course: Course, known: Known, assignment: str | None, spool: Spool
) -> tuple[list[Candidate], list[Remark], list[Remark]]:
    """Return the notebooks that may be placed, why others may not, and how senders' folders were chosen."""
    folders, notes = folders_of([notebook.sender for notebook in handed_in], known)
    exercises = {
        stem: frozenset(exercise.name for exercise in course.assignment(stem).exercises) for stem in course.stems
    }
    candidates, unclear = partition(
        _candidate(notebook, folders[notebook.sender], exercises, assignment, spool) for notebook in handed_in
    )
    return [_with_own_folder(candidate, known) for candidate in candidates], unclear, notes


def _candidate(
    handed: Handed, student: str, exercises: Mapping[str, frozenset[str]], assignment: str | None, spool: Spool
) -> Candidate | Remark:
    entry, sender = handed.entry, handed.sender
    if problem := why_no_folder(student):
        return Remark(entry.source, f"the student's name {problem}: rename it", sender)
    try:
        data = entry.read()
    except Ungradable as error:
        return Remark(entry.source, str(error), sender)
    named, held = stems_named(handed.file, exercises), stems_held(data, exercises)
    stem, note = _stem(named, held, assignment)
    if stem is None:
        return Remark(entry.source, note, sender)
    return Candidate(
        handed=handed,
        student=student,
        stem=stem,
        sha256=hashlib.sha256(data).hexdigest(),
        read=entry.read if entry.unpacked else spool.keep(data),
        notes=(note,) if note else (),
    )


def _with_own_folder(candidate: Candidate, known: Known) -> Candidate:
    """Return a candidate that gets no folder in which another number of Moodle has handed in the same assignment.

    In one assignment everybody has one number. If another one handed it in, a name was edited, or it is a namesake.
    """
    sender = candidate.handed.sender
    there = os.path.lexists(submission_path(known.submitted, candidate.student, candidate.stem))
    if sender.system != MOODLE or not there or not known.is_new(sender, candidate.student):
        return candidate
    notes = (*candidate.notes, why_apart(sender, candidate.student))
    return replace(candidate, student=numbered_folder(sender), notes=notes)


def _stem(named: Sequence[str], held: Sequence[str], assignment: str | None) -> tuple[str | None, str]:
    """Return the assignment and a note; or None and the reason. The content of a notebook counts more than its name."""
    if assignment is not None:
        odd = bool(held) and assignment not in held
        return assignment, f"looks like {listed(held)}: placed as {assignment}, as --assignment says" if odd else ""
    fitting = [stem for stem in named if stem in held] or held or named
    if len(fitting) == 1:
        odd = bool(named) and fitting[0] not in named
        return fitting[0], f"is named like {listed(named)}, and holds {fitting[0]}: placed as that" if odd else ""
    if fitting:
        return None, f"may be {listed(fitting)}: name one with --assignment"
    return None, "tells no assignment, neither by its name nor by its cells: name it with --assignment"


def stems_named(file: str, stems: Iterable[str]) -> list[str]:
    """Return the assignments whose stem is in a file's name; if there is none, those whose topic is."""
    name = re.sub(r"[\s-]+", "_", file.casefold())
    candidates = list(stems)
    full = [stem for stem in candidates if stem.casefold() in name]
    topics = [stem for stem in candidates if re.search(rf"(?<![^\W\d_]){re.escape(topic_of(stem))}(?![^\W\d_])", name)]
    return full or topics


def stems_held(data: bytes, exercises: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the assignments with most solution cells in a notebook; without such cells, those that it opens."""
    try:
        cells = parse_notebook(data)
    except Ungradable:
        return []
    ids = {cell.grade_id for cell in cells}
    counts = {stem: len(ids & names) for stem, names in exercises.items()}
    most = max(counts.values(), default=0)
    if most:
        return [stem for stem, count in counts.items() if count == most]
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    opened = set(re.findall(r"\bopen_assignment\(\s*[\"']([^\"']+)[\"']", code))
    return [stem for stem in exercises if stem in opened]


# ---- one of each


def _one_of_each(candidates: Iterable[Candidate]) -> tuple[list[Candidate], list[Remark], list[Remark]]:
    """Return one notebook for each student and assignment; remarks on ambiguous ones; remarks on superseded ones."""
    groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.student, candidate.stem].append(candidate)
    chosen, left, notes = [], [], []
    for (student, stem), group in groups.items():
        latest = _latest(group)
        if latest is None:
            several = some_of(sorted(candidate.source for candidate in group))
            left.append(Remark(several, f"are several for {clean(student, 80)}, {stem}: keep one of them"))
            continue
        chosen.append(latest)
        for other in group:
            if other is not latest:
                relation = "is the same as" if other.sha256 == latest.sha256 else "is older than"
                notes.append(Remark(other.source, f"{relation} {latest.source}", student))
    return chosen, left, notes


def _latest(group: Sequence[Candidate]) -> Candidate | None:
    """Return the notebook that counts: of equal ones the first, of Canvas' uploads the last; None if it is unclear."""
    uploads = [_upload(candidate) for candidate in group]
    from_canvas = all(candidate.handed.sender.system == CANVAS for candidate in group)
    if from_canvas and len({file for file, _ in uploads}) == 1:
        last = max(number for _, number in uploads)
        group = [candidate for candidate, (_, number) in zip(group, uploads, strict=True) if number == last]
    return group[0] if len({candidate.sha256 for candidate in group}) == 1 else None


def _upload(candidate: Candidate) -> tuple[tuple[Sender, str], int]:
    """Return the file and the number of its upload: Canvas adds -1, -2 to the name if it is handed in again."""
    match = re.fullmatch(r"(.*?)(?:-(\d+))?\.ipynb", candidate.handed.file, re.S | re.I)
    base, number = match.groups() if match else (candidate.handed.file, None)
    return (candidate.handed.sender, base), int(number or 0)


# ---- placing


def _place(candidate: Candidate, submitted: Path, replace: bool) -> tuple[Candidate, Placed, bool] | Remark:
    """Return the placed notebook and whether it is new there; or why it was not placed."""
    target = submission_path(submitted, candidate.student, candidate.stem)
    placed = partial(Placed, student=candidate.student, stem=candidate.stem, notebook=target, source=candidate.source)
    try:
        data, there = candidate.read(), _what_is_at(target, submitted)
        if there == data:
            return candidate, placed(), False
        if there is not None and not replace:
            return Remark(candidate.source, f"differs from {clean(str(target))}: --replace takes the new one")
        sweep([target.parent])
        if there is not None:
            _write(target.with_name(target.name + BEFORE), submitted, there)
        _write(target, submitted, data)
    except (Ungradable, UserError, OSError) as error:
        return Remark(candidate.source, clean(str(error)))
    return candidate, placed(replaced=there is not None), True


def _what_is_at(target: Path, submitted: Path) -> bytes | None:
    """Return the notebook that is there already; UserError if it is something else, or if a link leads to it."""
    try:
        with opened_below(submitted, target.relative_to(submitted).parts) as descriptor:
            return content_of(descriptor)
    except NotOpened as problem:
        if problem.obstacle is Obstacle.MISSING:
            return None
        raise UserError(_in_the_way(target, problem)) from None
    except Ungradable as error:
        raise UserError(f"{target} is in the way: {error}") from None


def _write(target: Path, submitted: Path, data: bytes) -> None:
    """Write a notebook. A link that somebody puts into the place of a folder meanwhile is not followed."""
    try:
        write_below(submitted, target.relative_to(submitted).parts, data)
    except NotOpened as problem:
        raise UserError(_in_the_way(target, problem)) from None
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror})") from None


def _in_the_way(target: Path, problem: NotOpened) -> str:
    if problem.part < 2 and problem.obstacle in (Obstacle.LINK, Obstacle.NO_FOLDER):
        folder = list(target.parents)[1 - problem.part]
        return f"{folder} is a link or a file where a folder must be: put the folder there"
    return f"{target} is in the way: {why_no_file(problem)}"
