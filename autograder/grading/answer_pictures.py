"""Make small pictures of an answer that is an image, a map or a gradient: it, the right one, and the wrong places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autograder.core.model import NOT_FINITE, PIXEL_HIGH, ExerciseResult, Picture
from autograder.grading import messages
from autograder.grading.comparison import Differing

MOST = 32  # rows and columns of a picture
# Of a hidden test: a student can choose by the input which entries are wrong, so each place tells something about it.
MOST_HIDDEN = 8
RECORD_BYTES = 64_000  # of the pictures of a submission, as its record holds them
_FIELDS_BYTES = 250  # of a picture, without its pixels
_LEAST_SIDE, _LEAST_ENTRIES = 3, 20  # of an array that says more as a picture than in numbers

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]


def answer_pictures(differing: Differing) -> tuple[Picture, ...]:
    """Return three pictures of a wrong answer in a public test; none if the arrays are too small to look at.

    The first two have one scale, from the smallest to the largest finite number of both.
    """
    where = _first_plane(differing.wrong)
    if where is None:
        return ()
    returned, expected = (
        np.asarray(array[where], dtype=np.float64) for array in (differing.returned, differing.expected)
    )
    finite = np.concatenate([array[np.isfinite(array)] for array in (returned, expected)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    part = messages.pictured(where, in_blocks=max(returned.shape) > MOST)
    return (
        _picture(messages.YOU_RETURNED + part, returned, low, high),
        _picture(messages.EXPECTED + part, expected, low, high),
        _places(messages.WRONG_PLACES + part, differing.wrong[where], MOST),
    )


def places_picture(differing: Differing) -> tuple[Picture, ...]:
    """Return, for a hidden test, a picture of the wrong places; none if the array is too small to look at."""
    where = _first_plane(differing.wrong)
    if where is None:
        return ()
    wrong = differing.wrong[where]
    part = messages.pictured(where, in_blocks=max(wrong.shape) > MOST_HIDDEN)
    return (_places(messages.WRONG_PLACES + part, wrong, MOST_HIDDEN),)


def within_budget(results: Sequence[ExerciseResult]) -> tuple[ExerciseResult, ...]:
    """Return the results of a submission with as many of their pictures as a record may hold, in their order."""
    space = RECORD_BYTES
    kept = []
    for result in results:
        tests = []
        for test in result.tests:
            size = sum(len(picture.pixels) * 4 // 3 + _FIELDS_BYTES for picture in test.pictures)
            space -= size
            tests.append(test if space >= 0 or not size else replace(test, pictures=()))
        kept.append(replace(result, tests=tuple(tests)))
    return tuple(kept)


def _first_plane(wrong: Mask) -> tuple[int, ...] | None:
    """Return the index of the first rows-by-columns part with a wrong entry; None if there is nothing to look at."""
    if not 2 <= wrong.ndim <= 4:
        return None
    rows, columns = wrong.shape[-2:]
    if min(rows, columns) < _LEAST_SIDE or rows * columns < _LEAST_ENTRIES:
        return None
    planes = wrong.any(axis=(-2, -1))
    return tuple(int(index) for index in np.argwhere(planes)[0])


def _picture(label: str, plane: Numbers, low: float, high: float) -> Picture:
    """Return the picture of a plane; each pixel is the mean of the finite entries in its block."""
    finite = np.isfinite(plane)
    with np.errstate(all="ignore"):
        scaled = plane / 2 - low / 2  # halves: the difference of two huge numbers may be no float
        shares = np.where(finite, scaled / (high / 2 - low / 2 or 1.0), 0.0)
        counts = _by_blocks(np.add, finite.astype(np.float64), MOST)
        means = _by_blocks(np.add, shares, MOST) / np.maximum(counts, 1)
    pixels = np.rint(np.clip(means, 0, 1) * PIXEL_HIGH).astype(np.uint8)
    pixels[_by_blocks(np.logical_or, ~finite, MOST)] = NOT_FINITE
    return Picture(label=label, rows=len(pixels), columns=len(pixels[0]), low=low, high=high, pixels=pixels.tobytes())


def _places(label: str, wrong: Mask, most: int) -> Picture:
    """Return the map of the wrong places; a block with one wrong entry is wrong."""
    pixels = _by_blocks(np.logical_or, wrong, most).astype(np.uint8) * np.uint8(PIXEL_HIGH)
    rows, columns = pixels.shape
    return Picture(label=label, rows=rows, columns=columns, low=None, high=None, pixels=pixels.tobytes())


def _by_blocks(combine: np.ufunc, plane: NDArray[np.generic], most: int) -> NDArray[np.generic]:
    """Return a plane of at most `most` rows and columns. The blocks cover all of it, and are about equal."""
    for axis in (0, 1):
        count = min(plane.shape[axis], most)
        starts = np.arange(count) * plane.shape[axis] // count
        plane = combine.reduceat(plane, starts, axis=axis)
    return plane
