"""What the tests of the capstone call where the model is: it is built and run there, and only numbers come out.

Each function gets the notebook's functions first, as `student`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode


def numbers(student: Any, seed: int) -> int:
    """How many numbers a new model holds, parameters and buffers together; buffers that are not saved count as well.

    One of eight bytes counts as two, but for a counter.
    """
    model = _built(student, seed)
    saved = model.state_dict()
    unsaved = [one for name, one in model.named_buffers() if name not in saved]
    return sum(one.numel() * (2 if one.dim() and one.element_size() > 4 else 1) for one in (*saved.values(), *unsaved))


def layers(student: Any, seed: int) -> tuple[int, int]:
    """How many convolutions and how many poolings the logits of a picture come from.

    Counted are those that look at more than one pixel at a time, where the logits change without what they give.
    """
    model = _built(student, seed).eval()
    for one in model.parameters():  # some begin at zero
        one.data += 0.1 * torch.randn_like(one)
    picture = torch.rand(1, 1, 28, 28)
    counts = []
    for kind in ("conv", "pool"):
        with torch.no_grad(), _Without(kind) as seen:
            without = model(picture)
        with torch.no_grad():
            counts.append(0 if torch.equal(without, model(picture)) else seen.count)
    return counts[0], counts[1]


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


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """So small a network trains no faster on several, and far slower where others work as well."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@_one_thread()
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


@_one_thread()
def watched(student: Any, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], seed: int) -> tuple[Any, ...]:
    """Train for two epochs, and look at each time the model is asked.

    Returns whether its mode matters (batch normalisation, dropout); how often it was asked in training mode without
    learning from it, learned in eval mode, and learned while gradients of an earlier step were there; the brightest
    pixel, 0 to 255, of each picture that it learned from, and of each that it was only asked for.
    """
    model = _built(student, seed)
    times: list[dict[str, Any]] = []

    def note(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        pixels = inputs[0].detach().flatten(1).amax(1) * 255
        time = {"mode": model.training, "learned": False, "stale": False, "pixels": pixels}
        if output.requires_grad:  # then this is called when the gradients are computed, before they are added
            output.register_hook(lambda _: time.update(learned=True, stale=_has_gradients(model)))
        times.append(time)

    model.register_forward_hook(note)
    _series(student.train(model, images, labels, device="cpu", epochs=2, seed=seed))
    matters = any(isinstance(layer, _OF_TWO_MODES) for layer in model.modules())
    asked_in_training = sum(time["mode"] and not time["learned"] for time in times)
    learned_in_eval = sum(time["learned"] and not time["mode"] for time in times)
    stale = sum(time["stale"] for time in times)
    kinds = ([time["pixels"].round().int() for time in times if time["learned"] is one] for one in (True, False))
    pixels = (torch.cat([torch.tensor([]), *one]).numpy() for one in kinds)
    return matters, asked_in_training, learned_in_eval, stale, *pixels


def _has_gradients(model: nn.Module) -> bool:
    return any(one.grad is not None and bool(one.grad.any()) for one in model.parameters())


_OF_TWO_MODES = (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)


def _series(history: Any) -> list[np.ndarray[Any, Any]]:
    """The three lists of a history, as arrays."""
    if not isinstance(history, dict):
        raise TypeError(f"the history is {_kind_of(history)}, not a dict")
    return [_numbers_of(history, name) for name in ("step_loss", "loss", "val_accuracy")]


def _numbers_of(history: Mapping[str, Any], name: str) -> np.ndarray[Any, Any]:
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


class _Without(TorchFunctionMode):
    """Puts zeros in the place of what one kind of PyTorch's functions gives, and counts these."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.count = 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = kwargs or {}
        answer = function(*args, **options)
        if self.kind not in getattr(function, "__name__", ""):
            return answer
        given, *indices = answer if isinstance(answer, tuple) else (answer,)
        if not _sees_more_than_a_pixel(self.kind, given, *args, *options.values()):
            return answer
        self.count += 1
        nothing = torch.zeros_like(given)
        return (nothing, *indices) if indices else nothing


def _sees_more_than_a_pixel(kind: str, given: Any, x: Any, weight: Any = None, *_: Any) -> bool:
    """Whether a convolution's filter is larger than a pixel; whether a pooling gives other numbers than it got."""
    return bool(weight[0, 0].numel() > 1) if kind == "conv" else not torch.equal(given, x)
