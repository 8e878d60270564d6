"""The files that a training leaves beside its notebook: `submit` packs them, or says what to do."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from later import later
from places import ROOT

from autograder.cli.main import main
from autograder.core.errors import UserError
from autograder.student import saved_check
from autograder.student.training_files import NothingTrained, with_trained_model

pytestmark = pytest.mark.torch
torch, safetensors = later("torch"), later("safetensors.numpy")

STEM = "09_capstone"
NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4}).encode()
WEIGHTS = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(7)}
HISTORY = {
    "schema": 1,
    "data": "digits",
    "seed": 3,
    "epochs": 2,
    "device": "cpu",
    "step_loss": [2.3, 1.5],
    "loss": [2.3, 1.5],
    "val_accuracy": [0.4, 0.8125],
}


class Loaded:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def torch_file(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def sound() -> bytes:
    return bytes(safetensors.save(WEIGHTS))


def state(**changes: Any) -> dict[str, Any]:
    return {name: torch.from_numpy(array) for name, array in WEIGHTS.items()} | changes


File = bytes | Callable[[], bytes]  # the bytes, or what makes them when the test runs, because it takes PyTorch


def lay(folder: Path, history: Any = HISTORY, **files: File) -> None:
    """Write the history, and files by their names, in which `_` stands for the dot."""
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content if isinstance(content, bytes) else content())
    if history is not None:
        (folder / "history.json").write_bytes(history if isinstance(history, bytes) else json.dumps(history).encode())


# ---- what is packed


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"weights_safetensors": sound}, id="safetensors"),
        pytest.param({"weights_pt": lambda: torch_file(state())}, id="pt"),
        pytest.param({"weights_pth": lambda: torch_file(state())}, id="pth"),
        pytest.param(
            {"weights_pt": lambda: torch_file(state(weight=torch.arange(6.0).view(2, 3).T.contiguous().T))}, id="view"
        ),
        pytest.param(
            {"weights_pt": lambda: torch_file(state(weight=torch.arange(6.0).view(2, 3).bfloat16()))}, id="bfloat16"
        ),
        pytest.param(
            {"weights_pt": lambda: torch_file(state(weight=torch.nn.Parameter(torch.arange(6.0).view(2, 3))))},
            id="parameters",
        ),
    ],
)
def test_weights_are_packed_as_they_are(tmp_path: Path, files: dict[str, File]) -> None:
    lay(tmp_path, **files)
    whole, trained = with_trained_model(NOTEBOOK, tmp_path)
    assert trained.weights.keys() == WEIGHTS.keys()
    assert all(np.array_equal(trained.weights[name], array) for name, array in WEIGHTS.items())
    assert trained.history["val_accuracy"] == HISTORY["val_accuracy"]
    assert json.loads(whole)["metadata"]["autograder"]["trained"]["history"] == HISTORY


def test_a_file_with_code_is_refused_and_its_code_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "was run"
    for content in (pickle.dumps(Loaded(trace), protocol=2), torch_file({"weight": Loaded(trace)})):
        lay(tmp_path, weights_pt=content)
        with pytest.raises(UserError, match="no weights could be read from it"):
            with_trained_model(NOTEBOOK, tmp_path)
        assert not trace.exists()
    pickle.loads(pickle.dumps(Loaded(trace)))
    assert trace.exists()  # so it would have shown


@pytest.mark.parametrize(
    ("files", "history", "message"),
    [
        pytest.param({}, HISTORY, r"weights\.safetensors is missing\. Run the notebook's last cells", id="no-weights"),
        pytest.param({"weights_safetensors": sound}, None, r"history\.json is missing", id="no-history"),
        pytest.param(
            {"weights_safetensors": sound, "weights_pt": lambda: torch_file(state())},
            HISTORY,
            r"holds weights\.safetensors and weights\.pt: delete",
            id="two-of-them",
        ),
        pytest.param({"weights_safetensors": bytes(2 << 20)}, HISTORY, "has 2,097,152 bytes; at most", id="too-large"),
        pytest.param({"weights_safetensors": lambda: sound()[:-4]}, HISTORY, "no safetensors file", id="cut-off"),
        pytest.param({"weights_safetensors": b""}, HISTORY, "no safetensors file", id="empty"),
        pytest.param(
            {"weights_pt": lambda: torch_file(state())[:-40]}, HISTORY, "no weights could be read", id="torch-cut-off"
        ),
        pytest.param(
            {"weights_pt": lambda: torch_file(torch.nn.Linear(2, 2))}, HISTORY, r"state_dict\(\)", id="a-whole-model"
        ),
        pytest.param({"weights_pt": lambda: torch_file([1, 2])}, HISTORY, r"state_dict\(\)", id="no-dict"),
        pytest.param({"weights_pt": lambda: torch_file({"weight": "7"})}, HISTORY, r"state_dict\(\)", id="no-tensor"),
        pytest.param({"weights_safetensors": sound}, b"{", r"history\.json is damaged", id="history-cut-off"),
        pytest.param({"weights_safetensors": sound}, [1], "holds no history", id="history-no-dict"),
        pytest.param({"weights_safetensors": sound}, HISTORY | {"loss": [float("nan")]}, "'loss'", id="history-nan"),
        pytest.param({"weights_safetensors": sound}, HISTORY | {"schema": 0}, "history .* is missing", id="schema"),
    ],
)
def test_what_cannot_be_packed_says_what_to_do(
    tmp_path: Path, files: dict[str, File], history: Any, message: str
) -> None:
    lay(tmp_path, history, **files)
    with pytest.raises(UserError, match=message) as caught:
        with_trained_model(NOTEBOOK, tmp_path)
    assert not isinstance(caught.value, NothingTrained)


# ---- autograder submit

MODEL = "return nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(144, 10))"


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a student who wrote build_model and not yet train."""
    folder = tmp_path / "assignments" / STEM
    ignored = shutil.ignore_patterns("__pycache__", ".*", "weights*", "history*")
    shutil.copytree(ROOT / "assignments" / STEM, folder, ignore=ignored)
    path = folder / "capstone.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["id"] == "build_model":
            cell["source"] = "".join(cell["source"]).replace("raise NotImplementedError", MODEL)
    path.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def weights(classes: int = 10) -> bytes:
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 5), *map(torch.nn.Identity, range(3)), torch.nn.Linear(144, classes)
    )
    return bytes(safetensors.save({name: one.numpy() for name, one in model.state_dict().items()}))


