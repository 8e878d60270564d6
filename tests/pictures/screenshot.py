"""A picture of a page: python tests/pictures/screenshot.py PAGE.html OUT.png [--width 900] [--dark] [--print]

The whole page, from top to bottom, in Chromium. `--print` shows it with the styles of a printer, as wide as A4 paper
is between its margins. It also says where one would have to scroll sideways.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

PAPER = 680  # CSS pixels: 18 cm


def take(page: Path, out: Path, *, width: int, dark: bool = False, printed: bool = False) -> bool:
    """Write the PNG; whether the page is wider than the window, so that one has to scroll sideways."""
    with sync_playwright() as playwright, chromium(playwright) as browser:
        shown = browser.new_page(viewport={"width": width, "height": 800})
        shown.emulate_media(color_scheme="dark" if dark else "light", media="print" if printed else "screen")
        shown.goto(page.resolve().as_uri())
        shown.screenshot(path=out, full_page=True)
        wider: bool = shown.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider


def chromium(playwright: Playwright) -> Browser:
    # its own sandbox is refused to root and in most containers; what it opens may run no script
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, metavar="PAGE.html")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--width", type=int, help="Of the window, in CSS pixels. Default: 900, or a sheet of paper.")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--print", action="store_true", dest="printed")
    options = parser.parse_args()
    width = options.width or (PAPER if options.printed else 900)
    wider = take(options.page, options.out, width=width, dark=options.dark, printed=options.printed)
    print(f"{options.out}{': the page is wider than the window' if wider else ''}")


if __name__ == "__main__":
    main()
