"""What is loaded when; who may import whom stands in pyproject.toml, and `make lint` holds it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from autograder.authoring.student_wheel import MODULES, RINGS

STEM = "01_perceptron"
NOTEBOOK = f"assignments/{STEM}/perceptron.ipynb"
FIRST_CELL = """
import autograder
check = autograder.open_assignment("01_perceptron")
try:
    check(lambda x, w, b: None)
except AssertionError:
    pass
"""
COMMAND = """
from autograder.cli.main import main
try:
    main({arguments!r})
except SystemExit as ended:
    assert ended.code in (0, 1), ended.code
"""

STDLIB = sys.stdlib_module_names


def loaded_by(code: str, folder: Path = ROOT) -> set[str]:
    """The modules that are loaded once `code` has run in a fresh Python."""
    code += "\nimport sys; print('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def not_for_students(modules: set[str]) -> set[str]:
    """Those of the kit that the wheel for students does not hold."""
    ours = {module for module in modules if module.startswith("autograder.")}
    paths = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in MODULES}
    held = {f"autograder.{path}" for path in paths}
    return {module for module in ours - held if module.split(".")[1] not in RINGS}


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """One assignment, as it comes out of the zip, and one answer."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "assignments" / STEM, tmp_path / "assignments" / STEM, ignore=ignored)
    notebook = tmp_path / NOTEBOOK  # `submit` refuses a notebook without an answer
    text = notebook.read_text(encoding="utf-8")
    notebook.write_text(text.replace("    raise NotImplementedError", "    return 0", 1), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_grading_imports_no_nbgrader() -> None:
    """It takes seconds to import; a notebook is read with json."""
    modules = loaded_by(
        "import autograder.cli.instructors, autograder.cli.output.grade, autograder.nbgrader_bridge.fill"
    )
    assert "autograder.instructor.batch.run" in modules
    assert modules & {"nbgrader", "nbformat", "nbconvert", "jsonschema", "IPython"} == set()


def test_importing_the_package_is_quick_work() -> None:
    """A student's kernel imports it in the first cell: nothing is loaded before it is used."""
    assert loaded_by("import autograder") & {"pytest", "numpy"} == set()


@pytest.mark.slow
def test_a_notebooks_first_cells_load_nothing_of_the_instructors() -> None:
    modules = loaded_by(FIRST_CELL)
    assert "autograder.student.selfcheck" in modules
    assert not_for_students(modules) == set()
    assert "autograder.cli" not in modules


@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (["check", NOTEBOOK], "student.saved_check"),
        (["reset", NOTEBOOK, "threshold_unit"], "student.reset"),
        (["progress"], "cli.output.submit"),
        (["submit", STEM, "--student", "mia"], "student.submit"),
        (["doctor"], "student.doctor"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_students_command_loads_nothing_of_the_instructors(unpacked: Path, arguments: list[str], module: str) -> None:
    modules = loaded_by(COMMAND.format(arguments=arguments), unpacked)
    assert f"autograder.{module}" in modules
    assert not_for_students(modules) == set()


def test_help_loads_no_command() -> None:
    modules = loaded_by(COMMAND.format(arguments=["--help"]))
    assert not_for_students(modules) == set()
    assert "autograder.cli.students" not in modules


# ---- what import-linter cannot say: which packages from outside a ring may use, whatever else is installed


def imported_by(package: str) -> dict[str, set[str]]:
    """Return what each module of a package imports, by the module's name: packages from outside, and the kit's root."""
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("autograder", include_external_packages=True, exclude_type_checking_imports=True)
    inside = {name for name in graph.modules if name == package or name.startswith(f"{package}.")}
    found = {name: graph.find_modules_directly_imported_by(name) for name in sorted(inside)}
    assert len(found) > 1
    return {
        name: {module for module in modules if module == "autograder" or not module.startswith("autograder.")}
        for name, modules in found.items()
    }


def test_core_needs_the_standard_library_alone() -> None:
    assert {name: used - STDLIB for name, used in imported_by("autograder.core").items() if used - STDLIB} == {}


def test_the_guest_needs_numpy_and_in_one_file_pytorch() -> None:
    others = {name: used - STDLIB for name, used in imported_by("autograder.guest").items()}
    assert others.pop("autograder.guest.torch_warm_up") == {"torch"}
    assert set[str]().union(*others.values()) == {"numpy"}


@pytest.mark.parametrize("ring", ["core", "guest", "execution", "rendering"])
def test_a_low_ring_does_not_import_the_public_api(ring: str) -> None:
    """It loads grading when it is used."""
    assert [name for name, used in imported_by(f"autograder.{ring}").items() if "autograder" in used] == []
