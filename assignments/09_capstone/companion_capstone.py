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
    return (*_series(history), _logits(model, images[:100], 100))


def watched(student: Any, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], seed: int) -> tuple[Any, ...]:
    """Train for two epochs, and look at each time the model is asked.

    Returns whether its mode matters (batch normalisation, dropout); how often it was asked in training mode without
    learning from it, and learned in eval mode; the brightest pixel, 0 to 255, of each picture that it learned from, and
    of each that it was only asked for.
    """
    model = _built(student, seed)
    times: list[dict[str, Any]] = []

    def note(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        time = {"mode": model.training, "learned": False, "pixels": inputs[0].detach().flatten(1).amax(1) * 255}
        if output.requires_grad:
            output.register_hook(lambda _: time.update(learned=True))
        times.append(time)

    model.register_forward_hook(note)
    _series(student.train(model, images, labels, device="cpu", epochs=2, seed=seed))
    matters = any(isinstance(layer, _OF_TWO_MODES) for layer in model.modules())
    asked_in_training = sum(time["mode"] and not time["learned"] for time in times)
    learned_in_eval = sum(time["learned"] and not time["mode"] for time in times)
    pixels = ([time["pixels"].round().int() for time in times if time["learned"] is one] for one in (True, False))
    return matters, asked_in_training, learned_in_eval, *(torch.cat([torch.tensor([]), *one]).numpy() for one in pixels)


_SERIES = ("step_loss", "loss", "val_accuracy")
_OF_TWO_MODES = (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)


def _series(history: Any) -> list[np.ndarray[Any, Any]]:
    """The three lists of a history, as arrays."""
    if not isinstance(history, dict):
        raise TypeError(f"train returned a {type(history).__name__}, not a dict")
    for name in _SERIES:
        if name not in history:
            raise TypeError(f"the history that train returned has no {name!r}")
        odd = next((type(one).__name__ for one in history[name] if not isinstance(one, int | float)), None)
        if odd is not None:
            raise TypeError(f"history[{name!r}] holds a {odd}, not a number of Python's: take loss.item()")
    return [np.array(history[name], float) for name in _SERIES]


def _built(student: Any, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = student.build_model()
    if not isinstance(model, nn.Module):
        raise TypeError(f"build_model returned a {type(model).__name__}, not an nn.Module")
    return model


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
