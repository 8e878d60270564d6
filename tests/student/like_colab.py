"""Try the zip as Google Colab would have it: python tests/student/like_colab.py

Colab has an older NumPy than the pinned one, no nbgrader, no JupyterLab and no bubblewrap. The kit is installed without
its dependencies, and the working directory is another folder. This needs a network, so pytest does not run it; CI does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from autograder.authoring.student_zip import release
from autograder.notebooks.course import Course

ROOT = Path(__file__).parents[2]
COLABS_PACKAGES = [
    "numpy==2.0.2",
    "pytest",
    "rich",
    "click",
    "packaging",
    "jinja2",
    "ipython",
    "matplotlib",
]  # those of the kit's dependencies that Colab has

SESSION = """
import importlib.util, shutil
import numpy as np
assert np.__version__ == "2.0.2", np.__version__
assert shutil.which("bwrap") is None
assert importlib.util.find_spec("nbgrader") is None

import autograder
assert autograder.__version__.endswith("+student"), autograder.__version__
for package in ("sandbox", "instructor", "authoring", "nbgrader_bridge"):
    assert importlib.util.find_spec(f"autograder.{package}") is None, package

from autograder import open_assignment
check = open_assignment("06_convolution")

def correlate2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("hwij,ij->hw", windows, kernel)

check(correlate2d)

def convolve2d(image, kernel):
    return correlate2d(image, kernel)

try:
    check(convolve2d)
except AssertionError as message:
    print(message)
else:
    raise SystemExit("a wrong answer passed")
check()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        released = release(Course(ROOT), home / "workshops.zip", ["06_convolution"])
        with zipfile.ZipFile(released.path) as archive:
            archive.extractall(home)
        (wheel,) = (home / released.folder).glob("*.whl")
        venv.create(home / "colab", with_pip=True)
        python = home / "colab" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *COLABS_PACKAGES], check=True)
        subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
        (home / "content").mkdir()
        environment = {"PATH": str(python.parent), "HOME": temporary, "AUTOGRADER_COURSE": str(home / released.folder)}
        session, grade = (
            subprocess.run(
                [str(python), *arguments],
                cwd=home / "content",
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            for arguments in (["-c", SESSION], ["-m", "autograder.cli.main", "grade"])
        )
    print(session.stdout, session.stderr, grade.stderr, sep="")
    shown = "not flipped" in session.stdout and "correlate2d              passed" in session.stdout
    if session.returncode != 0 or not shown:
        raise SystemExit("The zip does not work as in Colab.")
    if grade.returncode != 2 or "is for instructors" not in grade.stderr:
        raise SystemExit("The student edition does not say where `autograder grade` is.")


if __name__ == "__main__":
    main()
