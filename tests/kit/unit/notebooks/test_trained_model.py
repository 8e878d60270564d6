"""A trained model that is handed in with a notebook: packed, read again, refused where it is not what it should be."""

import ast
import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import ROOT

from autograder.core.errors import Ungradable
from autograder.core.model import Assignment, Cell, Exercise, NoModel, TrainedModel
from autograder.execution.in_process import InProcessSession
from autograder.execution.interface import Student
from autograder.grading.checks import trained_model
from autograder.grading.comparison import CheckFailed
from autograder.notebooks.code_budget import longest_literal
from autograder.notebooks.submission import read_submission
from autograder.notebooks.trained_model import WEIGHT_BYTES, NotTrained, packed, read_trained

save = pytest.importorskip("safetensors.numpy").save

WEIGHTS = {"first.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "norm.steps": np.array(7)}
HISTORY: dict[str, Any] = {
    "schema": 1,
    "data": "digits",
    "seed": 3,
    "epochs": 2,
    "device": "cpu",
    "step_loss": [2.3, 2.1, 1.9, 1.5],
    "loss": [2.2, 1.7],
    "val_accuracy": [0.4, 0.8],
}
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "x = 1"}], "metadata": {}, "nbformat": 4}).encode()


def handed_in(weights: bytes = save(WEIGHTS), **history: Any) -> bytes:
    return packed(NOTEBOOK, weights, HISTORY | history)


def test_what_is_packed_is_read_again() -> None:
    model = read_trained(handed_in())
    assert model.weights.keys() == WEIGHTS.keys()
    assert all(np.array_equal(model.weights[name], array) for name, array in WEIGHTS.items())
    assert model.history == {name: value for name, value in HISTORY.items() if name != "schema"}
    assert model.numbers == 7  # the buffer counts


@pytest.mark.parametrize(
    ("weights", "numbers"),
    [
        pytest.param(np.zeros((2, 3), np.float32), 6, id="four-bytes"),
        pytest.param(np.zeros((2, 3), np.float16), 6, id="two-bytes"),
        pytest.param(np.zeros((2, 3), np.float64), 12, id="eight-bytes"),
        pytest.param(np.zeros((2, 3), np.int64), 12, id="eight-bytes-of-whole-numbers"),
        pytest.param(np.array(7), 1, id="a-counter"),
    ],
)
def test_numbers_of_eight_bytes_hold_no_more_than_those_of_four(weights: Any, numbers: int) -> None:
    assert TrainedModel({"weights": weights}, {}).numbers == numbers


def test_the_rest_of_the_notebook_stays() -> None:
    marked = json.dumps({"cells": [], "metadata": {"autograder": {"torch": True}, "kernelspec": {"name": "python3"}}})
    content = json.loads(packed(marked.encode(), save(WEIGHTS), HISTORY))
    assert content["metadata"]["autograder"]["torch"] is True
    assert content["metadata"]["kernelspec"] == {"name": "python3"}


def with_packed(**changes: Any) -> bytes:
    content = json.loads(handed_in())
    content["metadata"]["autograder"]["trained"] |= changes
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("notebook", "reason"),
    [
        pytest.param(NOTEBOOK, "No trained model was handed in", id="nothing"),
        pytest.param(with_packed(weights=None), "No weights were handed in", id="no-weights"),
        pytest.param(with_packed(weights="%%%"), "damaged", id="no-base64"),
        pytest.param(with_packed(weights="ä" * 8), "damaged", id="no-ascii"),
        pytest.param(with_packed(weights="A" * (2 * WEIGHT_BYTES)), "more than 1 MiB", id="large-text"),
        pytest.param(handed_in(b"\x80\x04\x95pickle"), "no safetensors file", id="a-pickle"),
        pytest.param(handed_in(b""), "no safetensors file", id="empty"),
        pytest.param(handed_in(save(WEIGHTS)[:-4]), "no safetensors file", id="cut-off"),
        pytest.param(handed_in(save({"a": np.zeros(WEIGHT_BYTES, np.int8)})), "more than 1 MiB", id="large"),
        pytest.param(
            handed_in(save({f"layer.{number}": np.zeros(1) for number in range(251)})), "251 arrays", id="many-arrays"
        ),
        pytest.param(handed_in(save({"a" * 9000: np.zeros(1)})), "names of the weights take 9000", id="a-long-name"),
        pytest.param(
            handed_in(save({f"{n:0100}": np.zeros(1) for n in range(100)})), "take 10000 bytes", id="much-in-names"
        ),
        pytest.param(handed_in(schema=2), "history of the training is missing", id="schema"),
        pytest.param(with_packed(history=[1]), "history of the training is missing", id="no-dict"),
        pytest.param(handed_in(data="cifar"), "'data'", id="other-data"),
        pytest.param(handed_in(seed=-1), "'seed'", id="negative-seed"),
        pytest.param(handed_in(seed=True), "'seed'", id="a-truth-value"),
        pytest.param(handed_in(device=0), "'device'", id="device"),
        pytest.param(handed_in(step_loss="2.3"), "'step_loss'", id="no-list"),
        pytest.param(handed_in(loss=[1.0, None]), "'loss'", id="no-number"),
        pytest.param(handed_in(val_accuracy=[float("nan")]), "'val_accuracy'", id="nan"),
        pytest.param(handed_in(step_loss=[float("inf")]), "'step_loss'", id="infinity"),
        pytest.param(handed_in(step_loss=[1e308] * 150), "'step_loss'", id="a-sum-that-is-no-number"),
        pytest.param(handed_in(loss=[10**400]), "'loss'", id="a-number-of-400-digits"),
    ],
)
def test_what_is_no_trained_model_is_refused_with_a_reason(notebook: bytes, reason: str) -> None:
    with pytest.raises(NotTrained, match=reason):
        read_trained(notebook)


