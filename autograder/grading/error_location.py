"""Find out where an array is wrong, if that helps: at an edge, in one sample, or in all samples but one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from autograder.grading import messages

Mask = NDArray[np.bool_]
_SHARE_OF_EDGE = 0.5  # that must be wrong before a message names the edge


def region(wrong: Mask) -> str:
    """Return a sentence on where an array is wrong; empty if it is wrong everywhere or without a pattern."""
    if wrong.all() or wrong.sum() < 2:
        return ""
    if places := _edges(wrong):
        return messages.only_border() if len(places) == 4 else messages.only_in(places)
    for axis in range(wrong.ndim):
        hit: Mask = np.asarray(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))
        if hit.sum() == 1 < len(hit):
            return messages.only_in([_place(wrong, axis, int(np.argmax(hit)))])
        alone = int(np.argmin(hit))
        if hit.sum() == len(hit) - 1 > 1 and alone in (0, len(hit) - 1):  # one in the middle is right by chance
            return messages.all_but(_place(wrong, axis, alone))
    return ""


def _edges(wrong: Mask) -> list[str]:
    """Return the edges with wrong entries, if all wrong entries lie there and fill at least half of each edge."""
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
        if share >= _SHARE_OF_EDGE:
            places.append(_place(wrong, axis, index))
            seen[_along(wrong.ndim, axis, index)] = False
    return [] if seen.any() else places


def _sides(wrong: Mask, inside: tuple[slice, ...]) -> Iterator[tuple[int, int, tuple[slice | int, ...]]]:
    """Yield the edges: axis, index, and the edge without its corners."""
    for axis in range(wrong.ndim)[-2:]:
        for index in (0, wrong.shape[axis] - 1):
            yield axis, index, (*inside[:axis], index, *inside[axis + 1 :])


def _along(ndim: int, axis: int, index: int) -> tuple[slice | int, ...]:
    return tuple(index if other == axis else slice(None) for other in range(ndim))


def _place(wrong: Mask, axis: int, index: int) -> str:
    """Return `the last row`. Rows and columns are the last two axes, also in a batch of feature maps."""
    names = {wrong.ndim - 1: "column" if wrong.ndim > 1 else "entry", wrong.ndim - 2: "row"}
    return messages.place(names.get(axis, ""), axis, index, wrong.shape[axis])
