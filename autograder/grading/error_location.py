"""Where an array is wrong, when that tells more than a number: at an edge, in one sample, in all but one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from autograder.grading import messages

Mask = NDArray[np.bool_]
_MUCH = 0.5  # of an edge must be wrong before it is named


def region(wrong: Mask) -> str:
    """A sentence on where an array is wrong; empty where it is wrong everywhere, or here and there."""
    if wrong.all() or wrong.sum() < 2:
        return ""
    if places := _edges(wrong):
        return messages.only_border() if len(places) == 4 else messages.only_in(places)
    for axis in range(wrong.ndim):
        hit: Mask = np.asarray(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))
        if hit.sum() == 1 < len(hit):
            return messages.only_in([_place(wrong, axis, int(np.argmax(hit)))])
        alone = int(np.argmin(hit))
        if hit.sum() == len(hit) - 1 > 1 and alone in (0, len(hit) - 1):  # in the middle it is right by chance
            return messages.all_but(_place(wrong, axis, alone))
    return ""


def _edges(wrong: Mask) -> list[str]:
    """The first and last rows and columns, where the wrong entries lie in them alone and fill them well."""
    axes = range(wrong.ndim)[-2:]
    if any(wrong.shape[axis] < 3 for axis in axes):
        return []
    inside = tuple(slice(1, -1) if axis in axes else slice(None) for axis in range(wrong.ndim))
    places, seen = [], wrong.copy()
    seen[inside] = False
    if wrong[inside].any():
        return []
    for axis, index, edge in _sides(wrong, inside):
        share = wrong[edge].mean()
        if share >= _MUCH:
            places.append(_place(wrong, axis, index))
            seen[_along(wrong.ndim, axis, index)] = False
    return [] if seen.any() else places


def _sides(wrong: Mask, inside: tuple[slice, ...]) -> Iterator[tuple[int, int, tuple[slice | int, ...]]]:
    """(axis, index, the edge there without its corners)."""
    for axis in range(wrong.ndim)[-2:]:
        for index in (0, wrong.shape[axis] - 1):
            yield axis, index, (*inside[:axis], index, *inside[axis + 1 :])


def _along(ndim: int, axis: int, index: int) -> tuple[slice | int, ...]:
    return tuple(index if one == axis else slice(None) for one in range(ndim))


def _place(wrong: Mask, axis: int, index: int) -> str:
    """`last row`; rows and columns are the last two axes, of a matrix as of a batch of maps."""
    names = {wrong.ndim - 1: "column" if wrong.ndim > 1 else "entry", wrong.ndim - 2: "row"}
    return messages.place(names.get(axis, ""), axis, index, wrong.shape[axis])
