"""All pictures that the demo cells draw, on one sheet: python tests/pictures/contact_sheet.py SHEET.png [STEM …]

Runs the solution notebooks, as a class sees them, and puts their pictures side by side, each with its cell's name.
"""

from __future__ import annotations

import argparse
import base64
import io
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import nbformat
from matplotlib.axes import Axes
from nbclient import NotebookClient

from autograder.notebooks.course import Course

COURSE = Course(Path(__file__).parents[2])
COLUMNS = 3
Picture = tuple[str, bytes]  # what it is called, and a PNG


def pictures(stem: str) -> Iterator[Picture]:
    """Every picture of an assignment's solution notebook, run from a clean kernel."""
    path = COURSE.solution(stem)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": path.parent}}).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for png in re.findall(r'src="data:image/png;base64,([^"]+)"', output.get("data", {}).get("text/html", "")):
                yield f"{stem} · {cell.id}", base64.b64decode(png)


def draw(shown: Sequence[Picture], sheet: Path) -> None:
    rows = math.ceil(len(shown) / COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(7 * COLUMNS, 4.5 * rows), squeeze=False, layout="constrained")
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (title, png) in zip(axes.flat, shown, strict=False):
        _place(ax, title, png)
    figure.savefig(sheet, dpi=100)


def _place(ax: Axes, title: str, png: bytes) -> None:
    ax.imshow(plt.imread(io.BytesIO(png)), interpolation="lanczos")
    ax.set_title(title, fontsize=11, loc="left")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("stems", nargs="*", metavar="STEM", help="Default: every assignment.")
    options = parser.parse_args()
    shown = [picture for stem in options.stems or COURSE.stems for picture in pictures(stem)]
    draw(shown, options.sheet)
    print(f"{len(shown)} pictures in {options.sheet}")


if __name__ == "__main__":
    main()
