"""Find the global names that a statement refers to, by Python's rules for scopes ("Resolution of names").

It follows what Python's own `symtable` says, which a test compares. But `symtable` reads text with the compiler, and
this needs only the tree, whose size is known. Nothing here recurses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(eq=False)
class _Scope:
    """A block of code with names of its own: the module, a class, a function, or a comprehension."""

    parent: _Scope | None = None
    kind: str = "function"  # or "module", "class", "comprehension"
    class_name: str = ""  # of the class around it, by which private names are mangled
    bound: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    declared_global: set[str] = field(default_factory=set)
    declared_nonlocal: set[str] = field(default_factory=set)

    def inner(self, kind: str, class_name: str | None = None) -> _Scope:
        return _Scope(self, kind, self.class_name if class_name is None else class_name)

    def mangled(self, name: str) -> str:
        """Return `_C__x` for the name `__x` in the class C."""
        prefix = self.class_name.lstrip("_")
        private = prefix and name.startswith("__") and not name.endswith("__") and "." not in name
        return f"_{prefix}{name}" if private else name

    @property
    def global_names(self) -> Iterator[str]:
        """Yield the global names that it refers to."""
        if self.kind == "module":
            yield from self.used
            return
        yield from self.declared_global
        for name in self.used | self.bound:
            if name not in self.declared_global and self._reaches_module(name):
                yield name

    def _reaches_module(self, name: str) -> bool:
        if name in self.bound and name not in self.declared_nonlocal:
            return False
        scope = self.parent
        while scope is not None and scope.kind != "module":
            if scope.kind == "class":
                if name == "__class__":
                    return False
            elif name in scope.declared_global:
                return True
            elif name in scope.bound and name not in scope.declared_nonlocal:
                return False
            scope = scope.parent
        return True


def global_names(statement: ast.stmt) -> frozenset[str]:
    """Return the global names that a top-level statement refers to, at once or when a function in it is called."""
    module = _Scope(kind="module")
    scopes = [module]
    todo: list[tuple[ast.AST, _Scope]] = [(statement, module)]
    while todo:
        node, scope = todo.pop()
        _note(node, scope)
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef, *_COMPREHENSIONS)) or _type_parameters(node):
            parts = list(_parts_with_scopes(node, scope))
            scopes += dict.fromkeys(inner for _, inner in parts if inner is not scope)
            todo += parts
        else:
            todo += ((child, scope) for child in ast.iter_child_nodes(node))
    return frozenset(name for scope in scopes for name in scope.global_names)


def _note(node: ast.AST, scope: _Scope) -> None:
    """Note the names that one node binds, uses or declares."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            scope.used.add(scope.mangled(name))
        case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            _bind(scope, [name])
        case ast.arg(arg=name):
            _bind(scope, [name])
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            _bind(scope, [name])
        case ast.MatchMapping(rest=str(name)):
            _bind(scope, [name])
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            _bind(scope, (alias.asname or alias.name.partition(".")[0] for alias in aliases))
        case ast.Global(names=names):
            scope.declared_global.update(map(scope.mangled, names))
        case ast.Nonlocal(names=names):
            scope.declared_nonlocal.update(map(scope.mangled, names))
        case ast.NamedExpr(target=ast.Name(id=name)):
            _bind_outside_comprehensions(scope, name)


def _bind(scope: _Scope, names: Iterable[str]) -> None:
    scope.bound.update(map(scope.mangled, names))


def _bind_outside_comprehensions(scope: _Scope, name: str) -> None:
    """Bind the target of `:=`. In a comprehension it belongs to the function, or the module, around it."""
    while scope.kind == "comprehension" and scope.parent is not None:
        scope.declared_nonlocal.add(scope.mangled(name))
        scope = scope.parent
    if name not in scope.declared_global:
        _bind(scope, [name])


def _type_parameters(node: ast.AST) -> list[ast.AST]:
    """Return `T` for `def f[T](x): …`, which Python has from 3.12 on."""
    parameters: list[ast.AST] = getattr(node, "type_params", [])
    return parameters


def _parts_with_scopes(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """Yield the parts of a node that has a scope of its own, each with the scope that it is in."""
    if isinstance(node, _COMPREHENSIONS):
        yield from _comprehension_parts(node, scope)
        return
    for decorator in getattr(node, "decorator_list", []):
        yield decorator, scope
    parameters = _type_parameters(node)
    around = scope.inner("function", getattr(node, "name", None) if isinstance(node, ast.ClassDef) else None)
    outer = around if parameters else scope
    for parameter in parameters:
        _bind(outer, [str(parameter.name)])  # type: ignore[attr-defined]
        yield from ((child, outer) for child in ast.iter_child_nodes(parameter))
    if isinstance(node, ast.ClassDef):
        inner = outer.inner("class", node.name)
        yield from ((part, outer) for part in (*node.bases, *node.keywords))
        yield from ((part, inner) for part in node.body)
    elif isinstance(node, _FUNCTIONS):
        yield from _function_parts(node, outer)
    else:  # `type X[T] = …`
        yield from ((child, outer) for child in ast.iter_child_nodes(node) if child not in parameters)


def _function_parts(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, outer: _Scope
) -> Iterator[tuple[ast.AST, _Scope]]:
    """Yield the parts of a function: defaults and annotations are outside of its scope."""
    inner = outer.inner("function")
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for argument in filter(None, named):
        _bind(inner, [argument.arg])
        if argument.annotation is not None:
            yield argument.annotation, outer
    yield from ((default, outer) for default in (*arguments.defaults, *arguments.kw_defaults) if default is not None)
    if isinstance(node, ast.Lambda):
        yield node.body, inner
        return
    if node.returns is not None:
        yield node.returns, outer
    yield from ((statement, inner) for statement in node.body)


def _comprehension_parts(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """Yield the parts of a comprehension: only what its first `for` goes through is outside of its scope."""
    inner = scope.inner("comprehension")
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            first = child is node.generators[0]  # type: ignore[attr-defined]
            yield child.iter, scope if first else inner
            yield from ((part, inner) for part in (child.target, *child.ifs))
        else:
            yield child, inner
