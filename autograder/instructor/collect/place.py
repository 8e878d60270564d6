"""What was downloaded from Moodle or Canvas, put where `grade` looks: `submitted/<student>/<stem>/<topic>.ipynb`.

    source → Entry → Handed (whose) → Candidate (which assignment) → one of each → Placed

What cannot be placed is told, with why.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from autograder.core.errors import Ungradable, UserError
from autograder.core.files import sweep, write_atomically
from autograder.core.folder_names import why_no_folder
from autograder.core.sanitize import clean
from autograder.core.text import listed
from autograder.instructor.collect.archives import Handed, entries, handed, partition
from autograder.instructor.collect.senders import Remark, Sender, students
from autograder.instructor.roster import names_on
from autograder.notebooks.course import Course, topic_of
from autograder.notebooks.ipynb import parse_notebook, read_bytes

BEFORE = ".before"  # after the name of a notebook that was replaced


@dataclass(frozen=True)
class Placed:
    """A notebook that is where `grade` looks for it."""

    student: str
    stem: str
    notebook: Path
    source: str
    replaced: bool = False  # another one was there, and is kept beside it


@dataclass(frozen=True)
class Collected:
    """What a run of `collect` did."""

    placed: tuple[Placed, ...]
    unchanged: tuple[Placed, ...]  # they were there already, byte for byte
    left: tuple[Remark, ...]  # not placed
    notes: tuple[Remark, ...]  # placed, or needless, and yet worth a word


def collect(
    sources: Sequence[Path], course: Course, submitted: Path, *, assignment: str | None = None, replace: bool = False
) -> Collected:
    """Place the notebooks of downloads: zips or folders of Moodle or Canvas, or `<student>__<stem>.ipynb`.

    assignment: the stem that all of them belong to; None: found by file name and content
    replace: whether a notebook that is there and differs gives way, and is kept as `<topic>.ipynb.before`

    Raises UserError for a source, an assignment or a folder that is not there; what is wrong with a single file
    stands in the answer, and the others go on.
    """
    _require_usable(sources, submitted)
    if assignment is not None:
        course.assignment(assignment)
    exercises = {stem: frozenset(one.name for one in course.assignment(stem).exercises) for stem in course.stems}
    with ExitStack() as opened:
        files, left = partition(chain.from_iterable(entries(source, opened) for source in sources))
        from_somebody, nobodys = partition(chain.from_iterable(map(handed, files)))
        whose, notes = students([one.sender for one in from_somebody], names_on(course.root / "roster.csv"), submitted)
        candidates, unclear = partition(
            _candidate(one, whose[one.sender], exercises, assignment) for one in from_somebody
        )
        chosen, others, superseded = _one_of_each(candidates)
        placed, refused = partition([_place(one, submitted, replace) for one in chosen])
    told = [Remark(one.source, one.note) for one in chosen if one.note]
    return Collected(
        tuple(one for one, new in placed if new),
        tuple(one for one, new in placed if not new),
        (*left, *nobodys, *unclear, *others, *refused),
        (*notes, *told, *superseded),
    )


def _require_usable(sources: Sequence[Path], submitted: Path) -> None:
    for source in sources:
        if not os.path.lexists(source):
            raise UserError(f"There is no {source}: name the zip or the folder that you downloaded.")
    if os.path.lexists(submitted) and not submitted.is_dir():
        raise UserError(f"{submitted} is not a folder: name one with --submitted.")


# ---- which assignment


@dataclass(frozen=True)
class Candidate:
    """A notebook that may be placed."""

    handed: Handed
    student: str
    stem: str
    sha256: str
    note: str = ""

    @property
    def source(self) -> str:
        return self.handed.entry.source


def _candidate(
    handed: Handed, student: str, exercises: Mapping[str, frozenset[str]], assignment: str | None
) -> Candidate | Remark:
    source = handed.entry.source
    if problem := why_no_folder(student):
        return Remark(source, f"the student's name {problem}: rename it")
    try:
        data = handed.entry.read()
    except Ungradable as error:
        return Remark(source, str(error))
    named, held = stems_named(handed.file, exercises), stems_held(data, exercises)
    stem, note = _stem(named, held, assignment)
    if stem is None:
        return Remark(source, note)
    return Candidate(handed, student, stem, hashlib.sha256(data).hexdigest(), note)


def _stem(named: Sequence[str], held: Sequence[str], assignment: str | None) -> tuple[str | None, str]:
    """The assignment and a note; or None and why there is none. What a notebook holds says more than its name."""
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
    """The assignments whose stem stands in a file's name; else those whose topic does."""
    name = re.sub(r"[\s-]+", "_", file.casefold())
    known = list(stems)
    full = [stem for stem in known if stem.casefold() in name]
    topics = [stem for stem in known if re.search(rf"(?<![^\W\d_]){re.escape(topic_of(stem))}(?![^\W\d_])", name)]
    return full or topics


