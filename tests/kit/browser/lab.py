"""JupyterLab in a headless Chromium, as a student has it before them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, ViewportSize

PATIENCE = 120_000  # ms: for what takes a second on an idle machine
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_TOKEN = "student"
_JUPYTERLAB = (sys.executable, "-m", "jupyterlab")
KIT = ("env", f"PYTHONPATH={Path(__file__).parents[3]}", *_JUPYTERLAB)  # with the kit that stands here
_NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"


class Lab:
    """One notebook, open in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def code_cells(self) -> list[str]:
        """The ids of the cells with code, from top to bottom."""
        cells = f"{_NOTEBOOK}.widgets.map(cell => cell.model).filter(model => model.type === 'code')"
        return list(self.page.evaluate(f"() => {cells}.map(model => model.id)"))

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

    def _begin(self, promise: str) -> None:
        self.page.evaluate(f"() => {{ window.unfinished = true; {promise}.finally(() => window.unfinished = false); }}")

    def wait(self) -> None:
        """Until what was begun has ended."""
        self.page.wait_for_function("() => !window.unfinished")

    def _finish(self, promise: str) -> None:
        """Wait for what a promise does: `evaluate` would wait for ever where, say, the kernel has died."""
        self._begin(promise)
        self.wait()

    def _command(self, name: str, **arguments: str) -> None:
        self._finish(_executed(name, **arguments))

    def write(self, cell: str, text: str) -> None:
        """Replace what stands in a cell, with the keyboard."""
        self.show(cell).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)

    def run(self, *cells: str) -> None:
        for cell in cells:
            self.show(cell)
            self._command("notebook:run-cell")

    def begin(self, cell: str) -> None:
        """Run a cell and do not wait for its end."""
        self.show(cell)
        self._begin(_executed("notebook:run-cell"))

    def interrupt(self) -> None:
        """Press the button that stops the kernel, once it is at work."""
        self.page.wait_for_selector("#jp-main-statusbar :text('| Busy')")
        self.page.locator("[data-command='notebook:interrupt-kernel'], [title^='Interrupt the kernel']").first.click()

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

    def picture(self, cell: str, path: Path, *, dark: bool = False) -> None:
        """Keep what the eye sees with a cell in view; with `dark` also, beside it, in the dark theme."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._screenshot(cell, path)
        if dark:
            self._theme("JupyterLab Dark")
            self._screenshot(cell, path.with_stem(f"{path.stem}_dark"))
            self._theme("JupyterLab Light")

    def _theme(self, name: str) -> None:
        self._command("apputils:change-theme", theme=name)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def _screenshot(self, cell: str, path: Path) -> None:
        self.show(cell)
        self._finish(f"{_NOTEBOOK}.scrollToItem({self._place(cell)}, 'center')")
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=path)

    def close_sidebar(self) -> None:
        if self.page.evaluate("() => !window.jupyterapp.shell.leftCollapsed"):
            self._command("application:toggle-left-area")

    def save(self) -> None:
        self._command("docmanager:save")

    def run_all(self) -> None:
        self._command("notebook:run-all-cells")

    def rename(self, old: str, new: str) -> None:
        """Rename or move a file, as the file browser does; paths below the server's folder."""
        self._finish(f"window.jupyterapp.serviceManager.contents.rename({json.dumps(old)}, {json.dumps(new)})")

    def save_as(self, path: str) -> None:
        """Save the notebook under another name. JupyterLab opens the copy, and closes the first one as it was saved."""
        self._begin(_executed("docmanager:save-as"))
        self.page.locator(".jp-Dialog input").fill(path)
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.locator(".jp-Dialog button", has_text="Discard").click()
        self.wait()
        self.page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel", has_text=Path(path).name).click()
        self.page.wait_for_function(
            f"() => window.jupyterapp.shell.currentWidget?.context?.path === {json.dumps(path)}"
        )
        self.page.wait_for_selector("#jp-main-statusbar :text('| Idle')")

    def validate(self) -> str:
        """Press nbgrader's Validate; what its dialog says."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
        dialog = self.page.locator(".jp-Dialog-content")
        said = dialog.inner_text()
        self.page.locator(".jp-Dialog-button").last.click()
        dialog.wait_for(state="hidden")
        return said


def keep(opened: Lab, cell: str, name: str, *, dark: bool = False) -> None:
    """A picture, where the environment names a folder for them."""
    if folder := os.environ.get("SCREENSHOTS"):
        opened.picture(cell, Path(folder) / f"{name}.png", dark=dark)


def _executed(command: str, **arguments: str) -> str:
    return f"window.jupyterapp.commands.execute('{command}', {json.dumps(arguments)})"


@dataclass(frozen=True)
class Jupyter:
    """A server, and what its pages are looked at with; what one page has loaded the next one need not."""

    url: str
    browser: BrowserContext

    def page(self, address: str) -> Page:
        """A page of the server's, by its address below it."""
        page = self.browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.set_extra_http_headers({"Authorization": f"token {_TOKEN}"})
        page.goto(f"{self.url}/{address}")
        return page

    @contextlib.contextmanager
    def opened(self, notebook: str) -> Iterator[Lab]:
        """A notebook, by its path below the server's folder, in a page of its own."""
        page = self.page(f"lab/tree/{notebook}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_selector("#jp-main-statusbar :text('| Idle')")  # the kernel is there
        yield Lab(page)
        page.close()


@contextlib.contextmanager
def jupyter(
    folder: Path,
    home: Path,
    command: Sequence[str] = _JUPYTERLAB,
    *,
    width: int = 1200,
    height: int = 1400,
    scale: float = 1,
) -> Iterator[Jupyter]:
    """JupyterLab as `command` starts it in a folder; all that a server keeps goes to `home`."""
    from playwright.sync_api import sync_playwright  # takes a second

    with _server(folder, home, command) as url, sync_playwright() as player, _browser(player, home) as browser:
        viewport: ViewportSize = {"width": width, "height": height}
        yield Jupyter(url, browser.new_context(viewport=viewport, device_scale_factor=scale))


def _browser(player: Playwright, home: Path) -> Browser:
    # its own sandbox is refused to root and in most containers; it opens nothing but this server's pages
    options = ["--no-sandbox"]
    return player.chromium.launch(executable_path=CHROMIUM, args=options, env={**_environment(home)})


@contextlib.contextmanager
def _server(folder: Path, home: Path, command: Sequence[str]) -> Iterator[str]:
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
        server = subprocess.Popen([*command, *options], cwd=folder, env=_environment(home), stdout=log, stderr=log)
        try:
            _wait_for(server, port, home / "server.log")
            yield url
        finally:
            _stop(server)


def _environment(home: Path) -> dict[str, str]:
    """A student's, who has no settings yet: neither ours nor this machine's reach Jupyter, the kernel or Chromium."""
    prefixes = ("JUPYTER", "IPYTHON", "AUTOGRADER", "PYTEST", "PYTHON", "XDG_", "MPL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    settings = home / "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"fetchNews": "false"}')  # else it asks, on top of the notebook
    places = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    # a student who starts JupyterLab by its path does not have the commands beside it on theirs
    ours = Path(sys.executable).parent
    path = [place for place in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(place) != ours]
    return {**kept, **dict.fromkeys(places, str(home)), "PATH": os.pathsep.join(path)}


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
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()  # it ends its kernels
    try:
        server.wait(timeout=PATIENCE / 1000)
    except subprocess.TimeoutExpired:
        server.kill()  # a kernel whose server is gone ends by itself
        server.wait()
