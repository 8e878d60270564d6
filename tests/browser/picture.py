"""Makes the README's picture of a hint: python tests/browser/picture.py tests/browser/hint.png"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from lab import lab

ASSIGNMENT = Path(__file__).parents[2] / "assignments" / "06_convolution"
FLIPPED = '''def correlate2d(image, kernel):
    """The kernel slides over the image: a sum of products at each place. The kernel is not flipped.

    image: an array (H, W)
    kernel: an array (kh, kw), not larger than the image
    Returns an array (H - kh + 1, W - kw + 1).
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("jklm,lm->jk", windows, kernel[::-1, ::-1])'''


def take(path: Path) -> None:
    """A wrong answer and what `check` says of it, as JupyterLab shows them."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        notebook = Path(shutil.copytree(ASSIGNMENT, Path(folder) / "06_convolution")) / "convolution.ipynb"
        with lab(notebook, Path(home), width=1250, height=1000, scale=2) as opened:
            opened.write("correlate2d", FLIPPED)
            opened.run("setup", "given", "correlate2d", "test_correlate2d")
            opened.show("test_correlate2d")
            cells = opened.page.locator(".jp-Notebook .jp-Cell")
            boxes = [
                cells.filter(has_text=text).first.bounding_box()
                for text in ("def correlate2d(image", "check(correlate2d)")
            ]
            above, below = (box for box in boxes if box is not None)
            size = {"width": above["width"], "height": below["y"] + below["height"] - above["y"] + 4}
            opened.page.mouse.move(0, 0)
            opened.page.screenshot(path=path, clip={"x": above["x"], "y": above["y"] - 8, **size})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    take(parser.parse_args().path)
