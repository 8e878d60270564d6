"""Every command under terminals without UTF-8: no traceback, and what is printed fits the terminal's encoding."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from places import ROOT

from autograder.cli.commands import TABLE

pytestmark = pytest.mark.slow

STEM = "02_activations"  # its hints are full of − and σ
STUDENT = "Zażółć Gęślą"
ENCODINGS = ("cp1252", "ascii", "latin-1", "cp437", "utf-8")
NAMES = ["gene", "Zoë", STUDENT, "名前", "\N{GRINNING FACE}"]
WRONG = "def sigmoid(z):\n    return 1 / (1 + np.exp(z))\n"  # the hint speaks of −z


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a class of its own, whose names no narrow encoding has, and one wrong answer in all notebooks."""
    course = tmp_path_factory.mktemp("Kurs α")
    ignored = shutil.ignore_patterns("__pycache__", ".*", "0[13-9]_*")
    for folder in ("assignments", "solutions", "reference_impl", "tests/suites", "tests/sample_class"):
        shutil.copytree(ROOT / folder, course / folder, ignore=ignored)
    for name in ("nbgrader_config.py", "pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, course)
    (course / "autograder").symlink_to(ROOT / "autograder")
    notebook = course / "assignments" / STEM / "activations.ipynb"
    answer_wrongly(notebook)
    for name in NAMES:
        folder = course / "submitted" / name / STEM
        folder.mkdir(parents=True)
        shutil.copy(notebook, folder)
    (course / "roster.csv").write_text("student,name\n" + "".join(f"{n},{n}\n" for n in NAMES), encoding="utf-8")
    done = run(course, "grade", "--sandbox", "none", encoding="utf-8")
    assert done.returncode == 0, done.stderr
    shutil.copytree(course / "results", course / "old-results")
    changed = course / "old-results" / STEM / f"{STUDENT}.json"
    changed.write_text(changed.read_text(encoding="utf-8").replace("sigmoid", "σ"), encoding="utf-8")
    return course


def answer_wrongly(notebook: Path) -> None:
    document = json.loads(notebook.read_text(encoding="utf-8"))
    (cell,) = (c for c in document["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "sigmoid")
    cell["source"] = WRONG
    notebook.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def run(
    folder: Path,
    *words: str,
    encoding: str,
    typed: bytes = b"",
    python: Sequence[str] = ("-m", "autograder.cli.main"),
    **more: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command, or other words for Python, on a terminal with this encoding."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    environment |= {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONDEVMODE": "0", **more}
    return subprocess.run(
        [sys.executable, *python, *words],
        cwd=folder,
        env=environment,
        input=typed,
        capture_output=True,
        check=False,
    )


def shown(done: subprocess.CompletedProcess[bytes], encoding: str) -> str:
    """Return what was printed. The test fails if it is not in the encoding, or if the kit left an encoding open."""
    text = (done.stdout + done.stderr).decode(encoding)
    assert "Traceback" not in text
    assert not [line for line in text.splitlines() if "EncodingWarning" in line and "autograder" in line]
    assert done.returncode in (0, 1, 2), text
    return text


COMMANDS = {
    "help": ["--help"],
    **{f"help {entry.name}": [entry.name, "--help"] for entries in TABLE.values() for entry in entries},
    "unknown command": ["zażółć"],
    "unknown file": ["check", "zażółć−.ipynb"],
    "unknown option": ["check", "--σ"],
    "check": ["check", STEM],
    "progress": ["progress"],
    "submit": ["submit", STEM, "--student", STUDENT],
    "a name that is refused": ["submit", STEM, "--student", "Zażółć__σ"],
    "reset": ["reset", STEM, "sigmoid"],
    "doctor": ["doctor"],
    "doctor json": ["doctor", "--json"],
    "grade": ["grade", "--force", "--sandbox", "none"],
    "explain": ["explain", STUDENT, STEM, "sigmoid", "--sandbox", "none"],
    "report": ["report"],
    "collect": ["collect", f"downloads/{STUDENT}__{STEM}.ipynb"],
    "collect nothing": ["collect", "zażółć.zip"],
    "export csv": ["export", "csv"],
    "release": ["release", "zażółć.zip"],
    "build": ["build", "--check"],
    "audit": ["audit", STEM, "--sandbox", "none"],
    "results diff": ["results", "diff", "results", "old-results"],
}


@pytest.mark.series(30)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command(course: Path, command: str, encoding: str) -> None:
    (course / "downloads").mkdir(exist_ok=True)
    shutil.copy(course / "assignments" / STEM / "activations.ipynb", course / "downloads" / f"{STUDENT}__{STEM}.ipynb")
    text = shown(run(course, *COMMANDS[command], encoding=encoding), encoding)
    assert text.strip()


@pytest.mark.series(1)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_demo(course: Path, encoding: str) -> None:
    shown(run(course, "demo", encoding=encoding), encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_hint_can_still_be_read(course: Path, encoding: str) -> None:
    sign = "−" if encoding == "utf-8" else "-"
    answer_wrongly(course / "assignments" / STEM / "activations.ipynb")
    text = shown(run(course, "check", STEM, encoding=encoding), encoding)
    assert f"the exponent is z, and must be {sign}z." in " ".join(text.split())


AT_A_TERMINAL = """
from autograder.cli import main, students
students._is_a_person_s = lambda: True
main.main()
"""


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_name_that_is_typed(course: Path, encoding: str) -> None:
    """The file is written, or the name is refused in a sentence; whatever bytes the terminal sends."""
    out = course / f"typed in {encoding}"
    for typed in (STUDENT.encode(), "Zoë".encode("cp1252"), bytes(range(128, 256))):
        command = ("submit", STEM, "--out", str(out))
        done = run(course, *command, encoding=encoding, typed=typed + b"\n", python=("-c", AT_A_TERMINAL))
        text = shown(done, encoding)
        assert ("Hand in this file" in text) == (done.returncode == 0)
        assert "Hand in this file" in text or "The name " in text


def test_a_locale_of_ascii(course: Path) -> None:
    """Python and the file system know only ASCII then, and a file cannot have another name."""
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    for command, words in COMMANDS.items():
        if command not in ("audit", "grade", "release"):
            shown(run(course, *words, encoding="", **ascii_only), "ascii")


SCRIPT = f"""
import numpy as np
from autograder import open_assignment
check = open_assignment({STEM!r})
{WRONG}
check()
check(sigmoid)
"""


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_check_in_a_script(course: Path, encoding: str) -> None:
    done = run(course, encoding=encoding, python=["-c", SCRIPT])
    out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
    assert "not yet right" in out
    assert "NotYet" in err
    assert "UnicodeEncodeError" not in err


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_plain_pytest(course: Path, encoding: str) -> None:
    answer_wrongly(course / "assignments" / STEM / "activations.ipynb")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"assignments/{STEM}"]
    text = run(course, encoding=encoding, python=words).stdout.decode(encoding)
    assert f"must be {'−' if encoding == 'utf-8' else '-'}z" in " ".join(text.split())
    assert "\\u" not in text


def test_every_file_is_opened_with_its_encoding() -> None:
    """Ruff's rule sees only paths whose type it knows, and no subprocess."""
    calls = [
        (path, node)
        for path in (ROOT / "autograder").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert [f"{path}:{node.lineno}" for path, node in calls if leaves_encoding_open(node)] == []


def leaves_encoding_open(call: ast.Call) -> bool:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    named = {keyword.arg for keyword in call.keywords}
    as_text = function in ("read_text", "write_text")
    as_text = as_text or (function in ("run", "Popen", "check_output") and "text" in named)
    return as_text and "encoding" not in named
