"""What the commonest exceptions are told to mean: each is raised here, by Python, NumPy or PyTorch as they are now."""

import importlib.util
import re
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.core.model import Visibility
from autograder.grading.explanations import EXPLANATIONS, explanation
from autograder.grading.messages import StudentException, exception
from autograder.guest.exceptions import describe

# The code, and words of its explanation; a blank line first: words that only a public test shows.
SLIPS = {
    "if x > 0: pass": "one True or False is needed",
    "x > 0 and x < 9": "`&` and `|` between masks",
    "0 < x < 9": "in `a < x < b`",
    "max(x, 0)": "np.maximum for max",
    "np.ones((4, 3)) @ np.ones(4)": "Here a has 3 and b has 4.",
    "np.ones(3) @ np.ones((4, 3))": "Here a has 3 and b has 4.",
    "np.ones((2, 3)) @ np.ones((2, 3))": "columns of a, rows of b",
    "x @ 2.0": "Use `*` with a number.",
    "2.0 @ x": "Use `*` with a number.",
    "np.dot(np.ones((2, 3)), np.ones(2))": "of shape (2,3) by one of shape (2,)",
    "x + np.ones(4)": "of the shapes (3,) and (4,) cannot be combined",
    "x += np.ones((2, 3))": "Write `a = a + b`.",
    "np.zeros(3)[:] = np.ones(2)": "of shape (2,) is written into a place of shape (3,)",
    "np.zeros(3)[0] = [1, 2]": "a place for one number",
    "np.array([[1], [2, 3]])": "must have equal lengths",
    "math.exp(x)": "such as np.exp for math.exp",
    "float(x)": "A function for single numbers got an array",
    "x.reshape(2, 2)": "3 of them do not fill the shape (2,2)",
    "np.concatenate([np.ones((2, 3)), np.ones((2, 4))])": "along all axes but that one",
    "np.stack([x, np.ones(4)])": "along all axes but that one",
    "x.sum(axis=1)": "no axis 1: the number of its axes is 1, and they are counted from 0",
    "n = np.ones(3, int); n += 0.5": "cannot take up floats in place",
    "r = np.ones(3); r.flags.writeable = False; r[0] = 2": "x.copy()",
    "x ^ 2": "A power is `**`.",
    "0.5 ^ 2": "A power is `**`.",
    "x > 0 & x < 9": "Put each comparison in brackets",
    "[1, 2][np.array([0, 1])]": "one whole number is needed",
    "np.concatenate(x, x)": "in one list: np.concatenate([a, b])",
    "x[len(x) / 2]": "use `//`",
    "range(len(x) / 2)": "use `//`",
    "np.zeros(3 / 1)": "use `//`",
    "[1, 2][0.5]": "use `//`",
    "[[1, 2]][0, 1]": "A list has no x[i, j].",
    "x[3]": "Axis 0 has the length 3, and indices begin at 0: index 3 is outside.",
    "x.shape[1]": "x.shape[1] needs two axes",
    "[1, 2][2]": "its length less 1",
    "[][0] = 1": "append makes a list longer",
    "x[:, 0]": "The number of the array's axes is 1, and 2 indices are given.",
    "{x: 1}": "A tuple of numbers can.",
    "{[1]}": "A tuple of numbers can.",
    "None + 1": "Something here is None.",
    "None[0]": "A function without `return` gives None",
    "a, b = None": "Something here is None.",
    "for i in None: pass": "Something here is None.",
    "None()": "Something here is None.",
    "[1].append(2).sum()": "such as append or sort",
    "[1, 2] * 0.5": "Only a whole number can multiply a list",
    "[1, 2] - [1, 1]": "do not calculate as arrays do",
    "[1, 2] + 0.5": "do not calculate as arrays do",
    "-[1]": "do not calculate as arrays do",
    "[1, 2] > 0": "do not calculate as arrays do",
    "[1, 2].shape": "such as shape or mean(), make an array of it",
    "np.sum[x]": "f(x), not f[x]",
    "len[x]": "f(x), not f[x]",
    "np.exp[x]": "f(x), not f[x]",
    "len(3.0)": "got a single number",
    "len(np.float64(3))": "got a single number",
    "len(np.array(3))": "got a single number",
    "for i in 3: pass": "used like a list or an array",
    "for i in x[0]: pass": "used like a list or an array",
    "for i in np.array(3): pass": "used like a list or an array",
    "3.0[0]": "used like a list or an array",
    "x[0][0]": "A single number has no index.",
    "np.array(3)[0]": "A single number has no index.",
    "x[0](2)": "Is a `*` missing before them",
    "2.0(1)": "Is a `*` missing before them",
    "x(0)": "does an index need x[i]",
    "math(2)": "module.function(…)",
    "a, b = [1, 2, 3]": "needs an x of exactly two axes",
    "a, b = x.shape": "needs an x of exactly two axes",
    "a, b = 3": "How many does the call return?",
    "(lambda z: z)()": "Compare the call with its `def`.",
    "(lambda z: z)(1, 2)": "Compare the call with its `def`.",
    "(lambda z: z)(y=1)": "Compare the call with its `def`.",
    "x.append(1)": "An array does not grow.",
    "np.sigmoid(x)": "NumPy has no such function.",
    "math.log(0)": "math.log needs a number above 0",
    "math.sqrt(-1)": "one that is not negative",
    "math.exp(1000)": "exp(710) is larger",
    "10.0 ** 400": "exp(710) is larger",
    "1 / 0": "Something is divided by 0.",
    "import tqdm_of_nobody": "tqdm_of_nobody is not installed where this is graded",
    "from numpy import nothing": "The module has no such name.",
    "{}['w']": "A dict or a set has no such key.",
    "undefined": "Is it misspelt, or should it be an argument?",
    "def f():\n    a += 1\nf()": "read before it gets a value",
    "def f(): return f()\nf()": "call itself without an end",
    "raise PermissionError('open')": "without files, networks, threads",
    "open('/no/such/file')": "without files, networks, threads",
    'raise RuntimeError("can\'t start new thread")': "without files, networks, threads",
    "from autograder.guest.runner import no_input\nno_input('?')": "Nobody answers input()",
    "raise MemoryError": "more memory than a submission may use",
    "raise SystemExit": "it must not end the program",
}
TORCH_SLIPS = {
    "nn.Linear(256, 120)(torch.ones(64, 400))": "built for 256 numbers a sample and gets 400",
    "nn.Conv2d(1, 6, 5)(torch.ones(784))": "(batch, channels, height, width)",
    "nn.Conv2d(1, 6, 5)(torch.ones(2, 3, 28, 28))": "are 3 in number, and it is built for 1",
    "nn.Linear(2, 2)(torch.ones(1, 2, dtype=torch.float64))": "does not mix these types",
    "torch.ones(3, dtype=torch.uint8).softmax(0)": "does not do this with numbers of this type",
    "torch.ones(1, requires_grad=True).numpy()": "x.detach().numpy()",
    "torch.ones(1).sum().backward()": "The loss is not connected",
    "a = (torch.ones(1, requires_grad=True) ** 2).sum(); a.backward(); a.backward()": "called twice for one loss",
    "if torch.ones(2) > 0: pass": "Use torch.where",
    "torch.ones(3) + torch.ones(4)": "along one axis their lengths are 3 and 4",
    "torch.optim.SGD([])": "pass model.parameters()",
    "nn.CrossEntropyLoss()(torch.ones(2, 3), torch.ones(2))": "labels.long()",
}
RAISED_ELSEWHERE = ("same device", "can't convert .* tensor to numpy")  # need a GPU


