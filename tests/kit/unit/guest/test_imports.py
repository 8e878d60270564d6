"""The modules that are copied into memory are those that Python would import from the same folders."""

from __future__ import annotations

import importlib.machinery
import py_compile
import sys
from pathlib import Path

import pytest

from autograder.guest import imports

EXTENSION = importlib.machinery.EXTENSION_SUFFIXES[0]


def made(folder: Path, *files: str) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"origin = {file!r}\n", encoding="utf-8")


@pytest.mark.parametrize(
    "files",
    [
        ("name.py",),
        ("name.py", "name/inner.py"),
        ("name.py", "name/__init__.py"),
        ("name.py", f"name{EXTENSION}"),
        (f"name{EXTENSION}", "name/__init__.py"),
        (f"name{EXTENSION}", "name/stubs.pyi"),
        ("name/inner.py",),
    ],
    ids=" ".join,
)
def test_of_several_files_python_s_own_choice_is_taken(tmp_path: Path, files: tuple[str, ...]) -> None:
    made(tmp_path, *files)
    spec = importlib.machinery.PathFinder.find_spec("name", [str(tmp_path)])
    assert spec is not None
    module = imports.importable([str(tmp_path)], {})["name"]
    assert module.file == (spec.origin or "")
    assert module.folder == next(iter(spec.submodule_search_locations or ()), None)


def test_the_first_folder_that_has_a_module_counts(tmp_path: Path) -> None:
    made(tmp_path, "first/name.py", "second/name.py", "second/other.py")
    modules = imports.importable([str(tmp_path / "first"), str(tmp_path / "second"), str(tmp_path / "no")], {})
    assert {name: module.file for name, module in modules.items()} == {
        "name": str(tmp_path / "first" / "name.py"),
        "other": str(tmp_path / "second" / "other.py"),
    }


def test_what_is_not_a_module_is_left_out(tmp_path: Path) -> None:
    made(tmp_path, "package/__init__.py", "package/tests/test_it.py", "package/data.csv", "not-a-name/x.py")
    made(tmp_path, "site-packages/pytest.py", "libraries/liblarge.so", f"_testcapi{EXTENSION}", "package/sub/deep.py")
    assert set(imports.importable([str(tmp_path)], {})) == {"package", "package.sub", "package.sub.deep", "libraries"}


def test_packages_come_from_their_own_places(tmp_path: Path) -> None:
    made(tmp_path, "a/numpy/__init__.py", "a/numpy/linalg.py", "a/secret.py", "b/typing_extensions.py")
    places = {"numpy": f"{tmp_path}/a/numpy", "typing_extensions": f"{tmp_path}/b/typing_extensions.py"}
    assert set(imports.importable([], places)) == {"numpy", "numpy.linalg", "typing_extensions"}


@pytest.mark.skipif(sys.platform != "linux", reason="files are copied into memory on Linux only")
class TestLoading:
    def test_a_module_is_loaded_when_its_file_has_gone(self, tmp_path: Path) -> None:
        made(tmp_path, "package/__init__.py", "package/inner.py")
        finder = imports.MemoryFinder(imports.importable([str(tmp_path)], {}))
        finder.keep()
        (tmp_path / "package" / "inner.py").unlink()
        module = loaded(finder, "package.inner")
        assert module["origin"] == "package/inner.py"
        assert finder.find_spec("package.other") is None

    @pytest.mark.parametrize("current", [True, False])
    def test_bytecode_is_used_if_it_is_current(self, tmp_path: Path, current: bool) -> None:
        made(tmp_path, "name.py")
        source = tmp_path / "name.py"
        (tmp_path / "compiled.py").write_text("origin = 'bytecode'")
        compiled = importlib.util.cache_from_source(str(source))
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH if current else py_compile.PycInvalidationMode.CHECKED_HASH
        py_compile.compile(str(tmp_path / "compiled.py"), compiled, invalidation_mode=mode)
        finder = imports.MemoryFinder(imports.importable([str(tmp_path)], {}))
        finder.keep()
        Path(compiled).unlink()
        module = loaded(finder, "name")
        assert module["origin"] == ("bytecode" if current else "name.py")

    def test_a_file_that_cannot_be_read_costs_its_own_module(self, tmp_path: Path) -> None:
        made(tmp_path, "name.py", "other.py")
        finder = imports.MemoryFinder(imports.importable([str(tmp_path)], {}))
        (tmp_path / "name.py").unlink()
        finder.keep()
        with pytest.raises(FileNotFoundError, match=r"name\.py"):
            loaded(finder, "name")
        assert loaded(finder, "other")["origin"] == "other.py"

    def test_before_modules_are_kept_they_come_from_their_files(self, tmp_path: Path) -> None:
        made(tmp_path, "name.py")
        assert loaded(imports.MemoryFinder(imports.importable([str(tmp_path)], {})), "name")["origin"] == "name.py"


def loaded(finder: imports.MemoryFinder, name: str) -> dict[str, object]:
    spec = finder.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)
