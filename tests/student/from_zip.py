"""Go from the zip to a grade, as a student and an instructor do: python tests/student/from_zip.py [--screenshots DIR]

Makes the zip with all wheels, which needs a package index. Then the network is taken away, and a fresh folder with
nothing but the zip becomes a JupyterLab in which an assignment is solved and submitted (`first_day.py`).
The instructor collects the file and grades it. The public points must be those that the student was shown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from autograder.authoring.student_zip import release
from autograder.core.model import Outcome, Visibility
from autograder.core.text import amount
from autograder.notebooks.course import Course

ROOT = Path(__file__).parents[2]
FIRST_DAY = ROOT / "tests" / "kit" / "browser" / "first_day.py"
GRADER = [sys.executable, "-m", "autograder.cli.main"]
WITHOUT_NETWORK = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]


def unpack(home: Path, *, wheels: bool) -> Path:
    """Make the zip, and return the folder that it unpacks to."""
    begun = time.monotonic()
    released = release(Course(ROOT), home / "workshops.zip", wheels=wheels)
    size = released.path.stat().st_size / 2**20
    print(
        f"The zip: {released.files} files, {released.wheels} wheels, {size:.0f} MiB, {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    with zipfile.ZipFile(released.path) as archive:
        archive.extractall(home)
    return home / released.folder


def without_network() -> list[str]:
    """Return the words before a command that take its network away; none, with a note, if this machine cannot."""
    if shutil.which("bwrap") and subprocess.run([*WITHOUT_NETWORK, "true"], check=False).returncode == 0:
        return WITHOUT_NETWORK
    print(
        "Bubblewrap is missing or not allowed: the network stays, and only PIP_NO_INDEX keeps pip from it.",
        flush=True,
    )
    return []


def environment(home: Path, *, network: bool) -> dict[str, str]:
    """Return a student's environment: an own home, a python3, and pip's settings only if there is a network."""
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to(Path(sys._base_executable))
    path = f"{home / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name in ("LANG", "TZ")}
    own = {"HOME": str(home), "PATH": path}
    return (
        {**kept, **own} if network else {**own, "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
    )


def work_through(student: Path, options: argparse.Namespace) -> dict[str, str]:
    """Run the student's first day; return what the student was shown, and the file to hand in."""
    home = student.parent
    words = [sys.executable, str(FIRST_DAY), str(student), "--shown", str(home / "shown.json")]
    words += ["--no-browser"] if options.no_browser else []
    words += ["--screenshots", str(options.screenshots.resolve())] if options.screenshots else []
    before = [] if options.network else without_network()
    subprocess.run([*before, *words], env=environment(home, network=options.network), cwd=student, check=True)
    shown: dict[str, str] = json.loads((home / "shown.json").read_text(encoding="utf-8"))
    return shown


def grade(handed_in: Path, home: Path) -> dict[str, Any]:
    """Collect and grade the file as an instructor does, and return its result."""
    submitted, results = home / "submitted", home / "results"
    common = ["--course", str(ROOT), "--submitted", str(submitted)]
    for words in (["collect", str(handed_in), *common], ["grade", *common, "--results", str(results)]):
        print("$ autograder", *words, flush=True)
        subprocess.run([*GRADER, *words], check=True)
    student, _, stem = handed_in.stem.partition("__")
    result: dict[str, Any] = json.loads((results / stem / f"{student}.json").read_text(encoding="utf-8"))
    return result


def public_points(result: dict[str, Any]) -> str:
    """Return the points of the public tests that passed, as they are shown."""
    every = (test for exercise in result["exercises"] for test in exercise["tests"])
    tests = [test for test in every if test["visibility"] == Visibility.PUBLIC]
    return amount(sum(test["points"] for test in tests if test["outcome"] == Outcome.PASSED))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-browser", action="store_true", help="without Chromium: the commands alone")
    parser.add_argument("--network", action="store_true", help="a zip without wheels, and the student has a network")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="keep pictures of the main moments")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        student = unpack(home, wheels=not options.network)
        shown = work_through(student, options)
        result = grade(student / shown["file"], home)
    public = public_points(result)
    assert public == shown["checked"] == shown["submitted"], (public, shown)
    print(f"The {public} public points of the grading are those that the student was shown, twice.")


if __name__ == "__main__":
    main()
