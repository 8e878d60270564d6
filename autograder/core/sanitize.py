"""Text from a room or a notebook is hostile: it is cleaned here, once, where it enters."""

from __future__ import annotations

import unicodedata

_DROPPED = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
    "Zl",
    "Zp",
}  # control, format (bidi), surrogates, private, line separators


def clean(text: object, limit: int = 500, *, newlines: bool = False) -> str:
    """Printable text of at most `limit` characters on any terminal, in any HTML page and in any JSON file.

    Control, bidirectional and surrogate characters become `�`; a tab becomes a space. Newlines are kept where
    the caller lays out lines itself, and become `⏎` elsewhere.
    """
    if not isinstance(text, str):
        return f"a {type(text).__name__}"
    if text[:limit].replace("\n", "").isprintable():  # nearly always, and far quicker
        whole = text[:limit] if newlines else text[:limit].replace("\n", "⏎")
        return whole + ("…" if len(text) > limit else "")
    shown = []
    for character in text[: limit + 1]:
        if character == "\n":
            shown.append("\n" if newlines else "⏎")
        elif character == "\t":
            shown.append(" ")
        elif unicodedata.category(character) in _DROPPED:
            shown.append("\N{REPLACEMENT CHARACTER}")
        else:
            shown.append(character)
    return "".join(shown[:limit]) + ("…" if len(text) > limit else "")
