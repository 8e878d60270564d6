"""A conftest.py above the course, an installed plugin, settings and variables for pytest: no command notices them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from autograder.instructor.results.diff import diff_results

pytestmark = pytest.mark.slow

STEM = "01_perceptron"
DROPS_AND_TURNS = "def pytest_collection_modifyitems(items):\n    del items[::2]\n    items.reverse()\n"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one submission, which a student has at home, too. Nothing is around it."""
    return course_in(tmp_path_factory.mktemp("at_rest"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same course, with everything around it that pytest would obey."""
    folder = tmp_path_factory.mktemp("hostile")
    course = course_in(folder)
    for place in (folder, course, course / "tests", course / "tests/suites", course / "home", course / "home" / STEM):
        (place / "conftest.py").write_text(DROPS_AND_TURNS)
        (place / "pytest.ini").write_text("[pytest]\naddopts = -k gate\npython_functions = check_*\n")
    about = folder / "installed" / "foreign-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[pytest11]\nforeign = foreign_plugin\n")
    (folder / "installed" / "foreign_plugin.py").write_text(f"print('loaded')\n{DROPS_AND_TURNS}")
    return course


def course_in(folder: Path) -> Path:
    course = folder / "course"
    for name in ("assignments", "solutions", "reference_impl", "tests/suites"):
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__", ".*", "0[2-9]_*"))
    shutil.copy(ROOT / "nbgrader_config.py", course)
    wrong = ROOT / "tests/sample_class/submitted/dilip" / STEM
    shutil.copytree(wrong, course / "submitted" / "dilip" / STEM)
    shutil.copytree(course / "assignments" / STEM, course / "home" / STEM)
    shutil.copy(wrong / "perceptron.ipynb", course / "home" / STEM)
    return course


def run(course: Path, command: str, **environment: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command, without the course's path and without the time."""
    done = subprocess.run(
        [sys.executable, "-m", "autograder.cli.main", *command.split()],
        cwd=course,
        capture_output=True,
        encoding="utf-8",
        env={name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")} | environment,
    )
    texts = (text.replace(str(course), "COURSE") for text in (done.stdout, done.stderr))
    return done.returncode, *(re.sub(r"written \S+ \S+", "written then", text) for text in texts)


def variables(course: Path) -> dict[str, str]:
    paths = [str(course.parent / "installed"), os.environ.get("PYTHONPATH", "")]
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTEST_ADDOPTS": "-n4 -k gate",
        "PYTEST_PLUGINS": "foreign_plugin,missing",
        "PYTEST_THEME": "nonsense",
        "PYTEST_DEBUG": "1",
    }


def test_grading_is_the_same(quiet: Path, hostile: Path) -> None:
    command = "grade --jobs 1 --sandbox none"
    assert run(quiet, command)[0] == 0
    code, output, problems = run(hostile, command, **variables(hostile))
    assert code == 0, problems
    assert "loaded" not in output + problems
    difference = diff_results(quiet / "results", hostile / "results")
    assert difference.shared == 1
    assert difference.equal


@pytest.mark.parametrize(
    "command",
    [
        f"check home/{STEM}/perceptron.ipynb",
        f"submit home/{STEM}/perceptron.ipynb --student dilip",
        f"explain dilip {STEM} threshold_unit --sandbox none",
        f"audit {STEM}",
        pytest.param("build --check", marks=pytest.mark.nbgrader),
    ],
)
def test_other_commands_say_the_same(quiet: Path, hostile: Path, command: str) -> None:
    expected = run(quiet, command)
    assert run(hostile, command, **variables(hostile)) == expected
    assert expected[1]


def test_a_notebook_s_kernel_says_the_same(quiet: Path, hostile: Path) -> None:
    """`open_assignment` collects the public suite in the student's kernel."""
    code = f"from autograder import open_assignment\nopen_assignment({STEM!r})()"

    def printed(course: Path, **environment: str) -> str:
        command = [sys.executable, "-c", code]
        folder, variables = course / "home" / STEM, os.environ | environment
        return subprocess.run(command, cwd=folder, env=variables, capture_output=True, encoding="utf-8").stdout

    expected = printed(quiet)
    assert "threshold_unit" in expected
    assert printed(hostile, **variables(hostile)) == expected
