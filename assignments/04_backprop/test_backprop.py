"""The public tests of 04_backprop: a network of three neurons worked out by hand, and what must always hold."""

import itertools

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
    close(student.output_error, (a, y, z), {"cost": "quadratic"}, expected=expected)
    close(student.output_error, (a, y, z), expected=expected)


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
    """the mean of four samples, as a column"""
    delta = np.array([[1.0, 2.0, 6.0, 3.0], [-1.0, 0.5, 0.5, 2.0]])
    close(student.bias_gradient, (delta,), expected=np.array([[3.0], [0.5]]))


@exercise("weight_gradient")
def test_weight_gradient_mean(student):
    """four samples, two neurons, three inputs"""
    delta = np.array([[1.0, 2.0, 0.0, 1.0], [0.5, -1.0, 2.0, 0.0]])
    a = np.array([[1.0, 0.0, 2.0, 3.0], [2.0, 4.0, 0.0, 2.0], [-1.0, 3.0, 1.0, 0.0]])
    expected = np.array([[1.0, 3.0, 1.25], [1.125, -0.75, -0.375]])
    close(student.weight_gradient, (delta, a), expected=expected)


@exercise("backprop", weight=2)
def test_backprop_by_hand(student):
    """the network above with the target 1, by hand; its last layer alone; and a third layer behind it"""
    grad_w = [np.array([[-3 / 32 * LN3, 0.0], [1 / 16 * LN3, 0.0]]), np.array([[-3 / 32, -1 / 16]])]
    grad_b = [np.array([[-3 / 32], [1 / 16]]), np.array([[-1 / 8]])]
    close(student.backprop, (X, Y, WEIGHTS, BIASES), expected=(grad_w, grad_b), terms=4)
    last = (np.array([[0.75], [0.5]]), Y, WEIGHTS[1:], BIASES[1:])
    close(student.backprop, last, expected=(grad_w[1:], grad_b[1:]), terms=4)
    # z³ = 0, a³ = 1/2: the error -1/8 goes back as -1/8 · 2 · 1/4, half of what it was
    three = (X, Y, [*WEIGHTS, np.array([[2.0]])], [*BIASES, np.array([[-1.0]])])
    grad_w, grad_b = [w / 2 for w in grad_w], [b / 2 for b in grad_b]
    expected = ([*grad_w, np.array([[-1 / 16]])], [*grad_b, np.array([[-1 / 8]])])
    close(student.backprop, three, expected=expected, terms=4)


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
    """the first step has the length eta, whatever the gradient; eta is 0.001 if none is given"""
    w, grad, zero = np.array([1.0, -2.0, 0.0]), np.array([4.0, -0.5, 100.0]), np.zeros(3)
    expected = (np.array([0.75, -1.75, -0.25]), 0.1 * grad, 0.001 * grad**2)
    close(student.adam_step, (w, zero, zero, grad, 1), {"eta": 0.25}, expected=expected)
    expected = (np.array([-0.001, 0.001, -0.001]), 0.1 * grad, 0.001 * grad**2)
    close(student.adam_step, (zero, zero, zero, grad, 1), expected=expected)


@exercise("adam_step")
def test_adam_second_step(student):
    """a second step, with betas of 1/2 and 3/4 and a large eps"""
    w, m, v = np.array([1.0]), np.array([0.5]), np.array([2.0])
    # m = 0.75, v = 1.75; corrected: 1 and 4; the step is 0.5 · 1/(2 + 2)
    args = (w, m, v, np.array([1.0]), 2, 0.5, 0.5, 0.75, 2.0)
    close(student.adam_step, args, expected=(np.array([0.875]), np.array([0.75]), np.array([1.75])))


@exercise("iterations_per_epoch")
def test_iterations_values(student):
    """the slides' 1000 images in batches of 20; 19 images more; one image more; fewer images than a batch"""
    for n, batch_size, count in ((1000, 20, 50), (1019, 20, 51), (1001, 20, 51), (5, 8, 1)):
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
    """a hundred samples do not come in their order, and not in one order for every rng"""
    orders = []
    for seed in (2, 3):
        batches = several(student.mini_batches(100, 10, Seed(seed)), 10)
        batches = [array(batch, f"batch {number + 1}", ndim=1) for number, batch in enumerate(batches)]
        order = list(np.concatenate(batches))
        holds(sorted(order) == list(range(100)), "each index from 0 to n − 1 must occur once.")
        holds(order != list(range(100)), "the samples come in their order. Shuffle them.")
        blocks = all(np.ptp(batch) == 9 for batch in batches)
        holds(not blocks, "each batch holds ten neighbours. Shuffle all samples, then cut them into batches.")
        orders.append(order)
    holds(orders[0] != orders[1], "another rng gave the same batches. Draw from rng.")


