"""The capstone's images: complete files are read correctly, and a damaged file is refused by name."""

import gzip
import hashlib
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from places import ROOT

from autograder import datasets
from autograder.core.errors import UserError
from autograder.datasets import FILES, Images, enlarged, load_images

DIGITS = ROOT / "solutions" / "04_backprop" / "digits.npz"
TRAIN = FILES[0]


def idx(array: np.ndarray) -> bytes:
    """Return the IDX format: two zeros, 08 for bytes, the number of axes, their lengths, the numbers."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4) for n in array.shape) + array.tobytes()


def content(name: str) -> bytes:
    """Return a tiny file of MNIST's form, different for each name: three training images, two test images."""
    rng, count = np.random.default_rng(FILES.index(name)), 3 if name.startswith("train") else 2
    shape, most = ((count, 28, 28), 256) if "idx3" in name else ((count,), 10)
    return idx(rng.integers(0, most, shape).astype(np.uint8))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the tiny files, and unset the environment variable."""
    archives = {f"{name}.gz": sha256(gzip.compress(content(name), mtime=0)) for name in FILES}
    monkeypatch.setattr(datasets, "CONTENT_SHA256", datasets.CONTENT_SHA256 | {n: sha256(content(n)) for n in FILES})
    monkeypatch.setattr(datasets, "ARCHIVE_SHA256", archives)
    monkeypatch.delenv("MNIST_DIR", raising=False)


def written(folder: Path, *, packed: bool) -> Path:
    folder.mkdir(exist_ok=True)
    for name in FILES:
        data = content(name)
        (folder / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(data, mtime=0) if packed else data)
    return folder


def assert_tiny(images: Images) -> None:
    assert images.name == "mnist"
    for array, name in zip(datasets.ARRAYS, FILES, strict=True):
        got, kind = getattr(images, array), np.uint8 if "idx3" in name else np.int64
        assert got.dtype == kind
        assert got.shape == ((3 if name.startswith("train") else 2), *((28, 28) if kind is np.uint8 else ()))
        assert got.astype(np.uint8).tobytes() == content(name)[-got.size :]
        assert got.flags.writeable  # torch.from_numpy complains of others


# ---- MNIST in a folder


@pytest.mark.parametrize("packed", [True, False], ids=["gz", "plain"])
def test_mnist_in_a_folder(tmp_path: Path, packed: bool) -> None:
    assert_tiny(load_images(written(tmp_path, packed=packed)))
    assert_tiny(load_images(str(tmp_path)))


def test_gz_or_not_is_seen_in_the_file_not_in_its_name(tmp_path: Path) -> None:
    written(tmp_path, packed=True)
    (tmp_path / f"{TRAIN}.gz").write_bytes(content(TRAIN))
    assert_tiny(load_images(tmp_path))


def test_the_environment_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_DIR", str(written(tmp_path / "mnist", packed=True)))
    assert_tiny(load_images(digits=DIGITS))
    assert load_images("digits", digits=DIGITS).name == "digits"
    with pytest.raises(UserError, match="elsewhere: is no folder"):
        load_images(tmp_path / "elsewhere")
    monkeypatch.setenv("MNIST_DIR", "")
    assert load_images(digits=DIGITS).name == "digits"


def other_pictures(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def spoilt(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


PLAIN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "it is empty, cut off or damaged"),
    "cut off in the header": (lambda data: data[:9], "it is empty, cut off or damaged"),
    "cut off": (lambda data: data[:-100], "it is cut off or damaged: 2,268 bytes where its header promises 2,368"),
    "too long": (lambda data: data + b"\n", "2,369 bytes where its header promises 2,368"),
    "labels for pictures": (lambda data: content(FILES[1]) * 9, "it begins with the number 2049, not with 2051"),
    "a page of a portal": (
        lambda data: b"<html><body>Log in first</body></html>",
        "it begins with the number 1013478509",
    ),
    "other pictures": (other_pictures, "it is another set of pictures, or damaged"),
}
PACKED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (lambda data: data[: len(data) // 2], "cut off or damaged"),
    "only the header": (lambda data: data[:10], "it is empty, cut off or damaged"),
    "a wrong byte within": (lambda data: spoilt(data, len(data) // 2), "cut off or damaged|another set"),
    "other pictures": (
        lambda data: gzip.compress(other_pictures(gzip.decompress(data))),
        "it is another set of pictures",
    ),
}


@pytest.mark.parametrize(
    ("packed", "damage", "message"),
    [
        *(pytest.param(False, *case, id=f"plain, {name}") for name, case in PLAIN.items()),
        *(pytest.param(True, *case, id=f"gz, {name}") for name, case in PACKED.items()),
    ],
)
def test_damage_is_named_with_both_checksums(
    tmp_path: Path, packed: bool, damage: Callable[[bytes], bytes], message: str
) -> None:
    path = written(tmp_path, packed=packed) / (f"{TRAIN}.gz" if packed else TRAIN)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=message) as caught:
        load_images(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert f"expected: {sha256(content(TRAIN))}" in message
    if not packed:
        assert f"its content: {sha256(path.read_bytes())}" in message


def test_a_file_that_unpacks_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "_MOST_BYTES", 2**20)
    path = written(tmp_path, packed=True) / f"{TRAIN}.gz"
    path.write_bytes(gzip.compress(bytes(2**24)))
    with pytest.raises(UserError, match="it begins with the number 0"):
        load_images(tmp_path)
    assert len(datasets._content(path)) <= 2**21


def test_missing_files_are_named(tmp_path: Path) -> None:
    for name in (FILES[1], FILES[2]):
        (written(tmp_path, packed=False) / name).unlink()
        (tmp_path / name).mkdir()  # a folder of that name is no file
        with pytest.raises(UserError, match=rf"{name}.* cannot be found\. Name the folder .*MNIST_DIR"):
            load_images(tmp_path)
        (tmp_path / name).rmdir()


# ---- the small digits


def test_the_small_digits_lie_beside_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits.npz").write_bytes(DIGITS.read_bytes())
    monkeypatch.chdir(tmp_path)
    images = load_images()
    assert images.name == "digits"
    assert (images.train_images.shape, images.test_images.shape) == ((1297, 28, 28), (500, 28, 28))
    assert images.train_images.dtype == np.uint8
    assert images.train_labels.dtype == images.test_labels.dtype == np.int64
    assert np.bincount(images.train_labels).min() > 100
    assert images.train_images.max() == 255
    frame = images.train_images.copy()
    frame[:, 4:24, 4:24] = 0
    assert not frame.any()


@pytest.mark.torch
def test_enlarged_is_bilinear_as_pytorch_has_it() -> None:
    import torch

    small = np.random.default_rng(0).integers(0, 17, (5, 8, 8)).astype(np.uint8)
    pixels = torch.from_numpy(small).double().unsqueeze(1) * (255 / 16)
    want = torch.nn.functional.interpolate(pixels, size=20, mode="bilinear", align_corners=False).squeeze(1).numpy()
    assert np.abs(enlarged(small)[:, 4:24, 4:24] - want).max() < 0.5001  # whole grey levels


def test_enlarged_keeps_what_is_plain() -> None:
    assert (enlarged(np.full((1, 8, 8), 16, np.uint8))[:, 4:24, 4:24] == 255).all()
    left = np.zeros((1, 8, 8), np.uint8)
    left[:, :, 0] = 16
    row = enlarged(left)[0, 14]
    assert row[4:9].tolist() == [255, 230, 128, 26, 0]  # 0.4 pixels a step, from the first one's middle
    assert not row[9:].any()


DAMAGED_DIGITS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "a wrong byte within": lambda data: spoilt(data, len(data) // 3),
    "text": lambda data: b"no pictures here",
}


@pytest.mark.parametrize("damage", DAMAGED_DIGITS.values(), ids=DAMAGED_DIGITS)
def test_damaged_digits(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "digits.npz"
    path.write_bytes(damage(DIGITS.read_bytes()))
    with pytest.raises(UserError, match=r"digits\.npz: is not the file with the small digits"):
        load_images(digits=path)


def test_other_digits_are_refused_with_both_checksums(tmp_path: Path) -> None:
    with np.load(DIGITS) as file:
        arrays = dict(file)
    arrays["test_labels"][0] ^= 1
    np.savez(tmp_path / "digits.npz", **arrays)
    with pytest.raises(UserError, match=r"SHA-256 of its content: \w{64}; expected: \w{64}"):
        load_images(digits=tmp_path / "digits.npz")


def test_one_array_alone_is_no_set_of_digits(tmp_path: Path) -> None:
    np.save(tmp_path / "digits.npy", np.zeros(3))
    with pytest.raises(UserError, match="is not the file"):
        load_images(digits=tmp_path / "digits.npy")


def test_no_digits(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"digits\.npz: the small digits cannot be found"):
        load_images(digits=tmp_path / "digits.npz")


# ---- from the network: the library as it is where it is installed, and a stand-in for it


class Pooch(SimpleNamespace):
    """The part of the library pooch that the kit uses; each mirror is a folder."""

    asked: list[str]

    def os_cache(self, name: str) -> Path:
        return Path(self.cache) / name

    def retrieve(self, url: str, known_hash: str, fname: str, path: Path, progressbar: bool) -> str:
        target = path / fname
        if target.is_file() and sha256(target.read_bytes()) == known_hash:
            return str(target)
        self.asked.append(url)
        data = Path(url).read_bytes()
        if sha256(data) != known_hash:
            raise ValueError(f"SHA256 hash of downloaded file ({fname}) does not match the known hash")
        path.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return str(target)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pooch:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setattr(datasets, "MIRRORS", (str(first), str(second)))
    pooch = Pooch(cache=tmp_path / "cache", asked=[])
    monkeypatch.setitem(sys.modules, "pooch", pooch)
    return pooch


def test_a_download_is_kept(tmp_path: Path, library: Pooch) -> None:
    written(tmp_path / "first", packed=True)
    assert_tiny(load_images("download"))
    assert library.asked == [str(tmp_path / "first" / f"{name}.gz") for name in FILES]
    assert_tiny(load_images("download"))
    assert len(library.asked) == 4


def test_the_next_mirror_is_asked_and_what_is_there_is_kept(tmp_path: Path, library: Pooch) -> None:
    written(tmp_path / "second", packed=True)
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / f"{TRAIN}.gz").write_bytes(b"a page that says: log in first")
    (tmp_path / "second" / f"{FILES[3]}.gz").rename(tmp_path / "away")
    with pytest.raises(UserError, match=rf"{FILES[3]}.gz could not be downloaded .*first: .*second: .*Try again"):
        load_images("download")
    (tmp_path / "away").rename(tmp_path / "second" / f"{FILES[3]}.gz")
    library.asked.clear()
    assert_tiny(load_images("download"))
    assert library.asked == [str(tmp_path / mirror / f"{FILES[3]}.gz") for mirror in ("first", "second")]


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(UserError, match=r"pip install .*pooch.* MNIST_DIR"):
        load_images("download")


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *message: object) -> None:
        """Print nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Serve the folder `tmp_path` as a mirror on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_library_itself(tmp_path: Path, served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first mirror has no such page, the second a wrong file, the third the right one; the cache a damaged one."""
    pytest.importorskip("pooch")
    wrong, cache = written(tmp_path / "wrong", packed=True), tmp_path / "cache"
    (wrong / f"{TRAIN}.gz").write_bytes(b"damaged")
    written(tmp_path / "right", packed=True)
    monkeypatch.setattr(datasets, "MIRRORS", tuple(f"{served}/{name}" for name in ("none", "wrong", "right")))
    assert_tiny(datasets.read_mnist(datasets.download(cache)))
    (cache / f"{TRAIN}.gz").write_bytes(b"damaged")
    assert_tiny(datasets.read_mnist(datasets.download(cache)))
    monkeypatch.setattr(datasets, "MIRRORS", ("http://127.0.0.1:1",))  # nobody listens there
    assert_tiny(datasets.read_mnist(datasets.download(cache)))
    (cache / f"{TRAIN}.gz").unlink()
    with pytest.raises(UserError, match="could not be downloaded"):
        datasets.download(cache)
    assert sorted(path.name for path in cache.iterdir()) == sorted(f"{name}.gz" for name in FILES[1:])
