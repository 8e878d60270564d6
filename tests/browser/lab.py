"""JupyterLab in a headless Chromium, as a student has it before them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Playwright, sync_playwright

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
        self.page.evaluate(f"() => {{ {_NOTEBOOK}.activeCellIndex = {place}; }}")
        self._finish(f"{_NOTEBOOK}.scrollToItem({place}, 'smart')")
        active = self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
        active.wait_for()
        return active

    def _finish(self, promise: str) -> None:
        """Wait for what a promise does: `evaluate` would wait for ever where, say, the kernel has died."""
        self.page.evaluate(f"() => {{ window.unfinished = true; {promise}.finally(() => window.unfinished = false); }}")
        self.page.wait_for_function("() => !window.unfinished")

    def _command(self, name: str) -> None:
        self._finish(f"window.jupyterapp.commands.execute('{name}')")

    def write(self, cell: str, text: str) -> None:
        """Replace what stands in a cell, with the keyboard."""
        self.show(cell).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)

    def run(self, *cells: str) -> None:
        for cell in cells:
            self.show(cell)
            self._command("notebook:run-cell")

    def add_below(self, cell: str, text: str) -> str:
        """Put a new cell below another and run it; its id."""
        self.show(cell)
        self._command("notebook:insert-cell-below")
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

    def close_sidebar(self) -> None:
        if self.page.evaluate("() => !window.jupyterapp.shell.leftCollapsed"):
            self._command("application:toggle-left-area")

    def save(self) -> None:
        self._command("docmanager:save")

    def validate(self) -> str:
        """Press nbgrader's Validate; what its dialog says."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
        dialog = self.page.locator(".jp-Dialog-content")
        said = dialog.inner_text()
        self.page.locator(".jp-Dialog-button").last.click()
        dialog.wait_for(state="hidden")
        return said


@contextlib.contextmanager
def lab(notebook: Path, home: Path, *, width: int = 1200, height: int = 1400, scale: float = 1) -> Iterator[Lab]:
    """Open a notebook in JupyterLab, served from its folder; all that a server keeps goes to `home`."""
    with _server(notebook.parent, home) as url, sync_playwright() as player, _browser(player, home) as browser:
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
        page.set_default_timeout(PATIENCE)
        page.goto(f"{url}/lab/tree/{notebook.name}?token={_TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_selector("#jp-main-statusbar :text('| Idle')")  # the kernel is there
        yield Lab(page)


def _browser(player: Playwright, home: Path) -> Browser:
    # its own sandbox is refused to root and in most containers; it opens nothing but this server's pages
    options = ["--no-sandbox"]
    return player.chromium.launch(executable_path=CHROMIUM, args=options, env={**_environment(home)})


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
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=_environment(home), stdout=log, stderr=log
        )
        try:
            _wait_for(server, port, home / "server.log")
            yield url
        finally:
            _stop(server)


def _environment(home: Path) -> dict[str, str]:
    """A student's, who has no settings yet: neither ours nor this machine's reach Jupyter, the kernel or Chromium."""
    ours = ("JUPYTER", "IPYTHON", "AUTOGRADER", "PYTEST", "PYTHON", "XDG_", "MPL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    settings = home / "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"fetchNews": "false"}')  # else it asks, on top of the notebook
    places = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**kept, **dict.fromkeys(places, str(home)), "PATH": path}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until it listens; the browser then waits for its answers."""
    for _ in range(PATIENCE // 250):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.25)
            break  # it has ended
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()  # it ends its kernels
    try:
        server.wait(timeout=PATIENCE / 1000)
    except subprocess.TimeoutExpired:
        server.kill()  # a kernel whose server is gone ends by itself
        server.wait()
