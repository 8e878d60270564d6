"""Code that is checked on a student's computer meets what it meets when it is graded."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from opened_sandboxes import source

from autograder.execution.as_graded import as_graded
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.interface import CallRaised, Raised

DENIED = {
    "another package": ("import yaml_or_tqdm", "ModuleNotFoundError"),
    "a package that is installed": ("import pytest", "ModuleNotFoundError"),
    "a part of a package": ("from pytest import raises", "ModuleNotFoundError"),
    "pytest by importlib": (
        "import importlib\n    importlib.import_module('subprocess').run(['true'])",
        "PermissionError",
    ),
    "reading a file": ("open('PATH').read()", "PermissionError"),
    "writing a file": ("open('NEW', 'w')", "PermissionError"),
    "pathlib": ("import pathlib\n    pathlib.Path('PATH').read_text()", "PermissionError"),
    "os.open": ("import os\n    os.open('PATH', os.O_RDONLY)", "PermissionError"),
    "NumPy's files": ("import numpy as np\n    np.loadtxt('PATH')", "PermissionError"),
    "NumPy's own format": ("import numpy as np\n    np.save('NEW.npy', np.ones(2))", "PermissionError"),
    "removing": ("import os\n    os.remove('PATH')", "PermissionError"),
    "a thread": ("import threading\n    threading.Thread(target=print).start()", "RuntimeError"),
    "a pool of threads": (
        "import concurrent.futures as c\n    list(c.ThreadPoolExecutor().map(abs, [1]))",
        "RuntimeError",
    ),
    "another program": ("import subprocess\n    subprocess.run(['true'])", "PermissionError"),
    "a shell": ("import os\n    os.system('true')", "PermissionError"),
    "a network": ("import socket\n    socket.create_connection(('127.0.0.1', 1))", "PermissionError"),
    "a question": ("input('How many? ')", "EOFError"),
}


@pytest.fixture
def executor() -> InProcessExecutor:
    return InProcessExecutor(packages=("numpy",))


@pytest.mark.parametrize("case", DENIED)
def test_what_grading_does_not_have_is_denied(case: str, executor: InProcessExecutor, tmp_path: Path) -> None:
    code, error = DENIED[case]
    there = tmp_path / "there.txt"
    there.write_text("1 2", encoding="utf-8")
    code = code.replace("PATH", str(there)).replace("NEW", str(tmp_path / "new"))
    with executor.open(source(f"def f():\n    {code}")) as student, pytest.raises(CallRaised) as raised:
        student.f()
    reply = raised.value.call.reply
    assert isinstance(reply, Raised)
    assert error in reply.kinds
    assert [path.name for path in tmp_path.iterdir()] == ["there.txt"]


ALLOWED = {
    "the standard library": "import colorsys, statistics, this_is_not_there",
    "NumPy": "import numpy.polynomial.hermite_e as h; import numpy.ma.mrecords",
    "devices": "import os\n    os.urandom(4)\n    open(os.devnull).read()",
    "random numbers": "import random, secrets\n    random.SystemRandom().random(), secrets.token_bytes(2)",
    "time": "import time, datetime, zoneinfo\n    time.localtime(), datetime.datetime.now()",
    "warnings and tracebacks": "import traceback, warnings\n    warnings.warn('x')\n    traceback.format_stack()",
    "temporary text": "import io, csv, json\n    json.dump([1], io.StringIO())",
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_grading_has_is_there(case: str, executor: InProcessExecutor) -> None:
    code = ALLOWED[case].replace(", this_is_not_there", "")
    with executor.open(source(f"def f():\n    {code}\n    return 7")) as student:
        assert student.f() == 7


def test_a_line_that_is_denied_is_told(executor: InProcessExecutor) -> None:
    with executor.open(source("import tqdm, math\ndef f(): return math.floor(1.5)")) as student:
        assert student.f() == 1
        (failed,) = student.session.failed_statements()
        assert isinstance(failed.because, Raised)
        assert (failed.because.type, failed.because.text) == ("ModuleNotFoundError", "No module named 'tqdm'")


def test_a_line_that_takes_too_long_is_left_out(executor: InProcessExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.execution.in_process.STATEMENT_SECONDS", 0.2)
    with executor.open(source("while True: pass\ndef f(): return 1")) as student:
        assert student.f() == 1
        assert [failed.line for failed in student.session.failed_statements()] == [1]


def test_nothing_is_denied_outside(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with as_graded(), as_graded():
        done: list[str] = []
    worker = threading.Thread(target=lambda: done.append("ran"))
    worker.start()
    worker.join()
    path.write_text("x", encoding="utf-8")
    subprocess.run([sys.executable, "-c", ""], check=True)
    socket.socket().close()
    assert (done, path.read_text(encoding="utf-8")) == (["ran"], "x")


def test_other_threads_are_not_concerned(tmp_path: Path) -> None:
    entered, written = threading.Event(), threading.Event()

    def write() -> None:
        entered.wait()
        (tmp_path / "file").write_text("x", encoding="utf-8")
        written.set()

    worker = threading.Thread(target=write)
    worker.start()
    with as_graded():
        entered.set()
        assert written.wait(10)
    worker.join()
