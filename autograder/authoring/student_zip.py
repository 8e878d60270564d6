"""Make the zip that students get: notebooks with stubs, public tests, the kit's student edition, and how to start.

Made twice, it is the same to the byte: its entries are sorted, and all have the date of the course's last commit.
`zipfile` is used directly, because archivers that take a folder store the time of each file.

The folder that it unpacks to is named after that date and the content. So a newer zip never unpacks over a notebook
that a student has solved, whatever program unpacks it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.authoring.start_page import start_text
from autograder.authoring.student_wheel import build_student_wheel, requirements_of, run_pip
from autograder.core.errors import UserError
from autograder.core.files import write_atomically
from autograder.core.installed import REQUIREMENTS, TORCH_REQUIREMENTS
from autograder.core.text import listed
from autograder.notebooks.course import Course
from autograder.student.handout import LEFT_BY_RUNNING, SELFCHECK, for_grader

_DATES = (datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, tzinfo=UTC))  # that a zip can name
_DIGEST_LETTERS = 6
_START = "START.md"


@dataclass(frozen=True)
class Released:
    """What was put into the zip."""

    path: Path
    folder: str  # what the zip unpacks to
    stems: tuple[str, ...]
    files: int
    wheels: int  # of dependencies


def release(course: Course, out: Path, stems: Sequence[str] = (), *, wheels: bool = False) -> Released:
    """Write the zip with these assignments, or with all of them.

    wheels: whether the zip holds the wheels of all dependencies, for machines like this one

    Raise UserError if an assignment is unknown or not built, if a file, a version or pip fails, or if SOURCE_DATE_EPOCH
    is not a date.
    """
    for stem in stems:
        course.assignment(stem)  # raises UserError if it is unknown
    chosen = tuple(stem for stem in course.stems if stem in stems or not stems)
    torch = any(course.assignment(stem).torch for stem in chosen)
    files = {f"assignments/{stem}/{path.name}": path for stem in chosen for path in release_files(course, stem)}
    date = released_at(course.root, files.values())
    with tempfile.TemporaryDirectory() as temporary:
        wheel = build_student_wheel(course.root, Path(temporary))
        listings = listings_of(wheel.name, requirements_of(wheel), pins(course.root / "constraints.txt"), torch=torch)
        entries = {wheel.name: wheel.read_bytes()}
        entries |= {name: text.encode() for name, text in listings.items()}
        entries |= {name: _content(path) for name, path in files.items()}
        dependencies = _download(listings, wheel, Path(temporary) / "wheels") if wheels else []
        entries |= {f"wheels/{path.name}": path.read_bytes() for path in dependencies}
    start = partial(start_text, chosen, wheel.name, wheels=wheels, torch=torch)
    folder = f"neural-network-workshops-{date:%Y-%m-%d}-{digest(entries | {_START: start(folder='').encode()})}"
    entries[_START] = start(folder=folder).encode()
    write_zip(out, folder, date, entries)
    return Released(out, folder, chosen, len(entries), len(dependencies))


def _content(path: Path) -> bytes:
    """Return a file of a release as students get it. Its `selfcheck.json` tells them which Python will grade."""
    return for_grader(path.read_text(encoding="utf-8")).encode() if path.name == SELFCHECK else path.read_bytes()


def release_files(course: Course, stem: str) -> Iterator[Path]:
    """Yield the files of one assignment's release; raise UserError if it is not built."""
    folder = course.release(stem).parent
    if not (folder / SELFCHECK).is_file():
        raise UserError(f"{folder} has no {SELFCHECK}: run `autograder build {stem}` first.")
    yield from sorted(path for path in folder.iterdir() if path.name not in LEFT_BY_RUNNING and path.is_file())


def released_at(root: Path, files: Iterable[Path]) -> datetime:
    """Return the date of a release: SOURCE_DATE_EPOCH if it is set, else that of the course's last commit.

    Without git it is the date of the newest of these files. Raise UserError if SOURCE_DATE_EPOCH is not a date.
    """
    named = os.environ.get("SOURCE_DATE_EPOCH")
    seconds = named or _last_commit(root) or str(int(max(path.stat().st_mtime for path in files)))
    try:
        date = datetime.fromtimestamp(int(seconds), UTC)
        if named is None or _DATES[0] <= date <= _DATES[1]:
            return min(max(date, _DATES[0]), _DATES[1])
    except (ValueError, OverflowError, OSError):
        pass
    raise UserError(f"SOURCE_DATE_EPOCH is {seconds!r}: set it to the seconds since 1970, from the year 1980 on.")


