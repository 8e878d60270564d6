"""Analyse a statement without running it: the names that it binds, needs, and changes in other ways."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from autograder.notebooks.effects import (
    FUNCTIONS,
    affected,
    altered,
    changing_functions,
    counts_its_objects,
    decorating_object,
    decorators_of,
    eager_nodes,
    given_to_calls,
    global_key,
    path_of,
    roots,
)
from autograder.notebooks.global_names import global_names

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_BY_TEXT = frozenset({"__name__", "eval", "exec", "globals", "vars"})
_SCOPES = (*FUNCTIONS, ast.ClassDef)


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
        """Return the names whose object it changes in place: `N[i] = …`, `N.a += …`, `del N[i]`, `f(x, out=N)`."""
        return frozenset(altered(eager_nodes(self.node)))

    @cached_property
    def affects(self) -> frozenset[str]:
        """Return the names whose object a call may change: `N.append(…)`, `np.fill_diagonal(N, 1)`."""
        return frozenset(affected(eager_nodes(self.node)))

    @cached_property
    def registers_with(self) -> frozenset[str]:
        """Return the names whose method decorates it: `N` of `@N.register("AND")`."""
        return frozenset(roots(map(decorating_object, decorators_of(self.node))))

    @cached_property
    def decorated_by(self) -> frozenset[str]:
        """Return the names that decorate it, themselves or by a method: `N` of `@N`, `@N("AND")` and `@N.add`."""
        return frozenset(roots(decorators_of(self.node)))

    @cached_property
    def gives(self) -> frozenset[tuple[str, str]]:
        """Return the functions and methods that it calls when it runs, by name, with each name that they are given."""
        return frozenset(given_to_calls(eager_nodes(self.node)))

    @cached_property
    def changing_functions(self) -> frozenset[str]:
        """Return the functions and methods in it that change what they are given."""
        return frozenset(changing_functions(self.node))

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Return the names that it binds to a part of another name's object: `{"row": "T"}` for `row = T["a"]`."""
        match self.node:
            case ast.Assign(targets=targets, value=ast.Name() | ast.Subscript() | ast.Attribute() as value):
                names = (target.id for target in targets if isinstance(target, ast.Name))
                return {name: root for root in roots([value]) for name in names}
        return {}

    @property
    def binds_by_text(self) -> bool:
        """Return whether it may bind any name: `exec("…")`, `globals().update(…)`."""
        for node in eager_nodes(self.node):
            match node:
                case ast.Call(func=ast.Name(id="exec")):
                    return True
                case ast.Call(func=ast.Attribute(attr="update", value=ast.Call(func=ast.Name(id="globals" | "vars")))):
                    return True
        return False

    @cached_property
    def calls(self) -> frozenset[str]:
        """Return the names that it calls when it runs, or gives to a call: also as a decorator or a base class."""
        called: list[ast.AST] = [*decorators_of(self.node)]
        if isinstance(self.node, ast.ClassDef):
            called += [*self.node.bases, *(keyword.value for keyword in self.node.keywords)]
        for node in eager_nodes(self.node):
            if isinstance(node, ast.Call):
                arguments = (*node.args, *(keyword.value for keyword in node.keywords))
                called += [node.func, *(argument for argument in arguments if isinstance(argument, ast.Name))]
        return frozenset(roots(called))

    @cached_property
    def calls_by_path(self) -> frozenset[str]:
        """Return the functions that it calls, as they are written: `np.random.seed`."""
        calls = (node.func for node in eager_nodes(self.node) if isinstance(node, ast.Call))
        return frozenset(filter(None, map(path_of, calls)))

    @cached_property
    def changes_when_called(self) -> frozenset[str]:
        """Return the global names that the functions in it may assign or change when they are called."""
        if not self.may_call:
            return frozenset()
        nodes = list(ast.walk(self.node))
        own = {self.node.name} if isinstance(self.node, ast.ClassDef) and counts_its_objects(self.node) else set()
        return frozenset({*altered(nodes), *affected(nodes)} & self.needs) | own

    @cached_property
    def declared_global(self) -> frozenset[str]:
        """Return the names that the functions in it declare as global: a call may bind them."""
        declared = (node.names for node in ast.walk(self.node) if isinstance(node, ast.Global))
        return frozenset(name for names in declared for name in names)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Return the global names that it refers to, at once or when a function in it is called.

        With `globals()`, `eval` and the like, a text may be such a name.
        """
        names = global_names(self.node)
        if _BY_TEXT.isdisjoint(names):
            return names
        texts = (node.value for node in ast.walk(self.node) if isinstance(node, ast.Constant))
        return names | {text for text in texts if isinstance(text, str) and text.isidentifier()}

    @property
    def is_definition(self) -> bool:
        """Return whether it is a def, a class or an import."""
        return isinstance(self.node, _DEFINITIONS)

    @property
    def may_call(self) -> bool:
        """Return whether code in it may run later, when a name that it binds is called."""
        return isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, *_ASSIGNMENTS))

    @property
    def binds_data(self) -> bool:
        """Return whether the names that it binds are data or classes, and not functions or modules."""
        return isinstance(self.node, ast.ClassDef) or not self.is_definition

    @cached_property
    def imports(self) -> dict[str, str]:
        """Return the full path of each name that it imports: `{"np": "numpy"}`."""
        match self.node:
            case ast.Import(names=aliases):
                return {
                    alias.asname or alias.name.partition(".")[0]: (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
                    for alias in aliases
                }
            case ast.ImportFrom(module=str(module), names=aliases):
                return {alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases}
        return {}

    @property
    def imports_kit(self) -> bool:
        """Return whether it imports the kit, which is not there when a notebook is graded."""
        return any(path.partition(".")[0] == "autograder" for path in self.imports.values())

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
    return tuple(global_key(node)) if isinstance(getattr(node, "ctx", None), ast.Store) else ()
