"""Limit the code that comes with a trained model.

The numbers in its weights are counted. Code could hide further numbers, which would not be counted.
"""

from __future__ import annotations

import ast
import zlib
from itertools import accumulate

from autograder.core.errors import Ungradable
from autograder.core.model import Source
from autograder.notebooks.parser import Budget

TRAINED_CHARACTERS = 1 << 16  # of the code that comes with a trained model
PACKED_BYTES = 1 << 14  # of all of it, compressed: ordinary code shrinks to a third, but learned numbers do not
LITERAL_BYTES = 1 << 10  # of one constant
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr)


def require_no_hidden_numbers(source: Source) -> None:
    """Raise Ungradable if the code that comes with a trained model is long or may hold many numbers.

    Numbers could be in constants, but also in docstrings, comments and names. The compressed size counts them all.
    """
    texts = [cell.text for cell in source.cells]
    size = sum(map(len, texts))
    if size > TRAINED_CHARACTERS:
        raise Ungradable(f"its functions have {size} characters; at most {TRAINED_CHARACTERS} are read: shorten them")
    for cell in source.cells:
        if (longest := longest_literal(cell.text)) > LITERAL_BYTES:
            raise Ungradable(
                f"{cell.label} holds a constant of {longest} bytes; at most {LITERAL_BYTES} are read: "
                "what a model has learned stands in its weights"
            )
    packed = len(zlib.compress("\n".join(texts).encode("utf-8", "replace"), 9))
    if packed > PACKED_BYTES:
        raise Ungradable(
            f"its functions take {packed} bytes when they are packed; at most {PACKED_BYTES} are read: "
            "what a model has learned stands in its weights, and not in constants, texts or names"
        )


def longest_literal(text: str) -> int:
    """Return the length in bytes of the longest constant in some code: a number, a text, or a list of them.

    Docstrings do not count. The operands of an operator count separately.
    """
    tree = ast.Module(Budget().parse(text), type_ignores=[])
    starts = [0, *accumulate(len(line) + 1 for line in text.encode("utf-8", "replace").split(b"\n"))]
    docstrings = {id(docstring) for node in ast.walk(tree) if (docstring := _docstring(node)) is not None}
    literals = (node for node in ast.walk(tree) if isinstance(node, _LITERALS) and id(node) not in docstrings)
    return max((_extent(node, starts) for node in literals), default=0)


def _docstring(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return first.value
    return None


def _extent(node: ast.expr, starts: list[int]) -> int:
    """Return the length of a node in bytes. `starts` counts the bytes before each line."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.end_lineno - 1] + node.end_col_offset - starts[node.lineno - 1] - node.col_offset
