"""What of a notebook is run, what is left out, and what is said about it."""

from __future__ import annotations

import ast
import decimal
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Assignment, Cell, Exercise, SourceCell, Submission
from autograder.notebooks.remarks import REMARKS
from autograder.notebooks.submission import read_submission, submission_of

STUB = 'def {0}(x):\n    """What {0} does."""\n    # your code here\n    raise NotImplementedError'
NAMES = ("f", "g", "h")


def release_cells() -> tuple[Cell, ...]:
    cells = [
        Cell("# Three functions", "markdown", cell_id="title"),
        Cell("from autograder import open_assignment\n%matplotlib inline", "code", tags=("setup",)),
        Cell(
            "import numpy as np\n\ndef handed_out(z):\n    return z",
            "code",
            grade_id="given",
            tags=("given",),
        ),
    ]
    for name in NAMES:
        cells.append(Cell(STUB.format(name), "code", grade_id=name, solution=True))
        cells.append(Cell(f"check({name})", "code", grade_id=f"test_{name}", points=2.0))
        cells.append(Cell(f"plot({name})\ndemo_{name} = {name}(1)", "code", tags=("demo",)))
    cells.append(Cell("Why?", "markdown", grade_id="essay", solution=True, points=3.0))
    return tuple(cells)


RELEASE = Assignment("01_letters", tuple(Exercise(name, 2.0, ("x",)) for name in NAMES), release_cells())


def raw(cell: Cell) -> dict[str, Any]:
    marks: dict[str, Any] = {
        "grade_id": cell.grade_id,
        "solution": cell.solution,
        "grade": cell.points is not None,
    }
    marks |= {"locked": not cell.solution, "points": cell.points, "schema_version": 3}
    metadata = {"tags": list(cell.tags)} | ({"nbgrader": marks} if cell.grade_id else {})
    return {"cell_type": cell.kind, "metadata": metadata, "source": cell.source.splitlines(keepends=True)}


class Notebook:
    """The release as a student received it, and what students do to it."""

    def __init__(self) -> None:
        self.cells = [raw(cell) for cell in RELEASE.cells]

    def index(self, grade_id: str) -> int:
        return next(
            i for i, c in enumerate(self.cells) if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
        )

    def cell(self, grade_id: str) -> dict[str, Any]:
        return self.cells[self.index(grade_id)]

    def answer(self, name: str, source: Any) -> Notebook:
        self.cell(name)["source"] = source
        return self

    def add(self, source: Any, at: int | None = None, kind: str = "code") -> Notebook:
        cell = {"cell_type": kind, "metadata": {}, "source": source}
        self.cells.insert(len(self.cells) if at is None else at, cell)
        return self

    def change(self, edit: Callable[[Notebook], object]) -> Notebook:
        edit(self)
        return self

    def data(self) -> bytes:
        return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": self.cells}).encode()


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Notebook | bytes], Submission]:
    def read_it(notebook: Notebook | bytes) -> Submission:
        path = tmp_path / "letters.ipynb"
        path.write_bytes(notebook if isinstance(notebook, bytes) else notebook.data())
        return read_submission(path, RELEASE, "s001")

    return read_it


Read = Callable[[Notebook | bytes], Submission]


def indices(cell: SourceCell) -> tuple[int, ...]:
    return tuple(statement.index for statement in cell.statements)


def chosen(submission: Submission) -> list[str]:
    """The statements that are run after the given cell, written out."""
    given, *cells = submission.source.cells
    assert given.label == "given"
    return [ast.unparse(ast.parse(c.text).body[i]) for c in cells for i in indices(c)]


def run(submission: Submission) -> dict[str, Any]:
    """What a sandbox does with a source."""
    scope: dict[str, Any] = {}
    for cell in submission.source.cells:
        body = ast.parse(cell.text).body
        module = ast.Module([body[i] for i in indices(cell)], type_ignores=[])
        exec(compile(module, cell.label, "exec", dont_inherit=True), scope)
    return scope


def test_an_untouched_notebook(read: Read) -> None:
    submission = read(Notebook())
    assert [(cell.label, indices(cell)) for cell in submission.source.cells] == [("given", (0, 1))]
    assert (submission.remarks, submission.source.broken, submission.calls) == ((), (), ())
    assert (submission.student, submission.assignment) == ("s001", "01_letters")
    assert submission.sha256 == hashlib.sha256(Notebook().data()).hexdigest()


F = "def f(x):\n    return "

