"""What cheats try earns nothing: the cheated exercise gets 0, the honest ones all their points."""

import copy
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tested
from places import ROOT

from autograder.core.model import Outcome, Report
from autograder.grading.pipeline import grade, suites_of
from autograder.notebooks.course import Course
from autograder.sandbox.confined import SandboxExecutor
from autograder.sandbox.fork_server import ForkServer

SAMPLE = ROOT / "tests" / "sample_class"
STEM = "01_perceptron"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))
SIGNATURES = {
    "threshold_unit": "x, w, threshold",
    "perceptron_predict": "x, w, b",
    "gate": "name",
    "boundary_distance": "x, w, b",
    "perceptron_update": "w, b, p, t",
    "perceptron_train": "P, T, w, b, max_epochs=100",
    "xor_network": "",
    "delta_rule": "W, x, t, eta",
}
Notebook = dict[str, Any]
Grader = Callable[[Path], Report]


def notebook_of(student: str) -> Path:
    return SAMPLE / "submitted" / student / STEM / "perceptron.ipynb"


HONEST: Notebook = json.loads(notebook_of("ada").read_text(encoding="utf-8"))


def with_cells(**sources: str) -> Notebook:
    """Return a correct notebook in which these solution cells say something else."""
    notebook = copy.deepcopy(HONEST)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in sources:
            cell["source"] = sources.pop(name)
    assert not sources
    return notebook


def function(name: str, body: str, before: str = "") -> str:
    """Return a cell with one function; `before` stands above it."""
    indented = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"{before.strip()}\n\n\ndef {name}({SIGNATURES[name]}):\n{indented}\n"


@pytest.fixture(scope="module")
def graded() -> Iterator[Grader]:
    suites = suites_of(Course(ROOT), STEM)
    with ForkServer(tested.level()) as server:
        executor = SandboxExecutor(server)
        yield lambda path: grade(path, "cheat", suites, executor)


def require_nothing_gained(report: Report, cheated: set[str], spoils: bool) -> None:
    assert report.graded, report.reason
    assert report.score == round(sum(exercise.score for exercise in report.exercises), 6)
    for exercise in report.exercises:
        assert exercise.outcome is not Outcome.BROKEN
        if exercise.name in cheated:
            assert exercise.outcome is not Outcome.PASSED
            assert exercise.score == 0
        elif not spoils:
            assert (exercise.name, exercise.outcome) == (exercise.name, Outcome.PASSED)
            assert exercise.score == exercise.max_score
        for test in exercise.tests:
            assert not [c for c in test.message or "" if not c.isprintable() and c != "\n"]


# ---- those of the sample class


@pytest.mark.parametrize("student", [name for name, entry in EXPECTED.items() if entry["cheats"]])
def test_a_cheat_gets_what_its_honest_parts_deserve(graded: Grader, student: str) -> None:
    cheated = {name for name, (_, outcome, _) in EXPECTED[student]["exercises"].items() if outcome != "PASSED"}
    report = graded(notebook_of(student))
    require_nothing_gained(report, cheated, spoils=False)
    assert report.score == EXPECTED[student]["score"]
    assert not [exercise.mistakes for exercise in report.exercises if exercise.mistakes]


# ---- and more


@dataclass(frozen=True)
class Attack:
    """A hostile cell of one exercise. `spoils`: it breaks its own sandbox for the student's other functions, too."""

    name: str
    exercise: str
    body: str
    before: str = ""
    spoils: bool = False
    ends: tuple[str, ...] = field(default=("FAILED", "RAISED", "KILLED"))  # how the exercise may end

    @property
    def cell(self) -> str:
        return function(self.exercise, self.body, self.before)


SEND = """
import json, os, struct, sys

def send(head, body=0):
    data = head if isinstance(head, bytes) else json.dumps(head).encode()
    os.write(3, struct.pack("<IQ", len(data), body) + data)

def serial():
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["request"]["serial"]
"""
EARLY = """
ready = send({"op": "ready", "failures": {"L": []}, "names": {"L": ["gate", "xor_network", "delta_rule"]}})
"""
LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)"
GRADER = os.getpid()

