"""Parse a student's code within a budget. Nothing else outside a sandbox reads such code as Python.

A parser needs far more memory than its text: up to 950 bytes for each byte, measured with CPython 3.11 to 3.13. So
the text is measured before it is parsed, by a bound on its tokens. Bytecode is compiled only where the code runs: a
few hundred bytes of nested `try` and `finally` take gigabytes there.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

CELL_CHARACTERS = 1 << 16  # of one cell: as many as cross the wire to a sandbox
CELL_TOKENS = 12_000  # the longest cell of the course has 1,500
NOTEBOOK_TOKENS = 25_000  # of all trees that are kept: at most 25 MB; the longest notebook of the course has 12,000
NOTEBOOK_CHARACTERS = 2_000_000  # that are parsed for one notebook, to limit the time: a cell may take several attempts
DEPTH = 300  # of a tree: of brackets, blocks and operands in one another

_TOKEN = re.compile(r"\w+|[^\w\s]|\n")  # words in strings and comments count, too
_SHORTEN = "delete what the exercises do not need"


class OverBudget(Exception):
    """Some code is larger than what is read. The message tells the student in which way, and what to do."""


@dataclass
class Budget:
    """What may still be read of one notebook."""

    tokens: int = NOTEBOOK_TOKENS
    characters: int = NOTEBOOK_CHARACTERS

    @classmethod
    def unlimited(cls) -> Budget:
        """Return a budget for cells of the course itself."""
        return cls(tokens=1 << 60, characters=1 << 60)

    def parse(self, text: str) -> list[ast.stmt]:
        """Return the statements of some code, and take what they cost from the budget.

        Raise OverBudget if it is too large or nested too deeply, and SyntaxError or ValueError as `ast.parse` does.
        What only the compiler finds, such as `return` outside a function, is not found here.
        """
        tokens = self._tokens_of(text)
        self.characters -= len(text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(text).body
        except (RecursionError, MemoryError):
            raise _too_deep() from None
        if _is_deeper(body, DEPTH):
            raise _too_deep()
        self.tokens -= tokens
        return body

    def _tokens_of(self, text: str) -> int:
        """Return a bound on the tokens of a text. Raise OverBudget before anything costly is done with it."""
        if len(text) > CELL_CHARACTERS:
            raise OverBudget(f"it has {len(text)} characters; at most {CELL_CHARACTERS} are read: {_SHORTEN}")
        tokens = sum(1 for _ in _TOKEN.finditer(text))
        if tokens > CELL_TOKENS:
            raise OverBudget(f"it has {tokens} words and signs; at most {CELL_TOKENS} are read: {_SHORTEN}")
        if tokens > self.tokens:
            raise OverBudget(f"your cells have more than {NOTEBOOK_TOKENS} words and signs together: {_SHORTEN}")
        if len(text) > self.characters:
            raise OverBudget(f"your cells take too long to read: {_SHORTEN}")
        return tokens


def _too_deep() -> OverBudget:
    return OverBudget(f"it is nested too deeply; at most {DEPTH} levels are read: split it into several statements")


def _is_deeper(body: list[ast.stmt], most: int) -> bool:
    """Return whether a tree has more than so many levels. Without recursion, as it may be thousands deep."""
    level: list[ast.AST] = list(body)
    for _ in range(most):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
