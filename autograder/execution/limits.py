"""Every limit of a sandbox, and of the grader's own processes, in one place.

Two kinds of limits are elsewhere: how much of a notebook is read (`notebooks/ipynb.py` for the file,
`notebooks/parser.py` for code), and how much of it is shown (`instructor/results/feedback_page.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest import wire


@dataclass(frozen=True)
class Limits:
    """What a submission may use: times in seconds, memory in bytes."""

    call_seconds: float = 5.0  # unless `@exercise(…, seconds=…)` gives more
    open_seconds: float = 10.0  # to run the source of a notebook
    statement_seconds: float = 2.0  # of which a top-level statement of a student's may take so many
    submission_seconds: float = 120.0  # plus what exercises get beyond `call_seconds`; it also limits CPU time
    memory: int = 1 << 30
    questions: int = 100_000  # how often one call may call back a function that was passed to it
    start_seconds: float = 60.0  # of the fork server: the kit's own code, so generous
    command_seconds: float = 15.0  # until the fork server has opened or ended a sandbox


LIMITS = Limits()

# Memory that a trusted process may take for one submission, beyond what it has between submissions. The costliest code
# takes 25 MiB to be read, a usual submission less than 10. The capstone's tests hold MNIST several times. A large
# notebook, with pictures in its outputs, takes three times its size: a batch's processes read such notebooks in turn.
GRADER_MEMORY = 64 << 20
GRADER_MEMORY_TORCH = 1 << 30
READING_MEMORY = 40 << 20
LARGE_NOTEBOOK = 512 << 10
LARGE_NOTEBOOK_MEMORY = 100 << 20


def grader_memory(*, torch: bool) -> int:
    """Return what a trusted process may need for one submission of an assignment, with or without PyTorch, in bytes."""
    return GRADER_MEMORY_TORCH if torch else GRADER_MEMORY


# The reply of a call: the floor lets a wrong shape be told as such; the longest right reply of the course has 160 kB.
_FLOOR = wire.FrameLimit(head=64 << 10, body=1 << 20)
_BODY_PER_NUMBER = 4 * 16  # bytes: four times as many numbers as are right, of the widest kind
_HEAD_PER_NUMBER = 4 * 32  # bytes: as many in lists, in decimal digits
UNKNOWN_REPLY = wire.FrameLimit(head=256 << 10, body=4 << 20)  # for a test that looks at the answer itself


def reply_limit(expected: Any) -> wire.FrameLimit:
    """Return how large the reply of a call may be whose right answer is known."""
    numbers = _numbers_in(expected)
    return wire.FrameLimit(
        head=min(_FLOOR.head + numbers * _HEAD_PER_NUMBER, wire.MAX_HEAD),
        body=min(_FLOOR.body + numbers * _BODY_PER_NUMBER, wire.MAX_BODY),
    )


def _numbers_in(value: Any) -> int:
    """Return how many numbers are in an answer. A text counts by its length."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, list | tuple):
        return sum(map(_numbers_in, value))
    if isinstance(value, dict):
        return sum(map(_numbers_in, [*value, *value.values()]))
    return len(value) // 8 + 1 if isinstance(value, str) else 1
