"""The public tests of 04_backprop: a network of three neurons worked out by hand, and what must always hold."""

import numpy as np

from autograder import Seed, array, close, equal, exercise, holds, several, unchanged

LN3 = np.log(3.0)  # σ(ln 3) = 3/4, σ'(ln 3) = 3/16
WEIGHTS = [np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[4.0, -2.0]])]
BIASES = [np.array([[0.0], [-LN3]]), np.array([[-2.0]])]
X = np.array([[LN3], [0.0]])  # z¹ = (ln 3, 0), a¹ = (3/4, 1/2), z² = 0, a² = 1/2
Y = np.array([[1.0]])
AND_X = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
AND_Y = np.array([[0.0, 0.0, 0.0, 1.0]])


@exercise("feedforward")
def test_feedforward_one_sample(student):
    """one sample through a network with two layers"""
    zs = [np.array([[LN3], [0.0]]), np.array([[0.0]])]
    activations = [X, np.array([[0.75], [0.5]]), np.array([[0.5]])]
    close(student.feedforward, (X, WEIGHTS, BIASES), expected=(zs, activations), terms=4)


@exercise("feedforward")
def test_feedforward_columns(student):
    """three samples, one in each column"""
    x = np.array([[LN3, 0.0, LN3], [0.0, LN3, LN3]])
    zs = [np.array([[LN3, 0.0, LN3], [0.0, 0.0, LN3]]), np.array([[0.0, -1.0, -0.5]])]
    activations = [x, np.array([[0.75, 0.5, 0.75], [0.5, 0.5, 0.75]]), np.array([[0.5, 0.2689414, 0.3775407]])]
    close(student.feedforward, (x, WEIGHTS, BIASES), expected=(zs, activations), terms=4)


