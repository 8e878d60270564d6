"""What a model has learned stands in its weights, which are counted. Code that holds numbers would not be."""

from __future__ import annotations

import ast

from autograder.model import Source, Ungradable

TRAINED_CHARACTERS = 1 << 16  # of the code that comes with a trained model
LITERAL_CHARACTERS = 1 << 10  # of a constant in it


def demand_no_hidden_numbers(source: Source) -> None:
    """Raises Ungradable where the code that comes with a trained model is long, or holds a long constant."""
    size = sum(len(cell.text) for cell in source.cells)
    if size > TRAINED_CHARACTERS:
        raise Ungradable(f"its functions have {size} characters; at most {TRAINED_CHARACTERS} are read: shorten them")
    for cell in source.cells:
        if (longest := longest_literal(cell.text)) > LITERAL_CHARACTERS:
            raise Ungradable(
                f"{cell.label} holds a constant of {longest} characters; at most {LITERAL_CHARACTERS} are read: "
                "what a model has learned stands in its weights"
            )


def longest_literal(text: str) -> int:
    """How many characters the longest constant of some code takes: a number, a text, or a list of them.

    Docstrings do not count; what is built up by operators counts piece by piece.
    """
    tree = ast.parse(text)
    docstrings = {id(found) for node in ast.walk(tree) if (found := _docstring(node)) is not None}
    sizes = [_extent(node, text) for node in ast.walk(tree) if _is_literal(node) and id(node) not in docstrings]
    return max(sizes, default=0)


def _docstring(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return first.value
    return None


def _is_literal(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Set | ast.Dict | ast.JoinedStr)


def _extent(node: ast.AST, text: str) -> int:
    return len(ast.get_source_segment(text, node) or "")
