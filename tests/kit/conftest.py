"""What several tests of the kit start with."""

from collections.abc import Iterator

import pytest
from opened_rooms import LIMITS

from autograder.sandbox.bubblewrap import missing_parts
from autograder.sandbox.fork_server import ForkServer


@pytest.fixture(autouse=True)
def _no_memory_of_checks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `check` remembers is not written to the home of who runs the tests, and not read from it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """A fork-server whose rooms are confined, with the tests' limits."""
    missing = missing_parts()
    assert missing is None, missing
    with ForkServer(confined=True, limits=LIMITS) as running:
        running.start()
        yield running