# what the student did, and what f(3) is then
WORKS = {
    "plain": (Notebook().answer("f", F + "x + 1"), 4),
    "numpy and a given function": (Notebook().answer("f", F + "int(np.add(handed_out(x), 1))"), 4),
    "helper in another cell": (
        Notebook().answer("f", F + "extra(x)").add("def extra(y):\n    return y * 2", 0),
        6,
    ),
    "helper below its use": (
        Notebook().answer("f", F + "extra(x)").add("def extra(y):\n    return y * 2"),
        6,
    ),
    "helper of a helper": (
        Notebook().answer("f", F + "a(x)").add("B = 5\ndef b(y): return y + B").add("a = lambda y: b(y)"),
        8,
    ),
    "import in another cell": (Notebook().answer("f", F + "m.floor(x)").add("import math as m", 2), 3),
    "dotted import": (Notebook().answer("f", F + "len(os.path.sep) + x").add("import os.path", 0), 4),
    "several aliases": (
        Notebook().answer("f", F + "floor(ceil(x))").add("from math import ceil, floor, pi as PI"),
        3,
    ),
    "a builtin's name imported": (
        Notebook().answer("f", F + "int(pow(x, 2))").add("from math import pow"),
        9,
    ),
    "a builtin's name in a scratch cell": (Notebook().answer("f", F + "sum([x, 1])").add("sum = 0"), 4),
    "import added to a kit cell": (
        Notebook().answer("f", F + "math.floor(x)").change(lambda n: n.cells[1]["source"].insert(0, "import math\n")),
        3,
    ),
    "import added to the given cell": (
        Notebook().answer("f", F + "math.floor(x)").change(lambda n: n.cells[2]["source"].insert(0, "import math\n")),
        3,
    ),
    "star import": (Notebook().answer("f", F + "floor(x)").add("from math import *", 1), 3),
    "magics between lines": (Notebook().answer("f", "%load_ext x\n" + F + "x\n!ls 'a\n%time f(3)\nf?"), 3),
    "magic in a block": (Notebook().answer("f", "if True:\n    %time 1\n    !ls {x\n" + F + "x"), 3),
    "magic over two lines": (Notebook().answer("f", "!pip install \\\n  numpy\n" + F + "x"), 3),
    "assigned shell line": (Notebook().answer("f", "files = !ls\nt = %time 3\n" + F + "x"), 3),
    "timed cell": (Notebook().answer("f", "\n%%time\n" + F + "x"), 3),
    "indented as a whole": (Notebook().answer("f", "    def f(x):\n        return x"), 3),
    "type hints": (Notebook().answer("f", "def f(x: float) -> 'Unknown':\n    y: int = x\n    return y"), 3),
    "hints from typing": (
        Notebook().answer("f", "def f(x: Any) -> Any:\n    return x").add("from typing import Any", 0),
        3,
    ),
    "future import": (
        Notebook().answer("f", "from __future__ import annotations\ndef f(x: Nowhere):\n    return x"),
        3,
    ),
    "lambda": (Notebook().answer("f", "f = lambda x: x + K").add("K = 2"), 5),
    "annotated lambda": (Notebook().answer("f", "f: object = lambda x: x"), 3),
    "class with __call__": (
        Notebook().answer("f", "class F:\n    def __call__(self, x):\n        return x + K\nf = F()").add("K = 2"),
        5,
    ),
    "decorator": (
        Notebook().answer("f", "@twice\n" + F + "x + 1").add("def twice(u):\n    return lambda x: u(u(x))", 0),
        5,
    ),
    "default argument": (Notebook().answer("f", "def f(x, k=K):\n    return x + k").add("K = 2", 0), 5),
    "two definitions": (Notebook().answer("f", F + "x\n" + F + "x + 10"), 13),
    "tuple, starred and walrus": (
        Notebook().answer("f", F + "x + A + B[0] + C").add("A, *B = 1, 2, 3").add("[(C := 4)]"),
        10,
    ),
    "augmented": (Notebook().answer("f", F + "x + K").add("K = 1").add("K += 1"), 5),
    "mutated by item": (Notebook().answer("f", F + "T[x]").add("T = {}").add("T[3] = 7"), 7),
    "mutated by method": (Notebook().answer("f", F + "T[-1] + x").add("T = [1]\nT.append(4)"), 7),
    "mutated in a loop": (
        Notebook()
        .answer("f", F + "T[x]")
        .add("T = []")
        .add("for i in range(5):\n    T.append(i * step)")
        .add("step = 2", 0),
        6,
    ),
    "mutated through a call": (
        Notebook().answer("f", F + "T[1][0]").add("T = {}\nT.setdefault(1, []).append(6)"),
        6,
    ),
    "attribute of a function": (Notebook().answer("f", F + "x + f.k\nf.k = 2"), 5),
    "global counter": (
        Notebook().answer("f", "def f(x):\n    global n\n    n += 1\n    return x + n").add("n = 1"),
        5,
    ),
    "try, with, if, match": (
        Notebook()
        .answer("f", F + "x + A + B + len(C) + D")
        .add("try:\n    import nowhere as A\nexcept ImportError:\n    A = 1")
        .add("if A:\n    B = 1")
        .add("import io\nwith io.StringIO('abc') as s:\n    C = s.read()")
        .add("match [1, 2]:\n    case [_, D]:\n        pass"),
        10,
    ),
    "windows line ends": (Notebook().answer("f", "def f(x):\r\n    y = x\r\n    return y\r\n"), 3),
    "stub copy after the answer": (
        Notebook().answer("f", F + "x").change(lambda n: n.cells.append(raw(RELEASE.cells[3]))),
        3,
    ),
    "stub copy with another comment": (
        Notebook().answer("f", F + "x").add(STUB.format("f").replace("# your code here", "# hm\n\n")),
        3,
    ),
    "another order": (
        Notebook().answer("f", F + "g(x)").answer("g", "def g(x): return 2*x").change(lambda n: n.cells.reverse()),
        6,
    ),
    "recursion": (Notebook().answer("f", F + "x if x < 1 else x + f(x - 1)"), 6),
    "filled by a call in its own cell": (
        Notebook().answer("f", "T = {}\ndef fill(): T[3] = 7\nfill()\n" + F + "T[x]"),
        7,
    ),
    "a line of its own cell that nothing seems to need": (Notebook().answer("f", "exec('K = 4')\n" + F + "x + K"), 7),
}