def submitted() -> tuple[int, str]:
    done = CliRunner().invoke(main, ["submit", STEM, "--student", "mia"])
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.slow
def test_the_receipt_tells_of_the_model(unpacked: Path) -> None:
    lay(unpacked, weights_safetensors=weights())
    code, output = submitted()
    assert code == 0, output
    assert "1,554 numbers, trained on digits with seed 3 for 2 epochs, at the end 81.2 % of the validation" in output
    assert "Its weights are not" not in output
    assert Path(f"mia__{STEM}.ipynb").is_file()


def another_model(folder: Path) -> None:
    lay(folder, weights_safetensors=weights(classes=9))


def old_history(folder: Path) -> None:
    lay(folder, {"loss": [1.0]}, weights_safetensors=weights())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prepare", "code", "message", "written"),
    [
        pytest.param(lambda folder: None, 1, "No trained model goes with it", True, id="before-training"),
        pytest.param(
            another_model, 1, "Its weights are not those of the saved notebook's build_model", True, id="other"
        ),
        pytest.param(old_history, 2, "The history of the training is missing", False, id="history"),
    ],
)
def test_what_is_amiss_is_said(
    unpacked: Path, prepare: Callable[[Path], None], code: int, message: str, written: bool
) -> None:
    prepare(unpacked)
    exit_code, output = submitted()
    assert (exit_code, message in output) == (code, True), output
    assert Path(f"mia__{STEM}.ipynb").is_file() == written


@pytest.mark.slow
@pytest.mark.parametrize("name", ["weights.safetensors", "history.json"])
def test_a_model_that_changes_while_the_notebook_is_checked(
    unpacked: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_check, "graded_packages", lambda torch: None)
    lay(unpacked, weights_safetensors=weights())
    path = unpacked / "capstone.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    rewrite = f"open({str(unpacked / name)!r}, 'ab').write(b'x')"
    for cell in content["cells"]:
        if cell["id"] == "build_model":
            cell["source"] = cell["source"].replace(MODEL, f"{rewrite}\n    {MODEL}")
    path.write_text(json.dumps(content), encoding="utf-8")
    code, output = submitted()
    assert (code, "or the trained model was changed on the disk while it was checked" in output) == (2, True), output
    assert not Path(f"mia__{STEM}.ipynb").is_file()


@pytest.mark.parametrize(
    "command", [["submit", STEM, "--student", "mia"], ["check", f"assignments/{STEM}/capstone.ipynb"]]
)
def test_without_pytorch_it_is_said_how_to_install_it(
    unpacked: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert "needs PyTorch, and this Python has no torch" in done.output
    assert "-m pip install torch safetensors" in done.output
    progress = CliRunner().invoke(main, ["progress"]).output
    assert f"{STEM}  not checked" in progress
    assert "pip install" in progress
