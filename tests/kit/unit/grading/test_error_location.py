"""Where an array is wrong, in words."""

import numpy as np
import pytest

from autograder.grading.error_location import Mask, region


def mask(shape: tuple[int, ...], *places: object) -> Mask:
    wrong = np.zeros(shape, dtype=bool)
    for place in places:
        wrong[place] = True  # type: ignore[call-overload]
    return wrong


def inverse(wrong: Mask) -> Mask:
    return ~wrong


EVERY = slice(None)
INSIDE = (slice(1, -1), slice(1, -1))
CASES = [
    ("the last row and column", mask((5, 6), -1, (EVERY, -1)), "Only the last row and the last column differ."),
    ("the first row", mask((5, 6), 0), "Only the first row differs."),
    ("one edge without its corners", mask((5, 6), (slice(1, -1), -1)), "Only the last column differs."),
    (
        "the border",
        inverse(mask((5, 6), (slice(1, -1), slice(1, -1)))),
        "Only the border differs: the inside is right.",
    ),
    ("the border of every map", mask((2, 3, 5, 6), (..., 0, EVERY)), "Only the first row differs."),
    ("a row in the middle", mask((5, 6), 2), "Only row 2 differs."),
    ("one sample", mask((4, 3, 5, 6), 1), "Only the second entry along axis 0 differs."),
    ("all but the first sample", inverse(mask((4, 3, 5, 6), 0)), "Only the first entry along axis 0 is right."),
    ("all but the first row", inverse(mask((5, 6), 0)), "Only the first row is right."),
    ("the ends of a signal", mask((12,), 0, -1), "Only the first entry and the last entry differ."),
    ("all but the last entry", inverse(mask((12,), -1)), "Only the last entry is right."),
    ("all but one in the middle, by chance", inverse(mask((12,), 5)), ""),
    ("everywhere", mask((5, 6), EVERY), ""),
    ("one entry", mask((5, 6), (2, 3)), ""),
    ("here and there", mask((5, 6), (2, 3), (0, 0), (4, 1)), ""),
    ("two entries of an edge", mask((9, 9), (0, 2), (0, 3)), "Only the first row differs."),
    ("one number", np.array(False), ""),
]


@pytest.mark.parametrize(("wrong", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_region(wrong: Mask, sentence: str) -> None:
    assert region(wrong) == sentence