def stems_held(data: bytes, exercises: Mapping[str, frozenset[str]]) -> list[str]:
    """The assignments with most solution cells in a notebook; without any, those that it opens."""
    try:
        cells = parse_notebook(data)
    except Ungradable:
        return []
    ids = {cell.grade_id for cell in cells}
    found = {stem: len(ids & names) for stem, names in exercises.items()}
    most = max(found.values(), default=0)
    if most:
        return [stem for stem, count in found.items() if count == most]
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    opened = set(re.findall(r"\bopen_assignment\(\s*[\"']([^\"']+)[\"']", code))
    return [stem for stem in exercises if stem in opened]


# ---- one of each


def _one_of_each(candidates: Iterable[Candidate]) -> tuple[list[Candidate], list[Remark], list[Remark]]:
    """One notebook for each student and assignment; those that exclude each other; those that one stands for."""
    groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.student, candidate.stem].append(candidate)
    chosen, left, notes = [], [], []
    for (student, stem), group in groups.items():
        latest = _latest(group)
        if latest is None:
            several = listed(sorted(one.source for one in group))
            why = f"is one of several for {clean(student, 80)}, {stem}: {several}. Keep one of them"
            left += [Remark(one.source, why) for one in group]
            continue
        chosen.append(latest)
        for one in group:
            same = one.sha256 == latest.sha256
            if one is not latest:
                notes.append(Remark(one.source, f"{'is the same as' if same else 'is older than'} {latest.source}"))
    return chosen, left, notes


def _latest(group: Sequence[Candidate]) -> Candidate | None:
    """The one that counts: of equal ones the first, of Canvas' uploads the last; None where nobody can tell."""
    uploads = [_upload(one) for one in group]
    if len({base for base, _ in uploads}) == 1 and all(one.handed.sender.system == "Canvas" for one in group):
        last = max(number for _, number in uploads)
        group = [one for one, (_, number) in zip(group, uploads, strict=True) if number == last]
    return group[0] if len({one.sha256 for one in group}) == 1 else None


def _upload(candidate: Candidate) -> tuple[tuple[Sender, str], int]:
    """Canvas adds -1, -2 to the name of a file that is handed in again."""
    found = re.fullmatch(r"(.*?)(?:-(\d+))?\.ipynb", candidate.handed.file, re.S | re.I)
    base, number = found.groups() if found else (candidate.handed.file, None)
    return (candidate.handed.sender, base), int(number or 0)


# ---- placing


def _place(candidate: Candidate, submitted: Path, replace: bool) -> tuple[Placed, bool] | Remark:
    """Where the notebook is now, and whether it is new there; or why it is not there."""
    target = submitted / candidate.student / candidate.stem / f"{topic_of(candidate.stem)}.ipynb"
    placed = partial(Placed, candidate.student, candidate.stem, target, candidate.source)
    try:
        data, there = candidate.handed.entry.read(), _what_is_at(target)
        if there == data:
            return placed(), False
        if there is not None and not replace:
            return Remark(candidate.source, f"differs from {clean(str(target))}: --replace takes the new one")
        sweep([target.parent])
        if there is not None:
            write_atomically(target.with_name(target.name + BEFORE), there)
        write_atomically(target, data)
    except (Ungradable, UserError, OSError) as error:
        return Remark(candidate.source, clean(str(error)))
    return placed(replaced=there is not None), True


def _what_is_at(target: Path) -> bytes | None:
    """The notebook that is there already; UserError where something else is, or a link on the way to it."""
    for folder in (target.parent.parent, target.parent):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UserError(f"{folder} is a link or a file where a folder must be: put the folder there")
    try:
        return read_bytes(target) if os.path.lexists(target) else None
    except Ungradable as error:
        raise UserError(f"{target} is in the way: {error}") from None