ON_THE_WIRE = [
    Attack(
        "ready-forged", "gate", "return ready", SEND + '\nready = send({"op": "ready", "failures": [], "names": 5})'
    ),
    Attack("ready-early", "gate", "return ready", SEND + EARLY, spoils=True),
    Attack("cell-forged", "gate", "return sent", SEND + '\nsent = send({"op": "cell", "number": -1})'),
    Attack("lost-reply", "xor_network", 'send({"op": "returned", "serial": serial()})', SEND, ends=("KILLED",)),
    Attack("claims-4-GiB", "xor_network", 'send(b"{}", 1 << 32)', SEND, ends=("KILLED",)),
    Attack("claims-an-exabyte", "xor_network", 'send(b"{}", 1 << 60)', SEND, ends=("KILLED",)),
    Attack("deep-head", "xor_network", 'send(b"[" * 100_000)', SEND, ends=("KILLED",)),
    Attack("no-text", "xor_network", 'send(b"\\xff\\xfe" * 50)', SEND, ends=("KILLED",)),
    Attack(
        "object-array",
        "xor_network",
        'send({"op": "returned", "serial": serial(), "after": None, "warned": None, "value": {"A": ["|O", [1]]}})',
        SEND,
        ends=("KILLED",),
    ),
    Attack(
        "negative-shape",
        "xor_network",
        'send({"op": "returned", "serial": serial(), "after": None, "warned": None, '
        '"value": {"A": ["<f8", [-1, 2**62]]}})',
        SEND,
        ends=("KILLED",),
    ),
    Attack(
        "asks-for-no-function",
        "xor_network",
        'send({"op": "ask", "serial": serial(), "callback": 0, "args": {"T": []}})',
        SEND,
        ends=("KILLED",),
    ),
    Attack("flood", "xor_network", 'for _ in range(200):\n    os.write(3, b"{" * 2**16)', SEND, ends=("KILLED",)),
    Attack("closes-the-connection", "xor_network", "os.close(3)", "import os", ends=("KILLED",)),
    Attack(
        "late-words",
        "delta_rule",
        """
class Late:
    def __del__(self):
        send({"op": "returned", "serial": 0, "value": 1, "after": None, "warned": None})
return Late()
""",
        SEND,
    ),
    Attack(
        "values-of-the-wire",
        "gate",
        'wire = sys.modules["guest.wire"]\nreturn [wire.Seed(1), wire.Callback(0), wire.Opaque("[1, 1], -1.5")]',
        "import sys",
        ends=("FAILED",),
    ),
]

ON_THE_GRADER = [
    Attack(
        "reads-the-reference",
        "xor_network",
        f"""
scope = {{}}
for path in ("{ROOT}/reference_impl/perceptron.py", "/proc/{GRADER}/cwd/reference_impl/perceptron.py"):
    try:
        exec(open(path).read(), scope)
    except OSError:
        pass
return scope.get("xor_network", lambda: None)()
""",
        ends=("FAILED",),
    ),
    Attack(
        "reads-another-student",
        "xor_network",
        f'scope = {{"np": np}}\nexec(open("{notebook_of("ada")}").read(), scope)\nreturn scope["xor_network"]()',
        ends=("RAISED",),
    ),
    Attack("reads-memory", "xor_network", f'return open("/proc/{GRADER}/mem", "rb").read(8)', ends=("RAISED",)),
    Attack(
        "traces-the-grader",
        "xor_network",
        f"if libc.ptrace(16, {GRADER}, 0, 0) == 0:\n    libc.kill({GRADER}, 9)\nreturn ctypes.get_errno()",
        LIBC,
        ends=("FAILED",),
    ),
    Attack(
        "kills-everybody",
        "xor_network",
        f"return [libc.kill(pid, 9) for pid in ({GRADER}, {os.getppid()}, 1, -1)]",
        LIBC,
        ends=("FAILED", "KILLED"),
    ),
    Attack("becomes-a-shell", "xor_network", 'return os.execv("/bin/sh", ["sh", "-c", "id"])', "import os"),
    Attack("runs-a-shell", "xor_network", 'return libc.system(b"touch /tmp/left-behind")', LIBC, ends=("FAILED",)),
    Attack(
        "raises-its-limits",
        "xor_network",
        "resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))\nreturn np.ones(2**28)",
        "import resource",
        ends=("RAISED",),
    ),
    Attack(
        "leaves-links",
        "xor_network",
        'for place in ("/tmp/a", "/dev/shm/a", "a"):\n    for make in (os.mkfifo, os.mkdir, os.mknod):\n'
        "        try:\n            make(place)\n            return make.__name__\n        except OSError:\n"
        "            pass",
        "import os",
        ends=("FAILED",),
    ),
    Attack(
        "pool-of-processes",
        "xor_network",
        "with multiprocessing.Pool(4) as pool:\n    return pool.map(abs, [1])",
        "import multiprocessing",
        ends=("RAISED",),
    ),
]

ON_THE_ROOM = [
    Attack("traces-itself", "gate", "return 0", "import sys\ntracing = sys.settrace(lambda *a: 1 / 0)", spoils=True),
    Attack("hooks-imports", "gate", "sys.meta_path.insert(0, None)\nimport antigravity", "import sys", spoils=True),
    Attack("replaces-numpy", "xor_network", 'sys.modules["numpy"] = None\nreturn 0', "import sys", spoils=True),
    Attack(
        "swaps-the-namespace",
        "gate",
        'main = sys.modules["__main__"].__dict__\nmain.update({key: None for key in list(main)})',
        "import sys",
        spoils=True,
    ),
    Attack(
        "rewrites-constants",
        "xor_network",
        "ctypes.memset(id(True) + 24, 0, 8)\nctypes.memset(id(1) + 24, 0, 4)\nreturn True",
        "import ctypes",
        spoils=True,
    ),
    Attack("stops-the-collector", "gate", "gc.get_objects().clear()\nreturn gc.get_referrers(name)", "import gc"),
]

