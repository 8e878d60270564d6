"""Check whether this computer is ready for the workshop, and say how to repair what is not."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

import autograder
from autograder.core.errors import Ungradable, UserError
from autograder.core.installed import REQUIREMENTS, listing_in, pip, torch_command
from autograder.core.text import listed, plural
from autograder.notebooks.course import topic_of
from autograder.notebooks.submission import read_submission
from autograder.student.handout import Handout, folders_in, read_handout

DISTRIBUTION = "nn-autograder"
ENOUGH_MEMORY = 1 << 30
_KERNEL_SECONDS = 90
_PROBE = "import autograder, numpy; print(autograder.__file__)"


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """One thing that was checked."""

    subject: str
    ready: bool
    detail: str
    repair: str = ""  # a command or a step, if it is not ready


def health_checks(folder: Path) -> Iterator[HealthCheck]:
    """Check this computer and the folder that was unpacked, and yield the results one after another."""
    yield _python()
    yield _packages(folder)
    yield _jupyterlab()
    yield _kernel()
    yield _writing(folder)
    yield _memory()
    handouts = folders_in(folder)
    if not handouts:
        yield HealthCheck(
            subject="notebooks",
            ready=False,
            detail=f"none was found in {folder}",
            repair="go to the folder that was unpacked, and try again there",
        )
    yield from map(_notebook, handouts)
    if any(_needs_torch(handout) for handout in handouts):
        yield _torch(folder)


def _ready(subject: str, detail: str) -> HealthCheck:
    return HealthCheck(subject=subject, ready=True, detail=detail)


def _not_ready(subject: str, detail: str, *, repair: str) -> HealthCheck:
    return HealthCheck(subject=subject, ready=False, detail=detail, repair=repair)


# ---- Python and its packages


def _python() -> HealthCheck:
    version = ".".join(map(str, sys.version_info[:3]))
    return HealthCheck(
        subject="Python",
        ready=sys.version_info >= (3, 11),
        detail=f"{version} at {sys.executable}",
        repair="install Python 3.11 or newer",
    )


def _packages(folder: Path) -> HealthCheck:
    """Compare with the tested versions in `requirements.txt`; if there is none, with what the kit requires."""
    listing = listing_in(folder, REQUIREMENTS)
    if listing is None:
        required, repair = importlib.metadata.requires(DISTRIBUTION) or [], "pip install --upgrade nn-autograder"
    else:
        required, repair = listing.read_text(encoding="utf-8").splitlines(), f"{pip()} install -r {listing}"
    problems = [problem for line in required if (problem := _unmet(line))]
    if problems:
        more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
        return _not_ready("packages", listed(problems[:5]) + more, repair=repair)
    return _ready("packages", "all are there" + (", at the versions that were tested" if listing else ""))


def _unmet(line: str) -> str:
    """Return how the installed packages fail a line of requirements: `numpy 1.26 in place of ==2.4.6`; empty if not."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:  # a comment, or the wheel itself
        return ""
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return ""
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"{requirement.name} {version} in place of {requirement.specifier}"


# ---- JupyterLab and its kernel


def _jupyterlab() -> HealthCheck:
    try:
        return _ready("JupyterLab", importlib.metadata.version("jupyterlab"))
    except importlib.metadata.PackageNotFoundError:
        return _not_ready("JupyterLab", "it is not installed", repair=f"{pip()} install jupyterlab")


