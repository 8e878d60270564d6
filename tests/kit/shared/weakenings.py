"""Single weakenings of the confinement, which a test applies to see them noticed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.sandbox import bubblewrap, launch

Weaken = Callable[[pytest.MonkeyPatch, Path], None]


def without(option: str) -> Weaken:
    """Return a weakening that leaves an option of bubblewrap out."""

    def weaken(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
        real = bubblewrap.command_line
        monkeypatch.setattr(
            bubblewrap,
            "command_line",
            lambda command, **rest: [argument for argument in real(command, **rest) if argument != option],
        )
        separate = tuple(argument for argument in bubblewrap._SEPARATE if argument != option)
        monkeypatch.setattr(bubblewrap, "_SEPARATE", separate)

    return weaken


def edited(file: str, old: str, new: str) -> Weaken:
    """Return a weakening that changes one line of the untrusted side."""

    def weaken(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        copy = folder / "kit" / "guest"
        shutil.copytree(launch.GUEST_FILES, copy)
        text = (copy / file).read_text()
        assert text.count(old) == 1
        (copy / file).write_text(text.replace(old, new))
        monkeypatch.setattr(launch, "GUEST_FILES", copy)

    return weaken
