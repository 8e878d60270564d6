"""Does once what all rooms with PyTorch need. Their fork-server imports it before it forks any of them.

The first optimizer imports half of PyTorch, which takes seconds and looks for a folder to write to; a room has neither.
And a room cannot make threads: a thread pool used before the fork would hang every room at its first matrix product.
"""

import os
import tempfile
from typing import Any

import torch
from torch import nn


def _one_thread(count: int) -> None:
    """Do nothing, instead of `set_num_threads`: a room has one thread, whatever a notebook asks for."""


def _train_a_little() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    for optimizer_type in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
        optimizer: Any = optimizer_type(model.parameters(), lr=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=2)
        loss = nn.functional.cross_entropy(model(torch.rand(4, 1, 8, 8)), torch.zeros(4, dtype=torch.long))
        loss.backward()
        optimizer.step()
        schedule.step()


tempfile.tempdir = "/"  # PyTorch asks for names of temporary files but never writes any
os.environ["TORCHINDUCTOR_CACHE_DIR"] = "/"
torch.set_num_threads(1)
torch.set_num_interop_threads(1)
untyped_torch: Any = torch  # mypy forbids assigning to a function
untyped_torch.set_num_threads = untyped_torch.set_num_interop_threads = _one_thread
_train_a_little()
