"""Read .ipynb files into cells. The kit has no other reader of notebooks.

A notebook that was handed in is hostile data. Whatever is wrong with it becomes Ungradable, with a sentence that
says what is wrong and what to do; no other exception leaves this module. The format is described in "The Notebook
file format" (nbformat's documentation).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from autograder.core.errors import Ungradable
from autograder.core.opening import NotOpened, Obstacle, opened_below, read_at_most, size_of

FILE_BYTES = 24 * 2**20
VALUES = 2_000_000  # a short file can hold millions of empty lists, and each costs memory
CELLS = 2_000
SOURCE_CHARACTERS = 2**20
CELL_CHARACTERS = 200_000
NEWEST_FORMAT = 4

_CLEAR = "clear the outputs (Edit > Clear Outputs of All Cells), save, and hand it in again"
_SHORTEN = "delete what the exercises do not need, save, and hand it in again"
_SAVE_AGAIN = "open it in JupyterLab, save it, and hand it in again"
_TOO_DEEP = f"the file is nested too deeply to be a notebook: {_SAVE_AGAIN}"
_FILE_TYPES = {Obstacle.LINK: "a link", Obstacle.FOLDER: "a folder", Obstacle.SPECIAL: "a pipe or a device"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_EMBEDDED_IMAGE = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
_NEVER_READ = frozenset({"outputs", "attachments"})
_KINDS = {"code": "code", "markdown": "markdown", "heading": "markdown"}


@dataclass(frozen=True)
class NotebookCell:
    """One cell of a notebook, as in its file. Lines end with `\\n`."""

    source: str
    kind: str  # "code", "markdown" or "raw"
    _: KW_ONLY
    grade_id: str | None = None
    cell_id: str | None = None
    nbgrader: Mapping[str, Any] = field(default_factory=dict)  # its metadata: texts, numbers, booleans or None
    tags: tuple[str, ...] = ()
    damaged: bool = False  # the source was not text and was read as empty


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file of at most 24 MiB, without following a link or waiting for a pipe."""
    try:
        with opened_below(path.parent, [path.name]) as descriptor:
            return content_of(descriptor)
    except NotOpened as problem:
        raise Ungradable(why_no_file(problem)) from None


def content_of(descriptor: int) -> bytes:
    """Return the content of an open file of at most 24 MiB."""
    try:
        _require_size(size_of(descriptor))
        data = read_at_most(descriptor, FILE_BYTES + 1)
    except OSError as error:
        raise Ungradable(_unreadable(error.strerror or type(error).__name__)) from None
    _require_size(len(data))  # it may have grown meanwhile
    return data


def why_no_file(problem: NotOpened) -> str:
    """Return why there is no file at the end of a path that could be read."""
    if kind := _FILE_TYPES.get(problem.obstacle):
        return f"it is {kind}, not a file: hand in the notebook itself"
    return _unreadable(problem.reason)


def _unreadable(reason: str) -> str:
    return f"the file cannot be read ({reason}): check its permissions"


def _require_size(size: int) -> None:
    if size > FILE_BYTES:
        raise Ungradable(f"the file has {size >> 20} MiB; at most {FILE_BYTES >> 20} are read: {_CLEAR}")


def parse_notebook(data: bytes) -> tuple[NotebookCell, ...]:
    """Return the cells of a notebook, in order. Formats 4.x are read, and format 3 with its worksheets.

    Raise Ungradable if it is not a notebook, is newer than format 4, or is larger than a person would write.
    """
    cells = tuple(_cell(raw) for raw in _raw_cells(_object(data, _without_media)))
    _require_moderate_size(cells)
    return cells


def parse_settings(data: bytes) -> dict[str, Any]:
    """Return the kit's part of a notebook's metadata, `autograder`; empty if there is none."""
    return _dict(_dict(document_of(data).get("metadata")).get("autograder"))


# ---- files that are changed and written again


def document_of(data: bytes) -> dict[str, Any]:
    """Return the object that a notebook's file holds. Only what is in it may be odd: raise Ungradable if it is none."""
    return _object(data, dict)


