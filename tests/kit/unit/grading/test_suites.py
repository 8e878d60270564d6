"""Collecting a suite: nothing of pytest's that lies around it, is installed or is set changes which tests there are."""

import importlib.util
import marshal
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.core.errors import UserError
from autograder.core.model import Visibility
from autograder.grading.suites import collect

SUITE = '''
"""A suite with every form of a test."""
from __future__ import annotations
import os
from dataclasses import dataclass
import pytest
from autograder import exercise

@dataclass
class Case:
    x: int

@exercise("f")
def test_zeta(student):
    """It comes first in the file."""

@exercise("f", weight=2)
@pytest.mark.parametrize("case", [Case(2), Case(1)], ids=["two", "one"])
def test_alpha(student, rng, case):
    """It has two cases."""

@exercise("f", "g")
def test_shared(student, name):
    """It is a test of two exercises."""

@exercise("g")
def test_beta():
    """It needs nothing."""

SEEN = sorted(name for name in os.environ if name.startswith(("PYTEST_", "PY_COLORS")))
'''
IN_FILE_ORDER = ["test_zeta", "test_alpha[two]", "test_alpha[one]", "test_shared[f]", "test_shared[g]", "test_beta"]

RAISES = "raise RuntimeError('this file must not run')\n"
DROPS = "def pytest_collection_modifyitems(items):\n    del items[::2]\n"
SHUFFLES = (
    "import random\n"
    "def pytest_collection_modifyitems(items):\n    random.Random(3).shuffle(items)\n"
    "def pytest_configure(config):\n    print('the plugin is active')\n"
)
REPEATS = "def pytest_pycollect_makeitem(collector, name, obj):\n    return []\n"
OPTIONS = "-k test_beta --maxfail=1"
SETTINGS = {
    "pytest.ini": f"[pytest]\naddopts = {OPTIONS}\npython_functions = check_*\n",
    ".pytest.ini": f"[pytest]\naddopts = {OPTIONS}\n",
    "pytest.toml": '[pytest]\naddopts = ["-k", "test_beta"]\npython_functions = ["check_*"]\n',
    ".pytest.toml": '[pytest]\naddopts = ["-k", "test_beta"]\n',
    "pyproject.toml": f'[tool.pytest.ini_options]\naddopts = "{OPTIONS}"\nrequired_plugins = ["missing"]\n',
    "tox.ini": f"[pytest]\naddopts = {OPTIONS}\n",
    "setup.cfg": f"[tool:pytest]\naddopts = {OPTIONS}\n",
    "conftest.py": DROPS,
}
ENVIRONMENT = {
    "PYTEST_ADDOPTS": [
        "-k test_beta",
        "-n4",
        "--no-such-option",
        "-p shuffling",
        "-p missing",
        "--co -c pytest.ini",
        "@f",
    ],
    "PYTEST_PLUGINS": ["missing", "shuffling", "shuffling,missing"],
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ["", "1"],
    "PYTEST_THEME": ["no-such-theme"],
    "PYTEST_THEME_MODE": ["no-such-mode"],
    "PYTEST_DEBUG": ["1"],
    "PYTEST_DEBUG_TEMPROOT": ["/nowhere"],
    "PYTEST_VERSION": ["1"],
    "PYTEST_CURRENT_TEST": ["nothing"],
    "PYTEST_XDIST_WORKER": ["gw0"],
    "PYTEST_OF_A_LATER_VERSION": ["1"],
    "PY_COLORS": ["1"],
    "PY_IGNORE_IMPORTMISMATCH": ["1"],
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite some folders below one in which others may write."""
    path = tmp_path / "above" / "course" / "tests" / "suites" / "test_topic.py"
    path.parent.mkdir(parents=True)
    path.write_text(SUITE)
    return path


def names(suite: Path) -> list[str]:
    return [test.id for test in collect(suite, Visibility.HIDDEN)[0]]


def test_tests_are_in_file_order(suite: Path) -> None:
    tests, module = collect(suite, Visibility.HIDDEN)
    assert [test.id for test in tests] == IN_FILE_ORDER
    assert [test.exercise for test in tests] == ["f", "f", "f", "f", "g", "g"]
    assert [test.fixtures for test in tests[:2]] == [{"student"}, {"student", "rng"}]
    assert module.SEEN == ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]


@pytest.mark.parametrize("code", [DROPS, RAISES, SHUFFLES, REPEATS])
@pytest.mark.parametrize("name", ["conftest.py", "__init__.py"])
def test_no_python_file_around_a_suite_is_run(suite: Path, name: str, code: str) -> None:
    for folder in suite.parents[:4]:
        (folder / name).write_text(code)
    assert names(suite) == IN_FILE_ORDER


@pytest.mark.parametrize("name", SETTINGS)
def test_no_settings_file_is_read(suite: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for folder in suite.parents[:4]:
        (folder / name).write_text(SETTINGS[name])
    monkeypatch.chdir(suite.parents[3])
    assert names(suite) == IN_FILE_ORDER


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A plugin that shuffles, installed by an entry point."""
    about = tmp_path / "installed" / "shuffling-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shuffling\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[pytest11]\nshuffling = shuffling\n")
    (about.parent / "shuffling.py").write_text(SHUFFLES)
    monkeypatch.syspath_prepend(about.parent)
    monkeypatch.delitem(sys.modules, "shuffling", raising=False)
    return "shuffling"


