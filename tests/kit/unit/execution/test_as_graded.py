"""Code that is checked on a student's computer meets what it meets when it is graded."""

import contextlib
import decimal
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from opened_sandboxes import source

from autograder.execution.as_graded import as_graded
from autograder.execution.fresh_settings import fresh_settings, remember_modules
from autograder.execution.in_process import InProcessExecutor
from autograder.execution.interface import CallRaised, Raised, SessionEnded

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


def test_nobody_looks_on(executor: InProcessExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that draws or asks only in a kernel does not do so when it runs as it is graded."""
    front_end = SimpleNamespace(get_ipython=object)
    monkeypatch.setitem(sys.modules, "IPython", front_end)
    looks = "import sys\nSEEN = 'IPython' in sys.modules\ndef f():\n    return SEEN, 'IPython' in sys.modules"
    with executor.open(source(looks)) as student:
        assert student.f() == (False, False)
        assert sys.modules["IPython"] is front_end


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


NEEDS_MAIN = {
    "a class variable": "from dataclasses import *\nfrom typing import ClassVar\n@dataclass\nclass P:\n"
    "    k: ClassVar[int] = 3\n    x: int = 0\ndef f(): return P(7).x",
    "keywords": "from dataclasses import *\n@dataclass\nclass P:\n    x: int\n    _: KW_ONLY\n    y: int = 1\n"
    "def f(): return P(5, y=2).x + 2",
    "pickle": "import pickle\nclass C: k = 7\ndef f(): return pickle.loads(pickle.dumps(C())).k",
    "type hints": "from typing import get_type_hints\nclass Z: k = 7\nclass C:\n    a: Z\n"
    "def f(): return get_type_hints(C)['a'].k",
    "the module itself": "import __main__\nk = 7\ndef f(): return __main__.k",
    "its name": "import sys\nk = 7\ndef f(): return getattr(sys.modules[__name__], 'k')",
}


@pytest.mark.parametrize("case", NEEDS_MAIN)
def test_a_notebook_is_the_main_module(case: str, executor: InProcessExecutor) -> None:
    before = sys.modules["__main__"]
    with executor.open(source(NEEDS_MAIN[case])) as student:
        assert student.f() == 7
    assert sys.modules["__main__"] is before


def test_cells_have_a_time_together_as_in_a_sandbox(
    executor: InProcessExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.execution.in_process.OPEN_SECONDS", 1.0)
    lines = ["import time", "time.sleep(0.1)", "time.sleep(60)", "def f(): return 1"]
    with executor.open(source("\n".join(lines))) as student:
        assert student.f() == 1
        (failed,) = student.session.failed_statements()
        assert failed.line == 3
        assert isinstance(failed.because, SessionEnded)
        assert failed.because.reason == "the cells took longer than 1 s together"


@contextlib.contextmanager
def odd_settings() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    with np.errstate(all="raise"), decimal.localcontext() as context:
        context.prec = 3
        sys.setrecursionlimit(30_000)
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)


FRESH = {
    "floating-point errors": "import numpy as np\ndef f(): return (np.ones(1) / 0)[0] > 1",
    "decimals": "import decimal\ndef f(): return decimal.getcontext().prec > 3",
    "variables": "import os\ndef f(): return 'PATH' not in os.environ",
    "recursion that kernels allow": "def deep(n): return n == 0 or deep(n - 1)\ndef f(): return deep(2_500)",
    "no more recursion": "def deep(n): return n == 0 or deep(n - 1)\n"
    "def f():\n    try:\n        return not deep(3_000)\n    except RecursionError:\n        return True",
}


@pytest.mark.parametrize("case", FRESH)
def test_settings_of_this_process_do_not_count(case: str, executor: InProcessExecutor) -> None:
    with odd_settings():
        with fresh_settings(), executor.open(source(FRESH[case])) as student:
            assert student.f()
        assert (np.geterr()["over"], decimal.getcontext().prec, sys.getrecursionlimit()) == ("raise", 3, 30_000)
        assert "PATH" in os.environ


def test_patched_modules_do_not_count(executor: InProcessExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_modules()
    mine = object()
    monkeypatch.setattr(np, "dot", mine)
    monkeypatch.setattr(np, "unit_k", 1, raising=False)
    monkeypatch.setattr("builtins.unit_k", 1, raising=False)
    code = (
        "import numpy as np\nold = np.dot\nnp.dot = lambda a, b: old(a, b)\nnp.other = 1\ndef f(): return np.dot(2, 3)"
    )
    asks = "def g(): return hasattr(np, 'unit_k') or 'unit_k' in __builtins__"
    with fresh_settings(), executor.open(source(f"{code}\n{asks}")) as student:
        assert student.f() == 6
        assert not student.g()
    assert np.dot is mine
    assert np.unit_k == 1
    assert not hasattr(np, "other")
