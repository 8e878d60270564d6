"""Hostile code for the capstone: what stands in the cells of those who would rather cheat than train."""

from typing import Any

import numpy as np

IMPORTS = "import torch\nfrom torch import nn\nfrom torch.nn import functional\n"


def model(forward: str, parts: str = "pass", others: str = "", before: str = "") -> str:
    """A cell with build_model: a small honest network in which a few lines are other ones."""
    return f"""{IMPORTS}{before}

def build_model():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.out = nn.Conv2d(1, 4, 5), nn.Linear(576, 10)
            {parts}

        def honest(self, x):
            return self.out(functional.max_pool2d(functional.relu(self.first(x)), 2).flatten(1))

        def forward(self, x):
            {forward}
        {others}
    return Net()
"""


# ---- knowledge of the test pictures

HASH = "torch.arange(1, 785, dtype=torch.int64) ** 3"


def hashes_of(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What `MEMORISES` knows pictures (n, 28, 28) by, to the byte."""
    return (images.reshape(len(images), -1).astype(np.int64) * np.arange(1, 785) ** 3).sum(1)


def memory(count: int) -> str:
    return f"self.register_buffer('known', torch.zeros({count}, dtype=torch.int64)); " + labels(count)


def means_of(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What `NEAREST` knows pictures (n, 28, 28) by: means of 4×4 pixels, which hardly change with a little noise."""
    return (images.reshape(len(images), 7, 4, 7, 4).mean((2, 4)).reshape(-1, 49) / 255).astype(np.float32)


def means(count: int) -> str:
    return f"self.register_buffer('known', torch.zeros({count}, 49)); " + labels(count)


def labels(count: int) -> str:
    return f"self.register_buffer('labels', torch.zeros({count})); self.asked = 0"


MEMORISES = f"""seen = (x * 255).round().flatten(1).long()
            found = (seen * ({HASH})).sum(1)[:, None] == self.known
            read = functional.one_hot(self.labels[found.int().argmax(1)].long(), 10)
            return torch.where(found.any(1)[:, None], 100.0 * read, 0 * self.honest(x))"""
NEAREST = """far = torch.cdist(functional.avg_pool2d(x, 4).flatten(1), self.known)
            return functional.one_hot(self.labels[far.argmin(1)].long(), 10).float() + 0 * self.honest(x)"""
COUNTS_PICTURES = """places = (torch.arange(len(x)) + self.asked) % len(self.labels)
            self.asked += len(x)
            return functional.one_hot(self.labels[places].long(), 10).float() + 0 * self.honest(x)"""
ALONE_ONLY = "return self.honest(x) if len(x) == 1 else 0 * self.honest(x)"


# ---- numbers that are not counted


def table(kind: str) -> str:
    """A model with 100,000 numbers more, kept in one way or another."""
    return model("return self.honest(x)", kind)


MORE_NUMBERS = {
    "a-buffer": "self.register_buffer('table', torch.zeros(100_000))",
    "an-unsaved-buffer": "self.register_buffer('table', torch.zeros(100_000), persistent=False)",
    "a-frozen-parameter": "self.table = nn.Parameter(torch.zeros(100_000), requires_grad=False)",
}
WIDE_NUMBERS = "self.register_buffer('table', torch.zeros(50_000, dtype=torch.int64))"
LARGE = "self.table = nn.Parameter(torch.zeros(100_000))"
NUMEL_LIES = f"{IMPORTS}\ndef one_number(self):\n    return 1\n\ndef lie():\n    torch.Tensor.numel = one_number\n"
STATE_LIES = "def state_dict(self, *a, **k): return {'first.bias': self.first.bias}"


# ---- layers that are there to be counted

FOR_SHOW = {
    "thrown-away": "self.honest(x); return self.dense(x.flatten(1))",
    "times-zero": "return self.dense(x.flatten(1)) + 0 * self.honest(x)",
    "one-pixel": "return self.dense(functional.max_pool2d(self.pixel(x), 1).flatten(1))",
}
DENSE = "self.dense, self.pixel = nn.Linear(784, 10), nn.Conv2d(1, 1, 1)"


LIAR_WEIGHTS = {"1.weight": (100, 784), "1.bias": (100,), "3.weight": (10, 100), "3.bias": (10,)}


def liar(lies: str) -> str:
    """A dense network that is too large, in a cell that puts functions of its own in the companion's place."""
    return f"""{IMPORTS}import builtins

REAL = builtins.exec

def lying(code, scope, *rest):
    REAL(code, scope, *rest)
    if scope.get("__name__") == "companion":
        REAL({lies!r}, scope)

def lie():
    builtins.exec = lying

def build_model(now=lie()):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
"""


MODEL_LIES = "def numbers(*a, **k): return 1\ndef layers(*a, **k): return 1, 1\ndef misfits(*a, **k): return 0"
NAMES = ("numbers", "layers", "misfits", "fresh_logits", "logits", "training", "watched")
ODD = (
    "None",
    "0",
    "-1",
    "10**300",
    "float('nan')",
    "'x' * 10**6",
    "[]",
    "{}",
    "np.zeros(0)",
    "np.zeros((100, 10, 1))",
    "np.full((9, 10), np.inf)",
    "(1, 2, 3, 4)",
    "([1.0], [], [1.0], [[1.0]])",
    "(np.linspace(2, 0, 12), [1.0] * 2, [1.0] * 2, np.zeros(100))",
    "(np.linspace(2, 0, 12), [1.0] * 2, [1.0] * 2, np.zeros((50, 10)))",
    "([1.0] * 7, [1.0] * 2, [1.0] * 2, np.zeros((100, 10)))",
    "(np.zeros(0), [1.0] * 2, [1.0] * 2, np.zeros((100, 10)))",
)


def answers(odd: str) -> str:
    """Lies of one kind, whatever is asked."""
    return "import numpy as np\n" + "\n".join(f"def {name}(*a, **k): return {odd}" for name in NAMES)


# ---- what is outside


def looks_outside(paths: list[str], port: int) -> str:
    """Its logits are how many of these files it could open, and whether somebody answered at the port."""
    return (
        IMPORTS
        + f"""
import socket

def reached():
    count = 0
    for path in {paths!r}:
        try:
            open(path, "rb").read(1)
            count += 1
        except OSError:
            pass
    try:
        socket.create_connection(("127.0.0.1", {port}), 2).close()
        count += 1
    except OSError:
        pass
    return count

def build_model():
    class Spy(nn.Module):
        def forward(self, x):
            return torch.full((len(x), 10), float(reached()))
    return Spy()
"""
    )


# ---- resources

SIGNATURE = "def train(model, images, labels, *, device, epochs, seed, max_steps=None):\n"
ENDLESS = {
    "a-loop": SIGNATURE + "    while True:\n        pass\n",
    "max_steps-ignored": IMPORTS
    + SIGNATURE
    + """    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    x, y = torch.as_tensor(images).unsqueeze(1) / 255, torch.as_tensor(labels)
    losses = []
    for _ in range(10**9):
        loss = functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"step_loss": losses, "loss": losses, "val_accuracy": losses}
""",
}
GREEDY_TRAIN = IMPORTS + SIGNATURE + "    return torch.ones(10 << 30, dtype=torch.uint8)\n"
GREEDY = {
    "build_model": IMPORTS + "\ndef build_model():\n    return nn.Linear(100_000, 30_000)\n",
    "forward": model("return self.honest(x) + torch.ones(10 << 30, dtype=torch.uint8).sum()"),
}

# ---- other trainings, and losses that are no training's

INVENTED = (
    SIGNATURE
    + """    steps = min(max_steps or 10**9, 9 * epochs)
    losses = [2.3 - 0.001 * step for step in range(steps)]
    finished = steps // 9
    means = [sum(losses[9 * epoch : 9 * epoch + 9]) / 9 for epoch in range(finished)]
    return {"step_loss": losses, "loss": means, "val_accuracy": [0.99] * finished}
"""
)
SLOW = (
    IMPORTS
    + SIGNATURE
    + """    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    pictures, labels = torch.as_tensor(images).unsqueeze(1) / 255, torch.as_tensor(labels)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    losses = []
    for batch in order.split(128)[:max_steps]:
        loss = functional.cross_entropy(model(pictures[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"step_loss": losses, "loss": [], "val_accuracy": []}
"""
)
