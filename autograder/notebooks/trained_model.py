"""A trained model that is handed in: its weights and the history of its training, packed into the notebook's metadata.

So a submission stays one file. Weights are read with safetensors, whose files hold numbers and names and no code.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from autograder.core.errors import UserError
from autograder.core.model import Trained
from autograder.notebooks.ipynb import parse_settings

SCHEMA = 1
DATA = ("mnist", "digits")
WEIGHT_BYTES = 1 << 20  # of the safetensors file: four times what the budget of parameters takes in float32
ARRAYS = 250  # so that they go into a room with one call, and pictures beside them
NAME_BYTES = 1 << 13  # of all arrays together: names could tell much
STEPS = 1_000_000
_KEY = "trained"
_AGAIN = "run the notebook's last cells, which write them, and submit again"


class NotTrained(Exception):
    """No trained model that can be judged; the message says why and what to do, for the student."""


def read_trained(notebook: bytes) -> Trained:
    """The model that was handed in with a notebook; NotTrained where there is none, or it is damaged."""
    packed = parse_settings(notebook).get(_KEY)
    if not isinstance(packed, dict):
        raise NotTrained(f"No trained model was handed in with the notebook: {_AGAIN}.")
    return Trained(_weights(packed.get("weights")), history_of(packed.get("history")))


def _weights(text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        raise NotTrained(f"No weights were handed in with the notebook: {_AGAIN}.")
    if len(text) > WEIGHT_BYTES * 4 // 3 + 4:
        raise NotTrained(f"The weights take more than {WEIGHT_BYTES >> 20} MiB.")
    try:
        return weights_of(base64.b64decode(text, validate=True))
    except ValueError:  # of binascii, and where it is no ASCII
        raise NotTrained(f"The weights are damaged: {_AGAIN}.") from None


def weights_of(data: bytes) -> dict[str, Any]:
    """The arrays of a safetensors file, by name; NotTrained where it is none, or too large."""
    try:
        from safetensors.numpy import load
    except ImportError:
        raise UserError("safetensors is missing. Install it: pip install safetensors") from None
    if len(data) > WEIGHT_BYTES:
        raise NotTrained(f"The weights take more than {WEIGHT_BYTES >> 20} MiB.")
    try:
        weights = dict(load(data))
    except Exception as error:  # its own, and NumPy's: whatever a damaged file leads to
        raise NotTrained(f"The weights are no safetensors file ({type(error).__name__}): {_AGAIN}.") from None
    if len(weights) > ARRAYS:
        raise NotTrained(f"The weights are {len(weights)} arrays; at most {ARRAYS} are read.")
    if (names := sum(len(name.encode("utf-8", "replace")) for name in weights)) > NAME_BYTES:
        raise NotTrained(f"The names of the weights take {names} bytes; at most {NAME_BYTES} are read.")
    return weights


def history_of(told: object) -> dict[str, Any]:
    """A history as `train` gives it, with what it was trained on; NotTrained where something is missing or odd."""
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        raise NotTrained(f"The history of the training is missing: {_AGAIN}.")
    for name, fits in _FIELDS.items():
        if not fits(told.get(name)):
            raise NotTrained(f"The history's {name!r} is missing or not what it should be: {_AGAIN}.")
    if len(told["step_loss"]) > STEPS:
        raise NotTrained(f"The history holds more than {STEPS} steps.")
    return {name: told[name] for name in _FIELDS}


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_series(value: object) -> bool:
    return isinstance(value, list) and all(type(one) in (int, float) and abs(one) < _LARGEST for one in value)


_LARGEST = 1e9  # of a loss: nan and infinity are none, and a sum of them stays a number
_FIELDS: dict[str, Any] = {
    "data": DATA.__contains__,
    "seed": _is_count,
    "epochs": _is_count,
    "device": lambda value: isinstance(value, str),
    "step_loss": _is_series,
    "loss": _is_series,
    "val_accuracy": _is_series,
}


# ---- the writer


def packed(notebook: bytes, weights: bytes, history: Mapping[str, Any]) -> bytes:
    """The notebook with a trained model in it. `weights` is a safetensors file."""
    content = json.loads(notebook)
    settings = content.setdefault("metadata", {}).setdefault("autograder", {})
    settings[_KEY] = {"weights": base64.b64encode(weights).decode(), "history": dict(history)}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
