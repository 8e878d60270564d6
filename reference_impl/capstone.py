"""A correct solution of 09_capstone: a small convolutional network, and how it is trained.

BatchNorm: Ioffe and Szegedy, 2015. One cycle of the learning rate: Smith and Topin, 2018. AdamW: Loshchilov and Hutter,
2019. Shifted images: Simard, Steinkraus and Platt, 2003. `capstone_seeds.md` lists the accuracies that it reaches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR

BATCH = 128
PEAK = 0.01  # the largest learning rate
HELD_OUT = 12  # one in twelve training images is for validation: 5,000 of MNIST's
SHIFT = 2  # pixels

Pictures = np.ndarray[Any, Any] | Tensor


def build_model() -> nn.Module:
    """Return a network of four convolutions and two poolings, with 49,697 parameters and buffers.

    It maps (n, 1, 28, 28), pixels in [0, 1], to (n, 10) logits.
    """

    def convolution(channels: int, maps: int, size: int) -> list[nn.Module]:
        return [nn.Conv2d(channels, maps, size, bias=False), nn.BatchNorm2d(maps), nn.ReLU()]

    return nn.Sequential(
        nn.BatchNorm2d(1, affine=False),  # learns the pixels' mean and deviation, so the model normalises its own input
        *convolution(1, 16, 5),  # 28 → 24
        nn.MaxPool2d(2),  # → 12
        *convolution(16, 32, 3),  # → 10
        *convolution(32, 48, 3),  # → 8
        nn.MaxPool2d(2),  # → 4
        *convolution(48, 64, 3),  # → 2
        nn.Flatten(),
        nn.Linear(64 * 2 * 2, 10),
    )


def train(
    model: nn.Module,
    images: Pictures,  # (n, 28, 28), uint8
    labels: Pictures,  # (n,)
    *,
    device: str | torch.device,
    epochs: int,
    seed: int,
    max_steps: int | None = None,
) -> dict[str, list[float]]:
    """Train with cross-entropy, AdamW and one cycle of the learning rate, and return the history.

    Every image is shifted by up to two pixels each time. One generator on the CPU draws all random numbers, so that a
    GPU sees the same images in the same order.
    """
    rng = torch.Generator().manual_seed(seed)
    pictures, labels = torch.as_tensor(images), torch.as_tensor(labels)
    held_out, rest = torch.randperm(len(labels), generator=rng).tensor_split([len(labels) // HELD_OUT])
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = OneCycleLR(optimizer, PEAK, epochs=epochs, steps_per_epoch=-(-len(rest) // BATCH))
    history: dict[str, list[float]] = {"step_loss": [], "loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        batches = rest[torch.randperm(len(rest), generator=rng)].split(BATCH)
        for batch in batches:
            x = shifted(pixels(pictures[batch]), rng).to(device)
            loss = functional.cross_entropy(model(x), labels[batch].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            history["step_loss"].append(loss.item())
            if len(history["step_loss"]) == max_steps:
                return history
        history["loss"].append(float(np.mean(history["step_loss"][-len(batches) :])))
        history["val_accuracy"].append(accuracy(model, pixels(pictures[held_out]), labels[held_out], device))
    return history


def pixels(images: Pictures) -> Tensor:
    """Return bytes (n, 28, 28) as the model needs them: (n, 1, 28, 28), between 0 and 1."""
    return torch.as_tensor(images).unsqueeze(1) / 255


def shifted(x: Tensor, rng: torch.Generator) -> Tensor:
    """Shift each image of (n, 1, h, w) by up to `SHIFT` pixels vertically and horizontally; new pixels are 0."""
    down, across = torch.randint(0, 2 * SHIFT + 1, (2, len(x)), generator=rng)
    windows = functional.pad(x, [SHIFT] * 4).unfold(2, x.shape[2], 1).unfold(3, x.shape[3], 1)
    return windows[torch.arange(len(x)), :, down, across]


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, labels: Tensor, device: str | torch.device) -> float:
    """Return the fraction of the images (n, 1, 28, 28) that the model classifies correctly."""
    model.eval()
    answers = torch.cat([model(part.to(device)).argmax(1).cpu() for part in x.split(500)])
    return (answers == labels).float().mean().item()
