"""The capstone's pictures: MNIST where it is, the small digits where it is not.

MNIST is Y. LeCun, C. Cortes and C. J. C. Burges's; its IDX format is described on their page,
yann.lecun.com/exdb/mnist. What is read is held against a checksum, so that all who
speak of MNIST speak of the same pictures.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from autograder.core.errors import UserError
from autograder.core.text import listed

MNIST_DIR = "MNIST_DIR"  # the environment variable that names the folder with MNIST
MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist")
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

# SHA-256 of what the four files hold when they are decompressed, and of the digits' four arrays, one after another.
CONTENT_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "digits.npz": "5fe17adb09d5eb56bdfbc3f96c37d78c06cc37597b5c9d30ac098dc15037cff0",
}

# SHA-256 of the .gz files as they were published and as the mirrors have them: what a download is held against.
ARCHIVE_SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}

_MAGIC = {"idx3": 0x0803, "idx1": 0x0801}  # 08: unsigned bytes; then the number of axes
_GZIP = b"\x1f\x8b"  # how a compressed file begins
_MOST_BYTES = 64 * 2**20  # the largest file has 45 MiB: a file that unpacks to more is none of them
_GREY_LEVELS = 16  # of the small digits: 0 to 16

_Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Images:
    """Pictures of digits to learn from, and others to be tested with."""

    name: str  # "mnist" or "digits"
    train_images: NDArray[np.uint8]  # (n, 28, 28): 0 is the ground, 255 the ink
    train_labels: NDArray[np.int64]  # (n,): 0 to 9
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


def load_images(data: str | os.PathLike[str] | None = None, *, digits: str | os.PathLike[str] | None = None) -> Images:
    """MNIST (60,000 and 10,000 pictures), or the small digits (1,297 and 500), always as 28×28 pixels.

    data: where they come from.
        a folder: MNIST's four IDX files, each plain or as `.gz`
        "download": MNIST from the network, kept in the user's cache for the next time (see `download`)
        "digits": the small digits
        None: the folder that the environment variable MNIST_DIR names, else the small digits
    digits: the file with the small digits; without it, `digits.npz` in the current folder, beside the notebook

    Raises UserError where a file is missing, cannot be read, or is not what it should be.
    """
    source = data if data is not None else os.environ.get(MNIST_DIR) or "digits"
    if source == "digits":
        return _small_digits(Path(digits if digits is not None else "digits.npz"))
    return read_mnist(download() if source == "download" else Path(source).expanduser())


def offer_mnist(data: Path) -> None:
    """Let this process, and those that it starts, find MNIST: in a folder, or fetched where that is "download".

    Raises UserError as `load_images` does.
    """
    folder = download() if str(data) == "download" else data.expanduser()
    read_mnist(folder)
    os.environ[MNIST_DIR] = str(folder.resolve())


def _images(name: str, train: _Bytes, train_labels: _Bytes, test: _Bytes, test_labels: _Bytes) -> Images:
    return Images(name, train, train_labels.astype(np.int64), test, test_labels.astype(np.int64))


# ---- MNIST


def read_mnist(folder: Path) -> Images:
    """MNIST out of a folder with its four IDX files. Raises UserError as `load_images` does."""
    paths = {name: _found(folder, name) for name in FILES}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        what = f"{listed(missing)} (plain or .gz) cannot be found" if folder.is_dir() else "is no folder"
        raise UserError(
            f"{folder}: {what}. Name the folder that holds the four files of MNIST, also by the environment variable "
            f'{MNIST_DIR}, or "download"'
        )
    return _images("mnist", *(_read(path, name) for name, path in paths.items() if path))


def _found(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read(path: Path, name: str) -> _Bytes:
    content = _content(path)
    found = hashlib.sha256(content).hexdigest()
    if found != CONTENT_SHA256[name]:
        raise _wrong(path, _what_is_wrong(content, name), found, CONTENT_SHA256[name])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(_shape(content)).copy()


def _content(path: Path) -> bytes:
    """What the file holds, decompressed as far as that goes: where it is damaged, the rest is missing."""
    pieces = bytearray()
    try:
        with path.open("rb") as raw, suppress(EOFError, zlib.error, gzip.BadGzipFile):
            packed = raw.read(2) == _GZIP  # not by its name: some browsers unpack what they fetch
            raw.seek(0)
            file: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
            while len(pieces) <= _MOST_BYTES and (piece := file.read(2**20)):
                pieces += piece
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    return bytes(pieces)


def _shape(content: bytes) -> tuple[int, ...]:
    """The lengths of the axes by the header: 32-bit integers, the most significant byte first."""
    return tuple(np.frombuffer(content, ">u4", count=content[3], offset=4).tolist())


def _what_is_wrong(content: bytes, name: str) -> str:
    magic = next(number for kind, number in _MAGIC.items() if kind in name)
    header = 4 + 4 * (magic & 0xFF)
    if len(content) < header:
        return "it is empty, cut off or damaged"
    if (number := int.from_bytes(content[:4])) != magic:
        return f"it begins with the number {number}, not with {magic}, as {name} does"
    promised = header + math.prod(_shape(content))
    if len(content) != promised:
        return f"it is cut off or damaged: {len(content):,} bytes where its header promises {promised:,}"
    return "it is another set of pictures, or damaged"


def _wrong(path: Path, what: str, found: str, expected: str) -> UserError:
    return UserError(f"{path}: {what}. SHA-256 of its content: {found}; expected: {expected}. Get the file again")


# ---- from the network


def download(folder: Path | None = None) -> Path:
    """The folder that holds MNIST's four files; those that are missing there are fetched, with the library pooch.

    folder: where they are kept; without it, a folder of the user's cache

    Each mirror is asked in turn until a file comes whole, by its checksum. A file that is there and whole is not
    fetched again: so a download that was interrupted goes on with the next file. Within a file pooch does not resume:
    what came of it is dropped, and it is fetched from its start (the largest has 9.5 MiB).
    Raises UserError where pooch is missing, or where no mirror gives a file.
    """
    pooch = _pooch()
    kept = folder if folder is not None else Path(pooch.os_cache("nn-autograder")) / "mnist"
    for name in ARCHIVE_SHA256:
        _fetch(pooch, name, kept)
    return kept


def _pooch() -> ModuleType:
    try:
        import pooch
    except ImportError:
        raise UserError(
            'To download MNIST, the library pooch is needed: pip install "pooch[progress]". '
            f"Or get its four files, and name their folder in the environment variable {MNIST_DIR}"
        ) from None
    module: ModuleType = pooch
    return module


def _fetch(pooch: ModuleType, name: str, folder: Path) -> None:
    from importlib.util import find_spec

    problems = []
    for mirror in MIRRORS:
        try:
            pooch.retrieve(
                f"{mirror}/{name}",
                known_hash=ARCHIVE_SHA256[name],
                fname=name,
                path=folder,
                progressbar=find_spec("tqdm") is not None,  # pooch's bar is made of it
            )
            return
        except (OSError, ValueError) as error:  # no connection, no room, no such page; another checksum
            problems.append(f"{mirror}: {error}")
    raise UserError(
        f"{name} could not be downloaded to {folder}. {'. '.join(problems)}. Try again; what is there already is kept"
    )


# ---- the small digits


def _small_digits(path: Path) -> Images:
    """E. Alpaydin and C. Kaynak's digits of 8×8 pixels (UCI, CC BY 4.0), enlarged to MNIST's form: `enlarged`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.ascontiguousarray(file[name]) for name in ARRAYS}
    except FileNotFoundError:
        raise UserError(
            f"{path}: the small digits cannot be found. The file lies beside the notebook; for MNIST name its folder"
        ) from None
    except Exception as error:  # NumPy and zipfile have a dozen of them for a damaged file
        raise UserError(
            f"{path}: is not the file with the small digits ({type(error).__name__}). Take it from the release again"
        ) from None
    found = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()
    if found != CONTENT_SHA256["digits.npz"]:
        raise _wrong(path, "it is not the file with the small digits", found, CONTENT_SHA256["digits.npz"])
    train, train_labels, test, test_labels = arrays.values()
    return _images("digits", enlarged(train), train_labels, enlarged(test), test_labels)


def enlarged(images: _Bytes, size: int = 20, border: int = 4) -> _Bytes:
    """Small pictures (n, 8, 8) of 16 grey levels in MNIST's form, (n, 28, 28) of 255: `size` pixels and a border.

    Bilinear, once along each axis, with a pixel's place at its middle: E x Eᵀ, where each row of E (20×8) holds the two
    weights of a new pixel. Rounded to whole grey levels. As MNIST was made: digits of 20×20 pixels in a frame of 28×28.
    """
    weights = _bilinear(images.shape[1], size)
    grey = weights @ (images * (255 / _GREY_LEVELS)) @ weights.T
    return np.pad(np.rint(grey).astype(np.uint8), ((0, 0), (border, border), (border, border)))


def _bilinear(old: int, new: int) -> NDArray[np.float64]:
    """(new, old): what each new pixel takes of the old ones. At the edge it takes the last one alone."""
    places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    weights: NDArray[np.float64] = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(old)))
    return weights
