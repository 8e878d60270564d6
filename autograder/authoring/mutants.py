"""Make generic mutants of a cell: its text with one small thing changed, as by a typing error.

They know nothing of neural networks: operators, constants, dropped terms and arguments, axes, comparisons, bounds
off by one, statements left out. `mutation_audit` grades them.

Libraries such as mutmut change modules on disk; here a cell of a notebook is changed in memory.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_FUNCTIONS = {
    **{"max": "min", "maximum": "minimum", "argmax": "argmin", "zeros": "ones", "zeros_like": "ones_like"},
    **{"floor": "ceil", "any": "all", "exp": "expm1", "log": "log1p", "append": "insert", "sum": "mean"},
}
_FUNCTIONS |= {other: name for name, other in _FUNCTIONS.items()}
_COMMUTATIVE = {"maximum", "minimum", "max", "min", "add", "multiply", "isclose", "allclose", "array_equal"}
_CONVERSIONS = {"float", "int", "bool", "list", "tuple", "array", "asarray", "float64"}  # answers are compared by value
_TERMS = (ast.Add, ast.Sub, ast.Mult, ast.Div)


@dataclass(frozen=True)
class Mutant:
    """One changed statement, and the text of the whole cell with it."""

    before: str
    after: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.before} → {self.after}"


def mutants(text: str) -> Iterator[Mutant]:
    """Yield every mutant of a cell's functions once, in the order of the text. Docstrings and annotations stay."""
    tree = _without_docstrings(ast.parse(text))
    seen = {_compiled_text(ast.unparse(tree))}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.Assign):
            for before, after in _changed(statement, statement):
                changed = _compiled_text(ast.unparse(tree))
                if changed is not None and changed not in seen:
                    seen.add(changed)
                    yield Mutant(before, after, changed)


def _compiled_text(text: str) -> str | None:
    """Return the text if it compiles."""
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return None
    return text


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _changed(node: ast.AST, statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """Make each change below a node, yield its statement before and after, and take it back.

    The change is in the tree only until the caller asks for the next one.
    """
    for place, key, child in _children(node):
        inner = child if isinstance(child, ast.stmt) else statement
        before = _header(inner)
        for change in _changes(child):
            place[key] = change
            gone = isinstance(change, ast.Pass)
            yield before, "left out" if gone else _header(change if isinstance(change, ast.stmt) else inner)
        place[key] = child
        yield from _changed(child, inner)


def _children(node: ast.AST) -> Iterator[tuple[Any, Any, ast.AST]]:
    """Yield (container, key, child) for each child: `container[key] = other` replaces it."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "ctx", "op", "ops"):
            continue
        if isinstance(value, list):
            yield from ((value, index, child) for index, child in enumerate(value) if isinstance(child, ast.AST))
        elif isinstance(value, ast.AST):
            yield vars(node), name, value


def _header(statement: ast.stmt) -> str:
    return ast.unparse(statement).splitlines()[0]


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.stmt):
        yield from _other_statements(node)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, ast.Slice):
        yield from _other_slices(node)
    elif isinstance(node, ast.expr):
        yield from _other_expressions(node)


def _other_statements(node: ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.AugAssign(target=target, op=op, value=value):
            yield ast.Pass()
            yield ast.Assign([target], value, lineno=0)
            for other in _OPERATORS.get(type(op), ()):
                yield ast.AugAssign(target, other(), value)
        case ast.Raise() | ast.Expr() | ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()
        case ast.Return(value=ast.Tuple(elts=[first, second, *rest])):
            yield ast.Return(ast.Tuple([second, first, *rest], ast.Load()))
        case ast.If(test=test) | ast.While(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.For():
            yield _with(node, iter=ast.List([], ast.Load()))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()


def _other_expressions(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            for other in _OPERATORS.get(type(op), ()):
                yield ast.BinOp(left, other(), right)
            if isinstance(op, _TERMS):
                yield right
            if not isinstance(op, ast.MatMult):
                yield left
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Compare(left=left, ops=[op], comparators=comparators):
            for comparison in _COMPARISONS.get(type(op), ()):
                yield ast.Compare(left, [comparison()], comparators)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            yield from values
        case ast.Constant(value=value):
            yield from map(ast.Constant, _other_constants(value))
        case ast.Attribute(value=value, attr="T"):
            yield value
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
            yield from (body, orelse)


def _other_constants(value: object) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return value + 1, value - 1
    return (value + 1, value / 2 or 2.0) if isinstance(value, float) else ()


def _other_calls(node: ast.Call) -> Iterator[ast.expr]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in _FUNCTIONS:
        yield _with(node, func=_renamed(node.func, _FUNCTIONS[called]))
    for keyword in node.keywords:
        yield _with(node, keywords=[other for other in node.keywords if other is not keyword])
    if called in _CONVERSIONS:
        return
    if isinstance(node.func, ast.Attribute) and not _of_a_module(node.func):
        yield node.func.value  # x.copy(), x.sum(axis=0)
    elif len(node.args) == 1:
        yield node.args[0]
    match node.args:
        case [stop] if called == "range":
            one = ast.Constant(1)
            yield _with(node, args=[ast.BinOp(stop, ast.Sub(), one)])
            yield _with(node, args=[ast.BinOp(stop, ast.Add(), one)])
            yield _with(node, args=[one, stop])
        case [condition, yes, no] if called == "where":
            yield _with(node, args=[condition, no, yes])
        case [first, second, *rest] if called not in _COMMUTATIVE:
            yield _with(node, args=[second, first, *rest])


def _of_a_module(function: ast.Attribute) -> bool:
    """Return whether what stands before the dot is a module, not an array: `np.exp`, `np.linalg.norm`, `math.exp`."""
    root = function.value
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in ("np", "numpy", "math", "itertools", "functools")


def _renamed(function: ast.expr, name: str) -> ast.expr:
    return _with(function, attr=name) if isinstance(function, ast.Attribute) else ast.Name(name, ast.Load())


def _other_slices(node: ast.Slice) -> Iterator[ast.Slice]:
    for bound in ("lower", "upper", "step"):
        if getattr(node, bound) is not None:
            yield _with(node, **{bound: None})


def _with(node: Any, **changed: Any) -> Any:
    """Return a copy of a node with some fields changed."""
    other = copy.copy(node)
    for name, value in changed.items():
        setattr(other, name, value)
    return other
