"""Analyse a statement without running it: the names that it binds, needs, and changes in other ways."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from autograder.notebooks.global_names import global_names

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
# Methods that change their object also in the middle of an expression: `last = TABLE.pop()`.
_MUTATORS = frozenset(
    "add append appendleft clear difference_update discard extend extendleft fill insert intersection_update itemset "
    "move_to_end partition pop popitem popleft put register remove resize reverse rotate setdefault sort "
    "symmetric_difference_update update".split()
)
_HARMLESS = frozenset({"print", "display", "len", "repr", "type", "help", "id", "isinstance", "check"})


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
        return frozenset(_altered(_eager_nodes(self.node)))

    @cached_property
    def affects(self) -> frozenset[str]:
        """Return the names whose object a call may change: `N.append(…)`, `np.fill_diagonal(N, 1)`."""
        return frozenset(_affected(_eager_nodes(self.node)))

    @cached_property
    def registers_with(self) -> frozenset[str]:
        """Return the names whose method decorates it: `N` of `@N.register("AND")`."""
        return frozenset(_roots(map(_decorating_object, _decorators(self.node))))

    @cached_property
    def calls(self) -> frozenset[str]:
        """Return the names that it calls when it runs, or gives to a call: also as a decorator or a base class."""
        called: list[ast.AST] = [*_decorators(self.node)]
        if isinstance(self.node, ast.ClassDef):
            called += [*self.node.bases, *(keyword.value for keyword in self.node.keywords)]
        for node in _eager_nodes(self.node):
            if isinstance(node, ast.Call):
                arguments = (*node.args, *(keyword.value for keyword in node.keywords))
                called += [node.func, *(argument for argument in arguments if isinstance(argument, ast.Name))]
        return frozenset(_roots(called))

    @cached_property
    def calls_by_path(self) -> frozenset[str]:
        """Return the functions that it calls, as they are written: `np.random.seed`."""
        calls = (node.func for node in _eager_nodes(self.node) if isinstance(node, ast.Call))
        return frozenset(filter(None, map(_path, calls)))

    @cached_property
    def changes_when_called(self) -> frozenset[str]:
        """Return the global names that the functions in it may assign or change when they are called."""
        if not self.may_call:
            return frozenset()
        nodes = list(ast.walk(self.node))
        return frozenset({*_altered(nodes), *_affected(nodes)} & self.needs)

    @cached_property
    def declared_global(self) -> frozenset[str]:
        """Return the names that the functions in it declare as global: a call may bind them."""
        declared = (node.names for node in ast.walk(self.node) if isinstance(node, ast.Global))
        return frozenset(name for names in declared for name in names)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Return the global names that it refers to, at once or when a function in it is called."""
        return global_names(self.node)

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


def _eager_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes that run when the statement runs: of a function only decorators and defaults, of a class all."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            todo.extend((*_decorators(node), *node.args.defaults, *filter(None, node.args.kw_defaults)))
        else:
            todo.extend(ast.iter_child_nodes(node))


def _decorators(node: ast.AST) -> list[ast.expr]:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return decorators


def _decorating_object(decorator: ast.expr) -> ast.expr | None:
    """Return the object of a decorator that is a method: `R` of `@R.register("AND")`."""
    while isinstance(decorator, ast.Call):
        decorator = decorator.func
    return decorator.value if isinstance(decorator, ast.Attribute) else None


def _altered(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names whose object is changed in place."""
    for node in nodes:
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield from _roots([node])
            yield from _global_key(node)
        elif isinstance(node, ast.keyword) and node.arg == "out":
            yield from _roots([node.value])


def _global_key(node: ast.AST) -> Iterator[str]:
    """Yield `N` for `globals()["N"]`."""
    match node:
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))):
            yield name


def _affected(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names on which a method is called for its effect, or which are given to a call that is a statement."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            yield from _roots([node.func])
        call = node.value if isinstance(node, ast.Expr) else None
        call = call.value if isinstance(call, ast.Await) else call
        if isinstance(call, ast.Call) and _path(call.func) not in _HARMLESS:
            if isinstance(call.func, ast.Attribute):
                yield from _roots([call.func])
            yield from _roots([*call.args, *(keyword.value for keyword in call.keywords)])


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
    return tuple(_global_key(node)) if isinstance(getattr(node, "ctx", None), ast.Store) else ()


def _roots(nodes: Iterable[ast.AST | None]) -> Iterator[str]:
    """Yield `TABLE` for `TABLE[0].entries.setdefault(1, [])`, and each name of `[A, B[0]]`."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        while isinstance(node, ast.Subscript | ast.Attribute | ast.Call | ast.Starred):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.List | ast.Tuple):
            todo.extend(node.elts)


def _path(function: ast.expr) -> str | None:
    """Return `np.random.seed` for the function of a call; None if it is not a path of names."""
    parts = []
    node: ast.expr = function
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else None
