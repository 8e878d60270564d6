"""The reader of notebooks: what it accepts, and what it says about what it refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from autograder.core.errors import Ungradable
from autograder.notebooks.ipynb import CELL_CHARACTERS, CELLS, FILE_BYTES, parse_notebook, read_bytes

SOLUTION = {
    "cell_type": "code",
    "id": "abc",
    "metadata": {"nbgrader": {"grade_id": "f", "solution": True}, "tags": ["x", 3]},
    "source": ["def f(x):\n", "    return x"],
}


def notebook(*cells: Any, **top: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | top).encode()


def code(source: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source}


def test_a_cell_keeps_its_text_and_its_marks() -> None:
    (cell,) = parse_notebook(notebook(SOLUTION))
    assert (cell.source, cell.kind, cell.damaged) == ("def f(x):\n    return x", "code", False)
    assert (cell.grade_id, cell.cell_id, cell.tags) == ("f", "abc", ("x",))
    assert cell.nbgrader == {"grade_id": "f", "solution": True}


@pytest.mark.parametrize(
    ("source", "text", "damaged"),
    [
        ("a = 1\nb = 2", "a = 1\nb = 2", False),
        (["a = 1\r\n", "b = 2\rc = 3"], "a = 1\nb = 2\nc = 3", False),
        ([], "", False),
        (7, "", True),
        (None, "", True),
        (["a", 7], "", True),
        ({"a": 1}, "", True),
        ("s = '\ud800'", "s = '\N{REPLACEMENT CHARACTER}'", False),
    ],
)
def test_sources_of_every_kind(source: Any, text: str, damaged: bool) -> None:
    (cell,) = parse_notebook(notebook(code(source)))
    assert (cell.source, cell.damaged) == (text, damaged)


@pytest.mark.parametrize(
    "metadata",
    [{"nbgrader": 3}, {"nbgrader": None}, {}, [], None, {"nbgrader": {"grade_id": [1]}, "tags": "given"}],
)
def test_odd_metadata_is_no_metadata(metadata: Any) -> None:
    (cell,) = parse_notebook(notebook(code("1") | {"metadata": metadata, "id": 5}))
    assert (cell.grade_id, cell.cell_id, cell.tags) == (None, None, ())


def test_cells_that_are_no_objects_are_damaged() -> None:
    cells = parse_notebook(notebook(3, None, {"cell_type": ["code"]}, code("1")))
    assert [(cell.damaged, cell.kind) for cell in cells] == [(True, "raw")] * 3 + [(False, "code")]


def test_surrogates_reach_no_field() -> None:
    cell = code("1") | {"id": "\ud800", "metadata": {"tags": ["\udfff"], "nbgrader": {"grade_id": "\ud800"}}}
    for read_cell in parse_notebook(notebook(cell)):
        repr(read_cell).encode()
        assert (read_cell.grade_id, read_cell.cell_id) == ("\N{REPLACEMENT CHARACTER}",) * 2


def test_format_3_and_a_byte_order_mark() -> None:
    sheet = {
        "cells": [
            {"cell_type": "code", "input": "f = 1", "metadata": {}},
            {"cell_type": "heading", "source": "T"},
        ]
    }
    data = json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [sheet, 4]}).encode("utf-8-sig")
    assert [(cell.source, cell.kind) for cell in parse_notebook(data)] == [
        ("f = 1", "code"),
        ("T", "markdown"),
    ]


def test_a_pasted_picture_does_not_count_as_text() -> None:
    picture = "![photo](data:image/png;base64," + "A" * 2 * CELL_CHARACTERS + ")"
    (cell,) = parse_notebook(notebook(code(picture) | {"cell_type": "markdown"}))
    assert cell.source == picture


CONFLICT = b'{"cells": [\n<<<<<<< HEAD\n {},\n=======\n {}\n>>>>>>> theirs\n]}'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\0" * 4096, "is empty", id="zeros"),
        pytest.param(b"\xef\xbb\xbf", "not a notebook|cut off", id="only a mark"),
        pytest.param('{"cells": "ä"}'.encode("latin-1"), "is not UTF-8 text: open it in JupyterLab", id="latin-1"),
        pytest.param(notebook(SOLUTION).decode().encode("utf-16"), "is not UTF-8 text", id="utf-16"),
        pytest.param(notebook(SOLUTION)[:60], "looks cut off", id="cut off"),
        pytest.param(notebook(SOLUTION)[:-1], "looks cut off", id="last brace missing"),
        pytest.param(notebook(SOLUTION)[:-2] + b"\n", "looks cut off", id="two missing"),
        pytest.param(b"<html></html>", "not a notebook", id="html"),
        pytest.param(b'{"cells": \0}', "not a notebook", id="null byte"),
        pytest.param(CONFLICT, "conflict markers", id="conflict"),
        pytest.param(b"[]", "JSON but not a notebook", id="list"),
        pytest.param(b"3", "JSON but not a notebook", id="number"),
        pytest.param(b"{}", "has no cells", id="no cells"),
        pytest.param(notebook(), "has no cells", id="zero cells"),
        pytest.param(b'{"cells": {}}', "has no cells", id="cells no list"),
        pytest.param(b'{"worksheets": 3}', "has no cells", id="worksheets no list"),
        pytest.param(notebook(SOLUTION, nbformat=99), "format is newer", id="format 99"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="deep list"),
        pytest.param(b'{"a":' * 100_000, "nested too deeply", id="deep object"),
        pytest.param(b'{"cells": ' + b"9" * 5_000 + b"}", "thousands of digits", id="giant number"),
        pytest.param(b"[" + b"{}," * 2_000_000, "more than 2000000 values", id="many values"),
        pytest.param(notebook(*[code("1")] * (CELLS + 1)), "2001 cells", id="many cells"),
        pytest.param(notebook(code("1"), code("#" * 200_001)), "cell 2 has 200001 characters", id="large cell"),
        pytest.param(notebook(*[code("#" * 200_000)] * 6), "1200000 characters", id="much text"),
    ],
)
def test_what_is_refused_and_why(data: bytes, words: str) -> None:
    with pytest.raises(Ungradable, match=words):
        parse_notebook(data)


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"abc")
    assert read_bytes(path) == b"abc"


def _link(path: Path) -> None:
    path.with_name("target").write_text("{}")
    path.symlink_to("target")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(70 * 2**20)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: os.mkfifo(path), "it is a pipe or a device"),
        (lambda path: path.mkdir(), "it is a folder"),
        (_link, "it is a link"),
        (lambda path: path.symlink_to("nowhere"), "it is a link"),
        (_sparse, "has 70 MiB; at most 24 are read: clear the outputs"),
        (lambda path: None, "cannot be read"),
    ],
    ids=["pipe", "folder", "link", "dangling link", "sparse", "missing"],
)
@pytest.mark.skipif(os.name != "posix", reason="pipes and links are made as POSIX does")
def test_what_is_no_plain_file(tmp_path: Path, make: Any, words: str) -> None:
    path = tmp_path / "convolution.ipynb"
    make(path)
    with pytest.raises(Ungradable, match=words) as caught:
        read_bytes(path)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"abc")
    path.chmod(0)
    with pytest.raises(Ungradable, match="Permission denied"):
        read_bytes(path)


def test_a_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    _sparse(path)
    monkeypatch.setattr("autograder.notebooks.ipynb.size_of", lambda descriptor: 0)
    with pytest.raises(Ungradable, match="at most 24"):
        read_bytes(path)
    assert FILE_BYTES == 24 * 2**20
