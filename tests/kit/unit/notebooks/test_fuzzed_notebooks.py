"""Notebooks that are changed at random: they are read, or refused with a reason; no other exception leaves the kit."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from fuzzing import cases
from odd_notebooks import DOCUMENTS, TEXTS, code_cell, nested

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import Assignment, Cell, Exercise
from autograder.execution.interface import ExecutedSource
from autograder.grading.pipeline import report_on
from autograder.grading.suites import Suites
from autograder.instructor.collect.place import stems_held
from autograder.instructor.results.feedback_page import feedback_page
from autograder.instructor.results.record import from_json, to_json
from autograder.nbgrader_bridge.rebuild import rebuild
from autograder.notebooks.ipynb import document_bytes, document_of, parse_notebook, without_outputs
from autograder.notebooks.submission import submission_of
from autograder.notebooks.trained_model import packed
from autograder.student.reset import reset

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies
pytestmark = pytest.mark.slow

STUBS = {name: f"def {name}(x):\n    raise NotImplementedError\n" for name in ("gate", "unit")}
TEXT = "What does a gate do?"
MARKS = {"schema_version": 3, "locked": False, "task": False}


def marked(name: str, *, points: float | None = None) -> dict[str, Any]:
    """Return the metadata of a solution cell, or with points of a test cell."""
    graded = {"grade": points is not None, "solution": points is None, "grade_id": name}
    return {"nbgrader": {**MARKS, **graded, **({} if points is None else {"points": points})}, "tags": ["given"][:0]}


BASE: dict[str, Any] = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3"}, "autograder": {"torch": False}},
    "cells": [
        code_cell("import numpy as np\n%matplotlib inline\n", id="imports", metadata={"tags": ["given"]}),
        {"cell_type": "markdown", "id": "text", "metadata": {}, "source": [f"# {TEXT}\n", "\n", "<b>A gate</b>"]},
        code_cell(
            ["def gate(x):\n", '    """Open it."""\n', "    return np.where(x > HALF, 1, 0)\n"],
            id="gate",
            metadata=marked("gate"),
        ),
        code_cell("check(gate)", id="test", metadata=marked("test_gate", points=2.0)),
        code_cell("HALF = 0.5\n\nclass Own(list):\n    pass\n", id="own", outputs=[{"output_type": "stream"}]),
        code_cell("unit = lambda x: [gate(y) for y in x]", id="unit", metadata=marked("unit")),
        {"cell_type": "raw", "id": "raw", "metadata": {}, "source": "raw"},
    ],
}
RELEASE = {
    **BASE,
    "cells": [cell | ({"source": STUBS[cell["id"]]} if cell["id"] in STUBS else {}) for cell in BASE["cells"]],
}
ASSIGNMENT = Assignment(
    "01_gates",
    tuple(Exercise(name, 2.0, ("x",)) for name in STUBS),
    (
        Cell("import numpy as np\n", "code", tags=("given",), cell_id="imports"),
        *(Cell(stub, "code", grade_id=name, solution=True, cell_id=name) for name, stub in STUBS.items()),
        Cell("check(gate)", "code", grade_id="test_gate", points=2.0, cell_id="test"),
    ),
)
SUITES = Suites(ASSIGNMENT, (), dict.fromkeys(STUBS, 1.0))

# ---- what is changed

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(st.characters(), max_size=20),  # with surrogates and control characters
    st.sampled_from(
        ["code", "gate", "x = 1\n", "def gate(x): return (\n", "%%bash\nls", "\x1b[31m", "nbgrader", "\ud800"]
    ),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
) | st.sampled_from([nested(40), *DOCUMENTS.values()])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


PLACES = places(BASE)


@st.composite  # type: ignore[untyped-decorator]
def documents(draw: Callable[[Any], Any]) -> Any:
    """Return the notebook with up to four values replaced, removed, doubled or wrapped."""
    document = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(PLACES))
        how = draw(st.sampled_from(["replace", "remove", "double", "wrap"]))
        document = changed(document, path, how, copy.deepcopy(draw(_VALUES)))  # the same value may be drawn twice
    return document


def changed(document: Any, path: tuple[Any, ...], how: str, value: Any) -> Any:
    if not path:
        return [document] if how == "wrap" else value if how == "replace" else document
    holder = document
    for key in path[:-1]:
        try:
            holder = holder[key]
        except (LookupError, TypeError):  # an earlier change has removed it
            return document
    key = path[-1]
    try:
        if how == "remove":
            del holder[key]
        elif how == "double" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[key] = [holder[key]] if how == "wrap" else value
    except (LookupError, TypeError):
        pass
    return document


@st.composite  # type: ignore[untyped-decorator]
def files(draw: Callable[[Any], Any]) -> bytes:
    """Return the bytes of a changed document; of half of them some bytes are changed, too."""
    document = draw(documents())
    data = bytearray(json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2, 5]))):
        start = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.sampled_from([0, 1, 1, 2, 50]))
        new = draw(
            st.binary(max_size=4) | st.sampled_from([b"{", b"}", b"[", b'"', b"\\", b"\\ud800", b"1e999", b"NaN"])
        )
        data[start : start + length] = new
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.integers(0, 19)) == 0 else bytes(data)


# ---- every reader


def submission(data: bytes) -> None:
    read = submission_of(data, ASSIGNMENT, "ada")
    report = report_on(read, SUITES, ExecutedSource(read.source), ())
    page = feedback_page(report)
    assert not [character for character in page if not character.isprintable() and character != "\n"]
    assert from_json(json.loads(json.dumps(to_json(report)))).code == report.code
    for cell in read.source.cells:
        cell.text.encode()  # it is sent to the sandbox


def rebuilt(data: bytes) -> None:
    made = rebuild(json.dumps(RELEASE).encode(), parse_notebook(data), ASSIGNMENT)
    json.dumps(made.notebook, ensure_ascii=False).encode()


def collected(data: bytes) -> None:
    assert stems_held(data, {"01_gates": frozenset(STUBS)}) in ([], ["01_gates"])


def stripped(data: bytes) -> None:
    content = document_bytes(without_outputs(document_of(data)))
    assert sources(content) == sources(data)


def with_model(data: bytes) -> None:
    assert sources(packed(data, b"weights", {"schema": 1})) == sources(data)


def sources(data: bytes) -> list[str] | str:
    try:
        return [cell.source for cell in parse_notebook(data)]
    except Ungradable as error:
        return str(error)


READERS = [submission, rebuilt, collected, stripped, with_model]


def require_declared_errors_only(data: bytes) -> None:
    reasons = []
    for reader in READERS:
        try:
            reader(data)
        except Ungradable as error:
            reasons.append(str(error))
    assert all(reason.isprintable() for reason in reasons)


@cases(full=10_000, quick=300)
@hypothesis.given(files())
def test_a_changed_notebook_is_read_or_refused(data: bytes) -> None:
    require_declared_errors_only(data)


@cases(full=2_000, quick=100)
@hypothesis.given(files(), st.sampled_from(sorted(STUBS)))
def test_a_reset_changes_a_notebook_that_can_be_read_again(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, exercise: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.ipynb"
    path.write_bytes(data)
    try:
        result = reset(path, exercise, STUBS)
    except UserError:
        result = None
    if result is None:
        assert path.read_bytes() == data
    else:
        assert parse_notebook(path.read_bytes())[result.cell - 1].source.strip() == STUBS[exercise].strip()


@pytest.mark.parametrize("name", [*DOCUMENTS, *TEXTS])
def test_each_odd_notebook_is_read_or_refused(name: str) -> None:
    require_declared_errors_only(TEXTS[name] if name in TEXTS else json.dumps(DOCUMENTS[name]).encode())
