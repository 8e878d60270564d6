"""Files that the kit writes: whole or not at all, and readable by whom the umask says."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.core.errors import UserError
from autograder.core.files import sweep, write_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")


@pytest.fixture(params=[0o077, 0o027, 0o022, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_umask_decides(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new" / "grades.csv"
    for data in (b"1", b"2"):  # a new file, and one that is replaced
        write_atomically(path, data)
        assert (path.read_bytes(), mode(path)) == (data, 0o666 & ~umask)
    assert mode(path.parent) == 0o777 & ~umask


def test_a_secret_is_its_owners(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "pseudonyms.json"
    path.write_text("of an earlier version")
    path.chmod(0o644)
    write_atomically(path, b"{}", secret=True)
    assert mode(path) == 0o600 & ~umask


def test_the_temporary_file_is_no_more_open(tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode)))
    write_atomically(tmp_path / "a", b"")
    write_atomically(tmp_path / "b", b"", secret=True)
    assert modes == [0o666 & ~umask, 0o600]


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_atomically(tmp_path / "a", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_of_a_killed_run_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".writing-999999999-abc").touch()
    (tmp_path / f".writing-{os.getpid()}-abc").touch()
    sweep([tmp_path])
    assert [path.name for path in tmp_path.iterdir()] == [f".writing-{os.getpid()}-abc"]
