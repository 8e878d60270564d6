"""Makes the README's picture of a hint: python tests/kit/browser/picture.py tests/kit/browser/hint.png"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from lab import Lab, jupyter
from playwright.sync_api import FloatRect, Locator

ASSIGNMENT = Path(__file__).parents[3] / "assignments" / "06_convolution"
FLIPPED = """def correlate2d(image, kernel):
    kh, kw = kernel.shape
    out = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for j, k in np.ndindex(out.shape):
        out[j, k] = np.sum(np.flip(kernel) * image[j : j + kh, k : k + kw])
    return out"""
MARGIN = 6


def take(path: Path) -> None:
    """The end of the text, a wrong answer, and what `check` says of it, as JupyterLab shows them."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ASSIGNMENT, folder, dirs_exist_ok=True)
        with (
            jupyter(Path(folder), Path(home), width=936, height=2600, scale=2) as server,
            server.opened("convolution.ipynb") as opened,
        ):
            opened.close_sidebar()
            opened.write("correlate2d", FLIPPED)
            opened.run("setup", "given", "correlate2d", "test_correlate2d")
            opened.show("text-correlate2d")
            opened.page.keyboard.press("Escape")
            opened.page.keyboard.press("ArrowUp")  # what is selected lies above the picture
            opened.page.mouse.move(0, 0)
            opened.page.screenshot(path=path, clip=_frame(opened))


def _frame(opened: Lab) -> FloatRect:
    cells = opened.page.locator(".jp-Notebook .jp-Cell")
    text = cells.filter(has_text="A window slides over a picture").locator(".jp-RenderedMarkdown p").last
    above, below = _box(text), _box(cells.filter(has_text="check(correlate2d)"))
    top = above["y"] - MARGIN
    return {"x": below["x"], "y": top, "width": below["width"], "height": below["y"] + below["height"] - top}


def _box(place: Locator) -> FloatRect:
    box = place.bounding_box()
    assert box is not None, "not on the screen"
    return box


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    take(parser.parse_args().path)