def error_of(code: str, **names: Any) -> dict[str, Any]:
    scope: dict[str, Any] = {"np": np, "math": __import__("math"), "x": np.arange(3.0), **names}
    try:
        exec(compile(code, "cell", "exec"), scope)
    except BaseException as error:
        return describe(error, lambda _: None)
    pytest.fail(f"{code} raised nothing")


def told(code: str, *, quoting: bool = True, **names: Any) -> str:
    error = error_of(code, **names)
    return explanation(error["kinds"], error["text"], quoting=quoting)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize(("code", "words"), SLIPS.items(), ids=SLIPS)
def test_a_slip_is_explained(code: str, words: str) -> None:
    assert words in told(code)


def torch_names() -> dict[str, types.ModuleType]:
    torch = importlib.import_module("torch")
    return {"torch": torch, "nn": torch.nn}


@pytest.mark.torch
@pytest.mark.parametrize(("code", "words"), TORCH_SLIPS.items(), ids=TORCH_SLIPS)
def test_a_slip_with_pytorch_is_explained(code: str, words: str) -> None:
    assert words in told(code, **torch_names())


def codes() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((code, {}) for code in SLIPS)
    if importlib.util.find_spec("torch"):
        yield from ((code, torch_names()) for code in TORCH_SLIPS)


