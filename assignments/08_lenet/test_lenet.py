"""The public tests of 08_lenet: numbers that the slides and the papers print."""

import numpy as np
import pytest

from autograder import array, close, equal, exercise, holds, number, several, unchanged

SCORES = np.array(
    [
        [0.1, 0.5, 0.2, 0.15, 0.05],
        [0.3, 0.25, 0.2, 0.15, 0.1],
        [0.05, 0.1, 0.15, 0.3, 0.4],
        [0.2, 0.1, 0.35, 0.05, 0.3],
    ]
)
LABELS = np.array([1, 2, 4, 1])  # best, third, best, fourth


@exercise("conv_output_shape")
def test_conv_shape_values(student):
    """LeNet-5's first layer; the slides' 28×28; AlexNet's first layer; padding that keeps the shape"""
    equal(student.conv_output_shape, ((1, 32, 32), 6, 5), expected=(6, 28, 28))
    equal(student.conv_output_shape, ((1, 28, 28), 20, 5), expected=(20, 24, 24))
    equal(student.conv_output_shape, ((3, 227, 227), 96, 11, 4), expected=(96, 55, 55))
    equal(student.conv_output_shape, ((96, 27, 27), 256, 5), {"padding": 2}, expected=(256, 27, 27))


@exercise("conv_output_shape")
def test_conv_shape_not_square(student):
    """an image that is wider than high, and a stride that leaves a remainder"""
    equal(student.conv_output_shape, ((3, 8, 13), 4, 3), expected=(4, 6, 11))
    equal(student.conv_output_shape, ((3, 8, 14), 4, 3, 2), expected=(4, 3, 6))


@exercise("pool_output_shape")
def test_pool_shape_values(student):
    """LeNet-5's first pooling; the slides' 24×24; AlexNet's windows that overlap; images that are not square"""
    equal(student.pool_output_shape, ((6, 28, 28),), expected=(6, 14, 14))
    equal(student.pool_output_shape, ((3, 24, 24), 2), expected=(3, 12, 12))
    equal(student.pool_output_shape, ((96, 55, 55), 3, 2), expected=(96, 27, 27))
    equal(student.pool_output_shape, ((2, 14, 9), 3), expected=(2, 4, 3))
    equal(student.pool_output_shape, ((6, 13, 8), 3, 2), expected=(6, 6, 3))


@exercise("conv_parameters")
def test_conv_parameters_values(student):
    """one map of 5×5; LeNet-5's third and first layer; twenty maps"""
    for arguments, count in (((1, 1, 5), 26), ((6, 16, 5), 2416), ((1, 6, 5), 156), ((1, 20, 5), 520)):
        equal(student.conv_parameters, arguments, expected=count)


@exercise("dense_parameters")
def test_dense_parameters_values(student):
    """784 pixels to 30 neurons; LeNet-5's sixth layer and its output"""
    for arguments, count in (((784, 30), 23_550), ((120, 84), 10_164), ((84, 10), 850)):
        equal(student.dense_parameters, arguments, expected=count)


@exercise("lenet5", weight=2)
def test_lenet_table(student):
    """the slides' table, row by row"""
    table = [
        ("C1", (6, 28, 28), 156),
        ("S2", (6, 14, 14), 0),
        ("C3", (16, 10, 10), 2416),
        ("S4", (16, 5, 5), 0),
        ("C5", (120, 1, 1), 48_120),
        ("F6", (84,), 10_164),
        ("OUTPUT", (10,), 850),
    ]
    equal(student.lenet5, expected=table)


@exercise("lenet5")
def test_lenet_names(student):
    """seven rows of three entries, with the names in their order"""
    rows = [several(row, 3, f"row {i + 1}") for i, row in enumerate(several(student.lenet5(), 7))]
    names = [row[0] for row in rows]
    right = ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]
    holds(all(isinstance(name, str) for name in names) and names == right, f"the names must be {', '.join(right)}.")


