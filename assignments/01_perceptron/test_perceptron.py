"""The public tests of 01_perceptron: numbers of the slides and numbers you can check by hand."""

import numpy as np
import pytest

from autograder import array, close, equal, exercise, holds, number, raises, several, unchanged

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
P = np.array([[1.0, 2.0], [-1.0, 2.0], [0.0, -1.0]])  # the slides' test problem
T = np.array([1, 0, 0])


@exercise("threshold_unit")
def test_threshold_and(student):
    """two inputs of weight 1 and the threshold 1 make an AND"""
    equal(student.threshold_unit, (CORNERS, np.array([1.0, 1.0]), 1), expected=np.array([0, 0, 0, 1]))


@exercise("threshold_unit")
def test_threshold_one_sample(student):
    """one sample gives one number"""
    x, w = np.array([2.0, -0.5, 1.0]), np.array([0.5, -1.0, 0.5])
    equal(student.threshold_unit, (x, w, 1.5), expected=1)
    equal(student.threshold_unit, (x, w, 2.5), expected=0)


@exercise("threshold_unit")
def test_threshold_reached(student):
    """a sum equal to the threshold does not fire, one above it does"""
    x = np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0], [-1.0, 2.5], [0.0, 4.5]])
    equal(student.threshold_unit, (x, np.array([0.5, 0.25]), 1.0), expected=np.array([0, 1, 0, 0, 1]))


@exercise("threshold_unit")
def test_threshold_negative(student):
    """a negative threshold, negative weights"""
    x = np.array([[1.0, 0.0], [0.25, 0.0], [0.0, 3.0], [1.0, 1.0], [0.0, -0.5], [2.0, 3.5]])
    equal(student.threshold_unit, (x, np.array([-2.0, 1.0]), -0.5), expected=np.array([0, 0, 1, 0, 0, 0]))


@exercise("perceptron_predict")
def test_predict_slides_line(student):
    """the slides' line p1 + p2 - 1 = 0, which runs through two of the corners"""
    equal(student.perceptron_predict, (CORNERS, np.array([1.0, 1.0]), -1), expected=np.array([0, 0, 0, 1]))


@exercise("perceptron_predict")
def test_predict_one_sample(student):
    """one sample gives one number"""
    x, w = np.array([0.5, -1.0, 2.0]), np.array([2.0, 0.5, 0.0])
    equal(student.perceptron_predict, (x, w, -0.25), expected=1)
    equal(student.perceptron_predict, (x, w, -0.75), expected=0)


@exercise("perceptron_predict")
def test_predict_boundary(student):
    """0 on the boundary, 1 just beyond it"""
    x = np.array([[0.0, 0.5], [1.0, 2.5], [0.25, 1.0], [0.0, 0.25], [1.0, 3.0], [-0.5, -0.75], [0.5, 0.75]])
    expected = np.array([0, 0, 0, 1, 0, 1, 1])
    equal(student.perceptron_predict, (x, np.array([2.0, -1.0]), 0.5), expected=expected)


@exercise("perceptron_update")
@pytest.mark.parametrize(
    ("w", "b", "p", "t", "new_w", "new_b"),
    [
        ([1.0, -0.8], 0, [1.0, 2.0], 1, [2.0, 1.2], 1),
        ([2.0, 1.2], 1, [-1.0, 2.0], 0, [3.0, -0.8], 0),
        ([3.0, -0.8], 0, [0.0, -1.0], 0, [3.0, 0.2], -1),
    ],
)
def test_update_slides_steps(student, w, b, p, t, new_w, new_b):
    """the slides' test problem: the update by p = {p}"""
    close(student.perceptron_update, (np.array(w), b, np.array(p), t), expected=(np.array(new_w), new_b))


@exercise("perceptron_update")
def test_update_right_answer(student):
    """a pattern that is already right changes nothing, a wrong one does"""
    w = np.array([3.0, 0.25])
    for p, t in (([1.0, 2.0], 1), ([-1.0, 2.0], 0), ([0.25, 0.5], 0)):
        close(student.perceptron_update, (w, -1, np.array(p), t), expected=(np.array([3.0, 0.25]), -1))
    close(student.perceptron_update, (w, -1, np.array([1.0, 0.0]), 0), expected=(np.array([2.0, 0.25]), -2))