def _table(*cells: str) -> Notebook:
    """Return a notebook whose f looks up a table, and cells of the student's that fill it."""
    notebook = Notebook().answer("f", F + "T[x]")
    for cell in ("T = {}", *cells):
        notebook.add(cell)
    return notebook


# statements of the student's own cells that are run for their effect; f(3) is then 7
EFFECTS = {
    "a call that fills": _table("def fill(): T[3] = 7", "fill()"),
    "a call with an argument": _table("def fill(k): T[k] = 7", "for k in range(5):\n    fill(k)"),
    "a call under a condition": _table("def fill(): T.update({3: 7})", "if True:\n    fill()"),
    "a call through another": _table("def fill(): T[3] = 7\ndef setup():\n    fill()", "setup()"),
    "a call in an assignment": _table("def fill():\n    T[3] = 7\n    return 1", "done = fill()"),
    "a call in a comprehension": _table("def fill(k): T[k] = 7", "[fill(k) for k in range(5)]"),
    "a function given to a call": _table("def fill(k): T[k] = 7", "list(map(fill, range(5)))"),
    "a lambda that fills": _table("fill = lambda k: T.update({k: 7})", "fill(3)"),
    "a method that fills": _table("class A:\n    def fill(self): T[3] = 7", "a = A()\na.fill()"),
    "a constructor that fills": _table("class A:\n    def __init__(self, k): T[k] = 7", "A(3)"),
    "a function with global": _table("def setup():\n    global T\n    T = {3: 7}", "setup()"),
    "a name that only a function binds": Notebook()
    .answer("f", F + "T[x]")
    .add("def setup():\n    global T\n    T = {3: 7}")
    .add("setup()"),
    "a call that takes the name": _table("def fill(d): d[3] = 7", "fill(T)"),
    "a call that takes an item": _table("T['x'] = []", "def fill(d): d.append(7)", "fill(T['x'])\nT[3] = T['x'][0]"),
    "a method of the name": _table("T.update({3: 7})"),
    "a method in an expression": _table("T[4] = 7", "T[3] = T.pop(4)"),
    "a decorator that registers": _table(
        "def register(g):\n    T[3] = g()\n    return g", "@register\ndef seven():\n    return 7"
    ),
    "a decorator with an argument": _table(
        "def register(k):\n    def mark(g):\n        T[k] = g()\n        return g\n    return mark",
        "@register(3)\ndef seven():\n    return 7",
    ),
    "a decorator that is a method": Notebook()
    .answer("f", F + "T.of[x]()")
    .add("class Table:\n    of = {}\n    def on(self, k): return lambda g: self.of.__setitem__(k, g)\nT = Table()")
    .add("@T.on(3)\ndef seven():\n    return 7"),
    "a decorated class": _table("def register(c):\n    T[c.k] = 7\n    return c", "@register\nclass Three:\n    k = 3"),
    "a subclass that registers": _table(
        "class Base:\n    def __init_subclass__(cls): T[cls.k] = 7", "class Three(Base):\n    k = 3"
    ),
    "singledispatch": Notebook()
    .answer("f", F + "value(x)")
    .add("from functools import singledispatch\n@singledispatch\ndef value(x): return 0")
    .add("@value.register(int)\ndef _(x): return 7"),
    "setattr on a class": Notebook().answer("f", F + "A.k + x").add("class A: pass").add("setattr(A, 'k', 4)"),
    "an attribute of a class": Notebook().answer("f", F + "A.k + x").add("class A: pass").add("A.k = 4"),
    "a method of a class": Notebook()
    .answer("f", F + "A.k + x")
    .add("class A:\n    @classmethod\n    def set(cls, k): cls.k = k")
    .add("A.set(4)"),
    "NumPy's functions that write": Notebook()
    .answer("f", F + "int(A[0, 0] + A[1, 0] + x)")
    .add("import numpy as np\nA = np.zeros((2, 2))\nB = np.ones(2)")
    .add("np.fill_diagonal(A, 1)\nnp.copyto(A[1], 2 * B)\nnp.add(B, B, out=A[1])\nA[1, 0] += 1"),
    "an item that is deleted": _table("T.update({3: 7, 4: 1})", "del T[4]", "T[3] = 6 + len(T)"),
    "a key of globals": Notebook().answer("f", F + "K + x").add("globals()['K'] = 4"),
    "a random order": _table("import random\nT[3] = [7, 7]", "random.shuffle(T[3])\nT[3] = T[3][0]"),
    "a call that takes the name, in an assignment": _table("def fill(d):\n    d[3] = 7\n    return 1", "n = fill(T)"),
    "a call that takes the name, in a comprehension": _table(
        "def fill(d, k): d[k] = 7", "_ = [fill(T, k) for k in range(5)]", "[setattr(fill, 'k', k) for k in range(5)]"
    ),
    "a method that is given away": _table("list(map(T.setdefault, range(5), [7] * 5))"),
    "a method of ones own, in an expression": Notebook()
    .answer("f", F + "C.n + x")
    .add("class Counter:\n    n = 3\n    def bump(self):\n        self.n += 1\n        return self.n\nC = Counter()")
    .add("print(C.bump())"),
    "a context": _table(
        "import contextlib\n@contextlib.contextmanager\ndef filled(d):\n    d[3] = 7\n    yield", "with filled(T): pass"
    ),
    "an iterator": Notebook().answer("f", F + "x + next(N)").add("N = iter([3, 4] * 9)").add("first = next(N)"),
    "a heap": Notebook()
    .answer("f", F + "x + H[0]")
    .add("import heapq\nH = [4, 3]\nheapq.heapify(H)\nlow = heapq.heappop(H)"),
    "a closure": Notebook()
    .answer("f", F + "x + count.k() - 1")
    .add(
        "def make():\n    k = [3]\n    def count(): k.append(len(k) + 3)\n    count.k = lambda: k[-1]\n    return count"
    )
    .add("count = make()\ncount()")
    .add("count()"),
    "an object that decorates": _table(
        "class Register(dict):\n    def __call__(self, k): return lambda g: self.setdefault(k, g())",
        "R = Register()\nT = R",
        "@R(3)\ndef seven(): return 7",
    ),
    "a subclass that its base notes": Notebook()
    .answer("f", F + "Base.of[x]")
    .add("class Base:\n    of = {}\n    def __init_subclass__(cls): cls.of[cls.k] = 7")
    .add("class Three(Base):\n    k = 3"),
    "objects that their class notes": Notebook()
    .answer("f", F + "x + len(A.made) + A.n")
    .add(
        "class A:\n    made = []\n    n = 0\n    def __init__(self):\n        self.made.append(1)\n"
        "        type(self).n += 1"
    )
    .add("first = A()\nA()"),
    "another name of it": _table("U = T\nU[3] = 7"),
    "a name of a part": _table("T[3] = [0]", "row = T[3]\nrow.append(7)", "T[3] = T[3][-1]"),
    "parts in a loop": _table("T[3] = [7, 0]", "for k, row in enumerate(T.values()):\n    row.pop()", "T[3] = T[3][0]"),
    "a name as a text": Notebook().answer("f", F + "globals()['four']() + x").add("def four(): return 4"),
    "a name that a text binds": Notebook().answer("f", F + "K + x").add("exec('K = 4')"),
    "a name that a dict binds": Notebook().answer("f", F + "K + x").add("globals().update(K=4)"),
    "a timed assignment": Notebook().answer("f", F + "K + x").add("%time K = 4"),
    "the context of decimals": Notebook()
    .answer("f", F + "x + len(str(Decimal(1) / 3)) - 1")
    .add("from decimal import Decimal, getcontext")
    .add("getcontext().prec = 3"),
    "the recursion limit": Notebook()
    .answer("f", F + "sys.getrecursionlimit() - 5000 + x")
    .add("import sys")
    .add("sys.setrecursionlimit(5004)"),
    "the recursion limit by its name": Notebook()
    .answer("f", F + "sys.getrecursionlimit() - 5000 + x")
    .add("import sys\nfrom sys import setrecursionlimit as limit\nlimit(5004)"),
}


