"""What is installed here, and the command that installs what is missing.

PyTorch is large and wanted by one assignment alone, so it is asked for only there.
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
    """A package is missing on this computer; the message says how to install it."""


def listing_in(folder: Path, name: str) -> Path | None:
    """A list of requirements in the folder that was unpacked: at `folder`, or above it."""
    for place in (folder, *folder.parents):
        ours = place / REQUIREMENTS
        if ours.is_file() and "nn_autograder" in ours.read_text(encoding="utf-8", errors="replace"):
            return place / name if (place / name).is_file() else None
    return None


def pip() -> str:
    """The pip of this very Python."""
    return f"{sys.executable} -m pip"


def torch_command(folder: Path) -> str:
    """What installs PyTorch, for the assignments in or below `folder`."""
    listing = listing_in(folder, TORCH_REQUIREMENTS)
    return f"{pip()} install {f'-r {listing}' if listing else ' '.join(TORCH_PACKAGES)}"


def require_torch(stem: str, folder: Path) -> None:
    """NotInstalled where an assignment with PyTorch finds none."""
    missing = [name for name in TORCH_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise NotInstalled(
            f"{stem} needs PyTorch, and this Python has no {' and no '.join(missing)}. Type in a terminal:\n"
            f"  {torch_command(folder)}\nIn a notebook choose Kernel > Restart Kernel afterwards."
        )