def _object(data: bytes, make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> dict[str, Any]:
    document = _load(_decode(data), make)
    if not isinstance(document, dict):
        raise Ungradable(f"the file is JSON but not a notebook: {_SAVE_AGAIN}")
    return document


def without_outputs(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same document without the outputs of its code cells."""
    if "cells" in document:
        return {**document, "cells": _without_outputs(document["cells"], "execution_count")}
    worksheets = document.get("worksheets")  # of format 3
    if not isinstance(worksheets, list):
        return dict(document)
    return {
        **document,
        "worksheets": [
            sheet | {"cells": _without_outputs(sheet.get("cells"), "prompt_number")}
            if isinstance(sheet, dict)
            else sheet
            for sheet in worksheets
        ],
    }


def _without_outputs(cells: Any, counter: str) -> Any:
    if not isinstance(cells, list):
        return cells
    return [
        cell | {"outputs": [], counter: None} if isinstance(cell, dict) and cell.get("cell_type") == "code" else cell
        for cell in cells
    ]


def with_settings(document: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same document with these values in the kit's part of its metadata, beside those that it has."""
    metadata = _dict(document.get("metadata"))
    return {
        **document,
        "metadata": {**metadata, "autograder": {**_dict(metadata.get("autograder")), **settings}},
    }


def document_bytes(document: Mapping[str, Any], indent: str | int | None = 1) -> bytes:
    """Return the content of the file that holds a document. Raise Ungradable if it is nested too deeply."""
    try:
        text = json.dumps(document, indent=indent, ensure_ascii=False) + "\n"
    except RecursionError:
        raise Ungradable(_TOO_DEEP) from None
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate becomes JSON's own `\\udcff`


# ---- the text of a file


def _decode(data: bytes) -> str:
    if not data.strip(b"\0 \t\r\n"):
        raise Ungradable("the file is empty: hand in the notebook again")
    if sum(data.count(mark) for mark in (b"[", b"{", b",")) > VALUES:
        raise Ungradable(f"the file holds more than {VALUES} values: {_CLEAR}")
    try:
        return data.decode("utf-8-sig")
    except MemoryError:
        raise Ungradable(f"reading the file takes too much memory: {_CLEAR}") from None
    except UnicodeDecodeError:
        raise Ungradable(f"the file is not UTF-8 text: {_SAVE_AGAIN}") from None


def _load(text: str, make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> Any:
    try:
        return json.loads(text, object_pairs_hook=make)
    except MemoryError:
        raise Ungradable(f"reading the file takes too much memory: {_CLEAR}") from None
    except json.JSONDecodeError as error:
        raise Ungradable(_why_not_json(text, error)) from None
    except ValueError:
        raise Ungradable(f"the file holds a number of thousands of digits: {_CLEAR}") from None
    except RecursionError:
        raise Ungradable(_TOO_DEEP) from None


def _without_media(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of a notebook. Outputs and attachments are dropped at once: nobody grades these megabytes."""
    return {key: value for key, value in pairs if key not in _NEVER_READ}


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    if "\n<<<<<<< " in "\n" + text and "\n>>>>>>> " in text:
        return f"the file holds git's conflict markers (<<<<<<<): resolve the conflict, {_SAVE_AGAIN}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "the file looks cut off, its end is missing: download or copy it again, and hand it in again"
    return f"the file is not a notebook (no JSON, line {error.lineno}): {_SAVE_AGAIN}"


# ---- its cells


def _raw_cells(notebook: Mapping[str, Any]) -> list[Any]:
    version = notebook.get("nbformat", NEWEST_FORMAT)
    if isinstance(version, int | float) and version > NEWEST_FORMAT:
        raise Ungradable("the notebook's format is newer than 4, the newest known here: save it from JupyterLab 4")
    cells = notebook["cells"] if "cells" in notebook else list(_worksheet_cells(notebook.get("worksheets")))
    if not isinstance(cells, list) or not cells:
        raise Ungradable("the notebook has no cells: hand in the one you worked in")
    return cells


def _worksheet_cells(worksheets: Any) -> Iterator[Any]:
    for sheet in worksheets if isinstance(worksheets, list) else ():
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        yield from cells if isinstance(cells, list) else ()


def _cell(raw: Any) -> NotebookCell:
    cell = _dict(raw)
    metadata = _dict(cell.get("metadata"))
    nbgrader = {_scrub(key): _plain(value) for key, value in _dict(metadata.get("nbgrader")).items()}
    kind = cell.get("cell_type")
    source = _source(cell["source"] if "source" in cell else cell.get("input"))
    return NotebookCell(
        source=source or "",
        kind=_KINDS.get(kind, "raw") if isinstance(kind, str) else "raw",
        grade_id=_text(nbgrader.get("grade_id")),
        cell_id=_text(cell.get("id")),
        nbgrader=nbgrader,
        tags=_tags(metadata.get("tags")),
        damaged=source is None,
    )


def _tags(value: Any) -> tuple[str, ...]:
    return tuple(_scrub(tag) for tag in value if isinstance(tag, str)) if isinstance(value, list) else ()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return _scrub(value) if isinstance(value, str) else None


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _scrub(value)
    return value if isinstance(value, bool | int | float) else None


def _source(value: Any) -> str | None:
    """Return a cell's text from a string or a list of strings; None if it is neither."""
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        return None
    return _scrub("".join(lines).replace("\r\n", "\n").replace("\r", "\n"))


def _scrub(text: str) -> str:
    """Replace lone surrogates. JSON allows them, but they cannot be written to a file or a terminal."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _require_moderate_size(cells: tuple[NotebookCell, ...]) -> None:
    if len(cells) > CELLS:
        raise Ungradable(f"the notebook has {len(cells)} cells; at most {CELLS} are read: {_SHORTEN}")
    # An image that was pasted into a text cell (Colab stores it there) does not count as text.
    sizes = [len(_EMBEDDED_IMAGE.sub("", cell.source) if cell.kind == "markdown" else cell.source) for cell in cells]
    for number, size in enumerate(sizes, 1):
        if size > CELL_CHARACTERS:
            raise Ungradable(f"cell {number} has {size} characters; at most {CELL_CHARACTERS} are read: {_SHORTEN}")
    if sum(sizes) > SOURCE_CHARACTERS:
        raise Ungradable(f"its cells have {sum(sizes)} characters; at most {SOURCE_CHARACTERS} are read: {_SHORTEN}")