@exercise("perceptron_update")
def test_update_boundary(student):
    """a pattern exactly on the boundary is answered with 0"""
    w, p = np.array([1.0, -0.5]), np.array([1.0, 3.0])
    close(student.perceptron_update, (w, 0.5, p, 1), expected=(np.array([2.0, 2.5]), 1.5))
    close(student.perceptron_update, (w, 0.5, p, 0), expected=(np.array([1.0, -0.5]), 0.5))


@exercise("perceptron_update")
def test_update_arguments(student):
    """weights and pattern stay as they were"""
    args = (np.array([1.0, -0.8]), 0, np.array([1.0, 2.0]), 1)
    unchanged(student.perceptron_update, args, expected=(np.array([2.0, 1.2]), 1))
    args = (np.array([2.0, 1.2]), 1, np.array([-1.0, 2.0]), 0)
    unchanged(student.perceptron_update, args, expected=(np.array([3.0, -0.8]), 0))


@exercise("perceptron_train", weight=2)
def test_train_slides_problem(student):
    """the slides' test problem: three mistakes, then a clean epoch"""
    expected = (np.array([3.0, 0.2]), -1, np.array([3, 0]))
    close(student.perceptron_train, (P, T, np.array([1.0, -0.8]), 0), expected=expected)


@exercise("perceptron_train")
def test_train_nothing_to_learn(student):
    """weights that are already right stay, after one clean epoch; wrong ones do not"""
    expected = (np.array([3.0, 0.25]), -1, np.array([0]))
    close(student.perceptron_train, (P, T, np.array([3.0, 0.25]), -1), expected=expected)
    expected = (np.array([3.0, 0.2]), -1, np.array([3, 0]))
    close(student.perceptron_train, (P, T, np.array([1.0, -0.8]), 0), expected=expected)


@exercise("perceptron_train", weight=2)
def test_train_or(student):
    """OR from zero weights takes four epochs"""
    expected = (np.array([1.0, 1.0]), 0, np.array([1, 2, 1, 0]))
    args = (CORNERS, np.array([0, 1, 1, 1]), np.array([0.0, 0.0]), 0)
    close(student.perceptron_train, args, expected=expected)


@exercise("perceptron_train")
@pytest.mark.parametrize(("epochs", "mistakes"), [(1, [2]), (5, [2, 3, 4, 4, 4])])
def test_train_gives_up(student, epochs, mistakes):
    """XOR is never learned: the training stops after max_epochs = {epochs}"""
    expected = (np.array([-1.0, 0.0]), 0 if epochs == 1 else 1, np.array(mistakes))
    args = (CORNERS, np.array([0, 1, 1, 0]), np.array([0.0, 0.0]), 0)
    close(student.perceptron_train, args, {"max_epochs": epochs}, expected=expected)


@exercise("perceptron_train")
def test_train_arguments(student):
    """patterns, targets and first weights stay as they were"""
    expected = (np.array([3.0, 0.2]), -1, np.array([3, 0]))
    unchanged(student.perceptron_train, (P, T, np.array([1.0, -0.8]), 0), expected=expected)


def unit_outputs(x: np.ndarray, w: np.ndarray, b: np.ndarray | float) -> np.ndarray:
    """What perceptrons answer: 1 on a strictly positive net input. w is one unit (d,) or a layer (h, d)."""
    with np.errstate(all="ignore"):  # huge weights are a student's right
        return (x @ w.T + b > 0).astype(int)


@exercise("gate", weight=2)
@pytest.mark.parametrize(("name", "table"), [("AND", [0, 0, 0, 1]), ("OR", [0, 1, 1, 1]), ("NAND", [1, 1, 1, 0])])
def test_gate_truth_table(student, name, table):
    """a perceptron with the weights of {name} computes its truth table"""
    w, b = several(student.gate(name), 2, f'gate("{name}")')
    outputs = unit_outputs(CORNERS, array(w, "w", shape=(2,)), number(b, "b")).tolist()
    message = f"for (0,0), (0,1), (1,0), (1,1) your {name} answers {outputs}, the truth table says {table}"
    holds(outputs == table, message)


@exercise("gate", weight=0.5)
def test_gate_unknown(student):
    """a name that is no gate of ours raises ValueError, a gate's own name does not"""
    several(student.gate("AND"), 2, 'gate("AND")')
    raises(student.gate, ("MAYBE",), error=ValueError)


@exercise("gate", weight=0)
def test_gate_small_letters(student):
    """a name in small letters raises ValueError, too"""
    several(student.gate("AND"), 2, 'gate("AND")')
    raises(student.gate, ("and",), error=ValueError)


