"""Weaker solutions of 09_capstone that are honest all the same: what a first, a second, a wrong idea reaches.

All are trained plainly: Adam at 0.001, no schedule, small batches; some with the pictures moved, as in the recipe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from autograder.datasets import Images
from reference_impl.capstone import pixels, shifted


@dataclass(frozen=True)
class Solution:
    """A model, and for how many epochs of which data it is trained."""

    name: str
    build: Callable[[], nn.Module]
    epochs: dict[str, int]  # by the name of the data
    moved: bool = False


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def dense() -> nn.Module:
    """As many numbers as LeNet-5 has: 61,225."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 77), nn.ReLU(), nn.Linear(77, 10))


def lenet5() -> nn.Module:
    """LeNet-5 (LeCun et al., 1998) with ReLU, maximum pooling and all maps connected: 61,706."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


SOLUTIONS = (
    Solution("linear", linear, {"mnist": 2, "digits": 30}),
    Solution("dense", dense, {"mnist": 3, "digits": 30}),
    Solution("dense, moved", dense, {"mnist": 3, "digits": 30}, moved=True),
    Solution("dense, moved, longer", dense, {"mnist": 10, "digits": 100}, moved=True),
    Solution("LeNet-5", lenet5, {"mnist": 1, "digits": 10}),
    Solution("LeNet-5, longer", lenet5, {"mnist": 3, "digits": 30}),
    Solution("LeNet-5, moved", lenet5, {"mnist": 3, "digits": 30}, moved=True),
)


def trained(solution: Solution, images: Images, seed: int) -> nn.Module:
    """The model after plain training on all training pictures, on the CPU."""
    torch.manual_seed(seed)
    rng, model = torch.Generator().manual_seed(seed), solution.build()
    pictures, labels = torch.as_tensor(images.train_images), torch.as_tensor(images.train_labels)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    size = 64 if images.name == "mnist" else 32
    for _ in range(solution.epochs[images.name]):
        for batch in torch.randperm(len(labels), generator=rng).split(size):
            x = pixels(pictures[batch])
            loss = functional.cross_entropy(model(shifted(x, rng) if solution.moved else x), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
