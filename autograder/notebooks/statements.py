"""What a cell's code means, without running it: its statements, the names they bind, and the names they need.

The code is hostile: it is parsed and looked at, never imported or evaluated. `%magic` and `!shell` lines are
recognised as IPython's documentation describes them ("Built-in magic commands").
"""

from __future__ import annotations

import ast
import builtins
import copy
import re
import symtable
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from autograder.core.sanitize import clean
from autograder.notebooks.ipynb import CELL_CHARACTERS

MAGIC_LINES = 200
PARSED_CHARACTERS = 4_000_000  # all attempts at one cell together: a bound on time

_TRANSPARENT = {"%%time", "%%timeit", "%%capture", "%%prun"}
_ASSIGNED_MAGIC = re.compile(r"[^=!%]*[^=!%<>]=\s*[!%]")
_BUILTINS = frozenset(dir(builtins))
_TOO_DEEP = (RecursionError, MemoryError)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class NotPython(Exception):
    """A cell's text is no Python; the message is one clean line."""


# ---- from text to statements


@dataclass(frozen=True)
class Code:
    """A cell's text, with magics blanked and line numbers kept, and its top-level statements."""

    text: str
    statements: tuple[Statement, ...]

    @property
    def nodes(self) -> list[ast.stmt]:
        return [statement.node for statement in self.statements]


def read_code(text: str) -> Code:
    """The statements of a cell as Jupyter would run it; none for a cell in another language (`%%bash`).

    Raises `NotPython`, which names the kind of error and its line, for what Jupyter would refuse to run.
    """
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    while lines[first].startswith("%%"):
        if lines[first].split()[0] not in _TRANSPARENT:
            return Code("", ())
        lines[first] = ""
        first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    text, body = _parse_with_magics(_dedent(lines, lines[first]))
    return Code(text, tuple(Statement(node) for node in body))


def _dedent(lines: list[str], first: str) -> list[str]:
    """As IPython does: a cell that is indented as a whole runs."""
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return [line.removeprefix(indent) for line in lines]


