"""The student edition: only what a student needs, installed without the rest of the kit, and it works."""

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from places import ROOT

import autograder
from autograder.authoring.student_wheel import MODULES, RINGS, build_student_wheel, requirements_of
from autograder.cli.commands import STUDENTS, TABLE
from autograder.core.errors import UserError

STEM = "01_perceptron"
VERSION = f"{autograder.__version__}+student"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_student_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sources(wheel: Path) -> dict[str, ast.Module]:
    """The Python files of the wheel, by their path."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: ast.parse(archive.read(name)) for name in archive.namelist() if name.endswith(".py")}


# ---- what is in it


def test_made_twice_it_is_the_same_to_the_byte(wheel: Path, tmp_path: Path) -> None:
    again = build_student_wheel(ROOT, tmp_path)
    assert again.name == wheel.name == f"nn_autograder-{VERSION}-py3-none-any.whl"
    assert again.read_bytes() == wheel.read_bytes()


def test_it_holds_the_allowed_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    inside = {name.removeprefix("autograder/") for name in names}
    assert all(name.startswith("autograder/") for name in names)
    assert {name for name in inside if name.split("/")[0] not in RINGS} == set(MODULES)
    assert not {"sandbox", "instructor", "authoring", "nbgrader_bridge"} & set(RINGS)
    tracked = {
        path.relative_to(ROOT / "autograder").as_posix()
        for ring in RINGS
        for path in (ROOT / "autograder" / ring).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == tracked | set(MODULES)


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every import of a file, also those within functions: (module, name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def file_of(module: str) -> str | None:
    """The path of a module of the whole kit; None for another name."""
    path = module.replace(".", "/")
    return next((name for name in (f"{path}.py", f"{path}/__init__.py") if (ROOT / name).is_file()), None)


def test_what_it_imports_of_the_kit_is_in_it(sources: dict[str, ast.Module]) -> None:
    for file, tree in sources.items():
        for module, name in imported(tree):
            if module.split(".")[0] == "autograder":
                assert file_of(module) in sources, f"{file} imports {module}"
                submodule = file_of(f"{module}.{name}") if name else None
                assert submodule is None or submodule in sources, f"{file} imports {module}.{name}"


def test_it_asks_for_nothing_that_it_does_not_import(wheel: Path, sources: dict[str, ast.Module]) -> None:
    modules = {module.split(".")[0] for tree in sources.values() for module, _ in imported(tree)}
    requirements = [Requirement(line) for line in requirements_of(wheel)]
    base = {requirement.name for requirement in requirements if "extra" not in str(requirement.marker)}
    assert base - modules == set()
    assert "numpy" in base
    assert "pyseccomp" not in {requirement.name for requirement in requirements}
    assert not {"ruff", "mypy", "playwright"} & {requirement.name for requirement in requirements}


def test_both_wheels_are_typed(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (full,) = tmp_path.glob("*.whl")
    for path in (wheel, full):
        with zipfile.ZipFile(path) as archive:
            assert "autograder/py.typed" in archive.namelist()


@pytest.mark.parametrize("missing", ["LICENSE", "pyproject.toml", "autograder"])
def test_a_kit_that_is_not_whole(tmp_path: Path, missing: str) -> None:
    for name in {"LICENSE", "pyproject.toml", "autograder"} - {missing}:
        (tmp_path / name).symlink_to(ROOT / name)
    with pytest.raises(UserError, match="cannot be read"):
        build_student_wheel(tmp_path, tmp_path / "out")


def test_a_kit_without_a_version(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "LICENSE").touch()
    (tmp_path / "autograder" / "__init__.py").write_text("")
    with pytest.raises(UserError, match="has no line __version__"):
        build_student_wheel(tmp_path, tmp_path / "out")


# ---- installed alone


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel, and nothing else of the kit."""
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--no-deps", "--no-index", "--target", target, wheel], check=True, capture_output=True)
    return target


def run(installed: Path, folder: Path, *arguments: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command of the installed wheel.

    -S keeps the kit in development out: what makes it importable is read by `site`, which then does not run.
    """
    places = [str(installed), sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]]
    done = subprocess.run(
        [sys.executable, "-S", "-m", "autograder.cli.main", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(places)), "COLUMNS": "80"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def test_its_version_says_what_it_is(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "--version") == (0, f"autograder, version {VERSION}\n", "")


def test_its_help_lists_the_students_commands(installed: Path, tmp_path: Path) -> None:
    code, out, err = run(installed, tmp_path, "--help")
    assert (code, err) == (0, "")
    (section,) = (part for part in out.split("\n\n") if part.startswith("Students:"))
    assert [line.split()[0] for line in section.splitlines()[1:]] == [entry.name for entry in TABLE[STUDENTS]]
    assert "Instructors" not in out
    assert "Authors" not in out


def test_other_commands_say_where_they_are(installed: Path, tmp_path: Path) -> None:
    for group, members in TABLE.items():
        for entry in members if group != STUDENTS else ():
            assert run(installed, tmp_path, entry.name) == (
                2,
                "",
                f"`autograder {entry.name}` is for {group.lower()}; it is in the package nn-autograder, "
                f"and this is its student edition ({VERSION}).\n",
            )


def test_a_notebook_is_checked_and_submitted(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "assignments" / STEM, tmp_path / STEM, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    code, out, err = run(installed, tmp_path, "check", f"{STEM}/perceptron.ipynb")
    assert (code, err) == (1, "")
    assert out.count("not written yet") == 8
    assert run(installed, tmp_path, "submit", STEM, "--student", "mia")[0] == 2  # there is nothing to hand in
    path = tmp_path / STEM / "perceptron.ipynb"
    path.write_text(
        path.read_text(encoding="utf-8").replace("    raise NotImplementedError", "    return 0", 1), "utf-8"
    )
    code, out, _ = run(installed, tmp_path, "submit", STEM, "--student", "mia")
    assert code == 0
    assert f"Hand in this file: mia__{STEM}.ipynb" in out
    code, out, _ = run(installed, tmp_path, "reset", f"{STEM}/perceptron.ipynb", "gate")
    assert code == 0
    code, out, _ = run(installed, tmp_path, "progress")
    assert out.splitlines()[1].startswith(f"{STEM}  0 of 8")


def test_the_doctor_finds_its_own_kit(installed: Path, tmp_path: Path) -> None:
    code, out, _ = run(installed, tmp_path, "doctor", "--json")
    assert code == 1  # there are no notebooks here
    assert '"subject": "packages",\n  "ready": true' in out
