"""JupyterLab in a headless Chromium, as a student has it before them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, sync_playwright

PATIENCE = 120_000  # ms: for what takes a second on an idle machine
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_TOKEN = "student"
_NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"


class Lab:
    """One notebook, open in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def _place(self, cell: str) -> int:
        """Where a cell is: its id is known to the model also where the browser does not show it."""
        ids = self.page.evaluate(f"() => {_NOTEBOOK}.widgets.map(cell => cell.model.id)")
        return int(ids.index(cell))

    def show(self, cell: str) -> Locator:
        """Go to a cell; what the browser shows of it."""
        place = self._place(cell)
        self.page.evaluate(
            f"async () => {{ {_NOTEBOOK}.activeCellIndex = {place};"
            f" await {_NOTEBOOK}.scrollToItem({place}, 'smart'); }}"
        )
        active = self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
        active.wait_for(timeout=PATIENCE)
        return active

    def write(self, cell: str, text: str) -> None:
        """Replace what stands in a cell, with the keyboard."""
        self.show(cell).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def run(self, *cells: str) -> None:
        for cell in cells:
            self.show(cell)
            self.page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-cell') }")

    def add_below(self, cell: str, text: str) -> str:
        """Put a new cell below another and run it; its id."""
        self.show(cell)
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:insert-cell-below') }")
        new = str(self.page.evaluate(f"() => {_NOTEBOOK}.activeCell.model.id"))
        self.write(new, text)
        self.run(new)
        return new

    def outputs(self, cell: str) -> list[dict[str, Any]]:
        """A cell's outputs, as the notebook's file will have them."""
        place = self._place(cell)
        found: list[dict[str, Any]] = json.loads(
            self.page.evaluate(f"() => JSON.stringify({_NOTEBOOK}.widgets[{place}].model.outputs.toJSON())")
        )
        return found

    def shown(self, cell: str) -> str:
        """The text that stands below a cell, for the eye."""
        return "\n".join(self.show(cell).locator(".jp-OutputArea-output").all_inner_texts())

    def save(self) -> None:
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save') }")

    def validate(self) -> str:
        """Press nbgrader's Validate; what its dialog says."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
        dialog = self.page.locator(".jp-Dialog-content")
        dialog.wait_for(timeout=PATIENCE)
        said = dialog.inner_text()
        self.page.locator(".jp-Dialog-button").last.click()
        return said


@contextlib.contextmanager
def lab(notebook: Path, home: Path, *, width: int = 1200, height: int = 1400, scale: float = 1) -> Iterator[Lab]:
    """Open a notebook in JupyterLab, served from its folder; all that a server keeps goes to `home`."""
    with _server(notebook.parent, home) as url, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
        page.set_default_timeout(PATIENCE)
        page.goto(f"{url}/lab/tree/{notebook.name}?token={_TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_selector("#jp-main-statusbar :text('| Idle')")  # the kernel is there
        yield Lab(page)
        browser.close()


@contextlib.contextmanager
def _server(folder: Path, home: Path) -> Iterator[str]:
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={_TOKEN}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    settings = (
        home / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    )
    settings.parent.mkdir(parents=True)
    settings.write_text('{"fetchNews": "false"}')  # else it asks, on top of the notebook
    bin_folder = Path(sys.executable).parent
    places = {name: str(home) for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    environment = {
        **os.environ,
        **places,
        "IPYTHONDIR": str(home),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
    }
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            _wait_for(server, f"{url}/api/status?token={_TOKEN}", home / "server.log")
            yield url
        finally:
            server.terminate()
            server.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(PATIENCE // 250):
        with contextlib.suppress(OSError), urllib.request.urlopen(url):
            return
        if server.poll() is not None:
            break
        time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")
