"""The reference of 05_regularization against independent oracles: PyTorch, SciPy, loops, statistics."""

import numpy as np
import pytest
from later import later

from reference_impl import regularization as ref

torch, ndimage = later("torch"), later("scipy.ndimage")
Array = np.ndarray
RNG = np.random.default_rng(5)
IMAGE = RNG.normal(size=(5, 8))


@pytest.mark.torch
def test_l2_agrees_with_autograd() -> None:
    arrays = [RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4))]
    weights = [torch.from_numpy(w).requires_grad_() for w in arrays]
    cost = 0.5 + 3.0 / (2 * 7) * sum((w**2).sum() for w in weights)
    cost.backward()
    assert ref.l2_cost(0.5, arrays, 3.0, 7) == pytest.approx(cost.item())
    for w, given in zip(arrays, weights, strict=True):
        grad = RNG.normal(size=w.shape)
        assert ref.l2_step(w, grad, 0.2, 3.0, 7) == pytest.approx(w - 0.2 * (grad + given.grad.numpy()))


@pytest.mark.torch
def test_l2_step_is_pytorchs_weight_decay() -> None:
    start, grad = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))
    w = torch.from_numpy(start.copy()).requires_grad_()
    w.grad = torch.from_numpy(grad)
    torch.optim.SGD([w], lr=0.3, weight_decay=2.0 / 9).step()
    assert ref.l2_step(start, grad, 0.3, 2.0, 9) == pytest.approx(w.detach().numpy())


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_dropout_keeps_the_expected_sum(p: float) -> None:
    a = RNG.random((200, 500)) + 0.5
    dropped, mask = ref.dropout(a, p, np.random.default_rng(1))
    assert dropped[mask] == pytest.approx(a[mask] / (1 - p))
    assert not dropped[~mask].any()
    assert np.mean(mask) == pytest.approx(1 - p, abs=6.2 * (p * (1 - p) / a.size) ** 0.5 + 1e-12)
    assert dropped.sum() == pytest.approx(a.sum(), rel=0.05)


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (2, 0), (-1, 3), (0, -2), (-4, -7), (5, 0), (1, 9), (-6, 2)])
def test_translate_agrees_with_scipy(dy: int, dx: int) -> None:
    wanted = ndimage.shift(IMAGE, (dy, dx), order=0, cval=0.0)
    assert np.array_equal(ref.translate(IMAGE, dy, dx), wanted)


@pytest.mark.parametrize("k", [0.0, 1.0, -1.0, 0.375, -0.7, 2.0, 5.0])
def test_shear_row_by_row(k: float) -> None:
    rows = [ref.translate(row[np.newaxis], 0, round(k * i))[0] for i, row in enumerate(IMAGE)]
    assert np.array_equal(ref.shear(IMAGE, k), rows)


def test_reflect_and_rotate() -> None:
    assert np.array_equal(ref.reflect(IMAGE), np.fliplr(IMAGE))
    assert np.array_equal(ref.rotate90(IMAGE, 1), IMAGE.T[::-1])
    for k in range(6):
        assert np.array_equal(ref.rotate90(ref.rotate90(IMAGE, k), 1), ref.rotate90(IMAGE, k + 1))
    assert np.array_equal(ref.rotate90(IMAGE, 4), IMAGE)


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 3.0])
def test_contrast_keeps_the_mean_and_scales_the_spread(factor: float) -> None:
    changed = ref.contrast(IMAGE, factor)
    assert changed.mean() == pytest.approx(IMAGE.mean())
    assert changed.std() == pytest.approx(factor * IMAGE.std())