def _first_of_torch() -> int:
    return next(number for number, entry in enumerate(EXPLANATIONS) if entry.kind == "RuntimeError")


def _first_by_type() -> int:
    return next(number for number, entry in enumerate(EXPLANATIONS) if entry.kind == "UnboundLocalError")


# Exceptions that say nearly the same as one of the slips, and words that are false for them.
OTHERS = {
    "{1: 2} | [1]": "`&` and `|` bind closer",
    "'a' & 'b'": "`&` and `|` bind closer",
    "{1} ^ [1]": "a power",
    "{}[1:2]": "cannot be a key",
    "'ab' * 0.5": "A list cannot",
    "[1] * [2]": "by a float",
    "[1].push(2)": "do not calculate",
    "math.acos(2)": "^math.log needs",
    "{1}.remove(2)": "A dict has",
    "import datetime; datetime.date(1, 1, 1) - datetime.timedelta(9)": "into a float",
    "exec('from . import something', {'__name__': 'm', '__package__': ''})": "has no such name",
    "def f(n): return n and 1 + f(n - 1)\nf(10 ** 5)": "^The function calls itself without",
}


@pytest.mark.parametrize(("code", "words"), OTHERS.items(), ids=OTHERS)
def test_what_is_false_is_not_told(code: str, words: str) -> None:
    assert re.search(words, told(code)) is None


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_no_entry_of_the_table_is_without_a_slip() -> None:
    said = {told(code, **names) for code, names in codes()}
    for entry in EXPLANATIONS:
        words = re.escape(entry.sentence)
        pattern = re.sub(r"\\\{\d\\\}", ".+", words)
        is_of_torch = entry in EXPLANATIONS[_first_of_torch() : _first_by_type()]
        is_elsewhere = entry.pattern in RAISED_ELSEWHERE or (is_of_torch and not importlib.util.find_spec("torch"))
        assert is_elsewhere or any(re.fullmatch(pattern, text) for text in said), entry


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_a_hidden_test_says_nothing_that_it_takes_from_the_exception() -> None:
    """What it says then is one of the table's own sentences."""
    fixed = {entry.in_general or entry.sentence for entry in EXPLANATIONS}
    for code, names in codes():
        words = told(code, quoting=False, **names)
        assert words in fixed
        assert not re.search(r"\{\d\}", words)


def message(code: str, visibility: Visibility, cell: str = "your cell f") -> str:
    error = error_of(code)
    kinds, text = tuple(error["kinds"]), error["text"]
    told = StudentException(kinds=kinds, text=text, cell=cell, line=1 if cell else 0, code=code if cell else "")
    return " ".join(exception("f", told, visibility).split())


def test_the_numbers_of_a_hidden_input_are_not_told() -> None:
    code = "np.ones((71, 37)) @ np.ones(93)"
    assert "Here a has 37 and b has 93." in message(code, Visibility.PUBLIC)
    hidden = message(code, Visibility.HIDDEN).replace(code, "")
    assert "the last axis of a must be as long" in hidden
    assert not re.search("71|37|93", hidden)


def test_other_parameters_are_told_only_of_the_function_itself() -> None:
    """An exception inside a student's line is not about the parameters of the exercise's function."""
    question = "Its first line must be the stub's"
    for code in ("(lambda z: z)()", "(lambda z: z)(1, 2)", "(lambda z: z)(y=1)"):
        assert question in message(code, Visibility.PUBLIC, cell="")
        assert question in message(code, Visibility.HIDDEN, cell="")
        assert question not in message(code, Visibility.PUBLIC)
    assert question not in message("np.sum[0]", Visibility.PUBLIC, cell="")


@pytest.mark.parametrize(
    "text", ["", "x" * 500, "(" * 200, "size 3 is different from 2", "{0} {1}", "shapes (1,) (2,)"]
)
def test_whatever_an_exception_says_has_an_answer(text: str) -> None:
    for entry in EXPLANATIONS:
        for quoting in (True, False):
            assert isinstance(explanation([entry.kind, "Exception"], text, quoting=quoting), str)
