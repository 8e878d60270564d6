"""How tests that invent their input with hypothesis run: the same cases each time, few of them without `--full`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hypothesis

runs_in_full = False  # conftest.py sets it from `--full` before a test module is imported


def cases(full: int, quick: int) -> hypothesis.settings:
    """Return the settings of a test with so many cases with `--full`, and so many without: a decorator.

    No case has a deadline, because a busy machine is slow. Nothing is stored between runs.
    """
    from hypothesis import HealthCheck, settings

    return settings(
        max_examples=full if runs_in_full else quick,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )
