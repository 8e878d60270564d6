"""On what the capstone's figures were measured: one line for the tables."""

from __future__ import annotations

import platform

import numpy as np
import torch


def machine(threads: str = "1 thread in each process") -> str:
    """Device, threads and versions."""
    return (
        f"CPU ({platform.machine()}), {threads}; Python {platform.python_version()}, PyTorch {torch.__version__}, "
        f"NumPy {np.__version__}"
    )