def network_layers(network: object) -> list[tuple[np.ndarray, np.ndarray]]:
    """The two layers, each of the shape the contract wants, whatever came back."""
    hidden, output = several(network, 2, "the network (a list of two layers)")
    W1, b1 = several(hidden, 2, "the first layer (W1, b1)")
    W2, b2 = several(output, 2, "the second layer (W2, b2)")
    W1 = array(W1, "W1", shape=(None, 2))
    h = len(W1)
    b1, W2, b2 = array(b1, "b1", shape=(h,)), array(W2, "W2", shape=(1, h)), array(b2, "b2", shape=(1,))
    return [(W1, b1), (W2, b2)]


@exercise("xor_network", weight=3)
def test_xor_truth_table(student):
    """two layers of perceptrons compute XOR at the four corners"""
    outputs = CORNERS
    for W, b in network_layers(student.xor_network()):
        outputs = unit_outputs(outputs, W, b)
    answers = outputs[:, 0].tolist()
    message = f"for (0,0), (0,1), (1,0), (1,1) your network answers {answers}, XOR is [0, 1, 1, 0]"
    holds(answers == [0, 1, 1, 0], message)


@exercise("delta_rule")
def test_delta_two_outputs(student):
    """two outputs, three inputs, by hand"""
    W, x = np.array([[1.0, 0.0, -1.0], [0.5, 2.0, 1.0]]), np.array([2.0, -1.0, 3.0])  # o = (-1, 2)
    expected = np.array([[2.0, -0.5, 0.5], [0.0, 2.25, 0.25]])
    close(student.delta_rule, (W, x, np.array([1.0, 1.0]), 0.25), expected=expected, terms=3)


@exercise("delta_rule")
def test_delta_square(student):
    """as many outputs as inputs"""
    W, x = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([1.0, -2.0])  # o = (-3, 2)
    expected = np.array([[2.5, -1.0], [-0.5, 0.0]])
    close(student.delta_rule, (W, x, np.array([0.0, 1.0]), 0.5), expected=expected, terms=2)


@exercise("delta_rule")
def test_delta_whole_way(student):
    """a learning rate of 1/‖x‖² reaches the targets in one step"""
    x, t = np.array([1.0, -1.0, 1.0, 1.0]), np.array([2.0, -1.0, 0.5])
    W = np.array([[0.5, 1.0, -1.0, 0.0], [2.0, 0.0, 1.0, -0.5], [0.0, -1.5, 1.0, 1.0]])
    updated = array(student.delta_rule(W, x, t, 0.25), "the new W", shape=(3, 4))
    with np.errstate(all="ignore"):
        reached = np.abs(updated @ x - t).max() < 1e-5
    holds(reached, "after the step W x should be t, and is not")


@exercise("delta_rule")
def test_delta_arguments(student):
    """the weights handed in stay as they were"""
    W, x = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([1.0, -2.0])
    expected = np.array([[2.5, -1.0], [-0.5, 0.0]])
    unchanged(student.delta_rule, (W, x, np.array([0.0, 1.0]), 0.5), expected=expected, terms=2)


@exercise("boundary_distance")
def test_distance_one_sample(student):
    """one sample gives one number, negative on the side of the zeros"""
    for x, distance in (([1.0, 2.0], -2.0), ([5.0, 0.0], 2.0), ([3.0, 1.0], 0.0)):
        close(student.boundary_distance, (np.array(x), np.array([3.0, -4.0]), -5.0), expected=distance, terms=2)


@exercise("boundary_distance")
def test_distance_or_gate(student):
    """the slides' OR gate: the corners, and a point on its line"""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.5]])
    expected = np.array([-0.35355339, 0.35355339, 0.35355339, 1.06066017, 0.0])
    close(student.boundary_distance, (x, np.array([0.5, 0.5]), -0.25), expected=expected, terms=2)


@exercise("boundary_distance")
@pytest.mark.parametrize("factor", [0.5, 10.0])
def test_distance_scaled_weights(student, factor):
    """w and b times {factor} describe the same line"""
    x = np.array([[1.0, 2.0], [5.0, 0.0], [4.0, -2.0]])
    w, b = factor * np.array([3.0, -4.0]), factor * -5.0
    close(student.boundary_distance, (x, w, b), expected=np.array([-2.0, 2.0, 3.0]), terms=2)
