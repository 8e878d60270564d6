"""Makes `assignments/` from `solutions/`: nbgrader's own converter, run on a copy, so that nothing is half written."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.course import Course, read_assignment, topic_of
from autograder.judging import recorded_mistakes
from autograder.mistakes import catalogue_to_json
from autograder.model import Exercise, KitError, Visibility
from autograder.report.record import write_atomically
from autograder.suite import Suites, load_suites, put_on_path


def build(course: Course, stem: str) -> list[str]:
    """Build one release; gives the names of the files that changed."""
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
        authored = course.root / "solutions" / stem / "selfcheck.json"
        write_atomically(authored, (fresh / "selfcheck.json").read_bytes())
    return changed


def stale_files(course: Course, stem: str) -> list[str]:
    """The files of a release that are not what `build` would make now."""
    with tempfile.TemporaryDirectory() as temporary:
        return list(_differences(course, stem, _converted(course, stem, Path(temporary))))


def authored_stems(course: Course) -> tuple[str, ...]:
    folders = sorted(path for path in (course.root / "solutions").glob("*_*") if path.is_dir())
    return tuple(folder.name for folder in folders)


def _converted(course: Course, stem: str, temporary: Path) -> Path:
    """The fresh release of one assignment, in a temporary course."""
    from autograder.nbgrader_bridge import generate_release

    source = course.root / "solutions" / stem
    if not (source / f"{topic_of(stem)}.ipynb").is_file():
        raise KitError(f"{source} has no notebook {topic_of(stem)}.ipynb.")
    copy = temporary / "solutions" / stem
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", ".*", "selfcheck.json"))
    release = generate_release(temporary, stem, course.root / "nbgrader_config.py")
    put_on_path(course.root)
    suites = load_suites(
        read_assignment(release / f"{topic_of(stem)}.ipynb"),
        course.public_suite(stem),
        course.hidden_suite(stem),
    )
    (release / "selfcheck.json").write_text(selfcheck_json(suites), encoding="utf-8")
    return release


def _differences(course: Course, stem: str, fresh: Path) -> Iterator[str]:
    target = course.root / "assignments" / stem
    ignored = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache"}
    names = {path.name for folder in (fresh, target) if folder.is_dir() for path in folder.iterdir()} - ignored
    for name in sorted(names):
        ours, theirs = fresh / name, target / name
        if not (ours.is_file() and theirs.is_file() and ours.read_bytes() == theirs.read_bytes()):
            yield name


def selfcheck_json(suites: Suites) -> str:
    """What the student's side must know of what it cannot see: points, how many hidden tests, mistakes' answers."""
    record = functools.cache(functools.partial(recorded_mistakes, suites))
    told = replace(suites, mistakes_of=record)
    exercises = {one.name: _selfcheck_entry(told, one) for one in suites.assignment.exercises}
    content = {"schema": 1, "assignment": suites.assignment.stem, "exercises": exercises}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _selfcheck_entry(suites: Suites, one: Exercise) -> dict[str, Any]:
    public = [test for test in suites.of(one.name) if test.visibility is Visibility.PUBLIC]
    hidden = [test for test in suites.of(one.name) if test.visibility is Visibility.HIDDEN]
    return {
        "points": one.points,
        "parameters": list(one.parameters),
        "public_weight": sum(test.weight for test in public),
        "hidden_tests": len(hidden),
        "hidden_weight": sum(test.weight for test in hidden),
        "mistakes": catalogue_to_json(suites.mistakes_of(one.name), {test.id for test in public}),
    }
