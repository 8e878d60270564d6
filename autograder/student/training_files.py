"""What a training leaves beside its notebook, packed into the one file that is handed in.

The weights may be a safetensors file or one of PyTorch's; handed in are always safetensors, which hold no code.
"""

from __future__ import annotations

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
_LAST_CELLS = "Run the notebook's last cells, which write it"


class NothingTrained(UserError):
    """Neither weights nor a history lie beside the notebook: nothing was trained yet."""


def with_trained_model(notebook: bytes, folder: Path) -> tuple[bytes, TrainedModel]:
    """The notebook with what lies in `folder`: its weights and `history.json`; and what was found there.

    Raises NothingTrained where there is neither; UserError where one of them is missing, too large, or not what it
    should be.
    """
    path = _weights_in(folder)
    weights = path.read_bytes() if path.name == SAFETENSORS else _as_safetensors(path)
    whole = packed(notebook, weights, _history_in(folder))
    try:
        return whole, read_trained(whole)
    except NotTrained as problem:
        raise UserError(f"{folder}: {problem}") from None


def _weights_in(folder: Path) -> Path:
    found = [path for name in (SAFETENSORS, *TORCH_FILES) if (path := folder / name).is_file()]
    if not found and not (folder / HISTORY).is_file():
        raise NothingTrained(f"{folder} holds no {SAFETENSORS} and no {HISTORY}")
    if not found:
        raise UserError(f"{folder / SAFETENSORS} is missing. {_LAST_CELLS}.")
    if len(found) > 1:
        raise UserError(
            f"{folder} holds {listed(path.name for path in found)}: delete those that are not to be graded."
        )
    if (size := found[0].stat().st_size) > WEIGHT_BYTES:
        raise UserError(f"{found[0]} has {size:,} bytes; at most {WEIGHT_BYTES:,} are read.")
    return found[0]


def _as_safetensors(path: Path) -> bytes:
    import torch
    from safetensors.numpy import save

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return bytes(save({name: _plain(one) for name, one in state.items()}))
    except Exception as error:  # PyTorch, pickle and zipfile have a dozen of them
        raise UserError(
            f"{path}: no weights could be read from it ({type(error).__name__}). "
            "Write it by torch.save(model.state_dict(), path)."
        ) from None


def _plain(tensor: Any) -> Any:
    """As an array; NumPy has no bfloat16, and each of its numbers is one of float32's."""
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).detach().contiguous().numpy()


def _history_in(folder: Path) -> dict[str, Any]:
    path = folder / HISTORY
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing. {_LAST_CELLS}.") from None
    except ValueError:
        raise UserError(f"{path} is damaged. {_LAST_CELLS}.") from None
    if not isinstance(told, dict):
        raise UserError(f"{path} holds no history. {_LAST_CELLS}.")
    return told
