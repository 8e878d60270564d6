"""Analyse a statement without running it: the names that it binds, and the names that it needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from autograder.notebooks.global_names import global_names

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, eq=False)
class Statement:
    """One top-level statement of a cell, and its effect on the notebook's global names."""

    node: ast.stmt

    @cached_property
    def defines(self) -> frozenset[str]:
        """Return the names that it binds: def, class, import, and every assignment outside nested functions."""
        if isinstance(self.node, ast.Delete):
            return frozenset()
        return frozenset(name for node in _own_nodes(self.node) for name in _bound_by(node))

    @cached_property
    def alters(self) -> frozenset[str]:
        """Return the names whose object it changes in place: `N[i] = …`, `N.a += …`."""
        stores = (ast.Subscript, ast.Attribute)
        targets = (
            node for node in _own_nodes(self.node) if isinstance(node, stores) and isinstance(node.ctx, ast.Store)
        )
        return frozenset(filter(None, map(_root, targets)))

    @cached_property
    def calls_on(self) -> frozenset[str]:
        """Return the names on which it calls a method for its effect: `N.append(…)`."""
        effects = (node.value for node in _own_nodes(self.node) if isinstance(node, ast.Expr))
        calls = (value.func for value in effects if isinstance(value, ast.Call))
        return frozenset(filter(None, (_root(func) for func in calls if isinstance(func, ast.Attribute))))

    @cached_property
    def needs(self) -> frozenset[str]:
        """Return the global names that it refers to, at once or when a function in it is called."""
        return global_names(self.node)

    @property
    def is_definition(self) -> bool:
        """Return whether it is a def, a class or an import."""
        return isinstance(self.node, _DEFINITIONS)

    @property
    def is_assignment(self) -> bool:
        """Return whether it is an assignment."""
        return isinstance(self.node, _ASSIGNMENTS)

    @property
    def always_runs(self) -> bool:
        """Return whether every program needs it: a star import binds any name, and `__future__` changes later code."""
        return isinstance(self.node, ast.ImportFrom) and (
            self.node.module == "__future__" or any(alias.name == "*" for alias in self.node.names)
        )


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes that run in the notebook's global scope."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.comprehension):
            todo.extend((node.iter, *node.ifs))  # its target is local
        elif not isinstance(node, _SCOPES):
            todo.extend(ast.iter_child_nodes(node))


def _bound_by(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return (name,)
        case ast.MatchMapping(rest=str(name)):
            return (name,)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return tuple(alias.asname or alias.name.partition(".")[0] for alias in aliases)
    return ()


def _root(node: ast.AST) -> str | None:
    """Return `TABLE` for `TABLE[0].entries.setdefault(1, [])`."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