@exercise("train_network", seconds=60)
def test_train_shapes(student):
    """a list of weights and a list of biases; without a learning rate they are the start: N(0, 1/n_in) and 0"""
    weights, biases = several(student.train_network(np.ones((3, 6)), np.ones((2, 6)), [3, 4, 2], 1, 2, 0.0, Seed(1)), 2)
    shapes = [(4, 3), (2, 4)], [(4, 1), (2, 1)]
    weights = [array(w, f"weights[{i}]", shape=shapes[0][i]) for i, w in enumerate(several(weights, 2, "the weights"))]
    biases = [array(b, f"biases[{i}]", shape=shapes[1][i]) for i, b in enumerate(several(biases, 2, "the biases"))]
    holds(all(len(np.unique(w)) == w.size for w in weights), "the weights must start as random numbers, each its own.")
    holds(all(np.all(b == 0) for b in biases), "the biases must start as 0.")
    # The deviation of 40,000 weights is within 2 % of the right one, except with a probability below 1e-7.
    starts = [
        several(student.train_network(np.ones((100, 1)), np.ones((400, 1)), [100, 400], 1, 1, 0.0, Seed(seed)), 2)
        for seed in (1, 2)
    ]
    first, other = (array(several(w, 1, "the weights")[0], "weights[0]", shape=(400, 100)) for w, _ in starts)
    holds(not np.array_equal(first, other), "another rng gave the same weights. Draw from rng.")
    deviation = f"with 100 inputs the standard deviation of the weights must be 0.1, and it is {first.std():.2g}."
    holds(abs(first.std() - 0.1) < 0.005, deviation)


@exercise("train_network", weight=2, seconds=60)
def test_train_and(student):
    """a single neuron learns AND in 300 epochs"""
    args = (AND_X, AND_Y, [2, 1], 300, 2, 5.0, Seed(3))
    weights, biases = several(student.train_network(*args), 2)
    (w,), (b,) = several(weights, 1, "the weights"), several(biases, 1, "the biases")
    z = array(w, "weights[0]", shape=(1, 2)) @ AND_X + array(b, "biases[0]", shape=(1, 1))
    holds(bool(np.all((z > 0) == AND_Y)), "the network has not learned AND: an answer lies on the wrong side of 1/2.")


def step(net: tuple[np.ndarray, np.ndarray], x: np.ndarray, y: np.ndarray, eta: float) -> tuple[np.ndarray, np.ndarray]:
    """A single neuron after a step down the mean gradient of the samples x, targets y."""
    w, b = net
    a = 1 / (1 + np.exp(-(w @ x + b)))
    delta = (a - y) * a * (1 - a)
    return w - eta * delta @ x.T / x.shape[1], b - eta * delta.mean(axis=1, keepdims=True)


def neuron(student, x: np.ndarray, y: np.ndarray, *settings) -> tuple[np.ndarray, np.ndarray]:
    """The weights and the bias of a single neuron that was trained."""
    weights, biases = several(student.train_network(x, y, [len(x), 1], *settings), 2)
    (w,), (b,) = several(weights, 1, "the weights"), several(biases, 1, "the biases")
    return array(w, "weights[0]", shape=(1, len(x))), array(b, "biases[0]", shape=(1, 1))


def near(net: tuple[np.ndarray, np.ndarray], wanted: tuple[np.ndarray, np.ndarray]) -> bool:
    return all(np.allclose(a, b, rtol=0, atol=2e-5) for a, b in zip(net, wanted, strict=True))


@exercise("train_network", weight=0, seconds=60)
def test_train_mean_step(student):
    """a batch of all samples: one step down the mean gradient, in every layer"""
    y = np.array([[0.0, 0.25, 0.5, 1.0]])
    start = neuron(student, AND_X, y, 1, 4, 0.0, Seed(3))
    moved = neuron(student, AND_X, y, 1, 4, 2.0, Seed(3))
    holds(near(moved, step(start, AND_X, y, 2.0)), "an epoch of one batch is one step down the mean gradient.")
    deep = [several(student.train_network(AND_X, y, [2, 3, 1], 1, 4, eta, Seed(3)), 2) for eta in (0.0, 2.0)]
    before, after = (array(several(weights, 2, "the weights")[0], "weights[0]", shape=(3, 2)) for weights, _ in deep)
    holds(not np.allclose(before, after, rtol=0, atol=1e-8), "the weights of the first layer have not moved.")


