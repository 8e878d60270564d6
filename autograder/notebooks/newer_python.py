"""Recognize syntax that only a newer Python has: code that is right, and that an older Python cannot read.

`older_syntax` writes such code in the syntax of Python 3.11, as far as it is needed to see whether it would be valid
and which names it binds. The sources are PEP 695 (type parameters), PEP 701 (f-strings) and, for 3.14, PEP 750
(template strings) and PEP 758 (`except A, B:`). No kept parser reads all of these.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Version = tuple[int, int]

_STRING = re.compile(r"(?P<prefix>(?i:[bruft]{0,2}))(?P<quote>'''|\"\"\"|'|\")")
_WORD = re.compile(r"\w+")
_TYPE_PARAMETERS = re.compile(r"(?P<head>(?:def|class)[ \t]+\w+[ \t]*)\[")
_TYPE_ALIAS = re.compile(r"type[ \t]+(?P<name>\w+)[ \t]*(?P<parameters>\[)?(?=[^=\n]*=(?!=))")
_EXCEPT = re.compile(r"(?P<head>except\*?[ \t]+)(?P<types>[^\n:()]+,[^\n:()]+):")
_IN_BRACES = "an f-string with a line break, a comment or a backslash in its braces"
_DEFAULT = re.compile(r"(?<![=!<>:])=(?!=)")  # of a type parameter
_MAY_BE_NEWER = re.compile(r"[fFtT]['\"]|[rR][fFtT]|\b(?:type|except)\b|\b(?:def|class)[ \t]+\w+[ \t]*\[")
_NESTED = 20  # strings in one another
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Feature:
    """A place in a cell that needs a newer Python than 3.11."""

    version: Version  # that has it first
    line: int  # from 1
    what: str

    @property
    def described(self) -> str:
        """Return `Python 3.12 syntax (type parameters, line 3)`."""
        return f"Python {written(self.version)} syntax ({self.what}, line {self.line})"


@dataclass
class OlderSyntax:
    """A text in the syntax of Python 3.11, with the same lines, and what had to be replaced."""

    text: str = ""
    features: list[Feature] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)  # what is in the braces of f-strings; these are "" in the text

    def newest(self) -> Feature | None:
        """Return the feature that needs the newest Python."""
        return max(self.features, key=lambda feature: feature.version, default=None)


class _GivesUp(Exception):
    """The text is not what any Python can read, as far as this module looks."""


def newer_feature(text: str, version: Version) -> Feature | None:
    """Return what of a text needs a newer Python than this version; None if nothing does."""
    newest = older_syntax(text).newest() if _MAY_BE_NEWER.search(text) else None
    return newest if newest is not None and newest.version > version else None


def older_syntax(text: str) -> OlderSyntax:
    """Return a text in the syntax of Python 3.11. A text that no Python can read is returned as it is."""
    reader = _Reader(text)
    try:
        return OlderSyntax("".join(reader.code("")), reader.features, reader.fields)
    except _GivesUp:
        return OlderSyntax(text)


def written(version: Sequence[Any]) -> str:
    """Return `3.12` for a version, such as `sys.version_info`."""
    return f"{version[0]}.{version[1]}"


class _Reader:
    """Goes once through a text."""

    def __init__(self, text: str) -> None:
        self.source = text
        self.at = 0
        self.features: list[Feature] = []
        self.fields: list[str] = []

    def code(self, end: str, quotes: tuple[str, ...] = ()) -> list[str]:
        """Read code up to a bracket that closes it, or to the end of the text, and return it in pieces.

        quotes: of the f-strings around it, the innermost last
        """
        out: list[str] = []
        depth = list[str]()
        while self.at < len(self.source):
            rest = self.source[self.at]
            if not depth and end and (rest in "}:" or (rest == "!" and not self._is("!="))):
                return out
            if rest in _BRACKETS:
                depth.append(_BRACKETS[rest])
            elif depth and rest == depth[-1]:
                depth.pop()
            out += self._token(quotes)
        if end:
            raise _GivesUp
        return out

    def _is(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def _token(self, quotes: tuple[str, ...]) -> list[str]:
        string = _STRING.match(self.source, self.at)
        if string is not None:
            return self._string(string, quotes)
        for read in (self._type_parameters, self._type_alias, self._except):
            if self._begins_word() and (pieces := read()) is not None:
                return pieces
        word = _WORD.match(self.source, self.at)
        if word is not None:
            self.at = word.end()
            return [word[0]]
        if self._is("#"):
            return self._comment(quotes)
        if quotes and self.source[self.at] in "\\\n":
            self._inside_string(quotes)
        self.at += 1
        return [self.source[self.at - 1]]

    def _begins_word(self) -> bool:
        return self.at == 0 or not (self.source[self.at - 1].isalnum() or self.source[self.at - 1] in "_.")

    # ---- strings

    def _string(self, match: re.Match[str], quotes: tuple[str, ...]) -> list[str]:
        quote, prefix = match["quote"], match["prefix"].lower()
        if quotes and any(outer == quote or outer == quote[0] for outer in quotes):
            self._add((3, 12), "an f-string in which the same quotes are used again")
        if not {"f", "t"} & set(prefix):
            text = self._plain_string(match)
            if quotes and "\\" in text:
                self._add((3, 12), _IN_BRACES)
            return [text]
        if "t" in prefix:
            self._add((3, 14), "a template string")
        if len(quotes) >= _NESTED:
            raise _GivesUp
        start, self.at = self.at, match.end()
        self._read_fields(quote, (*quotes, quote))
        lines = self.source.count("\n", start, self.at)
        return ['""' if not lines else '"""' + "\n" * lines + '"""']

    def _plain_string(self, match: re.Match[str]) -> str:
        start, self.at = self.at, match.end()
        quote = match["quote"]
        while not self._is(quote):
            if self.at >= len(self.source) or (len(quote) == 1 and self.source[self.at] == "\n"):
                raise _GivesUp
            self.at += 2 if self.source[self.at] == "\\" else 1
        self.at += len(quote)
        return self.source[start : self.at]

    def _read_fields(self, end: str, quotes: tuple[str, ...]) -> None:
        """Read an f-string, or the format of one of its fields, up to its end."""
        while not self._is(end):
            if self.at >= len(self.source) or (self._is("\n") and len(quotes[-1]) == 1):
                raise _GivesUp
            if self._is("{{") and end != "}":
                self.at += 2
            elif self._is("{"):
                self._read_field(quotes)
            else:
                self.at += 2 if self._is("\\") else 1
        self.at += len(end)

    def _read_field(self, quotes: tuple[str, ...]) -> None:
        self.at += 1
        code = "".join(self.code("}", quotes)).strip()
        self.fields.append(re.sub(r"(?<![=!<>])=$", "", code))
        if self._is("!"):
            self.at += 2
        if self._is(":"):
            self.at += 1
            self._read_fields("}", quotes)
        elif self._is("}"):
            self.at += 1
        else:
            raise _GivesUp

    def _comment(self, quotes: tuple[str, ...]) -> list[str]:
        end = self.source.find("\n", self.at)
        if quotes:
            self._inside_string(quotes)
        start, self.at = self.at, len(self.source) if end < 0 else end
        return [self.source[start : self.at]]

    def _inside_string(self, quotes: tuple[str, ...]) -> None:
        """Note a character that the fields of an f-string could not have before."""
        if self.source[self.at] != "\n" or any(len(quote) == 1 for quote in quotes):
            self._add((3, 12), _IN_BRACES)

    # ---- type parameters and exceptions

    def _type_parameters(self) -> list[str] | None:
        match = _TYPE_PARAMETERS.match(self.source, self.at)
        if match is None:
            return None
        self._add((3, 12), "type parameters")
        self.at = match.end()
        return [match["head"], *self._skipped_brackets()]

    def _type_alias(self) -> list[str] | None:
        begins_line = not self.source[self.source.rfind("\n", 0, self.at) + 1 : self.at].strip()
        match = _TYPE_ALIAS.match(self.source, self.at) if begins_line else None
        if match is None:
            return None
        self._add((3, 12), "a type statement")
        self.at = match.end()
        return [match["name"], " ", *(self._skipped_brackets() if match["parameters"] else ())]

    def _skipped_brackets(self) -> list[str]:
        """Skip up to the bracket that closes, and return the line breaks in between."""
        depth, start = 1, self.at
        while depth:
            if self.at >= len(self.source):
                raise _GivesUp
            depth += {"[": 1, "]": -1}.get(self.source[self.at], 0)
            self.at += 1
        skipped = self.source[start : self.at]
        if _DEFAULT.search(skipped):
            self._add((3, 13), "the default of a type parameter")
        return ["\\\n" * skipped.count("\n")]

    def _except(self) -> list[str] | None:
        match = _EXCEPT.match(self.source, self.at)
        if match is None or " as " in match["types"]:
            return None
        self._add((3, 14), "an except with several types and no parentheses")
        self.at = match.end()
        return [match["head"], "(", match["types"], "):"]

    def _add(self, version: Version, what: str) -> None:
        self.features.append(Feature(version, self.source.count("\n", 0, self.at) + 1, what))