def _kernel() -> HealthCheck:
    """Start the kernel that a notebook would get, and ask it for the kit."""
    try:
        from jupyter_client.manager import start_new_kernel
    except ImportError:
        return _not_ready("kernel", "it can not be started without Jupyter", repair=f"{pip()} install jupyterlab")
    try:
        manager, client = start_new_kernel(_KERNEL_SECONDS, "python3", stderr=subprocess.DEVNULL)
    except Exception as error:
        problem = f"it does not start ({type(error).__name__})"
        return _not_ready("kernel", problem, repair=f"{pip()} install ipykernel")
    try:
        kit = _kit_of(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if kit != Path(autograder.__file__).resolve().parent:
        repair = f"{sys.executable} -m ipykernel install --sys-prefix"
        return _not_ready("kernel", "it runs in another Python, which has not this kit", repair=repair)
    return _ready("kernel", "it starts, and finds the kit")


def _kit_of(client: Any) -> Path | None:
    """Return the folder that a running kernel imports the kit from; None if it cannot import it."""
    output: list[str] = []
    reply = client.execute_interactive(
        _PROBE, timeout=_KERNEL_SECONDS, output_hook=lambda message: output.append(message["content"].get("text", ""))
    )
    return Path("".join(output).strip()).resolve().parent if reply["content"]["status"] == "ok" else None


# ---- the folder and the machine


def _writing(folder: Path) -> HealthCheck:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return _ready("writing", f"{folder} can be written to")
    except OSError as error:
        problem = f"{folder}: {error.strerror}"
        return _not_ready("writing", problem, repair="unpack the zip into a folder of your own")


def _memory() -> HealthCheck:
    try:
        import psutil
    except ImportError:
        return _ready("memory", "not measured")
    free = int(psutil.virtual_memory().available)
    return HealthCheck(
        subject="memory",
        ready=free >= ENOUGH_MEMORY,
        detail=f"{free / (1 << 30):.1f} GiB free",
        repair="close other programs",
    )


def _notebook(folder: Path) -> HealthCheck:
    """Check whether a notebook can be graded as it is: cells may be missing, doubled, or changed by mistake."""
    try:
        handout = read_handout(folder)
        submission = read_submission(handout.notebook, handout.assignment, "")
    except UserError as error:
        return _not_ready(folder.name, str(error), repair=f"take {folder.name} again from the zip")
    except (Ungradable, OSError) as error:
        name = f"{topic_of(folder.name)}.ipynb"
        return _not_ready(folder.name, str(error), repair=f"take {folder.name}/{name} again from the zip")
    problems = [*submission.remarks, *_edited_tests(handout)]
    if problems:
        return _not_ready(folder.name, listed(problems), repair="look at those cells; what you wrote is not lost")
    return _ready(folder.name, f"{plural(len(handout.assignment.exercises), 'exercise')}, all cells there")


def _edited_tests(handout: Handout) -> Iterator[str]:
    try:
        compile(handout.suite.read_text(encoding="utf-8"), handout.suite.name, "exec")
    except (OSError, SyntaxError, ValueError):
        yield f"{handout.suite.name} is missing or broken"


def _needs_torch(folder: Path) -> bool:
    try:
        return read_handout(folder).assignment.torch
    except UserError:
        return False  # `_notebook` reports it


def _torch(folder: Path) -> HealthCheck:
    """Ask for PyTorch in a process of its own, as importing it takes seconds and hundreds of megabytes.

    The computer counts as ready without it, too: it is large, and only the last assignment needs it.
    """
    code = "import torch; print(torch.__version__, torch.cuda.is_available() or torch.backends.mps.is_available())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode == 0:
        version, gpu = done.stdout.split()
        return _ready("PyTorch", f"{version}, {'with' if gpu == 'True' else 'without'} a graphics card")
    return _ready("PyTorch", f"not there yet. Only the assignment with PyTorch needs it: {torch_command(folder)}")


# ---- what is printed


def as_json(checks: Sequence[HealthCheck]) -> str:
    """Return the results as a JSON list, for a program to read."""
    results = [{"subject": c.subject, "ready": c.ready, "said": c.detail, "repair": c.repair} for c in checks]
    return json.dumps(results, indent=1)  # in ASCII, as every terminal and pipe takes it


def as_text(checks: Sequence[HealthCheck]) -> str:
    """Return a line for each check, with the repair below a failed one, and a sentence at the end."""
    lines = []
    for check in checks:
        lines.append(f"{'ok  ' if check.ready else 'MEND'}  {check.subject}: {check.detail}")
        if not check.ready:
            lines.append(f"      -> {check.repair}")
    failed = sum(not check.ready for check in checks)
    end = f"{plural(failed, 'thing')} to mend." if failed else "You are ready."
    return "\n".join([*lines, "", end])
