"""Pictures as images of a page: valid PNG files, a text for each, and marks that need no colour."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image  # matplotlib, which the notebooks draw with, brings it

from autograder.core.model import NOT_FINITE, PIXEL_HIGH, Picture
from autograder.rendering.array_pictures import drawn


def picture(pixels: Any, low: float | None = -1.0, high: float | None = 2.5, label: str = "you returned") -> Picture:
    array = np.asarray(pixels, np.uint8)
    rows, columns = array.shape
    return Picture(label=label, rows=rows, columns=columns, low=low, high=high, pixels=array.tobytes())


def image(shown: Picture) -> Any:
    """Return the image as an array of colours, as another program reads it."""
    element = drawn(shown)
    kind, _, content = element.source.partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as opened:
        assert opened.size == (element.width, element.height)
        return np.asarray(opened.convert("RGB")).astype(float)


def luminance(colour: Any) -> float:
    """Return the relative luminance of WCAG 2."""
    shares = np.asarray(colour) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first: Any, second: Any) -> float:
    darker, lighter = sorted([luminance(first), luminance(second)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (8, 8), (28, 28), (32, 32), (32, 3)])
def test_an_image_is_about_as_large_as_any_other(shape: tuple[int, int]) -> None:
    shown = image(picture(np.zeros(shape)))
    assert max(shown.shape) <= 160
    assert shape == (1, 1) or max(shown.shape) >= 100 or shape[0] * 24 == shown.shape[0]


def test_larger_numbers_are_lighter() -> None:
    shown = image(picture([[0, 60, 120, 180, PIXEL_HIGH]]))
    steps = [luminance(shown[5, column * 24 + 5]) for column in range(5)]
    assert steps == sorted(set(steps))
    assert contrast(shown[5, 5], shown[5, 4 * 24 + 5]) > 7


def test_what_is_not_finite_has_a_cross() -> None:
    shown = image(picture([[0, NOT_FINITE], [PIXEL_HIGH, 100]]))
    square = shown[:24, 24:]
    assert (square[0, 0] == 255).all()
    assert (square[12, 12] == 255).all()
    assert contrast(square[0, 0], square[2, 12]) > 4.5
    assert len(np.unique(shown[:24, :24].reshape(-1, 3), axis=0)) == 1


def test_a_wrong_place_is_told_from_a_right_one_without_colours() -> None:
    shown = image(picture([[0, PIXEL_HIGH]], None, None))
    right, wrong = shown[5, 5], shown[5, 24 + 5]
    assert contrast(right, wrong) > 4.5
    for ground in ((255, 255, 255), (17, 17, 17)):  # the page in light and in dark
        assert max(contrast(ground, right), contrast(ground, wrong)) > 3


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (picture(np.zeros((5, 9))), "you returned: 5 rows, 9 columns; numbers from -1 to 2.5"),
        (
            picture([[1, 255], [0, 255]]),
            "you returned: 2 rows, 2 columns; numbers from -1 to 2.5; 2 places not finite, in rows 0 to 1 and column 1",
        ),
        (
            picture([[0, 254, 0]] * 3, None, None, "wrong places"),
            "wrong places: 3 rows, 3 columns; 3 of 9 places, in rows 0 to 2 and column 1",
        ),
        (picture([[0]], None, None, "wrong places"), "wrong places: 1 row, 1 column; 0 of 1 places, nowhere"),
    ],
)
def test_a_picture_is_told_in_words(shown: Picture, text: str) -> None:
    assert drawn(shown).alternative == text


def test_the_scale_stands_below_numbers_alone() -> None:
    assert drawn(picture([[0]])).scale == "dark -1, light 2.5"
    assert drawn(picture([[0]], None, None)).scale == ""
