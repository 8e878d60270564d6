"""Pack the files that a training leaves beside its notebook into the one file that is handed in.

The weights may be in a safetensors file or in one of PyTorch's. Safetensors are handed in, as they hold no code.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from autograder.core.errors import UserError
from autograder.core.model import TrainedModel
from autograder.core.text import listed
from autograder.notebooks.trained_model import WEIGHT_BYTES, NotTrained, packed, read_trained

SAFETENSORS = "weights.safetensors"
TORCH_FILES = ("weights.pt", "weights.pth")
HISTORY = "history.json"
_MOST_BYTES = 64 << 20  # of a file; a history is a few megabytes at most
_LAST_CELLS = "Run the notebook's last cells, which write it"


class NothingTrained(UserError):
    """Neither weights nor a history are beside the notebook: nothing was trained yet."""


def with_trained_model(notebook: bytes, folder: Path) -> tuple[bytes, TrainedModel]:
    """Return the notebook with the weights and the `history.json` of `folder` in it, and the trained model.

    Raise NothingTrained if both are missing, and UserError if one is missing, too large or damaged.
    """
    path = _weights_in(folder)
    data = _read(path)
    if len(data) > WEIGHT_BYTES:
        raise UserError(f"{path} has {path.stat().st_size:,} bytes; at most {WEIGHT_BYTES:,} are read.")
    weights = data if path.name == SAFETENSORS else _as_safetensors(data, path)
    content = packed(notebook, weights, _history_in(folder))
    try:
        return content, read_trained(content)
    except NotTrained as problem:
        raise UserError(f"{folder}: {problem}") from None


def _weights_in(folder: Path) -> Path:
    paths = [path for name in (SAFETENSORS, *TORCH_FILES) if (path := folder / name).is_file()]
    if not paths and not (folder / HISTORY).is_file():
        raise NothingTrained(f"{folder} holds no {SAFETENSORS} and no {HISTORY}")
    if not paths:
        raise UserError(f"{folder / SAFETENSORS} is missing. {_LAST_CELLS}.")
    if len(paths) > 1:
        raise UserError(
            f"{folder} holds {listed(path.name for path in paths)}: delete those that are not to be graded."
        )
    return paths[0]


def _read(path: Path) -> bytes:
    """Return the content of a file, of a large one at least so much that it is seen to be too large."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except FileNotFoundError:
        raise UserError(f"{path} is missing. {_LAST_CELLS}.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None


def _as_safetensors(data: bytes, path: Path) -> bytes:
    import torch
    from safetensors.numpy import save

    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        return bytes(save({name: _as_array(tensor) for name, tensor in state.items()}))
    except Exception as error:  # PyTorch, pickle and zipfile raise a dozen kinds
        raise UserError(
            f"{path}: no weights could be read from it ({type(error).__name__}). "
            "Write it by torch.save(model.state_dict(), path)."
        ) from None


def _as_array(tensor: Any) -> Any:
    """Return a tensor as a NumPy array. NumPy has no bfloat16, but float32 holds each of its numbers."""
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).detach().contiguous().numpy()


def _history_in(folder: Path) -> dict[str, Any]:
    path = folder / HISTORY
    try:
        history = json.loads(_read(path))
    except (ValueError, RecursionError):
        raise UserError(f"{path} is damaged. {_LAST_CELLS}.") from None
    if not isinstance(history, dict):
        raise UserError(f"{path} holds no history. {_LAST_CELLS}.")
    return history
