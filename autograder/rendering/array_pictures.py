"""Draw pictures of arrays as PNG images that a page holds in itself, each with a text for those who do not see it.

The colours are read on light and dark ground alike, and without telling hues apart: numbers go from dark to light, and
a wrong place or an entry that is not finite has a mark of its own.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.core.model import NOT_FINITE, PIXEL_HIGH, Picture
from autograder.core.text import plural

_SIDE = 160  # screen pixels of the longer side, about
_MOST_ZOOM = 24
# Colours by their number in the image: 0 to 254 is the scale, then the marks.
_MARKED, _CROSS, _RIGHT, _WRONG = 255, 254, 0, 253
_SCALE = ((13, 16, 38), (44, 72, 122), (76, 134, 143), (152, 190, 124), (250, 231, 130))

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Drawn:
    """A picture as an element of a page."""

    label: str
    scale: str  # what the darkest and the lightest colour stand for; empty for a map of places
    alternative: str
    width: int  # screen pixels
    height: int
    source: str  # a data URI


def drawn(picture: Picture) -> Drawn:
    """Return a picture, ready for a template."""
    pixels = np.frombuffer(picture.pixels, dtype=np.uint8).reshape(picture.rows, picture.columns)
    zoom = max(1, min(_MOST_ZOOM, _SIDE // max(pixels.shape)))
    enlarged = _map_of_places(pixels, zoom) if picture.low is None else _numbers(pixels, zoom)
    height, width = enlarged.shape
    image = base64.b64encode(_png(enlarged, _palette(picture))).decode("ascii")
    return Drawn(
        label=picture.label,
        scale="" if picture.low is None else f"dark {picture.low:.3g}, light {picture.high:.3g}",
        alternative=_alternative(picture, pixels),
        width=width,
        height=height,
        source=f"data:image/png;base64,{image}",
    )


def _alternative(picture: Picture, pixels: Pixels) -> str:
    """Return the picture in words: its size, its numbers, and how many places are marked and where."""
    size = f"{plural(picture.rows, 'row')}, {plural(picture.columns, 'column')}"
    if picture.low is None:
        marked = pixels != 0
        return f"{picture.label}: {size}; {int(marked.sum())} of {marked.size} places, {_extent(marked)}"
    marked = pixels == NOT_FINITE
    about = f"{picture.label}: {size}; numbers from {picture.low:.3g} to {picture.high:.3g}"
    return about + (f"; {plural(int(marked.sum()), 'place')} not finite, {_extent(marked)}" if marked.any() else "")


def _extent(marked: NDArray[np.bool_]) -> str:
    if not marked.any():
        return "nowhere"
    rows, columns = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    return f"in {_span('row', rows)} and {_span('column', columns)}"


def _span(what: str, indices: NDArray[np.intp]) -> str:
    first, last = int(indices[0]), int(indices[-1])
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}"


# ---- the image


def _numbers(pixels: Pixels, zoom: int) -> Pixels:
    """Return each number as a square of its colour, and those that are not finite as crosses."""
    colours = np.where(pixels == NOT_FINITE, _MARKED, pixels * np.float64(_WRONG - 1) / PIXEL_HIGH).astype(np.uint8)
    crosses = np.kron(pixels == NOT_FINITE, _cross(zoom))
    return np.where(crosses, np.uint8(_CROSS), _enlarged(colours, zoom))


def _map_of_places(pixels: Pixels, zoom: int) -> Pixels:
    """Return wrong places as light squares on a dark ground, with a line between any two squares if there is room."""
    enlarged = _enlarged(np.where(pixels == 0, np.uint8(_RIGHT), np.uint8(_WRONG)), zoom)
    if zoom >= 4:
        enlarged[zoom - 1 : -1 : zoom, :] = _RIGHT
        enlarged[:, zoom - 1 : -1 : zoom] = _RIGHT
    return enlarged


def _enlarged(pixels: Pixels, zoom: int) -> Pixels:
    return pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _cross(zoom: int) -> NDArray[np.bool_]:
    cross: NDArray[np.bool_] = np.eye(zoom, dtype=bool)
    cross |= cross[::-1]
    return cross


def _palette(picture: Picture) -> Pixels:
    positions = np.linspace(0, _WRONG - 1, len(_SCALE))
    steps = np.arange(256)
    palette = np.stack([np.interp(steps, positions, channel) for channel in zip(*_SCALE, strict=True)], axis=1)
    palette[[_MARKED, _CROSS]] = (176, 32, 72), (255, 255, 255)
    palette[_WRONG] = (255, 176, 32)
    if picture.low is None:
        palette[_RIGHT] = (62, 70, 82)
    return palette.astype(np.uint8)


def _png(pixels: Pixels, palette: Pixels) -> bytes:
    """Return a PNG of indexed colours (PNG specification, section 11)."""
    height, width = pixels.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), pixels])  # each row begins with its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def _chunk(named: tuple[bytes, bytes]) -> bytes:
    name, content = named
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
