"""Load the capstone's images: MNIST if it is available, else the small digits.

Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits",
yann.lecun.com/exdb/mnist, which also describes the IDX format. Checksums make sure that everybody has the same images.
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

# SHA-256 of the four decompressed files, and of the small digits' four arrays, one after another.
CONTENT_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "digits.npz": "5fe17adb09d5eb56bdfbc3f96c37d78c06cc37597b5c9d30ac098dc15037cff0",
}

# SHA-256 of the .gz files as they were published. Downloads are compared with it.
ARCHIVE_SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}

_MAGIC = {"idx3": 0x0803, "idx1": 0x0801}  # 08: unsigned bytes; then the number of axes
_GZIP = b"\x1f\x8b"  # the first bytes of a compressed file
_MOST_BYTES = 64 * 2**20  # the largest file has 45 MiB, so a file that unpacks to more is another one
_GREY_LEVELS = 16  # of the small digits: 0 to 16

_Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Images:
    """Images of digits for training and for testing."""

    name: str  # "mnist" or "digits"
    train_images: NDArray[np.uint8]  # (n, 28, 28): 0 is background, 255 is ink
    train_labels: NDArray[np.int64]  # (n,): 0 to 9
    test_images: NDArray[np.uint8]  # (m, 28, 28)
    test_labels: NDArray[np.int64]  # (m,)


def load_images(data: str | os.PathLike[str] | None = None, *, digits: str | os.PathLike[str] | None = None) -> Images:
    """Return MNIST (60,000 and 10,000 images) or the small digits (1,297 and 500), both with 28×28 pixels.

    data: where the images come from.
        a folder: MNIST's four IDX files, each plain or as `.gz`
        "download": MNIST from the internet, kept in the user's cache for the next time (see `download`)
        "digits": the small digits
        None: the folder that the environment variable MNIST_DIR names, else the small digits
    digits: the file with the small digits; by default `digits.npz` in the current folder, beside the notebook

    Raises UserError if a file is missing, cannot be read, or is damaged.
    """
    source = data if data is not None else os.environ.get(MNIST_DIR) or "digits"
    if source == "digits":
        return _small_digits(Path(digits if digits is not None else "digits.npz"))
    return read_mnist(download() if source == "download" else Path(source).expanduser())


def offer_mnist(data: Path) -> None:
    """Let this process, and those that it starts, find MNIST in a folder; "download" fetches it first.

    Raises UserError as `load_images` does.
    """
    folder = download() if str(data) == "download" else data.expanduser()
    read_mnist(folder)
    os.environ[MNIST_DIR] = str(folder.resolve())


def _images(name: str, train: _Bytes, train_labels: _Bytes, test: _Bytes, test_labels: _Bytes) -> Images:
    return Images(name, train, train_labels.astype(np.int64), test, test_labels.astype(np.int64))


# ---- MNIST


def read_mnist(folder: Path) -> Images:
    """Return MNIST from a folder with its four IDX files. Raises UserError as `load_images` does."""
    paths = {name: _path_in(folder, name) for name in FILES}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        problem = f"{listed(missing)} (plain or .gz) cannot be found" if folder.is_dir() else "is no folder"
        raise UserError(
            f"{folder}: {problem}. Name the folder that holds the four files of MNIST, also by the environment "
            f'variable {MNIST_DIR}, or "download"'
        )
    return _images("mnist", *(_read(path, name) for name, path in paths.items() if path))


def _path_in(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read(path: Path, name: str) -> _Bytes:
    content = _content(path)
    digest = hashlib.sha256(content).hexdigest()
    if digest != CONTENT_SHA256[name]:
        raise _wrong(path, _problem_of(content, name), digest, CONTENT_SHA256[name])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(_shape(content)).copy()


def _content(path: Path) -> bytes:
    """Return a file's content, decompressed up to the first damage."""
    content = bytearray()
    try:
        with path.open("rb") as raw, suppress(EOFError, zlib.error, gzip.BadGzipFile):
            packed = raw.read(2) == _GZIP  # not by the name: some browsers unpack what they download
            raw.seek(0)
            file: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
            while len(content) <= _MOST_BYTES and (chunk := file.read(2**20)):
                content += chunk
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    return bytes(content)


def _shape(content: bytes) -> tuple[int, ...]:
    """Return the lengths of the axes from the header: 32-bit integers, the most significant byte first."""
    return tuple(np.frombuffer(content, ">u4", count=content[3], offset=4).tolist())


def _problem_of(content: bytes, name: str) -> str:
    """Return why the content is not that of the file with this name."""
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


def _wrong(path: Path, problem: str, digest: str, expected: str) -> UserError:
    return UserError(f"{path}: {problem}. SHA-256 of its content: {digest}; expected: {expected}. Get the file again")


# ---- the download


def download(folder: Path | None = None) -> Path:
    """Download those of MNIST's four files that are missing, with the library pooch, and return their folder.

    folder: where the files are kept; by default a folder in the user's cache

    The mirrors are tried in turn until a file's checksum is right. Complete files are not downloaded again, so an
    interrupted download continues with the next file. Pooch cannot resume within a file; the largest has 9.5 MiB.
    Raises UserError if pooch is missing, or if a file cannot be downloaded from any mirror.
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
                progressbar=find_spec("tqdm") is not None,  # pooch draws its bar with it
            )
            return
        except (OSError, ValueError) as error:  # no connection, a full disk, no such page; a wrong checksum
            problems.append(f"{mirror}: {error}")
    raise UserError(
        f"{name} could not be downloaded to {folder}. {'. '.join(problems)}. Try again; what is there already is kept"
    )


# ---- the small digits


def _small_digits(path: Path) -> Images:
    """Return the small digits, enlarged to MNIST's form by `enlarged`.

    Source: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", 8×8 pixels (UCI, CC BY 4.0).
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.ascontiguousarray(file[name]) for name in ARRAYS}
    except FileNotFoundError:
        raise UserError(
            f"{path}: the small digits cannot be found. The file lies beside the notebook; for MNIST name its folder"
        ) from None
    except Exception as error:  # NumPy and zipfile raise a dozen kinds for a damaged file
        raise UserError(
            f"{path}: is not the file with the small digits ({type(error).__name__}). Take it from the release again"
        ) from None
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()
    if digest != CONTENT_SHA256["digits.npz"]:
        raise _wrong(path, "it is not the file with the small digits", digest, CONTENT_SHA256["digits.npz"])
    train, train_labels, test, test_labels = arrays.values()
    return _images("digits", enlarged(train), train_labels, enlarged(test), test_labels)


def enlarged(images: _Bytes, size: int = 20, border: int = 4) -> _Bytes:
    """Return small images (n, 8, 8), grey levels 0 to 16, in MNIST's form: (n, 28, 28), grey levels 0 to 255.

    An image x becomes E x Eᵀ. Each row of E (20×8) holds the two bilinear weights of a new pixel, and a pixel's
    position is its centre. The result is rounded to whole grey levels and gets a border. MNIST was made in the same
    way: digits of `size` × `size` pixels in a frame of 28×28.
    """
    weights = _bilinear(images.shape[1], size)
    grey = weights @ (images * (255 / _GREY_LEVELS)) @ weights.T
    return np.pad(np.rint(grey).astype(np.uint8), ((0, 0), (border, border), (border, border)))


def _bilinear(old: int, new: int) -> NDArray[np.float64]:
    """Return the weight of each old pixel in each new one, (new, old). At the edge only the last old pixel counts."""
    positions = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    weights: NDArray[np.float64] = np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(old)))
    return weights
