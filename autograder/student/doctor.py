"""Is this computer ready for the workshop? A finding for each thing that has to be, with what to do where it is not."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class HealthCheck:
    """One thing that was looked at."""

    subject: str
    ready: bool
    said: str
    repair: str = ""  # a command or a step, where it is not ready


def findings(folder: Path) -> Iterator[HealthCheck]:
    """What is found in and around the folder that was unpacked, one after another."""
    yield _python()
    yield _packages(folder)
    yield _jupyterlab()
    yield _kernel()
    yield _writing(folder)
    yield _memory()
    handouts = folders_in(folder)
    if not handouts:
        yield HealthCheck(
            "notebooks", False, f"none was found in {folder}", "go to the folder that was unpacked, and try again there"
        )
    yield from map(_notebook, handouts)
    if any(_needs_torch(one) for one in handouts):
        yield _torch(folder)


# ---- Python and its packages


def _python() -> HealthCheck:
    version = ".".join(map(str, sys.version_info[:3]))
    return HealthCheck(
        "Python", sys.version_info >= (3, 11), f"{version} at {sys.executable}", "install Python 3.11 or newer"
    )


def _packages(folder: Path) -> HealthCheck:
    """Against the versions that were tested where `requirements.txt` is at hand, else against what the kit asks for."""
    listing = listing_in(folder, REQUIREMENTS)
    if listing is None:
        asked, repair = importlib.metadata.requires(DISTRIBUTION) or [], "pip install --upgrade nn-autograder"
    else:
        asked, repair = listing.read_text(encoding="utf-8").splitlines(), f"{pip()} install -r {listing}"
    wrong = [problem for line in asked if (problem := _unmet(line))]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        return HealthCheck("packages", False, listed(wrong[:5]) + more, repair)
    return HealthCheck("packages", True, "all are there" + (", at the versions that were tested" if listing else ""))


def _unmet(line: str) -> str:
    """`numpy 1.26 in place of ==2.4.6`; empty where the line asks for nothing that is amiss."""
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
        return HealthCheck("JupyterLab", True, importlib.metadata.version("jupyterlab"))
    except importlib.metadata.PackageNotFoundError:
        return HealthCheck("JupyterLab", False, "it is not installed", f"{pip()} install jupyterlab")


def _kernel() -> HealthCheck:
    """Starts the kernel that a notebook would get, and asks it for the kit."""
    try:
        from jupyter_client.manager import start_new_kernel
    except ImportError:
        return HealthCheck("kernel", False, "it can not be started without Jupyter", f"{pip()} install jupyterlab")
    try:
        manager, client = start_new_kernel(_KERNEL_SECONDS, "python3", stderr=subprocess.DEVNULL)
    except Exception as error:
        return HealthCheck("kernel", False, f"it does not start ({type(error).__name__})", f"{pip()} install ipykernel")
    try:
        said: list[str] = []
        reply = client.execute_interactive(
            _PROBE, timeout=_KERNEL_SECONDS, output_hook=lambda message: said.append(message["content"].get("text", ""))
        )
        ours = Path(autograder.__file__).resolve().parent
        if reply["content"]["status"] != "ok" or Path("".join(said).strip()).resolve().parent != ours:
            other = "it runs in another Python, which has not this kit"
            return HealthCheck("kernel", False, other, f"{sys.executable} -m ipykernel install --sys-prefix")
        return HealthCheck("kernel", True, "it starts, and finds the kit")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# ---- the folder and the machine


def _writing(folder: Path) -> HealthCheck:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return HealthCheck("writing", True, f"{folder} can be written to")
    except OSError as error:
        return HealthCheck("writing", False, f"{folder}: {error.strerror}", "unpack the zip into a folder of your own")


def _memory() -> HealthCheck:
    try:
        import psutil

        free = int(psutil.virtual_memory().available)
    except ImportError:
        return HealthCheck("memory", True, "not measured")
    return HealthCheck("memory", free >= ENOUGH_MEMORY, f"{free / (1 << 30):.1f} GiB free", "close other programs")


def _notebook(folder: Path) -> HealthCheck:
    """Whether a notebook can be graded as it is: cells missing, twice, or changed that should not be."""
    try:
        handout = read_handout(folder)
        submission = read_submission(handout.notebook, handout.assignment, "")
    except UserError as error:
        return HealthCheck(folder.name, False, str(error), f"take {folder.name} again from the zip")
    except (Ungradable, OSError) as error:
        name = f"{topic_of(folder.name)}.ipynb"
        return HealthCheck(folder.name, False, str(error), f"take {folder.name}/{name} again from the zip")
    problems = [*submission.remarks, *_edited_tests(handout)]
    said = listed(problems) if problems else f"{plural(len(handout.assignment.exercises), 'exercise')}, all cells there"
    return HealthCheck(folder.name, not problems, said, "look at those cells; what you wrote is not lost")


def _edited_tests(handout: Handout) -> Iterator[str]:
    try:
        compile(handout.suite.read_text(encoding="utf-8"), handout.suite.name, "exec")
    except (OSError, SyntaxError, ValueError):
        yield f"{handout.suite.name} is missing or broken"


def _needs_torch(folder: Path) -> bool:
    try:
        return read_handout(folder).assignment.torch
    except UserError:
        return False  # which is a finding of its own


def _torch(folder: Path) -> HealthCheck:
    """Asked in a process of its own: importing it takes seconds and hundreds of megabytes.

    Ready without it, too: it is large, and wanted by the last assignment alone.
    """
    code = "import torch; print(torch.__version__, torch.cuda.is_available() or torch.backends.mps.is_available())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        version, gpu = done.stdout.split()
        return HealthCheck("PyTorch", True, f"{version}, {'with' if gpu == 'True' else 'without'} a graphics card")
    said = f"not there yet. Only the assignment with PyTorch needs it: {torch_command(folder)}"
    return HealthCheck("PyTorch", True, said)


# ---- told


def as_json(found: list[HealthCheck]) -> str:
    return json.dumps([vars(one) for one in found], ensure_ascii=False, indent=1)


def as_text(found: list[HealthCheck]) -> str:
    """One line for each, and the command that repairs it below."""
    lines = []
    for one in found:
        lines.append(f"{'ok  ' if one.ready else 'MEND'}  {one.subject}: {one.said}")
        if not one.ready:
            lines.append(f"      -> {one.repair}")
    open_points = sum(not one.ready for one in found)
    end = f"{plural(open_points, 'thing')} to mend." if open_points else "You are ready."
    return "\n".join([*lines, "", end])
