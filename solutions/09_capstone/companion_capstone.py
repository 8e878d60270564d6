"""What the tests of the capstone call where the model is: it is built and run there, and only numbers come out.

Each function gets the notebook's functions first, as `student`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode


def numbers(student: Any, seed: int) -> int:
    """How many numbers a new model holds, parameters and buffers together."""
    return sum(one.numel() for one in _built(student, seed).state_dict().values())


def layers(student: Any, seed: int) -> tuple[int, int]:
    """How many convolutions and how many poolings are called on the way from a picture to its logits."""
    with torch.no_grad(), _Watching() as seen:
        _built(student, seed).eval()(torch.zeros(1, 1, 28, 28))
    return seen.count("conv"), seen.count("pool")


def misfits(student: Any, weights: Mapping[str, Any]) -> int:
    """How many names and shapes of these weights are not those of the model."""
    ours = {(name, tuple(one.shape)) for name, one in _built(student, 0).state_dict().items()}
    return len(ours ^ {(name, tuple(np.shape(one))) for name, one in weights.items()})


def fresh_logits(student: Any, seed: int, images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What a new model answers to pictures (n, 28, 28) of bytes: (n, 10)."""
    return _logits(_built(student, seed), images, len(images))


def logits(student: Any, weights: Mapping[str, Any], images: np.ndarray[Any, Any], batch: int) -> np.ndarray[Any, Any]:
    """What the model answers with these weights, asked for `batch` pictures at a time."""
    model = _built(student, 0)
    model.load_state_dict({name: torch.from_numpy(np.array(one)) for name, one in weights.items()})
    return _logits(model, images, batch)


def training(
    student: Any,
    images: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
    seed: int,
    epochs: int,
    max_steps: int | None,
) -> tuple[Any, ...]:
    """Train on the CPU: the history's step_loss, loss and val_accuracy, and the first pictures' logits afterwards."""
    model = _built(student, seed)
    options = {"device": "cpu", "epochs": epochs, "seed": seed, "max_steps": max_steps}
    history = student.train(model, images, labels, **options)
    if not isinstance(history, dict):
        raise TypeError(f"the history is {_kind_of(history)}, not a dict")
    series = [_series(history, name) for name in ("step_loss", "loss", "val_accuracy")]
    return (*series, _logits(model, images[:100], 100))


def _series(history: Mapping[str, Any], name: str) -> np.ndarray[Any, Any]:
    if name not in history:
        raise ValueError(f"the history has no {name}")
    if any(isinstance(one, torch.Tensor) for one in history[name]):
        raise TypeError(f"{name} holds tensors, not numbers: append loss.item()")
    return np.array(history[name], float)


def _built(student: Any, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = student.build_model()
    if not isinstance(model, nn.Module):
        raise TypeError(f"the model is {_kind_of(model)}, not an nn.Module")
    return model


def _kind_of(value: object) -> str:
    return "None" if value is None else f"of the type {type(value).__name__}"


def _logits(model: nn.Module, images: np.ndarray[Any, Any], batch: int) -> np.ndarray[Any, Any]:
    model.eval()
    with torch.no_grad():
        x = torch.from_numpy(np.array(images)).unsqueeze(1) / 255
        return torch.cat([model(part) for part in x.split(batch)]).numpy()


class _Watching(TorchFunctionMode):
    """Notes which functions of PyTorch's are called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(getattr(function, "__name__", ""))
        return function(*args, **(kwargs or {}))

    def count(self, part: str) -> int:
        return sum(part in name for name in self.names)
