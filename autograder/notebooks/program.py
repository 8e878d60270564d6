"""Find the statements that a function needs, among all that a student wrote."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from autograder.notebooks.statements import Statement

_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Program:
    """The statements of a student's cells, in order."""

    statements: tuple[Statement, ...]

    @cached_property
    def binders(self) -> dict[str, list[Statement]]:
        """Return the statements that bind each name or change its object in place.

        A builtin's name counts only if a def, class or import binds it: `from numpy import max` matters to a
        function that uses `max`, but a `sum = 0` in some scratch cell does not.
        """
        assignments = (statement for statement in self.statements if statement.is_assignment)
        assigned = {name for statement in assignments for name in statement.defines}
        binders = defaultdict(list)
        for statement in self.statements:
            for name in statement.defines | statement.alters | (statement.calls_on & assigned):
                if statement.is_definition or name not in _BUILTINS:
                    binders[name].append(statement)
        return dict(binders)

    @cached_property
    def defined(self) -> frozenset[str]:
        """Return all names that the statements bind."""
        return frozenset(name for statement in self.statements for name in statement.defines)

    def needed(self, roots: Iterable[str]) -> frozenset[Statement]:
        """Return all statements that the roots need, directly or through other names."""
        always = frozenset(statement for statement in self.statements if statement.always_runs)
        return always.union(*(self.binders.get(name, ()) for name in self.reached(roots)))

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
