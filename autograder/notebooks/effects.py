"""Find what code may change in place, without running it: by methods, calls, loops and constructors."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import islice

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Methods that change their object also in the middle of an expression: `last = TABLE.pop()`.
_MUTATORS = frozenset(
    "add append appendleft clear difference_update discard extend extendleft fill insert intersection_update itemset "
    "move_to_end partition pop popitem popleft put register remove resize reverse rotate setdefault sort "
    "symmetric_difference_update update".split()
)
# Functions that change their first argument also there: `smallest = heapq.heappop(HEAP)`.
_CHANGING = frozenset("next anext setattr delattr heappop heappush heappushpop heapreplace".split())
_HARMLESS = frozenset({"print", "display", "len", "repr", "type", "help", "id", "isinstance", "check"})
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
_NODES = 2_000  # of a loop or function: nested code is looked at once for each level around it
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


def eager_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes that run when the statement runs: of a function only decorators and defaults, of a class all."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, FUNCTIONS):
            todo.extend((*decorators_of(node), *node.args.defaults, *filter(None, node.args.kw_defaults)))
        else:
            todo.extend(ast.iter_child_nodes(node))


def decorators_of(node: ast.AST) -> list[ast.expr]:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return decorators


def decorating_object(decorator: ast.expr) -> ast.expr | None:
    """Return the object of a decorator that is a method: `R` of `@R.register("AND")`."""
    while isinstance(decorator, ast.Call):
        decorator = decorator.func
    return decorator.value if isinstance(decorator, ast.Attribute) else None


def altered(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names whose object is changed in place."""
    for node in nodes:
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield from roots([node])
            yield from global_key(node)
        elif isinstance(node, ast.keyword) and node.arg == "out":
            yield from roots([node.value])


def global_key(node: ast.AST) -> Iterator[str]:
    """Yield `N` for `globals()["N"]`."""
    match node:
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))):
            yield name


def affected(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names on which a method is called for its effect, or which are given to a call that is a statement."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in _MUTATORS:
            yield from roots([node])
        elif isinstance(node, ast.Call) and _last_name(node.func) in _CHANGING:
            yield from roots(node.args[:1])
        elif isinstance(node, ast.Expr) and (call := _call_of(node.value)) and path_of(call.func) not in _HARMLESS:
            yield from roots([call.func, *arguments_of(call)])
        elif isinstance(node, ast.ClassDef):  # a class may keep a list of those that are derived from it
            yield from roots([*node.bases, *(keyword.value for keyword in node.keywords)])
        elif isinstance(node, ast.For | ast.AsyncFor):
            yield from _changed_in_loop(node)


def _call_of(statement: ast.expr) -> ast.Call | None:
    """Return the call that a statement is, also as `await f()` and as `[f(k) for k in keys]`."""
    if isinstance(statement, _COMPREHENSIONS):
        statement = statement.elt
    statement = statement.value if isinstance(statement, ast.Await) else statement
    return statement if isinstance(statement, ast.Call) else None


def _changed_in_loop(loop: ast.For | ast.AsyncFor) -> Iterator[str]:
    """Yield `T` for `for row in T.values(): row.append(1)`."""
    targets = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    body = list(islice((node for statement in loop.body for node in eager_nodes(statement)), _NODES))
    inside = (node for node in body if not isinstance(node, ast.For | ast.AsyncFor))  # those yield their own
    if not targets.isdisjoint((*altered(body), *affected(inside))):
        given = arguments_of(loop.iter) if isinstance(loop.iter, ast.Call) else []
        yield from roots([loop.iter, *given])


def arguments_of(call: ast.Call) -> list[ast.expr]:
    """Return what a call is given."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def given_to_calls(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the name of each function that is called, with each name that it is given: also the method's object."""
    for node in nodes:
        if isinstance(node, ast.Call) and (name := _last_name(node.func)):
            owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            yield from ((name, given) for given in roots([*owner, *arguments_of(node)]))


def changing_functions(statement: ast.stmt) -> Iterator[str]:
    """Yield the functions and methods in a statement that change an argument, or the method's object."""
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            parameters = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
            body = list(islice((inner for part in node.body for inner in ast.walk(part)), _NODES))
            if not parameters.isdisjoint((*altered(body), *affected(body))):
                yield node.name


def counts_its_objects(statement: ast.stmt) -> bool:
    """Return whether a class changes an attribute of its own when it makes an object: `self.made.append(self)`."""
    if not isinstance(statement, ast.ClassDef):
        return False
    own = {
        node.id
        for part in statement.body
        if isinstance(part, ast.Assign | ast.AnnAssign)
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    constructors = (part for part in statement.body if getattr(part, "name", "") in _CONSTRUCTORS)
    return any(_changes_attribute(node, own) for part in constructors for node in ast.walk(part))


def _changes_attribute(node: ast.AST, own: set[str]) -> bool:
    match node:
        case ast.Attribute(attr=method, value=ast.Attribute(attr=name)) if method in _MUTATORS:
            return name in own
        case ast.Subscript(ctx=ast.Store() | ast.Del(), value=ast.Attribute(attr=name)):
            return name in own
        case ast.Attribute(ctx=ast.Store(), attr=name, value=owner):
            return name in own and (not isinstance(owner, ast.Name) or owner.id == "cls")
    return False


def _last_name(function: ast.expr) -> str:
    """Return `heappop` for `heapq.heappop`; empty if a call's function has no name."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def roots(nodes: Iterable[ast.AST | None]) -> Iterator[str]:
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


def path_of(function: ast.expr) -> str | None:
    """Return `np.random.seed` for the function of a call; None if it is not a path of names."""
    parts = []
    node: ast.expr = function
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else None