def test_no_installed_plugin_is_loaded(suite: Path, plugin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    assert names(suite) == IN_FILE_ORDER
    assert plugin not in sys.modules


def test_a_suite_loads_no_plugin_either(suite: Path, plugin: str) -> None:
    suite.write_text(f"{SUITE}\npytest_plugins = [{plugin!r}]\n", encoding="utf-8")
    assert names(suite) == IN_FILE_ORDER
    assert plugin not in sys.modules


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in ENVIRONMENT.items() for text in texts])
def test_no_environment_variable_has_an_effect(
    suite: Path,
    plugin: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    name: str,
    text: str,
) -> None:
    monkeypatch.setenv(name, text)
    before = dict(os.environ)
    assert names(suite) == IN_FILE_ORDER
    assert dict(os.environ) == before
    assert plugin not in sys.modules
    assert capfd.readouterr() == ("", "")


def test_the_environment_is_restored_after_an_error(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, texts in ENVIRONMENT.items():
        monkeypatch.setenv(name, texts[0])
    before = dict(os.environ)
    suite.write_text("import os\nos.environ['PYTEST_PLUGINS'] = 'missing'\n1 / 0\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"could not be loaded(?s:.*)line 3, (?s:.*)ZeroDivisionError") as caught:
        collect(suite, Visibility.HIDDEN)
    assert dict(os.environ) == before
    assert "\x1b" not in str(caught.value)


def test_an_error_of_pytest_s_has_no_colors(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("PY_COLORS", "1")
    suite.write_text(
        SUITE + '\n@exercise("f")\n@pytest.mark.parametrize("a,b", [1])\ndef test_last(a, b): ...\n', encoding="utf-8"
    )
    with pytest.raises(UserError, match="could not collect") as caught:
        collect(suite, Visibility.HIDDEN)
    assert "\x1b" not in str(caught.value)


def compiled(source: Path, code: str, place: Path) -> None:
    """Write a compiled file that Python accepts for a source although its code is another: it has no checksum."""
    header = importlib.util.MAGIC_NUMBER + (0b01).to_bytes(4, "little") + bytes(8)  # hash-based, never checked
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(header + marshal.dumps(compile(code, source, "exec")))


def stale(source: Path, code: str, place: Path) -> None:
    """Write a compiled file with the time and size of the source, as pytest's own cache has it."""
    about = source.stat()
    numbers = [0, int(about.st_mtime) & 0xFFFFFFFF, about.st_size & 0xFFFFFFFF]
    header = importlib.util.MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in numbers)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(header + marshal.dumps(compile(code, source, "exec")))


@pytest.mark.parametrize("write", [compiled, stale])
def test_no_compiled_suite_is_trusted(suite: Path, write: Callable[[Path, str, Path], None]) -> None:
    tag = sys.implementation.cache_tag
    for ending in (f"{tag}.pyc", f"{tag}-pytest-{pytest.__version__}.pyc"):
        write(suite, RAISES, suite.parent / "__pycache__" / f"test_topic.{ending}")
    assert names(suite) == IN_FILE_ORDER


def test_collecting_writes_nothing_beside_a_suite(suite: Path) -> None:
    names(suite)
    assert list(suite.parent.iterdir()) == [suite]


def test_a_changed_suite_is_read_again(suite: Path) -> None:
    assert names(suite) == IN_FILE_ORDER
    suite.write_text(SUITE.replace("test_beta", "test_gamma"), encoding="utf-8")
    assert names(suite) == [*IN_FILE_ORDER[:-1], "test_gamma"]


def test_two_suites_of_one_name_are_two_modules(suite: Path) -> None:
    other = suite.parents[2] / suite.name
    other.write_text(SUITE.replace("test_beta", "test_gamma"))
    modules = [collect(path, Visibility.HIDDEN)[1] for path in (suite, other)]
    assert [hasattr(module, "test_beta") for module in modules] == [True, False]


@pytest.mark.parametrize("folder", ["a::b", "Kurs [2026]", "@course", "-k nothing", "ü b"])
def test_a_suite_may_lie_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    path = tmp_path / folder / "test_topic.py"
    path.parent.mkdir()
    path.write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    assert names(path) == names(path.relative_to(tmp_path)) == IN_FILE_ORDER


@pytest.mark.parametrize(
    "source",
    ["def test_x(: pass", "import no_such_module", "import pytest\npytest.skip(allow_module_level=True)", "x = 1", ""],
)
def test_a_suite_that_cannot_be_collected_is_named(suite: Path, source: str) -> None:
    suite.write_text(source, encoding="utf-8")
    with pytest.raises(UserError, match=r"suite .*test_topic\.py") as caught:
        collect(suite, Visibility.HIDDEN)
    assert "Traceback" not in str(caught.value)
    assert "suites.py" not in str(caught.value)


CASES = '''
import pytest
from autograder import exercise

@exercise("f")
@pytest.mark.parametrize("k", [1, 2])
def test_turns(student, k):
    """{}"""
'''


def test_the_sentence_of_a_case_tells_its_parameters(suite: Path) -> None:
    suite.write_text(CASES.format("k = {k}: quarter turns"), encoding="utf-8")
    tests, _ = collect(suite, Visibility.PUBLIC)
    assert [test.sentence for test in tests] == ["k = 1: quarter turns", "k = 2: quarter turns"]


def test_braces_mean_nothing_without_parameters(suite: Path) -> None:
    suite.write_text(SUITE.replace("It needs nothing.", "It needs {nothing}."), encoding="utf-8")
    tests, _ = collect(suite, Visibility.PUBLIC)
    assert "It needs {nothing}." in [test.sentence for test in tests]


@pytest.mark.parametrize("sentence", ["{n} quarter turns", "{} quarter turns", "{k quarter turns", "{k.real.x} turns"])
def test_a_sentence_with_an_unknown_parameter_is_named(suite: Path, sentence: str) -> None:
    suite.write_text(CASES.replace('"""{}"""', f'"""{sentence}"""'), encoding="utf-8")
    with pytest.raises(UserError, match=r"test_turns\[1\]: the braces in its docstring"):
        collect(suite, Visibility.PUBLIC)