def _last_commit(root: Path) -> str:
    """Return the time of the last commit in seconds since 1970; empty if there is no git or no repository."""
    command = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
    try:
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def digest(entries: Mapping[str, bytes]) -> str:
    """Return a few letters that tell different contents apart."""
    digest = hashlib.sha256()
    for name in sorted(entries):
        digest.update(name.encode() + b"\0" + hashlib.sha256(entries[name]).digest())
    return digest.hexdigest()[:_DIGEST_LETTERS]


def write_zip(out: Path, folder: str, date: datetime, entries: Mapping[str, bytes]) -> None:
    """Write a zip in which all entries are in one folder and have one date. Equal entries give equal bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(f"{folder}/{name}", date.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix permissions, whatever machine this is
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED  # a zip itself
            archive.writestr(entry, entries[name])
    write_atomically(out, content.getvalue())


# ---- requirements.txt: the versions to install


def pins(constraints: Path) -> dict[str, Requirement]:
    """Return the pinned versions by name, each with the marker of the machines that need it.

    Raise UserError if the file cannot be read.
    """
    try:
        lines = constraints.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"{constraints} cannot be read ({error.strerror}); it holds the versions to install.") from None
    pinned = map(Requirement, (line for line in lines if "==" in line))
    return {str(canonicalize_name(requirement.name)): requirement for requirement in pinned}


def listings_of(
    wheel: str, requires: Sequence[str], pinned: Mapping[str, Requirement], *, torch: bool
) -> dict[str, str]:
    """Return the files for `pip install -r`, by name: all that JupyterLab and the kit need, at the tested versions.

    wheel: the file name of the kit's wheel
    requires: what the wheel asks for
    torch: whether there is a second file with what PyTorch needs; it is large, and only the last assignment needs it

    Raise UserError if a package has no pinned version or is not installed here.
    """
    lab = closure(requires, "lab")
    head = ["# What the workshops were tested with. START.md tells how to install it.", f"./{wheel}"]
    listings = {REQUIREMENTS: [*head, *_pinned_lines(lab, pinned)]}
    if torch:
        more = {name: marker for name, marker in closure(requires, "capstone").items() if name not in lab}
        head = ["# What the assignment with PyTorch needs in addition.", f"-r {REQUIREMENTS}"]
        listings[TORCH_REQUIREMENTS] = [*head, *_pinned_lines(more, pinned)]
    return {name: "\n".join([*lines, ""]) for name, lines in listings.items()}


def _pinned_lines(needed: Mapping[str, str], pinned: Mapping[str, Requirement]) -> list[str]:
    missing = [name for name in needed if name not in pinned]
    if missing:
        raise UserError(f"constraints.txt has no version of {listed(missing)}.")
    return [_line(pinned[name], marker) for name, marker in sorted(needed.items())]


def _line(pin: Requirement, asked_under: str) -> str:
    """Return the line for pip: the pin's own marker goes before the one under which the package was asked for."""
    marker = pin.marker or asked_under
    return f"{pin.name}{pin.specifier}" + (f"; {marker}" if marker else "")


def closure(requires: Iterable[str], extra: str) -> dict[str, str]:
    """Return every package that these requirements need here, directly or not, with an extra.

    The values are the markers of the platforms that need a package; an empty one means all.

    Raise UserError if a package is not installed here.
    """
    markers: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(_applicable(requires, frozenset({extra})))
    while waiting:
        requirement = waiting.pop()
        name, extras = str(canonicalize_name(requirement.name)), frozenset(requirement.extras)
        marker = str(requirement.marker) if requirement.marker and "platform" in str(requirement.marker) else ""
        markers[name] = marker if markers.get(name, marker) else ""
        if (name, extras) not in seen:
            seen.add((name, extras))
            waiting += _applicable(_installed_requirements(name), extras)
    return markers


def _applicable(lines: Iterable[str], extras: frozenset[str]) -> Iterator[Requirement]:
    environments = [{"extra": extra} for extra in sorted(extras)] or [{"extra": ""}]
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        if marker is None or any(marker.evaluate(environment) for environment in environments):
            yield requirement


def _installed_requirements(name: str) -> list[str]:
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        raise UserError(f"{name} is not installed here, so its version is unknown: run `make setup` first.") from None


def _download(listings: Mapping[str, str], wheel: Path, folder: Path) -> list[Path]:
    """Download the wheels of all dependencies, for machines like this one."""
    options = []
    for name, text in listings.items():
        listing = wheel.with_name(name)
        listing.write_text(text.replace(f"./{wheel.name}", str(wheel)), encoding="utf-8")
        options += ["--requirement", str(listing)]
    run_pip("download", "--only-binary", ":all:", "--dest", str(folder), *options)
    return sorted(path for path in folder.iterdir() if path.name != wheel.name)