ANSWERS = [
    Attack("coroutine", "gate", "async def later():\n    return [1, 1], -1.5\nreturn later()", ends=("FAILED",)),
    Attack("generator", "gate", "yield [1, 1]\nyield -1.5", ends=("FAILED",)),
    Attack(
        "false-class",
        "delta_rule",
        """
class Float:
    __class__ = float
    def __float__(self): return 0.0
    def __eq__(self, other): return True
return Float()
""",
        ends=("FAILED",),
    ),
    Attack(
        "false-type-name",
        "gate",
        """
class Kind(type):
    __name__ = property(lambda cls: "\\x1b[2J" * 10**6)
    mro = lambda cls: [cls, object]
class Thing(metaclass=Kind): ...
return Thing()
""",
        ends=("FAILED",),
    ),
    Attack("masked", "delta_rule", "return np.ma.masked_all(W.shape)", ends=("FAILED",)),
    Attack("objects", "delta_rule", "return np.full(W.shape, None)", ends=("FAILED",)),
    Attack("structured", "delta_rule", 'return np.zeros(W.shape, dtype=[("a", "f8")])', ends=("FAILED",)),
    Attack("complex", "delta_rule", "return np.full(W.shape, 1j)", ends=("FAILED",)),
    Attack("endless-view", "delta_rule", "return np.broadcast_to(0.0, (2**20, 2**20))", ends=("FAILED",)),
    Attack("empty-and-long", "delta_rule", "return np.zeros((0, 2**40))", ends=("FAILED",)),
    Attack("long-text", "gate", 'return ["1" * 10**8, "\\u202e\\x1b[31m" * 10**6]', ends=("FAILED",)),
    Attack("many-items", "gate", "return list(range(10**6))", ends=("FAILED",)),
    Attack(
        "endless-dict",
        "gate",
        "class Many(dict):\n    def items(self):\n        while True:\n            yield 1, 2\nreturn Many(a=Many())",
        ends=("FAILED",),
    ),
    Attack(
        "claims-to-be-a-stub",
        "gate",
        "class NotImplementedError(Exception): ...\nraise NotImplementedError('not graded yet')",
        ends=("RAISED",),
    ),
]

ATTACKS = [*ON_THE_WIRE, *ON_THE_GRADER, *ON_THE_ROOM, *ANSWERS]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gains_nothing(graded: Grader, tmp_path: Path, attack: Attack) -> None:
    path = tmp_path / "perceptron.ipynb"
    path.write_text(json.dumps(with_cells(**{attack.exercise: attack.cell})), encoding="utf-8")
    report = graded(path)
    outcome = next(exercise.outcome for exercise in report.exercises if exercise.name == attack.exercise)
    assert outcome in attack.ends
    require_nothing_gained(report, {attack.exercise}, attack.spoils)


def test_what_does_nothing_earns_nothing(graded: Grader, tmp_path: Path) -> None:
    notebook = with_cells(**{name: function(name, "return None") for name in SIGNATURES})
    assert grade_text(graded, tmp_path, notebook).score == 0


def test_the_next_student_finds_a_clean_sandbox(graded: Grader) -> None:
    assert graded(notebook_of("ada")).score == 24.0


# ---- in the notebook itself


def test_points_are_never_read_from_a_notebook(graded: Grader, tmp_path: Path) -> None:
    stub = {name: function(name, "raise NotImplementedError") for name in SIGNATURES}
    notebook = with_cells(**stub)
    notebook["metadata"] |= {"score": 24, "nbgrader": {"score": 24}, "celltoolbar": "\x1b[2J"}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"tags": ["given"], "score": 24, "nbgrader": {"points": 1e308, "grade": True, "score": 24}}
    report = grade_text(graded, tmp_path, notebook)
    assert (report.score, report.max_score) == (0.0, 24.0)


def test_a_given_cell_of_the_student_is_not_given(graded: Grader, tmp_path: Path) -> None:
    notebook = with_cells(gate=function("gate", "return 0"))
    patch = "import numpy as np\nnp.asarray = np.array = lambda *a, **k: 1\nimport autograder, pytest, reference_impl"
    for cell in notebook["cells"]:
        if cell["id"] in ("given", "setup"):
            cell["source"] = patch
    report = grade_text(graded, tmp_path, notebook)
    assert next(exercise.score for exercise in report.exercises if exercise.name == "gate") == 0


def test_escapes_in_a_notebook_reach_no_remark(graded: Grader, tmp_path: Path) -> None:
    notebook = with_cells(gate="\x1b[31mdef gate(name) \u202e return\x07")
    first = next(cell for cell in notebook["cells"] if "nbgrader" in cell["metadata"])
    first["metadata"]["nbgrader"]["grade_id"] = "\x1b[2Jgate\n\nall passed"
    report = grade_text(graded, tmp_path, notebook)
    assert not [c for remark in report.remarks for c in remark if not c.isprintable()]


def grade_text(graded: Grader, folder: Path, notebook: Notebook) -> Report:
    path = folder / "perceptron.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return graded(path)
