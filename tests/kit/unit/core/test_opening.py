"""Files below a folder that others can change: no link is followed, whenever it was put there."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.core.opening import NotOpened, Obstacle, opened_below, read_at_most, size_of, write_below

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and links are made as POSIX does")
PARTS = ("ada", "01_perceptron", "perceptron.ipynb")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with the work of two students."""
    for student in ("ada", "ben"):
        path = tmp_path / "submitted" / student / PARTS[1] / PARTS[2]
        path.parent.mkdir(parents=True)
        path.write_text(f"of {student}")
    return tmp_path / "submitted"


def read(root: Path, parts: tuple[str, ...] = PARTS) -> bytes:
    with opened_below(root, parts) as descriptor:
        return read_at_most(descriptor, 100)


def obstacle(root: Path, parts: tuple[str, ...] = PARTS) -> tuple[int, Obstacle]:
    with pytest.raises(NotOpened) as caught:
        read(root, parts)
    return caught.value.part, caught.value.obstacle


def test_a_file_is_read_and_measured(root: Path) -> None:
    assert read(root) == b"of ada"
    with opened_below(root, PARTS) as descriptor:
        assert size_of(descriptor) == 6
        assert read_at_most(descriptor, 2) == b"of"


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert read(tmp_path / "link") == b"of ada"


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("target", ["ben", "nowhere", "loop"])
def test_no_link_is_followed(root: Path, part: int, target: str) -> None:
    path = root.joinpath(*PARTS[: part + 1])
    path.rename(path.with_name("moved"))
    path.symlink_to(path if target == "loop" else root.joinpath(target, *PARTS[1 : part + 1]))
    assert obstacle(root) == (part, Obstacle.LINK)


@pytest.mark.parametrize("part", range(3))
def test_a_link_that_comes_while_the_path_is_opened(root: Path, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Swap a folder for a link after those above it are open: the last moment at which it can be done."""
    opened: list[str] = []
    honest = os.open

    def late(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if str(path) == PARTS[part]:
            place = root.joinpath(*PARTS[: part + 1])
            place.rename(place.with_name("moved"))
            place.symlink_to(root.joinpath("ben", *PARTS[1 : part + 1]))
        opened.append(str(path))
        return honest(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr("autograder.core.opening.os.open", late)
    assert obstacle(root) == (part, Obstacle.LINK)
    assert opened == [str(root), *PARTS[: part + 1]]


def test_a_folder_that_is_moved_away_afterwards_is_still_the_one_that_was_opened(root: Path) -> None:
    with opened_below(root, PARTS) as descriptor:
        (root / "ada").rename(root / "moved")
        (root / "ada").symlink_to(root / "ben")
        assert read_at_most(descriptor, 100) == b"of ada"


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path.name)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (os.mkfifo, Obstacle.SPECIAL),
        (_socket, Obstacle.SPECIAL),
        (Path.mkdir, Obstacle.FOLDER),
        (lambda path: path.symlink_to("/dev/zero"), Obstacle.LINK),
        (lambda path: None, Obstacle.MISSING),
    ],
    ids=["pipe", "socket", "folder", "link to a device", "missing"],
)
def test_what_is_no_file(
    root: Path, make: Callable[[Path], None], found: Obstacle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    path = root.joinpath(*PARTS)
    path.unlink()
    make(path)
    assert obstacle(root) == (2, found)


@pytest.mark.parametrize("part", range(2))
def test_what_is_no_folder(root: Path, part: int) -> None:
    path = root.joinpath(*PARTS[: part + 1])
    path.rename(path.with_name("moved"))
    path.touch()
    assert obstacle(root) == (part, Obstacle.NO_FOLDER)
    assert obstacle(root / "nowhere") == (-1, Obstacle.MISSING)


def test_a_device_is_not_read() -> None:
    assert obstacle(Path("/dev"), ("null",)) == (0, Obstacle.SPECIAL)


@pytest.mark.parametrize("name", ["..", ".", "", "ada/../ben", "a\0b", "../../etc"])
def test_no_name_leads_out(root: Path, name: str) -> None:
    assert obstacle(root, (name, *PARTS[1:])) == (0, Obstacle.MISSING)


# ---- writing


def test_a_file_is_written_with_its_folders(root: Path) -> None:
    for text in (b"first", b"second"):
        write_below(root, ("zoe", "01_perceptron", "perceptron.ipynb"), text)
        assert read(root, ("zoe", "01_perceptron", "perceptron.ipynb")) == text
    assert [path.name for path in (root / "zoe" / "01_perceptron").iterdir()] == ["perceptron.ipynb"]
    mode = (root / "zoe" / "01_perceptron" / "perceptron.ipynb").stat().st_mode
    assert mode & 0o777 == 0o666 & ~current_umask()


def current_umask() -> int:
    umask = os.umask(0o022)
    os.umask(umask)
    return umask


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("late", [False, True])
def test_nothing_is_written_through_a_link(root: Path, part: int, late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def swap() -> None:
        place = root.joinpath(*PARTS[: part + 1])
        place.rename(place.with_name("moved"))
        place.symlink_to(root.joinpath("ben", *PARTS[1 : part + 1]))

    honest = os.open

    def opened(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if str(path) == PARTS[part]:
            swap()
        return honest(path, flags, mode, dir_fd=dir_fd)

    if late:
        monkeypatch.setattr("autograder.core.opening.os.open", opened)
    else:
        swap()
    with pytest.raises(NotOpened) as caught:
        write_below(root, PARTS, b"stolen")
    monkeypatch.undo()
    assert (caught.value.part, caught.value.obstacle) == (part, Obstacle.LINK)
    assert read(root, ("ben", *PARTS[1:])) == b"of ben"


def test_a_link_in_the_place_of_the_file_is_replaced(root: Path) -> None:
    root.joinpath(*PARTS).unlink()
    root.joinpath(*PARTS).symlink_to(root.joinpath("ben", *PARTS[1:]))
    write_below(root, PARTS, b"new")
    assert (read(root), read(root, ("ben", *PARTS[1:]))) == (b"new", b"of ben")


def open_descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_nothing_stays_open(root: Path) -> None:
    before = open_descriptors()
    for _ in range(5):
        read(root)
        obstacle(root, ("ada", "nowhere", "x"))
        obstacle(root, ("ada",))
        write_below(root, ("new", "folder", "x"), b"x")
    assert open_descriptors() == before


def test_a_platform_that_opens_nothing_from_folders(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.core.opening._OPENS_FROM_FOLDERS", False)
    assert read(root) == b"of ada"
    root.joinpath(*PARTS).unlink()
    assert obstacle(root) == (2, Obstacle.MISSING)
    root.joinpath(*PARTS).symlink_to(root.joinpath("ben", *PARTS[1:]))
    assert obstacle(root) == (2, Obstacle.LINK)


@pytest.mark.skipif(os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_folder_that_may_not_be_listed_is_no_obstacle(root: Path) -> None:
    (root / "ada").chmod(0o111)
    assert read(root) == b"of ada"
    (root / "ada").chmod(0)
    assert obstacle(root) == (1, Obstacle.CLOSED)
    (root / "ada").chmod(0o700)