@pytest.mark.parametrize("case", EFFECTS)
def test_what_changes_a_needed_name_is_run(case: str, read: Read) -> None:
    limit, decimals = sys.getrecursionlimit(), decimal.getcontext().copy()
    submission = read(EFFECTS[case])
    try:
        assert run(submission)["f"](3) == 7
    finally:
        sys.setrecursionlimit(limit)
        decimal.setcontext(decimals)
    assert submission.remarks == ()


# what else a student does with a table T that f needs, or with f itself: none of it is run
NO_EFFECT = {
    "an exercise is called": "f(3)\nassert f(3) == T[3]",
    "an exercise is given to a call": "plot(f)\ntime_it(f, 3)\nprint(f(3))",
    "the name is shown": "print(T)\ndisplay(T)\nlen(T)",
    "a function that reads": "def total(): return sum(T.values())\ntotal()",
    "another table": "U = {}\ndef fill_other(): U[1] = 2\nfill_other()\nU.update({2: 3})",
    "a local name": "def local():\n    T = {}\n    T[3] = 0\n    return T\nlocal()",
    "parts are looked at": "row = T[3]\nprint(row)\nfor k, v in T.items():\n    print(k, v)",
    "a decorator of a module": "import functools\n@functools.lru_cache\ndef looked(): return T",
    "an exercise is timed": "%time f(3)",
    "a seed": "import random\nrandom.seed(3)",
    "an exercise that changes what it needs": "f(3)\nresults = [f(k) for k in range(3)]",
}


