"""Files that are named as notebooks and are odd in their structure, small and large."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

LARGE = 1 << 20  # bytes; `submit` rewrites larger files
DEEP = 900  # levels: read by the parser of Python 3.11, but not written by every writer


def code_cell(source: Any = "x = 1", **fields: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": 1} | fields


def notebook(*cells: Any, **fields: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code_cell(), *cells]} | fields


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


_OLD_CELL = {"cell_type": "code", "input": ["x = 1"], "language": "python", "outputs": [], "prompt_number": 1}
_OLD = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}

DOCUMENTS: dict[str, Any] = {
    "format 3": {**_OLD, "worksheets": [{"cells": [_OLD_CELL], "metadata": {}}]},
    "format 3 without worksheets": {**_OLD, "worksheets": None},
    "format 3 with odd worksheets": {**_OLD, "worksheets": [None, 1, {"cells": None}, {"cells": [None, _OLD_CELL]}]},
    "format 3 with cells": notebook(nbformat=3),
    "no format": {"cells": [code_cell()]},
    "format true": notebook(nbformat=True),
    "format null": notebook(nbformat=None),
    "format text": notebook(nbformat="4"),
    "format list": notebook(nbformat=[4]),
    "format nan": notebook(nbformat=float("nan")),
    "format infinite": notebook(nbformat=float("inf")),
    "format 5": notebook(nbformat=5),
    "minor text": notebook(nbformat_minor="5"),
    "cells null": notebook(cells=None),
    "cells object": notebook(cells={"0": code_cell()}),
    "cells text": notebook(cells="x = 1"),
    "cells number": notebook(cells=7),
    "cells empty": notebook(cells=[]),
    "no cells": {"nbformat": 4, "metadata": {}},
    "a null cell": notebook(None),
    "cells of every kind": notebook(1, 1.5, True, "x", [], {}, [code_cell()]),
    "source null": notebook(code_cell(None)),
    "source number": notebook(code_cell(1)),
    "source numbers": notebook(code_cell([1, 2])),
    "source mixed": notebook(code_cell(["x = 1\n", None])),
    "source object": notebook(code_cell({"x": 1})),
    "no source": notebook({"cell_type": "code"}),
    "metadata list": notebook(metadata=[1]),
    "metadata null": notebook(metadata=None),
    "metadata text": notebook(metadata="x"),
    "kit's metadata list": notebook(metadata={"autograder": [1]}),
    "cell's metadata list": notebook(code_cell(metadata=[1])),
    "nbgrader list": notebook(code_cell(metadata={"nbgrader": [1]})),
    "nbgrader odd": notebook(code_cell(metadata={"nbgrader": {"grade_id": {}, "points": float("nan"), "": []}})),
    "tags odd": notebook(code_cell(metadata={"tags": {"a": 1}}), code_cell(metadata={"tags": [1, None, {}]})),
    "type odd": notebook(code_cell(cell_type=["code"]), code_cell(cell_type=None), code_cell(cell_type="heading")),
    "id odd": notebook(code_cell(id=[1]), code_cell(id=None)),
    "outputs odd": notebook(code_cell(outputs=None), code_cell(outputs={"a": 1}), code_cell(outputs=[None])),
    "surrogates": notebook(code_cell("x = '\ud800'", id="\udfff"), metadata={"\ud800": "\udfff"}),
    "nul": notebook(code_cell("x = '\0'")),
    "deep metadata": notebook(metadata={"a": nested(DEEP)}),
    "deep cells": notebook(nested(DEEP)),
    "number": 7,
    "text": "x",
    "null": None,
    "list": [code_cell()],
    "true": True,
}
# Of what is text, but no JSON that Python would write.
TEXTS: dict[str, bytes] = {
    "duplicate keys": b'{"cells": 1, "cells": [{"cell_type": "code", "source": 1, "source": "x = 1"}], "cells": []}',
    "duplicate metadata": b'{"cells": [{"cell_type": "code", "source": "x = 1"}], "metadata": 1, "metadata": []}',
    "giant number": b'{"cells": [{"cell_type": "code", "source": "x"}], "metadata": {"a": ' + b"9" * 5000 + b"}}",
    "large number": b'{"cells": [{"cell_type": "code", "source": "x"}], "metadata": {"a": ' + b"9" * 4000 + b"}}",
    "giant exponent": b'{"cells": [{"cell_type": "code", "source": "x"}], "nbformat": 1e999}',
    "too deep": b"[" * 100_000,
    "with a mark": b"\xef\xbb\xbf" + json.dumps(notebook()).encode(),
    "UTF-16": json.dumps(notebook()).encode("utf-16"),
    "UTF-32": json.dumps(notebook()).encode("utf-32"),
    "Latin-1": json.dumps(notebook(code_cell("# ä")), ensure_ascii=False).encode("latin-1"),
    "cut off": json.dumps(notebook()).encode()[:-20],
    "two in one": json.dumps(notebook()).encode() * 2,
    "empty": b"",
    "blank": b" \n\t ",
    "zeros": bytes(200),
    "a web page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "a zip": b"PK\x03\x04" + bytes(range(256)),
}


def odd_files() -> Iterator[tuple[str, bytes]]:
    """Yield each odd file with its name, as it is and, if it is an object, padded to more than a megabyte."""
    for name, document in DOCUMENTS.items():
        yield name, json.dumps(document).encode()
        if isinstance(document, dict):
            yield f"{name}, large", json.dumps({**document, "padding": "x" * LARGE}).encode()
    for name, data in TEXTS.items():
        yield name, data
        yield f"{name}, large", data + b" " * LARGE
