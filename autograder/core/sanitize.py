"""Clean text that comes from a student's code or notebook. Any such text may be hostile."""

from __future__ import annotations

import unicodedata

# Unicode categories: control, format (bidirectional marks), surrogates, private use, unassigned, separators of lines.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DROPPED_FROM_SOURCE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEPT_IN_SOURCE = frozenset("\n\t\u200c\u200d")  # the last two join and part letters, in Persian or in an emoji


def is_shown(character: str) -> bool:
    """Return whether any terminal, page and file can show a character, and shows the others as without it."""
    return unicodedata.category(character) not in _DROPPED


def clean(text: object, limit: int = 500, *, newlines: bool = False) -> str:
    """Return at most `limit` characters that any terminal, HTML page and JSON file can hold.

    Control, bidirectional and surrogate characters become `�`, and a tab becomes a space. A newline becomes `⏎`
    unless the caller asks for newlines, because it lays out lines itself.
    """
    if not isinstance(text, str):
        return f"a {type(text).__name__}"
    if text[:limit].replace("\n", "").isprintable():  # true for nearly all texts, and far quicker
        whole = text[:limit] if newlines else text[:limit].replace("\n", "⏎")
        return whole + ("…" if len(text) > limit else "")
    shown = []
    for character in text[: limit + 1]:
        if character == "\n":
            shown.append("\n" if newlines else "⏎")
        elif character == "\t":
            shown.append(" ")
        elif not is_shown(character):
            shown.append("\N{REPLACEMENT CHARACTER}")
        else:
            shown.append(character)
    return "".join(shown[:limit]) + ("…" if len(text) > limit else "")


def clean_source(text: str) -> str:
    """Return all of a cell's text as a page may show it. Lines, tabs and every letter stay.

    Control characters and marks that change the direction of reading become `�`: such a line is not what it seems.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if character not in _KEPT_IN_SOURCE and unicodedata.category(character) in _DROPPED_FROM_SOURCE
        else character
        for character in text
    )
