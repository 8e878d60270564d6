"""Run the unit tests and grade the sample class with every Python that the kit supports and that is found here.

    python tests/pythons.py            3.11, 3.12 and 3.13
    python tests/pythons.py --others   all but the one that runs this
    python tests/pythons.py --quick    only the quick unit tests, as `make check` has them

Looked for: python3.12 on the path, then the versions of pyenv. Each gets an environment in a temporary folder, with the
extra `test`: without PyTorch, so the tests that need it are left out there, and pytest says how many they are.
The versions that are missing are named; that alone does not fail.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
# Those with PyTorch are left in: pytest counts the ones that it leaves out.
QUICK = "not slow and not sandbox and not nbgrader and not browser"
INSTALL = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")


def candidates(version: str) -> Iterator[Path]:
    """Yield where a Python of this version may lie, the likeliest first."""
    if (on_path := shutil.which(f"python{version}")) is not None:
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)


def found(version: str) -> Path | None:
    """Return a Python of this version that runs; None if none is found. A name on the path may be an empty shell."""
    ask = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    for python in candidates(version):
        done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return python
    return None


def prove(python: Path, folder: Path, *, quick: bool) -> bool:
    """Set up an environment in the folder, run the tests and grade the sample class; return whether all passed."""
    own = folder / "bin" / "python"
    selected = ["-m", QUICK] if quick else []
    return all(
        subprocess.run(list(map(str, command)), cwd=ROOT, check=False).returncode == 0
        for command in (
            [python, "-m", "venv", folder],
            [own, *INSTALL, "--constraint", "constraints.txt", "--editable", ".[test]"],
            [
                own,
                "-m",
                "pytest",
                "--quiet",
                "--numprocesses",
                "logical",
                "--dist",
                "loadfile",
                *selected,
                "tests/kit/unit",
            ],
            [own, "-m", "autograder.cli.main", "demo"],
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--others", action="store_true", help="leave out the Python that runs this")
    parser.add_argument("--quick", action="store_true", help="only the quick unit tests")
    options = parser.parse_args()
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    lines = []
    for version in VERSIONS:
        if options.others and version == own:
            continue
        python = found(version)
        if python is None:
            lines.append((f"Python {version}: not found here, so not tested", True))
            continue
        print(f"== Python {version}: {python}", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"python{version}-") as folder:
            passed = prove(python, Path(folder), quick=options.quick)
        lines.append((f"Python {version}: {'passed' if passed else 'FAILED'}", passed))
    print(*(line for line, _ in lines), sep="\n")
    return 0 if all(passed for _, passed in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
