"""Find the statements that a function needs, among all that a student wrote.

A solution cell is run whole: it is what students are told counts. Of other cells only statements are run that a
function needs, and those that change something that it needs. Whatever else a student tried out stays out: plots,
training runs, calls of an exercise's function.
"""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograder.notebooks.statements import Statement

_BUILTINS = frozenset(dir(builtins))
# Calls that change how all later code behaves. Seeds are not among them: no exercise may depend on a global generator.
_SETTINGS = frozenset(
    "sys.setrecursionlimit sys.set_int_max_str_digits numpy.seterr numpy.seterrcall warnings.simplefilter "
    "warnings.filterwarnings warnings.resetwarnings decimal.setcontext decimal.getcontext getcontext "
    "torch.set_default_dtype torch.set_default_device torch.set_num_threads torch.set_grad_enabled "
    "torch.use_deterministic_algorithms torch.set_float32_matmul_precision".split()
)


@dataclass(frozen=True)
class Program:
    """The statements of a student's cells, in order."""

    statements: tuple[Statement, ...]
    roots: tuple[str, ...]  # the exercises that are graded
    whole: frozenset[Statement] = frozenset()  # those of solution cells
    released: frozenset[Statement] = frozenset()  # those of cells with tests or demonstrations that were edited
    exercises: frozenset[str] = frozenset()  # all of the assignment
    given: tuple[Statement, ...] = ()  # that run before the student's

    @cached_property
    def binders(self) -> dict[str, list[Statement]]:
        """Return the statements that bind each name or change its object in place.

        A builtin's name counts only if a def, class or import binds it: `from numpy import max` matters to a
        function that uses `max`, but a `sum = 0` in some scratch cell does not.
        """
        binders = defaultdict(list)
        for statement in self.statements:
            for name in statement.defines | statement.alters:
                if statement.is_definition or name not in _BUILTINS:
                    binders[name].append(statement)
        return dict(binders)

    @cached_property
    def defined(self) -> frozenset[str]:
        """Return all names that the statements bind."""
        return frozenset(name for statement in self.statements for name in statement.defines)

    @cached_property
    def needed(self) -> frozenset[Statement]:
        """Return all statements that are run: see the beginning of this file."""
        return _Search(self).run()

    def reached(self, roots: Iterable[str], stop: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the roots and all names that their code refers to, without following the names in `stop`."""
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

    # ---- effects

    @cached_property
    def data(self) -> frozenset[str]:
        """Return the names that are bound to data or classes, by the student or before."""
        binding = (statement for statement in (*self.given, *self.statements) if statement.binds_data)
        return frozenset(name for statement in binding for name in statement.defines)

    @cached_property
    def acting(self) -> list[Statement]:
        """Return the statements that are run only if they are needed, and may be needed for their effect alone."""
        return [s for s in self.statements if s not in self.released and s not in self.whole]

    @cached_property
    def affecting(self) -> dict[str, list[Statement]]:
        """Return the statements with a call that may change the object of each name."""
        data, functions = self.data - self.exercises, self.changing_functions
        pairs: list[tuple[str, Statement]] = []
        for s in self.acting:
            given = {name for function, name in s.gives if function in functions}
            registering = (s.registers_with - self.imported) | (s.decorated_by & data)
            pairs += ((name, s) for name in ((s.affects | given) & data) | registering)
        return _index(pairs)

    @cached_property
    def changing_functions(self) -> frozenset[str]:
        """Return the student's functions and methods, by name, that change what they are given."""
        return frozenset(name for statement in self.statements for name in statement.changing_functions)

    @cached_property
    def imported(self) -> frozenset[str]:
        """Return the names of modules, and of what is imported from them."""
        return frozenset(name for statement in (*self.given, *self.statements) for name in statement.imports)

    @cached_property
    def aliases(self) -> dict[str, list[str]]:
        """Return further names of each name's object, or of parts of it, by which a statement may change it."""
        aliases = defaultdict(list)
        for statement in self.acting:
            for name, of in statement.aliases.items():
                if name in self.affecting or any(name in other.alters for other in self.binders.get(name, ())):
                    aliases[of].append(name)
        return dict(aliases)

    @cached_property
    def calling(self) -> dict[str, list[Statement]]:
        """Return the statements that call each name when they run."""
        return _index((name, statement) for statement in self.acting for name in statement.calls)

    @cached_property
    def changers(self) -> dict[str, list[Statement]]:
        """Return the definitions that may change each data name when they are called."""
        pairs = ((name, s) for s in self.statements for name in s.changes_when_called if name in self.data)
        declared = ((name, s) for s in self.statements for name in s.declared_global)
        return _index((*pairs, *declared))

    @cached_property
    def users(self) -> dict[str, list[Statement]]:
        """Return the statements whose code refers to each name."""
        return _index((name, statement) for statement in self.statements for name in statement.needs)

    @cached_property
    def settings(self) -> list[Statement]:
        """Return the statements that change a setting of the interpreter or of a library."""
        imports = {name: path for s in (*self.given, *self.statements) for name, path in s.imports.items()}

        def full(path: str) -> str:
            first, dot, rest = path.partition(".")
            return f"{imports.get(first, first)}{dot}{rest}"

        return [s for s in self.acting if s.binds_by_text or any(full(path) in _SETTINGS for path in s.calls_by_path)]


@dataclass
class _Search:
    """The search for the statements that some names need. Each name, statement and function is looked at once."""

    program: Program
    chosen: set[Statement] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    changing: set[str] = field(default_factory=set)  # functions and objects whose calls change a needed name
    todo: list[str] = field(default_factory=list)

    def run(self) -> frozenset[Statement]:
        program = self.program
        self._need(program.roots)
        self._choose(program.whole)
        self._choose(statement for statement in program.statements if statement.always_runs)
        if program.acting:
            self._choose(program.settings)
        while self.todo:
            name = self.todo.pop()
            self._choose(program.binders.get(name, ()))
            if program.acting:
                self._choose(program.affecting.get(name, ()))
                self._mark(program.changers.get(name, ()))
                self._need(program.aliases.get(name, ()))
        return frozenset(self.chosen)

    def _need(self, names: Iterable[str]) -> None:
        new = set(names) - self.names
        self.names |= new
        self.todo += new

    def _choose(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            if statement not in self.chosen:
                self.chosen.add(statement)
                self._need(statement.needs)

    def _mark(self, statements: Sequence[Statement]) -> None:
        """Choose what calls these functions, directly or through others. A call of an exercise is never chosen."""
        todo = list(statements)
        while todo:
            for name in todo.pop().defines - self.changing - self.program.exercises:
                self.changing.add(name)
                self._choose(self.program.calling.get(name, ()))
                todo += (user for user in self.program.users.get(name, ()) if user.may_call)


def _index(pairs: Iterable[tuple[str, Statement]]) -> dict[str, list[Statement]]:
    index = defaultdict(list)
    for name, statement in pairs:
        index[name].append(statement)
    return dict(index)