@pytest.mark.parametrize("case", NO_EFFECT)
def test_what_changes_no_needed_name_is_not_run(case: str, read: Read) -> None:
    answer = "def f(x):\n    T[x] = T.get(x, 7)\n    return T[x]"
    submission = read(Notebook().answer("f", answer).add("T = {}").add(NO_EFFECT[case]))
    assert chosen(submission) == [ast.unparse(ast.parse(answer)), "T = {}"]


@pytest.mark.parametrize("place", ["setup", "demo", "test"])
def test_calls_in_cells_of_the_release_are_not_run(place: str, read: Read) -> None:
    notebook = Notebook().answer("f", "T = {3: 7}\n" + F + "T[x]").add("def fill(): T[3] = 0")
    cell = (
        notebook.cell("test_f")
        if place == "test"
        else next(c for c in notebook.cells if place in c["metadata"]["tags"])
    )
    cell["source"] = "fill()\nT.update({3: 1})"
    assert run(read(notebook))["f"](3) == 7


def test_a_solution_cell_is_run_whole(read: Read) -> None:
    notebook = Notebook().answer("f", "import plots\n" + F + "x\nplots.show(f)\n%time f(3)\ncheck(f)\nK = 1")
    notebook.add("import graphs\ngraphs.show(f)")
    assert chosen(read(notebook)) == ["import plots", F + "x", "plots.show(f)", "pass", "check(f)", "K = 1"]


def test_the_kit_itself_is_not_imported(read: Read) -> None:
    setup = "from autograder import open_assignment\ncheck = open_assignment('01_letters')\n"
    assert chosen(read(Notebook().answer("f", setup + F + "x"))) == ["check = open_assignment('01_letters')", F + "x"]


@pytest.mark.parametrize("case", WORKS)
def test_what_the_answer_needs_is_run(case: str, read: Read) -> None:
    notebook, expected = WORKS[case]
    submission = read(notebook)
    assert run(submission)["f"](3) == expected
    assert submission.source.broken == ()


QUIET = set(WORKS) - {"stub copy after the answer"}


@pytest.mark.parametrize("case", sorted(QUIET))
def test_ordinary_work_gets_no_remark(case: str, read: Read) -> None:
    assert read(WORKS[case][0]).remarks == ()