@exercise("total_parameters")
def test_total_values(student):
    """LeNet-5; the slides' network of three maps, a pooling and ten outputs"""
    lenet = [("C1", (6, 28, 28), 156), ("C3", (16, 10, 10), 2416), ("C5", (120, 1, 1), 48_120)]
    lenet += [("F6", (84,), 10_164), ("OUTPUT", (10,), 850)]
    equal(student.total_parameters, (lenet,), expected=61_706)
    small = [("C1", (3, 24, 24), 78), ("S2", (3, 12, 12), 0), ("OUTPUT", (10,), 4330)]
    equal(student.total_parameters, (small,), expected=4408)


@exercise("c3_parameters")
def test_c3_paper(student):
    """the table of 1998: six maps see three, nine see four, one sees all six"""
    seen = ["111000", "011100", "001110", "000111", "100011", "110001", "111100", "011110"]
    seen += ["001111", "100111", "110011", "111001", "110110", "011011", "101101", "111111"]
    connections = np.array([[int(bit) for bit in row] for row in seen])
    equal(student.c3_parameters, (connections,), expected=1516)


@exercise("c3_parameters")
def test_c3_full(student):
    """fully connected it is C3 of the slides, 2416; with kernels of 3×3; without connections"""
    equal(student.c3_parameters, (np.ones((16, 6), dtype=int),), expected=2416)
    equal(student.c3_parameters, (np.ones((16, 6), dtype=int), 3), expected=880)
    equal(student.c3_parameters, (np.zeros((16, 6), dtype=int),), expected=16)


@exercise("receptive_field")
def test_field_values(student):
    """one layer; LeNet-5 up to C3, where a unit sees 14×14 pixels; up to C5, where it sees all"""
    for layers, side in (
        ([(5, 1)], 5),
        ([(5, 1), (2, 2), (5, 1)], 14),
        ([(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)], 32),
    ):
        equal(student.receptive_field, (layers,), expected=side)


@exercise("receptive_field")
def test_field_small_kernels(student):
    """a stride counts for the layers after it; two layers of 3×3 see as much as one of 5×5"""
    equal(student.receptive_field, ([(3, 2), (5, 1)],), expected=11)
    equal(student.receptive_field, ([(3, 1), (3, 1)],), expected=5)
    equal(student.receptive_field, ([(3, 2), (3, 2)],), expected=7)


@exercise("alexnet_parameters")
def test_alexnet_two_groups(student):
    """the network of 2012, in two groups, which is the default"""
    equal(student.alexnet_parameters, expected=60_965_224)


@exercise("alexnet_parameters")
def test_alexnet_one_group(student):
    """in one group every filter sees all maps, in two it sees half of them"""
    equal(student.alexnet_parameters, (1,), expected=62_378_344)
    equal(student.alexnet_parameters, (2,), expected=60_965_224)


@exercise("top_k_error")
@pytest.mark.parametrize(("k", "error"), [(1, 0.5), (3, 0.25)])
def test_top_k_values(student, k, error):
    """k = {k}: four samples whose labels come first, third, first and fourth"""
    close(student.top_k_error, (SCORES, LABELS, k), expected=error)


@exercise("top_k_error")
def test_top_k_more_is_better(student):
    """the error never grows with k, and is 0 when all classes count"""
    errors = array([number(student.top_k_error(SCORES, LABELS, k), "top_k_error") for k in range(1, 6)])
    holds(bool(np.all(np.diff(errors) <= 0)), "the error grows with k: more classes can only help.")
    holds(errors[-1] == 0, "with k = 5 of five classes no label can be missed.")
    holds(errors[0] == 0.5, "with k = 1 two of the four labels are missed.")


@exercise("total_parameters", "c3_parameters", "top_k_error", weight=0)
def test_arguments_stay(student, name):
    """the arguments stay as they were"""
    args, expected = {
        "total_parameters": (([("C1", (6, 28, 28), 156), ("S2", (6, 14, 14), 0), ("OUTPUT", (10,), 850)],), 1006),
        "c3_parameters": ((np.ones((16, 6), dtype=int),), 2416),
        "top_k_error": ((SCORES.copy(), LABELS.copy(), 1), 0.5),
    }[name]
    unchanged(getattr(student, name), args, expected=expected)