@exercise("train_network", weight=0, seconds=60)
def test_train_batches(student):
    """three samples in batches of two: a step for a pair, and one for the sample that is left"""
    x, y = np.array([[1.0, -2.0, 0.5]]), np.array([[1.0, 0.25, 0.0]])
    start = neuron(student, x, y, 1, 2, 0.0, Seed(4))
    moved = neuron(student, x, y, 1, 2, 2.0, Seed(4))
    wanted = []
    for left in range(3):
        pair = [i for i in range(3) if i != left]
        wanted.append(step(step(start, x[:, pair], y[:, pair], 2.0), x[:, [left]], y[:, [left]], 2.0))
    holds(any(near(moved, net) for net in wanted), "no pair and third sample lead to these weights in two steps.")


@exercise("train_network", weight=0, seconds=60)
def test_train_orders(student):
    """each epoch has an order of its own"""
    # Two samples, one after the other, for two epochs. A right answer has the same first order, or the same order in
    # both epochs, for all of 36 seeds with a probability below 1e-10.
    x, y, firsts, changes = np.array([[1.0, -2.0]]), np.array([[1.0, 0.25]]), set(), set()
    for seed in range(36):
        start = neuron(student, x, y, 1, 1, 0.0, Seed(seed))
        moved = neuron(student, x, y, 2, 1, 4.0, Seed(seed))
        orders = []
        for first, second in itertools.product((0, 1), repeat=2):
            net = start
            for i in (first, 1 - first, second, 1 - second):
                net = step(net, x[:, [i]], y[:, [i]], 4.0)
            orders += [(first, second)] if near(moved, net) else []
        holds(bool(orders), "two epochs of two samples must learn from each sample once in each epoch.")
        firsts.add(orders[0][0])
        changes.add(orders[0][0] != orders[0][1])
    holds(len(firsts) == 2, "the samples come in the same order for every rng. Shuffle them.")
    holds(len(changes) == 2, "both epochs have the same order. Make new mini-batches for each epoch.")


@exercise("hidden_error", "bias_gradient")
def test_given_arrays_stay(student, name):
    """the arguments stay as they were"""
    delta = np.array([[0.5, -1.0, 0.25], [2.0, 0.0, -0.75]])
    if name == "bias_gradient":
        unchanged(student.bias_gradient, (delta,), expected=np.array([[-1 / 12], [5 / 12]]))
    else:
        w, z = np.array([[1.0], [2.0]]), np.zeros((1, 3))
        unchanged(student.hidden_error, (w, delta, z), expected=np.array([[1.125, -0.25, -0.3125]]))


@exercise(
    "feedforward",
    "output_error",
    "weight_gradient",
    "backprop",
    "sgd_step",
    "momentum_step",
    "adam_step",
    weight=0,
)
def test_arguments_stay(student, name):
    """the arguments stay as they were"""
    one, half, two = np.array([[1.0]]), np.array([[0.5]]), np.array([[2.0]])
    layer = ([two.copy()], [one.copy()])  # of a single neuron
    args, expected = {
        "feedforward": ((-half, *layer), ([np.array([[0.0]])], [-half, half])),
        "output_error": ((half, one, np.array([[0.0]])), np.array([[-1 / 8]])),
        "weight_gradient": ((one, two), two),
        "backprop": ((-half, one, *layer), ([np.array([[1 / 16]])], [np.array([[-1 / 8]])])),
        "sgd_step": ((*layer, [one], [two], 0.5), ([np.array([[1.5]])], [np.array([[0.0]])])),
        "momentum_step": ((one, two, half, 0.5, 0.25), (np.array([[1.25]]), np.array([[0.25]]))),
        "adam_step": (
            (one, half, two, one, 2, 0.5, 0.5, 0.75, 2.0),
            (np.array([[0.875]]), 1.5 * half, np.array([[1.75]])),
        ),
    }[name]
    unchanged(getattr(student, name), args, expected=expected)
