"""Every limit of a room, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a submission may use: times in seconds, memory in bytes. The wire limits replies (`wire.MAX_BODY`)."""

    call_seconds: float = 5.0  # unless `@exercise(…, seconds=…)` gives more
    open_seconds: float = 10.0
    submission_seconds: float = 120.0  # plus what exercises get beyond `call_seconds`; it also limits CPU time
    memory: int = 1 << 30
    questions: int = 100_000  # how often one call may call back a function that was passed to it
    start_seconds: float = 60.0  # of the fork-server: the kit's own code, so generous
    command_seconds: float = 15.0  # until the fork-server has opened or ended a room


LIMITS = Limits()
