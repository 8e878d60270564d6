"""The hidden tests of 07_pooling, its catalogue of mistakes, and right answers of other kinds.

Samples, channels, height, width, size and stride all differ. The everyday case stands in the first tests; each rarer
one is a test of its own.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder import close, exercise, unchanged
from reference_impl import pooling as ref

Array = np.ndarray
FORWARD = ("max_pool2d", "average_pool2d", "l2_pool2d")
BACKWARD = ("max_pool2d_backward", "average_pool2d_backward")


def distinct(rng: np.random.Generator, *shape: int) -> Array:
    """Multiples of 1/8, all different, of both signs: every window has one maximum."""
    count = int(np.prod(shape))
    return (rng.permutation(count).reshape(shape) - count // 2) / 8 + 1 / 16


def demand_forward(student: Any, name: str, x: Array, *settings: int, **options: int) -> None:
    expected = getattr(ref, name)(x, *settings, **options)
    close(getattr(student, name), (x, *settings), options, expected=expected, terms=9)


def demand_backward(student: Any, name: str, rng: np.random.Generator, x: Array, *settings: int) -> None:
    dout = distinct(rng, *ref.max_pool2d(x, *settings).shape)
    expected = getattr(ref, name)(dout, x, *settings)
    close(getattr(student, name), (dout, x, *settings), expected=expected, terms=9)


# ---- forward


@exercise(*FORWARD, weight=2)
def test_batch(student, rng, name):
    """samples with several maps, windows of 2×2"""
    demand_forward(student, name, distinct(rng, 2, 3, 8, 6))


@exercise(*FORWARD)
def test_one_image(student, rng, name):
    """an image without further axes"""
    demand_forward(student, name, distinct(rng, 6, 10))


@exercise(*FORWARD)
def test_five_axes(student, rng, name):
    """five axes"""
    demand_forward(student, name, distinct(rng, 2, 1, 3, 4, 6))


@exercise(*FORWARD)
def test_remainder(student, rng, name):
    """a row and a column are left over at the edge"""
    demand_forward(student, name, distinct(rng, 2, 7, 9))
    demand_forward(student, name, distinct(rng, 2, 8, 7), 3)


@exercise(*FORWARD)
def test_size_three(student, rng, name):
    """windows of 3×3"""
    demand_forward(student, name, distinct(rng, 3, 6, 9), 3)


@exercise(*FORWARD)
def test_overlap(student, rng, name):
    """windows that overlap: the stride is less than the size"""
    demand_forward(student, name, distinct(rng, 2, 7, 9), 3, 2)
    demand_forward(student, name, distinct(rng, 4, 5), size=3, stride=1)


@exercise(*FORWARD)
def test_gaps(student, rng, name):
    """windows with gaps between them: the stride is greater than the size"""
    demand_forward(student, name, distinct(rng, 2, 8, 11), 2, 3)


@exercise(*FORWARD)
def test_whole_image(student, rng, name):
    """a window as large as the image, and one of a single pixel"""
    demand_forward(student, name, distinct(rng, 3, 4, 4), 4)
    demand_forward(student, name, np.abs(distinct(rng, 3, 4)), 1)


@exercise(*FORWARD)
def test_integers(student, rng, name):
    """an image of type int64"""
    demand_forward(student, name, rng.integers(-20, 21, (3, 4, 6)))
    demand_forward(student, name, np.array([[0, 0, 3, 0], [0, 0, 4, 0]]))


@exercise("average_pool2d", "l2_pool2d")
def test_argument(student, rng, name):
    """x stays as it was"""
    x = distinct(rng, 2, 4, 6)
    unchanged(getattr(student, name), (x,), expected=getattr(ref, name)(x), terms=4)


# ---- backward


@exercise(*BACKWARD, weight=2)
def test_gradient_batch(student, rng, name):
    """samples with several maps, windows of 2×2"""
    demand_backward(student, name, rng, distinct(rng, 2, 3, 8, 6))


@exercise(*BACKWARD)
def test_gradient_one_image(student, rng, name):
    """an image without further axes"""
    demand_backward(student, name, rng, distinct(rng, 6, 8))


@exercise(*BACKWARD)
def test_gradient_five_axes(student, rng, name):
    """five axes"""
    demand_backward(student, name, rng, distinct(rng, 2, 1, 3, 4, 6))


@exercise(*BACKWARD)
def test_gradient_remainder(student, rng, name):
    """what no window holds has the gradient 0"""
    demand_backward(student, name, rng, distinct(rng, 2, 7, 9))
    demand_backward(student, name, rng, distinct(rng, 2, 8, 7), 3)


@exercise(*BACKWARD)
def test_gradient_size_three(student, rng, name):
    """windows of 3×3"""
    demand_backward(student, name, rng, distinct(rng, 3, 6, 9), 3)


@exercise(*BACKWARD, weight=2)
def test_gradient_overlap(student, rng, name):
    """windows that overlap: gradients add up"""
    demand_backward(student, name, rng, distinct(rng, 2, 7, 9), 3, 2)
    demand_backward(student, name, rng, distinct(rng, 4, 5), 3, 1)


@exercise(*BACKWARD)
def test_gradient_gaps(student, rng, name):
    """windows with gaps between them: the stride is greater than the size"""
    demand_backward(student, name, rng, distinct(rng, 2, 8, 11), 2, 3)


@exercise("max_pool2d_backward", weight=2)
def test_gradient_ties(student, rng):
    """equal entries: the first in row-major order gets the gradient"""
    demand_backward(student, "max_pool2d_backward", rng, rng.integers(0, 3, (2, 6, 8)) / 8)


@exercise("max_pool2d_backward")
def test_gradient_ties_and_overlap(student, rng):
    """equal entries in windows that overlap"""
    demand_backward(student, "max_pool2d_backward", rng, rng.integers(-2, 1, (7, 8)) / 8, 3, 2)


@exercise("max_pool2d_backward")
def test_gradient_negative(student, rng):
    """entries that are all negative"""
    demand_backward(student, "max_pool2d_backward", rng, -np.abs(distinct(rng, 4, 6)))


@exercise("average_pool2d_backward")
def test_gradient_argument(student, rng):
    """dout and x stay as they were"""
    args = (distinct(rng, 2, 3), distinct(rng, 4, 6))
    unchanged(student.average_pool2d_backward, args, expected=ref.average_pool2d_backward(*args))


# ---- shifts


def patches(rng: np.random.Generator, height: int, width: int) -> Array:
    """An image of few grey values, so that pooled outputs often agree."""
    return rng.integers(0, 3, (height, width)) / 8


@exercise("shift_response", weight=2)
def test_shift_every_direction(student, rng):
    """down, up, right, left, two at once, and out of sight"""
    image = patches(rng, 12, 16)
    for shift in ((1, 0), (-1, 0), (0, 1), (0, -3), (2, 1), (-2, 3), (12, 0), (0, -17)):
        close(student.shift_response, (image, *shift), expected=ref.shift_response(image, *shift))


@exercise("shift_response")
def test_shift_sizes(student, rng):
    """windows of one, three and four pixels"""
    image = patches(rng, 12, 24)
    for size in (1, 3, 4):
        close(student.shift_response, (image, 1, 2, size), expected=ref.shift_response(image, 1, 2, size))


@exercise("shift_response")
def test_shift_remainder(student, rng):
    """rows and columns that are left over at the edge"""
    image = patches(rng, 11, 13)
    for shift in ((0, 1), (1, -1)):
        close(student.shift_response, (image, *shift), expected=ref.shift_response(image, *shift))
        close(student.shift_response, (image, *shift, 3), expected=ref.shift_response(image, *shift, 3))


@exercise("shift_response")
def test_shift_negative_pixels(student, rng):
    """an image with negative pixels: what comes in is 0"""
    image = patches(rng, 8, 10) - 1 / 8
    for shift in ((1, 1), (-3, 0)):
        close(student.shift_response, (image, *shift), expected=ref.shift_response(image, *shift))


@exercise("shift_response")
def test_shift_argument(student, rng):
    """the image stays as it was"""
    args = (patches(rng, 8, 10), 1, 0)
    unchanged(student.shift_response, args, expected=ref.shift_response(*args))


# ---- mistakes


def pool_by(
    reduce: Callable[[Array, tuple[int, int]], Array],
    step: Callable[[int, int], int] = lambda size, stride: stride,
    count: Callable[[int, int, int], int] = ref.pooled_size,
    settle: Callable[[Array, int, int], Array] = lambda out, size, stride: out,
) -> Callable[..., Array]:
    """Pooling over a view of all windows, with one of its parts changed."""

    def pool(x: Array, size: int = 2, stride: int | None = None) -> Array:
        moved = step(size, stride or size)
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(-2, -1))
        height, width = (count(side, size, stride or size) for side in x.shape[-2:])
        taken = windows[..., ::moved, ::moved, :, :][..., : max(height, 1), : max(width, 1), :, :]
        return settle(reduce(taken, (-2, -1)), size, stride or size)

    return pool


def rounded_up(reduce: Callable[..., Array], fill: float) -> Callable[..., Array]:
    """Windows that stick out at the edge count as well."""

    def pool(x: Array, size: int = 2, stride: int | None = None) -> Array:
        step = stride or size
        missing = [-(side - size) % step for side in x.shape[-2:]]
        sides = [(0, 0)] * (x.ndim - 2) + [(0, m) for m in missing]
        return pool_by(reduce)(np.pad(x.astype(float), sides, constant_values=fill), size, step)

    return pool


def sides_mixed(reduce: Callable[..., Array]) -> Callable[..., Array]:
    """The height gives the number of columns."""

    def pool(x: Array, size: int = 2, stride: int | None = None) -> Array:
        out = pool_by(reduce)(x, size, stride)
        rows = out.shape[-2]
        wide = np.zeros((*out.shape[:-1], rows))
        shared = min(rows, out.shape[-1])
        wide[..., :shared] = out[..., :shared]
        return wide

    return pool


def four_axes_only(pool: Callable[..., Array]) -> Callable[..., Array]:
    def strict(x: Array, size: int = 2, stride: int | None = None) -> Array:
        _, _, _, _ = x.shape
        return pool(x, size, stride)

    return strict


def in_place(pool: Callable[..., Array]) -> Callable[..., Array]:
    def careless(x: Array, size: int = 2, stride: int | None = None) -> Array:
        out = pool(x, size, stride)
        x[..., : out.shape[-2], : out.shape[-1]] = out
        return out

    return careless


def rms(windows: Array, axes: tuple[int, int]) -> Array:
    return np.sqrt(np.mean(windows.astype(float) ** 2, axis=axes))


def root_of_squares(windows: Array, axes: tuple[int, int]) -> Array:
    return np.sqrt(np.sum(windows.astype(float) ** 2, axis=axes))


def last_lost(n: int, size: int, stride: int) -> int:
    return ref.pooled_size(n, size, stride) - 1


def valid_mean(x: Array, size: int = 2, stride: int | None = None) -> Array:
    return rounded_up(np.nanmean, np.nan)(x, size, stride)


def scatter(
    share: Callable[[Array, Array, int, int], Array],
    add: bool = True,
    step: Callable[[int, int], int] = lambda size, stride: stride,
) -> Callable[..., Array]:
    """A gradient window by window: `share` spreads one window's gradient over its entries."""

    def backward(dout: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
        moved = step(size, stride or size)
        dx = np.zeros(x.shape)
        for *lead, i, j in np.ndindex(dout.shape):
            at = (*lead, slice(i * moved, i * moved + size), slice(j * moved, j * moved + size))
            if x[at].size == 0:
                continue
            part = share(dout[(*lead, i, j)], x[at], size, stride or size)
            dx[at] = dx[at] + part if add else np.where(part != 0, part, dx[at])
        return dx

    return backward


def overwritten_by_place(dout: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
    """All windows at once, place by place, with = for +=."""
    dx = np.zeros(x.shape)
    for at in ref.places(x.shape, size, stride):
        dx[at] = dout / size**2
    return dx


def to_first(gradient: Array, window: Array, size: int, stride: int) -> Array:
    out = np.zeros(window.shape)
    out[np.unravel_index(np.argmax(window), window.shape)] = gradient
    return out


def to_last(gradient: Array, window: Array, size: int, stride: int) -> Array:
    return to_first(gradient, window[::-1, ::-1], size, stride)[::-1, ::-1]


def to_first_in_columns(gradient: Array, window: Array, size: int, stride: int) -> Array:
    return to_first(gradient, window.T, size, stride).T


def to_all(gradient: Array, window: Array, size: int, stride: int) -> Array:
    return gradient * (window == window.max())


def among_ties(gradient: Array, window: Array, size: int, stride: int) -> Array:
    hit = window == window.max()
    return gradient * hit / hit.sum()


def to_everything(gradient: Array, window: Array, size: int, stride: int) -> Array:
    return np.full(window.shape, gradient)


def evenly(gradient: Array, window: Array, size: int, stride: int) -> Array:
    return np.full(window.shape, gradient / size**2)


def spread_over(divisor: Callable[[int, int], float]) -> Callable[..., Array]:
    return lambda gradient, window, size, stride: np.full(window.shape, gradient / divisor(size, stride))


def values_for_gradient(gradient: Array, window: Array, size: int, stride: int) -> Array:
    return gradient * to_first(np.max(window), window, size, stride)


def backward_in_place(backward: Callable[..., Array]) -> Callable[..., Array]:
    def careless(dout: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
        x[...] = backward(dout, x, size, stride)
        return x

    return careless


def response_by(
    shift: Callable[[Array, int, int], Array],
    pool: Callable[..., Array] = ref.max_pool2d,
    settle: Callable[[Array], Any] = lambda same: float(np.mean(same)),
) -> Callable[..., Any]:
    """The share of equal outputs, with another shift, another pooling, or another end."""
    return lambda image, dy, dx, size=2: settle(pool(shift(image, dy, dx), size) == pool(image, size))


def moved(image: Array, dy: int, dx: int) -> Array:
    out = np.zeros(image.shape)
    height, width = image.shape
    for i, j in np.ndindex(image.shape):
        if 0 <= i - dy < height and 0 <= j - dx < width:
            out[i, j] = image[i - dy, j - dx]
    return out


def edge_repeated(image: Array, dy: int, dx: int) -> Array:
    rows = np.clip(np.arange(image.shape[0]) - dy, 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) - dx, 0, image.shape[1] - 1)
    return image[np.ix_(rows, columns)]


def pooled_then_shifted(image: Array, dy: int, dx: int, size: int = 2) -> float:
    out = ref.max_pool2d(image, size)
    return float(np.mean(moved(out, dy, dx) == out))


def response_in_place(image: Array, dy: int, dx: int, size: int = 2) -> float:
    before = ref.max_pool2d(image, size)
    image[...] = moved(image, dy, dx)
    return float(np.mean(ref.max_pool2d(image, size) == before))


STRIDE_IGNORED = "The stride is ignored: windows start every `size` entries. They start every `stride` entries."
LAST_LOST = "The last window of each row and column is missing: there are (H − size)//stride + 1 of them."
ROUNDED_UP = "Windows that stick out at the edge are counted. What is left over there is dropped: round down."
SIDES_MIXED = "The number of columns is computed from the height. Height and width may differ."
FOUR_AXES = "It works for four axes only. Use x[..., rows, columns], which takes any number of them."
ONE_STEP = "Windows start at every entry, as with stride 1. The stride is the size unless another is given."
X_CHANGED = "x was changed. Write to a new array."


def common(reduce: Callable[..., Array], fill: float) -> dict[str, tuple[Callable[..., Any], str]]:
    """What goes wrong with windows, whatever is made of them."""
    return {
        "stride_ignored": (
            lambda x, size=2, stride=None: pool_by(reduce)(x, size),
            STRIDE_IGNORED,
        ),
        "every_entry": (pool_by(reduce, step=lambda size, stride: 1, count=lambda n, size, stride: n), ONE_STEP),
        "last_lost": (pool_by(reduce, count=last_lost), LAST_LOST),
        "rounded_up": (rounded_up(reduce, fill), ROUNDED_UP),
        "sides_mixed": (sides_mixed(reduce), SIDES_MIXED),
        "four_axes_only": (four_axes_only(pool_by(reduce)), FOUR_AXES),
        "in_place": (in_place(pool_by(reduce)), X_CHANGED),
    }


def gradient_common(share: Callable[..., Array]) -> dict[str, tuple[Callable[..., Any], str]]:
    """What goes wrong with gradients, however a window's is spread."""
    return {
        "overwritten": (
            scatter(share, add=False),
            "Where windows overlap, one gradient overwrites the other. Add them: += in place of =.",
        ),
        "stride_ignored": (scatter(share, step=lambda size, stride: size), STRIDE_IGNORED),
        "sign": (
            lambda dout, x, size=2, stride=None: -scatter(share)(dout, x, size, stride),
            "The sign is turned round: the gradient goes back as it came.",
        ),
        "in_place": (backward_in_place(scatter(share)), X_CHANGED),
    }


MISTAKES: dict[str, dict[str, tuple[Callable[..., Any], str]]] = {
    "max_pool2d": {
        "mean": (pool_by(np.mean), "This is the mean of each window. The maximum is wanted."),
        "minimum": (pool_by(np.min), "This is the smallest entry of each window. The largest is wanted."),
        "absolute": (
            pool_by(lambda windows, axis: np.max(np.abs(windows), axis=axis)),
            "The largest absolute value is taken. The largest value is wanted, with its sign.",
        ),
        "first_entry": (
            pool_by(lambda windows, axis: windows[..., 0, 0]),
            "The first entry of each window is taken. The largest is wanted.",
        ),
        "rectified": (
            pool_by(lambda windows, axis: np.maximum(windows.max(axis=axis), 0)),
            "Negative maxima become 0: does the search start at 0? Start with the first entry of the window.",
        ),
        "rows_only": (
            lambda x, size=2, stride=None: np.max(
                np.lib.stride_tricks.sliding_window_view(x, size, axis=-2)[..., :: stride or size, :, :], axis=-1
            ),
            "Only rows are pooled. A window is a square: pool the columns as well.",
        ),
        **common(np.max, -np.inf),
    },
    "average_pool2d": {
        "sum": (pool_by(np.sum), "This is the sum of each window. Divide by the number of its entries."),
        "maximum": (pool_by(np.max), "This is the maximum of each window. The mean is wanted."),
        "whole_numbers": (
            lambda x, size=2, stride=None: (
                ref.average_pool2d(x, size, stride).astype(x.dtype)
                if x.dtype.kind == "i"
                else ref.average_pool2d(x, size, stride)
            ),
            "The means of whole numbers are cut to whole numbers: the array that takes them has the type of x.",
        ),
        "divided_by_side": (
            pool_by(lambda windows, axis: windows.sum(axis=axis) / windows.shape[-1]),
            "The sum is divided by the side of the window. It has size² entries.",
        ),
        "divided_by_stride": (
            pool_by(np.sum, settle=lambda out, size, stride: out / stride**2),
            "The sum is divided by stride². A window has size² entries.",
        ),
        "median": (pool_by(np.median), "This is the median of each window. The mean is wanted."),
        "mean_of_what_is_there": (
            valid_mean,
            "Windows that stick out at the edge are counted, with the mean of what is there. Drop them.",
        ),
        **{name: one for name, one in common(np.mean, 0.0).items() if name != "every_entry"},
    },
    "l2_pool2d": {
        "root_of_mean": (pool_by(rms), "This is the root of the mean of the squares. It is the root of their sum."),
        "no_root": (
            pool_by(lambda windows, axis: np.sum(windows.astype(float) ** 2, axis=axis)),
            "The root is missing: this is the sum of the squares.",
        ),
        "absolute_values": (
            pool_by(lambda windows, axis: np.sum(np.abs(windows), axis=axis)),
            "Absolute values are added. Add squares, then take the root.",
        ),
        "mean": (pool_by(np.mean), "This is the mean of each window. The root of the sum of squares is wanted."),
        "maximum": (pool_by(np.max), "This is the maximum of each window. The root of the sum of squares is wanted."),
        "root_of_sum": (
            pool_by(lambda windows, axis: np.sqrt(np.abs(np.sum(windows, axis=axis)))),
            "The entries are not squared before they are added.",
        ),
        **common(root_of_squares, 0.0),
    },
    "max_pool2d_backward": {
        "to_all_maxima": (
            scatter(to_all),
            "Every entry that is equal to the maximum gets the whole gradient. Only the first one does.",
        ),
        "shared_among_ties": (
            scatter(among_ties),
            "Equal maxima share the gradient. The first one gets all of it.",
        ),
        "to_the_last": (scatter(to_last), "Of equal maxima the last gets the gradient. The first one does."),
        "first_in_columns": (
            scatter(to_first_in_columns),
            "Of equal maxima the first in column order gets the gradient. Search row by row.",
        ),
        "to_everything": (
            scatter(to_everything),
            "The whole window gets the gradient. Only the maximum had a say in the answer.",
        ),
        "shared_evenly": (
            scatter(evenly),
            "The window's entries share the gradient: that belongs to average pooling. Here the maximum gets all.",
        ),
        "times_the_maximum": (
            scatter(values_for_gradient),
            "The gradient is multiplied by the maximum. It arrives as it is.",
        ),
        "mask_only": (
            scatter(lambda gradient, window, size, stride: to_first(np.ones(()), window, size, stride)),
            "This marks the maxima. Put the gradient there.",
        ),
        **gradient_common(to_first),
    },
    "average_pool2d_backward": {
        "not_divided": (
            scatter(to_everything),
            "Each entry gets the whole gradient. It gets a share of 1/size².",
        ),
        "divided_by_side": (
            scatter(spread_over(lambda size, stride: size)),
            "The gradient is divided by the side of the window. It has size² entries.",
        ),
        "divided_by_stride": (
            scatter(spread_over(lambda size, stride: stride**2)),
            "The gradient is divided by stride². A window has size² entries.",
        ),
        "to_the_maximum": (
            scatter(to_first),
            "The maximum gets all of the gradient: that belongs to max pooling. Here all entries share it.",
        ),
        "first_entry": (
            scatter(
                lambda gradient, window, size, stride: to_first(
                    gradient, -np.arange(window.size).reshape(window.shape), size, stride
                )
            ),
            "The first entry of each window gets all of the gradient. All entries share it.",
        ),
        "overwritten_by_place": (
            overwritten_by_place,
            "Where windows overlap, one gradient overwrites the other. Add them: += in place of =.",
        ),
        "times_x": (
            scatter(lambda gradient, window, size, stride: gradient * window / size**2),
            "The gradient is multiplied by x. It arrives as it is, in equal shares.",
        ),
        **gradient_common(evenly),
    },
    "shift_response": {
        "wraps_around": (
            response_by(lambda image, dy, dx: np.roll(image, (dy, dx), axis=(0, 1))),
            "What leaves the image on one side comes in on the other. What comes in must be 0.",
        ),
        "exchanged": (
            response_by(lambda image, dy, dx: moved(image, dx, dy)),
            "dy moves the rows, dx the columns: exchange them.",
        ),
        "wrong_way": (
            response_by(lambda image, dy, dx: moved(image, -dy, -dx)),
            "The image moves the other way: dy rows down, dx columns right.",
        ),
        "edge_repeated": (response_by(edge_repeated), "The edge of the image is repeated. What comes in must be 0."),
        "not_pooled": (
            response_by(moved, pool=lambda image, size: image),
            "The pixels are compared. Pool both images first, then compare.",
        ),
        "changed_share": (
            response_by(moved, settle=lambda same: float(np.mean(~same))),
            "This is the share that changed. The share that stayed the same is wanted.",
        ),
        "counted": (
            response_by(moved, settle=lambda same: int(np.sum(same))),
            "This is the number of outputs that stay the same. Divide by the number of all outputs.",
        ),
        "average_pooling": (
            response_by(moved, pool=ref.average_pool2d),
            "The images are pooled by their means. Max pooling is wanted.",
        ),
        "pooled_first": (
            pooled_then_shifted,
            "The pooled image is shifted. Shift the image itself, then pool.",
        ),
        "all_or_nothing": (
            response_by(moved, settle=lambda same: float(np.all(same))),
            "The answer is 1 or 0. The share of outputs that stay the same is wanted.",
        ),
        "size_ignored": (
            lambda image, dy, dx, size=2: ref.shift_response(image, dy, dx, 2),
            "The windows have the side 2, whatever size is.",
        ),
        "positive_only": (
            response_by(lambda image, dy, dx: moved(image, abs(dy), abs(dx))),
            "A negative shift moves down or right. It must move up or left.",
        ),
        "in_place": (response_in_place, "The image handed in was changed. Shift a copy."),
    },
}


# ---- right answers of other kinds


def pool_in_loops(reduce: Callable[[list[float]], float]) -> Callable[..., Any]:
    def pool(x: Array, size: int = 2, stride: int | None = None) -> Any:
        if x.ndim > 2:
            return [pool(part, size, stride) for part in x]
        step = stride or size
        rows, columns = (range(0, side - size + 1, step) for side in x.shape)
        return [[reduce([float(v) for v in x[i : i + size, j : j + size].ravel()]) for j in columns] for i in rows]

    return pool


def in_single(name: str) -> Callable[..., Any]:
    def answer(*arguments: Any, **options: Any) -> Any:
        single = [np.float32(value) if isinstance(value, np.ndarray) else value for value in arguments]
        return np.float32(getattr(ref, name)(*single, **options))

    return answer


def max_backward_by_counting(dout: Array, x: Array, size: int = 2, stride: int | None = None) -> Array:
    """The places of the maxima, then one sum for each place."""
    step = stride or size
    height, width = x.shape[-2:]
    flat, grads = x.reshape(-1, height, width), dout.reshape(-1, *dout.shape[-2:])
    windows = np.lib.stride_tricks.sliding_window_view(flat, (size, size), axis=(1, 2))[:, ::step, ::step]
    best = windows.reshape(*windows.shape[:3], -1).argmax(axis=-1)
    sample, row, column = np.indices(best.shape)
    at = (sample * height + row * step + best // size) * width + column * step + best % size
    return np.bincount(at.ravel(), grads.ravel(), minlength=x.size).reshape(x.shape)


def response_in_loops(image: Array, dy: int, dx: int, size: int = 2) -> float:
    largest = pool_in_loops(max)
    pairs = itertools.chain(
        *(
            zip(a, b, strict=True)
            for a, b in zip(largest(moved(image, dy, dx), size), largest(image, size), strict=True)
        )
    )
    return float(np.average([a == b for a, b in pairs]))


ALTERNATIVES: dict[str, dict[str, Callable[..., Any]]] = {
    "max_pool2d": {"views": pool_by(np.max), "loops": pool_in_loops(max), "float32": in_single("max_pool2d")},
    "average_pool2d": {
        "views": pool_by(np.mean),
        "loops": pool_in_loops(lambda values: sum(values) / len(values)),
        "float32": in_single("average_pool2d"),
    },
    "l2_pool2d": {
        "views": pool_by(root_of_squares),
        "loops": pool_in_loops(lambda values: sum(v * v for v in values) ** 0.5),
        "float32": in_single("l2_pool2d"),
    },
    "max_pool2d_backward": {
        "loops": scatter(to_first),
        "counting": max_backward_by_counting,
        "float32": in_single("max_pool2d_backward"),
    },
    "average_pool2d_backward": {"loops": scatter(evenly), "float32": in_single("average_pool2d_backward")},
    "shift_response": {"loops": response_in_loops, "moved": response_by(moved)},
}


# ---- hints for students who ask: the idea, the formula, the shape of the code

HINTS = {
    "max_pool2d": (
        (
            "Cut the last two axes into windows, and take the largest entry of each. All leading axes are treated "
            "alike, so an ellipsis can stand for them."
        ),
        (
            "H' = (H − size) // stride + 1, W' likewise. out[..., j, k] = maximum of x[..., stride·j : stride·j + "
            "size, stride·k : stride·k + size] over the last two axes."
        ),
        (
            "if no stride is given, it is the size\n"
            "out ← an array with x's leading axes, then H' and W'\n"
            "for each j and k: the window ← a slice of x that begins with ...\n"
            "    put its maximum over the axes −2 and −1 into out\n"
            "return out"
        ),
    ),
    "average_pool2d": (
        "It is max pooling with another question to each window: its mean instead of its maximum.",
        (
            "out[..., j, k] = mean of the window's size² entries over the last two axes. The means are real numbers "
            "even if x holds whole numbers, so the output array must be able to hold them."
        ),
        (
            "the same loop as in max_pool2d, or the same helper function\n"
            "take the mean of each window; an output made with np.zeros holds real numbers\n"
            "return it"
        ),
    ),
    "l2_pool2d": (
        "Again the same windows: square the entries, add them up, take the root.",
        (
            "out[..., j, k] = root of the sum of the squares of the window over the last two axes. It is the sum, "
            "not the mean."
        ),
        (
            "the same loop as in max_pool2d, or the same helper function\n"
            "for each window: squares, their sum over the last two axes, the root\n"
            "return it"
        ),
    ),
    "shift_response": (
        "Make the shifted image, pool both images, and count how many outputs are equal.",
        (
            "shifted[r, c] = image[r − dy, c − dx] if that pixel exists, else 0, of the same shape (H, W). The share "
            "is the mean of the comparison of the two pooled arrays."
        ),
        (
            "shifted ← the image moved by dy and dx with zeros coming in (for example a window of a padded image)\n"
            "before ← the pooled image, after ← the pooled shifted image\n"
            "return the mean of before == after, which counts True as 1"
        ),
    ),
    "max_pool2d_backward": (
        (
            "Only the largest entry of a window decided its output, so it gets all of the gradient. If several are "
            "equal, the first one in reading order gets it."
        ),
        (
            "For each window j, k: find the position of its first maximum (argmax of the flattened window reads row "
            "by row), and add dout[..., j, k] to dx at that position. Overlapping windows add up: += ."
        ),
        (
            "dx ← zeros in the shape of x, real numbers\n"
            "reshape x, dout and dx so that all leading axes become one, or loop over them with np.ndindex\n"
            "for each leading index and each window:\n"
            "    row, column ← position of the first maximum in the window (argmax, then divmod by size)\n"
            "    add the window's gradient at that place of dx (counted from the window's corner)\n"
            "return dx in the shape of x"
        ),
    ),
    "average_pool2d_backward": (
        "Each entry of a window had the same share in the mean, so each gets the same share of the gradient.",
        (
            "For each window j, k all size² entries of dx[..., window] get dout[..., j, k] / size² added. "
            "Overlapping windows add up, and entries outside of all windows stay 0."
        ),
        (
            "dx ← zeros in the shape of x, real numbers\n"
            "for each j and k: the share ← the gradient of this window over the number of its entries\n"
            "    add it to the whole window of dx; the share needs two axes of length 1 at its end\n"
            "return dx"
        ),
    ),
}
