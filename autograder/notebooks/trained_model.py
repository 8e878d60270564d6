"""Read and write a trained model that is handed in: its weights and the history of its training.

Both are stored in the notebook's metadata, so that a submission stays one file. The weights are a safetensors file,
which holds numbers and names but no code.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from autograder.core.errors import UserError
from autograder.core.model import TrainedModel
from autograder.notebooks.ipynb import document_bytes, document_of, parse_settings, with_settings

SCHEMA = 1
DATA = ("mnist", "digits")
WEIGHT_BYTES = 1 << 20  # of the safetensors file: four times the size of all allowed parameters in float32
ARRAYS = 250  # so that one call can pass them to the student's function, together with images
NAME_BYTES = 1 << 13  # of all arrays together: long names could hold information
STEPS = 1_000_000
_KEY = "trained"
_AGAIN = "run the notebook's last cells, which write them, and submit again"


class NotTrained(Exception):
    """There is no trained model that can be graded. The message tells the student why and what to do."""


def read_trained(notebook: bytes) -> TrainedModel:
    """Return the model that was handed in with a notebook. Raises NotTrained if there is none or it is damaged."""
    stored = parse_settings(notebook).get(_KEY)
    if not isinstance(stored, dict):
        raise NotTrained(f"No trained model was handed in with the notebook: {_AGAIN}.")
    return TrainedModel(_weights(stored.get("weights")), history_of(stored.get("history")))


def _weights(text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        raise NotTrained(f"No weights were handed in with the notebook: {_AGAIN}.")
    if len(text) > WEIGHT_BYTES * 4 // 3 + 4:
        raise NotTrained(f"The weights take more than {WEIGHT_BYTES >> 20} MiB.")
    try:
        return weights_of(base64.b64decode(text, validate=True))
    except ValueError:  # from binascii, or for characters that are not ASCII
        raise NotTrained(f"The weights are damaged: {_AGAIN}.") from None


def weights_of(data: bytes) -> dict[str, Any]:
    """Return the arrays of a safetensors file, by name. Raises NotTrained if it is damaged or too large."""
    try:
        from safetensors.numpy import load
    except ImportError:
        raise UserError("safetensors is missing. Install it: pip install safetensors") from None
    if len(data) > WEIGHT_BYTES:
        raise NotTrained(f"The weights take more than {WEIGHT_BYTES >> 20} MiB.")
    try:
        weights = dict(load(data))
    except Exception as error:  # safetensors' own and NumPy's: a damaged file can cause any
        raise NotTrained(f"The weights are no safetensors file ({type(error).__name__}): {_AGAIN}.") from None
    if len(weights) > ARRAYS:
        raise NotTrained(f"The weights are {len(weights)} arrays; at most {ARRAYS} are read.")
    if (names := sum(len(name.encode("utf-8", "replace")) for name in weights)) > NAME_BYTES:
        raise NotTrained(f"The names of the weights take {names} bytes; at most {NAME_BYTES} are read.")
    return weights


def history_of(history: object) -> dict[str, Any]:
    """Return the fields of a history, checked. Raises NotTrained if one is missing or not what it should be."""
    if not isinstance(history, dict) or history.get("schema") != SCHEMA:
        raise NotTrained(f"The history of the training is missing: {_AGAIN}.")
    for name, fits in _FIELDS.items():
        if not fits(history.get(name)):
            raise NotTrained(f"The history's {name!r} is missing or not what it should be: {_AGAIN}.")
    if len(history["step_loss"]) > STEPS:
        raise NotTrained(f"The history holds more than {STEPS} steps.")
    return {name: history[name] for name in _FIELDS}


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_series(value: object) -> bool:
    return isinstance(value, list) and all(type(number) in (int, float) and abs(number) < _LARGEST for number in value)


_LARGEST = 1e9  # so that nan and infinity are refused, and sums of losses stay finite
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
    """Return the notebook with a trained model in it. `weights` is the content of a safetensors file.

    Raise Ungradable if it is not a notebook.
    """
    trained = {"weights": base64.b64encode(weights).decode(), "history": dict(history)}
    return document_bytes(with_settings(document_of(notebook), {_KEY: trained}))
