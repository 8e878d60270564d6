"""A time limit for code that runs in this very process: a student's function in the student's own kernel."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Iterator

_AGAIN = 0.5  # seconds until the next alarm, in case the code has swallowed the last one


class OutOfTime(BaseException):
    """The time is up. It is raised in the middle of whatever runs."""


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise OutOfTime in the code inside after so many seconds, and again until it ends."""
    has_alarms = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    with contextlib.nullcontext() if seconds is None else (_alarms if has_alarms else _reminders)(seconds):
        yield


@contextlib.contextmanager
def _alarms(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise OutOfTime

    handler_before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)


@contextlib.contextmanager
def _reminders(seconds: float) -> Iterator[None]:
    """Do the same from another thread, if the system has no alarms (Windows) or this is not the main thread.

    It stops Python code. A single call into C, such as `time.sleep`, ends first.
    """
    thread, over = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def remind() -> None:
        wait = seconds
        while not over.wait(wait):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(OutOfTime))
            wait = _AGAIN

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        over.set()
        reminder.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)  # one that has not arrived yet
