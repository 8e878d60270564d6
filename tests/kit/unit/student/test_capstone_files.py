"""Files that are handed in as a trained model but are none: no code in them runs, and claimed sizes are checked."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from autograder.core.errors import Ungradable, UserError
from autograder.core.model import NoModel
from autograder.notebooks.course import Course
from autograder.notebooks.submission import read_submission
from autograder.notebooks.trained_model import SCHEMA, WEIGHT_BYTES, packed
from autograder.student import training_files

COURSE = Course(ROOT)
SOLUTION = COURSE.solution("09_capstone")
ASSIGNMENT = COURSE.assignment("09_capstone")
HISTORY: dict[str, Any] = {
    "schema": SCHEMA,
    "data": "digits",
    "seed": 3,
    "epochs": 1,
    "device": "cpu",
    "step_loss": [2.3, 2.1],
    "loss": [2.2],
    "val_accuracy": [0.4],
}


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.torch
@pytest.mark.parametrize("as_torch_saves_it", [True, False], ids=["zip", "bare"])
def test_a_pickle_is_not_run_by_submit(tmp_path: Path, as_torch_saves_it: bool) -> None:
    import torch

    left = tmp_path / "left-behind"
    path = tmp_path / "weights.pt"
    if as_torch_saves_it:
        torch.save({"first.weight": Evil(left)}, path)
    else:
        path.write_bytes(pickle.dumps(Evil(left), protocol=2))
    (tmp_path / training_files.HISTORY).write_text(json.dumps(HISTORY), encoding="utf-8")
    with pytest.raises(
        UserError, match=r"no weights could be read from it .* torch.save\(model.state_dict\(\), path\)"
    ):
        training_files.with_trained_model(SOLUTION.read_bytes(), tmp_path)
    assert not left.exists()
    pickle.loads(pickle.dumps(Evil(left)))
    assert left.exists()  # it would have


def header_of_10_gib() -> bytes:
    size = 10 << 30
    header = json.dumps({"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header


NO_WEIGHTS = {
    "a-pickle": lambda folder: (pickle.dumps(Evil(folder / "left-behind")), "no safetensors file"),
    "a-claim-of-10-GiB": lambda _: (header_of_10_gib(), "no safetensors file"),
    "a-header-of-10-GiB": lambda _: (struct.pack("<Q", 10 << 30) + b"{}", "no safetensors file"),
    "more-than-1-MiB": lambda _: (bytes(WEIGHT_BYTES + 1), "more than 1 MiB"),
}


@pytest.mark.slow
@pytest.mark.parametrize("make", NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_what_is_packed_and_is_no_weights_is_refused(tmp_path: Path, make: Callable[[Path], tuple[bytes, str]]) -> None:
    weights, problem = make(tmp_path)
    path = tmp_path / "capstone.ipynb"
    path.write_bytes(packed(SOLUTION.read_bytes(), weights, HISTORY))
    trained = read_submission(path, ASSIGNMENT, "cheat").trained
    assert isinstance(trained, NoModel)
    assert problem in trained.reason
    assert not (tmp_path / "left-behind").exists()


def test_a_notebook_of_70_mib_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "capstone.ipynb"
    shutil.copyfile(SOLUTION, path)
    with path.open("r+b") as file:
        file.truncate(70 << 20)
    with pytest.raises(Ungradable, match="the file has 70 MiB; at most 24 are read"):
        read_submission(path, ASSIGNMENT, "cheat")
