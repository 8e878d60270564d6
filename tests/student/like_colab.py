"""Tries the zip as Google Colab would have it: python tests/student/like_colab.py

An older NumPy than the pin, no nbgrader, no JupyterLab, no bubblewrap, the kit without its dependencies, and a working
directory elsewhere. It needs a network, so it is no test of pytest's; CI runs it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from autograder.authoring.start_page import FOLDER
from autograder.authoring.student_zip import release
from autograder.notebooks.course import Course

ROOT = Path(__file__).parents[2]
THERE = [
    "numpy==2.0.2",
    "pytest",
    "rich",
    "click",
    "packaging",
    "jinja2",
    "ipython",
    "matplotlib",
]  # what Colab has of it

SESSION = """
import importlib.util, shutil
import numpy as np
assert np.__version__ == "2.0.2", np.__version__
assert shutil.which("bwrap") is None
assert importlib.util.find_spec("nbgrader") is None

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
except AssertionError as said:
    print(said)
else:
    raise SystemExit("a wrong answer passed")
check()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        made = release(Course(ROOT), home / "workshops.zip", ["06_convolution"])
        with zipfile.ZipFile(made.path) as archive:
            archive.extractall(home)
        (wheel,) = (home / FOLDER).glob("*.whl")
        venv.create(home / "colab", with_pip=True)
        python = home / "colab" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *THERE], check=True)
        subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
        (home / "content").mkdir()
        environment = {"PATH": str(python.parent), "HOME": temporary, "AUTOGRADER_COURSE": str(home / FOLDER)}
        command = [str(python), "-c", SESSION]
        done = subprocess.run(
            command, cwd=home / "content", env=environment, capture_output=True, text=True, check=False
        )
    print(done.stdout, done.stderr, sep="")
    if done.returncode != 0 or "not flipped" not in done.stdout or "correlate2d              passed" not in done.stdout:
        raise SystemExit("The zip does not work as in Colab.")


if __name__ == "__main__":
    main()
