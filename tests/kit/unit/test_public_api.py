"""The names of `import autograder`: one list for readers, for type checkers and at run time, and each has its type."""

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from places import ROOT

import autograder


def imports_for_type_checkers() -> dict[str, str]:
    """The module of each name that a type checker sees, from the block under TYPE_CHECKING."""
    tree = ast.parse(Path(autograder.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {alias.name: str(node.module) for node in block.body for alias in getattr(node, "names", ())}


def test_type_checkers_see_the_names_of_all() -> None:
    assert sorted(imports_for_type_checkers()) == autograder.__all__


@pytest.mark.parametrize("name", autograder.__all__)
def test_at_run_time_a_name_is_what_type_checkers_see(name: str) -> None:
    assert getattr(autograder, name) is getattr(import_module(imports_for_type_checkers()[name]), name)


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="module 'autograder' has no attribute 'nothing'"):
        _ = autograder.nothing  # type: ignore[attr-defined]


@pytest.mark.slow
def test_mypy_sees_the_types_from_outside(tmp_path: Path) -> None:
    lines = ["import autograder", *(f"reveal_type(autograder.{name})" for name in autograder.__all__)]
    (tmp_path / "use.py").write_text("\n".join([*lines, "autograder.nothing"]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "use.py"],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    revealed = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert len(revealed) == len(autograder.__all__), done.stdout + done.stderr
    assert all(type_.startswith("def (") for type_ in revealed), revealed
    assert 'Module has no attribute "nothing"' in done.stdout
    assert "Found 1 error in 1 file" in done.stdout