def test_a_byte_order_mark(read: Read) -> None:
    assert run(read(b"\xef\xbb\xbf" + Notebook().answer("f", F + "x").data()))["f"](3) == 3


# what the student did besides, and what must be all that runs
SKIPPED = {
    "plots and training": "import pylab as plt\nplt.plot([f(1)])\nW = train(f)\nprint(W)\ncheck(f)\nf(3)",
    "scratch globals named like local variables": "y = crash()\ni = 1\ne = 2\nz = crash()",
    "scratch functions": "def unrelated(): return g(1)",
    "a method call on a module": "import numpy as np2\nnp2.random.seed(1)",
    "deletion": "del f",
    "another language": "%%bash\necho def f(",
    "a file that is written": "%%writefile helper.py\nf = 3",
    "only comments": "# f = 3",
    "only a magic": "%pip install torch",
    "a class body": "class A:\n    f = 3",
    "a comprehension": "[f for f in range(3)]",
    "a lambda's argument": "apply(lambda f: f)",
}


@pytest.mark.parametrize("case", SKIPPED)
def test_what_nothing_needs_is_not_run(case: str, read: Read) -> None:
    answer = "def f(x):\n    y = [i for i in x]\n    try: return (lambda z: z)(y)\n    except E as e: return e"
    submission = read(Notebook().answer("f", answer).add(SKIPPED[case], 0).add(SKIPPED[case]))
    assert chosen(submission) == [ast.unparse(ast.parse(answer))]
    assert submission.remarks == ()


def test_line_numbers_are_the_students(read: Read) -> None:
    submission = read(Notebook().answer("f", "\n%%time\n%pip install x\n\ndef f(x):\n    return 1 / x"))
    cell = submission.source.cells[1]
    assert (cell.label, cell.text.split("\n").index("def f(x):")) == ("your cell f", 4)


def test_labels(read: Read) -> None:
    notebook = Notebook().answer("f", F + "a(x) + b(x)").answer("g", "def g(x): pass\ndef h(x): pass")
    notebook.add("def a(x): pass", 0).add("f.k = 3").add("def f(x): return a(x)").add("def b(x): pass")
    labels = [cell.label for cell in read(notebook).source.cells]
    assert labels == ["given", "cell 1", "your cell f", "cell 8", "cell 15", "your cell f (2)", "cell 17"]
    assert len(set(labels)) == len(labels)


def test_calls_between_exercises(read: Read) -> None:
    notebook = Notebook().answer("f", F + "a(x)").answer("g", "def g(x): return h(x) + g(0)").answer("h", "h = abs")
    notebook.add("def a(x): return [b(i) for i in x]").add("def b(x): return g(x)")
    assert read(notebook).calls == (("f", ("g",)), ("g", ("h",)), ("h", ()))


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def f(x):\n    return x +\n", "SyntaxError on line 2: invalid syntax"),
        ("def f(x):\nreturn x", "IndentationError on line 2: expected an indented block"),
        ("%pip install x\ndef f(x:\n    return x", "SyntaxError on line 2: '(' was never closed"),
        ("def f(x):\n    return '\0'", "null byte"),
        ("f = " + "(" * 300 + ")" * 300, "too many nested parentheses"),
        ("%x\n" * 300 + "def f(x): pass", "too many lines that start with"),
        ("f = '\x1b[31m' \u202e$", "SyntaxError on line 1: invalid non-printable character U+202E"),
        ("f = 1\n" + "é" * 9 + " $" * 9, "SyntaxError on line 2"),
    ],
)
def test_a_cell_that_is_no_python(source: str, error: str, read: Read) -> None:
    submission = read(Notebook().answer("f", source).answer("g", "def g(x): return 1"))
    (broken,) = submission.source.broken
    assert (broken.label, broken.exercises) == ("your cell f", ("f",))
    assert error in broken.error
    assert broken.error.isprintable()
    assert submission.remarks == (f"your cell f is not Python ({broken.error}) and was left out",)
    assert run(submission)["g"](0) == 1


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("f = " + "-" * 5_000 + "1", "it is nested too deeply; at most 300 levels"),
        ("f = a" + ".b" * 5_000, "it is nested too deeply"),
        ("f = " + "1+" * 5_000 + "1", "it is nested too deeply"),
        ("f = '" + "a" * 70_000 + "'", "it has 70006 characters; at most 65536"),
        ("f = 0\n" * 10_000, "it has 40000 words and signs; at most 12000"),
        ("%x\n" * 190 + "f = 1 # " + "y" * 60_000, "your cells take too long to read"),
    ],
    ids=["signs", "names", "sum", "long", "many lines", "many magics"],
)
def test_a_cell_that_is_too_large_is_named_by_its_number(source: str, error: str, read: Read) -> None:
    submission = read(Notebook().answer("f", source).answer("g", "def g(x): return 1"))
    (broken,) = submission.source.broken
    assert (broken.label, broken.exercises, broken.too_large) == ("cell 4", ("f",), True)
    assert error in broken.error
    assert submission.remarks == (f"cell 4 was not read ({broken.error}) and was left out",)
    assert run(submission)["g"](0) == 1


