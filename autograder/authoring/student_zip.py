"""Makes the zip that students get: notebooks with stubs, public tests, the kit as a wheel, and how to begin.

Byte-identical when made twice: entries are sorted and carry no time of day, and so is the wheel.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.authoring.start_page import FOLDER, start_text
from autograder.core.errors import UserError
from autograder.core.installed import REQUIREMENTS, TORCH_REQUIREMENTS
from autograder.core.text import listed
from autograder.notebooks.course import Course
from autograder.student.handout import LEFT_BY_RUNNING, SELFCHECK

DISTRIBUTION = "nn-autograder"
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)  # of a zip's calendar


@dataclass(frozen=True)
class Released:
    """What was put into the zip."""

    path: Path
    stems: tuple[str, ...]
    files: int
    wheels: int  # of dependencies


def release(course: Course, out: Path, stems: Sequence[str] = (), *, wheels: bool = False) -> Released:
    """Write the zip, of all assignments or of those named; UserError where something it needs is missing."""
    for stem in stems:
        course.assignment(stem)  # UserError where it is unknown
    chosen = tuple(stem for stem in course.stems if stem in stems or not stems)
    with tempfile.TemporaryDirectory() as temporary:
        wheel = build_wheel(course.root, Path(temporary))
        torch = any(course.assignment(stem).torch for stem in chosen)
        listings = listings_of(wheel.name, pins(course.root / "constraints.txt"), torch=torch)
        entries = {
            "START.md": start_text(chosen, wheel.name, wheels=wheels, torch=torch).encode(),
            wheel.name: wheel.read_bytes(),
        }
        entries |= {name: text.encode() for name, text in listings.items()}
        for stem in chosen:
            entries |= {f"assignments/{stem}/{path.name}": path.read_bytes() for path in handed_out(course, stem)}
        others = _download(listings, wheel, Path(temporary) / "wheels") if wheels else []
        entries |= {f"wheels/{path.name}": path.read_bytes() for path in others}
    _write_zip(out, entries)
    return Released(out, chosen, len(entries), len(others))


def handed_out(course: Course, stem: str) -> Iterator[Path]:
    """The files of one assignment's release."""
    folder = course.release(stem).parent
    if not (folder / SELFCHECK).is_file():
        raise UserError(f"{folder} has no {SELFCHECK}: run `autograder build {stem}` first.")
    yield from sorted(path for path in folder.iterdir() if path.name not in LEFT_BY_RUNNING and path.is_file())


def _write_zip(out: Path, entries: dict[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", _FIRST_MOMENT)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # whose permissions these are, whatever machine this is
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED  # a zip itself
            archive.writestr(entry, entries[name])


# ---- the kit and what it needs


def build_wheel(root: Path, folder: Path) -> Path:
    """The kit's own wheel, without its dependencies; UserError with pip's words where that fails."""
    isolated = [] if importlib.util.find_spec("hatchling") is None else ["--no-build-isolation"]
    _pip("wheel", "--no-deps", *isolated, "--wheel-dir", str(folder), str(root))
    (wheel,) = folder.glob("*.whl")
    return wheel


def pins(constraints: Path) -> dict[str, Requirement]:
    """Return the pinned versions by name, each with the marker that says which machines need it."""
    try:
        lines = constraints.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"{constraints} cannot be read ({error.strerror}); it holds the versions to install.") from None
    pinned = map(Requirement, (line for line in lines if "==" in line))
    return {str(canonicalize_name(requirement.name)): requirement for requirement in pinned}


def listings_of(wheel: str, pinned: dict[str, Requirement], *, torch: bool) -> dict[str, str]:
    """What pip is told to install, by file: all that a student's JupyterLab needs, at the versions that were tested.

    What PyTorch needs comes in a file of its own: it is large, and wanted by the last assignment alone.
    """
    lab = closure(DISTRIBUTION, "lab")
    basis = ["# What the workshops were tested with. START.md tells how to install it.", f"./{wheel}"]
    listings = {REQUIREMENTS: [*basis, *_lines(lab, pinned)]}
    if torch:
        more = {name: marker for name, marker in closure(DISTRIBUTION, "capstone").items() if name not in lab}
        basis = ["# What the assignment with PyTorch needs in addition.", f"-r {REQUIREMENTS}"]
        listings[TORCH_REQUIREMENTS] = [*basis, *_lines(more, pinned)]
    return {name: "\n".join([*lines, ""]) for name, lines in listings.items()}


def _lines(needed: dict[str, str], pinned: dict[str, Requirement]) -> list[str]:
    missing = [name for name in needed if name not in pinned]
    if missing:
        raise UserError(f"constraints.txt has no version of {listed(missing)}.")
    return [_line(pinned[name], marker) for name, marker in sorted(needed.items())]


def _line(pin: Requirement, asked_under: str) -> str:
    """Return the line for pip: the pin's own marker goes before the one under which the package was asked for."""
    marker = pin.marker or asked_under
    return f"{pin.name}{pin.specifier}" + (f"; {marker}" if marker else "")


def closure(distribution: str, extra: str) -> dict[str, str]:
    """All that a distribution needs here, with an extra: the marker that each was asked for under, by name."""
    found: dict[str, str] = {}
    waiting = [(distribution, frozenset({extra}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for requirement in _requirements(name, extras):
            other = str(canonicalize_name(requirement.name))
            marker = str(requirement.marker) if requirement.marker and "platform" in str(requirement.marker) else ""
            found[other] = marker if found.get(other, marker) else ""
            waiting.append((other, frozenset(requirement.extras)))
    return {name: marker for name, marker in found.items() if name != distribution}


def _requirements(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        raise UserError(f"{name} is not installed here, so its version is unknown: run `make setup` first.") from None
    for requirement in map(Requirement, lines):
        environments = [{"extra": extra} for extra in sorted(extras)] or [{"extra": ""}]
        if requirement.marker is None or any(requirement.marker.evaluate(one) for one in environments):
            yield requirement


def _download(listings: dict[str, str], wheel: Path, folder: Path) -> list[Path]:
    """The wheels of all dependencies, for machines like this one."""
    asked = []
    for name, text in listings.items():
        listing = wheel.with_name(name)
        listing.write_text(text.replace(f"./{wheel.name}", str(wheel)), encoding="utf-8")
        asked += ["--requirement", str(listing)]
    _pip("download", "--only-binary", ":all:", "--dest", str(folder), *asked)
    return sorted(path for path in folder.iterdir() if path.name != wheel.name)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"pip {arguments[0]} failed:\n{done.stderr.strip()[-2000:]}")