def test_a_test_that_asks_for_the_model_is_failed_with_the_reason() -> None:
    student = Student(InProcessSession({}))
    student.trained = NoModel("No trained model was handed in.")
    with pytest.raises(CheckFailed) as caught:
        trained_model(student)
    assert caught.value.finding.sentence == "No trained model was handed in."
    student.trained = TrainedModel(WEIGHTS, HISTORY)
    assert trained_model(student).numbers == 7


# ---- numbers hidden in code


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        pytest.param("x = 12345", 5, id="a-number"),
        pytest.param("x = [1, 2, 3]", 9, id="a-list"),
        pytest.param("x = [1, [2, 3]]", 11, id="a-list-in-a-list"),
        pytest.param("x = b'abcdef'", 9, id="bytes"),
        pytest.param("x = f'{1}abc'", 9, id="an-f-string"),
        pytest.param("x = {1: 2}", 6, id="a-dict"),
        pytest.param("def f():\n    '''a long docstring'''\n    return 1", 1, id="a-docstring"),
        pytest.param("class A:\n    'words'\n    def f(self):\n        'more words'", 0, id="docstrings"),
        pytest.param("def f():\n    x = 1\n    '''not a docstring'''", 21, id="a-text-later-on"),
        pytest.param("x = 'ab' + 'cd'", 4, id="piece-by-piece"),
        pytest.param("x = '\U0001f600\U0001f601'", 10, id="bytes-and-not-characters"),
        pytest.param("x = (1,\n     2)\ny = 3", 11, id="over-two-lines"),
    ],
)
def test_the_longest_constant(text: str, longest: int) -> None:
    assert longest_literal(text) == longest


def submitted(path: Path, text: str, *, torch: bool, own_cell: str = "") -> Any:
    cell = {"cell_type": "code", "source": text, "metadata": {"nbgrader": {"grade_id": "f", "solution": True}}}
    other = {"cell_type": "code", "source": own_cell, "metadata": {}}
    path.write_text(json.dumps({"cells": [other, cell], "metadata": {}, "nbformat": 4}), encoding="utf-8")
    stub = Cell("def f():\n    raise NotImplementedError", "code", grade_id="f", solution=True)
    return read_submission(path, Assignment("09_x", (Exercise("f", 1.0, ()),), (stub,), torch=torch), "mia")


def test_a_large_constant_is_refused_where_a_model_is_handed_in(tmp_path: Path) -> None:
    hidden = base64.b64encode(bytes(1500)).decode()
    text = f"TABLE = '{hidden}'\ndef f():\n    return TABLE"
    assert submitted(tmp_path / "x.ipynb", text, torch=False).trained == NoModel()
    with pytest.raises(Ungradable, match=r"your cell f holds a constant of 2002 bytes; at most 1024"):
        submitted(tmp_path / "x.ipynb", text, torch=True)


def test_much_code_is_refused_where_a_model_is_handed_in(tmp_path: Path) -> None:
    text = "def {}():\n" + "    x = 12345678901234567890\n" * 1300 + "    return x"
    with pytest.raises(Ungradable, match=r"its functions have \d+ characters; at most 65536"):
        submitted(tmp_path / "x.ipynb", text.format("f") + " + g()", own_cell=text.format("g"), torch=True)


NOISE = base64.b85encode(np.random.default_rng(0).bytes(900 * 24)).decode()
PIECES = [NOISE[start : start + 1000] for start in range(0, len(NOISE), 1000)]
ASTRAL = "".join(chr(0x20000 + code) for code in np.random.default_rng(1).integers(0, 40_000, 9000))
HIDDEN = {
    "many-constants": "TABLE = " + " + ".join(map(repr, PIECES)) + "\ndef f():\n    return TABLE",
    "a-docstring": f"def f():\n    {NOISE!r}\n    return f.__doc__",
    "comments": "".join(f"# {piece!r}\n" for piece in PIECES) + "def f():\n    return 1",
    "names": "def f():\n    class Table:\n"
    + "".join(f"        a{piece.encode().hex()} = 0\n" for piece in PIECES)
    + "    return vars(Table)",
    "rare-characters": "def f():\n"
    + "".join(f"    yield {ASTRAL[start : start + 200]!r}\n" for start in range(0, len(ASTRAL), 200)),
}


@pytest.mark.parametrize("way", HIDDEN)
def test_numbers_are_found_wherever_the_code_holds_them(tmp_path: Path, way: str) -> None:
    with pytest.raises(Ungradable, match=r"take \d+ bytes when they are packed; at most 16384 are read"):
        submitted(tmp_path / "x.ipynb", HIDDEN[way], torch=True)


def test_the_course_s_own_code_is_far_from_that(tmp_path: Path) -> None:
    """All code of the solved notebook, twenty demos included, as if it were one function's."""
    cells = json.loads((ROOT / "solutions/09_capstone/capstone.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    body = "\n".join(f"    {line}" for line in code.splitlines() if not line.startswith(("%", "!")))
    source = submitted(tmp_path / "x.ipynb", f"def f():\n{body}", torch=True).source
    assert sum(len(cell.text) for cell in source.cells) > 20_000


def test_thousands_of_constants_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking each one's text from the whole would take minutes, in the grader's own process."""
    monkeypatch.delattr(ast, "get_source_segment")
    assert longest_literal("x = 1\n" * 2_900) == 1


def test_a_notebook_without_its_model_is_read_and_says_so(tmp_path: Path) -> None:
    trained = submitted(tmp_path / "x.ipynb", "def f():\n    return 1", torch=True).trained
    assert isinstance(trained, NoModel)
    assert trained.reason.startswith("No trained model was handed in with the notebook")
