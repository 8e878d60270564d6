"""Print to any terminal: a character that its encoding lacks is replaced, so that no output fails.

Windows' code pages, for example, know neither the − of a formula nor most names.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import TextIO

_HANDLER = "autograder.replace"
_ASCII = "autograder.ascii"
_REPLACEMENTS = {
    "−": "-",
    "–": "-",
    "—": "-",
    "→": "->",
    "←": "<-",
    "…": "...",
    "×": "x",
    "·": "*",
    "±": "+-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "√": "sqrt",
    "‖": "||",
    "∂": "d",
    "²": "^2",
    "³": "^3",
    "½": "1/2",
    "ᵀ": "^T",
    "′": "'",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}
_GREEK = ("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER ")


def print_safely() -> None:
    """Let `print`, click and rich replace what the terminal cannot show, as long as this process runs.

    What is typed cannot fail either: a byte that is not text is kept as Python keeps it in a file's name.
    """
    for stream in (sys.stdout, sys.stderr):
        make_safe(stream)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")


def make_safe(stream: TextIO | None) -> None:
    """Let a stream replace what its encoding lacks. Streams that are not files of text, such as Jupyter's, need not."""
    if isinstance(stream, io.TextIOWrapper):
        # click takes a stream that is named ASCII for a mistake, and would write UTF-8
        is_ascii = codecs.lookup(stream.encoding).name == "ascii"
        stream.reconfigure(encoding=_ASCII if is_ascii else stream.encoding, errors=_HANDLER)


def fitting(text: str, stream: TextIO) -> str:
    """Return the text as the stream can show it, for a stream whose settings belong to somebody else."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, _HANDLER).decode(encoding)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace the characters that cannot be encoded, as Python's codecs ask for it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_replacement, error.object[error.start : error.end])), error.end


def _replacement(character: str) -> str:
    """Return plain letters and signs for a character: `->` for an arrow, `sigma` for σ, else a question mark."""
    name = unicodedata.name(character, "")
    if name.startswith(_GREEK) and " WITH " not in name:
        word = name.split()[-1].lower()
        return word if character.islower() else word.capitalize()
    return _REPLACEMENTS.get(character, "?")


def _ascii_under_another_name(name: str) -> codecs.CodecInfo | None:
    if name != _ASCII:
        return None
    ascii_codec = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii_codec.encode,
        ascii_codec.decode,
        ascii_codec.streamreader,
        ascii_codec.streamwriter,
        ascii_codec.incrementalencoder,
        ascii_codec.incrementaldecoder,
        name=_ASCII,
    )


codecs.register_error(_HANDLER, _replace)
codecs.register(_ascii_under_another_name)