def _parse_with_magics(lines: list[str]) -> tuple[str, list[ast.stmt]]:
    """Parse, and at each magic line that is in the way, put `pass` in its place and parse again."""
    size = sum(map(len, lines)) + 1
    if size > CELL_CHARACTERS:
        raise NotPython(f"it has more than {CELL_CHARACTERS} characters")
    for _ in range(min(MAGIC_LINES, PARSED_CHARACTERS // size)):
        text = "\n".join(lines)
        try:
            return text, _parse(text)
        except SyntaxError as error:
            number = (error.lineno or 0) - 1
            if not (0 <= number < len(lines) and _is_magic(lines[number])):
                raise NotPython(_described(error)) from None
            _blank(lines, number)
        except ValueError as error:
            raise NotPython(clean(f"ValueError: {error}", 200)) from None
        except _TOO_DEEP as error:
            raise NotPython(f"{type(error).__name__}: it is nested too deeply") from None
    raise NotPython("it has too many lines that start with % or !")


def _parse(text: str) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = ast.parse(text).body
        # Compiled too: `return` outside a function and the like are found only then.
        compile(text, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return body


def _is_magic(line: str) -> bool:
    stripped = line.strip()
    return stripped[:1] in {"%", "!", "?"} or stripped[-1:] == "?" or bool(_ASSIGNED_MAGIC.match(stripped))


def _blank(lines: list[str], number: int) -> None:
    """Put `pass` at the line's own indentation; a magic goes on where its line ends with a backslash."""
    line = lines[number]
    lines[number] = line[: len(line) - len(line.lstrip())] + "pass"
    while line.endswith("\\") and number + 1 < len(lines):
        number += 1
        line, lines[number] = lines[number], ""


def _described(error: SyntaxError) -> str:
    where = f" on line {error.lineno}" if error.lineno else ""
    return clean(f"{type(error).__name__}{where}: {error.msg}", 200)


def same_code(one: Code, other: Code) -> bool:
    """Whether two cells have equal syntax trees: comments, blanks and line breaks do not count."""
    pairs: list[tuple[object, object]] = [(one.nodes, other.nodes)]
    while pairs:
        left, right = pairs.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST):
            pairs.extend((getattr(left, name, None), getattr(right, name, None)) for name in left._fields)
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs.extend(zip(left, right, strict=True))
        elif left != right:
            return False
    return True


# ---- the names of one statement


@dataclass(frozen=True, eq=False)
class Statement:
    """One top-level statement of a cell, and what it does to the notebook's global names."""

    node: ast.stmt

    @cached_property
    def defines(self) -> frozenset[str]:
        """The names it binds: def, class, import, and every assignment outside nested functions."""
        if isinstance(self.node, ast.Delete):
            return frozenset()
        return frozenset(name for node in _own_nodes(self.node) for name in _bound_by(node))

    @cached_property
    def alters(self) -> frozenset[str]:
        """The names whose object it changes in place: `N[i] = …`, `N.a += …`."""
        stores = (ast.Subscript, ast.Attribute)
        targets = (n for n in _own_nodes(self.node) if isinstance(n, stores) and isinstance(n.ctx, ast.Store))
        return frozenset(filter(None, map(_root, targets)))

    @cached_property
    def calls_on(self) -> frozenset[str]:
        """The names on which it calls a method for its effect: `N.append(…)`."""
        effects = (node.value for node in _own_nodes(self.node) if isinstance(node, ast.Expr))
        calls = (value.func for value in effects if isinstance(value, ast.Call))
        return frozenset(filter(None, (_root(func) for func in calls if isinstance(func, ast.Attribute))))

    @cached_property
    def needs(self) -> frozenset[str]:
        """The global names it refers to, at once or when a function in it is called."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                text = ast.unparse(_without_docstring(self.node))
                return frozenset(_referenced(symtable.symtable(text, "<cell>", "exec")))
        except (SyntaxError, ValueError, *_TOO_DEEP):
            # Not every tree survives being written out again; too many names are better than too few.
            return frozenset(node.id for node in ast.walk(self.node) if isinstance(node, ast.Name))

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, _DEFINITIONS)

    @property
    def is_assignment(self) -> bool:
        return isinstance(self.node, _ASSIGNMENTS)

    @property
    def always_runs(self) -> bool:
        """A star import may bind anything; one from `__future__` changes the meaning of what follows."""
        return isinstance(self.node, ast.ImportFrom) and (
            self.node.module == "__future__" or any(alias.name == "*" for alias in self.node.names)
        )


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes that are executed in the notebook's own scope."""
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


def _without_docstring(node: ast.stmt) -> ast.stmt:
    """A docstring is most of a solution cell, refers to nothing, and is slow to write out."""
    if not isinstance(node, ast.FunctionDef) or ast.get_docstring(node, clean=False) is None:
        return node
    shorter = copy.copy(node)
    shorter.body = node.body[1:] or [ast.Pass()]
    return shorter


def _root(node: ast.AST) -> str | None:
    """`TABLE` of `TABLE[0].entries.setdefault(1, [])`."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _referenced(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        # In a function, `global N; N += 1` counts as assigned only, and yet needs N.
        if symbol.is_referenced() if top else symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _referenced(child)


# ---- the names of many


@dataclass(frozen=True)
class Program:
    """The statements of a student's cells, in order, by the names they bind."""

    statements: tuple[Statement, ...]

    @cached_property
    def binders(self) -> dict[str, list[Statement]]:
        """Which statements bind, or change in place, each name.

        A builtin's name counts only where a def, class or import binds it: `from numpy import max` matters to
        a function that says `max`, a `sum = 0` in some scratch cell does not.
        """
        assigned = {name for s in self.statements if s.is_assignment for name in s.defines}
        binders = defaultdict(list)
        for statement in self.statements:
            for name in statement.defines | statement.alters | (statement.calls_on & assigned):
                if statement.is_definition or name not in _BUILTINS:
                    binders[name].append(statement)
        return dict(binders)

    def needed(self, roots: Iterable[str]) -> frozenset[Statement]:
        """All statements that the roots need to work, found from name to name."""
        always = frozenset(statement for statement in self.statements if statement.always_runs)
        return always.union(*(self.binders.get(name, ()) for name in self.reached(roots)))

    def reached(self, roots: Iterable[str], stop: frozenset[str] = frozenset()) -> frozenset[str]:
        """The roots and all names the code behind them refers to; the code behind `stop` is not looked at."""
        names, followed = set(roots), set[Statement]()
        todo = list(names)
        while todo:
            name = todo.pop()
            binders = [] if name in stop else self.binders.get(name, [])
            for statement in binders:
                if statement in followed:
                    continue
                followed.add(statement)
                todo.extend(statement.needs - names)
                names |= statement.needs
        return frozenset(names)
