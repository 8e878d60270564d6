"""Which branches of a module's functions run: statements, and what a conditional expression comes to.

As fine as an arm of `a if b else c`, because a sentence chooses its words in such arms.
"""

import ast
import functools
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any


@dataclass(frozen=True, order=True)
class Piece:
    """A statement of a function, or what a conditional expression comes to: an arm of `if` and `else`, `or`, `and`."""

    file: str
    function: str
    start: tuple[int, int]  # line and column
    end: tuple[int, int]
    text: str

    def __str__(self) -> str:
        return f"{self.function}, line {self.start[0]}: {self.text.partition(chr(10))[0]}"


def pieces_of(module: Any) -> Iterator[Piece]:
    """Everything inside the functions of a module that can run or not."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                for one in _arms(node, function):
                    start, end = (one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0)
                    yield Piece(module.__file__, function.name, start, end, ast.unparse(one))


def _arms(node: ast.AST, function: ast.FunctionDef) -> list[ast.expr] | list[ast.stmt]:
    match node:
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        case ast.BoolOp(values=values):
            return values[1:]
        case ast.Expr(value=ast.Constant()):  # a docstring
            return []
        case ast.stmt() if node is not function:
            return [node]
        case _:
            return []


Place = tuple[str, tuple[int, int]]


@contextmanager
def traced(*modules: Any) -> Iterator[set[Place]]:
    """Where the instructions begin that run of these modules' functions."""
    files = {module.__file__ for module in modules}
    seen: set[Place] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and (start := starts(frame.f_code)[frame.f_lasti // 2]):
            seen.add((frame.f_code.co_filename, start))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield seen
    finally:
        sys.settrace(before)


@functools.cache
def starts(code: CodeType) -> list[tuple[int, int] | None]:
    """The line and column of each instruction."""
    places = code.co_positions()
    return [None if line is None or column is None else (line, column) for line, _, column, _ in places]


def never_run(pieces: Iterable[Piece], seen: set[Place]) -> list[Piece]:
    """The pieces in which no instruction has run, in their order."""
    return [
        one
        for one in sorted(pieces)
        if not any(file == one.file and one.start <= start < one.end for file, start in seen)
    ]
