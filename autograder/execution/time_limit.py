"""A limit of time for code that runs in this very process: a student's function, in their own kernel."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_AGAIN = 0.5  # seconds: where the code has swallowed the first alarm


class OutOfTime(BaseException):
    """Raised in the middle of whatever runs."""


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise OutOfTime in what runs inside after so many seconds, and again until it ends.

    There is no limit on a platform without such alarms (Windows), nor outside of the main thread.
    """
    able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not able:
        yield
        return

    def ring(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
