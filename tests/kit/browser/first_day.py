"""A student's first day, in a folder that came out of the zip: python first_day.py FOLDER --shown FILE

Types the commands of START.md, solves an assignment in JupyterLab with one mistake in it, and makes the file to hand
in. FILE gets what the student was shown, as JSON. `tests/student/from_zip.py` runs it where there is no network.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from answers import answers

from autograder.notebooks.course import topic_of

if TYPE_CHECKING:
    from lab import Lab

STEM = "01_perceptron"
STUDENT = "mia"
NOTEBOOK = f"{STEM}/{topic_of(STEM)}.ipynb"
SLIP = ("delta_rule", "eta * np.outer", "np.outer")  # an exercise, what is right in it, and what is written
HINT = "The learning rate is missing: this is the step with eta = 1."
TOGETHER = r"together\s+\d+ of \d+ passed\s+([\d.]+) of"


@dataclass(frozen=True)
class Shown:
    """What a student saw, and has at the end."""

    checked: str  # public points, as `check()` or `autograder check` told them
    submitted: str  # public points, as `autograder submit` told them
    file: str  # to hand in, below the folder


def typed(command: str, folder: Path, *, fails: bool = False) -> str:
    """What a command says in a terminal; it must end well, or with 1 where something is to be mended."""
    print("$", command, flush=True)
    begun = time.monotonic()
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    print(f"  {time.monotonic() - begun:.0f} s", flush=True)
    if done.returncode != int(fails):
        raise SystemExit(f"{done.stdout}{done.stderr}\nended with {done.returncode}")
    return done.stdout


def commands_of(page: str) -> list[str]:
    """The commands for Linux and macOS, as START.md prints them; the last one opens JupyterLab."""
    block = re.search(r"\*\*Linux, macOS\*\*\n+```sh\n(.*?)```", page, re.S)
    assert block is not None
    return [part for line in block[1].strip().splitlines() for part in line.split(" && ")]


def submit_line(page: str) -> str:
    """What START.md says to run in a cell."""
    found = re.search(r"`(check\.submit\()\"your name\"\)`", page)
    assert found is not None
    return f'{found[1]}"{STUDENT}")'


def submit_command(page: str) -> str:
    """What START.md says to type in a terminal."""
    found = re.search(r"`(\.venv/bin/autograder submit )NOTEBOOK`", page)
    assert found is not None
    return f"{found[1]}assignments/{NOTEBOOK} --student {STUDENT}"


def written() -> dict[str, str]:
    """What the student writes into the cell of each exercise."""
    name, right, slip = SLIP
    mine = answers(STEM)
    assert right in mine[name]
    return {**mine, name: mine[name].replace(right, slip)}


def points_in(said: str) -> str:
    found = re.search(TOGETHER, said)
    assert found is not None, said
    return found[1]


# ---- with a browser, and without


def in_jupyterlab(command: str, folder: Path, page: str, pictures: Path | None) -> Shown:
    """Fill in each stub, run every cell from top to bottom, see hint and points, save, and submit from a cell."""
    from lab import jupyter  # needs Chromium

    print("$", command, flush=True)
    with jupyter(folder, folder.parent, shlex.split(command)) as server, server.opened(NOTEBOOK) as opened:
        opened.close_sidebar()
        _keep(opened, "setup", pictures, "1_opened")
        _solve(opened)
        opened.save()
        _keep(opened, f"test_{SLIP[0]}", pictures, "2_hint")
        _keep(opened, "test_threshold_unit", pictures, "3_points")
        table = opened.add_below(opened.code_cells()[-1], "check()")
        _keep(opened, table, pictures, "4_table")
        submitted = opened.add_below(table, submit_line(page))
        _keep(opened, submitted, pictures, "5_submitted")
        said = opened.shown(submitted)
        print(said)
        return Shown(
            points_in(opened.shown(table)), points_in(said), str(Path(_file_in(said)).relative_to(folder.resolve()))
        )


def _keep(opened: Lab, cell: str, pictures: Path | None, name: str) -> None:
    if pictures is not None:
        opened.picture(cell, pictures / f"{name}.png")


def _solve(opened: Lab) -> None:
    """Run all cells, the stubs filled in; the hint must stand below the one with the slip, points below the others."""
    mine = written()
    for cell in opened.code_cells():
        if cell in mine:
            opened.write(cell, mine[cell])
        opened.run(cell)
    for exercise in mine:
        _seen(exercise, " ".join(opened.shown(f"test_{exercise}").split()))


def _seen(exercise: str, said: str) -> None:
    if exercise == SLIP[0]:
        assert HINT in said, said
    else:
        assert re.search(r"(?<![\d.])([\d.]+) of \1 public points", said), said


def in_the_file(folder: Path, page: str) -> Shown:
    """The same without JupyterLab: the notebook's file is written, and the commands are typed in a terminal."""
    notebook = folder / "assignments" / NOTEBOOK
    content = json.loads(notebook.read_text(encoding="utf-8"))
    mine = written()
    for cell in content["cells"]:
        if cell["id"] in mine:
            cell["source"] = mine[cell["id"]]
    notebook.write_text(json.dumps(content), encoding="utf-8")
    checked = typed(f".venv/bin/autograder check assignments/{NOTEBOOK}", folder, fails=True)
    assert HINT in " ".join(checked.split())
    submitted = typed(submit_command(page), folder)
    print(submitted)
    return Shown(points_in(checked), points_in(submitted), _file_in(submitted))


def _file_in(said: str) -> str:
    found = re.search(r"Hand in this file: (\S+)", said)
    assert found is not None, said
    return found[1]


# ---- the day


def has_network() -> bool:
    """Whether there is a way to another computer; nothing is sent to look for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return False
        return True


def _require_chromium() -> None:
    """Said before anything else is done."""
    try:
        from lab import CHROMIUM
    except ImportError:
        raise SystemExit("playwright is not installed: make setup, or --no-browser") from None
    if CHROMIUM is None:
        raise SystemExit("Chromium is not installed: apt install chromium, or --no-browser")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shown", type=Path, required=True)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    if not options.no_browser:
        _require_chromium()
    page = (options.folder / "START.md").read_text(encoding="utf-8")
    print("A network is there." if has_network() else "There is no network.", flush=True)
    *first, lab = commands_of(page)
    said = [typed(command, options.folder) for command in first]
    print(said[-1])
    assert said[-1].endswith("You are ready.\n")
    if options.no_browser:
        shown = in_the_file(options.folder, page)
    else:
        shown = in_jupyterlab(lab, options.folder, page, options.screenshots)
    options.shown.write_text(json.dumps(asdict(shown)), encoding="utf-8")


if __name__ == "__main__":
    main()
