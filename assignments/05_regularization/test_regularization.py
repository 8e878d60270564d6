"""The public tests of 05_regularization: numbers you can check by hand."""

import numpy as np
import pytest

from autograder import Seed, array, close, equal, exercise, holds, several, unchanged

IMAGE = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]])


@exercise("l2_cost")
def test_l2_cost_two_layers(student):
    """two layers whose squares add up to 14 and 16"""
    weights = [np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([[4.0, 0.0]])]
    close(student.l2_cost, (2.5, weights, 4.0, 10), expected=2.5 + 4.0 / 20 * 30)


@exercise("l2_cost")
def test_l2_cost_no_decay(student):
    """with lambda 0 the cost stays as it was, with 1 it does not"""
    weights = [np.array([[2.0, 2.0]])]
    close(student.l2_cost, (0.75, weights, 0.0, 4), expected=0.75)
    close(student.l2_cost, (0.75, weights, 1.0, 4), expected=1.75)


@exercise("l2_step")
def test_l2_step_values(student):
    """eta·lambda/n = 0.1: nine tenths of the weight, less eta times the gradient"""
    w, grad = np.array([[1.0, -2.0], [10.0, 0.0]]), np.array([[1.0, 1.0], [-2.0, 4.0]])
    expected = np.array([[0.4, -2.3], [10.0, -2.0]])
    close(student.l2_step, (w, grad, 0.5, 2.0, 10), expected=expected)


@exercise("l2_step")
def test_l2_step_flat(student):
    """where the gradient is 0 the weights still shrink"""
    w = np.array([[4.0, -8.0, 0.0]])
    close(student.l2_step, (w, np.zeros((1, 3)), 0.25, 2.0, 4), expected=np.array([[3.5, -7.0, 0.0]]))


@exercise("dropout")
def test_dropout_zero(student):
    """p = 0 keeps everything as it is; p = 1/2 does not"""
    a = np.arange(1.0, 41.0)
    kept, mask = several(student.dropout(a, 0.0, Seed(1)), 2)
    holds(np.array_equal(array(kept, shape=(40,)), a), "with p = 0 every unit must stay as it is.")
    holds(bool(np.all(array(mask, shape=(40,)) == 1)), "with p = 0 the mask must be 1 everywhere.")
    halved, _ = several(student.dropout(a, 0.5, Seed(1)), 2)
    holds(not np.array_equal(array(halved, shape=(40,)), a), "with p = 1/2 nothing was dropped.")


@exercise("dropout", weight=2)
def test_dropout_scaled(student):
    """each unit is 0 where the mask is 0, and a/(1 − p) where it is 1"""
    a = np.linspace(0.5, 2.0, 200).reshape(20, 10)
    dropped, mask = several(student.dropout(a, 0.2, Seed(2)), 2)
    dropped, mask = array(dropped, "result 1", shape=(20, 10)), array(mask, "result 2", shape=(20, 10))
    holds(set(np.unique(mask)) == {0.0, 1.0}, "the mask must hold 0 and 1 only: it is not scaled.")
    holds(bool(np.all(dropped[mask == 0] == 0)), "a unit whose mask is 0 must be 0.")
    scaled = np.allclose(dropped[mask == 1], a[mask == 1] / 0.8, rtol=1e-5)
    holds(scaled, "a unit whose mask is 1 must be divided by 1 − p: the others have gone.")
    holds(len(np.unique(mask, axis=0)) > 1, "the same units are dropped in every row. Draw for each entry of a.")
    _, other = several(student.dropout(a, 0.2, Seed(3)), 2)
    same = np.array_equal(array(other, "result 2", shape=(20, 10)), mask)
    holds(not same, "another rng gave the same mask. Draw from rng.")


@exercise("reflect")
def test_reflect_image(student):
    """three rows of four pixels"""
    expected = np.array([[4.0, 3.0, 2.0, 1.0], [8.0, 7.0, 6.0, 5.0], [12.0, 11.0, 10.0, 9.0]])
    equal(student.reflect, (IMAGE,), expected=expected)


