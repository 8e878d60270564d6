"""Set up every test of the kit: which ones run here, how much of a long series runs, and fixtures that many share.

The markers are listed in pyproject.toml. A folder sets some of them by itself: what lies in `sandbox/` is marked
`sandbox`. Tests that need something which is not installed are skipped, and the last lines say how many they are.
"""

import functools
import importlib.util
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import fuzzing
import pytest
import tested
from opened_sandboxes import LIMITS

from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.levels import CHOICES

FOLDER = Path(__file__).parent
MARKED_FOLDERS = ("browser", "nbgrader", "sandbox")  # each marks what lies in it with its own name
NEEDS: dict[str, tuple[str, Callable[[], bool]]] = {  # marker: what its tests need, and whether it is there
    "torch": ("PyTorch", lambda: _installed("torch")),
    "nbgrader": ("nbgrader", lambda: _installed("nbgrader")),
    "browser": ("Chromium and Playwright", lambda: _installed("playwright") and _chromium() is not None),
}
# Reasons for which CI may skip a test: its other user or its other Pythons run it, or it takes a graphics card.
MAY_BE_SKIPPED = (
    "the administrator may",
    "a user whom permissions bind",
    "new in Python 3.12",
    "no CUDA device",
    "no MPS device",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run every case of the long series, not a sample of each")
    parser.addoption("--skips-fail", action="store_true", help="fail if a test is skipped that could have run")
    parser.addoption("--sandbox", choices=[*CHOICES], default="auto", help="how the tests' sandboxes are confined")


def pytest_configure(config: pytest.Config) -> None:
    tested.sandbox = config.getoption("--sandbox")
    fuzzing.runs_in_full = bool(config.getoption("--full"))


@pytest.hookimpl(tryfirst=True)  # before -m selects by these markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark by folder, skip what needs something that is missing, and take a sample of each long series."""
    missing = {marker: needed for marker, (needed, is_there) in NEEDS.items() if not is_there()}
    for item in items:
        folder = item.path.relative_to(FOLDER).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)
        if item.get_closest_marker("series"):
            item.add_marker("slow")
        for marker, needed in missing.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{needed} is not installed"))
    if not config.getoption("--full"):
        left_out = _beyond_samples(items)
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=list(left_out))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Let a skipped test fail if asked to: what a machine could have tested must not be left out in silence."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and item.config.getoption("--skips-fail") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2]
        if not any(words in reason for words in MAY_BE_SKIPPED):
            report.outcome, report.longrepr = "failed", f"{reason}: a test that is skipped counts as a failure here"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were left out because something is not installed."""
    missing = {f"Skipped: {needed} is not installed": needed for needed, _ in NEEDS.values()}
    skipped = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, needed in missing.items():
        if skipped[reason]:
            tests = "test needs" if skipped[reason] == 1 else "tests need"
            sentence = f"{skipped[reason]} {tests} {needed}, which is not installed: left out"
            terminalreporter.write_line(sentence, yellow=True)


def _beyond_samples(items: list[pytest.Item]) -> dict[pytest.Item, None]:
    """Return the cases of `series(n)` that are not in the sample: n cases at even distances, always the same ones."""
    series: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("series"):
            series[item.nodeid.partition("[")[0]].append(item)
    left_out: dict[pytest.Item, None] = {}
    for cases in series.values():
        (size,) = cases[0].get_closest_marker("series").args  # type: ignore[union-attr]
        kept = {number * len(cases) // size for number in range(size)}
        left_out |= dict.fromkeys(case for number, case in enumerate(cases) if number not in kept)
    return left_out


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@functools.cache
def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether a test that is a long series by itself runs all of it: `--full` asks for that."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture(autouse=True)
def _no_memory_of_checks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what `check` remembers out of the home of the person who runs the tests, and do not read it from there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """A fork server whose sandboxes are confined, with the tests' limits."""
    with ForkServer(tested.level(), limits=LIMITS) as running:
        running.start()
        yield running
