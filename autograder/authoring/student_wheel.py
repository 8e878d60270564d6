"""Build the student edition of the kit: a wheel with what a student's notebooks and commands need, and nothing else.

Its version ends in `+student`. Built twice, it is the same to the byte.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from autograder.core.edition import STUDENT_LABEL
from autograder.core.errors import UserError

RINGS = ("core", "execution", "grading", "guest", "notebooks", "rendering", "student")
MODULES = (
    *("__init__.py", "py.typed", "datasets.py"),
    *("cli/__init__.py", "cli/commands.py", "cli/main.py", "cli/options.py", "cli/students.py"),
    *("cli/output/__init__.py", "cli/output/submit.py", "cli/output/terminal.py"),
)
EXTRAS = ("lab", "capstone")  # of pyproject.toml; what students install
INSTRUCTORS_PACKAGES = frozenset({"pyseccomp"})  # dependencies of the kit that only the sandbox imports
_VERSION = re.compile(r'^__version__ = "([^"+]+)"$', re.MULTILINE)


def build_student_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of the kit in `root` into `folder`.

    Raise UserError with pip's message if that fails.
    """
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary)
        try:
            _copy_package(root / "autograder", tree / "autograder")
            shutil.copy(root / "LICENSE", tree)
            original = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"{error.filename} cannot be read ({error.strerror}); the kit's wheel needs it.") from None
        (tree / "pyproject.toml").write_text(_pyproject(original), encoding="utf-8")
        isolated = [] if importlib.util.find_spec("hatchling") is None else ["--no-build-isolation"]
        run_pip("wheel", "--no-deps", *isolated, "--wheel-dir", str(folder), str(tree))
    (wheel,) = folder.glob("*.whl")
    return wheel


def requirements_of(wheel: Path) -> list[str]:
    """Return what a wheel asks for, as its metadata says it."""
    (distribution,) = importlib.metadata.distributions(path=[str(wheel)])
    return distribution.requires or []


def _copy_package(source: Path, target: Path) -> None:
    for ring in RINGS:
        shutil.copytree(source / ring, target / ring, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in MODULES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)
    init = target / "__init__.py"
    text, replaced = _VERSION.subn(rf'__version__ = "\1{STUDENT_LABEL}"', init.read_text(encoding="utf-8"))
    if replaced != 1:
        raise UserError(f'{source / "__init__.py"} has no line __version__ = "…" of a release.')
    init.write_text(text, encoding="utf-8")


def _pyproject(original: Mapping[str, Any]) -> str:
    """Return the student edition's pyproject.toml, made from the kit's."""
    project = original["project"]
    kept = ("name", "description", "license", "license-files", "requires-python")
    tables = {
        "build-system": original["build-system"],
        "project": {name: project[name] for name in kept}
        | {"dynamic": ["version"], "dependencies": _for_students(project["dependencies"])},
        "project.optional-dependencies": {
            extra: _for_students(project["optional-dependencies"][extra]) for extra in EXTRAS
        },
        "project.scripts": project["scripts"],
        **{f"project.entry-points.{group}": entries for group, entries in project["entry-points"].items()},
        "tool.hatch.version": {"path": "autograder/__init__.py"},
        "tool.hatch.build.targets.wheel": {"packages": ["autograder"]},
    }
    return "\n".join(
        f"[{header}]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in table.items())
        for header, table in tables.items()
    )


def _for_students(requirements: Iterable[str]) -> list[str]:
    return [line for line in requirements if Requirement(line).name not in INSTRUCTORS_PACKAGES]


def _toml(value: str | list[str]) -> str:
    """Return a string or a list of strings as TOML, which writes them as JSON does."""
    return json.dumps(value, ensure_ascii=False)


def run_pip(*arguments: str) -> None:
    """Run this Python's pip; raise UserError with its message if it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    process = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if process.returncode != 0:
        raise UserError(f"pip {arguments[0]} failed:\n{process.stderr.strip()[-2000:]}")
