"""The reference of 08_lenet against PyTorch's modules, brute force, and the numbers that slides and papers print."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from later import later

from reference_impl import lenet as ref

torch, nn = later("torch"), later("torch.nn")


def count(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.torch
@pytest.mark.parametrize(("kernel", "stride", "padding"), list(itertools.product((1, 3, 5), (1, 2, 3), (0, 1, 2))))
def test_a_convolution_has_pytorchs_shape_and_parameters(kernel: int, stride: int, padding: int) -> None:
    layer = nn.Conv2d(3, 4, kernel, stride, padding)
    assert ref.conv_output_shape((3, 9, 12), 4, kernel, stride, padding) == tuple(layer(torch.zeros(3, 9, 12)).shape)
    assert ref.conv_parameters(3, 4, kernel) == count(layer)


@pytest.mark.torch
@pytest.mark.parametrize(("size", "stride"), list(itertools.product((1, 2, 3), (None, 1, 2, 3))))
def test_pooling_has_pytorchs_shape(size: int, stride: int | None) -> None:
    shape = tuple(nn.MaxPool2d(size, stride)(torch.zeros(5, 7, 10)).shape)
    assert ref.pool_output_shape((5, 7, 10), size, stride) == shape


@pytest.mark.torch
def test_lenet5_is_pytorchs() -> None:
    layers = [nn.Conv2d(1, 6, 5), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.AvgPool2d(2), nn.Conv2d(16, 120, 5)]
    layers += [nn.Sequential(nn.Flatten(0), nn.Linear(120, 84)), nn.Linear(84, 10)]
    x = torch.zeros(1, 32, 32)
    for (_, shape, parameters), layer in zip(ref.lenet5(), layers, strict=True):
        x = layer(x)
        assert (shape, parameters) == (tuple(x.shape), count(layer))
    assert [name for name, _, _ in ref.lenet5()] == "C1 S2 C3 S4 C5 F6 OUTPUT".split()
    assert ref.total_parameters(ref.lenet5()) == 61_706


@pytest.mark.torch
@pytest.mark.parametrize(("groups", "printed"), [(2, 60_965_224), (1, 62_378_344)])
def test_alexnet_is_pytorchs(groups: int, printed: int) -> None:
    with torch.device("meta"):
        convolutions = [nn.Conv2d(3, 96, 11, 4), nn.Conv2d(96, 256, 5, padding=2, groups=groups)]
        convolutions += [nn.Conv2d(256, 384, 3), nn.Conv2d(384, 384, 3, groups=groups)]
        convolutions += [nn.Conv2d(384, 256, 3, groups=groups)]
        dense = [nn.Linear(256 * 6 * 6, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000)]
    assert ref.alexnet_parameters(groups) == sum(map(count, [*convolutions, *dense])) == printed


def test_the_slides_numbers() -> None:
    assert ref.conv_parameters(1, 1, 5) == 26
    assert ref.conv_parameters(1, 20, 5) == 520
    assert ref.dense_parameters(784, 30) == 23_550 > 40 * 520
    assert ref.dense_parameters(120, 84) == 10_164
    assert ref.conv_parameters(1, 3, 5) + ref.dense_parameters(3 * 12 * 12, 10) == 4408


def test_c3_of_the_paper() -> None:
    seen = [{i, (i + 1) % 6, (i + 2) % 6} for i in range(6)]
    seen += [{(i + j) % 6 for j in range(4)} for i in range(6)]
    seen += [{0, 1, 3, 4}, {1, 2, 4, 5}, {0, 2, 3, 5}, set(range(6))]
    connections = np.array([[j in row for j in range(6)] for row in seen]).astype(int)
    assert ref.c3_parameters(connections) == 1516
    assert ref.c3_parameters(np.ones((16, 6), dtype=int)) == 2416


def seen_pixels(layers: list[tuple[int, int]]) -> int:
    """How many entries of a line the first unit depends on, by tracing them."""
    units = {0}
    for kernel, stride in reversed(layers):
        units = {unit * stride + offset for unit in units for offset in range(kernel)}
    return max(units) - min(units) + 1


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_receptive_field_by_tracing(depth: int) -> None:
    for layers in itertools.product([(1, 1), (3, 1), (2, 2), (5, 3)], repeat=depth):
        assert ref.receptive_field(list(layers)) == seen_pixels(list(layers))


@pytest.mark.torch
def test_top_k_error_by_pytorch() -> None:
    scores, labels = torch.randn(60, 8, generator=torch.manual_seed(1), dtype=torch.float64), torch.arange(60) % 8
    for k in range(1, 9):
        found = (scores.topk(k).indices == labels[:, None]).any(dim=1)
        wanted = 1 - found.double().mean()
        assert math.isclose(ref.top_k_error(scores.numpy(), labels.numpy(), k), float(wanted), abs_tol=1e-12)
