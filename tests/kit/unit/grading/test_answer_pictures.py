"""Small pictures of answers: one scale, at most 32 by 32, and no wrong entry that disappears."""

import json
from typing import Any

import numpy as np
import pytest

from autograder.core.model import NOT_FINITE, PIXEL_HIGH, ExerciseResult, Outcome, Picture, TestResult, Visibility
from autograder.grading.answer_pictures import MOST, MOST_HIDDEN, answer_pictures, places_picture, within_budget
from autograder.grading.comparison import CheckFailed, Differing, compare, tolerance_for
from autograder.instructor.results import record

RNG = np.random.default_rng(3)


def differing(shape: tuple[int, ...], *places: Any, by: float = 1.0) -> Differing:
    expected = RNG.normal(size=shape)
    returned = expected.copy()
    for place in places:
        returned[place] += by
    return Differing(returned, expected, returned != expected)


def pixels(picture: Picture) -> Any:
    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.rows, picture.columns)


@pytest.mark.parametrize(
    "shape", [(), (30,), (2, 30), (30, 2), (3, 6), (4, 4), (9, 2, 30), (1, 2, 3, 4, 5), (2, 0, 30)]
)
def test_what_nobody_would_look_at_is_not_pictured(shape: tuple[int, ...]) -> None:
    wrong = Differing(np.ones(shape), np.zeros(shape), np.ones(shape, bool))
    assert answer_pictures(wrong) == places_picture(wrong) == ()


@pytest.mark.parametrize("shape", [(4, 5), (3, 7), (28, 28), (32, 32), (33, 32), (30, 784), (1000, 5), (3, 24, 24)])
@pytest.mark.parametrize("seed", range(6))
def test_one_wrong_entry_is_always_seen(shape: tuple[int, ...], seed: int) -> None:
    place = tuple(np.random.default_rng(seed).integers(0, shape))
    wrong = differing(shape, place, by=1e-3)
    returned, expected, places = answer_pictures(wrong)
    assert (returned.low, returned.high) == (expected.low, expected.high)
    assert (places.low, places.high) == (None, None)
    assert {picture.rows for picture in (returned, expected, places)} == {min(shape[-2], MOST)}
    assert {picture.columns for picture in (returned, expected, places)} == {min(shape[-1], MOST)}
    assert sorted(set(places.pixels)) == [0, PIXEL_HIGH]
    assert int((pixels(places) > 0).sum()) == 1
    (hidden,) = places_picture(wrong)
    assert hidden.rows <= MOST_HIDDEN
    assert hidden.columns <= MOST_HIDDEN
    assert int((pixels(hidden) > 0).sum()) == 1


def test_the_first_wrong_channel_is_pictured() -> None:
    wrong = differing((2, 3, 8, 9), (1, 0, 2, 3), (1, 2, 0, 0))
    assert [picture.label for picture in answer_pictures(wrong)] == [
        "you returned [1, 0]",
        "expected [1, 0]",
        "wrong places [1, 0]",
    ]
    assert pixels(answer_pictures(wrong)[2])[2, 3] == PIXEL_HIGH


def test_a_label_says_that_a_square_is_a_block() -> None:
    assert {picture.label.endswith(", in blocks") for picture in answer_pictures(differing((40, 9), (0, 0)))} == {True}
    assert {picture.label.endswith(", in blocks") for picture in answer_pictures(differing((9, 9), (0, 0)))} == {False}


def test_the_smallest_and_the_largest_number_of_both_are_the_scale() -> None:
    expected = np.zeros((5, 5))
    returned = expected.copy()
    returned[0, 0], returned[4, 4] = -2.0, 6.0
    first, second, _ = answer_pictures(Differing(returned, expected, returned != expected))
    assert (first.low, first.high) == (-2.0, 6.0)
    assert (pixels(first)[0, 0], pixels(first)[4, 4]) == (0, PIXEL_HIGH)
    assert set(second.pixels) == {round(PIXEL_HIGH / 4)}


@pytest.mark.parametrize("extreme", [np.nan, np.inf, -np.inf, 1.7e308, -1.7e308, 5e-324])
@pytest.mark.parametrize("shape", [(5, 5), (100, 100)])
def test_every_number_can_be_pictured(extreme: float, shape: tuple[int, int]) -> None:
    expected = RNG.normal(size=shape)
    returned = np.where(RNG.random(shape) < 0.5, extreme, -expected)
    returned[0, 0] = extreme
    for picture in answer_pictures(Differing(returned, expected, returned != expected)):
        assert len(picture.pixels) == picture.rows * picture.columns
    first = pixels(answer_pictures(Differing(returned, expected, returned != expected))[0])
    assert (first[0, 0] == NOT_FINITE) == (not np.isfinite(extreme))
    everywhere = np.full(shape, extreme)
    assert len(answer_pictures(Differing(everywhere, everywhere, np.ones(shape, bool)))) == 3


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32])
def test_every_type_of_numbers_can_be_pictured(dtype: Any) -> None:
    returned, expected = np.ones((5, 6), dtype), np.zeros((5, 6), dtype)
    first, second, _ = answer_pictures(Differing(returned, expected, returned != expected))
    assert (set(first.pixels), set(second.pixels)) == ({PIXEL_HIGH}, {0})


@pytest.mark.parametrize("bad", [2.0, np.nan])
def test_a_comparison_keeps_what_differs(bad: float) -> None:
    expected = np.zeros((5, 6))
    returned = expected.copy()
    returned[1, 2], returned[3, 4] = bad, 1.0
    with pytest.raises(CheckFailed) as caught:
        compare((1.0, returned), (1.0, expected), tolerance_for())
    assert caught.value.differing is not None
    assert np.argwhere(caught.value.differing.wrong).tolist() == [[1, 2], [3, 4]]


def results(count: int, shape: tuple[int, int]) -> list[ExerciseResult]:
    pictures = answer_pictures(differing(shape, (0, 0)))

    def test(name: str) -> TestResult:
        return TestResult(
            name,
            name,
            exercise=name,
            visibility=Visibility.PUBLIC,
            points=1.0,
            outcome=Outcome.FAILED,
            pictures=pictures,
        )

    return [ExerciseResult(f"exercise_{number}", 1.0, (test("a"),)) for number in range(count)]


def stored_bytes(kept: tuple[ExerciseResult, ...]) -> int:
    tests = [test for result in kept for test in result.tests]
    stored = [record._picture_to_json(picture) for test in tests for picture in test.pictures]
    return len(json.dumps(stored, indent=1).encode("utf-8"))


def test_a_record_holds_pictures_up_to_its_budget() -> None:
    kept = within_budget(results(100, (64, 64)))
    assert 50_000 < stored_bytes(kept) <= 64_000
    assert [bool(result.tests[0].pictures) for result in kept[:2] + kept[-2:]] == [True, True, False, False]


def test_a_dozen_exercises_have_room_for_their_pictures() -> None:
    assert all(result.tests[0].pictures for result in within_budget(results(12, (64, 64))))
