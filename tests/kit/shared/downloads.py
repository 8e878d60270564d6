"""Downloads of Moodle and Canvas as tests make them, and what `collect` made of them."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.instructor.collect.place import Collected

STEM = "01_perceptron"
EXERCISES = {STEM: ("gate",), "06_convolution": ("conv2d", "sobel_edges"), "07_pooling": ("max_pool2d",)}
MOODLE, CANVAS = "_assignsubmission_file", "_12345_67890_"
ADA = f"Ada Lovelace_1{MOODLE}/"
BEN = f"Ben_2{MOODLE}/"
Files = Mapping[str, bytes]


def cell(source: str, **nbgrader: Any) -> dict[str, Any]:
    metadata = {"nbgrader": nbgrader} if nbgrader else {}
    return {"cell_type": "code", "metadata": metadata, "outputs": [], "execution_count": None, "source": source}


def notebook(stem: str = STEM, text: str = "", ids: bool = True, opens: bool = True) -> bytes:
    """A notebook of one of the assignments; with another text it is another notebook."""
    cells = [cell(f'check = open_assignment("{stem}")' if opens else "1"), cell(f"# {text}")]
    for name in EXERCISES[stem] if ids else ():
        cells.append(cell(f"def {name}(): raise NotImplementedError", grade_id=name, solution=True))
        cells.append(cell(f"check({name})", grade_id=f"test_{name}", points=1))
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()


def zipped(files: Files) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


HERE = notebook()
OTHER = notebook(text="another")


def placed(done: Collected) -> dict[str, str]:
    return {f"{one.student}/{one.stem}": one.source for one in done.placed}


def left(done: Collected) -> dict[str, str]:
    """The reasons by file, without the name of the download."""
    return {one.source.partition("/")[2]: one.reason for one in done.left}


def files_in(submitted: Path) -> set[Path]:
    """The files that were placed. What `collect` remembers of the senders lies beside them."""
    return {path for path in submitted.rglob("*") if path.is_file() and path != submitted / ".senders.csv"}