def test_the_cells_of_a_notebook_share_a_budget(read: Read) -> None:
    notebook = Notebook().answer("f", "def f(x): return 1")
    for number in range(4):
        notebook.add(f"x{number} = 0\n" * 2_000)
    submission = read(notebook.add("small = 1"))
    assert [broken.label for broken in submission.source.broken] == ["cell 17"]
    assert "more than 25000 words and signs together" in submission.source.broken[0].error
    assert run(submission)["f"](0) == 1


@pytest.mark.parametrize("helper", [False, True])
def test_an_answer_in_newer_syntax_is_for_a_person(helper: bool, read: Read) -> None:
    newer = 'def extra(x):\n    return t"{x}"'
    answer = F + "extra(x)" if helper else newer.replace("extra", "f")
    notebook = Notebook().answer("f", answer)
    if helper:
        notebook.add(newer)
    with pytest.raises(Ungradable) as problem:
        read(notebook)
    where = "cell 14" if helper else "your cell f"
    assert str(problem.value) == (
        f"{where} uses Python 3.14 syntax (a template string, line 2), and this is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}. Grade it with Python 3.14 or newer."
    )


@pytest.mark.parametrize("text", ['def f(x):\n    return f"{x["a"]}"', "def f[T](x: T) -> T:\n    return x"])
def test_a_student_is_told_if_the_grader_is_an_older_python(text: str) -> None:
    graded_by = replace(RELEASE, python=(3, 11))
    with pytest.raises(Ungradable) as problem:
        submission_of(Notebook().answer("f", text).data(), graded_by, "s001")
    assert "Python 3.12 syntax (" in str(problem.value)
    assert str(problem.value).endswith("and Python 3.11 grades it. Write it in the syntax of Python 3.11.")
    older = Notebook().answer("f", 'def f(x):\n    return f"{x!r} {{}}"').data()
    assert submission_of(older, graded_by, "s001").remarks == ()


def test_newer_syntax_that_nothing_needs_costs_nothing(read: Read) -> None:
    submission = read(Notebook().answer("f", F + "x").add('print(t"{f(3)}")'))
    assert run(submission)["f"](3) == 3
    assert submission.remarks == (
        "cell 14 was not read (it uses Python 3.14 syntax (a template string, line 1)) and was left out",
    )


def test_a_broken_cell_elsewhere(read: Read) -> None:
    notebook = Notebook().answer("f", F + "x").add("def f(x) return 3").add("print 'hello'").add("class g(: \nh = = 3")
    submission = read(notebook)
    assert [(cell.label, cell.exercises) for cell in submission.source.broken] == [
        ("your cell f (2)", ()),  # another cell defines it
        ("cell 15", ()),
        ("cell 16", ("g", "h")),
    ]
    assert len(submission.remarks) == 3
    assert run(submission)["f"](3) == 3


def _duplicate(name: str, source: str) -> Callable[[Notebook], object]:
    return lambda n: n.cells.append(n.cell(name) | {"source": source})


def _mark(grade_id: str, **marks: Any) -> Callable[[Notebook], object]:
    return lambda n: n.cell(grade_id)["metadata"]["nbgrader"].update(marks)


def _strip(notebook: Notebook) -> None:
    for cell in notebook.cells:
        cell["metadata"] = {}


def _become(grade_id: str, kind: str) -> Callable[[Notebook], object]:
    return lambda n: n.cell(grade_id).update(cell_type=kind)


