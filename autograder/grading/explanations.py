"""Explain the commonest exceptions of Python, NumPy and PyTorch: which slip an exception tells of, and what to do.

An explanation is found by the exception's type and by what it says, and must be true for every call that raises so.
What an exception says may hold a hidden input: for a hidden test, an explanation says nothing that it takes from there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """What one kind of exception tells.

    sentence: for the student; `{0}`, `{1}` … are the groups of the pattern
    in_general: the same without those, for hidden tests; by default the sentence, if it has none
    """

    kind: str  # the exception's type, or one that it is derived from
    pattern: str  # a regular expression for what it says
    sentence: str
    in_general: str = ""

    def told(self, found: re.Match[str], *, quoting: bool) -> str:
        """Return the words. quoting: whether they may hold parts of what the exception says"""
        if quoting and found.groups():
            return self.sentence.format(*found.groups())
        return self.in_general or ("" if found.groups() else self.sentence)


def explanation(kinds: Collection[str], text: str, *, quoting: bool) -> str:
    """Return what an exception tells; empty if it is not a common one.

    kinds: the names of its type and of the types that it is derived from
    quoting: whether the answer may hold parts of the text, as in a public test
    """
    for entry in EXPLANATIONS:
        if entry.kind in kinds and (found := re.search(entry.pattern, text)):
            return entry.told(found, quoting=quoting)
    return ""


_WHOLE = "Indices, sizes and range() need whole numbers. `/` gives a float, also for 4 / 2: use `//`, or int()."
_ONE_NUMBER = (
    "A function for single numbers got an array: those of math, float() and int() take one number. Use NumPy's, "
    "such as np.exp for math.exp."
)
_UNPACKED = (
    "There are not as many names on the left of `=` (or after `for`) as values on the right. `rows, columns = x.shape` "
    "needs an x of exactly two axes."
)
_NOTHING = (
    "Something here is None. A function without `return` gives None, and so does a method that changes a list in "
    "place, such as append or sort."
)
_A_LIST = "Lists and tuples do not calculate as arrays do. Make an array of it first: np.asarray(…)."
_ALONE = "A function is graded without files, networks, threads and other programs."
_PRECISION = "PyTorch does not mix these types of numbers. Convert one of them first, for example by .float()."

EXPLANATIONS = (
    # ---- arrays
    Explanation(
        "ValueError",
        "truth value of an array",
        "An array is used where one True or False is needed: after `if`, `while`, `and`, `or` or `not`, in "
        "`a < x < b`, or in Python's max() and min(). Use np.where or a mask for a decision in each entry, `&` and "
        "`|` between masks, np.maximum for max, and .any() or .all() for one answer.",
    ),
    Explanation(
        "ValueError",
        r"matmul: Input operand 1 has a mismatch in its core dimension 0.*size (\d+) is different from (\d+)",
        "In `a @ b` the last axis of a must be as long as the first axis of b (in matrices: columns of a, rows of b). "
        "Here a has {1} and b has {0}. Does one of them need .T, or the other order?",
        "In `a @ b` the last axis of a must be as long as the first axis of b (in matrices: columns of a, rows of b). "
        "Does one of them need .T, or the other order?",
    ),
    Explanation(
        "ValueError",
        "matmul: Input operand . does not have enough dimensions",
        "`@` multiplies arrays, and one of its sides is a single number here. Use `*` with a number.",
    ),
    Explanation(
        "ValueError",
        r"shapes (\([\d,]*\)) and (\([\d,]*\)) not aligned",
        "np.dot cannot multiply an array of shape {0} by one of shape {1}: the last axis of the first must be as long "
        "as the last but one of the second (or its only one). Does one of them need .T, or the other order?",
        "np.dot got two arrays that do not fit. Does one of them need .T, or the other order?",
    ),
    Explanation(
        "ValueError",
        r"operands could not be broadcast together with shapes (\([\d,]*\)) (\([\d,]*\))",
        "Arrays of the shapes {0} and {1} cannot be combined entry by entry. Compared from the last axis on, two "
        "lengths must be equal, or one of them 1. Is an axis to be added (x[:, None]) or an array to be transposed?",
        "Two arrays cannot be combined entry by entry. Compared from the last axis on, two lengths must be equal, or "
        "one of them 1.",
    ),
    Explanation(
        "ValueError",
        "non-broadcastable output operand",
        "`+=` and the like keep the shape of the array on the left, and the result has another one. Write `a = a + b`.",
    ),
    Explanation(
        "ValueError",
        r"could not broadcast input array from shape (\([\d,]*\)) into shape (\([\d,]*\))",
        "An array of shape {0} is written into a place of shape {1}.",
        "An array is written into a place of another shape.",
    ),
    Explanation(
        "ValueError",
        "setting an array element with a sequence.*inhomogeneous|inhomogeneous shape",
        "The rows of an array must have equal lengths, and these differ.",
    ),
    Explanation("ValueError", "setting an array element with a sequence", "An array is put in a place for one number."),
    Explanation("TypeError", "only (?:length-1|size-1|0-dimensional) arrays can be converted", _ONE_NUMBER),
    Explanation(
        "ValueError",
        r"cannot reshape array of size (\d+) into shape (\([\d,]*\))",
        "reshape keeps all numbers: {0} of them do not fill the shape {1}.",
        "reshape keeps all numbers, and these do not fill the new shape.",
    ),
    Explanation(
        "ValueError",
        "input array dimensions .* must match exactly|must have the same (?:shape|number of dimensions)",
        "Arrays are joined whose other axes do not fit: along all axes but that one, their lengths must be equal.",
    ),
    Explanation(
        "ValueError",
        r"axis (-?\d+) is out of bounds for array of dimension (\d+)",
        "The array has no axis {0}: the number of its axes is {1}, and they are counted from 0. Is it a single sample, "
        "not a batch?",
        "The array has no such axis. Axes are counted from 0. Is it a single sample, not a batch?",
    ),
    Explanation(
        "TypeError",
        r"Cannot cast ufunc .* to dtype\('u?int",
        "An array of whole numbers cannot take up floats in place. Write `a = a + b`, not `a += b`, or make it of "
        "floats with .astype(float).",
    ),
    Explanation("ValueError", "read-only", "This array must not be written to. Work on a copy: x.copy()."),
    Explanation(
        "TypeError",
        r"ufunc 'bitwise_xor' not supported|"
        r"unsupported operand type\(s\) for \^=?: '(?:int|float|list|tuple|numpy[\w.]*)'",
        "`^` is not a power in Python: it compares bits. A power is `**`.",
    ),
    Explanation(
        "TypeError",
        r"ufunc 'bitwise_(?:and|or)' not supported|unsupported operand type\(s\) for [&|]: .*'(?:numpy\.)?float\d*'",
        "`&` and `|` bind closer than `<` and `==`. Put each comparison in brackets: (a > 0) & (b > 0).",
    ),
    # ---- indices
    Explanation(
        "TypeError",
        "only integer scalar arrays can be converted to a scalar index",
        "An array is used where one whole number is needed: as an index of a list, in range(), or as an axis. "
        "np.concatenate and np.stack take all arrays in one list: np.concatenate([a, b]).",
    ),
    Explanation("IndexError", "only integers, slices", _WHOLE),
    Explanation(
        "TypeError",
        "cannot be interpreted as an integer|expected a sequence of integers|"
        "indices must be integers or slices, not float",
        _WHOLE,
    ),
    Explanation(
        "TypeError",
        "list indices must be integers or slices, not tuple",
        "A list has no x[i, j]. Make an array of it first, np.asarray(…), or write x[i][j].",
    ),
    Explanation(
        "IndexError",
        r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)",
        "Axis {1} has the length {2}, and indices begin at 0: index {0} is outside.",
        "An index is outside of the array: indices begin at 0, so the last one is the length less 1.",
    ),
    Explanation(
        "IndexError",
        "tuple index out of range",
        "A tuple is shorter than this index. A shape has an entry for each axis: x.shape[1] needs two axes.",
    ),
    Explanation(
        "IndexError",
        "list (?:assignment )?index out of range",
        "A list is shorter than this index: the last one is its length less 1. append makes a list longer.",
    ),
    Explanation(
        "IndexError",
        "invalid index to scalar variable|array is 0-dimensional",
        "A single number has no index. Is there one index too many, or does the function get single numbers, too?",
    ),
    Explanation(
        "IndexError",
        r"too many indices for array: array is (\d+)-dimensional, but (\d+) were indexed",
        "The number of the array's axes is {0}, and {1} indices are given. Is it a single sample, not a batch?",
        "The array has fewer axes than indices are given. Is it a single sample, not a batch?",
    ),
    Explanation(
        "TypeError",
        "unhashable type: '(?:list|numpy.ndarray|set|dict)'",
        "A list, an array, a set or a dict cannot be a key of a dict or a member of a set. A tuple of numbers can.",
    ),
    # ---- None, numbers and lists
    Explanation("TypeError", "NoneType", _NOTHING),
    Explanation("AttributeError", "'NoneType' object has no attribute", _NOTHING),
    Explanation(
        "TypeError",
        "can't multiply sequence by non-int",
        "Only a whole number can multiply a list or a text, and that repeats it. To calculate, make an array of it "
        "first: np.asarray(…).",
    ),
    Explanation("TypeError", r"unsupported operand type\(s\) for .*'(?:list|tuple)'", _A_LIST),
    Explanation("TypeError", r"can only concatenate (?:list|tuple)", _A_LIST),
    Explanation(
        "AttributeError",
        "'(?:list|tuple)' object has no attribute",
        "A list or a tuple has no such attribute. If it is one of arrays, such as shape or mean(), make an array of it "
        "first: np.asarray(…).",
    ),
    Explanation("TypeError", "not supported between instances of '(?:list|tuple)'", _A_LIST),
    Explanation("TypeError", "bad operand type for .*'(?:list|tuple)'", _A_LIST),
    Explanation(
        "TypeError",
        "'(?:function|builtin_function_or_method|method|numpy._ArrayFunctionDispatcher|numpy.ufunc|type)' object "
        "is not subscriptable",
        "A function is called with round brackets: f(x), not f[x].",
    ),
    Explanation(
        "TypeError",
        "object of type '(?:int|float|numpy.*)' has no len|len\\(\\) of unsized object",
        "len() needs a list or an array, and got a single number.",
    ),
    Explanation(
        "TypeError",
        "'(?:int|float|numpy.u?int.*|numpy.float.*)' object is not (?:iterable|subscriptable)|"
        "iteration over a 0-d array",
        "A single number is used like a list or an array. Does the function get single numbers, too?",
    ),
    Explanation(
        "TypeError",
        "'(?:int|float|complex|bool|numpy.(?:u?int|float|bool)\\w*|numpy.ndarray|list|tuple|Tensor)' object is not "
        "callable",
        "Round brackets after a value call it like a function. Is a `*` missing before them, does an index need x[i], "
        "or does a variable have a function's name?",
    ),
    Explanation(
        "TypeError",
        "'module' object is not callable",
        "A module is called like a function. Write the name of the function after it: module.function(…).",
    ),
    Explanation("ValueError", "too many values to unpack|not enough values to unpack", _UNPACKED),
    Explanation(
        "TypeError", "cannot unpack non-iterable", "One value is unpacked like several. How many does the call return?"
    ),
    Explanation(
        "TypeError",
        r"missing \d+ required (?:positional|keyword-only) argument|takes .* positional arguments? but|"
        "got an unexpected keyword argument|got multiple values for argument",
        "A function is called with other arguments than it has parameters. Compare the call with its `def`.",
    ),
    Explanation(
        "AttributeError",
        r"'numpy\.ndarray' object has no attribute '(?:append|extend|insert|push)'",
        "An array does not grow. Collect the values in a list and make an array of it at the end.",
    ),
    Explanation("AttributeError", "module 'numpy' has no attribute", "NumPy has no such function. Is it misspelt?"),
    Explanation(
        "ValueError",
        "math domain error|expected a (?:positive|nonnegative) input",
        "A function of math got a number for which it has no value. math.log needs a number above 0, and math.sqrt one "
        "that is not negative.",
    ),
    Explanation(
        "OverflowError",
        "math range error|Numerical result out of range|too large (?:to convert to|for a) float",
        "The result does not fit into a float, which ends at about 1.8e308; exp(710) is larger.",
    ),
    Explanation("ZeroDivisionError", "", "Something is divided by 0. Can the divisor be 0 for an allowed input?"),
    # ---- PyTorch
    Explanation(
        "RuntimeError",
        r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)",
        "A linear layer is built for {2} numbers a sample and gets {1}. After nn.Flatten these are channels × height × "
        "width: nn.Linear({1}, …) would fit.",
        "A linear layer gets another count of numbers a sample than it is built for. After nn.Flatten these are "
        "channels × height × width.",
    ),
    Explanation(
        "RuntimeError",
        r"[Ee]xpected \dD .*(?:input|tensor).*got.*size",
        "A layer gets a tensor with another number of axes than it takes. A convolution takes (batch, channels, "
        "height, width): .unsqueeze(1) adds the axis of the channels.",
    ),
    Explanation(
        "RuntimeError",
        r"expected input\[.*\] to have (\d+) channels, but got (\d+) channels",
        "The channels of the images that come into a convolution are {1} in number, and it is built for {0}: its first "
        "argument.",
        "A convolution gets another number of channels than it is built for.",
    ),
    Explanation(
        "RuntimeError",
        "expected target dtype|expected scalar type Long",
        "cross_entropy takes labels as whole numbers: labels.long().",
    ),
    Explanation(
        "RuntimeError",
        "must have the same dtype|expected scalar type|should be the same",
        _PRECISION,
    ),
    Explanation(
        "RuntimeError",
        "not implemented for",
        "PyTorch does not do this with numbers of this type. Convert them first, for example by .float().",
    ),
    Explanation(
        "RuntimeError",
        r"Can't call numpy\(\) on Tensor that requires grad",
        "A tensor with gradients must be detached before it becomes an array: x.detach().numpy().",
    ),
    Explanation(
        "TypeError", "can't convert .* tensor to numpy", "Bring the tensor to the CPU first: x.detach().cpu().numpy()."
    ),
    Explanation(
        "RuntimeError",
        "does not require grad and does not have a grad_fn",
        "The loss is not connected with the model's parameters: was it computed under no_grad(), or from detached or "
        "NumPy values?",
    ),
    Explanation(
        "RuntimeError",
        "backward through the graph a second time",
        "backward() was called twice for one loss. Compute the loss anew in each step.",
    ),
    Explanation(
        "RuntimeError",
        "Boolean value of Tensor",
        "A tensor is used where one True or False is needed. Use torch.where, or .any() or .all() for one answer.",
    ),
    Explanation(
        "RuntimeError",
        r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
        "Two tensors cannot be combined entry by entry: along one axis their lengths are {0} and {1}.",
        "Two tensors cannot be combined entry by entry.",
    ),
    Explanation(
        "RuntimeError",
        "same device",
        "The model and its inputs are on different devices. Move both with .to(device).",
    ),
    Explanation("ValueError", "empty parameter list", "The optimizer gets no parameters: pass model.parameters()."),
    # ---- by the type alone
    Explanation(
        "UnboundLocalError", "", "A variable is read before it gets a value on this path through the function."
    ),
    Explanation(
        "NameError",
        "",
        "A name that is not defined where the function runs. Grading runs your solution cells and what they need "
        "from cells you added; a variable of a demo cell is not there. Is it misspelt, or should it be an argument?",
    ),
    Explanation(
        "ModuleNotFoundError",
        r"No module named '([\w.]+)'",
        "{0} is not installed where this is graded. NumPy and the standard library are; for the capstone PyTorch, too.",
        "NumPy and the standard library are there when it is graded; in the capstone PyTorch, too.",
    ),
    Explanation(
        "ImportError", "cannot import name", "The module has no such name. Is it misspelt, or from another package?"
    ),
    Explanation("PermissionError", "", _ALONE),
    Explanation("FileNotFoundError", "", _ALONE),
    Explanation("RuntimeError", "can't start new thread", _ALONE),
    Explanation("EOFError", r"input\(\)", "Nobody answers input() when a function is graded. Make it an argument."),
    Explanation(
        "MemoryError",
        "",
        "That needs more memory than a submission may use. Is an array far larger than its inputs?",
    ),
    Explanation("RecursionError", "", "Too many calls are open at once: does the function call itself without an end?"),
    Explanation("SystemExit", "", "A function returns its answer; it must not end the program."),
    Explanation("KeyError", "", "A dict or a set has no such key. Is it misspelt, or was it never put in?"),
)