@exercise("translate")
@pytest.mark.parametrize(
    ("dy", "dx", "expected"),
    [
        (1, 0, [[0, 0, 0, 0], [1, 2, 3, 4], [5, 6, 7, 8]]),
        (0, 2, [[0, 0, 1, 2], [0, 0, 5, 6], [0, 0, 9, 10]]),
        (-1, -1, [[6, 7, 8, 0], [10, 11, 12, 0], [0, 0, 0, 0]]),
    ],
)
def test_translate_steps(student, dy, dx, expected):
    """dy = {dy} and dx = {dx}: down and right, and up and left if negative"""
    equal(student.translate, (IMAGE, dy, dx), expected=np.array(expected))


@exercise("translate")
def test_translate_image_kept(student):
    """the image stays as it was"""
    expected = np.array([[0, 0, 0, 0], [0, 1, 2, 3], [0, 5, 6, 7]])
    unchanged(student.translate, (IMAGE.copy(), 1, 1), expected=expected)


@exercise("rotate90")
@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [[4, 8, 12], [3, 7, 11], [2, 6, 10], [1, 5, 9]]),
        (2, [[12, 11, 10, 9], [8, 7, 6, 5], [4, 3, 2, 1]]),
    ],
)
def test_rotate_turns(student, k, expected):
    """k = {k}: quarter turns counter-clockwise; four more change nothing"""
    equal(student.rotate90, (IMAGE, k), expected=np.array(expected))
    equal(student.rotate90, (IMAGE, k + 4), expected=np.array(expected))


@exercise("contrast")
def test_contrast_double(student):
    """twice the contrast about the mean 3; values may leave the range they came from"""
    image = np.array([[0.0, 1.0, 2.0], [1.0, 2.0, 12.0]])
    close(student.contrast, (image, 2.0), expected=np.array([[-3.0, -1.0, 1.0], [-1.0, 1.0, 21.0]]))


@exercise("contrast")
def test_contrast_none(student):
    """factor 0 leaves the mean alone, factor 1/2 halves the distance to it"""
    image = np.array([[0.0, 8.0], [2.0, 6.0]])
    close(student.contrast, (image, 0.0), expected=np.full((2, 2), 4.0))
    close(student.contrast, (image, 0.5), expected=np.array([[2.0, 6.0], [3.0, 5.0]]))


@exercise("shear")
@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [[1, 2, 3, 4], [0, 5, 6, 7], [0, 0, 9, 10], [0, 0, 0, 13]]),
        (-0.8, [[1, 2, 3, 4], [6, 7, 8, 0], [11, 12, 0, 0], [15, 16, 0, 0]]),
        (0.4, [[1, 2, 3, 4], [5, 6, 7, 8], [0, 9, 10, 11], [0, 13, 14, 15]]),
    ],
)
def test_shear_rows(student, k, expected):
    """k = {k}: row i moves round(k·i) columns to the right, and to the left if negative"""
    image = np.arange(1.0, 17.0).reshape(4, 4)
    equal(student.shear, (image, k), expected=np.array(expected))


@exercise("shear")
def test_shear_image_kept(student):
    """the image stays as it was"""
    expected = np.array([[1, 2, 3, 4], [0, 0, 5, 6], [0, 0, 0, 0]])
    unchanged(student.shear, (IMAGE.copy(), 2), expected=expected)


@exercise("l2_step", "reflect", "contrast", weight=0)
def test_given_stays(student, name):
    """the arrays handed in stay as they were"""
    row = np.array([[1.0, 3.0]])
    args, expected = {
        "l2_step": ((row, np.array([[2.0, -1.0]]), 0.5, 1.0, 5), [[-0.1, 3.2]]),
        "reflect": ((row,), [[3.0, 1.0]]),
        "contrast": ((row, 2.0), [[0.0, 4.0]]),
    }[name]
    unchanged(getattr(student, name), args, expected=np.array(expected))


@exercise("dropout", weight=0)
def test_dropout_a_stays(student):
    """a stays as it was; an equal rng gives an equal answer"""
    a = np.arange(1.0, 41.0)
    first = several(student.dropout(a.copy(), 0.5, Seed(4)), 2)
    dropped, mask = (array(result, f"result {i + 1}", shape=(40,)) for i, result in enumerate(first))
    holds(0 < mask.sum() < 40, "with p = 1/2 some units must be kept and some dropped.")
    holds(np.allclose(dropped, 2 * a * mask), "what is kept must be a/(1 − p), and what is dropped must be 0.")
    unchanged(student.dropout, (a, 0.5, Seed(4)), expected=(dropped, mask))
