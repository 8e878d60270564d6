"""A time limit for code that runs in this very process: a student's function in the student's own kernel."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_AGAIN = 0.5  # seconds until the next alarm, in case the code has swallowed the last one


class OutOfTime(BaseException):
    """The time is up. It is raised in the middle of whatever runs."""


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise OutOfTime in the code inside after so many seconds, and again until it ends.

    There is no limit on a platform without such alarms (Windows), nor outside of the main thread.
    """
    has_alarms = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not has_alarms:
        yield
        return

    def ring(*_: object) -> None:
        raise OutOfTime

    handler_before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)