REPAIRED = {
    "duplicated": (_duplicate("f", F + "7"), 7, ["cell f appears 2 times; the last changed one was graded"]),
    "duplicated as stub": (
        _duplicate("f", STUB.format("f")),
        3,
        ["cell f appears 2 times; the last changed one was graded"],
    ),
    "deleted": (
        lambda n: n.cells.pop(n.index("g")),
        3,
        ["cell g is missing from the notebook; no other cell defines it"],
    ),
    "deleted and moved": (
        lambda n: (n.cells.pop(n.index("f")), n.add(F + "8")),
        8,
        ["cell f is missing from the notebook; its answer was found by its name"],
    ),
    "one cell without metadata": (lambda n: n.cell("g").update(metadata={}), 3, []),
    "locked test edited": (
        lambda n: n.cell("test_f").update(source="f = print"),
        None,
        [
            "cell test_f was changed (text); the original was used",
            "f is defined in several cells (cell 4 and cell 5); the last one counts",
        ],
    ),
    "points edited": (
        _mark("test_f", points=100),
        3,
        ["cell test_f was changed (points); the original was used"],
    ),
    "points no number": (
        _mark("test_f", points="2"),
        3,
        ["cell test_f was changed (points); the original was used"],
    ),
    "lock removed": (
        _mark("test_g", locked=False),
        3,
        ["cell test_g was changed (lock); the original was used"],
    ),
    "test turned to text": (
        _become("test_f", "markdown"),
        3,
        ["cell test_f was changed (type); the original was used"],
    ),
    "test deleted": (
        lambda n: n.cells.pop(n.index("test_h")),
        3,
        ["cell test_h is missing; the original was used"],
    ),
    "solution turned to text": (
        _become("f", "markdown"),
        3,
        ["cell f was a markdown cell; it was read as code"],
    ),
    "solution turned raw": (_become("f", "raw"), 3, ["cell f was a raw cell; it was read as code"]),
    "stub turned to text": (_become("g", "markdown"), 3, []),
    "all metadata stripped": (
        _strip,
        3,
        ["the notebook has lost its nbgrader metadata; answers were found by the names they define"],
    ),
    "defined twice": (
        lambda n: n.add(F + "9"),
        9,
        ["f is defined in several cells (cell 4 and cell 14); the last one counts"],
    ),
    "damaged cell": (
        lambda n: n.add(7),
        3,
        ["cell 14 is damaged (its source is not text) and was read as empty"],
    ),
    "question answered": (lambda n: n.cell("essay").update(source="Because it's so."), 3, []),
    "question turned to code": (
        lambda n: n.cell("essay").update(source="Because it's so.", cell_type="code"),
        3,
        [],
    ),
    "text cell turned to code": (lambda n: n.cells[0].update(cell_type="code"), 3, []),
    "a note in a text cell": (lambda n: n.add("def f(", kind="markdown"), 3, []),
}


@pytest.mark.parametrize("case", REPAIRED)
def test_what_is_repaired_is_remarked(case: str, read: Read) -> None:
    edit, expected, remarks = REPAIRED[case]
    submission = read(Notebook().answer("f", F + "x").change(edit))
    assert list(submission.remarks) == remarks
    assert run(submission)["f"](3) == expected


def test_answers_of_a_stripped_notebook(read: Read) -> None:
    notebook = Notebook().answer("f", F + "g(x)").answer("g", "def g(x): return x").answer("h", "def h(x)")
    submission = read(notebook.change(_strip))
    assert run(submission)["f"](3) == 3
    assert [(cell.label, cell.exercises) for cell in submission.source.broken] == [("your cell h", ("h",))]


def test_remarks_end_somewhere(read: Read) -> None:
    notebook = Notebook()
    for _ in range(REMARKS + 5):
        notebook.add("1 1")
    remarks = read(notebook).remarks
    assert (len(remarks), remarks[-1]) == (REMARKS + 1, "and 5 more")


def test_surrogates_harm_nothing(read: Read) -> None:
    submission = read(Notebook().answer("f", F + "'\ud800' \ud800").answer("g", "def g(x): return '\ud800\\ud800'"))
    repr(submission).encode()
    assert len(submission.source.broken) == 1


def test_names_of_code_that_cannot_be_written_out_again(read: Read) -> None:
    answer = "def f(x):\n    return f'''{x + K!r:>{len('a')}}\\n{\"'\"}''' + \"\\ud800\"[1:]"
    assert run(read(Notebook().answer("f", answer).add("K = 1")))["f"](3) == "4\n'"


def test_an_unreadable_file(read: Read) -> None:
    with pytest.raises(Ungradable, match="cut off"):
        read(b'{"cells": [')


def test_a_broken_release_is_our_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(Notebook().data())
    with pytest.raises(UserError, match="given cell"):
        read_submission(path, Assignment("01_a", (), (Cell("def (", "code", tags=("given",)),)), "s001")


def test_one_statement_of_many_names_is_followed_once(read: Read) -> None:
    names = ", ".join(f"a{number}" for number in range(2_900))
    submission = read(Notebook().answer("f", f"f, {names} = g({names})"))
    assert [indices(cell) for cell in submission.source.cells] == [(0, 1), (0,)]
