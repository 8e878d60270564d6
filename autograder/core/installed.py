"""Find out what is installed, and name the command that installs what is missing.

PyTorch is large and only one assignment needs it, so only that assignment requires it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from autograder.core.errors import UserError

REQUIREMENTS = "requirements.txt"
TORCH_REQUIREMENTS = "requirements-capstone.txt"
TORCH_PACKAGES = ("torch", "safetensors")


class NotInstalled(UserError):
    """A package is missing on this computer. The message says how to install it."""


def listing_in(folder: Path, name: str) -> Path | None:
    """Return a requirements file of the unpacked course, from `folder` or a folder above it; None if there is none."""
    for place in (folder, *folder.parents):
        requirements = place / REQUIREMENTS
        if requirements.is_file() and "nn_autograder" in requirements.read_text(encoding="utf-8", errors="replace"):
            return place / name if (place / name).is_file() else None
    return None


def pip() -> str:
    """Return the command that runs the pip of the running Python."""
    return f"{sys.executable} -m pip"


def torch_command(folder: Path) -> str:
    """Return the command that installs PyTorch, for the assignments in or below `folder`."""
    listing = listing_in(folder, TORCH_REQUIREMENTS)
    return f"{pip()} install {f'-r {listing}' if listing else ' '.join(TORCH_PACKAGES)}"


def require_torch(stem: str, folder: Path) -> None:
    """Raise NotInstalled if PyTorch is missing, for an assignment that needs it."""
    missing = [name for name in TORCH_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise NotInstalled(
            f"{stem} needs PyTorch, and this Python has no {' and no '.join(missing)}. Type in a terminal:\n"
            f"  {torch_command(folder)}\nIn a notebook choose Kernel > Restart Kernel afterwards."
        )
