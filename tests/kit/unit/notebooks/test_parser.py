"""What reading a student's code may cost, and that nothing but the budgeted parser reads it."""

from __future__ import annotations

import ast
import builtins
import contextlib
import json
import subprocess
import symtable
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from autograder.core.model import Assignment, Cell, Exercise
from autograder.nbgrader_bridge.rebuild import rebuild
from autograder.notebooks.cell_code import read_code
from autograder.notebooks.global_names import global_names
from autograder.notebooks.ipynb import parse_notebook
from autograder.notebooks.parser import CELL_CHARACTERS, CELL_TOKENS, Budget, OverBudget
from autograder.notebooks.submission import read_submission

NESTED_TRY = "def f():\n" + "".join(
    f"{'  ' * level} try:\n{'  ' * level}  pass\n{'  ' * level} finally:\n" for level in range(16)
)
NESTED_TRY += "  " * 16 + " pass\n"

# Each is as long as a cell may be, or as deep as a parser may go.
BOMBS = {
    "names": "a\n" * 50_000,
    "few names": "a\n" * (CELL_TOKENS // 2),
    "statements on a line": "0;" * 7_000,
    "slices": "a[:,:,:]\n" * 1_500,
    "comparisons": "a>b\n" * 3_700,
    "format fields": "f'" + "{a}" * 4_900 + "'",
    "a long text with fields": "f'" + "b" * 50_000 + "{a}" * 4_900 + "'",
    "an error at the end": "a\n" * 7_000 + "(",
    "brackets": "[" * 60_000,
    "signs": "-" * 60_000 + "1",
    "sum": "1+" * 30_000 + "1",
    "short sum": "1+" * 7_000 + "1",
    "attributes": "a" + ".b" * 7_000,
    "calls": "f" + "()" * 7_000,
    "lambdas": "lambda:" * 7_000 + "0",
    "conditions": "x if y else " * 3_700 + "z",
    "elif": "if x:0\n" + "elif x:0\n" * 2_900,
    "powers": "2**" * 5_000 + "1",
    "decorators": "@a\n" * 4_900 + "def f():0",
    "a number": "1" * 60_000,
    "one word": "a" * 60_000,
    "text in pieces": "'' " * 7_000,
    "lists": "[" + "[]," * 4_900 + "]",
    "nested format fields": "f'{" * 140 + "x" + "}'" * 140,
    "try": NESTED_TRY,
}

MEASURE = """
import json, resource, sys
from autograder.notebooks.parser import Budget, OverBudget
from autograder.notebooks.global_names import global_names
bombs = json.load(sys.stdin)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, text in bombs.items():
    try:
        for statement in Budget().parse(text):
            global_names(statement)
    except (OverBudget, SyntaxError, ValueError):
        pass
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert growth < 48 << 10, (name, growth)  # KiB
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KiB on Linux alone")
def test_no_text_costs_much_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        input=json.dumps(BOMBS),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_or_refused(name: str) -> None:
    with contextlib.suppress(OverBudget, SyntaxError, ValueError):
        for statement in Budget().parse(BOMBS[name]):
            assert global_names(statement) <= {"a", "b", "f", "x", "y", "z"} | {BOMBS["one word"]}


def test_a_budget_is_spent_by_what_is_kept() -> None:
    budget = Budget(tokens=10)
    assert len(budget.parse("a = 1\n")) == 1
    with pytest.raises(SyntaxError):
        budget.parse("a = =")
    assert budget.tokens == 6
    with pytest.raises(OverBudget, match="together"):
        budget.parse("a = 1\nb = 2\n")


def test_no_memory_left_is_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> Any:
        raise MemoryError

    monkeypatch.setattr(ast, "parse", refuse)
    with pytest.raises(OverBudget, match="nested too deeply"):
        Budget().parse("a")
    with pytest.raises(OverBudget, match="characters"):
        Budget().parse("a" * (CELL_CHARACTERS + 1))


@pytest.mark.parametrize("text", [NESTED_TRY, "def f(x):\n    return x\nreturn f", "def f(x: (yield)): pass"])
def test_only_the_parser_reads_a_submission(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse_bytecode_of(text, monkeypatch)
    stub = Cell("def f(x): raise NotImplementedError", "code", grade_id="f", solution=True)
    test = Cell("check(f)", "code", grade_id="test_f", points=1.0)
    assignment = Assignment("01_a", (Exercise("f", 1.0, ("x",)),), (stub, test))
    cells = [_raw(stub, text), _raw(test, test.source)]
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    path = tmp_path / "a.ipynb"
    path.write_bytes(data)
    submission = read_submission(path, assignment, "ada")
    assert submission.source.broken == ()
    rebuilt = rebuild(data, parse_notebook(data), assignment)
    assert "".join(rebuilt.notebook["cells"][0]["source"]) == text


def _refuse_bytecode_of(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.compile

    def compile_(source: Any, *arguments: Any, **options: Any) -> Any:
        flags = options.get("flags", arguments[2] if len(arguments) > 2 else 0)
        assert flags & ast.PyCF_ONLY_AST or source != text, "compiled outside a sandbox"
        return real(source, *arguments, **options)

    def refuse(*_: Any) -> Any:
        raise AssertionError("read by the compiler outside a sandbox")

    monkeypatch.setattr(builtins, "compile", compile_)
    monkeypatch.setattr(symtable, "symtable", refuse)
    monkeypatch.setattr(ast, "unparse", refuse)


def _raw(cell: Cell, text: str) -> dict[str, Any]:
    nbgrader = {"grade_id": cell.grade_id, "solution": cell.solution, "grade": cell.points is not None}
    return {"cell_type": "code", "metadata": {"nbgrader": nbgrader}, "source": text, "outputs": []}


# ---- global names, compared with Python's own table of symbols

SCOPES = [
    "x = y",
    "x += y",
    "x: int = y",
    "del x[i], y",
    "import a.b, c as d",
    "def f(a, b=B, *c, d: D = E, **e) -> R:\n    global g\n    g += a\n    h = len(i)\n    return lambda j=k: j + l",
    "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += m\n    return g",
    "def f():\n    global n\n    def g():\n        return n",
    "class C(B, metaclass=M):\n    a = b\n    c = a\n    def f(self):\n        return a, __p, __q__, C, super()",
    "class _:\n    def f(self): return __p",
    "def f(): return [x for x in y if z for w in x for v in u]",
    "def f():\n    return {k: v for k, v in p}, {s for s in q}, (t for t in r)",
    "def f():\n    return [last := x for x in y], last",
    "def f():\n    global last\n    return [last := x for x in y]",
    "def f(a):\n    try: pass\n    except E as e: return e\n    with a as b, c as d: return b, d\n    for i in j: i",
    "def f(a):\n    match a:\n        case {'k': v, **rest}: return rest\n        case [P(q=r), *s] | T as w: s",
    "async def f():\n    async with a as b:\n        async for c in d:\n            await c(b)",
    "@dec(x)\nclass C:\n    @prop\n    def f(self): return f\n    [g for g in h]",
    "f = lambda x: lambda y: x + y + z",
    "print(f'{a!r:>{b}}', *c, **d)",
    "def f():\n    x = 1\n    class C:\n        y = x\n        def g(self): return x, y",
    "def f():\n    def g(): return f, g, h\n    import h",
]


def _by_symtable(text: str) -> frozenset[str]:
    def referenced(table: symtable.SymbolTable) -> Iterator[str]:
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() if top else symbol.is_global():
                yield symbol.get_name()
        for child in table.get_children():
            yield from referenced(child)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return frozenset(referenced(symtable.symtable(text, "<text>", "exec"))) - {"__class__"}


@pytest.mark.parametrize("text", SCOPES)
def test_names_are_those_of_the_table_of_symbols(text: str) -> None:
    (statement,) = ast.parse(text).body
    assert global_names(statement) == _by_symtable(text)


@pytest.mark.parametrize("folder", ["autograder", "reference_impl", "tests/suites"])
def test_names_in_whole_files(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                assert global_names(statement) == _by_symtable(ast.unparse(statement)), (path, statement.name)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is new in Python 3.12")
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f[T: B](x: T) -> C[T]: return [T, D]", {"B", "C", "D"}),
        ("class C[T](A[T]):\n    x: T = y", {"A", "y"}),
        ("type X[T] = list[T] | Y", {"list", "Y"}),
    ],
)
def test_type_parameters_are_no_global_names(text: str, names: set[str]) -> None:
    (statement,) = ast.parse(text).body
    assert global_names(statement) == names


class CountedLines(list[str]):
    """The lines of a cell, which count how often one is read."""

    reads = 0

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[str]:
        for line in super().__iter__():
            self.reads += 1
            yield line


class CountedText(str):
    """A cell whose lines are counted."""

    lines: CountedLines

    def split(self, *_: Any) -> CountedLines:
        self.lines = CountedLines(super().split("\n"))
        return self.lines


def test_thousands_of_magics_are_read_once() -> None:
    text = CountedText("\n" * 1000 + "%%time\n" * 1000)
    read_code(text, Budget())
    assert text.lines.reads < 10 * len(text.lines)
