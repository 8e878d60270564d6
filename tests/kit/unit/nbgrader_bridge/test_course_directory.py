"""nbgrader is not installed everywhere: what needs it says so before anything is done."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from autograder.cli.main import main

FIND = importlib.util.find_spec


@pytest.fixture(autouse=True)
def _no_nbgrader(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str, package: str | None = None) -> Any:
        return None if name == "nbgrader" else FIND(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)


def test_a_gradebook_is_refused_before_the_class_is_graded(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["grade", "--gradebook", "--submitted", str(tmp_path)])
    assert done.exit_code == 2
    assert done.output == (
        "nbgrader is not installed here. Type `make setup` in the course's folder, which installs it.\n"
    )
