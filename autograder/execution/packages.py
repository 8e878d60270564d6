"""The packages that are there when a notebook is graded, beside the standard library."""

from __future__ import annotations

NUMPY = ("numpy",)
TORCH = ("numpy", "torch", "torchgen", "typing_extensions", "sympy", "mpmath")


def graded_packages(*, torch: bool) -> tuple[str, ...]:
    """Return the packages of an assignment, with or without PyTorch."""
    return TORCH if torch else NUMPY