@exercise("output_error")
def test_output_error_quadratic(student):
    """(a − y) σ'(z), with σ' = 3/16 and 1/4; it is the cost when none is named"""
    z = np.array([[LN3, 0.0], [-LN3, LN3]])
    a, y = np.array([[0.75, 0.5], [0.25, 0.75]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    expected = np.array([[-3 / 64, 1 / 8], [3 / 64, 9 / 64]])
    close(student.output_error, (a, y, z), expected=expected)
    close(student.output_error, (a, y, z), {"cost": "quadratic"}, expected=expected)


@exercise("output_error")
def test_output_error_cross_entropy(student):
    """a − y: σ' has cancelled"""
    z = np.array([[LN3, 0.0], [-LN3, LN3]])
    a, y = np.array([[0.75, 0.5], [0.25, 0.75]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    close(student.output_error, (a, y, z, "cross_entropy"), expected=np.array([[-0.25, 0.5], [0.25, 0.75]]))


@exercise("hidden_error")
def test_hidden_error_two_neurons(student):
    """one error goes back to two neurons"""
    delta, z = np.array([[0.5, -1.0]]), np.array([[LN3, 0.0], [0.0, -LN3]])
    expected = np.array([[3 / 8, -1.0], [-1 / 4, 3 / 8]])
    close(student.hidden_error, (WEIGHTS[1], delta, z), expected=expected)


@exercise("hidden_error")
def test_hidden_error_sum(student):
    """the errors of three neurons meet in one"""
    w, delta = np.array([[2.0], [-1.0], [4.0]]), np.array([[1.0], [0.5], [0.25]])
    close(student.hidden_error, (w, delta, np.array([[0.0]])), expected=np.array([[0.625]]))


@exercise("bias_gradient")
def test_bias_gradient_mean(student):
    """the mean of three samples, as a column"""
    delta = np.array([[1.0, 2.0, 6.0], [-1.0, 0.5, 0.5]])
    close(student.bias_gradient, (delta,), expected=np.array([[3.0], [0.0]]))


@exercise("weight_gradient")
def test_weight_gradient_mean(student):
    """two samples, two neurons, three inputs"""
    delta, a = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[1.0, 0.0], [2.0, 4.0], [-1.0, 3.0]])
    expected = np.array([[0.5, 5.0, 2.5], [0.25, -1.5, -1.75]])
    close(student.weight_gradient, (delta, a), expected=expected)


@exercise("backprop", weight=2)
def test_backprop_by_hand(student):
    """the network above with the target 1: all gradients, worked out by hand"""
    grad_w = [np.array([[-3 / 32 * LN3, 0.0], [1 / 16 * LN3, 0.0]]), np.array([[-3 / 32, -1 / 16]])]
    grad_b = [np.array([[-3 / 32], [1 / 16]]), np.array([[-1 / 8]])]
    close(student.backprop, (X, Y, WEIGHTS, BIASES), expected=(grad_w, grad_b), terms=4)


@exercise("backprop")
def test_backprop_cross_entropy(student):
    """the same network with the cross-entropy: all gradients are four times as large"""
    grad_w = [np.array([[-3 / 8 * LN3, 0.0], [1 / 4 * LN3, 0.0]]), np.array([[-3 / 8, -1 / 4]])]
    grad_b = [np.array([[-3 / 8], [1 / 4]]), np.array([[-1 / 2]])]
    close(student.backprop, (X, Y, WEIGHTS, BIASES, "cross_entropy"), expected=(grad_w, grad_b), terms=4)


@exercise("backprop")
def test_backprop_twice_the_sample(student):
    """a batch that holds the same sample three times has the gradient of one"""
    grad_w = [np.array([[-3 / 32 * LN3, 0.0], [1 / 16 * LN3, 0.0]]), np.array([[-3 / 32, -1 / 16]])]
    grad_b = [np.array([[-3 / 32], [1 / 16]]), np.array([[-1 / 8]])]
    args = (np.repeat(X, 3, axis=1), np.repeat(Y, 3, axis=1), WEIGHTS, BIASES)
    close(student.backprop, args, expected=(grad_w, grad_b), terms=4)


@exercise("sgd_step")
def test_sgd_two_layers(student):
    """eta = 1/2, two layers"""
    grad_w = [np.array([[2.0, -2.0], [0.0, 4.0]]), np.array([[-1.0, 6.0]])]
    grad_b = [np.array([[1.0], [-3.0]]), np.array([[8.0]])]
    weights = [np.array([[0.0, 1.0], [1.0, -1.0]]), np.array([[4.5, -5.0]])]
    biases = [np.array([[-0.5], [1.5 - LN3]]), np.array([[-6.0]])]
    close(student.sgd_step, (WEIGHTS, BIASES, grad_w, grad_b, 0.5), expected=(weights, biases))


@exercise("momentum_step")
def test_momentum_two_steps(student):
    """two steps with the same gradient: the second is longer"""
    grad = np.array([2.0, -4.0])
    w, v = np.array([1.0, 1.0]), np.array([0.0, 0.0])
    close(student.momentum_step, (w, v, grad, 0.25, 0.5), expected=(np.array([0.5, 2.0]), np.array([-0.5, 1.0])))
    w, v = np.array([0.5, 2.0]), np.array([-0.5, 1.0])
    close(student.momentum_step, (w, v, grad, 0.25, 0.5), expected=(np.array([-0.25, 3.5]), np.array([-0.75, 1.5])))


@exercise("adam_step")
def test_adam_first_step(student):
    """the first step has the length eta, whatever the gradient"""
    w, grad, zero = np.array([1.0, -2.0, 0.0]), np.array([4.0, -0.5, 100.0]), np.zeros(3)
    expected = (np.array([0.75, -1.75, -0.25]), 0.1 * grad, 0.001 * grad**2)
    close(student.adam_step, (w, zero, zero, grad, 1), {"eta": 0.25}, expected=expected)


@exercise("adam_step")
def test_adam_second_step(student):
    """a second step, with betas of 1/2 and 3/4 and a large eps"""
    w, m, v = np.array([1.0]), np.array([0.5]), np.array([0.25])
    # m = 0.75, v = 0.4375; corrected: 1 and 1
    args = (w, m, v, np.array([1.0]), 2, 0.5, 0.5, 0.75, 1.0)
    close(student.adam_step, args, expected=(np.array([0.75]), np.array([0.75]), np.array([0.4375])))


@exercise("iterations_per_epoch")
def test_iterations_values(student):
    """the slides' 1000 images in batches of 20; one image more; fewer images than a batch"""
    for n, batch_size, count in ((1000, 20, 50), (1001, 20, 51), (5, 8, 1)):
        equal(student.iterations_per_epoch, (n, batch_size), expected=count)


@exercise("mini_batches")
def test_batches_sizes(student):
    """ten samples in batches of four: 4, 4 and 2 of them, each sample once"""
    batches = several(student.mini_batches(10, 4, Seed(1)), 3)
    batches = [array(batch, f"batch {number + 1}", ndim=1) for number, batch in enumerate(batches)]
    holds([batch.size for batch in batches] == [4, 4, 2], "ten samples in batches of 4 make batches of 4, 4 and 2.")
    holds(sorted(np.concatenate(batches)) == list(range(10)), "each index from 0 to n − 1 must occur once.")


@exercise("mini_batches")
def test_batches_shuffled(student):
    """a hundred samples do not come in their order"""
    batches = several(student.mini_batches(100, 10, Seed(2)), 10)
    order = np.concatenate([array(batch, f"batch {number + 1}", ndim=1) for number, batch in enumerate(batches)])
    holds(sorted(order) == list(range(100)), "each index from 0 to n − 1 must occur once.")
    holds(list(order) != list(range(100)), "the samples come in their order. Shuffle them.")


@exercise("train_network", seconds=60)
def test_train_shapes(student):
    """a list of weights and a list of biases; without a learning rate they are the start: N(0, 1/n_in) and 0"""
    weights, biases = several(student.train_network(np.ones((3, 6)), np.ones((2, 6)), [3, 4, 2], 1, 2, 0.0, Seed(1)), 2)
    shapes = [(4, 3), (2, 4)], [(4, 1), (2, 1)]
    weights = [array(w, f"weights[{i}]", shape=shapes[0][i]) for i, w in enumerate(several(weights, 2, "the weights"))]
    biases = [array(b, f"biases[{i}]", shape=shapes[1][i]) for i, b in enumerate(several(biases, 2, "the biases"))]
    holds(all(len(np.unique(w)) == w.size for w in weights), "the weights must start as random numbers, each its own.")
    holds(all(np.all(b == 0) for b in biases), "the biases must start as 0.")


@exercise("train_network", weight=2, seconds=60)
def test_train_and(student):
    """a single neuron learns AND in 300 epochs"""
    args = (AND_X, AND_Y, [2, 1], 300, 2, 5.0, Seed(3))
    weights, biases = several(student.train_network(*args), 2)
    (w,), (b,) = several(weights, 1, "the weights"), several(biases, 1, "the biases")
    z = array(w, "weights[0]", shape=(1, 2)) @ AND_X + array(b, "biases[0]", shape=(1, 1))
    holds(bool(np.all((z > 0) == AND_Y)), "the network has not learned AND: an answer lies on the wrong side of 1/2.")


@exercise("hidden_error", "bias_gradient")
def test_given_arrays_stay(student, name):
    """the arguments stay as they were"""
    delta = np.array([[0.5, -1.0, 0.25], [2.0, 0.0, -0.75]])
    if name == "bias_gradient":
        unchanged(student.bias_gradient, (delta,), expected=np.array([[-1 / 12], [5 / 12]]))
    else:
        w, z = np.array([[1.0], [2.0]]), np.zeros((1, 3))
        unchanged(student.hidden_error, (w, delta, z), expected=np.array([[1.125, -0.25, -0.3125]]))
