"""A call that does not end is stopped, with alarms and without."""

import contextlib
import signal
import threading

import pytest

from autograder.execution.time_limit import OutOfTime, limited


def spin() -> None:
    while True:
        pass


def stubborn() -> None:
    """Swallow the first two."""
    for _ in range(2):
        with contextlib.suppress(OutOfTime):
            spin()
    spin()


@pytest.fixture(params=["alarms", "no alarms", "another thread"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "no alarms":
        monkeypatch.delattr(signal, "setitimer")
    return str(request.param)


def outcome(place: str, seconds: float | None, code: object) -> list[str]:
    done: list[str] = []

    def run() -> None:
        try:
            with limited(seconds):
                code()  # type: ignore[operator]
            done.append("ended")
        except OutOfTime:
            done.append("out of time")
        done.append("alive")

    if place == "another thread":
        worker = threading.Thread(target=run)
        worker.start()
        worker.join()
    else:
        run()
    return done


@pytest.mark.parametrize("code", [spin, stubborn])
def test_a_loop_without_end_is_stopped(place: str, code: object) -> None:
    assert outcome(place, 0.1, code) == ["out of time", "alive"]


def test_what_ends_in_time_is_left_alone(place: str) -> None:
    for _ in range(20):
        assert outcome(place, 30, lambda: sum(range(1000))) == ["ended", "alive"]


def test_there_may_be_no_limit(place: str) -> None:
    assert outcome(place, None, lambda: None) == ["ended", "alive"]
